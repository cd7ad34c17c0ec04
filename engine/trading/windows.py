"""Windows as the kernels of rules keep them: plain running sums, bit for bit those of a rule.

`engine.trading.indicators` has the ones to write strategies with; these take fewer precautions
against rounding, because the rules do.
"""

from __future__ import annotations

from array import array
from math import nan

from kernels_pure.windows import slide, window_moments, window_sum


class Total:
    """The sum of the last `window` values, taken at value number `first` and moved on from there.

    nan before it. `first` is at least `window`.
    """

    def __init__(self, window: int, first: int) -> None:
        self._values = array("d", [0.0]) * window
        self._place = 0
        self._missing = first
        self._total = nan

    def __call__(self, value: float) -> float:
        """Take `value`, and return the sum."""
        place = self._place
        oldest = self._values[place]
        self._values[place] = value
        self._place = place = place + 1 if place + 1 < len(self._values) else 0
        if self._missing > 1:
            self._missing -= 1
        elif self._missing == 1:
            self._missing = 0
            self._total = window_sum(_in_order(self._values, place), 0, len(self._values))
        else:
            self._total += value - oldest
        return self._total


class Moments:
    """The mean of the last `window` values and the sum of squares about it; nan before."""

    def __init__(self, window: int) -> None:
        self._values = array("d", [0.0]) * window
        self._place = 0
        self._missing = window
        self._share = 1.0 / window
        self._mean = self._squares = nan

    def __call__(self, value: float) -> tuple[float, float]:
        """Take `value`, and return mean and sum of squares."""
        place = self._place
        oldest = self._values[place]
        self._values[place] = value
        self._place = place + 1 if place + 1 < len(self._values) else 0
        if self._missing > 1:
            self._missing -= 1
        elif self._missing == 1:
            self._missing = 0
            self._mean, self._squares = window_moments(self._values, 0, len(self._values))
        else:
            self._mean, self._squares = slide(self._mean, self._squares, value, oldest, self._share)
        return self._mean, self._squares


class MovesBefore:
    """The variance of the `window` changes before the present one, and the present one.

    (nan, nan) until there are that many.
    """

    def __init__(self, window: int) -> None:
        self._closes = array("d", [0.0]) * (window + 1)
        self._count = 0
        self._share = 1.0 / window
        self._mean = self._squares = nan

    def __call__(self, close: float) -> tuple[float, float]:
        """Take a close, and return the change to it and the variance of those before."""
        closes, count = self._closes, self._count
        window = len(closes) - 1
        self._count = count + 1
        place = count % (window + 1)
        if count <= window:
            closes[place] = close
            if count == window:
                self._begin()
            return nan, nan
        # The ring has the last `window` changes; its oldest close stands where the new one goes.
        variance = self._squares * self._share
        move = close - closes[place - 1]
        old = closes[(place + 1) % (window + 1)] - closes[place]
        closes[place] = close
        self._mean, self._squares = slide(self._mean, self._squares, move, old, self._share)
        return move, variance

    def _begin(self) -> None:
        closes = self._closes
        window = len(closes) - 1
        self._mean = (closes[window] - closes[0]) * self._share
        self._squares = 0.0
        for row in range(1, window + 1):
            gap = closes[row] - closes[row - 1] - self._mean
            self._squares += gap * gap


def _in_order(values: array[float], first: int) -> array[float]:
    """Return a ring's values, the oldest first."""
    return values[first:] + values[:first]
