"""The bar backtest against exact fractions and by hand; fused forms against their parts."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest

from engine.backend import Backend
from tests.kernels import naive_bars
from tests.kernels.naive_bars import Bars, column, random_bars

FREE = (0.0, 0.0, 0.0, 0.0, 0.0)
COSTS = (0.001, 0.005, 1.0, 0.0002, 0.01)


def account(*numbers: float) -> array[float]:
    return array("d", numbers)


class Run:
    """The columns of a backtest and what it returned."""

    def __init__(
        self, backend: Backend, bars: Bars, target: array[float], terms: array[float]
    ) -> None:
        n = len(target)
        self.cash, self.position, self.equity = column(n), column(n), column(n)
        self.end, self.orders, self.trips, self.wins, self.gained, self.lost = backend.load(
            "bars"
        ).backtest(
            bars["open"], bars["close"], target, terms, self.cash, self.position, self.equity
        )  # fmt: skip


def random_targets(draw: Random, n: int) -> array[float]:
    """Return targets that last a few bars: long, short, flat, and parts of one."""
    targets = array("d")
    while len(targets) < n:
        targets.extend([draw.choice((1.0, -1.0, 0.0, 0.5, -0.25, 1.5))] * draw.randint(1, 6))
    return targets[:n]


@pytest.mark.parametrize("units", [0.0, 7.0])
@pytest.mark.parametrize("costs", [FREE, COSTS])
def test_backtest_is_that_of_exact_fractions(
    backend: Backend, units: float, costs: tuple[float, ...]
) -> None:
    trips = 0
    for seed in range(12):
        draw = Random(seed)
        bars, target = random_bars(draw, 80), random_targets(draw, 80)
        terms = account(10_000.0, units, *costs)
        found, true = Run(backend, bars, target, terms), naive_bars.backtest(bars, target, terms)
        for name in ("cash", "position", "equity"):
            expected = [float(value) for value in getattr(true, name)]
            assert list(getattr(found, name)) == pytest.approx(expected, rel=1e-10, abs=1e-7)
        assert (found.orders, found.trips) == (true.orders, len(true.gains))
        assert found.wins == sum(gain > Fraction(1, 10**9) for gain in true.gains)
        gained = float(sum(gain for gain in true.gains if gain > 0))
        lost = float(-sum(gain for gain in true.gains if gain < 0))
        assert (found.gained, found.lost) == pytest.approx((gained, lost), rel=1e-9, abs=1e-6)
        assert found.end == found.equity[-1]
        trips += found.trips
    assert trips > 50


def test_a_round_trip_by_hand(backend: Backend) -> None:
    """Buy 10 at 20.10 + 0.10 for 2 + 10 * 0.05 + 0.1 %, reverse at 30 - 0.10, keep short.

    Bought: 1000 - 202 - (2 + 0.5 + 0.202) = 795.298. Sold: + 299 - (2 + 0.5 + 0.299) = 1091.499,
    then short: + 299 - 2.799 = 1387.7.
    """
    bars = {"open": array("d", [19.0, 20.1, 30.0]), "close": array("d", [20.0, 25.0, 31.0])}
    terms = account(1000.0, 10.0, 0.001, 0.05, 2.0, 0.0, 0.1)
    run = Run(backend, bars, array("d", [1.0, -1.0, 1.0]), terms)
    assert list(run.cash) == pytest.approx([1000.0, 795.298, 1387.7])
    assert list(run.position) == [0.0, 10.0, -10.0]
    assert list(run.equity) == pytest.approx([1000.0, 795.298 + 250.0, 1387.7 - 310.0])
    assert (run.orders, run.trips, run.wins) == (3, 1, 1)
    assert run.gained == pytest.approx(91.499)
    assert run.lost == 0.0


def test_slippage_as_a_share_of_the_price(backend: Backend) -> None:
    """Bought 1 % above, sold 1 % below: 101 and 198."""
    bars = {"open": array("d", [1.0, 100.0, 200.0]), "close": array("d", [1.0, 100.0, 200.0])}
    run = Run(
        backend, bars, array("d", [1.0, 0.0, 0.0]), account(500.0, 1.0, 0.0, 0.0, 0.0, 0.01, 0.0)
    )
    assert list(run.equity) == pytest.approx([500.0, 499.0, 597.0])


def test_a_full_investment_leaves_no_cash(backend: Backend) -> None:
    bars = random_bars(Random(1), 4)
    run = Run(backend, bars, array("d", [1.0] * 4), account(5000.0, 0.0, *COSTS))
    assert run.cash[1] == pytest.approx(0.0, abs=1e-9)
    assert run.position[1] > 0.0
    assert run.orders == 1


@pytest.mark.parametrize("seed", range(6))
def test_later_bars_change_no_earlier_row(backend: Backend, seed: int) -> None:
    draw = Random(seed)
    bars, others = random_bars(draw, 120), random_bars(draw, 120)
    target, terms = random_targets(draw, 120), account(9e3, 5.0 * (seed % 2), *COSTS)
    whole = Run(backend, bars, target, terms)
    for cut in (1, 40, 119):
        mixed = {name: bars[name][:cut] + others[name][cut:] for name in bars}
        part = Run(backend, mixed, target[:cut] + random_targets(draw, 120 - cut), terms)
        for name in ("cash", "position", "equity"):
            assert getattr(part, name)[:cut] == getattr(whole, name)[:cut]


@pytest.mark.parametrize("cost", range(5))
@pytest.mark.parametrize("seed", range(4))
def test_a_higher_cost_never_raises_equity(backend: Backend, seed: int, cost: int) -> None:
    draw = Random(seed)
    bars, target = random_bars(draw, 150), random_targets(draw, 150)
    equity = []
    for factor in (0.0, 0.5, 1.0, 3.0):
        costs = list(COSTS)
        costs[cost] *= factor
        equity.append(Run(backend, bars, target, account(1e5, 3.0, *costs)).equity)
    for cheap, dear in pairwise(equity):
        assert all(high >= low for high, low in zip(cheap, dear, strict=True))
        assert cheap[-1] > dear[-1]


def test_a_flat_signal_keeps_the_cash(backend: Backend) -> None:
    bars = random_bars(Random(2), 60)
    for target in (0.0, math.nan):
        run = Run(backend, bars, array("d", [target] * 60), account(123.25, 0.0, *COSTS))
        assert list(run.equity) == [123.25] * 60
        assert (run.orders, run.trips, run.gained, run.lost) == (0, 0, 0.0, 0.0)


def test_a_target_of_nan_keeps_the_position(backend: Backend) -> None:
    bars = random_bars(Random(2), 60)
    held = array("d", [1.0] * 20 + [-1.0] * 40)
    gaps = array("d", [1.0] + [math.nan] * 19 + [-1.0] + [math.nan] * 39)
    terms = account(1e4, 0.0, *COSTS)
    assert Run(backend, bars, gaps, terms).equity == Run(backend, bars, held, terms).equity


def test_an_order_waits_for_an_open(backend: Backend) -> None:
    bars = random_bars(Random(4), 10)
    target = array("d", [1.0] * 5 + [0.0] * 5)
    terms = account(1e4, 10.0, *COSTS)
    for absent in (math.nan, 0.0, -5.0, math.inf):
        bars["open"][1] = bars["open"][2] = bars["open"][6] = absent
        run = Run(backend, bars, target, terms)
        assert list(run.position) == [0.0] * 3 + [10.0] * 4 + [0.0] * 3


@pytest.mark.parametrize("units", [0.0, 100.0])
def test_an_account_worth_nothing_is_closed_and_opens_no_more(
    backend: Backend, units: float
) -> None:
    """Short 100 at 10 with 1000: at 25 the equity is -500."""
    prices = array("d", [10.0, 10.0, 25.0, 25.0, 30.0, 5.0])
    bars = {"open": prices, "close": prices}
    for last in (0.0, 1.0, -0.5):
        target = array("d", [-1.0, -1.0, last, 1.0, -1.0, 1.0])
        run = Run(backend, bars, target, account(1000.0, units, *FREE))
        assert list(run.equity) == [1000.0, 1000.0, -500.0, -500.0, -500.0, -500.0]
        assert (run.orders, run.trips, run.wins, run.lost) == (2, 1, 0, 1500.0)


@pytest.mark.parametrize("units", [0.0, 3.0])
@pytest.mark.parametrize("short", [-1.0, 0.0, -0.5])
def test_fused_forms_are_their_parts_bit_for_bit(
    backend: Backend, units: float, short: float
) -> None:
    rules, sweep, equity = (backend.load(name) for name in ("rules", "sweep", "equity"))
    draw = Random(f"{units}{short}")
    orders = 0
    for case in range(10):
        n = draw.choice((0, 1, 2, 9, 40, 300, 300))
        bars = random_bars(draw, n, step=draw.choice((0.001, 1.0)))
        if case % 3 == 0:  # decimals, and opens that fill nothing
            bars = {key: array("d", [v * 1.1 for v in bars[key]]) for key in bars}
            for row in range(0, n, 9):
                bars["open"][row] = math.nan
        terms = account(1e5, units, *COSTS)
        fast = array("l", [1, 2, 3, 10, 5, 20, 7, 0, 4])
        slow = array("l", [2, 5, 9, 30, 5, 4, 1, 5, -1])
        outs = [column(len(fast)) for _ in range(3)] + [array("l", bytes(8 * len(fast)))]
        sweep.sweep_ma_cross(
            bars["open"], bars["close"], fast, slow, short, terms, 252.0, 0.02, *outs
        )
        for row in range(len(fast)):
            target = column(n)
            rules.ma_cross_targets(bars["close"], fast[row], slow[row], short, target)
            apart = Run(backend, bars, target, terms)
            cash, position, curve = column(n), column(n), column(n)
            fused = sweep.ma_cross_backtest(
                bars["open"], bars["close"], fast[row], slow[row], short, terms, cash, position,
                curve,
            )  # fmt: skip
            assert fused == (
                apart.end, apart.orders, apart.trips, apart.wins, apart.gained, apart.lost
            )  # fmt: skip
            assert (cash, position, curve) == (apart.cash, apart.position, apart.equity)
            single = sweep.ma_cross_run(
                bars["open"], bars["close"], fast[row], slow[row], short, terms, 252.0, 0.02
            )
            found = tuple(out[row] for out in outs)
            assert repr(found) == repr(single)
            if fast[row] < 1 or slow[row] < 1 or max(fast[row], slow[row]) > n:
                assert repr(single) == repr((math.nan, math.nan, math.nan, 0))
                continue
            ratio = equity.sharpe(curve, 252.0, 0.02)
            depth = equity.max_drawdown(curve)[0]
            assert repr(single) == repr((apart.end, ratio, depth, apart.orders))
            orders += apart.orders
    assert orders > 100


@pytest.mark.parametrize("count", range(10))
def test_a_combination_does_not_depend_on_its_neighbours(backend: Backend, count: int) -> None:
    """Whatever lane it is in, whoever begins before it or never does; also when it is ruined."""
    sweep, draw = backend.load("sweep"), Random(count)
    bars, orders = random_bars(draw, 250, step=3.0 if count % 2 else 0.05), 0
    for terms in (account(1e5, 0.0, *COSTS), account(60.0, 20.0, *COSTS)):
        fast, slow = (
            array("l", [draw.choice((1, 2, 5, 9, 30, 100, 249, 250, 251, 0)) for _ in range(count)])
            for _ in range(2)
        )
        outs = [column(count) for _ in range(3)] + [array("l", bytes(8 * count))]
        sweep.sweep_ma_cross(
            bars["open"], bars["close"], fast, slow, -1.0, terms, 252.0, 0.02, *outs
        )
        for row in range(count):
            alone = sweep.ma_cross_run(
                bars["open"], bars["close"], fast[row], slow[row], -1.0, terms, 252.0, 0.02
            )
            assert repr(tuple(out[row] for out in outs)) == repr(alone)
        orders += sum(outs[3])
    assert orders > 0 or count < 2
