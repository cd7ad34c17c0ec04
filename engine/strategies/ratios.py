"""Whole contracts for a position whose weights are real numbers."""

from __future__ import annotations

import math

MOST_SHORTS = 20


def whole_ratio(weight: float, buy_first: float, buy_second: float) -> tuple[int, int, float]:
    """Return (first longs, shorts, cost per short) of the cheapest whole cover.

    At least `weight` of the first long per short keeps a cover whole; the rest is the second.
    `buy_first` and `buy_second` are their prices. Up to `MOST_SHORTS` shorts are tried, the least
    that reach the lowest cost are taken. Returns (0, 0, inf) when no mixture covers.

    >>> whole_ratio(2 / 3, 7.2, 1.1)[:2]
    (2, 3)
    """
    best = (0, 0, math.inf)
    for shorts in range(1, MOST_SHORTS + 1):
        firsts = math.ceil(weight * shorts - 1e-9)
        if 0 < firsts < shorts:
            share = firsts / shorts
            cost = share * buy_first + (1.0 - share) * buy_second
            if cost < best[2] - 1e-12:
                best = (firsts, shorts, cost)
    return best
