"""Two covers of sold options in unequal numbers, which lose the same whatever is assigned.

A box pays its put spread in full, although with the call assigned the put spread is not needed: a
part of it is enough where an assignment of the call is what costs most, and the other way round. A
call sold against stock needs a put against a fall, dear if the call is never assigned and wasted if
it is: a mixture of two puts loses the same either way.

Source: docs/SCANNER.md (partial boxes, covered mixes).
"""

from math import inf

from kernels_pure.columns import Floats, Ints
from kernels_pure.notice import called_worth, put_worth

# The most contracts of one leg.
MOST = 50


def contracts(first_size: float, second_size: float) -> int:
    """Return the lesser of two sizes in whole contracts, `MOST` at most; one not known is that."""
    least = float(MOST)
    if first_size >= 0.0:
        least = min(least, first_size)
    if second_size >= 0.0:
        least = min(least, second_size)
    return int(least)


def partial_box_value(
    calls: int,
    puts: int,
    width: float,
    end: float,
    called: float,
    put: float,
) -> float:
    """Return what so many call spreads and put spreads of one width are worth at worst.

    `end` is the width at expiry, `called` and `put` what one spread leaves when it is assigned.
    """
    kept = min(calls, puts) * end
    first = calls * called + puts * min(0.0, put)
    second = puts * put + calls * min(0.0, called)
    return min(kept, min(first, second))


def partial_boxes(
    hits: int,
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    bid_size: Floats,
    ask_size: Floats,
    receive_at_end: Floats,
    called_first: Ints,
    called_receive: Floats,
    called_pay: Floats,
    called_cost: Floats,
    put_first: Ints,
    put_receive: Floats,
    put_pay: Floats,
    put_cost: Floats,
    is_divisible: int,
    floor: float,
    out_low: Ints,
    out_high: Ints,
    out_calls: Ints,
    out_puts: Ints,
    out_edge: Floats,
) -> int:
    """Keep of `hits` pairs those of which a part of the box has an edge above `floor` and its own.

    The edge is per spread of those that are bought in full. With `is_divisible` of 1 contracts may
    be parted, whatever their sizes: no whole numbers have a greater edge. Pairs stand in the order
    of their expiries. Returns how many are kept. O(hits x days listed).
    """
    kept = 0
    e = 0
    n = len(strike)
    for h in range(hits):
        i = out_low[h]
        j = out_high[h]
        while i >= first[e + 1]:
            e += 1
        width = strike[j] - strike[i]
        end = width * receive_at_end[e]
        called = called_worth(width, e, called_first, called_receive, called_pay, called_cost, inf)
        put = put_worth(width, strike[i], e, put_first, put_receive, put_pay, put_cost, inf)
        call_spread = pay[i] - receive[j]
        put_spread = pay[n + j] - receive[n + i]
        most_calls = contracts(ask_size[i], bid_size[j])
        most_puts = contracts(ask_size[n + j], bid_size[n + i])
        share = 1.0
        is_of_calls = 0
        if called < put and called < end and called > 0.0:
            share = called / min(end, put)
            is_of_calls = 1
        elif put < called and put < end and put > 0.0:
            share = put / min(end, called)
        whole = most_puts
        part = most_calls
        if is_of_calls > 0:
            whole = most_calls
            part = most_puts
        if share < 1.0 and is_divisible > 0:
            edge = called - call_spread - share * put_spread
            if is_of_calls < 1:
                edge = put - put_spread - share * call_spread
            if edge > floor:
                out_low[kept] = i
                out_high[kept] = j
                out_edge[kept] = edge
                kept += 1
        elif share < 1.0 and whole > 1 and part > 0:
            whole = min(whole, int(part / share))
            box = min(end, min(called + min(0.0, put), put + min(0.0, called)))
            best = box - call_spread - put_spread
            best_part = 0
            for step in range(2):
                bought = int(share * whole) + step
                if bought > 0 and bought < whole and bought <= part:
                    calls = bought
                    puts = whole
                    if is_of_calls > 0:
                        calls = whole
                        puts = bought
                    value = partial_box_value(calls, puts, width, end, called, put)
                    edge = (value - calls * call_spread - puts * put_spread) / whole
                    if edge > best:
                        best = edge
                        best_part = bought
            if best_part > 0 and best > floor:
                out_low[kept] = i
                out_high[kept] = j
                out_calls[kept] = best_part
                out_puts[kept] = whole
                if is_of_calls > 0:
                    out_calls[kept] = whole
                    out_puts[kept] = best_part
                out_edge[kept] = best
                kept += 1
    return kept


