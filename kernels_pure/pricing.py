"""Black-Scholes-Merton prices and Greeks, one option and whole chains.

``stock_value`` is the present value of the share delivered at expiry, ``spot * exp(-div * tau)``;
``strike_value`` is that of the strike, ``strike * exp(-rate * tau)``; their ratio's logarithm is
the ``moneyness`` ``ln(forward / strike)``, and ``deviation`` is ``vol * sqrt(tau)``. Then

    d1 = moneyness / deviation + deviation / 2,   d2 = d1 - deviation,
    call = stock_value N(d1) - strike_value N(d2).

Both products have the factor ``stock_value phi(d1) = strike_value phi(d2)``, so that one
exponential and two Mills ratios give the price, and what is out of the money never cancels.

Source: Black and Scholes 1973; Merton 1973 (yield); Black 1976 (forward form).
"""

from math import copysign, inf, log, nan, sqrt

from kernels_pure.columns import Flags, Floats
from kernels_pure.mills import exp_minus, mills_ratio

INVERSE_ROOT_TWO_PI = 0.3989422804014327


def norm_pdf(x: float) -> float:
    """Return the density of the standard normal distribution.

    >>> norm_pdf(0.0)
    0.3989422804014327
    """
    return INVERSE_ROOT_TWO_PI * exp_minus(0.5 * x * x)


def norm_cdf(x: float) -> float:
    """Return the probability that a standard normal variable is at most `x`.

    Absolute error below 3e-16; relative error below ``(3 + x*x/2)`` ulp in the lower tail, which
    is what the rounding of `x` itself makes of it.

    >>> norm_cdf(0.0)
    0.5
    """
    tail = norm_pdf(x) * mills_ratio(abs(x))
    if x > 0.0:
        return 1.0 - tail
    return tail


def log_ratio(spot: float, strike: float) -> float:
    """Return ``ln(spot / strike)``; nan unless both and their ratio are positive and finite."""
    if not (spot > 0.0 and strike > 0.0):
        return nan
    ratio = spot / strike
    if not 0.0 < ratio < inf:
        return nan
    return log(ratio)


def option_value(
    stock_value: float, strike_value: float, moneyness: float, deviation: float, right: int
) -> float:
    """Return the present value of a European option from what every model of it shares.

    `right` is +1 for a call and -1 for a put. A deviation of 0 gives the intrinsic value. nan
    unless all are finite, the first two and the deviation not negative, and `right` is +1 or -1.

    The error is below 3 ulp of ``stock_value + strike_value``; out of the money it is below
    ``(4 + d1*d1/2) ulp`` of the price times ``1 + 1 / deviation``.

    Source: Black 1976.
    """
    if not (
        0.0 <= stock_value < inf
        and 0.0 <= strike_value < inf
        and abs(moneyness) < inf
        and 0.0 <= deviation < inf
        and right * right == 1
    ):
        return nan
    if deviation == 0.0:
        return max(0.0, right * (stock_value - strike_value))
    d1 = moneyness / deviation + 0.5 * deviation
    d2 = d1 - deviation
    side1 = copysign(1.0, d1)
    side2 = copysign(1.0, d2)
    tails = side1 * mills_ratio(abs(d1)) - side2 * mills_ratio(abs(d2))
    certain = 0.5 * (stock_value * (right + side1) - strike_value * (right + side2))
    value = certain - stock_value * norm_pdf(d1) * tails
    if value < 0.0:
        return 0.0
    return value


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
    return option_value(
        discount * forward, discount * strike, log_ratio(forward, strike), deviation, right
    )


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
    if not (tau >= 0.0 and vol >= 0.0):
        return nan
    return option_value(
        spot * exp_minus(div * tau),
        strike * exp_minus(rate * tau),
        log_ratio(spot, strike) + (rate - div) * tau,
        vol * sqrt(tau),
        right,
    )


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

    Rows in the order of a chain, by expiry, are cheapest: discounts and the root of tau are taken
    again only where tau, rate or div differ from the row before.
    """
    row_tau = nan
    row_rate = nan
    row_div = nan
    root = nan
    stock_discount = nan
    discount = nan
    carry = nan
    for i in range(len(out_price)):
        if not (tau[i] == row_tau and rate[i] == row_rate and div[i] == row_div):
            row_tau = tau[i]
            row_rate = rate[i]
            row_div = div[i]
            root = nan
            if row_tau >= 0.0:
                root = sqrt(row_tau)
            stock_discount = exp_minus(row_div * row_tau)
            discount = exp_minus(row_rate * row_tau)
            carry = (row_rate - row_div) * row_tau
        out_price[i] = option_value(
            spot[i] * stock_discount,
            strike[i] * discount,
            log_ratio(spot[i], strike[i]) + carry,
            vol[i] * root,
            right[i],
        )
