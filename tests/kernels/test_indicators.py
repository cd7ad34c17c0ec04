"""The indicators against other programs, and their two forms against each other.

On every runtime against the table of tests/oracles/generate_indicators.py; on CPython against
TA-Lib itself as well.
"""

from __future__ import annotations

from array import array
from math import isnan
from random import Random

import pytest

from engine.backend import Backend
from kernels_pure.rolling import AFRESH, AFRESH_PER_PERIOD
from tests.kernels.indicator_forms import (
    FORMS,
    Column,
    batch,
    empty,
    oscillator,
    oscillator_states,
    part,
    rolling,
    same_bits,
    steps,
    walk,
)
from tests.oracles.tables import read

TABLE = read("indicators.csv")
# Their own roundings: relative, and of the largest value of the column.
RELATIVE = 1e-9


def close_to(column: Column, expected: Column) -> None:
    """Check the nan pattern, and every value to 1e-9 of itself or 1e-13 of the largest."""
    assert [isnan(value) for value in column] == [isnan(value) for value in expected]
    largest = max((abs(value) for value in expected if not isnan(value)), default=0.0)
    for i, (value, wanted) in enumerate(zip(column, expected, strict=True)):
        if not isnan(wanted):
            assert abs(value - wanted) <= max(RELATIVE * abs(wanted), 1e-13 * largest), i


def table_bars() -> dict[str, Column]:
    bars: dict[str, Column] = {
        name: array("d", [float(row[name]) for row in TABLE])
        for name in ("high", "low", "close", "volume")
    }
    bars["session"] = array("l", [int(float(row["session"])) for row in TABLE])
    return bars


def results(backend: Backend, bars: dict[str, Column], period: int) -> dict[str, Column]:
    """Return the columns of the table that end in a period."""
    found = {name: batch(backend, name, bars, period)[0] for name in ("sma", "ema", "rsi", "atr")}
    middle, upper, lower = batch(backend, "bollinger", bars, period)
    found |= {"middle": middle, "upper": upper, "lower": lower}
    slowk, slowd = oscillator(backend, bars, period, 3, 3)
    fastk, fastd = oscillator(backend, bars, period, 1, 3)
    found |= {"slowk": slowk, "slowd": slowd, "fastk": fastk, "fastd": fastd}
    x = bars["close"]
    found["max"] = rolling(backend, "rolling_max", x, period)
    found["min"] = rolling(backend, "rolling_min", x, period)
    found["std"] = rolling(backend, "rolling_std", x, period, 1)
    found["z"] = batch(backend, "zscore", bars, period)[0]
    found["vol"] = batch(backend, "volatility", bars, period)[0]
    found["vwap"] = batch(backend, "rolling_vwap", bars, period)[0]
    return found


@pytest.mark.parametrize("period", [5, 14])
def test_results_of_other_programs(backend: Backend, period: int) -> None:
    found = results(backend, table_bars(), period)
    named = {name.rpartition("_")[0] for name in TABLE[0] if name.endswith(f"_{period}")}
    assert named == set(found)
    for name, column in found.items():
        close_to(column, [float(row[f"{name}_{period}"]) for row in TABLE])


def test_macd_and_session_prices_of_other_programs(backend: Backend) -> None:
    bars = table_bars()
    for periods in ((12, 26, 9), (3, 8, 4), (8, 3, 4)):
        columns = [empty(len(TABLE)) for _ in range(3)]
        backend.load("averages").macd(bars["close"], *periods, empty(4), *columns)
        fast, slow, signal = (*sorted(periods[:2]), periods[2])
        for name, column in zip(("macd", "signal", "difference"), columns, strict=True):
            close_to(column, [float(row[f"{name}_{fast}_{slow}_{signal}"]) for row in TABLE])
    column = batch(backend, "session_vwap", bars, 1)[0]
    close_to(column, [float(row["session_vwap"]) for row in TABLE])


