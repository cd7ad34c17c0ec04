"""A strategy object and the kernel of the same rule leave the same account, bit for bit."""

from __future__ import annotations

import math
from array import array
from collections import deque
from dataclasses import astuple
from random import Random
from typing import Any

import pytest

from engine.backend import Backend
from engine.backtesting.data import Data
from engine.backtesting.parameters import build
from engine.backtesting.result import Result
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.errors import UsageError
from engine.market.bars import Bar, Bars
from tests.kernels.naive_bars import COLUMNS, column, random_bars

# Whole-equity shorts of long runs would be called: margin is for other tests.
LENT = {"initial_margin": 1.0, "maintenance_margin": 1.0, "initial_equity": 0.0,
        "maintenance_equity": 0.0}  # fmt: skip
COSTLY = Terms(
    10_000.0, 0.0, 0.001, 0.005, 1.0, slippage_rate=0.0002, slippage_price=0.01, **LENT
)  # fmt: skip
MINUTE = 60


def bars_of(seed: int, n: int) -> Bars:
    columns = random_bars(Random(seed), n)
    stamps = array("l", range(0, MINUTE * n, MINUTE))
    return Bars(stamps, *(columns[name] for name in COLUMNS), column(n))


def data_of(*bars: Bars) -> Data:
    return Data({f"Z{k}": one for k, one in enumerate(bars)}, MINUTE, "drawn")


class MovingAverages(Strategy):
    """Long above the slower mean, short below it, from whole sums of the closes seen."""

    fast, slow = 4, 11

    def start(self) -> None:
        self.closes: deque[float] = deque(maxlen=self.slow)

    def on_bar(self, bar: Bar) -> float:
        self.closes.append(bar.close)
        if len(self.closes) < self.slow:
            return 0.0
        closes = list(self.closes)
        quick = math.fsum(closes[-self.fast :]) * self.slow
        calm = math.fsum(closes) * self.fast
        return 1.0 if quick > calm else -1.0 if quick < calm else 0.0


class Scripted(Strategy):
    """Returns given targets and keeps the bars it was shown."""

    targets = array("d")

    def start(self) -> None:
        self.next = iter(self.targets)
        self.seen: list[Bar] = []

    def on_bar(self, bar: Bar) -> float:
        self.seen.append(bar)
        return next(self.next)


def scripted(targets: array[float]) -> Scripted:
    strategy = build(Scripted)
    strategy.targets = targets
    return strategy


def by_kernel(backend: Backend, bars: Bars, target: array[float], terms: Terms) -> tuple[Any, ...]:
    n = len(bars)
    cash, position, equity = column(n), column(n), column(n)
    _, orders, trips, wins, *_ = backend.load("bars").backtest(
        bars.open, bars.close, target, terms.column(), cash, position, equity
    )
    return cash, equity, orders, trips, wins


def told(result: Result) -> tuple[Any, ...]:
    wins = len([trade for trade in result.trades if trade.gain > 0.0])
    return result.cash, result.equity, result.n_orders, len(result.trades), wins


@pytest.mark.parametrize("terms", [Terms(10_000.0, 5.0), COSTLY], ids=["units", "costly"])
@pytest.mark.parametrize("seed", range(4))
def test_object_and_kernel_agree_on_moving_averages(
    backend: Backend, seed: int, terms: Terms
) -> None:
    bars, target = bars_of(seed, 400), column(400)
    backend.load("rules").ma_cross_targets(bars.close, 4, 11, -1.0, target)
    found = run(MovingAverages(), data_of(bars), terms)
    assert told(found) == by_kernel(backend, bars, target, terms)
    assert len(found.trades) > 10
    assert found.notes == ()


@pytest.mark.parametrize("seed", range(6))
def test_object_and_kernel_agree_on_any_targets(backend: Backend, seed: int) -> None:
    draw = Random(seed)
    bars = bars_of(seed, 300)
    for row in range(0, 300, 11):
        bars.open[row] = draw.choice((math.nan, 0.0, math.inf, -1.0))
    choices = (1.0, 1.0, -1.0, 0.0, 0.5, math.nan)
    target = array("d", [draw.choice(choices) for _ in range(300)])
    strategy = scripted(target)
    found = run(strategy, data_of(bars), COSTLY)
    assert told(found) == by_kernel(backend, bars, target, COSTLY)
    assert len(strategy.seen) == 300


def test_a_strategy_sees_each_bar_once_in_order() -> None:
    bars, strategy = bars_of(1, 20), scripted(array("d", [0.0] * 20))
    run(strategy, data_of(bars), Terms(1.0))
    columns = (bars.time_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
    assert [astuple(bar) for bar in strategy.seen] == [
        (*row, "Z0") for row in zip(*columns, strict=True)
    ]


def test_bars_out_of_order_or_uneven_are_refused() -> None:
    bars = bars_of(1, 3)
    with pytest.raises(ValueError, match="bar 2 is not later"):
        Bars(array("l", [1, 2, 2]), bars.open, bars.high, bars.low, bars.close, bars.volume)
    with pytest.raises(ValueError, match=r"differ in length: \[2, 3\]"):
        Bars(array("l", [1, 2]), bars.open, bars.high, bars.low, bars.close, bars.volume)


def test_a_run_without_symbols_is_refused() -> None:
    with pytest.raises(UsageError, match="no bars in drawn"):
        run(MovingAverages(), data_of(), Terms())


@pytest.mark.parametrize(
    "numbers", [(0.0,), (math.nan,), (math.inf,), (1.0, -1.0), (1.0, math.nan)]
)
def test_terms_that_make_no_sense_are_refused(numbers: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must"):
        Terms(*numbers)


@pytest.mark.parametrize(
    "named",
    [{"slippage_rate": 1.0}, {"participation": 1.5}, {"initial_margin": 1.2},
     {"maintenance_margin": 0.9}, {"initial_equity": 1.1}, {"maintenance_equity": 1.0,
      "initial_equity": 0.5}, {"lots": {"Z0": -1.0}}],
)  # fmt: skip
def test_terms_that_contradict_themselves_are_refused(named: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|below"):
        Terms(**named)
