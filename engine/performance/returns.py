"""Returns of an equity column, and the moments of them. Floats are added exactly, by `fsum`."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, inf, nan, sqrt

from kernels_pure.equity import NOISE


def simple_returns(equity: Sequence[float]) -> array[float]:
    """Return the simple return of each row on the row before it; nan from a row not above 0.

    >>> list(simple_returns([100.0, 110.0, 99.0]))
    [0.10000000000000009, -0.09999999999999998]
    """
    later = iter(equity)
    next(later, None)
    return array(
        "d", [b / a - 1.0 if a > 0.0 else nan for a, b in zip(equity, later, strict=False)]
    )


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and central moments of a sample, each divided by its size.

    Without spread but for rounding (`has_spread`) the shape is nan.
    """

    n: int
    mean: float
    second: float
    third: float
    fourth: float

    @property
    def has_spread(self) -> bool:
        """Tell whether the values differ by more than rounding."""
        return self.second > NOISE * (self.second + self.mean * self.mean) and self.second < inf

    @property
    def population_deviation(self) -> float:
        """Return the standard deviation of these values as a whole: divided by their number."""
        return sqrt(self.second) if self.has_spread else nan

    @property
    def deviation(self) -> float:
        """Return the standard deviation of a sample: divided by one less; nan below two values."""
        if self.n < 2:
            return nan
        return sqrt(self.second * self.n / (self.n - 1))

    @property
    def skew(self) -> float:
        """Return the skewness of a sample, corrected for its size (G1); nan below three values.

        Source: Joanes and Gill 1998.
        """
        n = self.n
        if n < 3 or not self.has_spread:
            return nan
        plain = self.third / (self.second * sqrt(self.second))
        return plain * sqrt(n * (n - 1.0)) / (n - 2.0)

    @property
    def kurtosis(self) -> float:
        """Return the excess kurtosis of a sample, corrected (G2); 0 for a normal, nan below four.

        Source: Joanes and Gill 1998.
        """
        n = self.n
        if n < 4 or not self.has_spread:
            return nan
        plain = self.fourth / (self.second * self.second) - 3.0
        return ((n + 1.0) * plain + 6.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0))


def moments(values: Sequence[float]) -> Moments:
    """Return the moments of `values`, in two passes; nan without values."""
    n = len(values)
    if not n:
        return Moments(0, nan, nan, nan, nan)
    mean = fsum(values) / n
    centred = [value - mean for value in values]
    squares = [d * d for d in centred]
    third = fsum([s * d for s, d in zip(squares, centred, strict=True)])
    return Moments(n, mean, fsum(squares) / n, third / n, fsum([s * s for s in squares]) / n)
