"""The scores of trials: by the kernel of the strategy where it stands for it, else bar by bar.

A score is a row of `SCORES`, the mean over the tests; nan where one of them has none.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from math import fsum, nan
from types import ModuleType
from typing import TYPE_CHECKING, cast

from engine.backtesting.data import Data
from engine.backtesting.faults import complaint, file_of
from engine.backtesting.parameters import Value, build
from engine.backtesting.result import Result
from engine.backtesting.run import run
from engine.backtesting.run_kernel import run_kernel
from engine.backtesting.strategy import Strategy
from engine.errors import UsageError
from engine.performance.figures import curve
from engine.searching.rule import Rule, fits, kernel_of
from engine.searching.space import Space, rows_of
from engine.searching.task import WHOLE, Span, Task
from engine.trading import SHIPPED
from engine.trading.loading import load_strategy
from kernels_pure.equity import (
    calmar,
    growth_rate,
    max_drawdown,
    profit_factor,
    sharpe,
    sortino,
    win_rate,
)
from kernels_pure.score import N_SCORES

if TYPE_CHECKING:
    from engine.backend import Backend

# In the order of ``kernels_pure.score``.
SCORES = (
    "return", "cagr", "sharpe", "sortino", "calmar", "drawdown", "trades", "win_rate",
    "profit_factor", "orders",
)  # fmt: skip
# In place of a backend: `on_bar` is called for every bar, whatever kernel there is.
BY_BAR = "bars"
_NOTHING = array("d", [nan]) * N_SCORES
_SHIPPED = {module for module, _ in SHIPPED.values()}


class _Pure:
    """The kernels as they are written; one that walks targets asks for no others."""

    def load(self, name: str) -> ModuleType:
        return import_module(f"kernels_pure.{name}")


_PURE = _Pure()


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of trials row by row, and what the first that failed said, if one did."""

    values: array[float]
    error: str = ""


