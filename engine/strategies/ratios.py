"""Whole contracts for a position whose weights are real numbers."""

from __future__ import annotations

import math

MOST_SHORTS = 20


def whole_ratio(
    weight: float, buy_first: float, buy_second: float, shown: tuple[float, float, float]
) -> tuple[int, int, float, float]:
    """Return (first longs, shorts, cost per short, extra) of the cheapest whole cover.

    At least `weight` of the first long per short keeps a cover whole; the rest is the second.
    `buy_first` and `buy_second` are their prices, `shown` the contracts to be had of the first
    long, the short and the second long, nan if not known. Up to `MOST_SHORTS` shorts are tried,
    the least that reach the lowest cost are taken: of those that fit what is shown, if any does.
    `extra` is what the cover costs because it must fit, inf if none does. Returns
    (0, 0, inf, inf) when no mixture covers.

    >>> whole_ratio(2 / 3, 7.2, 1.1, (10.0, 10.0, 10.0))[:2]
    (2, 3)
    """
    best = (0, 0, math.inf, False)
    least = math.inf
    for shorts in range(1, MOST_SHORTS + 1):
        firsts = math.ceil(weight * shorts - 1e-9)
        if 0 < firsts < shorts:
            share = firsts / shorts
            cost = share * buy_first + (1.0 - share) * buy_second
            wanted = (firsts, shorts, shorts - firsts)
            fits = not any(have < want for have, want in zip(shown, wanted, strict=True))
            if (fits, best[2] - 1e-12) > (best[3], cost):
                best = (firsts, shorts, cost, fits)
            if cost < least - 1e-12:
                least = cost
    return *best[:3], best[2] - least if best[3] else math.inf
