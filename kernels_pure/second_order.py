"""Vanna, volga and charm of Black-Scholes-Merton options, one and whole chains.

With ``density = stock_value phi(d1)`` as in `kernels_pure.pricing`:

    vanna = d delta / d vol  = d vega / d spot = -density d2 / (spot vol)
    volga = d vega / d vol   = density sqrt(tau) d1 d2 / vol
    charm = d delta / d time = div delta - density (carry / deviation - d2 / 2) / (spot tau)

Conventions: volatility per 1.00 (a hundredth of vanna is what delta gains when volatility rises
by one point), spot per unit, and charm per year of *calendar* time, which is minus the derivative
by tau: charm / 365 is what delta gains overnight with nothing else changed. All three are the same
for calls and puts, but for the yield's part of charm.

Source: Haug, The Complete Guide to Option Pricing Formulas, 2007, chapter 2.
"""

from math import nan

from kernels_pure.columns import Flags, Floats
from kernels_pure.pricing import carry_terms, log_ratio, option_parts


def second_greeks(
    spot: float,
    tau: float,
    div: float,
    vol: float,
    root: float,
    carry: float,
    moneyness: float,
    delta: float,
    density: float,
) -> tuple[float, float, float]:
    """Return vanna, volga and charm from what an option's first Greeks are made of.

    `root` is ``sqrt(tau)``, `carry` the part of the `moneyness` that grows with tau. All nan
    where the scale ``spot vol sqrt(tau)`` is not positive: they jump there.
    """
    deviation = vol * root
    if not (spot > 0.0 and tau > 0.0 and vol > 0.0 and deviation > 0.0):
        return nan, nan, nan
    ratio = moneyness / deviation
    d1 = ratio + 0.5 * deviation
    d2 = ratio - 0.5 * deviation
    slope = density / spot
    charm = div * delta - slope * (carry / deviation - 0.5 * d2) / tau
    return -slope * d2 / vol, density * root * d1 * d2 / vol, charm


def row_second_order(
    spot: float,
    strike: float,
    tau: float,
    div: float,
    vol: float,
    right: int,
    root: float,
    stock_discount: float,
    discount: float,
    carry: float,
) -> tuple[float, float, float]:
    """Return vanna, volga and charm, given the expiry's `carry_terms`."""
    moneyness = log_ratio(spot, strike) + carry
    _, held, _, density = option_parts(
        spot * stock_discount, strike * discount, moneyness, vol * root, right
    )
    # Where the density is a number, so is the spot, and it is positive.
    if not density >= 0.0:
        return nan, nan, nan
    delta = right * held / spot
    return second_greeks(spot, tau, div, vol, root, carry, moneyness, delta, density)


def bs_second_order(
    spot: float, strike: float, tau: float, rate: float, div: float, vol: float, right: int
) -> tuple[float, float, float]:
    """Return vanna, volga and charm of `bs_price`; units at the head of the module.

    Domain as in `bs_price`; nan outside it, and at ``tau == 0`` or ``vol == 0``. The error of each
    is a few eps of its terms times ``1 + d1*d1 + |d1| / deviation``: what the rounding of d1 makes.

    Source: Haug 2007, sections 2.1.5 (vanna), 2.3.2 (vomma) and 2.1.7 (charm).

    >>> [round(greek, 6) for greek in bs_second_order(100.0, 100.0, 1.0, 0.05, 0.0, 0.2, 1)]
    [-0.28143, 9.850059, -0.065667]
    """
    root, stock_discount, discount, carry = carry_terms(tau, rate, div)
    return row_second_order(
        spot, strike, tau, div, vol, right, root, stock_discount, discount, carry
    )


def second_order_chain(
    spot: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    vol: Floats,
    right: Flags,
    out_vanna: Floats,
    out_volga: Floats,
    out_charm: Floats,
) -> None:
    """Write `bs_second_order` of every row; rows in the order of expiries cost least.

    At the money without rates d1 is 0.1 and d2 is -0.1, and the density is all that is left:

    >>> from array import array
    >>> from kernels_pure.normal import norm_pdf
    >>> columns = [array("d", [number] * 2) for number in (100.0, 100.0, 1.0, 0.0, 0.0, 0.2)]
    >>> out = [array("d", [0.0] * 2) for _ in range(3)]
    >>> second_order_chain(*columns, array("b", [1, -1]), *out)
    >>> [[round(value / norm_pdf(0.1), 12) for value in column] for column in out]
    [[0.5, 0.5], [-5.0, -5.0], [-0.05, -0.05]]
    """
    row_tau = nan
    row_rate = nan
    row_div = nan
    root = nan
    stock_discount = nan
    discount = nan
    carry = nan
    for i in range(len(out_vanna)):
        if not (tau[i] == row_tau and rate[i] == row_rate and div[i] == row_div):
            row_tau = tau[i]
            row_rate = rate[i]
            row_div = div[i]
            root, stock_discount, discount, carry = carry_terms(row_tau, row_rate, row_div)
        vanna, volga, charm = row_second_order(
            spot[i],
            strike[i],
            row_tau,
            row_div,
            vol[i],
            right[i],
            root,
            stock_discount,
            discount,
            carry,
        )
        out_vanna[i] = vanna
        out_volga[i] = volga
        out_charm[i] = charm
