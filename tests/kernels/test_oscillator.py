"""The stochastic oscillator as the other indicators are tested: resumed, with gaps, scaled.

It keeps four states, so its batch and its step are called otherwise. Its values are compared with
TA-Lib's in `test_indicators`.
"""

from __future__ import annotations

from array import array
from math import inf, isnan, nan
from random import Random

import pytest

from engine.backend import Backend
from tests.kernels.indicator_forms import (
    Column,
    empty,
    oscillator,
    oscillator_states,
    part,
    same_bits,
    walk,
)

BARS = ("high", "low", "close")
PERIODS = ((5, 3, 3), (14, 1, 3), (3, 2, 1), (1, 1, 1))


def batch(
    backend: Backend, bars: dict[str, Column], periods: tuple[int, ...], states: list[Column]
) -> list[array[float]]:
    n = len(bars["close"])
    out_k, out_d = empty(n), empty(n)
    kernel = backend.load("extremes").stochastic
    kernel(*(bars[name] for name in BARS), *periods, *states, empty(n), out_k, out_d)
    return [out_k, out_d]


def steps(
    backend: Backend, bars: dict[str, Column], periods: tuple[int, ...], states: list[Column]
) -> list[array[float]]:
    kernel = backend.load("extremes").stochastic_step
    rows = zip(*(bars[name] for name in BARS), strict=True)
    pairs = [kernel(*row, *periods, *states) for row in rows]
    return [array("d", column) for column in zip(*pairs, strict=True)]


def exact(bars: dict[str, Column], periods: tuple[int, ...]) -> list[list[float]]:
    """Return %K and %D as their definition has them, window by window."""
    period, slowing, smoothing = periods
    n = len(bars["close"])
    raw = [nan] * n
    for i in range(period - 1, n):
        window = [bars[name][i + 1 - period : i + 1] for name in ("high", "low")]
        highest, lowest = max(window[0]), min(window[1])
        if all(v == v for column in window for v in column) and highest > lowest:
            raw[i] = 100.0 * ((bars["close"][i] - lowest) / (highest - lowest))
    k = means(raw, slowing)
    d = means(k, smoothing)
    return [[nan if isnan(d[i]) else k[i] for i in range(n)], d]


def means(column: list[float], period: int) -> list[float]:
    full = [nan] * (period - 1)
    return full + [sum(column[i - period : i]) / period for i in range(period, len(column) + 1)]


@pytest.mark.parametrize("periods", PERIODS)
def test_a_batch_goes_on_where_another_or_steps_ended(
    backend: Backend, periods: tuple[int, int, int]
) -> None:
    draw, bars, states = (
        Random(f"{periods}"),
        walk("parts", 900, 0.004),
        oscillator_states(*periods),
    )
    pieces: list[list[float]] = [[], []]
    start = 0
    while start < 900:
        stop = min(900, start + 1 + int(draw.random() * draw.random() * 200))
        way = steps if draw.random() < 0.3 else batch
        columns = way(backend, part(bars, start, stop), periods, states)
        for piece, column in zip(pieces, columns, strict=True):
            piece.extend(column)
        start = stop
    for piece, column in zip(pieces, oscillator(backend, bars, *periods), strict=True):
        assert same_bits(piece, column)


@pytest.mark.parametrize("gap", ["high", "low", "close"])
@pytest.mark.parametrize("periods", PERIODS)
def test_a_nan_is_in_the_windows_that_hold_it_and_no_other(
    backend: Backend, periods: tuple[int, int, int], gap: str
) -> None:
    bars = walk("windows", 300)
    for place in (0, 7, 50, 51, 120, 299):
        bars[gap][place] = nan
    for ours, wanted in zip(oscillator(backend, bars, *periods), exact(bars, periods), strict=True):
        assert [isnan(value) for value in ours] == [isnan(value) for value in wanted]
        assert sum(not isnan(value) for value in ours) > 150
        for one, two in zip(ours, wanted, strict=True):
            assert isnan(one) or abs(one - two) <= 1e-9


@pytest.mark.parametrize("infinite", [inf, -inf])
def test_an_infinite_value_leaves_with_its_windows(backend: Backend, infinite: float) -> None:
    bars, periods = walk("infinite", 200), (5, 3, 3)
    clean = oscillator(backend, bars, *periods)
    for name in BARS:
        odd = {**bars, name: array("d", bars[name])}
        odd[name][77] = infinite
        for column, whole in zip(oscillator(backend, odd, *periods), clean, strict=True):
            assert same_bits(column[:77], whole[:77])
            for value, other in zip(column[77 + 4 + 2 + 2 + 1 :], whole[86:], strict=True):
                assert abs(value - other) <= 1e-9


@pytest.mark.parametrize("periods", PERIODS)
def test_scaling_by_a_power_of_two_changes_nothing(
    backend: Backend, periods: tuple[int, int, int]
) -> None:
    bars = walk("scale", 800, 0.002)
    doubled = {name: array("d", [2.0 * value for value in bars[name]]) for name in BARS}
    whole = oscillator(backend, bars, *periods)
    assert any(not isnan(value) for value in whole[1])
    for one, two in zip(whole, oscillator(backend, doubled, *periods), strict=True):
        assert same_bits(one, two)


def test_falling_prices_mirror_rising_ones(backend: Backend) -> None:
    bars = walk("mirror", 400)
    # Whole numbers of 1 / 1024 below 512, so that 512 less them is exact.
    for name in BARS:
        bars[name] = array("d", [int(1024.0 * value) / 1024.0 for value in bars[name]])
    turned = {
        "high": array("d", [512.0 - value for value in bars["low"]]),
        "low": array("d", [512.0 - value for value in bars["high"]]),
        "close": array("d", [512.0 - value for value in bars["close"]]),
    }
    for one, two in zip(
        oscillator(backend, bars, 9, 3, 3), oscillator(backend, turned, 9, 3, 3), strict=True
    ):
        assert sum(not isnan(value) for value in one) > 380
        for value, other in zip(one, two, strict=True):
            assert isnan(value) == isnan(other)
            assert isnan(value) or abs(value + other - 100.0) <= 1e-9
