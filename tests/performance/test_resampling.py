"""Resamples: their rows, their lengths, and the intervals they make."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from engine.performance.intervals import bar_intervals, trade_intervals
from engine.performance.resampling import prefix_sums, resamples, stretch_sum
from engine.performance.returns import simple_returns
from tests.performance.results import normal, walk


def rows_of(stretches: list[tuple[int, int]]) -> list[int]:
    return [row for start, stop in stretches for row in range(start, stop)]


@pytest.mark.parametrize(("n", "block"), [(1, 1), (7, 1), (50, 5), (50, 400)])
def test_a_resample_has_as_many_rows(n: int, block: int) -> None:
    for stretches in resamples(n, 30, block, 1):
        rows = rows_of(stretches)
        assert len(rows) == n
        assert all(0 <= row < n for row in rows)


def test_rows_are_drawn_alike_and_blocks_have_their_mean_length() -> None:
    n, block = 40, 8
    drawn = [rows_of(stretches) for stretches in resamples(n, 3000, block, 2)]
    seen = Counter(row for rows in drawn for row in rows)
    assert all(abs(seen[row] - 3000) < 500 for row in range(n))
    follows = sum((b - a) % n == 1 for rows in drawn for a, b in pairwise(rows))
    # A row follows its neighbour unless a block ends there, or begins where it would have gone on.
    expected = 1.0 - 1.0 / block + 1.0 / block / n
    assert follows / (3000 * (n - 1)) == pytest.approx(expected, abs=0.01)


def test_the_same_seed_draws_the_same_on_every_runtime() -> None:
    assert list(resamples(20, 2, 4, 7)) == [
        [(6, 13), (13, 20), (0, 3), (10, 13)], [(1, 4), (0, 3), (1, 10), (8, 9), (2, 6)],
    ]  # fmt: skip
    assert list(resamples(20, 2, 4, 7)) != list(resamples(20, 2, 4, 8))


def test_sums_of_stretches_are_those_of_rows() -> None:
    rng = Random(3)
    values = [rng.random() for _ in range(60)]
    sums = prefix_sums(values)
    for stretches in resamples(60, 20, 6, 4):
        total = math.fsum(values[row] for row in rows_of(stretches))
        assert stretch_sum(sums, stretches) == pytest.approx(total, rel=1e-13)


def test_what_cannot_be_drawn_is_refused() -> None:
    for numbers in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        with pytest.raises(ValueError, match="resamples of"):
            list(resamples(*numbers, 0))


def test_an_interval_over_bars_is_that_of_every_resample() -> None:
    returns = simple_returns(walk(1, 120))
    found = bar_intervals(returns, 252.0, n_resamples=400, block=5, seed=9)
    totals, ratios = [], []
    for stretches in resamples(119, 400, 5, 9):
        drawn = [returns[row] for row in rows_of(stretches)]
        totals.append(math.prod(1.0 + r for r in drawn) - 1.0)
        mean = math.fsum(drawn) / 119
        spread = math.sqrt(math.fsum((r - mean) ** 2 for r in drawn) / 118)
        ratios.append(mean / spread * math.sqrt(252.0))
    for interval, values in ((found.total_return, totals), (found.sharpe, ratios)):
        values.sort()
        # Of 400, 2.5 % lie 0.975 of the way from the tenth to the eleventh.
        assert interval.low == pytest.approx(values[9] + 0.975 * (values[10] - values[9]))
        assert interval.high == pytest.approx(values[390] - 0.975 * (values[390] - values[389]))
    assert (found.n_resamples, found.block) == (400, 5)
    assert bar_intervals(returns, 252.0).block == 5


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng, inside = Random(21), 0
    for seed in range(100):
        returns = [(0.1 + normal(rng)) / 100.0 for _ in range(80)]
        found = bar_intervals(returns, 1.0, n_resamples=100, block=2, seed=seed).sharpe
        inside += found.low <= 0.1 <= found.high
    assert 86 <= inside <= 99


def test_an_interval_over_trades() -> None:
    gains = [30.0, -10.0, 50.0, -40.0, 20.0, -15.0]
    found = trade_intervals(gains, 200.0, n_resamples=300, block=2, seed=5)
    totals, depths = [], []
    for stretches in resamples(6, 300, 2, 5):
        path = [200.0]
        for row in rows_of(stretches):
            path.append(path[-1] + gains[row])
        totals.append(path[-1] - 200.0)
        depths.append(max(1.0 - b / max(path[: k + 1]) for k, b in enumerate(path)))
    totals.sort()
    depths.sort()
    assert totals[7] <= found.gain.low <= totals[8]
    assert totals[291] <= found.gain.high <= totals[292]
    assert depths[291] - 1e-12 <= found.max_drawdown.high <= depths[292] + 1e-12
    assert 0.0 <= found.max_drawdown.low < found.max_drawdown.high


def test_many_trades_have_fewer_resamples() -> None:
    assert trade_intervals([1.0, -1.0] * 1000, 1e6).n_resamples == 250
    assert trade_intervals([1.0, -1.0] * 2000, 1e6).n_resamples == 200


def test_without_rows_there_is_no_interval() -> None:
    for found in (bar_intervals([], 252.0), bar_intervals([0.1, -1.5], 252.0)):
        assert found.n_resamples == 0
        assert math.isnan(found.sharpe.low)
    assert math.isnan(trade_intervals([], 1000.0).gain.high)
