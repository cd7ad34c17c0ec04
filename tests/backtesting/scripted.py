"""Bars written out, and a strategy that does at each bar what a test says."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from typing import Any

from engine.backtesting.data import Data, Dividend, Split
from engine.backtesting.orders import Fill, Order
from engine.backtesting.result import Result
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.market.bars import Bar, Bars

Row = tuple[float, ...]
Step = Callable[[Strategy], object]
HOUR = 3_600_000_000_000
# One that fills nothing and hits nothing near 10: for the bar on which orders are sent.
QUIET = (10.0, 10.0, 10.0, 10.0)
RICH = Terms(cash=10_000.0, units=10.0)


def bars(*rows: Row, first_ns: int = HOUR) -> Bars:
    """Return bars of an hour: open, high, low, close and, where it counts, volume."""
    columns = [array("d") for _ in range(5)]
    for row in rows:
        for column, value in zip(columns, (*row, 1_000.0)[:5], strict=True):
            column.append(value)
    stamps = array("l", range(first_ns, first_ns + HOUR * len(rows), HOUR))
    return Bars(stamps, *columns)


def data(*rows: Row, actions: tuple[Split | Dividend, ...] = ()) -> Data:
    return Data({"ONE": bars(*rows)}, HOUR, "written out", actions)


class Script(Strategy):
    """Does `steps[row]` after the bar of that row, counted over all symbols; keeps what it saw."""

    steps: Mapping[int, Step] = {}

    def start(self) -> None:
        self.row = 0
        self.sent: list[Any] = []
        self.filled: list[tuple[int, Fill]] = []

    def on_bar(self, bar: Bar) -> None:
        step = self.steps.get(self.row)
        self.row += 1
        if step:
            self.sent.append(step(self))

    def on_fill(self, fill: Fill) -> None:
        self.filled.append((self.row, fill))


def play(
    steps: Mapping[int, Step] | Step,
    *rows: Row,
    terms: Terms = RICH,
    actions: tuple[Split | Dividend, ...] = (),
    is_optimistic: bool = False,
) -> Result:
    """Return the run of a script over these bars of one symbol; a step alone is for the first."""
    strategy = Script()
    strategy.steps = {0: steps} if callable(steps) else steps
    return run(strategy, data(*rows, actions=actions), terms, is_optimistic=is_optimistic)


def told(result: Result) -> list[tuple[int, float, float, str]]:
    """Return bar, units, price and reason of each fill; the bar of a stamp of `bars`."""
    return [(one.time_ns // HOUR - 1, one.units, one.price, one.reason) for one in result.fills]


def send(units: float, **named: Any) -> Callable[[Strategy], Order]:
    """Return a step that buys, or sells where units are below 0."""

    def step(strategy: Strategy) -> Order:
        if units > 0.0:
            return strategy.buy(units, **named)
        return strategy.sell(-units, **named)

    return step
