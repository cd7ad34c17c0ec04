"""Is the best of many strategies better than doing nothing: White's and Hansen's tests.

The returns of all strategies are resampled in the same blocks, each about its own mean, as if none
had an edge; the p-value is how often the best of a resample does as well as the best did, 1 where
no strategy beat the benchmark. White's reality check takes mean returns. Hansen's test divides each
by its deviation, so that a wild strategy does not drown the others, and lets those that are clearly
worse than the benchmark be so (`consistent`); `upper` lets none, `lower` lets all.

Source: White 2000; Hansen 2005.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum, inf, log, nan, sqrt

from engine.performance.resampling import (
    Stretches,
    prefix_sums,
    shared_resamples,
    stretch_sum,
    usual_block,
    usual_count,
)
from engine.performance.returns import moments

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Snooping:
    """p-values that the best of the trials is no better than the benchmark; small is good.

    nan where there is no trial with more than two returns.
    """

    reality: float
    lower: float
    consistent: float
    upper: float
    n_trials: int
    n_resamples: int
    block: int


def snooping(
    trials: Sequence[Sequence[float]],
    benchmark: Sequence[float] | None = None,
    *,
    n_resamples: int = RESAMPLES,
    block: int = 0,
    seed: int = 0,
) -> Snooping:
    """Return the p-values of `trials`, columns of returns over the same bars.

    `benchmark` is a column too; without one it is cash that earns nothing. `block` is the mean
    length of blocks, 0 for the cube root of the number of returns. O(trials resamples n / block).

    Raises
    ------
    ValueError
        If the columns differ in length, or hold what is not finite.
    """
    columns = [_excess(column, benchmark) for column in trials]
    n = len(columns[0]) if columns else 0
    if any(len(column) != n for column in columns):
        raise ValueError("the returns of trials must be over the same bars")
    block = block or usual_block(n)
    if n < 3:
        return Snooping(nan, nan, nan, nan, len(columns), 0, block)
    count = usual_count(n, block, n_resamples)
    return from_resamples(columns, shared_resamples(n, count, block, seed), block)


def from_resamples(
    columns: Sequence[Sequence[float]], drawn: Iterable[Stretches], block: int
) -> Snooping:
    """Return the p-values of excess returns, from resamples that are given."""
    n = len(columns[0])
    trials = [_Trial(column, block) for column in columns]
    # By test; where no trial has an edge, none is taken: the observed is not below 0.
    observed = [0.0] * 4
    for trial in trials:
        observed[0] = max(observed[0], trial.mean)
        for test in (1, 2, 3):
            observed[test] = max(observed[test], trial.mean * trial.weight)
    above = [0] * 4
    count = 0
    for rows in drawn:
        best = [0.0] * 4
        for trial in trials:
            moved = stretch_sum(trial.sums, rows) / n
            best[0] = max(best[0], moved)
            for test, shift in enumerate(trial.shifts, 1):
                best[test] = max(best[test], (moved + shift) * trial.weight)
        for test in range(4):
            above[test] += best[test] >= observed[test]
        count += 1
    reality, lower, consistent, upper = (number / count for number in above)
    return Snooping(reality, lower, consistent, upper, len(columns), count, block)


class _Trial:
    """One column: its mean, what it is divided by, and the sums about its mean.

    `shifts` are what of its mean it keeps in resamples: in the lower, consistent and upper test.
    """

    def __init__(self, column: Sequence[float], block: int) -> None:
        shape = moments(column)
        deviation = sqrt(long_run_variance(column, shape.mean, block))
        self.mean = shape.mean
        self.sums = prefix_sums([value - shape.mean for value in column])
        # What does not move has no part in Hansen's test.
        self.weight = 1.0 / deviation if shape.has_spread and deviation > 0.0 else 0.0
        limit = -deviation * sqrt(2.0 * log(log(shape.n)) / shape.n)
        self.shifts = (min(0.0, self.mean), self.mean if self.mean < limit else 0.0, 0.0)


def long_run_variance(values: Sequence[float], mean: float, block: int) -> float:
    """Return the variance of ``sqrt(n)`` times the mean of a resample, in blocks of `block`.

    ``c(0) + 2 sum (1 - i/n) q^i c(i)`` over ``i < n``, of the autocovariances `c` about the circle,
    ``q = 1 - 1/block``. Two recursions sum the powers, in place of n sums of n products. O(n).

    Source: Politis and Romano 1994, lemma 1.
    """
    n = len(values)
    x = [value - mean for value in values]
    q = 1.0 - 1.0 / block
    whole = q**n
    # plain[t] = sum of q^i x[t-i], ranked[t] = sum of i q^i x[t-i], over i >= 1 about the circle:
    # once round from nothing, then what a whole round leaves is put in front.
    plain = ranked = 0.0
    for value in x:
        plain, ranked = q * (plain + value), q * (ranked + plain + value)
    plain /= 1.0 - whole
    ranked = (ranked + n * whole * plain) / (1.0 - whole)
    products = []
    for value in x:
        # Beyond one round the same values come again, smaller by `whole`.
        once = plain * (1.0 - whole) - whole * value
        once_ranked = ranked * (1.0 - whole) - n * whole * (plain + value)
        products.append(value * (once - once_ranked / n))
        plain, ranked = q * (plain + value), q * (ranked + plain + value)
    return max(0.0, (fsum([value * value for value in x]) + 2.0 * fsum(products)) / n)


def _excess(column: Sequence[float], benchmark: Sequence[float] | None) -> list[float]:
    if benchmark is not None and len(benchmark) != len(column):
        raise ValueError("the returns of the benchmark must be over the bars of the trials")
    found = [a - b for a, b in zip(column, benchmark or [0.0] * len(column), strict=True)]
    if not all(-inf < value < inf for value in found):
        raise ValueError("the returns of trials must be finite")
    return found
