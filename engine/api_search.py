"""The Python interface of searches: ``from engine import search``.

>>> from engine import search
>>> done = search("momentum", "demo", symbols=["AURA"], trials=20, only=["lag"])
>>> done.found.board.n_tried, sorted(done.best)
(20, ['lag', 'short', 'threshold'])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from typing import Any

from engine.api_backtest import _data, _terms
from engine.backtest_batch import bars_per_year
from engine.backtesting.faults import file_of
from engine.backtesting.parameters import Value
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.errors import UsageError, load_extra
from engine.report.search_document import TrialColumns
from engine.report.search_table import lines
from engine.searching.choice import choose, opened
from engine.searching.hosts import Host
from engine.searching.outcome import DEFAULT_TRIALS, Asked, Found, find, mapped_axes, proposals_of
from engine.searching.scoring import Scorer
from engine.searching.space import space_of
from engine.searching.task import Task
from engine.searching.validity import Validity
from engine.searching.walk import Walk, lengths_of, stretches
from engine.trading import SHIPPED
from engine.trading.loading import load_strategy
from engine.trading.trial import only as only_symbols


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: `best` are the parameters of its best trial, {} where there is none."""

    found: Found
    _trials: TrialColumns

    @property
    def best(self) -> dict[str, Value]:
        """The parameters of the best trial."""
        top = self.found.top
        return self.found.space.values(top[0].row) if top else {}

    @property
    def validity(self) -> Validity | None:
        """What the best is worth beside how many were tried."""
        return self.found.validity

    @property
    def walk(self) -> Walk | None:
        """The walk forward, None where none was asked for."""
        return self.found.walk

    @property
    def trials(self) -> Any:
        """Every trial as a DataFrame: its parameters and its scores.

        Raises
        ------
        UnavailableError
            If pandas is not installed.
        """
        pandas = load_extra("pandas", "data", "a DataFrame needs pandas")
        told = self._trials.document()
        found = pandas.DataFrame({**told["parameters"], **told["scores"]})
        found.index.name = "trial"
        return found

    def __str__(self) -> str:
        """Return what the command line prints."""
        return "\n".join(lines(self.found))

    def _repr_html_(self) -> str:
        from engine.report.search_page import map_svg, map_title

        one = self.found.map
        picture = f"<p>{escape(map_title(one))}</p>{map_svg(one)}" if one is not None else ""
        return f"<pre>{escape(str(self))}</pre>{picture}"


def search(
    strategy: type[Strategy] | str,
    bars: object = "demo",
    *,
    how: str = "random",
    trials: int = 0,
    metric: str | Sequence[str] = "sharpe",
    walk_forward: str = "",
    anchored: bool = False,
    parameters: Mapping[str, object] | None = None,
    only: Sequence[str] = (),
    together: bool = False,
    symbols: Sequence[str] = (),
    interval: str = "",
    days: int = 0,
    zone: str = "UTC",
    terms: Terms | None = None,
    seed: int = 0,
    jobs: int = 1,
    workers: str = "auto",
    cluster: str = "",
    study: str = "",
    resume: bool = False,
    **costs: float,
) -> Search:
    """Search the parameters of a strategy, and return what was found.

    Parameters
    ----------
    strategy, bars, symbols, interval, days, zone, terms, costs
        As `backtest` takes them; a class must be in a file, which workers can read.
    how, trials, metric
        "grid", "random", "tpe" or "nsga2"; how many trials, 0 for 200 or the whole grid; one of the
        metrics of the command line, or several for "nsga2".
    walk_forward, anchored
        Two lengths such as "6m/1m".
    parameters, only
        Values that are held; names of the parameters that are searched, nothing is all.
    together
        One account for all symbols, in place of one for each.
    jobs, workers, cluster
        Processes; "cpython", "pypy" or "numba"; the address of a Dask scheduler, or "local".
    study, resume
        The journal of Optuna, and whether it goes on.

    Raises
    ------
    EngineError
        What the command line would print, as an exception.
    """
    kind = load_strategy(strategy) if isinstance(strategy, str) else strategy
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise UsageError(f"strategy: expected a class of Strategy or a name, not {strategy!r}")
    data = _data(bars, symbols, interval, days, zone)
    space = space_of(kind, dict(parameters or {}), tuple(only))
    asked = Asked(
        method=how,
        n_trials=trials,
        metrics=(metric,) if isinstance(metric, str) else tuple(metric),
        journal=study,
        is_resumed=resume,
    )
    task = Task(
        strategy=_named(kind),
        names=tuple(axis.name for axis in space.axes),
        fixed=dict(space.fixed),
        tests=(data,) if together else tuple(only_symbols(data, (one,)) for one in data.symbols),
        terms=_terms(terms, costs),
        per_year=bars_per_year(data),
        seed=seed,
    )
    mapped_axes(space, None)
    steps = []
    if walk_forward:
        train_ns, test_ns = lengths_of(walk_forward)
        steps = stretches(task, train_ns, test_ns, is_anchored=anchored)
    count = trials or DEFAULT_TRIALS
    if how in ("grid", "random"):
        count = proposals_of(asked, space, seed).n_trials

    def started(whole: Task) -> AbstractContextManager[Host]:
        if cluster:
            from engine.searching.cluster import opened_on

            return opened_on(cluster, whole, jobs)
        work = whole.n_bars * count * len(whole.spans)
        has_kernel = Scorer(whole).has_kernel
        return opened(choose(workers, work, jobs, has_kernel=has_kernel), whole)

    every = TrialColumns(space)
    return Search(find(task, asked, started, steps=steps, sinks=[every]), every)


def _named(kind: type[Strategy]) -> str:
    """Return the name by which workers load a class.

    Raises
    ------
    UsageError
        If it is in no file that they could read.
    """
    for name, (module, class_name) in SHIPPED.items():
        if (kind.__module__, kind.__name__) == (module, class_name):
            return name
    path = file_of(kind)
    if not path.endswith(".py") or kind.__module__ == "__main__" or "." in kind.__qualname__:
        raise UsageError(
            f"strategy: workers cannot load {kind.__qualname__}: write it to a file of its own, "
            f'and search "file.py:{kind.__name__}"'
        )
    return f"{path}:{kind.__name__}"
