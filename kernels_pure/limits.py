"""The limits of the gates, and what they make of a single quote.

`limits` is one column of numbers, read by the names below. A limit that is nan, an age or a size
that is not known passes.

Source: SCANNER section 5.
"""

from math import inf

from kernels_pure.columns import ROWS, Floats

# Where `limits` has which limit; those that `gates` alone reads stand there.
MAX_OPTION_AGE = 1
LOTS = 3
MAX_SPREAD = 4
MAX_SPREAD_FRACTION = 5
MIN_OPEN_INTEREST = 9
MIN_VOLUME = 10
MIN_EDGE_USD = 12
MULTIPLIER = 13
EXCHANGE_FEE = 14
ORDER_MINIMUM = 15
STOCK_MINIMUM = 16
IS_SYNCHRONOUS = 20
MAX_CAPITAL = 21

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
    timed = inf
    if not limits[IS_SYNCHRONOUS] > 0.0:
        timed = limits[MAX_OPTION_AGE]
    most = limits[MAX_SPREAD]
    fraction = limits[MAX_SPREAD_FRACTION]
    lots = limits[LOTS]
    refused = 0
    # No choices in this loop but of what is written: several quotes go at a time.
    for i in range(len(bid)):
        q = i & ROWS
        b = bid[q]
        a = ask[q]
        spread = a - b
        if not b > 0.0:
            spread = a
        if not a > 0.0:
            spread = inf
        middle = a - 0.5 * spread
        is_out = spread > max(most, fraction * middle) * (1.0 + SPREAD_TOLERANCE)
        is_out = is_out | ((b > a) & (a > 0.0))
        sold = receive[q]
        bought = pay[q]
        no_bid = is_out | (bid_size[q] < lots) | (bid_age[q] > timed)
        no_ask = is_out | (ask_size[q] < lots) | (ask_age[q] > timed)
        refused += (no_bid & (sold > -inf)) + (no_ask & (bought > -inf))
        if no_bid:
            sold = absent
        if no_ask:
            bought = absent
        out_receive[q] = sold
        out_pay[q] = bought
    if len(open_interest) > 0:
        drop_below(open_interest, limits[MIN_OPEN_INTEREST], out_receive, out_pay)
    if len(volume) > 0:
        drop_below(volume, limits[MIN_VOLUME], out_receive, out_pay)
    if len(open_interest) + len(volume) > 0:
        refused = 0
        for i in range(len(bid)):
            q = i & ROWS
            refused += (receive[q] > -inf) & (not out_receive[q] > -inf)
            refused += (pay[q] > -inf) & (not out_pay[q] > -inf)
    return refused


def drop_below(counts: Floats, least: float, out_receive: Floats, out_pay: Floats) -> None:
    """Write nan where a quote's count is known and lies below `least`. O(quotes)."""
    absent = inf - inf
    if least > 0.0:
        for i in range(len(counts)):
            q = i & ROWS
            sold = out_receive[q]
            bought = out_pay[q]
            if (counts[q] >= 0.0) & (counts[q] < least):
                sold = absent
                bought = absent
            out_receive[q] = sold
            out_pay[q] = bought


def affordable_lots(lots: float, capital: float, limits: Floats) -> float:
    """Return how many of `lots` packages, which bind `capital` in all, the limit of it allows."""
    limit = limits[MAX_CAPITAL]
    # A limit of nan is none.
    if capital > limit and capital > 0.0:
        return float(int(lots * limit / capital))
    return lots
