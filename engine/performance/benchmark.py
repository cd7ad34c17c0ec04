"""A strategy beside a benchmark: how much it moves with it, and what it earns beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, nan, sqrt

from engine.performance.returns import moments


@dataclass(frozen=True, slots=True)
class Comparison:
    """Alpha a year, beta, correlation, information ratio and tracking error, both a year.

    nan where the benchmark, the strategy or their difference does not move.
    """

    alpha: float
    beta: float
    correlation: float
    information_ratio: float
    tracking_error: float


def compare(
    returns: Sequence[float],
    benchmark: Sequence[float],
    periods_per_year: float,
    rate: float = 0.0,
) -> Comparison:
    """Return what `returns` are beside those of a benchmark over the same bars.

    Beta is the slope of one on the other; alpha what the mean excess return has beyond beta times
    that of the benchmark, times the bars per year, not compounded. The information ratio is the
    mean difference over its deviation as a sample. `rate` is the riskless rate a year. O(n).

    Source: Jensen 1968 (alpha); Goodwin 1998 (information ratio).

    Raises
    ------
    ValueError
        If the columns differ in length.
    """
    if len(returns) != len(benchmark):
        raise ValueError("the returns of a benchmark must be over the bars of the strategy")
    own, other = moments(returns), moments(benchmark)
    active = moments([a - b for a, b in zip(returns, benchmark, strict=True)])
    error = active.deviation if active.has_spread else nan
    beta = correlation = nan
    if other.has_spread:
        together = fsum(
            [(a - own.mean) * (b - other.mean) for a, b in zip(returns, benchmark, strict=True)]
        )
        beta = together / own.n / other.second
        if own.has_spread:
            correlation = together / own.n / sqrt(own.second) / sqrt(other.second)
    least = rate / periods_per_year
    return Comparison(
        alpha=(own.mean - least - beta * (other.mean - least)) * periods_per_year,
        beta=beta,
        correlation=correlation,
        information_ratio=active.mean / error * sqrt(periods_per_year),
        tracking_error=error * sqrt(periods_per_year),
    )
