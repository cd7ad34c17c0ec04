"""The windows of rules add in the order of the kernels, bit for bit; decisions alone hide that."""

from __future__ import annotations

from array import array
from math import isnan
from random import Random

import pytest

from engine.trading.indicators import Past
from engine.trading.windows import Moments, MovesBefore, Total
from kernels_pure.windows import slide, window_moments, window_sum


def values(n: int = 400) -> array[float]:
    rng = Random(9)
    return array("d", [100.0 + rng.gauss(0.0, 3.0) for _ in range(n)])


@pytest.mark.parametrize(("window", "first"), [(5, 5), (5, 40), (1, 3), (40, 40)])
def test_a_sum_is_taken_whole_at_first_and_moved_on(window: int, first: int) -> None:
    x, total = values(), Total(window, first)
    said = [total(value) for value in x]
    assert all(isnan(value) for value in said[: first - 1])
    expected = window_sum(x, first - window, first)
    assert said[first - 1] == expected
    for row in range(first, len(x)):
        expected += x[row] - x[row - window]
        assert said[row] == expected


@pytest.mark.parametrize("window", [2, 7, 60])
def test_mean_and_squares_slide(window: int) -> None:
    x, moments = values(), Moments(window)
    said = [moments(value) for value in x]
    assert all(isnan(mean) for mean, _ in said[: window - 1])
    mean, squares = window_moments(x, 0, window)
    assert said[window - 1] == (mean, squares)
    for row in range(window, len(x)):
        mean, squares = slide(mean, squares, x[row], x[row - window], 1.0 / window)
        assert said[row] == (mean, squares)


@pytest.mark.parametrize("window", [2, 7, 60])
def test_a_move_is_set_beside_those_before_it(window: int) -> None:
    x, moves = values(), MovesBefore(window)
    said = [moves(value) for value in x]
    assert all(isnan(move) for move, _ in said[: window + 1])
    for row in range(window + 1, len(x)):
        before = [x[k] - x[k - 1] for k in range(row - window, row)]
        mean = sum(before) / window
        variance = sum((one - mean) ** 2 for one in before) / window
        move, told = said[row]
        assert move == x[row] - x[row - 1]
        assert told == pytest.approx(variance, rel=1e-11)


def test_the_past_is_so_many_calls_ago() -> None:
    x, past = values(50), Past(7)
    said = [past(value) for value in x]
    assert all(isnan(value) for value in said[:7])
    assert said[7:] == list(x[:-7])