class Scorer:
    """Scores the trials of a task in this process, by the kernels of a backend or `BY_BAR`.

    Raises
    ------
    EngineError
        If the strategy cannot be loaded, or its kernel does not fit it.
    """

    def __init__(self, task: Task, backend: str = "pure") -> None:
        self._task = task
        self._strategy = load_strategy(task.strategy)
        self.space: Space = task.space()
        # Its targets come from its kernel; with plain terms, its scores too.
        self._rehearsed = backend != BY_BAR and kernel_of(self._strategy) is not None
        self.has_kernel = self._rehearsed and all(fits(data, task.terms) for data in task.tests)
        self._backend = backend
        self._rules: dict[int, list[Rule]] = {}

    def scores(self, span: int, columns: Sequence[array[float]]) -> Scores:
        """Return the scores of trials, a column per axis, over span number `span`."""
        values: array[float] = array("d")
        error = ""
        rules = self._rules_over(span) if self.has_kernel else []
        with redirect_stdout(sys.stderr):  # what a strategy prints is none of the answer
            for row in rows_of(columns):
                try:
                    values.extend(self._score(self.space.values(row), span, rules))
                except Exception as problem:  # a strategy may raise anything
                    values.extend(_NOTHING)
                    error = error or self._complaint(problem, row)
        return Scores(values, error)

    def equities(self, span: int, columns: Sequence[array[float]], points: int) -> Scores:
        """Return for each trial `points` values of its accounts' mean growth, evenly spaced.

        A trial that fails has nan.
        """
        values: array[float] = array("d")
        error = ""
        for row in rows_of(columns):
            try:
                results = self.results(self.space.values(row), self._task.spans[span])
                values.extend(growth_at(results, points))
            except Exception as problem:
                values.extend([nan] * points)
                error = error or self._complaint(problem, row)
        return Scores(values, error)

    def results(self, values: Mapping[str, Value], span: Span) -> list[Result]:
        """Return the whole results of one trial, one for each test."""
        with redirect_stdout(sys.stderr):
            return [self._result(values, data, span) for data in self._task.tests]

    def check_kernel(self) -> None:
        """Hold the kernel of a strategy that did not come with the program to its `on_bar`.

        The defaults are run both ways over the first test.

        Raises
        ------
        UsageError
            If they differ.
        """
        if not self._rehearsed or self._strategy.__module__ in _SHIPPED:
            return
        data, name = self._task.tests[0], self._strategy.__name__
        by_kernel = self._result(self.space.fixed, data, WHOLE)
        self._rehearsed = False
        if self._result(self.space.fixed, data, WHOLE).equity != by_kernel.equity:
            raise UsageError(
                f"the kernel of {name} does not do what its on_bar does: take it away, or mend it"
            )
        self._rehearsed = True

    def _score(
        self, values: Mapping[str, Value], span: int, rules: Sequence[Rule]
    ) -> Sequence[float]:
        task = self._task
        found: list[Sequence[float]] = []
        for place, data in enumerate(task.tests):
            score = rules[place].score(values) if rules else None
            if score is None:
                score = score_of(self._result(values, data, task.spans[span]), task.per_year)
            if len(task.tests) == 1:
                return score
            found.append(score[:])
        return mean_score(found)

    def _result(self, values: Mapping[str, Value], data: Data, span: Span) -> Result:
        strategy: Strategy = build(self._strategy, values)
        terms, start_ns, end_ns = self._task.terms, span.start_ns, span.end_ns
        if self._rehearsed:
            return run_kernel(
                strategy, data, terms, cast("Backend", _PURE), start_ns=start_ns, end_ns=end_ns
            )
        return run(strategy, data, terms, seed=self._task.seed, start_ns=start_ns, end_ns=end_ns)

    def _rules_over(self, span: int) -> list[Rule]:
        task = self._task
        if span not in self._rules:
            # One span at a time: a walk forward goes through them in order.
            self._rules = {
                span: [
                    Rule(self._strategy, task.terms, task.per_year, self._backend).over(
                        data, task.spans[span]
                    )
                    for data in task.tests
                ]
            }
        return self._rules[span]

    def _complaint(self, error: Exception, row: Sequence[float]) -> str:
        path = file_of(self._strategy)
        told = ", ".join(f"{k}={v}" for k, v in self.space.values(row).items())
        return f"{complaint(error, path, path)} (with {told})"


def score_of(result: Result, per_year: float) -> array[float]:
    """Return the score of one run: the figures of `engine.performance.figures`, in `SCORES`."""
    equity, _ = curve(result)
    growth = growth_rate(equity[0], equity[-1], (len(equity) - 1) / per_year)
    depth = max_drawdown(equity)[0]
    wins, gained, lost = 0, 0.0, 0.0
    for trade in result.trades:
        gain = trade.gain
        wins += gain > 0.0
        gained += max(0.0, gain)
        lost += max(0.0, -gain)
    n_trades = len(result.trades)
    return array(
        "d",
        (
            equity[-1] / equity[0] - 1.0,
            growth,
            sharpe(equity, per_year, 0.0),
            sortino(equity, per_year, 0.0),
            calmar(growth, depth),
            depth,
            n_trades,
            win_rate(wins, n_trades),
            profit_factor(gained, lost),
            result.n_orders,
        ),
    )


def mean_score(scores: Sequence[Sequence[float]]) -> array[float]:
    """Return the mean of each number of several scores; nan where one is not finite."""
    mean: array[float] = array("d")
    for column in zip(*scores, strict=True):
        try:
            total = fsum(column)
        except (ValueError, OverflowError):  # infinities of both signs, or beyond a double
            total = nan
        # A sum is finite where all its numbers are.
        mean.append(total / len(column) if total - total == 0.0 else nan)
    return mean


def growth_at(results: Sequence[Result], points: int) -> array[float]:
    """Return the mean of several accounts' equity over their cash, at evenly spaced rows."""
    n = min(len(result.equity) for result in results)
    found: array[float] = array("d")
    for point in range(points):
        row = (n - 1) * point // max(1, points - 1)
        found.append(
            fsum(result.equity[row] / result.start_cash for result in results) / len(results)
        )
    return found
