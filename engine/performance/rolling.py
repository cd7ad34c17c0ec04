"""Figures over a window that moves along."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import nan

from engine.performance.resampling import prefix_sums
from kernels_pure.equity import sharpe_of


def rolling_sharpe(
    returns: Sequence[float], window: int, periods_per_year: float, rate: float = 0.0
) -> array[float]:
    """Return the annualised Sharpe ratio of the last `window` returns at each of them.

    nan before there are so many, and where they do not move. O(n).

    Raises
    ------
    ValueError
        If the window holds fewer than two returns.
    """
    if window < 2:
        raise ValueError(f"a window of {window} returns has no deviation")
    plain = prefix_sums(returns)
    squares = prefix_sums([value * value for value in returns])
    found = array("d", [nan] * min(window - 1, len(returns)))
    for stop in range(window, len(returns) + 1):
        total, square = plain[stop] - plain[stop - window], squares[stop] - squares[stop - window]
        found.append(sharpe_of(window, total, square, periods_per_year, rate))
    return found
