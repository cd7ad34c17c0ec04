"""Families of two strikes of one expiry: the search, boxes and collars.

The edge of all of them is separable: the lower strike i brings ``low[i]``, the upper strike j
``high[j]``, and the pair is worth the sum; where early assignment may end it otherwise, the pair
is worth the lesser of two such sums. So a running extreme of `high` rejects whole rows exactly,
and a chain without hits costs O(rows), not O(rows x strikes).

Each family has a kernel that writes the four work columns (by row) and one that finds the pairs.
Quotes come net of fees, by quote index; nan is absent and never hits.

Source: SCANNER section 3; Ronn and Ronn 1989 (boxes).
"""

from math import inf

from kernels_pure.columns import Floats, Ints


def pair_hits(
    first: Ints,
    low: Floats,
    high: Floats,
    low_early: Floats,
    high_early: Floats,
    floor: float,
    out_low: Ints,
    out_high: Ints,
    out_edge: Floats,
) -> tuple[int, int, int, float]:
    """Find the pairs i < j of one expiry whose edge exceeds `floor`.

    The edge is ``min(low[i] + high[j], low_early[i] + high_early[j])``. Returns ``(hits, best_i,
    best_j, bound)``; hits beyond the capacity of the out columns are counted, not written. `bound`
    is the greatest ``low + high``, met by (best_i, best_j): the best edge itself where nothing can
    end early. O(rows + pairs of the rows that may hit).

    >>> from array import array
    >>> low, high = array("d", [1, -9, 0]), array("d", [0, -0.5, 2])
    >>> i, j, edge = array("l", [0, 0]), array("l", [0, 0]), array("d", [0, 0])
    >>> pair_hits(array("l", [0, 3]), low, high, low, high, 0.0, i, j, edge)
    (2, 0, 2, 3.0)
    >>> list(zip(i, j, edge))
    [(0, 1, 0.5), (0, 2, 3.0)]
    """
    hits = 0
    best_low = -1
    best_high = -1
    bound = -inf
    capacity = len(out_edge)
    for e in range(len(first) - 1):
        start = first[e]
        stop = first[e + 1]
        top = -inf
        top_row = -1
        # From above, so that `top` is the best partner of every row still to come.
        for step in range(stop - start):
            i = stop - 1 - step
            reach = low[i] + top
            if reach > bound:
                bound = reach
                best_low = i
                best_high = top_row
            if reach > floor:
                for j in range(i + 1, stop):
                    edge = low[i] + high[j]
                    early = low_early[i] + high_early[j]
                    if early < edge:
                        edge = early
                    if edge > floor:
                        if hits < capacity:
                            out_low[hits] = i
                            out_high[hits] = j
                            out_edge[hits] = edge
                        hits += 1
            if high[i] > top:
                top = high[i]
                top_row = i
    return hits, best_low, best_high, bound


def box_long_terms(
    k: float,
    call_receive: float,
    call_pay: float,
    put_receive: float,
    put_pay: float,
    discount_borrow: float,
    late_call: float,
    night: float,
) -> tuple[float, float]:
    """Return what one strike of a long box brings as its lower and as its upper strike."""
    worth = discount_borrow * k
    return put_receive - call_pay - worth - late_call - night * k, call_receive - put_pay + worth


def box_long_columns(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    discount_borrow: Floats,
    late_call: Floats,
    night: Floats,
    out_low: Floats,
    out_high: Floats,
) -> None:
    """Write the columns of long boxes: +C1 -C2 +P2 -P1 receive the width at expiry.

    An American one loses at most one dividend to late notice of the call and the night's interest
    on K1 to late notice of the put (both 0 if European).
    """
    n = len(strike)
    for e in range(len(first) - 1):
        for row in range(first[e], first[e + 1]):
            out_low[row], out_high[row] = box_long_terms(
                strike[row],
                receive[row],
                pay[row],
                receive[n + row],
                pay[n + row],
                discount_borrow[e],
                late_call[e],
                night[e],
            )


def box_short_terms(
    k: float,
    call_receive: float,
    call_pay: float,
    put_receive: float,
    put_pay: float,
    discount_lend: float,
) -> tuple[float, float]:
    """Return what one strike of a short box brings as its lower and as its upper strike."""
    worth = discount_lend * k
    return call_receive - put_pay + worth, put_receive - call_pay - worth


def box_short_columns(
    first: Ints,
    strike: Floats,
    receive: Floats,
    pay: Floats,
    discount_lend: Floats,
    out_low: Floats,
    out_high: Floats,
) -> None:
    """Write the columns of short boxes: -C1 +C2 -P2 +P1 pay the width at expiry (European only)."""
    n = len(strike)
    for e in range(len(first) - 1):
        for row in range(first[e], first[e + 1]):
            out_low[row], out_high[row] = box_short_terms(
                strike[row],
                receive[row],
                pay[row],
                receive[n + row],
                pay[n + row],
                discount_lend[e],
            )


def collar_low(
    k: float, put_pay: float, stock_pay: float, discount_borrow: float, div_in: float
) -> float:
    """Return what the lower strike of a collar brings at expiry; the upper brings its call."""
    outlay = -put_pay - stock_pay
    return outlay + discount_borrow * k + div_in


def collar_columns(
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
    out_low: Floats,
    out_high: Floats,
    out_low_early: Floats,
    out_high_early: Floats,
) -> None:
    """Write the columns of collars: stock, long put at the lower strike, short call at the upper.

    Worth the lower strike and all dividends at expiry, or the upper strike on an eve.
    """
    n = len(strike)
    for e in range(len(first) - 1):
        for row in range(first[e], first[e + 1]):
            k = strike[row]
            out_low[row] = collar_low(k, pay[n + row], stock_pay[e], discount_borrow[e], div_in[e])
            out_high[row] = receive[row]
            out_low_early[row] = -pay[n + row] - stock_pay[e]
            # Assigned at expiry, the upper strike is worth more than the lower one.
            early = discount_borrow[e] * k + div_in[e]
            for b in range(hold_first[e], hold_first[e + 1]):
                early = min(early, hold_discount[b] * k + hold_value[b])
            out_high_early[row] = receive[row] + early


def reverse_collar_high(k: float, call_pay: float, discount_lend: float, owed: float) -> float:
    """Return what the upper strike of a reverse collar costs at expiry, negative."""
    return -call_pay - discount_lend * k - owed


def reverse_collar_columns(
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
    out_low: Floats,
    out_high: Floats,
    out_low_early: Floats,
    out_high_early: Floats,
) -> None:
    """Write the columns of reverse collars: short stock and lower put, long upper call.

    Costs the upper strike and everything owed at expiry, or the lower strike when assigned early.
    """
    n = len(strike)
    for e in range(len(first) - 1):
        owed = div_out[e] + stock_borrow[e]
        for row in range(first[e], first[e + 1]):
            k = strike[row]
            credit = stock_receive[e] + receive[n + row]
            out_low[row] = credit
            out_high[row] = reverse_collar_high(k, pay[row], discount_lend[e], owed)
            early = discount_lend[e] * k + owed
            for b in range(owe_first[e], owe_first[e + 1]):
                early = max(early, owe_discount[b] * k + owe_value[b])
            out_low_early[row] = credit - early
            out_high_early[row] = -pay[row]
