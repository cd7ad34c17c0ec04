"""Workloads that call the kernels of series: indicators, rules and backtests.

The series are random walks of a million elements: a loop over few would let the processor learn
the branches by heart. The sizes are read when a task is made.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from benchmarks.workloads.calls import Call, column
from benchmarks.workloads.markets import SEED
from engine.backend import Backend
from engine.backtesting.terms import Terms
from kernels_pure.averages import EMA_STATE, MACD_STATE
from kernels_pure.extremes import EXTREME_STATE
from kernels_pure.rolling import ROLLING_STATE
from kernels_pure.vwap import SESSION_STATE, WINDOW_STATE
from kernels_pure.wilder import ATR_STATE, RSI_STATE

N_SERIES = 1_000_000
# Of what takes plain CPython microseconds a bar, one part in so many.
SLOW_PART = 4
# A sweep works through all of its bars once for each combination.
N_SWEEP, FAST_WINDOWS, SLOW_WINDOWS = 100_000, (5, 10, 20, 40), (50, 75, 100, 150)
PERIOD = 20
FAST, SLOW, SIGNAL = 12, 26, 9
SLOWING = SMOOTHING = 3
SESSION = 390
PER_YEAR = 98_280.0
# The crossing of means that the peers trade too: long or flat, a tenth of a percent an order.
WINDOWS = PERIOD, 5 * PERIOD
FLAT = 0.0
TERMS = Terms(cash=1e6, units=1.0, fee_rate=0.001, slippage_rate=0.0005)

Columns = tuple[Any, ...]


@cache
def closes(n: int) -> array[float]:
    """Return a random walk of `n` prices."""
    draw, level, found = Random(SEED).random, 100.0, array("d", [100.0])
    for _ in range(n - 1):
        level *= 1.0 + 0.002 * (draw() - 0.5)
        found.append(level)
    return found


@cache
def ranges(n: int) -> tuple[array[float], array[float], array[float]]:
    """Return open, high and low of bars with these closes."""
    draw, close = Random(SEED + 1).random, closes(n)
    opens = array("d", [close[0], *close[:-1]])
    high = array(
        "d", (max(a, b) * (1.0 + 0.001 * draw()) for a, b in zip(opens, close, strict=True))
    )
    low = array(
        "d", (min(a, b) * (1.0 - 0.001 * draw()) for a, b in zip(opens, close, strict=True))
    )
    return opens, high, low


@cache
def volumes(n: int) -> array[float]:
    """Return the volumes of bars."""
    draw = Random(SEED + 2).random
    return array("d", (1.0 + 1000.0 * draw() for _ in range(n)))


def results(count: int) -> list[array[float]]:
    """Return columns of zeros for a series."""
    return [column(N_SERIES) for _ in range(count)]


def _of_closes(state: int, *settings: float, out: int = 1) -> Callable[[Backend], Columns]:
    return lambda _: (closes(N_SERIES), *settings, column(state), *results(out))


def _atr(_backend: Backend) -> Columns:
    _, high, low = ranges(N_SERIES)
    return high, low, closes(N_SERIES), PERIOD, column(ATR_STATE), *results(1)


def _stochastic(_backend: Backend) -> Columns:
    n = N_SERIES // SLOW_PART
    _, high, low = ranges(n)
    sizes = [EXTREME_STATE + PERIOD] * 2 + [ROLLING_STATE + SLOWING, ROLLING_STATE + SMOOTHING]
    states = map(column, sizes)
    out = (column(n) for _ in range(3))
    return high, low, closes(n), PERIOD, SLOWING, SMOOTHING, *states, *out


def _session(_backend: Backend) -> Columns:
    days = array("l", (row // SESSION for row in range(N_SERIES)))
    return closes(N_SERIES), volumes(N_SERIES), days, column(SESSION_STATE), *results(1)


def _window(_backend: Backend) -> Columns:
    state = column(WINDOW_STATE + 2 * PERIOD)
    return closes(N_SERIES), volumes(N_SERIES), PERIOD, state, *results(1)


def backtest(_backend: Backend) -> Columns:
    """Return the bars, the windows, the account and the columns of the fused backtest."""
    opens, account = ranges(N_SERIES)[0], TERMS.column()
    return opens, closes(N_SERIES), *WINDOWS, FLAT, account, *results(3)


def _rule(*settings: float) -> Callable[[Backend], Columns]:
    return lambda _: (closes(N_SERIES), *settings, FLAT, *results(1))


def _breakout(_backend: Backend) -> Columns:
    _, high, low = ranges(N_SERIES)
    work = column(PERIOD), column(PERIOD)
    return high, low, closes(N_SERIES), PERIOD, FLAT, *work, *results(1)


def _targets(_backend: Backend) -> Columns:
    """Return targets that change now and then, as those of a rule do."""
    draw, side, targets = Random(SEED + 3).random, 0.0, array("d")
    for _ in range(N_SERIES):
        if draw() < 0.02:
            side = float(int(3.0 * draw()) - 1)
        targets.append(side)
    opens, account = ranges(N_SERIES)[0], TERMS.column()
    return opens, closes(N_SERIES), targets, account, *results(3)


def _sweep(_backend: Backend) -> Columns:
    pairs = [(fast, slow) for fast in FAST_WINDOWS for slow in SLOW_WINDOWS]
    fast, slow = (array("l", windows) for windows in zip(*pairs, strict=True))
    n = len(pairs)
    out = (column(n), column(n), column(n), array("l", bytes(8 * n)))
    bars = ranges(N_SWEEP)[0], closes(N_SWEEP)
    return *bars, fast, slow, FLAT, TERMS.column(), PER_YEAR, 0.0, *out


def _call(
    name: str,
    kernel: str,
    arguments: Callable[[Backend], Columns],
    *states: int,
    unit: str = "value",
    is_quick: bool = False,
) -> Call:
    return Call(f"kernel/{name}/{N_SERIES}", unit, N_SERIES, kernel, arguments, is_quick, states)


RING = ROLLING_STATE + PERIOD
SWEPT = N_SWEEP * len(FAST_WINDOWS) * len(SLOW_WINDOWS)
EXTREME = EXTREME_STATE + PERIOD
SERIES = (
    _call("sma", "rolling.sma", _of_closes(RING, PERIOD), 2, is_quick=True),
    _call("ema", "averages.ema", _of_closes(EMA_STATE, PERIOD), 2),
    _call("rsi", "wilder.rsi", _of_closes(RSI_STATE, PERIOD), 2),
    _call("bollinger", "bands.bollinger", _of_closes(RING, PERIOD, 2.0, 2.0, out=3), 4),
    _call("atr", "wilder.atr", _atr, 4, unit="bar"),
    _call("macd", "averages.macd", _of_closes(MACD_STATE, FAST, SLOW, SIGNAL, out=3), 4),
    Call(
        f"kernel/stochastic/{N_SERIES // SLOW_PART}", "bar", N_SERIES // SLOW_PART,
        "extremes.stochastic", _stochastic, states=(6, 7, 8, 9),
    ),
    _call("rolling deviation", "moments.rolling_std", _of_closes(RING, PERIOD, 1), 3),
    _call("rolling maximum", "extremes.rolling_max", _of_closes(EXTREME, PERIOD), 2),
    _call("vwap of sessions", "vwap.session_vwap", _session, 3, unit="bar"),
    _call("rolling vwap", "vwap.rolling_vwap", _window, 3, unit="bar"),
    _call(
        "realised volatility", "bands.realised_vol", _of_closes(RING, PERIOD, PER_YEAR, out=2), 3
    ),
    _call(
        "bar backtest", "sweep.ma_cross_backtest", backtest, unit="bar", is_quick=True
    ),
    _call("backtest of targets", "bars.backtest", _targets, unit="bar"),
    _call("momentum rule", "rules.momentum_targets", _rule(PERIOD, 0.002), unit="bar"),
    _call("reversion rule", "rules.reversion_targets", _rule(PERIOD, 2.0, 0.5), unit="bar"),
    _call("breakout rule", "rules.breakout_targets", _breakout, unit="bar"),
    _call("volatility rule", "rules.volatility_targets", _rule(PERIOD, 1.5), unit="bar"),
    Call(
        f"kernel/sweep/{N_SWEEP}x{SWEPT // N_SWEEP}", "bar and combination", SWEPT,
        "sweep.sweep_ma_cross", _sweep,
    ),
)  # fmt: skip
