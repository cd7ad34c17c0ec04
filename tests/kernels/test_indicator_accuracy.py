"""The indicators against exact arithmetic, and what must hold of any series."""

from __future__ import annotations

from array import array
from fractions import Fraction
from math import isnan, sqrt
from random import Random

import pytest

from engine.backend import Backend
from kernels_pure.moments import LEAST_VARIANCE
from tests.kernels.indicator_forms import FORMS, Column, batch, oscillator, rolling, same_bits, walk
from tests.oracles.tables import EPS

PERIODS = (1, 2, 3, 7, 20, 64)


def exact(x: Column, i: int, period: int) -> tuple[Fraction, float]:
    window = [Fraction(value) for value in x[i + 1 - period : i + 1]]
    mean = sum(window) / period
    return mean, sqrt(sum((value - mean) ** 2 for value in window) / period)


@pytest.mark.parametrize("kind", ["offset", "walk"])
def test_a_million_values_with_a_large_offset(backend: Backend, kind: str) -> None:
    # Values of 1e6 whose deviation is below 1e-3: squares would need 9 digits more than there are.
    draw, n, level = Random(kind), 1_000_000, 1e6
    x = array("d")
    for _ in range(n):
        noise = 1e-3 * (draw.random() - 0.5)
        level += noise if kind == "walk" else 0.0
        x.append(level if kind == "walk" else level + noise)
    period = 20
    means = batch(backend, "sma", {"close": x}, period)[0]
    gaps, stds = batch(backend, "moments", {"close": x}, period)
    for i in [n - 1, *(int(draw.random() * (n - period)) + period for _ in range(400))]:
        mean, std = exact(x, i, period)
        assert abs(Fraction(means[i]) - mean) <= EPS * mean
        assert abs(stds[i] - std) <= 1e-11 * std
        assert abs(Fraction(gaps[i]) - (Fraction(x[i]) - mean)) <= 1e-12 * std


@pytest.mark.parametrize("period", [2, 3, 14, 50])
def test_deviations_are_exact_to_a_trillionth(backend: Backend, period: int) -> None:
    x = walk("exact", 3000)["close"]
    _, stds = batch(backend, "moments", {"close": x}, period)
    for i in range(period - 1, 3000, 3):
        assert stds[i] == pytest.approx(exact(x, i, period)[1], rel=4e-12, abs=0.0)


def test_an_outlier_leaves_nothing_in_the_deviation(backend: Backend) -> None:
    bars = walk("outlier", 2000)
    x = bars["close"]
    for i in range(50, 2000, 61):
        x[i] = 1e9
    _, stds = batch(backend, "moments", bars, 20)
    calm = [i for i in range(20, 2000) if max(x[i - 19 : i + 1]) < 1e9]
    assert len(calm) > 1000
    for i in calm:
        std = exact(x, i, 20)[1]
        # The worst that the rule for taking sums afresh allows.
        assert abs(stds[i] - std) <= 1000 * EPS / LEAST_VARIANCE * std


@pytest.mark.parametrize("period", PERIODS)
def test_bounds_and_order(backend: Backend, period: int) -> None:
    bars = walk(f"order {period}", 700)
    x = bars["close"]
    low, high = (rolling(backend, f"rolling_{end}", x, period) for end in ("min", "max"))
    mean = batch(backend, "sma", bars, period)[0]
    for i in range(period - 1, 700):
        window = x[i + 1 - period : i + 1]
        assert (low[i], high[i]) == (min(window), max(window))
        assert low[i] * (1.0 - 2 * EPS) <= mean[i] <= high[i] * (1.0 + 2 * EPS)
    strengths = batch(backend, "rsi", bars, period)[0][period:]
    assert all(0.0 <= value <= 100.0 for value in strengths)
    assert period < 3 or max(strengths) - min(strengths) > 5.0
    for line in oscillator(backend, bars, period, 3, 3):
        assert all(-1e-9 <= value <= 100.0 + 1e-9 for value in line[period + 4 :])
    spans = batch(backend, "atr", bars, period)[0][period:]
    assert all(value > 0.0 for value in spans)


