"""The indicators where something is missing: gaps, nan, bad volumes, periods out of domain."""

from __future__ import annotations

from array import array
from math import inf, isnan, nan

import pytest

from engine.backend import Backend
from kernels_pure.rolling import ROLLING_STATE
from tests.kernels.indicator_forms import (
    FORMS,
    batch,
    empty,
    oscillator,
    part,
    rolling,
    same_bits,
    steps,
    walk,
)

WINDOWED = ("sma", "bollinger", "zscore", "moments", "lowest", "highest", "rolling_vwap")
RECURSIVE = ("ema", "rsi", "atr", "macd")


@pytest.mark.parametrize("name", WINDOWED)
def test_a_nan_is_in_the_windows_that_hold_it_and_no_other(backend: Backend, name: str) -> None:
    bars = walk("windows", 400)
    for place in (0, 7, 50, 51, 120, 399):
        bars["close"][place] = nan
        bars["volume"][place] = 1.0
    for period in (2, 3, 20):
        for column in batch(backend, name, bars, period):
            for i, value in enumerate(column):
                window = bars["close"][max(0, i + 1 - period) : i + 1]
                is_full = len(window) == period and all(v == v for v in window)
                has_volume = name != "rolling_vwap" or any(bars["volume"][i + 1 - period : i + 1])
                assert isnan(value) != (is_full and has_volume), (period, i)


@pytest.mark.parametrize("gap", [nan, inf, -inf])
@pytest.mark.parametrize("name", RECURSIVE)
def test_after_a_gap_the_warm_up_starts_again(backend: Backend, name: str, gap: float) -> None:
    for place in (0, 3, 60, 61, 149):
        bars = walk(f"gap {name}", 150)
        clean = batch(backend, name, bars, 5)
        for column in ("high", "low", "close"):
            bars[column][place] = gap
        after = batch(backend, name, part(bars, place + 1, 150), 5)
        for before, column, rest in zip(clean, batch(backend, name, bars, 5), after, strict=True):
            assert same_bits(column[:place], before[:place])
            assert isnan(column[place])
            assert same_bits(column[place + 1 :], rest)


def test_an_infinite_value_leaves_with_its_window(backend: Backend) -> None:
    bars = walk("infinite", 200)
    for name in ("sma", "moments", "bollinger", "zscore"):
        wanted = batch(backend, name, bars, 9)
        odd = dict(bars, close=array("d", bars["close"]))
        odd["close"][77] = inf
        odd["close"][80] = -inf
        for column, clean in zip(batch(backend, name, odd, 9), wanted, strict=True):
            assert all(isnan(v) or abs(v) == inf for v in column[77:89])
            for value, other in zip(column[89:], clean[89:], strict=True):
                assert abs(value - other) < 1e-9


@pytest.mark.parametrize("name", [*FORMS, "oscillator"])
def test_a_period_outside_its_domain_gives_nan(backend: Backend, name: str) -> None:
    bars = walk("domain", 40)
    for period in (-3, 0, 41, 1000):
        if name == "oscillator":
            columns = oscillator(backend, bars, period, 3, 3)
            columns += oscillator(backend, bars, 3, period, 3)
            columns += oscillator(backend, bars, 3, 3, period)
        elif name == "session_vwap":
            columns = [array("d", [nan])]
        else:
            columns = batch(backend, name, bars, period)
            columns += steps(backend, name, bars, period)
        assert all(isnan(value) for column in columns for value in column), period
    assert not isnan(rolling(backend, "rolling_std", bars["close"], 3, 2)[9])
    for ddof in (-1, 3):
        column = rolling(backend, "rolling_std", bars["close"], 3, ddof)
        assert all(isnan(value) for value in column)


def test_an_empty_series_is_left_alone(backend: Backend) -> None:
    bars = walk("nothing", 0)
    for name in FORMS:
        assert all(len(column) == 0 for column in batch(backend, name, bars, 3))


def test_rows_without_volume_and_bad_volumes(backend: Backend) -> None:
    price = array("d", [nan, 10.0, 12.0, nan, 11.0, 20.0, 30.0])
    volume = array("d", [0.0, 1.0, 1.0, 0.0, -1.0, 2.0, 2.0])
    session = array("l", [1, 1, 1, 1, 1, 2, 2])
    bars = {"close": price, "volume": volume, "session": session}
    assert same_bits(
        batch(backend, "session_vwap", bars, 1)[0], [nan, 10.0, 11.0, 11.0, nan, 20.0, 25.0]
    )
    assert same_bits(
        batch(backend, "rolling_vwap", bars, 2)[0], [nan, 10.0, 11.0, 12.0, nan, nan, 25.0]
    )


def test_closes_without_a_return(backend: Backend) -> None:
    bars = walk("closes", 60)
    for place, value in ((10, 0.0), (30, -5.0), (50, inf)):
        bars["close"][place] = value
    column = batch(backend, "volatility", bars, 3)[0]
    # A close that gives no return spoils two, and a window is of three.
    bad = {*range(3), *range(10, 14), *range(30, 34), *range(50, 54)}
    assert {i for i, value in enumerate(column) if isnan(value)} == bad
    kernel = backend.load("bands").realised_vol_step
    assert isnan(kernel(100.0, 2, 0.0, empty(ROLLING_STATE + 2)))
