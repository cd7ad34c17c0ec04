"""Families of one right: butterflies within an expiry, calendars and their mixtures across.

A short option is covered by longs that are worth at least as much whatever happens. Across
expiries strikes compare on the scale z, in today's money: for calls what covering with short stock
costs, ``Dl K + Vout + B``; for puts what covering with stock brings, ``Db K + Vin``; for American
chains the strike itself. Only the cheapest cover of each sold quote is reported.

Every kernel covers a whole chain and one right: `shift` is 0 for calls and ``len(strike)`` for
puts, `side` +1 and -1. `receive` and `pay` are net quotes by quote index, nan absent; `deduct` is
what early assignment with late notice may cost the sold quote, by row. `work_*` columns are
scratch, as long as the rows.

Source: Carr and Madan 2005; Cousot 2007; SCANNER sections 3 and 7.
"""

from math import inf, nan

from kernels_pure.columns import Floats, Ints
from kernels_pure.hull import lower_hull
from kernels_pure.mixture import butterfly_edge, whole_cover


def butterfly_hits(
    first: Ints,
    strike: Floats,
    shift: int,
    receive: Floats,
    pay: Floats,
    deduct: Floats,
    bid_size: Floats,
    ask_size: Floats,
    lots: float,
    floor: float,
    out_low: Ints,
    out_middle: Ints,
    out_high: Ints,
    out_edge: Floats,
    work_value: Floats,
    work_vertex: Ints,
) -> tuple[int, int, float]:
    """Find the sold quotes with a butterfly above `floor` in whole contracts, each with its best.

    Exact over all triples: the lower hull of the asks is the cheapest pair of wings, so only a
    quote above it is searched. The wing whose share is rounded up is the one that covers the body
    alone: the lower of calls, the upper of puts. Sizes by quote index limit the ratio to what
    `lots` times of it can be traded; 0 lots is no limit. Returns ``(hits, best_row, best)``, the
    greatest height above the hull; `work_value` is as long as the quotes.
    O(rows + hits x pairs of wings that cost less than the body brings).
    """
    hits = 0
    best_row = -1
    best = -inf
    per = nan
    if lots > 0.0:
        per = 1.0 / lots
    for e in range(len(first) - 1):
        start = first[e]
        stop = first[e + 1]
        lower_hull(strike, pay, shift, start, stop, work_value, work_vertex)
        for row in range(start, stop):
            height = receive[shift + row] - work_value[shift + row] - deduct[row]
            if height > best:
                best = height
                best_row = row
            if height > floor:
                brings = receive[shift + row] - deduct[row]
                shown = bid_size[shift + row] * per
                edge = floor
                low = -1
                high = -1
                # Only wings on a line that passes the body below what it brings.
                target = brings - floor
                steepest = -inf
                flattest = inf
                for i in range(start, row):
                    slope = (target - pay[shift + i]) / (strike[row] - strike[i])
                    if slope > steepest:
                        steepest = slope
                for j in range(row + 1, stop):
                    slope = (pay[shift + j] - target) / (strike[j] - strike[row])
                    if slope < flattest:
                        flattest = slope
                slack = 1e-9 * (1.0 + abs(steepest) + abs(flattest))
                for i in range(start, row):
                    slope = (target - pay[shift + i]) / (strike[row] - strike[i])
                    if slope < flattest - slack:
                        continue
                    for j in range(row + 1, stop):
                        slope = (pay[shift + j] - target) / (strike[j] - strike[row])
                        if slope > steepest + slack:
                            continue
                        value = (
                            butterfly_edge(
                                strike[i],
                                strike[row],
                                strike[j],
                                pay[shift + i],
                                receive[shift + row],
                                pay[shift + j],
                            )
                            - deduct[row]
                        )
                        if value > edge:
                            weight = (strike[j] - strike[row]) / (strike[j] - strike[i])
                            a = i
                            b = j
                            if shift > 0:
                                weight = 1.0 - weight
                                a = j
                                b = i
                            _, _, whole = whole_cover(
                                weight,
                                brings,
                                pay[shift + a],
                                pay[shift + b],
                                ask_size[shift + a] * per,
                                shown,
                                ask_size[shift + b] * per,
                            )
                            if whole > edge:
                                edge = whole
                                low = i
                                high = j
                if low >= 0:
                    if hits < len(out_edge):
                        out_low[hits] = low
                        out_middle[hits] = row
                        out_high[hits] = high
                        out_edge[hits] = edge
                    hits += 1
    return hits, best_row, best


def roll_scale(
    first: Ints,
    strike: Floats,
    discount: Floats,
    value: Floats,
    out_scale: Floats,
) -> None:
    """Write ``discount * strike + value`` by row: the scale on which expiries compare."""
    for e in range(len(first) - 1):
        for row in range(first[e], first[e + 1]):
            out_scale[row] = discount[e] * strike[row] + value[e]
