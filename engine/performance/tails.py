"""The worst returns: value at risk, what is lost beyond it, and how long the two tails are.

Historical, from the returns themselves, signed as returns are: a loss is negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, fsum, nan

LEVEL = 0.05


def quantile(ordered: Sequence[float], part: float) -> float:
    """Return the value below which `part` of sorted values lie, between two by a straight line.

    nan without values.

    Source: Hyndman and Fan 1996, type 7.

    >>> quantile([1.0, 2.0, 4.0], 0.75)
    3.0
    """
    if not ordered:
        return nan
    place = part * (len(ordered) - 1)
    row = min(floor(place), len(ordered) - 1)
    if row + 1 == len(ordered):
        return ordered[row]
    return ordered[row] + (place - row) * (ordered[row + 1] - ordered[row])


def value_at_risk(ordered: Sequence[float], level: float = LEVEL) -> float:
    """Return the return that is undercut in `level` of the periods."""
    return quantile(ordered, level)


def expected_shortfall(ordered: Sequence[float], level: float = LEVEL) -> float:
    """Return the mean of the worst ``1 + floor(level (n - 1))`` returns (CVaR)."""
    if not ordered:
        return nan
    n = int((len(ordered) - 1) * level) + 1
    return fsum(ordered[:n]) / n


def tail_ratio(ordered: Sequence[float], level: float = LEVEL) -> float:
    """Return the size of the best `level` of returns over that of the worst, at their limits.

    Above 1 gains run further than losses. nan where the lower limit is 0.
    """
    low = abs(quantile(ordered, level))
    return abs(quantile(ordered, 1.0 - level)) / low if low > 0.0 else nan
