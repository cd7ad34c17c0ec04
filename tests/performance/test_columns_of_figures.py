"""Months, rolling ratios, drawdowns and benchmarks of small columns, and against naive ones."""

from __future__ import annotations

import math
from array import array
from datetime import datetime, timezone
from statistics import correlation, linear_regression, mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import to_ns
from engine.performance.benchmark import compare
from engine.performance.drawdowns import list_drawdowns, worst_drawdown
from engine.performance.months import monthly
from engine.performance.returns import simple_returns
from engine.performance.rolling import rolling_sharpe
from engine.performance.tails import quantile, tail_ratio
from tests.performance.results import walk


def stamp(*parts: int) -> int:
    return to_ns(datetime(*parts, tzinfo=timezone.utc))  # type: ignore[misc, arg-type]


def test_months_go_from_close_to_close() -> None:
    stamps = [stamp(2023, 11, 10), stamp(2023, 11, 30, 21), stamp(2024, 1, 2), stamp(2024, 1, 31)]
    found = monthly([100.0, 110.0, 55.0, 121.0], stamps)
    assert [year.year for year in found] == [2023, 2024]
    assert found[0].months[10] == pytest.approx(0.1)
    assert found[0].total == pytest.approx(0.1)
    assert found[1].months[0] == pytest.approx(0.1)
    assert found[1].total == pytest.approx(0.1)
    known = [not math.isnan(month) for year in found for month in year.months]
    assert [k for k, is_known in enumerate(known) if is_known] == [10, 12]


def test_midnight_belongs_to_the_month_that_ends() -> None:
    found = monthly([100.0, 120.0, 90.0], [stamp(2024, 5, 30), stamp(2024, 6, 1),
                                           stamp(2024, 6, 1, 0, 0, 1)])  # fmt: skip
    assert found[0].months[4] == pytest.approx(0.2)
    assert found[0].months[5] == pytest.approx(-0.25)


def test_the_first_value_belongs_to_no_month() -> None:
    for first in (stamp(2023, 12, 31, 21), stamp(2024, 1, 1)):
        (only,) = monthly([100.0, 150.0], [first, stamp(2024, 1, 2)])
        assert (only.year, only.months[0], only.total) == (2024, 0.5, 0.5)
    assert monthly([100.0], [stamp(2024, 1, 2)]) == []


def test_a_last_close_at_midnight_begins_no_month() -> None:
    (only,) = monthly([100.0, 80.0], [stamp(2023, 12, 30), stamp(2024, 1, 1)])
    assert (only.year, only.total) == (2023, 80.0 / 100.0 - 1.0)
    assert math.isnan(only.months[10])


@pytest.mark.parametrize("seed", range(3))
def test_months_make_the_whole(seed: int) -> None:
    equity = walk(seed, 900)
    stamps = [stamp(2021, 3, 15) + k * 86_400_000_000_000 for k in range(900)]
    found = monthly(equity, stamps)
    months = [m for year in found for m in year.months if not math.isnan(m)]
    assert len(months) == 30
    for growths in (months, [year.total for year in found]):
        assert math.prod(1.0 + g for g in growths) == pytest.approx(equity[-1] / equity[0])
    assert monthly([], []) == []


def test_a_rolling_ratio_is_that_of_its_window() -> None:
    returns = simple_returns(walk(4, 80))
    found = rolling_sharpe(returns, 20, 252.0, 0.05)
    assert all(map(math.isnan, found[:19]))
    for k in range(19, 79):
        window = returns[k - 19 : k + 1]
        expected = (mean(window) - 0.05 / 252.0) / stdev(window) * math.sqrt(252.0)
        assert found[k] == pytest.approx(expected, rel=1e-9)
    assert len(rolling_sharpe(returns[:5], 20, 252.0)) == 5
    with pytest.raises(ValueError, match="no deviation"):
        rolling_sharpe(returns, 1, 252.0)


@given(st.lists(st.floats(0.5, 2.0), min_size=1, max_size=40))
def test_drawdowns_are_those_of_a_naive_search(steps: list[float]) -> None:
    equity = array("d", [100.0])
    for step in steps:
        equity.append(equity[-1] * step)
    stamps = list(range(len(equity)))
    found = list_drawdowns(equity, stamps)
    # No row below its peak lies outside one of them, and none is in two.
    under = [k for k in stamps if equity[k] < max(equity[: k + 1])]
    covered = []
    for one in found:
        end = len(equity) if one.recovered_ns is None else one.recovered_ns
        inside = range(one.peak_ns + 1, end)
        covered += inside
        peak = equity[one.peak_ns]
        assert all(equity[k] < peak for k in inside)
        assert one.recovered_ns is None or equity[one.recovered_ns] >= peak
        assert one.depth == 1.0 - min(equity[k] / peak for k in inside)
        assert equity[one.trough_ns] == min(equity[k] for k in inside)
    assert sorted(covered) == under
    depths = [one.depth for one in found]
    assert depths == sorted(depths, reverse=True)
    depth, worst = worst_drawdown(equity, stamps)
    # The kernel compares products in place of quotients: two that are nearly equal may change.
    assert depth == pytest.approx(max(depths, default=0.0), rel=1e-15)
    if worst is not None:
        assert worst in found


def test_no_drawdown_is_told_of_what_is_no_account() -> None:
    assert list_drawdowns([], []) == list_drawdowns([0.0, 1.0], [0, 1]) == []
    assert list_drawdowns([1.0, math.nan, 0.5], [0, 1, 2]) == []


def test_a_benchmark_by_the_library() -> None:
    market = simple_returns(walk(6, 200))
    own = [0.0003 + 1.3 * a + 0.5 * b for a, b in zip(market, simple_returns(walk(7, 200)),
                                                      strict=True)]  # fmt: skip
    found = compare(own, market, 252.0, rate=0.0252)
    line = linear_regression(market, own)
    assert found.beta == pytest.approx(line.slope, rel=1e-12)
    assert found.correlation == pytest.approx(correlation(market, own), rel=1e-12)
    expected = (mean(own) - 0.0001 - found.beta * (mean(market) - 0.0001)) * 252.0
    assert found.alpha == pytest.approx(expected, rel=1e-9)
    active = [a - b for a, b in zip(own, market, strict=True)]
    assert found.tracking_error == pytest.approx(stdev(active) * math.sqrt(252.0), rel=1e-12)
    ratio = mean(active) / stdev(active) * math.sqrt(252.0)
    assert found.information_ratio == pytest.approx(ratio, rel=1e-12)


def test_a_benchmark_that_does_not_move_tells_nothing() -> None:
    found = compare([0.1, -0.1, 0.2], [0.0] * 3, 252.0)
    assert math.isnan(found.beta)
    assert math.isnan(found.alpha)
    assert found.information_ratio > 0.0
    same = compare([0.1, -0.1, 0.2], [0.1, -0.1, 0.2], 252.0)
    assert (same.beta, same.alpha) == (1.0, 0.0)
    assert math.isnan(same.information_ratio)
    with pytest.raises(ValueError, match="over the bars of the strategy"):
        compare([0.1], [0.1, 0.2], 252.0)


def test_a_quantile_between_two() -> None:
    assert [quantile([1.0, 2.0, 4.0], part) for part in (0.0, 0.25, 0.5, 1.0)] == [1, 1.5, 2, 4]
    assert math.isnan(quantile([], 0.5))
    assert math.isnan(tail_ratio([0.0, 0.0, 1.0]))
