"""The prices of a chain again after its spot has moved, from what does not depend on the spot.

`prepare_reprice` writes five columns once for a snapshot's volatilities and carry; `reprice_chain`
then needs one logarithm for the whole chain, and one exponential and one division for each option.
What is kept is d1 at a reference spot, so that what is added, ``ln(spot / reference)`` over the
deviation, is small and loses no digits.

Source: Black and Scholes 1973 and Merton 1973; what is kept and what is added is our own.
"""

from math import copysign, exp, nan

from kernels_pure.columns import LARGEST, Flags, Floats
from kernels_pure.normal import tail_parts
from kernels_pure.pricing import carry_terms, log_ratio

# Deviations beyond this have no use, and their fractions of tails would overflow; options of less
# than the least are certain, and their slopes would overflow.
MOST_DEVIATION = 1e100
LEAST_DEVIATION = 1e-290


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
    out_d1: Floats,
    out_slope: Floats,
    out_deviation: Floats,
) -> None:
    """Write what `reprice_chain` keeps of each row, at a reference spot of today's size.

    The columns are ``exp(-div tau)``, ``strike exp(-rate tau)``, d1 at the reference, the slope of
    d1 in ``ln(spot)`` (both 0 for an option that is certain) and the deviation ``vol sqrt(tau)``. A
    row outside the domain of `bs_price`, or with a deviation of 1e100, gets nan as its strike's
    value, and so as every price. Rows in the order of expiries cost least.

    >>> from array import array
    >>> columns = [array("d", [number]) for number in (100.0, 1.0, 0.0, 0.0, 0.25)]
    >>> kept = [array("d", [0.0]) for _ in range(5)]
    >>> prepare_reprice(100.0, *columns, array("b", [1]), *kept)
    >>> [column[0] for column in kept]  # d1 at the money is half the deviation, its slope 1 over it
    [1.0, 100.0, 0.125, 4.0, 0.25]
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
        d1 = 0.0
        slope = 0.0
        if not (
            0.0 <= deviation < MOST_DEVIATION
            and 0.0 <= strike_value <= LARGEST
            and abs(moneyness) <= LARGEST
            and 0.0 <= stock_discount <= LARGEST
            and right[i] * right[i] == 1
        ):
            strike_value = nan
            deviation = nan
        elif deviation > LEAST_DEVIATION:
            d1 = moneyness / deviation + 0.5 * deviation
            slope = 1.0 / deviation
        else:
            deviation = 0.0
        out_stock_discount[i] = stock_discount
        out_strike_value[i] = strike_value
        out_d1[i] = d1
        out_slope[i] = slope
        out_deviation[i] = deviation


def reprice_chain(
    spot: float,
    reference: float,
    stock_discount: Floats,
    strike_value: Floats,
    d1: Floats,
    slope: Floats,
    deviation: Floats,
    right: Flags,
    out_price: Floats,
) -> None:
    """Write the price of every row at a new spot, from the columns of `prepare_reprice`.

    Within ``4 eps (spot + strike)`` of `bs_price` while the spot is within a factor 4 of the
    reference it was prepared at. nan unless the spot is positive and finite.

    >>> from array import array
    >>> columns = [array("d", [number]) for number in (100.0, 1.0, 0.05, 0.0, 0.2)]
    >>> right, kept = array("b", [1]), [array("d", [0.0]) for _ in range(6)]
    >>> prepare_reprice(90.0, *columns, right, *kept[:5])
    >>> reprice_chain(100.0, 90.0, *kept[:5], right, kept[5])
    >>> round(kept[5][0], 12)
    10.450583572186
    """
    shift = log_ratio(spot, reference)
    for i in range(len(out_price)):
        stock = spot * stock_discount[i]
        owed = strike_value[i]
        width = deviation[i]
        side = right[i]
        if width > 0.0:
            near = d1[i] + shift * slope[i]
            far = near - width
            side1 = copysign(1.0, near)
            side2 = copysign(1.0, far)
            top1, low1 = tail_parts(abs(near))
            top2, low2 = tail_parts(abs(far))
            tails = (side1 * top1 * low2 - side2 * top2 * low1) / (low1 * low2)
            sure = 0.5 * (stock * (side + side1) - owed * (side + side2))
            value = sure - stock * exp(-0.5 * near * near) * tails
        else:
            # An option that is certain; nan where a column or the spot is outside the domain.
            value = side * (stock - owed) + 0.0 * (width + shift)
        if value < 0.0:
            value = 0.0
        out_price[i] = value
