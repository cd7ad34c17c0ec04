"""How often the best in one half of the time is below the middle in the other: overfitting.

Time is cut in stretches; every half of them is once what is chosen on, and the rest what is judged
on. A search that finds something keeps its rank, one that fits noise lands anywhere.

Source: Bailey, Borwein, Lopez de Prado and Zhu 2017 (combinatorially symmetric cross-validation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, log, nan

from engine.performance.splits import blocks
from kernels_pure.equity import sharpe_of

STRETCHES = 12


@dataclass(frozen=True, slots=True)
class Overfitting:
    """The probability that the chosen is below the middle of all, and what shows it.

    `probability` is 0.5 where choosing is no better than chance. `slope` is that of the judged
    ratio on the chosen one: below 0 the better it looked, the worse it did. `loss` is how often the
    judged ratio is below 0. `logits` has a number for each way to part the time, below 0 where
    the chosen falls below the middle.
    """

    probability: float
    slope: float
    loss: float
    logits: tuple[float, ...]
    n_trials: int


def overfitting(trials: Sequence[Sequence[float]], stretches: int = STRETCHES) -> Overfitting:
    """Return the probability of backtest overfitting of `trials`, returns over the same bars.

    The trials are ranked by Sharpe ratio; one that does not move has a ratio of 0.
    O(trials (n + stretches C(stretches, stretches / 2))).

    Raises
    ------
    ValueError
        If there are fewer than two trials, their lengths differ or are below the number of
        stretches, or that is odd.
    """
    if len(trials) < 2 or any(len(column) != len(trials[0]) for column in trials):
        raise ValueError("overfitting is told from two trials or more, over the same bars")
    if stretches < 2 or stretches % 2:
        raise ValueError(f"the number of stretches must be even, not {stretches}")
    parts = blocks(len(trials[0]), stretches)
    sums = [[_sums(column[part.start : part.stop]) for part in parts] for column in trials]
    logits, chosen_on, judged_on = [], [], []
    for judged in combinations(range(stretches), stretches // 2):
        fitted = [k for k in range(stretches) if k not in judged]
        n_fitted, n_judged = (sum(len(parts[k]) for k in half) for half in (fitted, judged))
        inside = [_ratio(one, fitted, n_fitted) for one in sums]
        outside = [_ratio(one, judged, n_judged) for one in sums]
        best = inside.index(max(inside))
        place = _rank(outside, best) / (len(trials) + 1.0)
        logits.append(log(place / (1.0 - place)))
        chosen_on.append(inside[best])
        judged_on.append(outside[best])
    return Overfitting(
        probability=sum(1 for value in logits if value < 0.0) / len(logits),
        slope=_slope(chosen_on, judged_on),
        loss=sum(1 for value in judged_on if value < 0.0) / len(logits),
        logits=tuple(logits),
        n_trials=len(trials),
    )


def _sums(values: Sequence[float]) -> tuple[float, float]:
    return fsum(values), fsum([value * value for value in values])


def _ratio(sums: Sequence[tuple[float, float]], rows: Sequence[int], n: int) -> float:
    total = squares = 0.0
    for row in rows:
        total += sums[row][0]
        squares += sums[row][1]
    ratio = sharpe_of(n, total, squares, 1.0, 0.0)
    return ratio if ratio == ratio else 0.0


def _rank(values: Sequence[float], place: int) -> float:
    """Return the rank of one among `values` from 1 up; equal ones share the mean of theirs."""
    own = values[place]
    below = sum(1 for value in values if value < own)
    equal = sum(1 for value in values if value == own)
    return below + 0.5 * (equal + 1.0)


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    middle, level = fsum(x) / len(x), fsum(y) / len(y)
    spread = fsum([(a - middle) * (a - middle) for a in x])
    if not spread > 0.0:
        return nan
    return fsum([(a - middle) * (b - level) for a, b in zip(x, y, strict=True)]) / spread
