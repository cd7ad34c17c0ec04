"""Calendars and calendar butterflies: a short option covered by longs of its right, some later.

Strikes of several expiries compare on the scale z of `surface`, and the arguments mean the same:
`shift` is 0 for calls and ``len(strike)`` for puts, `side` +1 and -1; `receive` and `pay` are net
quotes by quote index, nan absent; `deduct` is what early assignment with late notice may cost the
sold quote, by row. `work_*` columns are scratch, as long as the rows.

Source: Carr and Madan 2005; Cousot 2007; SCANNER sections 3 and 7.
"""

from math import inf

from kernels_pure.columns import LARGEST, Floats, Ints
from kernels_pure.mixture import butterfly_edge


def calendar_hits(
    first: Ints,
    scale: Floats,
    shift: int,
    side: int,
    receive: Floats,
    pay: Floats,
    deduct: Floats,
    excess: Floats,
    floor: float,
    out_sold: Ints,
    out_bought: Ints,
    out_edge: Floats,
    work_scale: Floats,
    work_pay: Floats,
    work_row: Ints,
    work_scale_next: Floats,
    work_pay_next: Floats,
    work_row_next: Ints,
) -> tuple[int, int, int, float]:
    """Find the sold quotes that one later option covers above `floor`, each with its cheapest.

    The edge is ``receive - pay - excess * max(0, side * (z_bought - z_sold)) - deduct``; `excess`
    is by expiry of the sold quote, what a unit of z short of cover costs (inf: cover must be
    whole, as for American options). Returns ``(hits, best_sold, best_bought, best_edge)``.

    From the last expiry to the first, the frontier of later quotes keeps only those that no other
    covers more cheaply. O(rows x expiries) at worst.
    """
    hits = 0
    best_sold = -1
    best_bought = -1
    best_edge = -inf
    n_front = 0
    n_expiries = len(first) - 1
    for step in range(n_expiries):
        e = n_expiries - 1 - step
        start = first[e]
        stop = first[e + 1]
        cost = excess[e]
        # Of all later quotes above a sold one, which is cheapest with its gap paid for.
        at = n_front
        reach = inf
        for back in range(n_front):
            k = n_front - 1 - back
            total = work_pay[k] + cost * work_scale[k]
            if total < reach:
                reach = total
                at = k
            work_row_next[k] = at
        front = 0
        for t in range(stop - start):
            row = start + t if side > 0 else stop - 1 - t
            z = side * scale[row]
            while front < n_front and work_scale[front] <= z:
                front += 1
            # Just below z: whole cover, the cheapest. Above: the gap must be paid for.
            edge = -inf
            bought = -1
            if front > 0:
                edge = receive[shift + row] - work_pay[front - 1] - deduct[row]
                bought = work_row[front - 1]
            if front < n_front and cost <= LARGEST:
                above = work_row_next[front]
                if above < n_front:
                    short = receive[shift + row] - work_pay[above] - deduct[row]
                    short = short - cost * (work_scale[above] - z)
                    if short > edge:
                        edge = short
                        bought = work_row[above]
            if edge > best_edge:
                best_edge = edge
                best_sold = row
                best_bought = bought
            if edge > floor:
                if hits < len(out_edge):
                    out_sold[hits] = row
                    out_bought[hits] = bought
                    out_edge[hits] = edge
                hits += 1
        # Merge this expiry in, keeping prices that fall as z rises.
        n_next = 0
        front = 0
        t = 0
        size = stop - start
        while front < n_front or t < size:
            row = start + t if side > 0 else stop - 1 - t
            is_new = front >= n_front
            if front < n_front and t < size:
                is_new = side * scale[row] < work_scale[front]
            if is_new:
                z = side * scale[row]
                price = pay[shift + row]
                t += 1
            else:
                z = work_scale[front]
                price = work_pay[front]
                row = work_row[front]
                front += 1
            if price <= LARGEST and (n_next == 0 or price < work_pay_next[n_next - 1]):
                work_scale_next[n_next] = z
                work_pay_next[n_next] = price
                work_row_next[n_next] = row
                n_next += 1
        # Drop what a cheaper quote above, with its gap paid for at the most it may still cost,
        # beats everywhere.
        steepest = 0.0
        for earlier in range(e):
            if excess[earlier] > steepest:
                steepest = excess[earlier]
        n_front = 0
        reach = inf
        for back in range(n_next):
            k = n_next - 1 - back
            total = work_pay_next[k]
            if steepest <= LARGEST:
                total += steepest * work_scale_next[k]
            if total < reach or steepest == inf:
                reach = min(total, reach)
                n_front += 1
                work_row[n_next - n_front] = work_row_next[k]
                work_pay[n_next - n_front] = work_pay_next[k]
                work_scale[n_next - n_front] = work_scale_next[k]
        gap = n_next - n_front
        if gap > 0:
            for k in range(n_front):
                work_row[k] = work_row[k + gap]
                work_pay[k] = work_pay[k + gap]
                work_scale[k] = work_scale[k + gap]
    return hits, best_sold, best_bought, best_edge


