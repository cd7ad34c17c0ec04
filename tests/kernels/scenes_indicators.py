"""Scenes of the technical indicators: series with gaps and jumps, and states fresh and in use."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from math import inf, nan
from random import Random

from kernels_pure.averages import EMA_STATE, ema, macd
from kernels_pure.bands import realised_vol
from kernels_pure.extremes import EXTREME_STATE, extremes
from kernels_pure.moments import moments
from kernels_pure.rolling import ROLLING_STATE, sma
from kernels_pure.vwap import SESSION_STATE, WINDOW_STATE, rolling_vwap, session_vwap
from kernels_pure.wilder import ATR_STATE, RSI_STATE, atr, rsi
from tests.kernels.draws import Scene, between, choice, count, floats, zeros

LENGTH = 40
ODD = (nan, nan, nan, inf, 1e9, 0.0)


def prices(draw: Random, n: int, gaps: float) -> array[float]:
    """A series of n prices with still stretches, in which the share `gaps` is odd."""
    level = choice(draw, (1.0, 100.0, 1e6))
    column = array("d")
    for _ in range(n):
        if draw.random() < 0.8:
            level += between(draw, -0.5, 0.5)
        column.append(choice(draw, ODD) if draw.random() < gaps else level)
    return column


def series(draw: Random) -> Scene:
    """Bars and fresh states; now and then a period that does not fit."""
    gaps = choice(draw, (0.0, 0.0, 0.03, 0.1))
    period = choice(draw, (1, 2, 3, 5, 5, 8, 13))
    close = prices(draw, LENGTH, gaps)
    columns: dict[str, array[float] | array[int]] = {
        "x": prices(draw, LENGTH, gaps),
        "close": close,
        "high": array("d", [v + between(draw, -0.1, 0.5) for v in close]),
        "low": array("d", [v - between(draw, -0.1, 0.5) for v in close]),
        "price": close,
        "volume": array("d", [choice(draw, (0.0, 1.0, 300.0)) for _ in close]),
        "session": array("l", [i // 15 for i in range(LENGTH)]),
        "work_state": zeros("d", max(ROLLING_STATE, WINDOW_STATE) + 2 * period),
    }
    if gaps:
        columns["volume"][count(draw, 0, LENGTH - 1)] = choice(draw, (nan, -1.0, 1e9))
    for name in (
        "sma", "std", "z", "gap", "ema", "macd", "signal", "difference", "rsi", "atr", "max", "min",
        "extreme", "k", "d", "middle", "upper", "lower", "vol", "vwap",
    ):  # fmt: skip
        columns[f"out_{name}"] = zeros("d", LENGTH)
    for name in ("raw", "return", "std"):
        columns[f"work_{name}"] = zeros("d", LENGTH)
    slowing, smoothing = count(draw, 1, 4), count(draw, 1, 4)
    columns["work_high"] = zeros("d", EXTREME_STATE + period)
    columns["work_low"] = zeros("d", EXTREME_STATE + period)
    columns["work_k"] = zeros("d", ROLLING_STATE + slowing)
    columns["work_d"] = zeros("d", ROLLING_STATE + smoothing)
    if draw.random() < 0.05:
        period = choice(draw, (-1, 0, 99))
    numbers: dict[str, float] = {
        "period": period,
        "ddof": choice(draw, (0, 0, 1, 1, 2)),
        "sign": choice(draw, (1.0, -1.0)),
        "fast": count(draw, 1, 6),
        "slow": count(draw, 1, 9),
        "signal": count(draw, 1, 5),
        "slowing": slowing,
        "smoothing": smoothing,
        "up": 2.0,
        "down": 1.5,
        "per_year": choice(draw, (252.0, 252.0, 365.0, 0.0)),
        "session": count(draw, 1, 3),
        "size": LENGTH,
    }
    for name in ("close", "high", "low", "volume"):
        numbers[name] = columns[name][-1]
    numbers["value"] = numbers["price"] = choice(draw, (columns["x"][-1], columns["x"][-1], nan))
    return Scene(numbers, columns)


def inside(draw: Random) -> Scene:
    """What the inner loops meet: a valid period, a place in the series, sums of about its size."""
    scene = series(draw)
    numbers, columns = scene
    period = numbers["period"] = count(draw, 1, 9)
    numbers["ddof"] = count(draw, 0, int(period) - 1)
    start = count(draw, 9, 20)
    numbers["start"], numbers["stop"] = start, count(draw, start, LENGTH)
    numbers["shift"] = columns["x"][start - 1]
    numbers["total"], numbers["squares"] = between(draw, -3.0, 3.0), between(draw, 1.0, 9.0)
    numbers["before"], numbers["average"] = between(draw, 0.5, 9.0), columns["x"][start - 1]
    numbers["valid"], numbers["left"] = int(period), count(draw, 0, 99)
    columns["work_state"] = floats(draw, WINDOW_STATE + 2 * 9, 0.5, 99.0)
    return scene


def ring(draw: Random) -> Scene:
    """A window that wraps round the end of its ring."""
    scene = inside(draw)
    numbers = scene.numbers
    size = count(draw, int(numbers["period"]), LENGTH)
    numbers["size"], numbers["first"] = size, count(draw, 0, size - 1)
    numbers["start"] = numbers["at"] = numbers["behind"] = count(draw, 0, LENGTH - size)
    return scene


def used(scene: Scene, draw: Random, state: int, rings: int) -> array[float]:
    """Give the scene an empty state of the right size; the caller fills it."""
    column = array("d", bytes(8 * (state + rings * max(0, int(scene.numbers["period"])))))
    scene.columns["work_state"] = column
    return column


def in_use(state: int, rings: int, fill: Callable[..., None]) -> Callable[[Random], Scene]:
    """Return the scene of a step: its state after part of a series, sums sometimes due afresh."""

    def scene_of(draw: Random) -> Scene:
        scene = series(draw)
        column = used(scene, draw, state, rings)
        fill(scene.numbers, scene.columns, column)
        if rings and column[2] > 0.0 and draw.random() < 0.2:
            column[2] = 0.0
        return scene

    return scene_of


def fill_moments(n: dict[str, float], c: dict[str, array[float]], state: array[float]) -> None:
    moments(c["x"], int(n["period"]), int(n["ddof"]), state, c["out_gap"], c["out_std"])


def fill_macd(n: dict[str, float], c: dict[str, array[float]], state: array[float]) -> None:
    periods = int(n["fast"]), int(n["slow"]), int(n["signal"])
    macd(c["x"], *periods, state, c["out_macd"], c["out_signal"], c["out_difference"])


def fill_session(n: dict[str, float], c: dict[str, array[int]], state: array[float]) -> None:
    session_vwap(c["price"], c["volume"], c["session"], state, array("d", c["price"]))


def bars_in_use(draw: Random) -> Scene:
    """The scene of the oscillator's step."""
    scene = series(draw)
    c, period = scene.columns, int(scene.numbers["period"])
    extremes(array("d", c["high"]), 1.0, period, c["work_high"], array("d", c["high"]))
    extremes(array("d", c["low"]), -1.0, period, c["work_low"], array("d", c["low"]))
    raw = floats(draw, LENGTH, 0.0, 100.0, 0.02)
    sma(raw, int(scene.numbers["slowing"]), c["work_k"], array("d", raw))
    sma(raw, int(scene.numbers["smoothing"]), c["work_d"], array("d", raw))
    return scene


