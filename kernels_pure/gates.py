"""Gates: what must hold before a candidate may be traded, in the order in which it is asked.

A candidate has up to four option legs: elements ``4 c .. 4 c + 3`` of `quote` (quote index, -1 is
no leg) and `ratio` (contracts per package, positive bought, negative sold), and `stock` multiples
of the multiplier in stock. Its edge is per short share, `unit` of them per package. A limit that
is nan, an age or a size that is not known passes its gate.

Source: SCANNER section 5.
"""

from math import inf

from kernels_pure.candidates import N_LEGS
from kernels_pure.columns import Flags, Floats, Ints

# Gates in the order in which they are asked; 0 passes.
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
N_LIMITS = 21

# Where `stock_quote` has which number.
STOCK_BID = 0
STOCK_ASK = 1
STOCK_BID_SIZE = 2
STOCK_ASK_SIZE = 3
STOCK_BID_AGE = 4
STOCK_ASK_AGE = 5
STOCK_FEE = 6

AGE_UNKNOWN = 1
SIZE_UNKNOWN = 2
LOCKED_MARKET = 4

EVERY_SIZE = 1e15


def order_shortfall(minimum: float, commission: float) -> float:
    """Return what an order costs beyond its commission because of a minimum."""
    return max(0.0, minimum - commission)


def package_usd(
    edge: float,
    unit: int,
    lots: float,
    quotes: int,
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

    `quotes` is where the candidate's legs start in `quote` and `ratio`.
    """
    multiplier = limits[MULTIPLIER]
    total = edge * multiplier * unit * lots
    for leg in range(N_LEGS):
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


def leg_spread(bid: float, ask: float) -> float:
    """Return ask - bid; a missing bid counts as 0, a missing ask makes the spread infinite."""
    if not ask > 0.0:
        return inf
    if not bid > 0.0:
        return ask
    return ask - bid


def is_wide(bid: float, ask: float, spread: float, limits: Floats) -> bool:
    """Tell whether a spread exceeds both the absolute and the relative limit."""
    middle = ask - 0.5 * spread
    return spread > max(limits[MAX_SPREAD], limits[MAX_SPREAD_FRACTION] * middle)


def gate_row(
    row: int,
    quote: Ints,
    ratio: Ints,
    stock: Ints,
    unit: Ints,
    days: Floats,
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
    limits: Floats,
) -> tuple[int, float, float, int]:
    """Return ``(gate, lots, usd, flags)`` of one candidate: the first gate it fails, 0 if none.

    `lots` is what every leg shows at once, `usd` the edge at that size. An age or size that is
    not known passes its gate and sets a flag.
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
    least_interest = inf
    least_volume = inf
    for leg in range(N_LEGS):
        q = quote[N_LEGS * row + leg]
        if q >= 0:
            count = ratio[N_LEGS * row + leg]
            b = bid[q]
            a = ask[q]
            age = bid_age[q]
            size = bid_size[q]
            price = b
            if count > 0:
                age = ask_age[q]
                size = ask_size[q]
                price = a
            if not price > 0.0:
                absent = 1
            if b > 0.0 and a > 0.0:
                if b > a:
                    crossed = 1
                elif not b < a:
                    is_locked_market = 1
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
    if stock[row] != 0:
        b = stock_quote[STOCK_BID]
        a = stock_quote[STOCK_ASK]
        age = stock_quote[STOCK_BID_AGE]
        size = stock_quote[STOCK_BID_SIZE]
        price = b
        if stock[row] > 0:
            age = stock_quote[STOCK_ASK_AGE]
            size = stock_quote[STOCK_ASK_SIZE]
            price = a
        if not price > 0.0:
            absent = 1
        if b > a:
            crossed = 1
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
        spread = leg_spread(b, a)
        spreads += spread * abs(stock[row])
        if is_wide(b, a, spread, limits):
            wide = 1
    if lots >= EVERY_SIZE:
        lots = limits[LOTS]
    usd = 0.0
    if lots > 0.0:
        usd = package_usd(
            edge[row],
            unit[row],
            lots,
            N_LEGS * row,
            quote,
            ratio,
            stock[row],
            receive,
            pay,
            bid,
            ask,
            stock_quote[STOCK_FEE],
            limits,
        )
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
    elif days[row] < limits[MIN_DAYS] or days[row] > limits[MAX_DAYS]:
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
    limits: Floats,
    out_gate: Flags,
    out_lots: Floats,
    out_usd: Floats,
    out_flags: Flags,
) -> int:
    """Ask every candidate's gates; return how many pass. O(count)."""
    passed = 0
    for row in range(count):
        gate, lots, usd, flags = gate_row(
            row,
            quote,
            ratio,
            stock,
            unit,
            days,
            edge,
            bid,
            ask,
            bid_size,
            ask_size,
            bid_age,
            ask_age,
            volume,
            open_interest,
            receive,
            pay,
            stock_quote,
            limits,
        )
        out_gate[row] = gate
        out_lots[row] = lots
        out_usd[row] = usd
        out_flags[row] = flags
        if gate == 0:
            passed += 1
    return passed


def usable_quotes(
    bid: Floats,
    ask: Floats,
    bid_size: Floats,
    ask_size: Floats,
    bid_age: Floats,
    ask_age: Floats,
    receive: Floats,
    pay: Floats,
    limits: Floats,
    out_receive: Floats,
    out_pay: Floats,
) -> int:
    """Write the net prices of quotes that pass the gates of a single leg, nan for the others.

    The gates are crossed, age, size and spread. Returns how many present sides do not pass.
    """
    absent = inf - inf
    refused = 0
    is_timed = not limits[IS_SYNCHRONOUS] > 0.0
    for q in range(len(bid)):
        spread = leg_spread(bid[q], ask[q])
        is_out = bid[q] > ask[q] and ask[q] > 0.0
        if is_wide(bid[q], ask[q], spread, limits):
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
