"""What `backtest check` checks: a strategy by name or file, or a function of bars in a file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from engine.backtesting.data import Data
from engine.backtesting.faults import file_of
from engine.backtesting.parameters import build
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.checking.check import Source
from engine.checking.subject import (
    BARS,
    DATA,
    FRAME,
    FunctionSubject,
    Host,
    StrategySubject,
    Subject,
)
from engine.errors import UsageError, load_extra
from engine.market.bars import Bars
from engine.trading.loading import load_rule

FORMS = (BARS, DATA, FRAME)


def open_subject(
    text: str, values: Mapping[str, object], takes: str, warm_up: int | None, terms: Terms
) -> Subject:
    """Return what `text` names, ready to be run.

    Raises
    ------
    EngineError
        If there is no such thing, or it has no such parameters.
    """
    rule = load_rule(text)
    declared = warm_up if warm_up is not None else _declared(rule)
    if isinstance(rule, type):
        build(rule, values)  # an unknown parameter is told now
        make = partial(build, rule, values)
        return StrategySubject(rule.__name__, make, host_of(terms), declared)
    if values:
        raise UsageError(f"{text} is a function: it has no parameters to set")
    make_frame = frame_of if takes == FRAME else None
    if takes == FRAME:
        _pandas()
    return FunctionSubject(rule.__name__, rule, takes, make_frame, declared)


def source_of(text: str) -> Source | None:
    """Return the source of what `text` names, or None where it has no file."""
    rule = load_rule(text)
    file = file_of(rule)
    if not file:
        return None
    return Source(Path(file).read_text(encoding="utf-8"), rule.__name__, Path(file).name)


def host_of(terms: Terms) -> Host:
    """Return what runs a strategy as `parity backtest` does."""

    def host(strategy: Strategy, data: Data) -> object:
        return run(strategy, data, terms)

    return host


def _declared(rule: object) -> int | None:
    found = getattr(rule, "warm_up", None)
    return found if type(found) is int else None


def _pandas() -> Any:
    return load_extra("pandas", "data", "a function that takes a DataFrame")


def frame_of(bars: Bars) -> Any:
    """Return bars as a DataFrame with a UTC index of closing times."""
    pandas = _pandas()
    names = ("open", "high", "low", "close", "volume")
    columns = {name: list(getattr(bars, name)) for name in names}
    index = pandas.to_datetime(list(bars.time_ns), utc=True, unit="ns")
    return pandas.DataFrame(columns, index=index)
