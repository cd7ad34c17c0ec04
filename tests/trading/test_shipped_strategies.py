"""The strategies that come with the program decide as the kernels of their rules, bit for bit."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Mapping
from random import Random

import pytest

from engine.backend import Backend
from engine.backtesting.parameters import build, parameters
from engine.backtesting.run import run
from engine.backtesting.run_kernel import run_kernel
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.market.bars import Bar
from engine.trading import SHIPPED
from engine.trading.loading import load_strategy
from engine.trading.sources import open_bars

N = 700
SETS: dict[str, tuple[dict[str, float], ...]] = {
    "momentum": ({}, {"lag": 2, "threshold": 0.0}, {"lag": 240, "threshold": 0.05, "short": 0.0}),
    "mean_reversion": (
        {},
        {"window": 5, "entry": 0.5, "leave": 0.0},
        {"window": 200, "entry": 1.25, "leave": 1.0, "short": 0.0},
    ),
    "breakout": ({}, {"window": 5}, {"window": 123, "short": 0.0}),
    "ma_crossover": (
        {},
        {"fast": 2, "slow": 5, "short": 0.0},
        {"fast": 90, "slow": 7},
        {"fast": 21, "slow": 20},
    ),
    "volatility": ({}, {"window": 5, "multiple": 0.5}, {"window": 150, "short": 0.0}),
}


def zeros(n: int) -> array[float]:
    return array("d", bytes(8 * n))


def market(seed: int, n: int = N, tick: float = 0.0) -> dict[str, array[float]]:
    """Return a walk of bars; with a tick, prices on it, so that many are equal."""
    rng = Random(seed)
    columns = {name: zeros(n) for name in ("open", "high", "low", "close")}
    price, vol = 100.0, 0.01
    for row in range(n):
        if rng.random() < 0.01:
            vol = rng.choice((0.0, 0.002, 0.01, 0.02))  # calm stretches, and none at all
        path = [price]
        path.extend(path[-1] * (1.0 + rng.gauss(0.0, vol)) for _ in range(4))
        if tick:
            path = [max(tick, round(one / tick) * tick) for one in path]
        price = path[-1]
        for name, value in zip(columns, (path[0], max(path), min(path), price), strict=True):
            columns[name][row] = value
    return columns


def by_kernel(
    backend: Backend, name: str, made: Strategy, bars: Mapping[str, array[float]]
) -> array[float]:
    rules = backend.load("rules")
    close, out = bars["close"], zeros(len(bars["close"]))
    of = vars(made)
    if name == "momentum":
        rules.momentum_targets(close, of["lag"], of["threshold"], of["short"], out)
    elif name == "mean_reversion":
        rules.reversion_targets(close, of["window"], of["entry"], of["leave"], of["short"], out)
    elif name == "breakout":
        work = zeros(of["window"]), zeros(of["window"])
        rules.breakout_targets(
            bars["high"], bars["low"], close, of["window"], of["short"], *work, out
        )
    elif name == "ma_crossover":
        rules.ma_cross_targets(close, of["fast"], of["slow"], of["short"], out)
    else:
        rules.volatility_targets(close, of["window"], of["multiple"], of["short"], out)
    return out


def by_bars(
    made: Strategy, markets: Mapping[str, Mapping[str, array[float]]]
) -> dict[str, array[float]]:
    made.symbols = tuple(markets)
    made.start()
    said = {symbol: zeros(N) for symbol in markets}
    for row in range(N):
        for symbol, bars in markets.items():
            opened, high, low, close = (bars[key][row] for key in ("open", "high", "low", "close"))
            target = made.on_bar(Bar(row, opened, high, low, close, 1.0, symbol))
            assert target is not None
            said[symbol][row] = target
    return said


def bits(column: array[float]) -> bytes:
    return b"".join(struct.pack("<d", value + 0.0) for value in column)  # -0.0 is 0.0


CASES = [(name, values) for name, sets in SETS.items() for values in sets]


@pytest.mark.parametrize(("name", "values"), CASES)
@pytest.mark.parametrize("tick", [0.0, 0.25])
def test_decides_as_the_kernel_of_its_rule(
    backend: Backend, name: str, values: dict[str, float], tick: float
) -> None:
    seen: set[float] = set()
    for seed in range(3):
        made = build(load_strategy(name), values)
        bars = market(seed, tick=tick)
        expected = by_kernel(backend, name, made, bars)
        said = by_bars(made, {"ONE": bars})["ONE"]
        assert bits(said) == bits(expected)
        seen.update(said)
    assert seen == {0.0, 1.0, made.short}  # else little was compared


@pytest.mark.parametrize("name", SHIPPED)
def test_symbols_share_the_account_and_nothing_else(name: str) -> None:
    both = by_bars(build(load_strategy(name)), {"ONE": market(1), "TWO": market(2)})
    for symbol, seed in (("ONE", 1), ("TWO", 2)):
        alone = by_bars(build(load_strategy(name)), {symbol: market(seed)})[symbol]
        assert [2.0 * part for part in both[symbol]] == list(alone)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_second_start_forgets_the_first(name: str) -> None:
    made = build(load_strategy(name))
    first = by_bars(made, {"ONE": market(3)})["ONE"]
    assert by_bars(made, {"ONE": market(3)})["ONE"] == first


@pytest.mark.parametrize("name", SHIPPED)
def test_every_value_of_a_parameter_runs(name: str) -> None:
    cls = load_strategy(name)
    pick: tuple[Callable[[float, float], float], ...] = (min, max)
    for choose in pick:
        values = {key: choose(one.low, one.high) for key, one in parameters(cls).items()}
        assert set(by_bars(build(cls, values), {"ONE": market(4)})["ONE"]) <= {-1.0, 0.0, 1.0}


@pytest.mark.parametrize("symbols", [("EMBR",), ("BOLT", "DUNE")])
@pytest.mark.parametrize(("name", "values"), CASES)
def test_a_backtest_by_the_kernel_is_that_by_bars(
    backend: Backend, name: str, values: dict[str, float], symbols: tuple[str, ...]
) -> None:
    """`parity backtest` runs what ships by its kernel: trades, fees and closes are the same."""
    data, kind = open_bars("demo", symbols, days=60), load_strategy(name)
    terms = Terms(fee_rate=0.0005, slippage_rate=0.0002)
    by_bars_result = run(build(kind, values), data, terms)
    assert run_kernel(build(kind, values), data, terms, backend) == by_bars_result
    assert by_bars_result.fills
