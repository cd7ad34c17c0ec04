"""The convex envelope of a whole surface of option quotes.

Call prices that admit no arbitrage are, in the strike, convex, non-increasing and no steeper than
the discount factor; on a scale where every expiry has the same martingale they also rise with the
expiry. Conversely a surface with these properties is the price of a martingale. So the largest
such surface below all asks decides everything: the quotes admit an arbitrage exactly when some
bid lies above it, or an ask below the payoff's floor. That largest surface is a lower convex
hull, which costs O(N), not a linear programme.

Source: Carr and Madan 2005 (sufficient conditions); Davis and Hobson 2007 (finitely many quotes);
Cousot 2007 (bids and asks); Cohen, Reisinger and Wang 2020 (the families of conditions).
"""

from math import inf

from kernels_pure.columns import LARGEST, Floats, Ints

FRAME_WIDTH = 11


def merge_hull(
    e: int,
    first: Ints,
    strike: Floats,
    pay: Floats,
    frame: Floats,
    work_hull: Floats,
    half: int,
    base: int,
    low: int,
    high: int,
) -> int:
    """Build the hull of the asks of expiry e, its vertex and the hull of the later expiries.

    The later hull stands in ``work_hull[low] .. [high - 1]``, the new one from `base`; its end is
    returned. `frame` as in `hull_screen`. O(rows of e + high - low).

    Left of its first vertex a hull goes on with slope -1, so a point below that line takes the
    place of the first; right of its last it goes on flat. One function, because PyPy does not
    inline a callee that loops: the push of a point apart costs half as much again.
    """
    n_rows = len(strike)
    f = FRAME_WIDTH * e
    scale = frame[f]
    offset = frame[f + 1]
    call_add = frame[f + 2]
    put_add = frame[f + 3]
    put_slope = frame[f + 4]
    x_vertex = frame[f + 7]
    y_vertex = frame[f + 8]
    if not (abs(x_vertex) <= LARGEST and abs(y_vertex) <= LARGEST):
        x_vertex = inf
    row = first[e]
    stop = first[e + 1]
    top = base
    x_a = y_a = x_b = y_b = 0.0
    x_old = inf
    if low < high:
        x_old = work_hull[low]
    x_row = inf
    if row < stop:
        x_row = scale * strike[row] + offset
    while True:
        if x_row < x_old and x_row < x_vertex:
            x = x_row
            y = pay[row] + call_add
            put = pay[n_rows + row] + (put_add - put_slope * strike[row])
            if not y <= put and put <= LARGEST:
                y = put
            row += 1
            x_row = inf
            if row < stop:
                x_row = scale * strike[row] + offset
            if not y <= LARGEST:
                continue
        elif x_old <= x_vertex:
            if x_old == inf:
                break
            x = x_old
            y = work_hull[half + low]
            low += 1
            x_old = inf
            if low < high:
                x_old = work_hull[low]
        else:
            x = x_vertex
            y = y_vertex
            x_vertex = inf
        if x == x_b and top > base:
            if y >= y_b:
                continue
            top -= 1
            x_b = x_a
            y_b = y_a
            if top - base >= 2:
                x_a = work_hull[top - 2]
                y_a = work_hull[half + top - 2]
        while top - base >= 2:
            if (y_b - y_a) * (x - x_b) < (y - y_b) * (x_b - x_a):
                break
            top -= 1
            x_b = x_a
            y_b = y_a
            if top - base >= 2:
                x_a = work_hull[top - 2]
                y_a = work_hull[half + top - 2]
        if top - base == 1 and y - y_b < x_b - x:
            top = base
        work_hull[top] = x
        work_hull[half + top] = y
        top += 1
        x_a = x_b
        y_a = y_b
        x_b = x
        y_b = y
    while top - base >= 2 and work_hull[half + top - 1] >= work_hull[half + top - 2]:
        top -= 1
    return top