@pytest.mark.parametrize("name", FORMS)
def test_scaling_by_a_power_of_two_is_exact(backend: Backend, name: str) -> None:
    bars = walk(f"scale {name}", 800)
    doubled = dict(bars)
    for column in ("high", "low", "close"):
        doubled[column] = array("d", [2.0 * value for value in bars[column]])
    factor = 1.0 if name in ("rsi", "zscore", "volatility") else 2.0
    for one, two in zip(
        batch(backend, name, bars, 9), batch(backend, name, doubled, 9), strict=True
    ):
        assert same_bits([factor * value for value in one], two)


def test_shifting_moves_means_and_not_deviations(backend: Backend) -> None:
    draw = Random("shift")
    # Multiples of 2^-10: a shift of 2^20 is exact.
    x = array("d", [int(draw.random() * 2**20) / 1024.0 for _ in range(900)])
    y = array("d", [value + 2.0**20 for value in x])
    for name in ("sma", "ema"):
        before, after = (batch(backend, name, {"close": c}, 12)[0] for c in (x, y))
        for one, two in zip(before[11:], after[11:], strict=True):
            assert abs(one + 2.0**20 - two) <= 40 * EPS * two
    before, after = (rolling(backend, "rolling_std", c, 12, 1) for c in (x, y))
    for one, two in zip(before[11:], after[11:], strict=True):
        assert abs(one - two) <= 1e-12 * one


def test_still_values(backend: Backend) -> None:
    bars: dict[str, Column] = {n: array("d", [0.1] * 900) for n in ("high", "low", "close")}
    assert set(batch(backend, "sma", bars, 7)[0][6:]) == {0.1}
    assert set(rolling(backend, "rolling_std", bars["close"], 7, 1)[6:]) == {0.0}
    assert all(isnan(value) for value in batch(backend, "zscore", bars, 7)[0])
    assert set(batch(backend, "rsi", bars, 7)[0][7:]) == {0.0}
    assert set(batch(backend, "atr", bars, 7)[0][7:]) == {0.0}
    assert {v for line in oscillator(backend, bars, 7, 3, 3) for v in line[10:]} == {0.0}
    assert set(batch(backend, "volatility", bars, 7)[0][7:]) == {0.0}


def test_the_order_inside_a_window_does_not_matter_to_a_rolling_result(backend: Backend) -> None:
    draw = Random("order")
    x = array("d", [draw.random() for _ in range(30)])
    mixed = sorted(x, key=lambda value: value * 7919.0 % 1.0)
    for kernel in ("rolling_max", "rolling_min"):
        assert (
            rolling(backend, kernel, array("d", mixed), 30)[29]
            == rolling(backend, kernel, x, 30)[29]
        )
    for one, two in (
        (batch(backend, "sma", {"close": array("d", c)}, 30)[0][29] for c in (x, mixed)),
        (rolling(backend, "rolling_std", array("d", c), 30, 0)[29] for c in (x, mixed)),
    ):
        assert one == pytest.approx(two, rel=8 * EPS)


def test_a_rolling_price_after_a_huge_trade(backend: Backend) -> None:
    bars = walk("huge", 1500)
    bars["volume"] = array("d", [1.0 + v for v in bars["volume"]])
    for i in range(30, 1500, 97):
        bars["volume"][i] = 1e12
    column = batch(backend, "rolling_vwap", bars, 10)[0]
    for i in range(9, 1500):
        rows = range(i - 9, i + 1)
        volumes = [Fraction(bars["volume"][j]) for j in rows]
        paid = sum(Fraction(bars["close"][j]) * v for j, v in zip(rows, volumes, strict=True))
        wanted = float(paid / sum(volumes))
        assert abs(column[i] - wanted) <= 1e-11 * wanted, i
