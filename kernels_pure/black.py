"""Black-76: options on a forward or a future, their Greeks and implied volatilities.

`forward` is the price for delivery at expiry (of a future: its quote), `rate` discounts the
payment. Greeks are derivatives of the premium by the forward, by volatility (per 1.00), by
calendar time (per year, the forward held) and by the rate (per 1.00, the forward held: only the
discount changes, so rho is ``-tau price``). It is Black-Scholes-Merton with the rate for yield,
but for theta and rho. Vanna, volga and charm as in `kernels_pure.second_order`.

Source: Black 1976; Haug 2007, chapters 1.1.3 and 2.
"""

from math import nan, sqrt

from kernels_pure.columns import LARGEST, Flags, Floats
from kernels_pure.implied import IV_NO_QUOTE, implied_deviation
from kernels_pure.pricing import bounded_exp, log_ratio, option_parts
from kernels_pure.second_order import row_second_order


def discount_terms(tau: float, rate: float) -> tuple[float, float]:
    """Return ``sqrt(tau)`` and ``exp(-rate tau)``; nan for a negative tau or an infinite rate.

    >>> discount_terms(4.0, 0.0)
    (2.0, 1.0)
    """
    if not (tau >= 0.0 and abs(rate) <= LARGEST):
        return nan, nan
    return sqrt(tau), bounded_exp(-rate * tau)


def row_black(
    forward: float,
    strike: float,
    tau: float,
    rate: float,
    vol: float,
    right: int,
    root: float,
    discount: float,
) -> tuple[float, float, float, float, float, float]:
    """Return price, delta, gamma, vega, theta and rho, given ``sqrt(tau)`` and the discount."""
    deviation = vol * root
    moneyness = log_ratio(forward, strike)
    value, held, _, density = option_parts(
        discount * forward, discount * strike, moneyness, deviation, right
    )
    scale = forward * deviation
    # A nan value is a forward or a tau outside the domain; a scale of 0 an expired option.
    if not (value >= 0.0 and scale > 0.0):
        return value, nan, nan, nan, nan, nan
    theta = rate * value - 0.5 * density * vol / root
    gamma = density / scale / forward
    return value, right * held / forward, gamma, density * root, theta, -tau * value


def black_greeks(
    forward: float, strike: float, tau: float, rate: float, vol: float, right: int
) -> tuple[float, float, float, float, float, float]:
    """Return price, delta, gamma, vega, theta and rho of an option on a forward.

    Units at the head of the module. At ``tau == 0`` or ``vol == 0`` the price is the discounted
    intrinsic value, the Greeks nan. All nan unless forward and strike are positive, tau and vol not
    negative, all finite, and `right` +1 (call) or -1 (put).

    Source: Black 1976, equation 16; Haug 2007.

    >>> [round(number, 6) for number in black_greeks(100.0, 100.0, 1.0, 0.05, 0.2, 1)]
    [7.577082, 0.5135, 0.01888, 37.759294, -3.397075, -7.577082]
    """
    root, discount = discount_terms(tau, rate)
    return row_black(forward, strike, tau, rate, vol, right, root, discount)


def black_second_order(
    forward: float, strike: float, tau: float, rate: float, vol: float, right: int
) -> tuple[float, float, float]:
    """Return vanna, volga and charm of an option on a forward; domain as in `black_greeks`.

    >>> [round(number, 6) for number in black_second_order(100.0, 100.0, 1.0, 0.05, 0.2, 1)]
    [0.188796, -1.887965, 0.006795]
    """
    root, discount = discount_terms(tau, rate)
    return row_second_order(forward, strike, tau, rate, vol, right, root, discount, discount, 0.0)


def black_chain(
    forward: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    vol: Floats,
    right: Flags,
    out_price: Floats,
    out_delta: Floats,
    out_gamma: Floats,
    out_vega: Floats,
    out_theta: Floats,
    out_rho: Floats,
) -> None:
    """Write `black_greeks` of every row; rows in the order of expiries cost least.

    Haug's example of an option on a future, a call and a put; rho is ``-tau price``:

    >>> from array import array
    >>> columns = [array("d", [number] * 2) for number in (19.0, 19.0, 0.75, 0.1, 0.28)]
    >>> price, delta, gamma, vega, theta, rho = (array("d", [0.0] * 2) for _ in range(6))
    >>> black_chain(*columns, array("b", [1, -1]), price, delta, gamma, vega, theta, rho)
    >>> [round(value, 4) for value in price], rho[0] == -0.75 * price[0]
    ([1.7011, 1.7011], True)
    """
    row_tau = nan
    row_rate = nan
    root = nan
    discount = nan
    for i in range(len(out_price)):
        if not (tau[i] == row_tau and rate[i] == row_rate):
            row_tau = tau[i]
            row_rate = rate[i]
            root, discount = discount_terms(row_tau, row_rate)
        price, delta, gamma, vega, theta, rho = row_black(
            forward[i], strike[i], row_tau, row_rate, vol[i], right[i], root, discount
        )
        out_price[i] = price
        out_delta[i] = delta
        out_gamma[i] = gamma
        out_vega[i] = vega
        out_theta[i] = theta
        out_rho[i] = rho


