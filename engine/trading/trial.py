"""One backtest of many: which strategy, with which parameters, over which symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.backtesting.data import Data
from engine.backtesting.faults import fault
from engine.backtesting.parameters import build
from engine.backtesting.result import Result
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.errors import BadDataError, EngineError
from engine.trading import SHIPPED

if TYPE_CHECKING:
    from engine.backend import Backend

Values = Mapping[str, object]
_SHIPPED = {module for module, _ in SHIPPED.values()}


@dataclass(frozen=True, slots=True)
class Trial:
    """A strategy as it is called, its class, what its parameters are set to, its symbols."""

    strategy: str
    kind: type[Strategy]
    values: Values
    symbols: tuple[str, ...]


def trials(
    kinds: Mapping[str, type[Strategy]],
    sets: Mapping[str, Sequence[Values]],
    symbols: Sequence[str],
    *,
    together: bool = False,
) -> Iterator[Trial]:
    """Yield the trials of every strategy, symbol and set of parameters, in this order.

    Each symbol has an account of its own, or with `together` all of them have one.
    """
    groups = [tuple(symbols)] if together else [(symbol,) for symbol in symbols]
    for name, kind in kinds.items():
        for group in groups:
            for values in sets[name]:
                yield Trial(name, kind, values, group)


def only(data: Data, symbols: Sequence[str]) -> Data:
    """Return the bars and events of some symbols."""
    if tuple(symbols) == data.symbols:
        return data
    return replace(
        data,
        bars={symbol: data.bars[symbol] for symbol in symbols},
        actions=tuple(one for one in data.actions if one.symbol in symbols),
    )


def make(kind: type[Strategy], values: Values) -> Strategy:
    """Return a strategy with its parameters.

    Raises
    ------
    UsageError
        If a parameter is unknown, or a value is not one of its own.
    BadDataError
        If the class cannot be made: its line, and what is wrong.
    """
    try:
        return build(kind, values)
    except EngineError:
        raise
    except Exception as error:
        found = fault(kind, error, is_hook=False)
        raise found or BadDataError(f"{kind.__name__}: {error}") from error


def run_trial(
    trial: Trial, data: Data, terms: Terms, seed: int = 0, backend: Backend | None = None
) -> Result:
    """Return what a trial came to.

    With a `backend` a strategy that ships runs by the kernel of its rule, which the tests hold
    equal to it; what users write runs bar by bar.

    Raises
    ------
    BadDataError
        If the strategy, which is somebody's program, raised something: its line, and what.
    """
    bars = only(data, trial.symbols)
    made = make(trial.kind, trial.values)
    if backend is not None and trial.kind.__module__ in _SHIPPED:
        from engine.backtesting.run_kernel import run_kernel

        return run_kernel(made, bars, terms, backend)
    try:
        return run(made, bars, terms, seed=seed)
    except Exception as error:
        found = fault(trial.kind, error)
        if found is None or found is error:
            raise
        raise found from error
