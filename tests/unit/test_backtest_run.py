"""A strategy object and the kernel of the same rule leave the same account, bit for bit."""

from __future__ import annotations

import math
from array import array
from collections import deque
from dataclasses import astuple
from random import Random

import pytest

from engine.backend import Backend
from engine.backtesting.run import Account, Result, run
from engine.market.bars import Bar, Bars
from tests.kernels.naive_bars import COLUMNS, column, random_bars

COSTLY = Account(10_000.0, 0.0, 0.001, 0.005, 1.0, 0.0002, 0.01)


def bars_of(seed: int, n: int) -> Bars:
    columns = random_bars(Random(seed), n)
    stamps = array("l", range(0, 60 * n, 60))
    return Bars(stamps, *(columns[name] for name in COLUMNS), column(n))


class MovingAverages:
    """Long above the slower mean, short below it, from whole sums of the closes seen."""

    def __init__(self, fast: int, slow: int) -> None:
        self.fast = fast
        self.closes: deque[float] = deque(maxlen=slow)

    def on_bar(self, bar: Bar) -> float:
        self.closes.append(bar.close)
        slow = self.closes.maxlen or 0
        if len(self.closes) < slow:
            return 0.0
        closes = list(self.closes)
        quick, calm = sum(closes[-self.fast :]) * slow, sum(closes) * self.fast
        return 1.0 if quick > calm else -1.0 if quick < calm else 0.0


class Scripted:
    """Returns given targets and keeps the bars it was shown."""

    def __init__(self, targets: array[float]) -> None:
        self.targets = iter(targets)
        self.seen: list[Bar] = []

    def on_bar(self, bar: Bar) -> float:
        self.seen.append(bar)
        return next(self.targets)


def by_kernel(backend: Backend, bars: Bars, target: array[float], account: Account) -> Result:
    n = len(bars)
    cash, position, equity = column(n), column(n), column(n)
    _, *counts = backend.load("bars").backtest(
        bars.open, bars.close, target, account.column(), cash, position, equity
    )
    return Result(cash, position, equity, *counts)


@pytest.mark.parametrize("account", [Account(10_000.0, 5.0), COSTLY])
@pytest.mark.parametrize("seed", range(4))
def test_object_and_kernel_agree_on_moving_averages(
    backend: Backend, seed: int, account: Account
) -> None:
    bars, target = bars_of(seed, 400), column(400)
    backend.load("rules").ma_cross_targets(bars.close, 4, 11, -1.0, target)
    found = run(bars, MovingAverages(4, 11), account)
    assert found == by_kernel(backend, bars, target, account)
    assert found.trips > 10


@pytest.mark.parametrize("seed", range(6))
def test_object_and_kernel_agree_on_any_targets(backend: Backend, seed: int) -> None:
    draw = Random(seed)
    bars = bars_of(seed, 300)
    for row in range(0, 300, 11):
        bars.open[row] = draw.choice((math.nan, 0.0, math.inf, -1.0))
    choices = (1.0, 1.0, -1.0, 0.0, 0.5, math.nan)
    target = array("d", [draw.choice(choices) for _ in range(300)])
    strategy = Scripted(target)
    assert run(bars, strategy, COSTLY) == by_kernel(backend, bars, target, COSTLY)
    assert len(strategy.seen) == 300


def test_a_strategy_sees_each_bar_once_in_order() -> None:
    bars, strategy = bars_of(1, 20), Scripted(array("d", [0.0] * 20))
    run(bars, strategy, Account(1.0))
    columns = (bars.time_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
    assert [astuple(bar)[:-1] for bar in strategy.seen] == list(zip(*columns, strict=True))


def test_bars_out_of_order_or_uneven_are_refused() -> None:
    bars = bars_of(1, 3)
    with pytest.raises(ValueError, match="bar 2 is not later"):
        Bars(array("l", [1, 2, 2]), bars.open, bars.high, bars.low, bars.close, bars.volume)
    with pytest.raises(ValueError, match=r"differ in length: \[2, 3\]"):
        Bars(array("l", [1, 2]), bars.open, bars.high, bars.low, bars.close, bars.volume)


@pytest.mark.parametrize(
    "numbers", [(0.0,), (math.nan,), (math.inf,), (1.0, -1.0), (1.0, math.nan)]
)
def test_an_account_that_makes_no_sense_is_refused(numbers: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must"):
        Account(*numbers)