@pytest.mark.parametrize("length", [3, 30, 200, 3000])
def test_talib(backend: Backend, length: int) -> None:
    talib = pytest.importorskip("talib", reason="TA-Lib, the oracle, is not installed")
    numpy = pytest.importorskip("numpy")
    bars = walk(length, length)
    high, low, close = (numpy.array(bars[name]) for name in ("high", "low", "close"))
    for period in (2, 3, 10, 14, 50):
        x = bars["close"]
        for name in ("sma", "ema", "rsi"):
            wanted = getattr(talib, name.upper())(close, period)
            close_to(batch(backend, name, bars, period)[0], wanted)
        close_to(batch(backend, "atr", bars, period)[0], talib.ATR(high, low, close, period))
        close_to(rolling(backend, "rolling_max", x, period), talib.MAX(close, period))
        close_to(rolling(backend, "rolling_min", x, period), talib.MIN(close, period))
        if period > 2:
            # Of two values TA-Lib's deviation is up to 1.1e-9 off; the exact one is tested below.
            close_to(rolling(backend, "rolling_std", x, period, 0), talib.STDDEV(close, period))
        upper, middle, lower = talib.BBANDS(close, period, 2.0, 1.5)
        for ours, theirs in zip(
            batch(backend, "bollinger", bars, period), (middle, upper, lower), strict=True
        ):
            close_to(ours, theirs)
        theirs = talib.MACD(close, period, 2 * period, 4)
        for line, other in zip(batch(backend, "macd", bars, period), theirs, strict=True):
            close_to(line, other)
        for slowing, smoothing in ((1, 3), (3, 3), (5, 2)):
            theirs = talib.STOCH(high, low, close, period, slowing, 0, smoothing, 0)
            ours = oscillator(backend, bars, period, slowing, smoothing)
            for line, other in zip(ours, theirs, strict=True):
                close_to(line, other)


@pytest.mark.parametrize("gaps", [0.0, 0.01])
@pytest.mark.parametrize("name", FORMS)
def test_steps_equal_the_batch_to_the_bit(backend: Backend, name: str, gaps: float) -> None:
    for period in (1, 3, 20):
        # Long enough for sums to be taken afresh.
        bars = walk(name, AFRESH + AFRESH_PER_PERIOD * period + 150, gaps)
        whole = batch(backend, name, bars, period)
        for ours, theirs in zip(whole, steps(backend, name, bars, period), strict=True):
            assert same_bits(ours, theirs), period
        assert period == 1 or any(not isnan(value) for value in whole[0])


@pytest.mark.parametrize("gaps", [0.0, 0.01])
def test_steps_of_the_oscillator_equal_the_batch(backend: Backend, gaps: float) -> None:
    bars = walk("oscillator", 1500, gaps)
    for periods in ((5, 3, 3), (14, 1, 3), (1, 1, 1)):
        states = oscillator_states(*periods)
        step = backend.load("extremes").stochastic_step
        rows = zip(bars["high"], bars["low"], bars["close"], strict=True)
        pairs = [step(*row, *periods, *states) for row in rows]
        whole = oscillator(backend, bars, *periods)
        for ours, theirs in zip(whole, zip(*pairs, strict=True), strict=True):
            assert same_bits(ours, theirs)


@pytest.mark.parametrize("name", FORMS)
def test_a_batch_goes_on_where_another_or_steps_ended(backend: Backend, name: str) -> None:
    draw = Random(name)
    for period in (1, 4, 20):
        bars = walk(f"parts {name}", 900, 0.004)
        form = FORMS[name]
        state = empty(form.state(period))
        pieces: list[list[float]] = [[] for _ in range(form.outputs)]
        start = 0
        while start < 900:
            stop = min(900, start + 1 + int(draw.random() * draw.random() * 200))
            way = steps if draw.random() < 0.3 else batch
            columns = way(backend, name, part(bars, start, stop), period, state)
            for piece, column in zip(pieces, columns, strict=True):
                piece.extend(column)
            start = stop
        for piece, column in zip(pieces, batch(backend, name, bars, period), strict=True):
            assert same_bits(piece, column), period
