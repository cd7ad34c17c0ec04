"""The cover screen: which bids lie above the cheapest cover by longs of their own right.

Across expiries strikes compare on the scale z of `surface`; a put less its z falls as calls do. So
the lower hull of the asks of an expiry and all later ones, over z, is the cheapest cover of a
sold quote, mixtures included: no bid above it, no vertical, butterfly, calendar or mixture of
calendars. It is the hull of `envelope.hull_screen` with one right and nothing else, which takes
half the time.

Source: Andrew 1979 (monotone chain); SCANNER section 7.
"""

from math import inf

from kernels_pure.columns import LARGEST, Floats, Ints


def merge_asks(
    row: int,
    stop: int,
    strike: Floats,
    shift: int,
    pay: Floats,
    scale: float,
    offset: float,
    is_put: float,
    work_hull: Floats,
    half: int,
    base: int,
    low: int,
    high: int,
) -> int:
    """Build the hull of the asks of rows `row` .. `stop` and of a later hull; return its end.

    The later hull stands in ``work_hull[low] .. [high - 1]``, its heights `half` further on, the
    new one from `base`. Left of its first vertex a hull goes on with slope -1, right of its last
    flat. O(rows + high - low). One function, because PyPy does not inline a callee that loops.
    """
    top = base
    x_a = y_a = x_b = y_b = 0.0
    x_old = inf
    if low < high:
        x_old = work_hull[low]
    x_row = inf
    if row < stop:
        x_row = scale * strike[row] + offset
    while True:
        if x_row < x_old:
            x = x_row
            y = pay[shift + row] - is_put * x
            row += 1
            x_row = inf
            if row < stop:
                x_row = scale * strike[row] + offset
            if not y <= LARGEST:
                continue
        elif low < high:
            x = x_old
            y = work_hull[half + low]
            low += 1
            x_old = inf
            if low < high:
                x_old = work_hull[low]
        else:
            break
        if x - x_b <= 0.0 and top > base:
            if y >= y_b:
                continue
            top -= 1
            x_b = x_a
            y_b = y_a
            if top - base >= 2:
                x_a = work_hull[top - 2]
                y_a = work_hull[half + top - 2]
        while top - base >= 2 and (y_b - y_a) * (x - x_b) >= (y - y_b) * (x_b - x_a):
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


def dearer_bids(
    start: int,
    stop: int,
    strike: Floats,
    shift: int,
    receive: Floats,
    scale: float,
    offset: float,
    is_put: float,
    floor: float,
    hull: Floats,
    half: int,
    base: int,
    top: int,
    hits: int,
    out_row: Ints,
) -> int:
    """List the rows whose bid is more than `floor` above the hull in ``hull[base] .. [top - 1]``.

    They are written behind the `hits` rows already in `out_row`. Returns the number of both.
    O(rows + top - base).
    """
    x_b = hull[base]
    y_b = hull[half + base]
    slope = -1.0
    v = base
    for row in range(start, stop):
        x = scale * strike[row] + offset
        while x > x_b and v < top:
            v += 1
            slope = 0.0
            if v < top:
                slope = (hull[half + v] - y_b) / (hull[v] - x_b)
                x_b = hull[v]
                y_b = hull[half + v]
        if receive[shift + row] - is_put * x - (y_b - slope * (x_b - x)) > floor:
            out_row[hits] = row
            hits += 1
    return hits


def screen_cover(
    first: Ints,
    strike: Floats,
    shift: int,
    receive: Floats,
    pay: Floats,
    scale: Floats,
    offset: Floats,
    floor: float,
    out_row: Ints,
    work_hull: Floats,
) -> int:
    """List the rows with a bid more than `floor` above its cheapest cover; return their number.

    `shift` is 0 for calls and ``len(strike)`` for puts; `scale` and `offset` by expiry give z as
    ``scale * strike + offset``; expiries where they are nan have no quotes. `out_row` is as long as
    `strike`, `work_hull` needs ``4 * (len(strike) + len(first) + 1)`` elements. O(rows x expiries)
    at worst, O(rows) where the later hulls have few vertices.
    """
    n_expiries = len(first) - 1
    room = len(strike) + n_expiries + 2
    half = 2 * room
    low = 0
    high = 0
    base = 0
    hits = 0
    is_put = 0.0
    if shift > 0:
        is_put = 1.0
    for e in range(n_expiries - 1, -1, -1):
        a = scale[e]
        b = offset[e]
        if a > 0.0 and abs(b) <= LARGEST:
            # The hull before and the hull after swap places.
            base = room - base
            high = merge_asks(
                first[e], first[e + 1], strike, shift, pay, a, b, is_put,
                work_hull, half, base, low, high,
            )  # fmt: skip
            low = base
            if high > base:
                hits = dearer_bids(
                    first[e], first[e + 1], strike, shift, receive, a, b, is_put, floor,
                    work_hull, half, base, high, hits, out_row,
                )  # fmt: skip
    return hits
