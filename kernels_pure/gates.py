"""Gates: what must hold before a candidate may be traded, in the order in which it is checked.

A candidate has up to `width` option legs: elements ``width c .. width (c + 1) - 1`` of `quote`
(quote index, -1 is no leg) and `ratio` (contracts per package, positive bought, negative sold),
and `stock` multiples of the multiplier in stock. Rows of a candidate table are N_LEGS wide. Its
edge is per short share, `unit` of them per package. A limit that is nan, an age or a size that is
not known passes its gate.

A coin's future stands in the place of the stock. Its spread passes unchecked and it pays no order
minimum of stock; a mark, which nobody quotes, is no locked market.

Source: SCANNER section 5.
"""

from math import inf

from kernels_pure.candidates import N_LEGS
from kernels_pure.columns import Flags, Floats, Ints
from kernels_pure.limits import (
    IS_SYNCHRONOUS,
    LOTS,
    MAX_OPTION_AGE,
    MIN_EDGE_USD,
    MIN_OPEN_INTEREST,
    MIN_VOLUME,
    MULTIPLIER,
    is_wide,
    leg_spread,
)
from kernels_pure.proceeds import package_usd

# Gates in the order in which they are checked; 0 passes.
QUOTE = 1
CROSSED = 2
DELAYED = 3
STOCK_AGE = 4
OPTION_AGE = 5
SKEW = 6
SIZE = 7
SPREAD = 8
SPREAD_SUM = 9
DAYS = 10
OPEN_INTEREST = 11
VOLUME = 12
EDGE = 13
EDGE_USD = 14
RATES = 15
DELIVERABLE = 16
CAPITAL = 17

# Where `limits` has the limits that are read here alone; the others are in `limits`.
MAX_STOCK_AGE = 0
MAX_SKEW = 2
MAX_SPREAD_PER_EDGE = 6
MIN_DAYS = 7
MAX_DAYS = 8
MIN_EDGE = 11
IS_DELAYED = 17
IS_STALE_RATE = 18
IS_HALTED = 19
N_LIMITS = 22

# Where `stock_quote` has which number.
STOCK_BID = 0
STOCK_ASK = 1
STOCK_BID_SIZE = 2
STOCK_ASK_SIZE = 3
STOCK_BID_AGE = 4
STOCK_ASK_AGE = 5
STOCK_FEE = 6
STOCK_SHORTABLE = 7
STOCK_IS_FUTURE = 8
STOCK_IS_MARK = 9
N_STOCK = 10

AGE_UNKNOWN = 1
SIZE_UNKNOWN = 2
LOCKED_MARKET = 4

EVERY_SIZE = 1e15