def read_hull(
    e: int,
    first: Ints,
    strike: Floats,
    pay: Floats,
    receive: Floats,
    frame: Floats,
    out_sell: Floats,
    out_buy: Floats,
    work_hull: Floats,
    half: int,
    base: int,
    top: int,
) -> int:
    """Compare the quotes of expiry e with the hull and the floor; return how many violate.

    The hull stands in ``work_hull[base] .. [top - 1]``, at least one vertex. Columns as in
    `hull_screen`. O(rows of e + top - base).
    """
    n_rows = len(strike)
    f = FRAME_WIDTH * e
    call_add = frame[f + 2]
    x_b = work_hull[base]
    y_b = work_hull[half + base]
    slope = -1.0
    v = base
    n_hits = 0
    for row in range(first[e], first[e + 1]):
        k = strike[row]
        x = frame[f] * k + frame[f + 1]
        while x > x_b and v < top:
            v += 1
            slope = 0.0
            if v < top:
                slope = (work_hull[half + v] - y_b) / (work_hull[v] - x_b)
                x_b = work_hull[v]
                y_b = work_hull[half + v]
        surface = y_b - slope * (x_b - x)
        floor = max(frame[f + 9] - x, frame[f + 10])
        q = n_rows + row
        sell_call = receive[row] + call_add - surface
        sell_put = receive[q] + (frame[f + 5] - frame[f + 6] * k) - surface
        buy_call = floor - (pay[row] + call_add)
        buy_put = floor - (pay[q] + (frame[f + 3] - frame[f + 4] * k))
        if sell_call == sell_call:
            out_sell[row] = sell_call
        if sell_put == sell_put:
            out_sell[q] = sell_put
        if buy_call == buy_call:
            out_buy[row] = buy_call
        if buy_put == buy_put:
            out_buy[q] = buy_put
        if sell_call > 0.0 or sell_put > 0.0 or buy_call > 0.0 or buy_put > 0.0:
            n_hits += (sell_call > 0.0) + (sell_put > 0.0) + (buy_call > 0.0) + (buy_put > 0.0)
    return n_hits


def hull_screen(
    first: Ints,
    strike: Floats,
    pay: Floats,
    receive: Floats,
    frame: Floats,
    is_coupled: int,
    out_sell: Floats,
    out_buy: Floats,
    out_hits: Ints,
    work_hull: Floats,
) -> int:
    """Write by how much each quote violates the largest arbitrage-free surface below the asks.

    Parameters
    ----------
    first
        Row offsets, one more than expiries; expiry e has rows ``first[e] .. first[e + 1] - 1``.
    strike
        By row, rising strictly within an expiry.
    pay, receive
        Net ask and net bid by quote index (calls, then puts); nan is absent.
    frame
        `FRAME_WIDTH` numbers per expiry: how a strike becomes an abscissa and a quote a
        *synthetic call*, and the bounds that the underlying gives.
        0, 1: ``z = frame[0] * strike + frame[1]`` with frame[0] > 0.
        2: added to call prices (0; nan leaves calls out).
        3, 4: added to put asks, ``frame[3] - frame[4] * strike`` (nan leaves puts out).
        5, 6: the same for put bids.
        7, 8: the vertex, a point the surface may not exceed (inf or nan is none).
        9, 10: the floor is ``max(frame[9] - z, frame[10])``.
    is_coupled
        1 when later expiries bound earlier ones, 0 to judge every expiry alone.
    out_sell, out_buy
        By quote index: bid less surface, floor less ask; positive is a violation, negative how
        far the quote is from one. Quotes that are absent or left out are not written.
    out_hits
        By expiry: the number of violations, -1 where frame[0] or frame[1] is nan.
    work_hull
        ``4 * (n_rows + len(first) + 1)`` elements.

    From the longest expiry to the shortest, the hull of everything later is merged with the asks
    of the expiry and the vertex (both in order of z: no sorting), and read at its strikes. Left
    of its first vertex the surface goes on with slope -1 (a call at z costs at most a call at
    z' > z and z' - z in bonds), right of its last flat (a higher strike costs no more); vertices
    that would make it steeper or let it rise are dropped. With the vertex (V, S - V), V the value
    of all dividends, this is the hull through (0, S) and (V, S - V), cut at its minimum.

    American puts fit too: with ``p - K`` for a price p (frame[4] = 1, frame[3] = 0) convexity
    stays, "rises with slope <= 1" becomes "falls with slope >= -1", and the vertex is (0, 0).

    Returns the number of all violations. O(n_expiries * n_rows) at worst, O(n_rows) where the later
    hulls have few vertices.

    Source: see the head of this module; Cousot 2007 for bids and asks.
    """
    n_expiries = len(first) - 1
    room = len(strike) + n_expiries + 2
    half = 2 * room
    low = 0
    high = 0
    base = 0
    n_hits = 0
    for e in range(n_expiries - 1, -1, -1):
        out_hits[e] = -1
        if not (frame[FRAME_WIDTH * e] > 0.0 and abs(frame[FRAME_WIDTH * e + 1]) <= LARGEST):
            continue
        # The hull before and the hull after swap places.
        base = room - base
        high = merge_hull(e, first, strike, pay, frame, work_hull, half, base, low, high)
        low = base
        out_hits[e] = 0
        if high > base:
            out_hits[e] = read_hull(
                e, first, strike, pay, receive, frame, out_sell, out_buy,
                work_hull, half, base, high,
            )  # fmt: skip
        n_hits += out_hits[e]
        if is_coupled == 0:
            low = high
    return n_hits
