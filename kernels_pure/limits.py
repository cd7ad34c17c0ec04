"""The limits of the gates, and what they make of a single quote.

`limits` is one column of numbers, read by the names below. A limit that is nan, an age or a size
that is not known passes.

Source: SCANNER section 5.
"""

from math import inf

from kernels_pure.columns import Floats

# Where `limits` has which limit.
MAX_STOCK_AGE = 0
MAX_OPTION_AGE = 1
MAX_SKEW = 2
LOTS = 3
MAX_SPREAD = 4
MAX_SPREAD_FRACTION = 5
MAX_SPREAD_PER_EDGE = 6
MIN_DAYS = 7
MAX_DAYS = 8
MIN_OPEN_INTEREST = 9
MIN_VOLUME = 10
MIN_EDGE = 11
MIN_EDGE_USD = 12
MULTIPLIER = 13
EXCHANGE_FEE = 14
ORDER_MINIMUM = 15
STOCK_MINIMUM = 16
IS_DELAYED = 17
IS_STALE_RATE = 18
IS_HALTED = 19
IS_SYNCHRONOUS = 20
MAX_CAPITAL = 21
N_LIMITS = 22

# What rounding may add to a spread: one of 0.05 between decimal quotes is 0.05000000000000001.
SPREAD_TOLERANCE = 1e-9


def leg_spread(bid: float, ask: float) -> float:
    """Return ask - bid; a missing bid counts as 0, a missing ask makes the spread infinite."""
    if not ask > 0.0:
        return inf
    if not bid > 0.0:
        return ask
    return ask - bid


def is_wide(bid: float, ask: float, spread: float, limits: Floats) -> bool:
    """Tell whether a spread exceeds both the absolute and the relative limit.

    By more than rounding: a spread at the limit passes.
    """
    middle = ask - 0.5 * spread
    limit = max(limits[MAX_SPREAD], limits[MAX_SPREAD_FRACTION] * middle)
    return spread > limit * (1.0 + SPREAD_TOLERANCE)


def usable_quotes(
    bid: Floats,
    ask: Floats,
    bid_size: Floats,
    ask_size: Floats,
    bid_age: Floats,
    ask_age: Floats,
    volume: Floats,
    open_interest: Floats,
    receive: Floats,
    pay: Floats,
    limits: Floats,
    out_receive: Floats,
    out_pay: Floats,
) -> int:
    """Write the net prices of quotes that pass the gates of a single leg, nan for the others.

    The gates are crossed, age, size, spread, open interest and volume, of which the last two may
    be empty columns. Returns how many present sides do not pass.
    """
    absent = inf - inf
    refused = 0
    is_timed = not limits[IS_SYNCHRONOUS] > 0.0
    for q in range(len(bid)):
        spread = leg_spread(bid[q], ask[q])
        is_out = bid[q] > ask[q] and ask[q] > 0.0
        if is_wide(bid[q], ask[q], spread, limits):
            is_out = True
        if len(open_interest) > 0 and 0.0 <= open_interest[q] < limits[MIN_OPEN_INTEREST]:
            is_out = True
        if len(volume) > 0 and 0.0 <= volume[q] < limits[MIN_VOLUME]:
            is_out = True
        sold = receive[q]
        if is_out or bid_size[q] < limits[LOTS]:
            sold = absent
        if is_timed and bid_age[q] > limits[MAX_OPTION_AGE]:
            sold = absent
        if not sold > -inf and receive[q] > -inf:
            refused += 1
        out_receive[q] = sold
        bought = pay[q]
        if is_out or ask_size[q] < limits[LOTS]:
            bought = absent
        if is_timed and ask_age[q] > limits[MAX_OPTION_AGE]:
            bought = absent
        if not bought > -inf and pay[q] > -inf:
            refused += 1
        out_pay[q] = bought
    return refused


def affordable_lots(lots: float, capital: float, limits: Floats) -> float:
    """Return how many of `lots` packages, which bind `capital` in all, the limit of it allows."""
    limit = limits[MAX_CAPITAL]
    # A limit of nan is none.
    if capital > limit and capital > 0.0:
        return float(int(lots * limit / capital))
    return lots