def gate_row(
    row: int,
    width: int,
    quote: Ints,
    ratio: Ints,
    stock: Ints,
    unit: Ints,
    days: Floats,
    row_days: Floats,
    edge: Floats,
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
    stock_quote: Floats,
    apart: int,
    most: float,
    limits: Floats,
) -> tuple[int, float, float, int]:
    """Return ``(gate, lots, usd, flags)`` of one candidate: the first gate it fails, 0 if none.

    `days` are those to a candidate's last settlement, `row_days` those of a row of the chain, calls
    first among the quotes. `lots` is what every leg shows at once, at most `most`, and `usd` the
    edge at that size. The quote of the stock (or of the coin's future) of a candidate starts at
    ``apart row`` of `stock_quote`: `apart` is 0 where all have the same. An age or size that is not
    known passes its gate and sets a flag; shares to borrow that are not known pass unflagged.
    O(width).
    """
    is_age_unknown = 0
    is_size_unknown = 0
    is_locked_market = 0
    wide = 0
    crossed = 0
    absent = 0
    oldest_option = 0.0
    oldest = -inf
    newest = inf
    lots = EVERY_SIZE
    spreads = 0.0
    nearest = days[row]
    least_interest = inf
    least_volume = inf
    for leg in range(width):
        q = quote[width * row + leg]
        if q >= 0:
            count = ratio[width * row + leg]
            b = bid[q]
            a = ask[q]
            age = bid_age[q]
            size = bid_size[q]
            price = b
            if count > 0:
                age = ask_age[q]
                size = ask_size[q]
                price = a
            # A quote without an ask is not there, whichever side is traded.
            if not price > 0.0 or not a > 0.0:
                absent = 1
            if b > 0.0 and a > 0.0:
                if b > a:
                    crossed = 1
                elif not b < a:
                    is_locked_market = 1
            line = q
            if line >= len(row_days):
                line -= len(row_days)
            nearest = min(nearest, row_days[line])
            if age >= 0.0:
                oldest_option = max(oldest_option, age)
                oldest = max(oldest, age)
                newest = min(newest, age)
            else:
                is_age_unknown = 1
            if size >= 0.0:
                lots = min(lots, float(int(size / abs(count))))
            else:
                is_size_unknown = 1
            spread = leg_spread(b, a)
            spreads += spread * abs(count)
            if is_wide(b, a, spread, limits):
                wide = 1
            if len(open_interest) > 0 and open_interest[q] >= 0.0:
                least_interest = min(least_interest, open_interest[q])
            if len(volume) > 0 and volume[q] >= 0.0:
                least_volume = min(least_volume, volume[q])
    stock_age = 0.0
    at = apart * row
    stock_orders = stock[row]
    if stock[row] != 0:
        b = stock_quote[at + STOCK_BID]
        a = stock_quote[at + STOCK_ASK]
        age = stock_quote[at + STOCK_BID_AGE]
        size = stock_quote[at + STOCK_BID_SIZE]
        price = b
        if stock[row] > 0:
            age = stock_quote[at + STOCK_ASK_AGE]
            size = stock_quote[at + STOCK_ASK_SIZE]
            price = a
        if not price > 0.0 or not a > 0.0:
            absent = 1
        if b > a:
            crossed = 1
        elif b > 0.0 and not b < a and not stock_quote[at + STOCK_IS_MARK] > 0.0:
            is_locked_market = 1
        if age >= 0.0:
            stock_age = age
            oldest = max(oldest, age)
            newest = min(newest, age)
        else:
            is_age_unknown = 1
        if size >= 0.0:
            lots = min(lots, float(int(size / (abs(stock[row]) * limits[MULTIPLIER]))))
        else:
            is_size_unknown = 1
        shortable = stock_quote[at + STOCK_SHORTABLE]
        if stock[row] < 0 and shortable >= 0.0:
            lots = min(lots, float(int(shortable / (-stock[row] * limits[MULTIPLIER]))))
        if stock_quote[at + STOCK_IS_FUTURE] > 0.0:
            stock_orders = 0
        else:
            spread = leg_spread(b, a)
            spreads += spread * abs(stock[row])
            if is_wide(b, a, spread, limits):
                wide = 1
    if lots >= EVERY_SIZE:
        lots = limits[LOTS]
    lots = min(lots, most)
    usd = 0.0
    if lots > 0.0:
        usd = package_usd(
            edge[row], unit[row], lots, width * row, width, quote, ratio, stock_orders, receive,
            pay, bid, ask, stock_quote[at + STOCK_FEE], limits,
        )  # fmt: skip
    is_timed = not limits[IS_SYNCHRONOUS] > 0.0
    gate = 0
    if absent > 0:
        gate = QUOTE
    elif crossed > 0:
        gate = CROSSED
    elif limits[IS_DELAYED] > 0.0:
        gate = DELAYED
    elif is_timed and stock_age > limits[MAX_STOCK_AGE]:
        gate = STOCK_AGE
    elif is_timed and oldest_option > limits[MAX_OPTION_AGE]:
        gate = OPTION_AGE
    elif is_timed and oldest - newest > limits[MAX_SKEW]:
        gate = SKEW
    elif lots < limits[LOTS]:
        gate = SIZE
    elif wide > 0:
        gate = SPREAD
    elif spreads > limits[MAX_SPREAD_PER_EDGE] * edge[row] * unit[row]:
        gate = SPREAD_SUM
    elif nearest < limits[MIN_DAYS] or days[row] > limits[MAX_DAYS]:
        gate = DAYS
    elif least_interest < limits[MIN_OPEN_INTEREST]:
        gate = OPEN_INTEREST
    elif least_volume < limits[MIN_VOLUME]:
        gate = VOLUME
    elif edge[row] < limits[MIN_EDGE]:
        gate = EDGE
    elif usd < limits[MIN_EDGE_USD]:
        gate = EDGE_USD
    elif limits[IS_STALE_RATE] > 0.0:
        gate = RATES
    elif limits[IS_HALTED] > 0.0:
        gate = DELIVERABLE
    flags = AGE_UNKNOWN * is_age_unknown + SIZE_UNKNOWN * is_size_unknown
    return gate, lots, usd, flags + LOCKED_MARKET * is_locked_market


def gate_rows(
    count: int,
    quote: Ints,
    ratio: Ints,
    stock: Ints,
    unit: Ints,
    days: Floats,
    row_days: Floats,
    edge: Floats,
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
    stock_quote: Floats,
    apart: int,
    limits: Floats,
    out_gate: Flags,
    out_lots: Floats,
    out_usd: Floats,
    out_flags: Flags,
) -> int:
    """Check every candidate's gates; return how many pass. O(count).

    `apart` is 0, or N_STOCK where `stock_quote` has a quote for each candidate.
    """
    passed = 0
    for row in range(count):
        gate, lots, usd, flags = gate_row(
            row, N_LEGS, quote, ratio, stock, unit, days, row_days, edge, bid, ask, bid_size,
            ask_size, bid_age, ask_age, volume, open_interest, receive, pay, stock_quote,
            apart, EVERY_SIZE, limits,
        )  # fmt: skip
        out_gate[row] = gate
        out_lots[row] = lots
        out_usd[row] = usd
        out_flags[row] = flags
        if gate == 0:
            passed += 1
    return passed
