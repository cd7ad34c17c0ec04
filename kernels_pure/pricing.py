"""Black-Scholes-Merton prices and Greeks, one option and whole chains.

``stock_value`` is the present value of the share delivered at expiry, ``spot * exp(-div * tau)``;
``strike_value`` is that of the strike, ``strike * exp(-rate * tau)``; their ratio's logarithm is
the ``moneyness`` ``ln(forward / strike)``, and ``deviation`` is ``vol * sqrt(tau)``. Then

    d1 = moneyness / deviation + deviation / 2,   d2 = d1 - deviation,
    call = stock_value N(d1) - strike_value N(d2).

Both products share ``stock_value exp(-d1*d1/2) = strike_value exp(-d2*d2/2)``, so that one
exponential and two scaled tails give the price, and what is out of the money never cancels.

Source: Black and Scholes 1973; Merton 1973 (yield); Black 1976 (forward form).
"""

from math import copysign, exp, inf, log, nan, sqrt

from kernels_pure.columns import LARGEST, Flags, Floats
from kernels_pure.normal import INVERSE_ROOT_TWO_PI, scaled_tail

MAX_EXPONENT = 709.78


def bounded_exp(x: float) -> float:
    """Return ``exp(x)``; inf where that overflows, nan for nan.

    >>> bounded_exp(1000.0)
    inf
    """
    if x > MAX_EXPONENT:
        return inf
    return exp(x)


def log_ratio(spot: float, strike: float) -> float:
    """Return ``ln(spot / strike)``; nan unless both and their ratio are positive and finite."""
    if not (spot > 0.0 and strike > 0.0):
        return nan
    ratio = spot / strike
    if not 0.0 < ratio <= LARGEST:
        return nan
    return log(ratio)


def option_parts(
    stock_value: float, strike_value: float, moneyness: float, deviation: float, right: int
) -> tuple[float, float, float, float]:
    """Return a European option's value and what its Greeks are made of.

    The four are the value; ``stock_value N(right d1)``, the share's part of it;
    ``strike_value N(right d2)``, the strike's part; ``stock_value phi(d1)``. A deviation of 0
    gives the intrinsic value, and nan for the rest: they jump there. All nan unless all arguments
    are finite, the values and the deviation not negative, and `right` +1 (call) or -1 (put).

    The error of the value is below 3 ulp of ``stock_value + strike_value``.

    Source: Black 1976.
    """
    if not (
        0.0 <= stock_value <= LARGEST
        and 0.0 <= strike_value <= LARGEST
        and abs(moneyness) <= LARGEST
        and 0.0 <= deviation <= LARGEST
        and right * right == 1
    ):
        return nan, nan, nan, nan
    if deviation == 0.0:
        return max(0.0, right * (stock_value - strike_value)), nan, nan, nan
    d1 = moneyness / deviation + 0.5 * deviation
    d2 = d1 - deviation
    side1 = copysign(1.0, d1)
    side2 = copysign(1.0, d2)
    weight = stock_value * exp(-0.5 * d1 * d1)
    tail1 = side1 * scaled_tail(abs(d1))
    tail2 = side2 * scaled_tail(abs(d2))
    # The sure parts first, the tails as one difference: out of the money only that is left.
    sure = 0.5 * (stock_value * (right + side1) - strike_value * (right + side2))
    value = sure - weight * (tail1 - tail2)
    if value < 0.0:
        value = 0.0
    held = 0.5 * stock_value * (1.0 + right * side1) - right * weight * tail1
    owed = 0.5 * strike_value * (1.0 + right * side2) - right * weight * tail2
    return value, held, owed, INVERSE_ROOT_TWO_PI * weight


def black_price(
    forward: float, strike: float, discount: float, deviation: float, right: int
) -> float:
    """Return the price of a European option on a forward.

    `forward` and `strike` are per share at expiry, `discount` is the value today of 1 paid at
    expiry, `deviation` is ``vol * sqrt(tau)``, `right` +1 (call) or -1 (put). nan outside
    positive forwards and strikes, non-negative discounts and deviations.

    Source: Black 1976, equation 16.

    >>> round(black_price(100.0, 100.0, 1.0, 0.2, 1), 12)
    7.965567455406
    """
    moneyness = log_ratio(forward, strike)
    return option_parts(discount * forward, discount * strike, moneyness, deviation, right)[0]


def carry_terms(tau: float, rate: float, div: float) -> tuple[float, float, float, float]:
    """Return what all options of one expiry share.

    The four are ``sqrt(tau)``, ``exp(-div tau)``, ``exp(-rate tau)`` and ``(rate - div) tau``; all
    nan for a negative tau.
    """
    if not tau >= 0.0:
        return nan, nan, nan, nan
    return sqrt(tau), bounded_exp(-div * tau), bounded_exp(-rate * tau), (rate - div) * tau


def bs_price(
    spot: float, strike: float, tau: float, rate: float, div: float, vol: float, right: int
) -> float:
    """Return the price of a European option on a share with a continuous dividend yield.

    Years, continuously compounded rates per year, volatility per root year; `right` +1 (call) or
    -1 (put). At ``tau == 0`` or ``vol == 0`` it is the intrinsic value. nan unless spot and strike
    are positive, tau and vol not negative, and all of them finite.

    Source: Black and Scholes 1973; Merton 1973, equation 37.

    >>> round(bs_price(100.0, 100.0, 1.0, 0.05, 0.0, 0.2, 1), 12)
    10.450583572186
    """
    root, stock_discount, discount, carry = carry_terms(tau, rate, div)
    moneyness = log_ratio(spot, strike) + carry
    return option_parts(spot * stock_discount, strike * discount, moneyness, vol * root, right)[0]


