"""Indicators of what was before: a value of so long ago, the highest and the lowest since.

Apart from `engine.trading.indicators`, which has them too, because they are made in no time.
"""

from __future__ import annotations

from array import array
from math import nan

from kernels_pure.extremes import EXTREME_STATE, extreme_step


def zeros(count: int) -> array[float]:
    """Return a state of `count` numbers as kernels begin with it."""
    return array("d", bytes(8 * count))


class Past:
    """The value of `lag` calls ago."""

    def __init__(self, lag: int) -> None:
        self._values = array("d", [nan]) * lag
        self._place = 0

    def __call__(self, value: float) -> float:
        """Take `value`, and return the one of `lag` calls ago."""
        place = self._place
        before = self._values[place]
        self._values[place] = value
        self._place = place + 1 if place + 1 < len(self._values) else 0
        return before


class Highest:
    """The highest of the last `period` values."""

    def __init__(self, period: int) -> None:
        self._period, self._state = period, zeros(EXTREME_STATE + period)

    def __call__(self, value: float) -> float:
        """Take `value`, and return the highest."""
        return extreme_step(value, 1.0, self._period, self._state)


class Lowest:
    """The lowest of the last `period` values."""

    def __init__(self, period: int) -> None:
        self._period, self._state = period, zeros(EXTREME_STATE + period)

    def __call__(self, value: float) -> float:
        """Take `value`, and return the lowest."""
        return extreme_step(value, -1.0, self._period, self._state)
