"""The prices of a chain again after its spot has moved, from what does not depend on the spot.

`prepare_reprice` writes four columns once for a snapshot's volatilities and carry; `reprice_chain`
then needs one logarithm for the whole chain and one exponential for each option. The logarithms
kept are of a reference spot over the strike, so that what is added, ``ln(spot / reference)``, is
small and loses no digits.
"""

from math import copysign, exp, inf, nan

from kernels_pure.columns import Flags, Floats
from kernels_pure.normal import scaled_tail
from kernels_pure.pricing import carry_terms, log_ratio


def prepare_reprice(
    reference: float,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    vol: Floats,
    right: Flags,
    out_stock_discount: Floats,
    out_strike_value: Floats,
    out_moneyness: Floats,
    out_deviation: Floats,
) -> None:
    """Write what `reprice_chain` keeps of each row, at a reference spot of today's size.

    The columns are ``exp(-div tau)``, ``strike exp(-rate tau)``, ``ln(reference / strike) +
    (rate - div) tau`` and ``vol sqrt(tau)``. A row outside the domain of `bs_price` gets nan as its
    strike's value, and so as every price. Rows in the order of expiries cost least.
    """
    row_tau = nan
    row_rate = nan
    row_div = nan
    root = nan
    stock_discount = nan
    discount = nan
    carry = nan
    for i in range(len(out_deviation)):
        if not (tau[i] == row_tau and rate[i] == row_rate and div[i] == row_div):
            row_tau = tau[i]
            row_rate = rate[i]
            row_div = div[i]
            root, stock_discount, discount, carry = carry_terms(row_tau, row_rate, row_div)
        strike_value = strike[i] * discount
        moneyness = log_ratio(reference, strike[i]) + carry
        deviation = vol[i] * root
        if not (
            0.0 <= deviation < inf
            and 0.0 <= strike_value < inf
            and abs(moneyness) < inf
            and 0.0 <= stock_discount < inf
            and right[i] * right[i] == 1
        ):
            strike_value = nan
            moneyness = nan
            deviation = nan
        out_stock_discount[i] = stock_discount
        out_strike_value[i] = strike_value
        out_moneyness[i] = moneyness
        out_deviation[i] = deviation


def reprice_chain(
    spot: float,
    reference: float,
    stock_discount: Floats,
    strike_value: Floats,
    moneyness: Floats,
    deviation: Floats,
    right: Flags,
    out_price: Floats,
) -> None:
    """Write the price of every row at a new spot, from the columns of `prepare_reprice`.

    Within ``4 eps (spot + strike)`` of `bs_price` while the spot is within a factor 4 of the
    reference it was prepared at. nan unless the spot is positive and finite.

    >>> from array import array
    >>> columns = [array("d", [number]) for number in (100.0, 1.0, 0.05, 0.0, 0.2)]
    >>> right, kept = array("b", [1]), [array("d", [0.0]) for _ in range(5)]
    >>> prepare_reprice(90.0, *columns, right, *kept[:4])
    >>> reprice_chain(100.0, 90.0, *kept[:4], right, kept[4])
    >>> round(kept[4][0], 12)
    10.450583572186
    """
    shift = log_ratio(spot, reference)
    for i in range(len(out_price)):
        stock = spot * stock_discount[i]
        owed = strike_value[i]
        width = deviation[i]
        side = right[i]
        if width > 0.0:
            d1 = (moneyness[i] + shift) / width + 0.5 * width
            d2 = d1 - width
            side1 = copysign(1.0, d1)
            side2 = copysign(1.0, d2)
            tails = side1 * scaled_tail(abs(d1)) - side2 * scaled_tail(abs(d2))
            sure = 0.5 * (stock * (side + side1) - owed * (side + side2))
            value = sure - stock * exp(-0.5 * d1 * d1) * tails
        else:
            # An option that is certain; nan where a column or the spot is outside the domain.
            value = side * (stock - owed) + 0.0 * (width + shift)
        if value < 0.0:
            value = 0.0
        out_price[i] = value