def price_and_greeks(
    spot: float,
    strike: float,
    tau: float,
    rate: float,
    div: float,
    vol: float,
    right: int,
    root: float,
    stock_discount: float,
    discount: float,
    moneyness: float,
) -> tuple[float, float, float, float, float, float]:
    """Return price, delta, gamma, vega, theta and rho, given `carry_terms` and the moneyness."""
    deviation = vol * root
    value, held, owed, density = option_parts(
        spot * stock_discount, strike * discount, moneyness, deviation, right
    )
    scale = spot * deviation
    # A nan value is a spot or a tau outside the domain; a scale of 0 an expired option.
    if not (value >= 0.0 and scale > 0.0):
        return value, nan, nan, nan, nan, nan
    delta = right * held / spot
    gamma = density / scale / spot
    theta = right * (div * held - rate * owed) - 0.5 * density * vol / root
    return value, delta, gamma, density * root, theta, right * tau * owed


def bs_greeks(
    spot: float, strike: float, tau: float, rate: float, div: float, vol: float, right: int
) -> tuple[float, float, float, float, float]:
    """Return delta, gamma, vega, theta and rho of `bs_price`.

    Derivatives by spot (once and twice), by volatility (per 1.00), by calendar time (per year,
    mostly negative) and by rate (per 1.00). nan where `bs_price` is, and at ``tau == 0`` or
    ``vol == 0``, where they jump.

    Source: Hull, the chapter on the Greek letters; Merton 1973.

    >>> [round(greek, 6) for greek in bs_greeks(100.0, 100.0, 1.0, 0.05, 0.0, 0.2, 1)]
    [0.636831, 0.018762, 37.524035, -6.414028, 53.232482]
    """
    root, stock_discount, discount, carry = carry_terms(tau, rate, div)
    moneyness = log_ratio(spot, strike) + carry
    greeks = price_and_greeks(
        spot, strike, tau, rate, div, vol, right, root, stock_discount, discount, moneyness
    )
    return greeks[1], greeks[2], greeks[3], greeks[4], greeks[5]


def price_chain(
    spot: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    vol: Floats,
    right: Flags,
    out_price: Floats,
) -> None:
    """Write `bs_price` of every row.

    Rows in the order of a chain, by expiry, cost least: `carry_terms` are taken again only where
    tau, rate or div differ from the row before. The logarithm of the next row is taken early, so
    that a processor works on it beside this row's polynomials.

    The example of Hull's chapter on the formula, a call and a put:

    >>> from array import array
    >>> columns = [array("d", [number] * 2) for number in (42.0, 40.0, 0.5, 0.1, 0.0, 0.2)]
    >>> price = array("d", [0.0] * 2)
    >>> price_chain(*columns, array("b", [1, -1]), price)
    >>> [round(value, 2) for value in price]
    [4.76, 0.81]
    """
    row_tau = nan
    row_rate = nan
    row_div = nan
    root = nan
    stock_discount = nan
    discount = nan
    carry = nan
    last = len(out_price) - 1
    ahead = nan
    if last >= 0:
        ahead = log_ratio(spot[0], strike[0])
    for i in range(len(out_price)):
        if not (tau[i] == row_tau and rate[i] == row_rate and div[i] == row_div):
            row_tau = tau[i]
            row_rate = rate[i]
            row_div = div[i]
            root, stock_discount, discount, carry = carry_terms(row_tau, row_rate, row_div)
        moneyness = ahead + carry
        if i < last:
            ahead = log_ratio(spot[i + 1], strike[i + 1])
        out_price[i] = option_parts(
            spot[i] * stock_discount, strike[i] * discount, moneyness, vol[i] * root, right[i]
        )[0]


def greeks_chain(
    spot: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    vol: Floats,
    right: Flags,
    out_price: Floats,
    out_delta: Floats,
    out_gamma: Floats,
    out_vega: Floats,
    out_theta: Floats,
    out_rho: Floats,
) -> None:
    """Write `bs_price` and `bs_greeks` of every row; see `price_chain` for the order of rows.

    Hull's chapter on the Greek letters has 2.40 and 0.522, 0.066, 12.1, -4.31, 8.91:

    >>> from array import array
    >>> columns = [array("d", [number]) for number in (49.0, 50.0, 0.3846, 0.05, 0.0, 0.2)]
    >>> out = [array("d", [0.0]) for _ in range(6)]
    >>> greeks_chain(*columns, array("b", [1]), *out)
    >>> [round(column[0], 3) for column in out]
    [2.4, 0.522, 0.066, 12.105, -4.305, 8.907]
    """
    row_tau = nan
    row_rate = nan
    row_div = nan
    root = nan
    stock_discount = nan
    discount = nan
    carry = nan
    last = len(out_price) - 1
    ahead = nan
    if last >= 0:
        ahead = log_ratio(spot[0], strike[0])
    for i in range(len(out_price)):
        if not (tau[i] == row_tau and rate[i] == row_rate and div[i] == row_div):
            row_tau = tau[i]
            row_rate = rate[i]
            row_div = div[i]
            root, stock_discount, discount, carry = carry_terms(row_tau, row_rate, row_div)
        moneyness = ahead + carry
        if i < last:
            ahead = log_ratio(spot[i + 1], strike[i + 1])
        price, delta, gamma, vega, theta, rho = price_and_greeks(
            spot[i],
            strike[i],
            row_tau,
            row_rate,
            row_div,
            vol[i],
            right[i],
            root,
            stock_discount,
            discount,
            moneyness,
        )
        out_price[i] = price
        out_delta[i] = delta
        out_gamma[i] = gamma
        out_vega[i] = vega
        out_theta[i] = theta
        out_rho[i] = rho
