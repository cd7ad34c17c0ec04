"""Proceeds: what lots of a package bring in currency, after what order minimums take.

Source: SCANNER section 2 (fees).
"""

from kernels_pure.columns import Floats, Ints
from kernels_pure.limits import EXCHANGE_FEE, MULTIPLIER, ORDER_MINIMUM, STOCK_MINIMUM


def order_shortfall(minimum: float, commission: float) -> float:
    """Return what an order costs beyond its commission because of a minimum."""
    return max(0.0, minimum - commission)


def package_usd(
    edge: float,
    unit: int,
    lots: float,
    quotes: int,
    width: int,
    quote: Ints,
    ratio: Ints,
    stock: int,
    receive: Floats,
    pay: Floats,
    bid: Floats,
    ask: Floats,
    stock_fee: float,
    limits: Floats,
) -> float:
    """Return the edge of `lots` packages in currency, less the shortfall of every order.

    `quotes` is where the candidate's legs start in `quote` and `ratio`. O(width).
    """
    multiplier = limits[MULTIPLIER]
    total = edge * multiplier * unit * lots
    for leg in range(width):
        q = quote[quotes + leg]
        if q >= 0:
            contracts = abs(ratio[quotes + leg]) * lots
            fee = bid[q] - receive[q]
            if ratio[quotes + leg] > 0:
                fee = pay[q] - ask[q]
            commission = (fee * multiplier - limits[EXCHANGE_FEE]) * contracts
            total -= order_shortfall(limits[ORDER_MINIMUM], commission)
    if stock != 0:
        shares = abs(stock) * multiplier * lots
        total -= order_shortfall(limits[STOCK_MINIMUM], stock_fee * shares)
    return total
