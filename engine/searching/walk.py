"""Walking forward: search in one stretch of time, trade what was best in the next, move on.

A stretch that is judged is the last part of a run that begins with the stretch that was searched:
what the strategy remembers is there, and so is the position it holds. Its growth alone counts. The
stretches that were judged make one account, as if the parameters had been changed at each border
without an order.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum, nan

from engine.backtesting.result import Result
from engine.errors import UsageError
from engine.performance.splits import walk_forward_times
from engine.searching.board import Board, Trial
from engine.searching.scoring import Scorer
from engine.searching.task import Span, Task
from kernels_pure.equity import max_drawdown, sharpe

NS_PER_DAY = 86_400_000_000_000
# Months and years as the calendar has them on average.
_UNITS = {"d": 1.0, "w": 7.0, "m": 365.25 / 12.0, "y": 365.25}
MOST_FOLDS = 1_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """One step: from where is searched, from where is judged, and until where."""

    train_ns: int
    test_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What was best in a stretch, and how it did in the next; None where nothing was found.

    `scored` is its first metric where it was searched, `growth` what a unit of cash became.
    """

    stretch: Stretch
    n_tried: int
    best: Trial | None
    scored: float
    growth: float


@dataclass(frozen=True, slots=True)
class Walk:
    """All steps, and the account that they make: a unit of cash at the first border."""

    judged: tuple[Judged, ...]
    time_ns: array[int]
    equity: array[float]
    total_return: float
    sharpe: float
    max_drawdown: float
    n_tried: int


def lengths_of(text: str) -> tuple[int, int]:
    """Return the lengths that ``6m/1m`` names, in nanoseconds: days, weeks, months or years.

    Raises
    ------
    UsageError
        If it names none.

    >>> [length // NS_PER_DAY for length in lengths_of("90d/2w")]
    [90, 14]
    """
    parts = text.split("/")
    found = []
    for part in parts:
        number, unit = part[:-1], part[-1:]
        is_number = number.replace(".", "", 1).isdigit() and number.isascii() and len(number) < 9
        if unit in _UNITS and is_number and 0.0 < float(number) < 1e5:
            found.append(round(float(number) * _UNITS[unit] * NS_PER_DAY))
    if len(parts) != 2 or len(found) != 2:
        raise UsageError(
            f"--walk-forward {text}: expected two lengths in days, weeks, months or years, "
            "such as 6m/1m or 90d/30d"
        )
    return found[0], found[1]


def stretches(task: Task, train_ns: int, test_ns: int, *, is_anchored: bool) -> list[Stretch]:
    """Return the steps over the bars of the task's tests.

    Raises
    ------
    UsageError
        If the bars do not last for one, or there are too many.
    """
    stamps = sorted({t for data in task.tests for bars in data.bars.values() for t in bars.time_ns})
    folds = walk_forward_times(stamps, train_ns, test_ns, is_anchored=is_anchored)
    if not folds:
        days = (stamps[-1] - stamps[0]) / NS_PER_DAY if stamps else 0.0
        raise UsageError(
            f"--walk-forward: bars of {days:.0f} days do not last for a search of "
            f"{train_ns / NS_PER_DAY:.0f} and a test of {test_ns / NS_PER_DAY:.0f}"
        )
    if len(folds) > MOST_FOLDS:
        raise UsageError(f"--walk-forward: {len(folds):,} steps are more than {MOST_FOLDS:,}")
    found = []
    for fold in folds:
        (train,), (test,) = fold.train, fold.test
        found.append(Stretch(stamps[train.start], stamps[test.start], stamps[test.stop - 1] + 1))
    return found


def spans_of(steps: Sequence[Stretch]) -> tuple[Span, ...]:
    """Return what is searched in each step."""
    return tuple(Span(step.train_ns, step.test_ns) for step in steps)


def walk_forward(
    steps: Sequence[Stretch], scorer: Scorer, per_year: float, look: Callable[[int], Board]
) -> Walk:
    """Search every step by ``look(step)``, judge what was best in the next stretch.

    A step in which nothing could be scored leaves the account in cash.
    """
    judged: list[Judged] = []
    times: array[int] = array("l")
    equity: array[float] = array("d", [1.0])
    for number, step in enumerate(steps):
        board = look(number)
        best = board.top[0] if board.top else None
        growth: Sequence[float] = [1.0]
        stamps: Sequence[int] = [step.end_ns - 1]
        if best is not None:
            values = scorer.space.values(best.row)
            results = scorer.results(values, Span(step.train_ns, step.end_ns))
            stamps, growth = blended(results, step.test_ns)
        if not times:
            times.append(step.test_ns)
        base = equity[-1]
        times.extend(stamps)
        equity.extend(base * one for one in growth)
        scored = best.metric(board.metrics[0]) if best is not None else nan
        judged.append(Judged(step, board.n_tried, best, scored, growth[-1]))
    return Walk(
        tuple(judged),
        times,
        equity,
        equity[-1] - 1.0,
        sharpe(equity, per_year, 0.0),
        max_drawdown(equity)[0],
        sum(one.n_tried for one in judged),
    )


def blended(results: Sequence[Result], since_ns: int) -> tuple[list[int], list[float]]:
    """Return the mean growth of several accounts from `since_ns` on, at each of their stamps.

    An account without a row at a stamp counts with the one before it.
    """
    first = [bisect_left(result.time_ns, since_ns) for result in results]
    stamps = sorted(
        {t for result, row in zip(results, first, strict=True) for t in result.time_ns[row:]}
    )
    columns = []
    for result, row in zip(results, first, strict=True):
        base = result.equity[row - 1] if row else result.start_cash
        column, last = [], 1.0
        for stamp in stamps:
            if row < len(result.time_ns) and result.time_ns[row] == stamp:
                last = result.equity[row] / base
                row += 1
            column.append(last)
        columns.append(column)
    if not stamps:
        return [since_ns], [1.0]
    return stamps, [fsum(row) / len(row) for row in zip(*columns, strict=True)]
