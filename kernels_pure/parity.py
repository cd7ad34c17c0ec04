"""Put-call parity families: what a strike can be bought and sold for through stock and options.

The whole-chain kernels write one edge per row and return ``(hits, best_row, best_edge)``: how many
rows have an edge above `floor` (their rows in `out_row`, as far as it reaches), and the best row
whether or not it has. Quotes come net of fees, by quote index (the call of row r is r, its put
``n + r``); a nan quote is absent and never hits. Columns by expiry are those of
``engine.market.terms``. All are O(rows), times the dividends of an American chain.

Source: Stoll 1969; Merton 1973; Klemkosky and Resnick 1979 (costs); SCANNER section 3.
"""

from math import inf, nan

from kernels_pure.columns import LARGEST, ROWS, Floats, Ints


def net_prices(
    bid: Floats,
    ask: Floats,
    tier_start: Floats,
    tier_fee: Floats,
    proportional: float,
    premium_cap: float,
    out_receive: Floats,
    out_pay: Floats,
) -> None:
    """Write what each quote brings when sold and costs when bought, after fees per share.

    `tier_fee` is the fee per share of premiums from `tier_start` on; the proportional fee is
    ``min(proportional, premium_cap * price)``. A side that is not > 0 becomes nan. O(n).
    """
    n_tiers = len(tier_start)
    # Two choices without a loop: several quotes go at a time. Of up to three tiers that is all.
    last = n_tiers - 1
    middle = max(0, n_tiers - 2)
    last_start = tier_start[last]
    last_fee = tier_fee[last]
    middle_start = tier_start[middle]
    middle_fee = tier_fee[middle]
    first_fee = tier_fee[0]
    for i in range(len(bid)):
        q = i & ROWS
        price = bid[q]
        fee = last_fee
        if price < last_start:
            fee = middle_fee
        if price < middle_start:
            fee = first_fee
        net = nan
        if price > 0.0 and price <= LARGEST:
            net = price - fee - min(proportional, premium_cap * price)
        out_receive[q] = net
        price = ask[q]
        fee = last_fee
        if price < last_start:
            fee = middle_fee
        if price < middle_start:
            fee = first_fee
        net = nan
        if price > 0.0 and price <= LARGEST:
            net = price + fee + min(proportional, premium_cap * price)
        out_pay[q] = net
    if n_tiers > 3:
        for q in range(len(bid)):
            fee = first_fee
            other = first_fee
            for t in range(1, n_tiers):
                if bid[q] >= tier_start[t]:
                    fee = tier_fee[t]
                if ask[q] >= tier_start[t]:
                    other = tier_fee[t]
            if bid[q] > 0.0 and bid[q] <= LARGEST:
                out_receive[q] = bid[q] - fee - min(proportional, premium_cap * bid[q])
            if ask[q] > 0.0 and ask[q] <= LARGEST:
                out_pay[q] = ask[q] + other + min(proportional, premium_cap * ask[q])


def row_hits(edge: Floats, floor: float, out_row: Ints) -> tuple[int, int, float]:
    """Write the rows whose edge exceeds `floor`; return their number, the best row and its edge."""
    hits, best_row = 0, -1
    best_edge = bar = -inf
    for row in range(len(edge)):
        value = edge[row]
        if value > bar:
            if value > best_edge:
                best_edge = value
                best_row = row
            if value > floor:
                if hits < len(out_row):
                    out_row[hits] = row
                hits += 1
            # What is not above it is settled by one comparison.
            bar = min(best_edge, floor)
    return hits, best_row, best_edge


def conversion_edge(
    put_pay: float,
    call_receive: float,
    stock_pay: float,
    value: float,
) -> float:
    """Return the edge of a conversion: long stock, long put, short call.

    `value` is the least that strike and dividends are worth today; European: ``Db K + Vin``.

    >>> from math import exp
    >>> at = lambda rate, days: exp(-rate * days / 365)
    >>> value = 100 * at(.055, 60) + .5 * at(.055, 20)
    >>> round(conversion_edge(2.107, 3.193, 100.025, value), 4)
    0.6595
    """
    return value - (stock_pay + put_pay - call_receive)


def reversal_edge(
    put_receive: float,
    call_pay: float,
    stock_receive: float,
    cost: float,
) -> float:
    """Return the edge of a reversal: short stock, short put, long call.

    `cost` is the most that strike, dividends and borrow fee cost today; European:
    ``Dl K + Vout + B``.

    >>> from math import exp
    >>> at = lambda rate, days: exp(-rate * days / 365)
    >>> cost = 100 * at(.045, 60) + .5 * at(.045, 20) + .01 * 100 * 60 / 365
    >>> round(reversal_edge(1.993, 3.307, 99.995, cost), 4)
    -1.2452
    """
    return stock_receive + put_receive - call_pay - cost


def intrinsic_call_edge(pay: float, stock_receive: float, cost: float) -> float:
    """Return the edge of a call bought against short stock, which `cost` covers at most."""
    return stock_receive - cost - pay


def intrinsic_put_edge(pay: float, stock_pay: float, value: float) -> float:
    """Return the edge of a put bought with stock, which together bring at least `value`."""
    return value - stock_pay - pay


