"""The indicators against TA-Lib and exact arithmetic, their two forms, gaps, domains, properties.

On every runtime against the table of tests/oracles/generate_indicators.py; on CPython against
TA-Lib itself as well.
"""

from __future__ import annotations

from array import array
from fractions import Fraction
from math import inf, isnan, nan, sqrt
from random import Random

import pytest

from engine.backend import Backend
from kernels_pure.extremes import EXTREME_STATE
from kernels_pure.moments import LEAST_VARIANCE
from kernels_pure.rolling import AFRESH, AFRESH_PER_PERIOD, ROLLING_STATE
from tests.kernels.indicator_forms import (
    FORMS,
    Column,
    batch,
    empty,
    oscillator,
    oscillator_states,
    part,
    same_bits,
    steps,
    walk,
)
from tests.oracles.tables import EPS, read

TABLE = read("indicators.csv")
# Their own roundings: relative, and of the largest value of the column.
RELATIVE = 1e-9
WINDOWED = ("sma", "bollinger", "zscore", "moments", "lowest", "highest", "rolling_vwap")
RECURSIVE = ("ema", "rsi", "atr", "macd")
PERIODS = (1, 2, 3, 7, 20, 64)


def close_to(column: Column, expected: Column) -> None:
    """Check the nan pattern, and every value to 1e-9 of itself or 1e-13 of the largest."""
    assert [isnan(value) for value in column] == [isnan(value) for value in expected]
    largest = max((abs(value) for value in expected if not isnan(value)), default=0.0)
    for i, (value, wanted) in enumerate(zip(column, expected, strict=True)):
        if not isnan(wanted):
            assert abs(value - wanted) <= max(RELATIVE * abs(wanted), 1e-13 * largest), i


def rolling(backend: Backend, kernel: str, x: Column, period: int, *settings: int) -> array[float]:
    out, state = empty(len(x)), empty(max(ROLLING_STATE, EXTREME_STATE) + max(0, period))
    module = "moments" if kernel == "rolling_std" else "extremes"
    getattr(backend.load(module), kernel)(x, period, *settings, state, out)
    return out


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
