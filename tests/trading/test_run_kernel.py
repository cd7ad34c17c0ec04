"""A run by the kernel of a strategy is the run of its `on_bar`, whatever the terms."""

from __future__ import annotations

from array import array
from dataclasses import replace
from random import Random

import pytest

from engine.backend import Backend
from engine.backtesting.data import Data, Dividend, Split
from engine.backtesting.kernel import Kernel
from engine.backtesting.parameters import build
from engine.backtesting.run import run
from engine.backtesting.run_kernel import run_kernel
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.errors import UsageError
from engine.market.bars import Bar, Bars
from engine.market.fees import FeeSchedule
from engine.trading import SHIPPED
from engine.trading.loading import load_strategy

N = 400
HOUR = 3_600_000_000_000
TERMS = {
    "plain": Terms(),
    "units": Terms(100_000.0, 10.0, fee_rate=0.001),
    "dear": Terms(
        fee_rate=0.001, fee_unit=0.01, fee_order=1.0, slippage_rate=0.001, slippage_price=0.01,
        spread=0.02, borrow_rate=0.1, lot=1.0, tick=0.01, participation=0.1,
    ),
    "long": Terms(can_short=False, fees=FeeSchedule()),
    "too little": Terms(1_000.0, 9.5),
}  # fmt: skip
SETTINGS: dict[str, dict[str, float]] = {
    "momentum": {"lag": 5},
    "mean_reversion": {"window": 20, "entry": 1.5},
    "breakout": {"window": 10},
    "ma_crossover": {"fast": 4, "slow": 11},
    "volatility": {"window": 12, "multiple": 1.0},
}


def walk(seed: int) -> Bars:
    draw, price, columns = Random(seed), 100.0, [array("d") for _ in range(5)]
    for _ in range(N):
        path = [price * (1.0 + draw.gauss(0.0, 0.002))]
        for _ in range(3):
            path.append(path[-1] * (1.0 + draw.gauss(0.0, 0.01)))
        price = path[-1]
        row = (path[0], max(path), min(path), price, 1_000.0 * draw.random())
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    for row in range(7, N, 50):
        columns[0][row] = float("nan")
    return Bars(array("l", range(HOUR, HOUR * (N + 1), HOUR)), *columns)


ACTIONS = (Split("ONE", 100 * HOUR, 2.0), Dividend("TWO", 200 * HOUR, 0.5))
ONE = Data({"ONE": walk(1)}, HOUR, "drawn", ACTIONS)
TWO = Data({"TWO": walk(2), "ONE": walk(1)}, HOUR, "drawn", ACTIONS)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("terms", TERMS.values(), ids=list(TERMS))
def test_the_kernel_of_a_strategy_gives_its_run(backend: Backend, name: str, terms: Terms) -> None:
    for data in (ONE, TWO):
        kind = load_strategy(name)
        expected = run(build(kind, SETTINGS[name]), data, terms)
        found = run_kernel(build(kind, SETTINGS[name]), data, terms, backend)
        assert found == expected
        assert len(found.trades) > 2


def test_part_of_the_bars_is_a_run_of_its_own(backend: Backend) -> None:
    kind, terms = load_strategy("momentum"), Terms()
    span = {"start_ns": 50 * HOUR, "end_ns": 350 * HOUR}
    found = run_kernel(build(kind), TWO, terms, backend, **span)
    assert found == run(build(kind), TWO, terms, **span)
    assert (found.time_ns[0], found.time_ns[-1]) == (50 * HOUR, 349 * HOUR)
    rows = slice(49, 349)
    cut = {
        symbol: Bars(
            bars.time_ns[rows], bars.open[rows], bars.high[rows], bars.low[rows],
            bars.close[rows], bars.volume[rows],
        )
        for symbol, bars in TWO.bars.items()
    }  # fmt: skip
    assert found == run_kernel(build(kind), replace(TWO, bars=cut), terms, backend)


def test_a_strategy_without_a_kernel_is_told_so(backend: Backend) -> None:
    class Plain(Strategy):
        def on_bar(self, bar: Bar) -> None:
            del bar

    with pytest.raises(UsageError, match="Plain names no kernel"):
        run_kernel(Plain(), ONE, Terms(), backend)
    assert isinstance(load_strategy("breakout").kernel, Kernel)  # type: ignore[attr-defined]