def conversion_hits(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    stock_pay: Floats,
    discount_borrow: Floats,
    div_in: Floats,
    hold_first: Ints,
    hold_discount: Floats,
    hold_value: Floats,
    floor: float,
    out_row: Ints,
    out_edge: Floats,
) -> tuple[int, int, float]:
    """Price every conversion; the call may be assigned on an eve (`hold` branches)."""
    n = len(strike)
    for e in range(len(first) - 1):
        discount = discount_borrow[e]
        dividends = div_in[e]
        stock = stock_pay[e]
        if hold_first[e] == hold_first[e + 1]:
            for i in range(first[e], first[e + 1]):
                row = i & ROWS
                value = discount * strike[row] + dividends
                out_edge[row] = conversion_edge(pay[(n + row) & ROWS], receive[row], stock, value)
            continue
        for i in range(first[e], first[e + 1]):
            out_edge[i & ROWS] = discount * strike[i & ROWS] + dividends
        for b in range(hold_first[e], hold_first[e + 1]):
            early = hold_discount[b]
            level = hold_value[b]
            for i in range(first[e], first[e + 1]):
                out_edge[i & ROWS] = min(out_edge[i & ROWS], early * strike[i & ROWS] + level)
        for i in range(first[e], first[e + 1]):
            row = i & ROWS
            bought = pay[(n + row) & ROWS]
            out_edge[row] = conversion_edge(bought, receive[row], stock, out_edge[row])
    return row_hits(out_edge, floor, out_row)


def reversal_hits(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    stock_receive: Floats,
    discount_lend: Floats,
    div_out: Floats,
    stock_borrow: Floats,
    owe_first: Ints,
    owe_discount: Floats,
    owe_value: Floats,
    floor: float,
    out_row: Ints,
    out_edge: Floats,
) -> tuple[int, int, float]:
    """Price every reversal; the put may be assigned on any `owe` date."""
    n = len(strike)
    for e in range(len(first) - 1):
        discount = discount_lend[e]
        owed = div_out[e] + stock_borrow[e]
        stock = stock_receive[e]
        if owe_first[e] == owe_first[e + 1]:
            for i in range(first[e], first[e + 1]):
                row = i & ROWS
                cost = discount * strike[row] + owed
                out_edge[row] = reversal_edge(receive[(n + row) & ROWS], pay[row], stock, cost)
            continue
        for i in range(first[e], first[e + 1]):
            out_edge[i & ROWS] = discount * strike[i & ROWS] + owed
        for b in range(owe_first[e], owe_first[e + 1]):
            early = owe_discount[b]
            level = owe_value[b]
            for i in range(first[e], first[e + 1]):
                out_edge[i & ROWS] = max(out_edge[i & ROWS], early * strike[i & ROWS] + level)
        for i in range(first[e], first[e + 1]):
            row = i & ROWS
            sold = receive[(n + row) & ROWS]
            out_edge[row] = reversal_edge(sold, pay[row], stock, out_edge[row])
    return row_hits(out_edge, floor, out_row)


def intrinsic_call_hits(
    first: Ints,
    strike: Floats,
    pay: Floats,
    stock_receive: Floats,
    discount_lend: Floats,
    div_out: Floats,
    stock_borrow: Floats,
    take_first: Ints,
    take_discount: Floats,
    take_value: Floats,
    floor: float,
    out_row: Ints,
    out_edge: Floats,
) -> tuple[int, int, float]:
    """Price short stock against each call, exercised when best (`take`): its lower bound."""
    for e in range(len(first) - 1):
        owed = div_out[e] + stock_borrow[e]
        discount = discount_lend[e]
        stock = stock_receive[e]
        for row in range(first[e], first[e + 1]):
            out_edge[row] = discount * strike[row] + owed
        for b in range(take_first[e], take_first[e + 1]):
            early = take_discount[b]
            level = take_value[b]
            for row in range(first[e], first[e + 1]):
                out_edge[row] = min(out_edge[row], early * strike[row] + level)
        for row in range(first[e], first[e + 1]):
            out_edge[row] = intrinsic_call_edge(pay[row], stock, out_edge[row])
    return row_hits(out_edge, floor, out_row)


def intrinsic_put_hits(
    first: Ints,
    strike: Floats,
    pay: Floats,
    stock_pay: Floats,
    discount_borrow: Floats,
    div_in: Floats,
    give_first: Ints,
    give_discount: Floats,
    give_value: Floats,
    floor: float,
    out_row: Ints,
    out_edge: Floats,
) -> tuple[int, int, float]:
    """Price long stock with each put, exercised when best (`give`): its lower bound."""
    n = len(strike)
    for e in range(len(first) - 1):
        discount = discount_borrow[e]
        dividends = div_in[e]
        stock = stock_pay[e]
        for row in range(first[e], first[e + 1]):
            out_edge[row] = discount * strike[row] + dividends
        for b in range(give_first[e], give_first[e + 1]):
            early = give_discount[b]
            level = give_value[b]
            for row in range(first[e], first[e + 1]):
                out_edge[row] = max(out_edge[row], early * strike[row] + level)
        for row in range(first[e], first[e + 1]):
            out_edge[row] = intrinsic_put_edge(pay[n + row], stock, out_edge[row])
    return row_hits(out_edge, floor, out_row)


def call_bound_hits(
    first: Ints, receive: Floats, bound: Floats, floor: float, out_row: Ints, out_edge: Floats
) -> tuple[int, int, float]:
    """Price each call sold against the stock that covers it; `bound` is by expiry."""
    for e in range(len(first) - 1):
        for row in range(first[e], first[e + 1]):
            out_edge[row] = receive[row] - bound[e]
    return row_hits(out_edge, floor, out_row)


def put_bound_hits(
    first: Ints,
    strike: Floats,
    receive: Floats,
    discount: Floats,
    floor: float,
    out_row: Ints,
    out_edge: Floats,
) -> tuple[int, int, float]:
    """Price each put sold against the cash for its strike; `discount` is by expiry."""
    n = len(strike)
    for e in range(len(first) - 1):
        for row in range(first[e], first[e + 1]):
            out_edge[row] = receive[n + row] - discount[e] * strike[row]
    return row_hits(out_edge, floor, out_row)