def black_second_chain(
    forward: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    vol: Floats,
    right: Flags,
    out_vanna: Floats,
    out_volga: Floats,
    out_charm: Floats,
) -> None:
    """Write `black_second_order` of every row; rows in the order of expiries cost least.

    As `second_order_chain` at the money without rates:

    >>> from array import array
    >>> from kernels_pure.normal import norm_pdf
    >>> columns = [array("d", [number]) for number in (100.0, 100.0, 1.0, 0.0, 0.2)]
    >>> out = [array("d", [0.0]) for _ in range(3)]
    >>> black_second_chain(*columns, array("b", [1]), *out)
    >>> [round(column[0] / norm_pdf(0.1), 12) for column in out]
    [0.5, -5.0, -0.05]
    """
    row_tau = nan
    row_rate = nan
    root = nan
    discount = nan
    for i in range(len(out_vanna)):
        if not (tau[i] == row_tau and rate[i] == row_rate):
            row_tau = tau[i]
            row_rate = rate[i]
            root, discount = discount_terms(row_tau, row_rate)
        vanna, volga, charm = row_second_order(
            forward[i],
            strike[i],
            row_tau,
            row_rate,
            vol[i],
            right[i],
            root,
            discount,
            discount,
            0.0,
        )
        out_vanna[i] = vanna
        out_volga[i] = volga
        out_charm[i] = charm


def black_implied_vol(
    price: float, forward: float, strike: float, tau: float, rate: float, right: int
) -> tuple[float, int]:
    """Return the volatility at which an option on a forward has this price, and a status.

    Status as in `implied_deviation`, `IV_NO_QUOTE` also for an expired option. The error is below
    ``4 eps (discount forward / vega + vol)``, with a quarter of the strike for the forward where
    that is more.

    >>> vol, status = black_implied_vol(7.577082146427259, 100.0, 100.0, 1.0, 0.05, 1)
    >>> round(vol, 12), status
    (0.2, 0)
    """
    root, discount = discount_terms(tau, rate)
    if not root > 0.0:
        return nan, IV_NO_QUOTE
    moneyness = log_ratio(forward, strike)
    deviation, status = implied_deviation(
        price, discount * forward, discount * strike, moneyness, right
    )
    return deviation / root, status


def black_iv_chain(
    price: Floats,
    forward: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    right: Flags,
    out_vol: Floats,
    out_status: Flags,
) -> None:
    """Write `black_implied_vol` of every row: volatility (nan where there is none) and status.

    The prices of Haug's example in `black_chain`, and one above the bound:

    >>> from array import array
    >>> columns = [array("d", [number] * 3) for number in (19.0, 19.0, 0.75, 0.1)]
    >>> price, right = array("d", [1.7011, 1.7011, 19.0]), array("b", [1, -1, 1])
    >>> vol, status = array("d", [0.0] * 3), array("b", [0] * 3)
    >>> black_iv_chain(price, *columns, right, vol, status)
    >>> [round(value, 4) for value in vol], list(status)
    ([0.28, 0.28, nan], [0, 0, 2])
    """
    row_tau = nan
    row_rate = nan
    root = nan
    discount = nan
    for i in range(len(out_vol)):
        if not (tau[i] == row_tau and rate[i] == row_rate):
            row_tau = tau[i]
            row_rate = rate[i]
            root, discount = discount_terms(row_tau, row_rate)
        out_vol[i] = nan
        out_status[i] = IV_NO_QUOTE
        if root > 0.0:
            moneyness = log_ratio(forward[i], strike[i])
            deviation, status = implied_deviation(
                price[i], discount * forward[i], discount * strike[i], moneyness, right[i]
            )
            out_vol[i] = deviation / root
            out_status[i] = status