def mixed(end: float, early: float) -> float:
    """Return a mean of what something brings at expiry and when it ends early.

    The lesser of the two is no more than that, and the mean of a mixture no more than the best mean
    of its parts.
    """
    return 0.25 * end + 0.75 * early


def covered_mixes(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    bid_size: Floats,
    ask_size: Floats,
    stock_pay: Floats,
    discount_borrow: Floats,
    div_in: Floats,
    hold_first: Ints,
    hold_discount: Floats,
    hold_value: Floats,
    is_divisible: int,
    floor: float,
    out_sold: Ints,
    out_low: Ints,
    out_high: Ints,
    out_lows: Ints,
    out_highs: Ints,
    out_edge: Floats,
) -> int:
    """Find for every sold call the two puts that cover its stock best in whole contracts.

    `out_lows` and `out_highs` are the contracts of the lower and the higher put, together those of
    the call and of the stock. With `is_divisible` of 1 contracts may be parted, whatever their
    sizes. The columns have room for a hit of every row. O(rows x pairs of puts) of calls that may
    hit, else O(rows).
    """
    hits = 0
    n = len(strike)
    for e in range(len(first) - 1):
        if hold_first[e + 1] > hold_first[e]:
            # Of the puts up to the sold call: they grow by one from call to call.
            highest = -inf
            mean = -inf
            for sold in range(first[e], first[e + 1]):
                k = strike[sold]
                base = receive[sold] - stock_pay[e]
                if pay[n + sold] > 0.0:
                    kept = discount_borrow[e] * strike[sold] + div_in[e] - pay[n + sold]
                    highest = max(highest, kept)
                    mean = max(mean, mixed(kept, -pay[n + sold]))
                best = floor
                best_low = -1
                best_high = -1
                best_lows = 0
                best_highs = 0
                early = -inf
                if base + highest > floor:
                    early = inf
                    for b in range(hold_first[e], hold_first[e + 1]):
                        early = min(early, hold_discount[b] * k + hold_value[b])
                # Summed in another order than edges, hence the slack.
                if base + mixed(0.0, early) + mean > floor - 1e-9 - 1e-12 * k:
                    for low in range(first[e], sold + 1):
                        low_called = base + early - pay[n + low]
                        low_kept = base + discount_borrow[e] * strike[low] + div_in[e]
                        low_kept -= pay[n + low]
                        if low_called > low_kept:
                            for high in range(low + 1, sold + 1):
                                called = base + early - pay[n + high]
                                kept = base + discount_borrow[e] * strike[high] + div_in[e]
                                kept -= pay[n + high]
                                if kept > called:
                                    weight = (kept - called) / (
                                        (low_called - called) + (kept - low_kept)
                                    )
                                    if is_divisible > 0:
                                        edge = called + weight * (low_called - called)
                                        if edge > best:
                                            best = edge
                                            best_low = low
                                            best_high = high
                                    whole = contracts(bid_size[sold], float(MOST))
                                    most_lows = contracts(ask_size[n + low], float(MOST))
                                    most_highs = contracts(ask_size[n + high], float(MOST))
                                    if weight > 0.0 and weight < 1.0:
                                        whole = min(whole, int(most_lows / weight))
                                        whole = min(whole, int(most_highs / (1.0 - weight)))
                                    for step in range(2 - 2 * is_divisible):
                                        lows = int(weight * whole) + step
                                        highs = whole - lows
                                        if lows > 0 and highs > 0:
                                            edge = (
                                                min(
                                                    lows * low_called + highs * called,
                                                    lows * low_kept + highs * kept,
                                                )
                                                / whole
                                            )
                                            if edge > best:
                                                best = edge
                                                best_low = low
                                                best_high = high
                                                best_lows = lows
                                                best_highs = highs
                if best_low >= 0:
                    out_sold[hits] = sold
                    out_low[hits] = best_low
                    out_high[hits] = best_high
                    out_lows[hits] = best_lows
                    out_highs[hits] = best_highs
                    out_edge[hits] = best
                    hits += 1
    return hits
