"""Two longs that cover a short together: by weight, and in whole contracts.

A short option at z between two longs of its right on one scale is dominated by a share ``w`` of
the lower and ``1 - w`` of the upper. Shares of contracts cannot be bought: the share of the long
that covers alone is rounded up. `receive` and `pay` are net quotes by quote index, nan absent.

Source: Carr and Madan 2005; SCANNER section 3.
"""

from math import inf, nan

from kernels_pure.columns import Floats, Ints

# The most contracts sold against a mixture of two longs, and what counts as few.
MOST_SHORTS = 100
FEW_SHORTS = 20


def butterfly_edge(
    low: float, middle: float, high: float, low_pay: float, receive: float, high_pay: float
) -> float:
    """Return the edge per short share of buying the wings and selling the body.

    ``receive - w low_pay - (1 - w) high_pay`` with ``w = (high - middle) / (high - low)``; nan
    unless low < high.

    >>> round(butterfly_edge(95.0, 100.0, 110.0, 7.2, 5.3, 1.1), 4)
    0.1333
    """
    if not high > low:
        return nan
    weight = (high - middle) / (high - low)
    return receive - weight * low_pay - (1.0 - weight) * high_pay


def whole_cover(
    weight: float,
    brings: float,
    first_pay: float,
    second_pay: float,
    first_size: float,
    short_size: float,
    second_size: float,
) -> tuple[int, int, float]:
    """Return (first longs, shorts, edge per short) of the best cover in whole contracts.

    A short that `brings` so much is covered by two longs of these prices if the first has at least
    the share `weight`, which is rounded up. Sizes are the contracts to be had, nan if not known.
    The fewest shorts that reach the best edge are taken, up to `MOST_SHORTS`; more than
    `FEW_SHORTS` only for a tenth of it more. ``(0, 0, -inf)`` where none fits. O(MOST_SHORTS).

    >>> firsts, shorts, edge = whole_cover(2 / 3, 5.3, 7.2, 1.1, 10.0, 10.0, 10.0)
    >>> firsts, shorts, round(edge, 4)
    (2, 3, 0.1333)
    """
    best = -inf
    best_firsts = 0
    best_shorts = 0
    needed = -inf
    if not (weight > 0.0 and weight < 1.0):
        return best_firsts, best_shorts, best
    for shorts in range(1, MOST_SHORTS + 1):
        # Up to the next whole number; a weight that is whole but for a rounding error stays.
        firsts = int(weight * shorts - 1e-9) + 1
        seconds = shorts - firsts
        too_many = shorts > short_size or firsts > first_size or seconds > second_size
        if seconds > 0 and not too_many:
            share = firsts / shorts
            edge = brings - share * first_pay - (1.0 - share) * second_pay
            if edge > needed:
                best = edge
                best_firsts = firsts
                best_shorts = shorts
                needed = edge + 1e-12
        if shorts == FEW_SHORTS and best_shorts > 0:
            needed = best + 0.1 * abs(best)
    return best_firsts, best_shorts, best


def best_mixture(
    sold: int,
    start: int,
    stop: int,
    scale: Floats,
    shift: int,
    side: int,
    receive: Floats,
    pay: Floats,
    deduct: Floats,
    bid_size: Floats,
    ask_size: Floats,
    lots: float,
    floor: float,
) -> tuple[int, int, float]:
    """Find the best calendar butterfly of row `sold` in whole contracts, over all pairs of longs.

    For sold quotes whose cheapest mixture does not come out in whole contracts. The expiry of the
    sold quote has rows `start` .. `stop` - 1, later ones follow. Sizes by quote index limit the
    ratio to what `lots` times of it can be traded; 0 lots is no limit. Returns ``(low, high,
    edge)`` by position on the scale, ``(-1, -1, floor)`` where none has an edge above `floor`.
    O(rows^2).
    """
    z = side * scale[sold]
    brings = receive[shift + sold] - deduct[sold]
    per = nan
    if lots > 0.0:
        per = 1.0 / lots
    shown = bid_size[shift + sold] * per
    best = floor
    best_low = -1
    best_high = -1
    for low in range(start, len(scale)):
        z_low = side * scale[low]
        low_pay = pay[shift + low]
        if z_low < z and low_pay < inf:
            for high in range(start, len(scale)):
                z_high = side * scale[high]
                high_pay = pay[shift + high]
                is_pair = z_high > z and (low >= stop or high >= stop)
                if is_pair and butterfly_edge(z_low, z, z_high, low_pay, brings, high_pay) > best:
                    _, _, whole = whole_cover(
                        (z_high - z) / (z_high - z_low),
                        brings,
                        low_pay,
                        high_pay,
                        ask_size[shift + low] * per,
                        shown,
                        ask_size[shift + high] * per,
                    )
                    if whole > best:
                        best = whole
                        best_low = low
                        best_high = high
    return best_low, best_high, best


def covered_later(
    count: int,
    rows: Ints,
    first: Ints,
    scale: Floats,
    shift: int,
    side: int,
    receive: Floats,
    pay: Floats,
    deduct: Floats,
    floor: float,
) -> int:
    """Return how many of the first `count` of `rows` one later option covers above `floor`.

    Of an American chain, where that is an option of the right that expires later with a
    strike no worse; the arguments are those of `calendars`. `rows` stand as `cover.screen_cover`
    writes them, those of the last expiry first. O(count x rows).
    """
    hits = 0
    e = len(first) - 2
    end = len(scale)
    for h in range(count):
        row = rows[h]
        while first[e] > row:
            e -= 1
        z = side * scale[row]
        cheapest = inf
        for later in range(first[e + 1], end):
            if side * scale[later] <= z and pay[shift + later] < cheapest:
                cheapest = pay[shift + later]
        if receive[shift + row] - cheapest - deduct[row] > floor:
            hits += 1
    return hits


def mixed_later(
    count: int,
    rows: Ints,
    first: Ints,
    scale: Floats,
    shift: int,
    side: int,
    pay: Floats,
) -> int:
    """Return how many of the first `count` of `rows` a later option may help to cover.

    `rows` stand as in `covered_later`, the other arguments are those of `calendars`. A line that
    supports the asks of the row's own expiry on both sides of it, with every later ask above it,
    supports all: then the two longs that cover the row most cheaply both expire with it. Where
    that is not plain to see, the row counts. O(count x rows).
    """
    hits = 0
    e = len(first) - 2
    end = len(scale)
    for h in range(count):
        row = rows[h]
        while first[e] > row:
            e -= 1
        z = side * scale[row]
        # From flat, turn the line until it rests on the best ask of either side.
        slope = 0.0
        x_a = y_a = x_b = y_b = 0.0
        is_turning = True
        turns = 0
        while is_turning and turns < 64:
            turns += 1
            low = inf
            high = inf
            for other in range(first[e], first[e + 1]):
                x = side * scale[other]
                y = pay[shift + other]
                height = y - slope * (x - z)
                if x < z and height < low:
                    low = height
                    x_a = x
                    y_a = y
                if x > z and height < high:
                    high = height
                    x_b = x
                    y_b = y
            is_turning = False
            if low < inf and high < inf and x_b - x_a > 0.0:
                steeper = (y_b - y_a) / (x_b - x_a)
                is_turning = abs(steeper - slope) > 0.0
                slope = steeper
        is_mixed = turns >= 64 or not (low < inf and high < inf)
        least = min(low, high) + 1e-9 * (1.0 + abs(low) + abs(high))
        for later in range(first[e + 1], end):
            if pay[shift + later] - slope * (side * scale[later] - z) <= least:
                is_mixed = True
        if is_mixed:
            hits += 1
    return hits
