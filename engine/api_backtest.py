"""The Python interface of backtests: ``from engine import Strategy, backtest``.

>>> from engine import backtest
>>> done = backtest("ma_crossover", "demo", symbols=["AURA"], parameters={"fast": 5})
>>> done.result.symbols, done.figures.n_returns
(('AURA',), 719)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any

from engine.backtest_batch import bars_per_year
from engine.backtesting.data import Data
from engine.backtesting.result import Result
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.errors import UsageError, load_extra
from engine.nearest import hint
from engine.performance.figures import Figures, figures
from engine.runtime.interpreters import CPYTHON, PYPY
from engine.trading import DEFAULT_COSTS
from engine.trading.frame_bars import frame_data, is_frame
from engine.trading.intervals import interval_of
from engine.trading.loading import load_strategy
from engine.trading.sources import Wanted, open_bars
from engine.trading.trial import Trial, make, only, run_trial

_RUNTIMES = {"pypy": PYPY, "cpython": CPYTHON}


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a backtest came to: the whole result, its figures, and the bars it went over."""

    result: Result
    figures: Figures
    data: Data

    @property
    def trades(self) -> Any:
        """The closed trades as a DataFrame.

        Raises
        ------
        UnavailableError
            If pandas is not installed.
        """
        return _frame(self.result.trades, ("opened_ns", "closed_ns"))

    @property
    def fills(self) -> Any:
        """Every fill as a DataFrame; as `trades`."""
        return _frame(self.result.fills, ("time_ns",))

    @property
    def equity(self) -> Any:
        """The account at each close as a DataFrame by time; as `trades`."""
        pandas = load_extra("pandas", "data", "a DataFrame needs pandas")
        index = pandas.DatetimeIndex(
            pandas.to_datetime(list(self.result.time_ns), unit="ns", utc=True), name="time"
        )
        names = ("equity", "high_equity", "cash", "invested")
        columns = {name: list(getattr(self.result, name)) for name in names}
        return pandas.DataFrame(columns, index=index)

    def tear_sheet(self, path: str | Path, *, n_trials: int = 1) -> None:
        """Write one HTML file about it that loads nothing; `n_trials` is how many were tried.

        Raises
        ------
        NotPermittedError, InputOutputError
            If the file may not or cannot be written.
        """
        from engine.report.tear_sheet import write_tear_sheet

        write_tear_sheet(
            [self.result], [self.figures], Path(path), data=self.data, n_trials=n_trials
        )

    def __str__(self) -> str:
        """Return the figures a person looks at first, one a line."""
        return "\n".join(f"{name:<13} {value}" for name, value in self._lines())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in self._lines()
        )
        return f"<table>{rows}</table>"

    def _lines(self) -> list[tuple[str, str]]:
        found, result = self.figures, self.result
        chosen = " ".join(f"{name}={value}" for name, value in result.parameters.items())
        low, high = _percent(found.total_return, "+"), _percent(found.high_return, "+")
        lines = [
            ("strategy", f"{result.strategy} {chosen}".strip()),
            ("symbols", " ".join(result.symbols)),
            ("return", low if low == high else f"{low} to {high}"),
            ("Sharpe", _number(found.sharpe)),
            ("max drawdown", _percent(found.max_drawdown)),
            ("trades", f"{found.trades.n:,}"),
            ("win rate", _percent(found.trades.win_rate)),
            ("exposure", _percent(found.exposure)),
            ("fees", _number(found.fees)),
        ]
        return [*lines, *(("note", note) for note in (*self.data.notes, *result.notes))]


def backtest(
    strategy: type[Strategy] | str,
    bars: object = "demo",
    *,
    symbols: Sequence[str] = (),
    interval: str = "",
    days: int = 0,
    zone: str = "UTC",
    parameters: Mapping[str, object] | None = None,
    terms: Terms | None = None,
    seed: int = 0,
    runtime: str = "",
    **costs: float,
) -> Backtest:
    """Run a strategy over bars, all symbols in one account, and return what it came to.

    Parameters
    ----------
    strategy
        A class, the name of one that ships, or ``"file.py:Class"``.
    bars
        A DataFrame, a mapping of symbols to DataFrames, or a source such as ``"csv:prices.csv"``,
        ``"lean:Data"``, ``"store"``, ``"demo"``; or a `Data`.
    symbols, interval, days, zone
        Which symbols, bars of which length ("1h"), how many of the last days, the zone of times
        that have none; nothing is what there is.
    parameters
        Values of the strategy's parameters by name.
    terms
        The account and its costs; or single ones of them by name: ``cash=5000, fee_rate=0.001``.
        Fees and slippage that are not given are those of the command line.
    seed
        Of the strategy's chance.
    runtime
        "pypy" or "cpython" runs it in such an interpreter; the class must then be in a file.

    Raises
    ------
    EngineError
        What the command line would print, as an exception.
    """
    kind = load_strategy(strategy) if isinstance(strategy, str) else strategy
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise UsageError(f"strategy: expected a class of Strategy or a name, not {strategy!r}")
    values = dict(parameters or {})
    make(kind, values)
    data = _data(bars, symbols, interval, days, zone)
    chosen = _terms(terms, costs)
    if runtime:
        if runtime not in _RUNTIMES:
            raise UsageError(f"runtime: {hint(runtime, _RUNTIMES)}")
        from engine.backtest_child import run_elsewhere

        result = run_elsewhere(_RUNTIMES[runtime], kind, values, data, chosen, seed)
    else:
        result = run_trial(Trial(kind.__name__, kind, values, data.symbols), data, chosen, seed)
    return Backtest(result, figures(result, bars_per_year(data)), data)


def _data(bars: object, symbols: Sequence[str], interval: str, days: int, zone: str) -> Data:
    if isinstance(symbols, str):
        raise UsageError(f"symbols: expected a list of names, not {symbols!r}")
    if isinstance(bars, str):
        return open_bars(bars, symbols, interval, days, zone=zone)
    if isinstance(bars, Data):
        return only(bars, tuple(symbols)) if symbols else bars
    if is_frame(bars) or isinstance(bars, Mapping):
        length = interval_of(interval) if interval else 0
        return frame_data(bars, Wanted(tuple(symbols), length, days, zone))
    raise UsageError(f"bars: expected a DataFrame or a source such as 'demo', not {bars!r:.60}")


def _terms(terms: Terms | None, costs: Mapping[str, float]) -> Terms:
    if terms is not None and costs:
        raise UsageError("terms: give either `terms` or single ones by name")
    known = [one.name for one in fields(Terms)]
    for name in costs:
        if name not in known:
            raise TypeError(f"backtest() has no argument {name!r}: {hint(name, known)}")
    try:
        return terms or Terms(**{**DEFAULT_COSTS, **costs})  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise UsageError(f"terms: {error}") from None


def _frame(rows: Sequence[Any], times: Sequence[str]) -> Any:
    pandas = load_extra("pandas", "data", "a DataFrame needs pandas")
    names = [one.name for one in fields(rows[0])] if rows else []
    columns = {name: [getattr(row, name) for row in rows] for name in names}
    for name in times:
        if name in columns:
            columns[name] = pandas.to_datetime(columns[name], unit="ns", utc=True)
    found = pandas.DataFrame(columns)
    return found.rename(columns={name: name.removesuffix("_ns") for name in names})


def _percent(value: float, sign: str = "") -> str:
    return f"{value:{sign}.2%}" if isfinite(value) else "-"


def _number(value: float) -> str:
    return f"{value:,.2f}" if isfinite(value) else "-"
