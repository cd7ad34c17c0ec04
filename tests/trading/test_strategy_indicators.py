"""Each indicator gives the bits of the batch kernel of its name."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from engine.backend import Backend
from engine.trading import indicators
from kernels_pure.averages import EMA_STATE, MACD_STATE
from kernels_pure.extremes import EXTREME_STATE
from kernels_pure.rolling import ROLLING_STATE
from kernels_pure.vwap import WINDOW_STATE
from kernels_pure.wilder import ATR_STATE, RSI_STATE

N = 1500  # sums are taken afresh after 512 + 16 windows


def zeros(n: int) -> array[float]:
    return array("d", bytes(8 * n))


def prices() -> tuple[array[float], array[float], array[float], array[float]]:
    rng = Random(7)
    high, low, close, volume = (zeros(N) for _ in range(4))
    price = 50.0
    for row in range(N):
        price *= 1.0 + rng.gauss(0.0, 0.01)
        spread = rng.random()
        high[row], low[row], close[row] = price + spread, price - spread, price
        volume[row] = float(rng.randrange(1, 500))
    return high, low, close, volume


HIGH, LOW, CLOSE, VOLUME = prices()


def batch(backend: Backend, name: str, *words: Any, outs: int) -> list[array[float]]:
    module, function = name.split(".")
    columns = [zeros(N) for _ in range(outs)]
    getattr(backend.load(module), function)(*words, *columns)
    return columns


CASES: dict[str, tuple[Callable[[], Any], Sequence[array[float]], Callable[[Backend], Any]]] = {
    "Sma": (
        lambda: indicators.Sma(9),
        (CLOSE,),
        lambda b: batch(b, "rolling.sma", CLOSE, 9, zeros(ROLLING_STATE + 9), outs=1),
    ),
    "Ema": (
        lambda: indicators.Ema(9),
        (CLOSE,),
        lambda b: batch(b, "averages.ema", CLOSE, 9, zeros(EMA_STATE), outs=1),
    ),
    "Macd": (
        lambda: indicators.Macd(5, 12, 4),
        (CLOSE,),
        lambda b: batch(b, "averages.macd", CLOSE, 5, 12, 4, zeros(MACD_STATE), outs=3),
    ),
    "Rsi": (
        lambda: indicators.Rsi(9),
        (CLOSE,),
        lambda b: batch(b, "wilder.rsi", CLOSE, 9, zeros(RSI_STATE), outs=1),
    ),
    "Atr": (
        lambda: indicators.Atr(9),
        (HIGH, LOW, CLOSE),
        lambda b: batch(b, "wilder.atr", HIGH, LOW, CLOSE, 9, zeros(ATR_STATE), outs=1),
    ),
    "Std": (
        lambda: indicators.Std(9, 1),
        (CLOSE,),
        lambda b: batch(b, "moments.rolling_std", CLOSE, 9, 1, zeros(ROLLING_STATE + 9), outs=1),
    ),
    "ZScore": (
        lambda: indicators.ZScore(9),
        (CLOSE,),
        lambda b: batch(
            b, "moments.rolling_zscore", CLOSE, 9, 0, zeros(ROLLING_STATE + 9), zeros(N), outs=1
        ),
    ),
    "Bollinger": (
        lambda: indicators.Bollinger(9, 1.5),
        (CLOSE,),
        lambda b: batch(b, "bands.bollinger", CLOSE, 9, 1.5, 1.5, zeros(ROLLING_STATE + 9), outs=3),
    ),
    "RealisedVol": (
        lambda: indicators.RealisedVol(9, 252.0),
        (CLOSE,),
        lambda b: batch(
            b, "bands.realised_vol", CLOSE, 9, 252.0, zeros(ROLLING_STATE + 9), zeros(N), outs=1
        ),
    ),
    "Highest": (
        lambda: indicators.Highest(9),
        (HIGH,),
        lambda b: batch(b, "extremes.rolling_max", HIGH, 9, zeros(EXTREME_STATE + 9), outs=1),
    ),
    "Lowest": (
        lambda: indicators.Lowest(9),
        (LOW,),
        lambda b: batch(b, "extremes.rolling_min", LOW, 9, zeros(EXTREME_STATE + 9), outs=1),
    ),
    "Vwap": (
        lambda: indicators.Vwap(9),
        (CLOSE, VOLUME),
        lambda b: batch(b, "vwap.rolling_vwap", CLOSE, VOLUME, 9, zeros(WINDOW_STATE + 18), outs=1),
    ),
    "Past": (
        lambda: indicators.Past(9),
        (CLOSE,),
        lambda _: [array("d", [float("nan")] * 9) + CLOSE[:-9]],
    ),
}


def test_every_indicator_is_compared() -> None:
    assert set(indicators.__all__) - set(CASES) == {"Stochastic"}


@pytest.mark.parametrize("name", CASES)
def test_equals_the_batch_kernel(backend: Backend, name: str) -> None:
    make, inputs, expected = CASES[name]
    one = make()
    said = []
    for row in zip(*inputs, strict=True):
        value = one(*row)
        said.append(value if isinstance(value, tuple) else (value,))
    columns = expected(backend)
    for k, column in enumerate(columns):
        mine = array("d", [values[k] for values in said])
        assert struct.pack(f"<{N}d", *mine) == struct.pack(f"<{N}d", *column)
    assert said[N - 1] == said[N - 1]


def test_the_stochastic_equals_the_batch_kernel(backend: Backend) -> None:
    one = indicators.Stochastic(9, 3, 2)
    said = [one(*row) for row in zip(HIGH, LOW, CLOSE, strict=True)]
    out_k, out_d = zeros(N), zeros(N)
    sizes = EXTREME_STATE + 9, EXTREME_STATE + 9, ROLLING_STATE + 3, ROLLING_STATE + 2
    states = [zeros(size) for size in sizes]
    stochastic = backend.load("extremes").stochastic
    stochastic(HIGH, LOW, CLOSE, 9, 3, 2, *states, zeros(N), out_k, out_d)
    assert [repr(k) for k, _ in said] == [repr(k) for k in out_k]
    assert [repr(d) for _, d in said] == [repr(d) for d in out_d]