def calendar_butterfly_hits(
    first: Ints,
    scale: Floats,
    shift: int,
    side: int,
    receive: Floats,
    pay: Floats,
    deduct: Floats,
    floor: float,
    out_low: Ints,
    out_sold: Ints,
    out_high: Ints,
    out_edge: Floats,
    work_scale: Floats,
    work_pay: Floats,
    work_row: Ints,
    work_scale_next: Floats,
    work_pay_next: Floats,
    work_row_next: Ints,
) -> tuple[int, int, float]:
    """Find the sold quotes that two longs around them on the scale z cover above `floor`.

    The longs expire with the sold quote or later, at least one of them later; the cheapest two
    are vertices of the lower hull of ``(z, pay)``. The edge is per short share with weight
    ``(z_high - z_sold) / (z_high - z_low)`` on the lower. Returns ``(hits, best_row, best_edge)``.

    From the last expiry to the first, only the vertices of the hull are kept.
    O(rows x expiries) at worst.
    """
    hits = 0
    best_row = -1
    best_edge = -inf
    n_hull = 0
    n_expiries = len(first) - 1
    for step in range(n_expiries):
        e = n_expiries - 1 - step
        start = first[e]
        stop = first[e + 1]
        size = stop - start
        n_next = 0
        front = 0
        t = 0
        while front < n_hull or t < size:
            row = start + t if side > 0 else stop - 1 - t
            is_new = front >= n_hull
            if front < n_hull and t < size:
                is_new = side * scale[row] < work_scale[front]
            if is_new:
                z = side * scale[row]
                price = pay[shift + row]
                t += 1
            else:
                z = work_scale[front]
                price = work_pay[front]
                row = work_row[front]
                front += 1
            if price <= LARGEST:
                is_kept = True
                if n_next > 0 and z - work_scale_next[n_next - 1] <= 0.0:
                    is_kept = price < work_pay_next[n_next - 1]
                    if is_kept:
                        n_next -= 1
                if is_kept:
                    is_above = True
                    while n_next >= 2 and is_above:
                        run = work_scale_next[n_next - 1] - work_scale_next[n_next - 2]
                        rise = work_pay_next[n_next - 1] - work_pay_next[n_next - 2]
                        lift = price - work_pay_next[n_next - 2]
                        is_above = rise * (z - work_scale_next[n_next - 2]) >= lift * run
                        if is_above:
                            n_next -= 1
                    work_scale_next[n_next] = z
                    work_pay_next[n_next] = price
                    work_row_next[n_next] = row
                    n_next += 1
        n_hull = n_next
        for k in range(n_hull):
            work_scale[k] = work_scale_next[k]
            work_pay[k] = work_pay_next[k]
            work_row[k] = work_row_next[k]
        front = 0
        for t in range(size):
            row = start + t if side > 0 else stop - 1 - t
            z = side * scale[row]
            while front < n_hull and work_scale[front] < z:
                front += 1
            if front > 0 and front < n_hull and z < work_scale[front]:
                low = work_row[front - 1]
                high = work_row[front]
                edge = (
                    butterfly_edge(
                        work_scale[front - 1],
                        z,
                        work_scale[front],
                        work_pay[front - 1],
                        receive[shift + row],
                        work_pay[front],
                    )
                    - deduct[row]
                )
                if edge > best_edge:
                    best_edge = edge
                    best_row = row
                if edge > floor and (low >= stop or high >= stop):
                    if hits < len(out_edge):
                        out_low[hits] = low
                        out_sold[hits] = row
                        out_high[hits] = high
                        out_edge[hits] = edge
                    hits += 1
    return hits, best_row, best_edge
