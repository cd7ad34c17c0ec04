"""A strategy's kernel in a search: the targets of all bars at once, and their score.

`engine.backtesting.kernel` says how a class names one. It stands for `on_bar` where targets alone
decide what the account becomes: one symbol, no lots, no cap on volume, no fee for borrowing, no
events of shares, and margin that is kept.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from engine.backtesting.data import Data
from engine.backtesting.kernel import COLUMNS, WORK, Kernel
from engine.backtesting.parameters import Value, parameters
from engine.backtesting.terms import Terms
from engine.searching.task import Span
from kernels_pure.score import KEEP_LONG, KEEP_SHORT, N_FLOORS, N_SCORES, OPEN_LONG, OPEN_SHORT

Floats = Any  # a column, as the backend takes it: array.array, or NumPy's over the same bytes


class Rule:
    """The kernel of a strategy over the bars of one test, with the terms of its account."""

    def __init__(self, strategy: type, terms: Terms, per_year: float, backend: str) -> None:
        kernel = kernel_of(strategy)
        assert kernel is not None
        self._strategy = strategy
        self._arguments = tuple(kernel.arguments)
        self._view = _viewed if backend == "numba" else _plain
        self._kernel = getattr(import_module(f"kernels_{backend}.rules"), kernel.name)
        self._score = import_module(f"kernels_{backend}.score").score_targets
        self._terms = self._view(terms.column()), self._view(floors_of(terms))
        self._per_year = per_year
        self._names = frozenset(parameters(strategy))
        # What the kernel and the score are called with, and where the former has parameters.
        self._given: list[Floats] = []
        self._slots: list[tuple[int, str]] = []
        self._account: tuple[Floats, ...] = ()
        self._out = array("d", bytes(8 * N_SCORES))
        self._out_view = self._view(self._out)

    def over(self, data: Data, span: Span) -> Rule:
        """Take the bars of a test within a stretch of time, and return this rule."""
        (bars,) = data.bars.values()
        first, end = rows_of(bars.time_ns, span)
        named = {name: getattr(bars, name)[first:end] for name in COLUMNS}
        columns = {name: self._view(one) for name, one in named.items()}
        zeros = array("d", bytes(8 * (end - first)))
        target = self._view(zeros)
        self._given, self._slots = [], []
        for place, name in enumerate(self._arguments):
            if name in columns:
                self._given.append(columns[name])
            elif name.startswith(WORK):
                # Scratch holds a window; one that is longer than the bars is never full.
                self._given.append(self._view(zeros + array("d", [0.0])))
            else:
                self._given.append(getattr(self._strategy, name))
                if name in self._names:
                    self._slots.append((place, name))
        self._given.append(target)
        self._account = (columns["open"], columns["close"], target, *self._terms)
        return self

    def score(self, values: Mapping[str, Value]) -> array[float] | None:
        """Return the score of one trial, None where the account would have met its margin.

        The column is used again by the next call.
        """
        given = self._given
        for place, name in self._slots:
            given[place] = values[name]
        self._kernel(*given)
        is_kept = self._score(*self._account, self._per_year, self._out_view)
        return self._out if is_kept else None


def kernel_of(strategy: type) -> Kernel | None:
    """Return the kernel that a class names, None where it has none."""
    kernel = getattr(strategy, "kernel", None)
    return kernel if isinstance(kernel, Kernel) else None


def fits(data: Data, terms: Terms) -> bool:
    """Tell whether targets alone decide what the account becomes, but for its margin."""
    return (
        len(data.bars) == 1
        and not data.actions
        and terms.fees is None
        and not (terms.participation or terms.lot or terms.tick or terms.lots or terms.ticks)
        and (not terms.borrow_rate)
        and terms.can_short
    )


def floors_of(terms: Terms) -> array[float]:
    """Return the `floors` column of ``kernels_pure.score``."""
    floors = array("d", bytes(8 * N_FLOORS))
    floors[OPEN_SHORT] = terms.initial_margin - 1.0
    floors[KEEP_SHORT] = terms.maintenance_margin - 1.0
    floors[OPEN_LONG] = terms.initial_equity
    floors[KEEP_LONG] = terms.maintenance_equity
    return floors


def rows_of(time_ns: array[int], span: Span) -> tuple[int, int]:
    """Return the first row of a span and the first after it."""
    first = 0 if span.start_ns is None else bisect_left(time_ns, span.start_ns)
    end = len(time_ns) if span.end_ns is None else bisect_left(time_ns, span.end_ns)
    return first, max(first, end)


def _plain(column: array[float]) -> Floats:
    return column


def _viewed(column: array[float]) -> Floats:
    """Return NumPy's view of a column: Numba takes it with fewer questions."""
    import numpy

    return numpy.frombuffer(column) if column else numpy.empty(0)
