"""The indicators in their two forms, called alike: columns of bars in, columns of results out."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, NamedTuple

from engine.backend import Backend
from kernels_pure.averages import EMA_STATE, MACD_STATE
from kernels_pure.extremes import EXTREME_STATE
from kernels_pure.rolling import ROLLING_STATE
from kernels_pure.vwap import SESSION_STATE, WINDOW_STATE
from kernels_pure.wilder import ATR_STATE, RSI_STATE

Column = Any


class Form(NamedTuple):
    """A kernel, its step, and how both are called."""

    module: str
    batch: str
    step: str
    inputs: tuple[str, ...]
    settings: Callable[[int], tuple[float, ...]]
    state: Callable[[int], int]
    outputs: int
    work: int = 0


def ring(period: int) -> int:
    return ROLLING_STATE + max(0, period)


def only(period: int) -> tuple[float, ...]:
    return (period,)


FORMS = {
    "sma": Form("rolling", "sma", "sma_step", ("close",), only, ring, 1),
    "ema": Form("averages", "ema", "ema_step", ("close",), only, lambda p: EMA_STATE, 1),
    "rsi": Form("wilder", "rsi", "rsi_step", ("close",), only, lambda p: RSI_STATE, 1),
    "atr": Form(
        "wilder", "atr", "atr_step", ("high", "low", "close"), only, lambda p: ATR_STATE, 1
    ),
    "macd": Form(
        "averages",
        "macd",
        "macd_step",
        ("close",),
        lambda p: (p, 2 * p, 4),
        lambda p: MACD_STATE,
        3,
    ),
    "bollinger": Form(
        "bands", "bollinger", "bollinger_step", ("close",), lambda p: (p, 2.0, 1.5), ring, 3
    ),
    "zscore": Form(
        "moments", "rolling_zscore", "rolling_zscore_step", ("close",), lambda p: (p, 1), ring, 1, 1
    ),
    "volatility": Form(
        "bands", "realised_vol", "realised_vol_step", ("close",), lambda p: (p, 252.0), ring, 1, 1
    ),
    "moments": Form(
        "moments", "moments", "moments_step", ("close",), lambda p: (p, 0), ring, 2
    ),
    "lowest": Form(
        "extremes",
        "extremes",
        "extreme_step",
        ("close",),
        lambda p: (-1.0, p),
        lambda p: EXTREME_STATE + max(0, p),
        1,
    ),
    "highest": Form(
        "extremes",
        "extremes",
        "extreme_step",
        ("close",),
        lambda p: (1.0, p),
        lambda p: EXTREME_STATE + max(0, p),
        1,
    ),
    "session_vwap": Form(
        "vwap",
        "session_vwap",
        "session_vwap_step",
        ("close", "volume", "session"),
        lambda p: (),
        lambda p: SESSION_STATE,
        1,
    ),
    "rolling_vwap": Form(
        "vwap",
        "rolling_vwap",
        "rolling_vwap_step",
        ("close", "volume"),
        only,
        lambda p: WINDOW_STATE + 2 * max(0, p),
        1,
    ),
}  # fmt: skip


def empty(n: int) -> array[float]:
    return array("d", bytes(8 * n))


def batch(
    backend: Backend, name: str, bars: dict[str, Column], period: int, state: Column = None
) -> list[array[float]]:
    """Return the output columns of a batch kernel, which changes `state`, else a fresh one."""
    form = FORMS[name]
    inputs = [bars[column] for column in form.inputs]
    n = len(inputs[0])
    outputs = [empty(n) for _ in range(form.outputs)]
    state = empty(form.state(period)) if state is None else state
    work = [empty(n) for _ in range(form.work)]
    kernel = getattr(backend.load(form.module), form.batch)
    kernel(*inputs, *form.settings(period), state, *work, *outputs)
    return outputs


def steps(
    backend: Backend, name: str, bars: dict[str, Column], period: int, state: Column = None
) -> list[array[float]]:
    """Return the same, made by the one-step form."""
    form = FORMS[name]
    state = empty(form.state(period)) if state is None else state
    kernel = getattr(backend.load(form.module), form.step)
    settings = form.settings(period)
    rows = zip(*(bars[column] for column in form.inputs), strict=True)
    results = [kernel(*row, *settings, state) for row in rows]
    if form.outputs == 1:
        return [array("d", results)]
    return [array("d", column) for column in zip(*results, strict=True)]


def oscillator(
    backend: Backend, bars: dict[str, Column], period: int, slowing: int, smoothing: int
) -> list[array[float]]:
    """Return %K and %D."""
    n = len(bars["close"])
    states = oscillator_states(period, slowing, smoothing)
    out_k, out_d, work = empty(n), empty(n), empty(n)
    columns = (bars[name] for name in ("high", "low", "close"))
    kernel = backend.load("extremes").stochastic
    kernel(*columns, period, slowing, smoothing, *states, work, out_k, out_d)
    return [out_k, out_d]


def oscillator_states(period: int, slowing: int, smoothing: int) -> list[array[float]]:
    high, low = (empty(EXTREME_STATE + max(0, period)) for _ in range(2))
    return [high, low, empty(ring(slowing)), empty(ring(smoothing))]


def walk(seed: object, n: int, gaps: float = 0.0, level: float = 100.0) -> dict[str, Column]:
    """Bars of a random walk with unpredictable moves, in which the share `gaps` is nan."""
    draw = Random(f"bars {seed}")
    close, high, low = array("d"), array("d"), array("d")
    for _ in range(n):
        level *= 1.0 + 0.02 * (draw.random() - 0.5)
        close.append(level)
        high.append(level * (1.0 + 0.01 * draw.random()))
        low.append(level * (1.0 - 0.01 * draw.random()))
    volume = array("d", [float(int(5 * draw.random())) for _ in range(n)])
    for column in (close, high, low, volume):
        for i in range(n):
            if draw.random() < gaps:
                column[i] = float("nan")
    session = array("l", [i // 50 for i in range(n)])
    return {"close": close, "high": high, "low": low, "volume": volume, "session": session}


def part(bars: dict[str, Column], start: int, stop: int) -> dict[str, Column]:
    return {name: column[start:stop] for name, column in bars.items()}


def same_bits(first: Iterable[float], second: Iterable[float]) -> bool:
    """Tell whether two columns are equal to the bit, any nan being the same."""
    return [repr(value) for value in first] == [repr(value) for value in second]


def rolling(backend: Backend, kernel: str, x: Column, period: int, *settings: int) -> array[float]:
    out, state = empty(len(x)), empty(max(ROLLING_STATE, EXTREME_STATE) + max(0, period))
    module = "moments" if kernel == "rolling_std" else "extremes"
    getattr(backend.load(module), kernel)(x, period, *settings, state, out)
    return out
