"""Statistics of an equity curve against published numbers and the exact `statistics` module."""

from __future__ import annotations

import math
import statistics
from array import array
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest

from engine.backend import Backend
from engine.clock import to_ns

DAY = 86_400_000_000_000


def grown(returns: list[float], start: float = 100.0) -> array[float]:
    curve = array("d", [start])
    for gain in returns:
        curve.append(curve[-1] * (1.0 + gain))
    return curve


def curves(seed: int) -> array[float]:
    draw = Random(seed)
    n = draw.choice((3, 30, 400))
    return grown([draw.gauss(0.0005, draw.choice((1e-4, 0.01, 0.05))) for _ in range(n)])


def exact_returns(curve: array[float]) -> list[Fraction]:
    values = [Fraction(value) for value in curve]
    return [b / a - 1 for a, b in pairwise(values)]


def test_sortino_as_published(backend: Backend) -> None:
    """Rollinger and Hoffman 2013, "Sortino: a sharper ratio": 10 % over 2.264 % is 4.417."""
    curve = grown([0.17, 0.15, 0.23, -0.05, 0.12, 0.09, 0.13, -0.04])
    assert backend.load("equity").sortino(curve, 1.0, 0.0) == pytest.approx(4.417, abs=5e-4)


def test_drawdown_as_published(backend: Backend) -> None:
    """500, 750, 400, 600, 350, 800 thousand is the usual textbook example: 53.33 %."""
    equity = backend.load("equity")
    curve = array("d", [500.0, 750.0, 400.0, 600.0, 350.0, 800.0])
    assert equity.max_drawdown(curve) == (pytest.approx(0.5333, abs=5e-5), 1, 4, 5)
    out = array("d", bytes(48))
    equity.drawdowns(curve, out)
    assert list(out) == pytest.approx([0.0, 0.0, 350 / 750, 0.2, 400 / 750, 0.0])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("per_year", "rate"), [(252.0, 0.0), (98_280.0, 0.03), (12.0, -0.01)])
def test_sharpe_and_sortino_are_those_of_exact_sums(
    backend: Backend, seed: int, per_year: float, rate: float
) -> None:
    equity, curve = backend.load("equity"), curves(seed)
    returns = exact_returns(curve)
    excess = float(statistics.mean(returns) - Fraction(rate) / Fraction(per_year))
    expected = excess / statistics.stdev(returns) * math.sqrt(per_year)
    assert equity.sharpe(curve, per_year, rate) == pytest.approx(expected, rel=1e-8)
    below = [min(Fraction(0), r - Fraction(rate) / Fraction(per_year)) for r in returns]
    deviation = math.sqrt(statistics.mean([shortfall**2 for shortfall in below]))
    expected = excess / deviation * math.sqrt(per_year) if deviation else math.nan
    found = equity.sortino(curve, per_year, rate)
    assert found == pytest.approx(expected, rel=1e-8, nan_ok=True)


@pytest.mark.parametrize("seed", range(12))
def test_drawdown_is_the_worst_pair_of_rows(backend: Backend, seed: int) -> None:
    equity, curve = backend.load("equity"), curves(seed)
    n = len(curve)
    depth, peak, trough, recovery = equity.max_drawdown(curve)
    assert depth == pytest.approx(
        max(1.0 - curve[j] / curve[i] for i in range(n) for j in range(i, n)), abs=1e-15
    )
    if depth > 0.0:
        assert depth == 1.0 - curve[trough] / curve[peak]
        assert curve[peak] == max(curve[: trough + 1])
        assert all(value < curve[peak] for value in curve[peak + 1 : recovery])
        assert recovery == n or curve[recovery] >= curve[peak]
    out = array("d", bytes(8 * n))
    equity.drawdowns(curve, out)
    assert list(out) == [1.0 - curve[i] / max(curve[: i + 1]) for i in range(n)]
    assert max(out) == depth


def test_length_of_a_drawdown_that_is_not_over(backend: Backend) -> None:
    curve = array("d", [10.0, 12.0, 9.0, 12.0, 11.0, 6.0, 11.9])
    assert backend.load("equity").max_drawdown(curve) == (0.5, 3, 5, 7)


def test_bars_are_counted_at_their_real_spacing(backend: Backend) -> None:
    """Weekdays of four years come out at 261 a year, minutes of every day at 525 960."""
    equity = backend.load("equity")
    first = datetime(2021, 1, 1, tzinfo=timezone.utc)
    days = [first + timedelta(days=d) for d in range(1462)]
    weekdays = array("l", [to_ns(day) for day in days if day.weekday() < 5])
    assert equity.bars_per_year(weekdays) == pytest.approx(261.0, abs=0.3)
    assert equity.years_spanned(weekdays) == 4.0
    minutes = array("l", [to_ns(first) + 60_000_000_000 * m for m in range(1000)])
    assert equity.bars_per_year(minutes) == 525_960.0


def test_growth_is_compound(backend: Backend) -> None:
    equity = backend.load("equity")
    assert equity.growth_rate(100.0, 200.0, 10.0) == pytest.approx(2**0.1 - 1, rel=1e-14)
    assert equity.growth_rate(100.0, 81.0, 2.0) == pytest.approx(-0.1, rel=1e-14)
    assert equity.growth_rate(100.0, 0.0, 2.0) == -1.0
    assert equity.calmar(0.3, 0.15) == 2.0
    assert equity.calmar(-0.1, 0.5) == -0.2
    assert equity.win_rate(3, 4) == 0.75
    assert equity.profit_factor(30.0, 12.0) == 2.5


def test_what_is_not_defined_is_nan(backend: Backend) -> None:
    equity = backend.load("equity")
    none, one = array("d"), array("d", [1.0])
    still, steady = array("d", [5.0] * 90), grown([0.01] * 90)
    ruined, unknown = array("d", [5.0, 0.0, 1.0]), array("d", [5.0, math.nan, 6.0, 5.0])
    for ratio in (equity.sharpe, equity.sortino):
        for curve in (none, one, still, steady, ruined, unknown):
            assert math.isnan(ratio(curve, 252.0, 0.0))
        for per_year in (0.0, -1.0, math.nan):
            assert math.isnan(ratio(grown([0.1, -0.1, 0.2]), per_year, 0.0))
    for curve in (none, unknown, array("d", [0.0, 1.0]), array("d", [math.nan])):
        assert math.isnan(equity.max_drawdown(curve)[0])
    assert equity.max_drawdown(one) == (0.0, 0, 0, 0)
    for stamps in ([], [5], [5, 5], [6, 5]):
        assert math.isnan(equity.years_spanned(array("l", stamps)))
        assert math.isnan(equity.bars_per_year(array("l", stamps)))
    for numbers in (
        (0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, 0.0), (math.nan, 1.0, 1.0),
        (1.0, math.inf, 1.0), (1e-300, 1e300, 1.0),
    ):  # fmt: skip
        assert math.isnan(equity.growth_rate(*numbers))
    assert math.isnan(equity.calmar(0.1, 0.0))
    assert math.isnan(equity.win_rate(0, 0))
    assert math.isnan(equity.profit_factor(5.0, 0.0))
