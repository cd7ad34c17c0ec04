"""What the best of many trials is worth: how much of it is luck.

Of the returns of all trials a sample is kept, evenly spaced among them, and the best: enough to
test the best against them without memory that grows with the trials.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan, sqrt

from engine.performance.overfitting import STRETCHES, overfitting
from engine.performance.returns import moments, simple_returns
from engine.performance.snooping import snooping
from engine.performance.validation import deflated_sharpe
from engine.searching.board import Board, Trial
from engine.searching.hosts import Host, Lost, Piece
from engine.searching.scoring import Scorer, growth_at
from engine.searching.task import Task

SAMPLED = 100
RESAMPLES = 500
# Returns of a trial, at most: longer ones are of several bars.
_PERIODS = 512
_PIECE = 10


@dataclass(frozen=True, slots=True)
class Validity:
    """Figures of luck; nan where they cannot be told.

    Attributes
    ----------
    n_tried
        Trials among which the best was chosen.
    deflated
        Probability that the true Sharpe ratio of the best is above what luck gives the best of so
        many; above 0.95 it is hardly luck.
    spa, reality
        p-values of Hansen's and of White's test that no trial is better than cash; below 0.05 one
        hardly is by chance.
    overfit
        How often the best of one half of the time falls below the middle in the other; 0.5 is
        chance.
    n_sampled, n_periods, n_resamples
        Trials, returns of each and resamples of the last three.
    """

    n_tried: int
    deflated: float
    spa: float
    reality: float
    overfit: float
    n_sampled: int
    n_periods: int
    n_resamples: int


def validity(task: Task, board: Board, host: Host, scorer: Scorer) -> Validity:
    """Return what the best trial of `board` is worth; the sample is run again by `host`.

    Raises
    ------
    EngineError
        If the workers cannot run it.
    """
    n_tried = board.n_tried - board.n_lost
    if not board.top:
        return Validity(n_tried, nan, nan, nan, nan, 0, 0, 0)
    best = board.top[0]
    columns = returns_of(sampled(best, board.sample), task, host)
    n_periods = len(columns[0]) if columns else 0
    spa = reality = overfit = nan
    if len(columns) > 1 and n_periods > 2:
        found = snooping(columns, n_resamples=RESAMPLES, seed=task.seed)
        spa, reality = found.consistent, found.reality
        if n_periods >= 2 * STRETCHES:
            overfit = overfitting(columns).probability
    return Validity(
        n_tried,
        deflated(task, board, best, scorer),
        spa,
        reality,
        overfit,
        len(columns),
        n_periods,
        RESAMPLES if spa == spa else 0,
    )


def deflated(task: Task, board: Board, best: Trial, scorer: Scorer) -> float:
    """Return the deflated Sharpe ratio of `best`, from the spread of the trials' ratios."""
    results = scorer.results(scorer.space.values(best.row), task.spans[0])
    n_rows = min(len(result.equity) for result in results)
    shape = moments(simple_returns(growth_at(results, n_rows)))
    n = shape.n
    if n < 2:
        return nan
    # From a year's ratio, over the deviation of a sample, to a bar's over that of the whole.
    scale = sqrt(n / (n - 1.0)) / sqrt(task.per_year)
    spread = board.sharpe_deviation * scale
    ratio = best.metric("sharpe") * scale
    if not isfinite(ratio):
        return nan
    tried = max(1, board.n_tried - board.n_lost)
    variance = spread * spread if isfinite(spread) else 0.0
    return deflated_sharpe(ratio, n, shape.skew, shape.kurtosis, tried, variance)


def sampled(best: Trial, sample: Sequence[Trial]) -> list[Trial]:
    """Return the sample with the best in it, once, in the order of the trials."""
    by_number = {trial.number: trial for trial in (*sample, best)}
    return [by_number[number] for number in sorted(by_number)]


def returns_of(trials: Sequence[Trial], task: Task, host: Host) -> list[array[float]]:
    """Return the returns of trials over the same periods, without those that failed.

    Raises
    ------
    EngineError
        If the workers cannot run them.
    """
    least = min(len(bars) for data in task.tests for bars in data.bars.values())
    points = min(_PERIODS + 1, least)
    if points < 2 or not trials:
        return []
    pieces = [
        Piece(
            first,
            0,
            [
                array("d", column)
                for column in zip(*(t.row for t in trials[first : first + _PIECE]), strict=True)
            ],
            points,
        )
        for first in range(0, len(trials), _PIECE)
    ]
    found: dict[int, array[float]] = {}
    waiting = iter(pieces)
    n_running = 0
    while True:
        while n_running < host.n_slots and (piece := next(waiting, None)) is not None:
            host.submit(piece)
            n_running += 1
        if not n_running:
            break
        for piece, answer in host.finished():
            n_running -= 1
            if not isinstance(answer, Lost):
                for row in range(piece.n_trials):
                    found[piece.first + row] = answer.values[row * points : (row + 1) * points]
    columns = [simple_returns(found[row]) for row in sorted(found)]
    return [column for column in columns if all(map(isfinite, column))]
