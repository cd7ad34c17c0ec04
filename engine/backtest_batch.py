"""Many backtests, one after another or in processes: the same answers in the same order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, cast

from engine.backtesting.data import Data
from engine.backtesting.result import Result
from engine.backtesting.terms import Terms
from engine.clock import NS_PER_DAY
from engine.errors import BadDataError, EngineError, error_of
from engine.performance.figures import Figures, figures
from engine.trading.trial import Trial, run_trial

if TYPE_CHECKING:
    from types import ModuleType

    from engine.backend import Backend

# Bars from which it pays to load what compiles.
_LONG = 3_000_000
# The calendar of a market that never closes, and the days of its year.
ALWAYS, DAYS = "crypto", 365.0
# Of a process at a time: what it costs to send them is small beside running them.
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial came to; `result` is kept where it is asked for."""

    trial: Trial
    figures: Figures
    notes: tuple[str, ...]
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a process sends back of one trial: figures, or what went wrong."""

    figures: Figures | None
    notes: tuple[str, ...]
    result: Result | None
    error: str
    code: int


def bars_per_year(data: Data) -> float:
    """Return the number of bars that a year of `data` has, for figures per year."""
    if data.calendar == ALWAYS and NS_PER_DAY % data.interval_ns == 0:
        return DAYS * (NS_PER_DAY // data.interval_ns)  # without reading what clocks are set by
    from engine.market.calendar import calendar_named
    from engine.performance.years import periods_per_year

    return periods_per_year(data.interval_ns, calendar_named(data.calendar or ALWAYS))


class PureKernels:
    """The kernels as they are written, loaded one module at a time: small runs start sooner."""

    def load(self, name: str) -> ModuleType:
        """Return a module of kernels."""
        return import_module(f"kernels_pure.{name}")


def kernels_for(n_bars: int) -> Backend:
    """Return the kernels for a run of so many bars in all: compiled ones where it is long."""
    if n_bars < _LONG or sys.implementation.name == "pypy":
        return cast("Backend", PureKernels())
    from engine.backend import select

    return select()


def run_trials(
    trials: Sequence[Trial],
    data: Data,
    terms: Terms,
    *,
    jobs: int = 1,
    seed: int = 0,
    keep: bool = False,
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Outcome]:
    """Yield the outcome of each trial, in their order, whatever the number of `jobs`.

    `keep` keeps the whole result of each. `on_done` hears how many of how many are done.

    Raises
    ------
    EngineError
        The first one of a trial.
    """
    per_year = bars_per_year(data)
    most = max((len(bars) for bars in data.bars.values()), default=0)
    backend = kernels_for(most * len(trials))
    n_jobs = min(jobs, -(-len(trials) // _BATCH))
    if n_jobs > 1:
        yield from _in_processes(
            trials, data, terms, per_year, backend, n_jobs, seed, keep, on_done
        )
        return
    for done, trial in enumerate(trials, 1):
        result = run_trial(trial, data, terms, seed, backend)
        yield Outcome(trial, figures(result, per_year), result.notes, result if keep else None)
        on_done(done, len(trials))


def _in_processes(
    trials: Sequence[Trial],
    data: Data,
    terms: Terms,
    per_year: float,
    backend: Backend,
    jobs: int,
    seed: int,
    keep: bool,
    on_done: Callable[[int, int], None],
) -> Iterator[Outcome]:
    # Imported when needed: what runs in one process pays for none of this.
    import json

    from engine.codec import decode, encode
    from engine.scanner import jobs as processes

    def answer(trial: Trial) -> _Answer:
        try:
            result = run_trial(trial, data, terms, seed, backend)
        except EngineError as error:
            return _Answer(None, (), None, str(error), error.code)
        kept = result if keep else None
        return _Answer(figures(result, per_year), result.notes, kept, "", 0)

    def work(item: int) -> bytes:
        batch = trials[item * _BATCH : (item + 1) * _BATCH]
        try:
            answers = [answer(trial) for trial in batch]
        except Exception as error:  # a worker must answer; this process raises it as the bug it is
            answers = [_Answer(None, (), None, f"bug: {type(error).__name__}: {error}", 0)]
        return json.dumps(encode(answers, packed=True), allow_nan=False).encode()

    n_items = -(-len(trials) // _BATCH)

    def told(items: int) -> None:
        on_done(min(items * _BATCH, len(trials)), len(trials))

    done = 0
    for raw in processes.stream(work, n_items, jobs, told):
        if isinstance(raw, processes.Lost):
            raise BadDataError(f"a process died at {trials[done].strategy}: {raw.reason}")
        for one in decode(tuple[_Answer, ...], json.loads(raw)):
            if one.figures is None:
                if not one.code:
                    raise RuntimeError(one.error)
                raise error_of(one.error, one.code)
            result = None if one.result is None else with_one_equity(one.result)
            yield Outcome(trials[done], one.figures, one.notes, result)
            done += 1


def with_one_equity(result: Result) -> Result:
    """Return a result that was sent with one column again where nothing was ambiguous."""
    if result.high_equity != result.equity:
        return result
    return replace(result, high_equity=result.equity)