MOMENTS = in_use(ROLLING_STATE, 1, fill_moments)
SCENES: dict[str, Callable[[Random], Scene]] = {
    "averages": series,
    "averages.ema_run": inside,
    "averages.ema_step": in_use(
        EMA_STATE, 0, lambda n, c, s: ema(c["x"], int(n["period"]), s, c["out_ema"])
    ),
    "averages.macd_run": inside,
    "averages.macd_step": in_use(EMA_STATE, 0, fill_macd),
    "bands": series,
    "bands.bollinger_step": MOMENTS,
    "bands.realised_vol_step": in_use(
        ROLLING_STATE,
        1,
        lambda n, c, s: realised_vol(
            c["close"], int(n["period"]), 252.0, s, c["work_return"], c["out_vol"]
        ),
    ),
    "extremes": series,
    "extremes.extreme_block": inside,
    "extremes.extreme_step": in_use(
        EXTREME_STATE,
        1,
        lambda n, c, s: extremes(c["x"], n["sign"], int(n["period"]), s, c["out_max"]),
    ),
    "extremes.stochastic_step": bars_in_use,
    "extremes.suffixes": inside,
    "moments": series,
    "moments.moments_run": inside,
    "moments.moments_step": MOMENTS,
    "moments.rolling_zscore_step": MOMENTS,
    "rolling": series,
    "rolling.keep_window": inside,
    "rolling.sma_run": inside,
    "rolling.sma_step": in_use(
        ROLLING_STATE, 1, lambda n, c, s: sma(c["x"], int(n["period"]), s, c["out_sma"])
    ),
    "rolling.window_sums": ring,
    "vwap": series,
    "vwap.rolling_vwap_step": in_use(
        WINDOW_STATE,
        2,
        lambda n, c, s: rolling_vwap(c["price"], c["volume"], int(n["period"]), s, c["out_vwap"]),
    ),
    "vwap.session_vwap_step": in_use(SESSION_STATE, 0, fill_session),
    "vwap.weighed_sums": ring,
    "wilder": series,
    "wilder.atr_run": inside,
    "wilder.atr_step": in_use(
        ATR_STATE,
        0,
        lambda n, c, s: atr(c["high"], c["low"], c["close"], int(n["period"]), s, c["out_atr"]),
    ),
    "wilder.rsi_run": inside,
    "wilder.rsi_step": in_use(
        RSI_STATE, 0, lambda n, c, s: rsi(c["x"], int(n["period"]), s, c["out_rsi"])
    ),
}
