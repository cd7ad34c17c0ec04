"""Prices that know their later splits: between the bars around a split they do not jump."""

from __future__ import annotations

from bisect import bisect_right
from math import log

from engine.backtesting.data import Data, Split


def adjusted_splits(data: Data) -> list[Split]:
    """Return the splits at which prices go on as if nothing happened: they were adjusted.

    Raw prices divide by the ratio between the last close before and the first open after it. Half
    of that, in logarithms, tells the two apart. O(splits x log bars).
    """
    found = []
    for one in data.actions:
        if not isinstance(one, Split) or one.symbol not in data.bars or one.ratio == 1.0:
            continue
        bars = data.bars[one.symbol]
        row = bisect_right(bars.time_ns, one.time_ns)
        if not 0 < row < len(bars):
            continue
        before, after = bars.close[row - 1], bars.open[row]
        if before > 0.0 and after > 0.0 and abs(log(before / after)) < abs(log(one.ratio)) / 2.0:
            found.append(one)
    return found
