"""What speaks for and against runs that were tried together: intervals, luck, overfitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan

from engine.backtesting.result import Result
from engine.performance.figures import Figures, curve
from engine.performance.intervals import (
    BarIntervals,
    TradeIntervals,
    bar_intervals,
    trade_intervals,
)
from engine.performance.overfitting import STRETCHES, Overfitting, overfitting
from engine.performance.returns import simple_returns
from engine.performance.snooping import Snooping, snooping
from engine.performance.validation import deflate, least_returns, probabilistic_sharpe

# Stretches of fewer returns than this tell nothing.
LEAST_STRETCH = 5


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one run: the probability that its Sharpe ratio is above 0, plain and deflated.

    `n_trials` were tried. `least_returns` is how many returns such a ratio needs to be above 0 with
    95 %: more than there are is too short a history.
    """

    probabilistic: float
    deflated: float
    n_trials: int
    least_returns: float
    bars: BarIntervals
    trades: TradeIntervals


@dataclass(frozen=True, slots=True)
class Selection:
    """Of all runs together; None where they are not over the same bars, or too few."""

    snooping: Snooping | None
    overfitting: Overfitting | None


def judge(
    results: Sequence[Result],
    figures: Sequence[Figures],
    n_trials: int | None = None,
    seed: int = 0,
) -> tuple[list[Judgement], Selection]:
    """Return what is to be said of each run, and of choosing among them.

    `n_trials` is how many were tried in all, where these are not all of them. Intervals and tests
    are of resamples drawn from `seed`.
    """
    count = max(len(results), 1 if n_trials is None else n_trials)
    columns = [simple_returns(curve(result)[0]) for result in results]
    deflated = deflate(figures, count)
    found = []
    for k, (result, one) in enumerate(zip(results, figures, strict=True)):
        shape = (one.skew, one.kurtosis)
        found.append(
            Judgement(
                probabilistic_sharpe(one.bar_sharpe, one.n_returns, *shape),
                deflated[k],
                count,
                least_returns(one.bar_sharpe, *shape) if isfinite(one.bar_sharpe) else nan,
                bar_intervals(columns[k], one.periods_per_year, seed=seed),
                trade_intervals([t.gain for t in result.trades], result.start_cash, seed=seed),
            )
        )
    return found, _selection(results, columns, seed)


def _selection(
    results: Sequence[Result], columns: Sequence[Sequence[float]], seed: int
) -> Selection:
    same = all(result.time_ns == results[0].time_ns for result in results) and all(
        len(column) == len(columns[0]) and all(map(isfinite, column)) for column in columns
    )
    if len(results) < 2 or not same or len(columns[0]) < 3:
        return Selection(None, None)
    is_long = len(columns[0]) >= STRETCHES * LEAST_STRETCH
    return Selection(snooping(columns, seed=seed), overfitting(columns) if is_long else None)
