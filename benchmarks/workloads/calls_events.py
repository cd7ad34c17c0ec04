"""Workloads of events that come one after the other: ticks, messages, bars, look-ups."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from benchmarks.workloads.calls import Built, Call, column, kernel_of
from benchmarks.workloads.calls_series import FLAT, TERMS, WINDOWS, closes, ranges, volumes
from benchmarks.workloads.markets import SEED
from benchmarks.workloads.tasks import Task, python_task
from benchmarks.workloads.trade_messages import messages
from engine.backend import Backend
from engine.backtesting.data import Data
from engine.backtesting.result import Result
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.cache import TtlCache
from engine.market.bars import Bar, Bars
from kernels_pure.ticks import N_STATE, start_ticks

N_TICKS, N_SINGLE = 1_000_000, 100_000
SPAN, RING = 50.0, 256
N_MESSAGES = 20_000
N_BARS = 100_000
BAR_NS = 60_000_000_000
N_GETS, N_KEYS, BATCH = 20_000, 1000, 100


@cache
def trades(n: int) -> tuple[Any, ...]:
    """Return price, size and side of trades."""
    draw = Random(SEED + 4).random
    size = array("d", (3.0 * draw() for _ in range(n)))
    return closes(n), size, array("b", (1 if draw() < 0.5 else -1 for _ in range(n)))


def instrument() -> tuple[array[float], array[float]]:
    """Return the state and the ring of an instrument that has seen no trade."""
    state, ring = column(N_STATE), column(RING)
    start_ticks(SPAN, state, ring)
    return state, ring


def ticks(_backend: Backend) -> tuple[Any, ...]:
    """Return an instrument, its trades and a column for the signals."""
    return *instrument(), *trades(N_TICKS), column(N_TICKS)


def single_ticks(backend: Backend, n: int) -> Callable[[], array[float]]:
    """Return what takes `n` trades one call after the other into a new instrument."""
    on_trade = kernel_of(backend, "ticks.on_trade")
    price, size, side = trades(n)
    signal = column(n)

    def take() -> array[float]:
        state, ring = instrument()
        for row in range(n):
            signal[row] = on_trade(state, ring, price[row], size[row], side[row])
        return signal

    return take


def _single(backend: Backend) -> Task:
    return python_task(single_ticks(backend, N_SINGLE))


def _messages(_backend: Backend) -> tuple[Any, ...]:
    data = b"\n".join(messages(closes(N_MESSAGES))) + b"\n"
    codes = "bddqqqbqq"
    return data, 0, *(array(code, [0]) * N_MESSAGES for code in codes)


class Crossing(Strategy):
    """The crossing of means as a person writes it, with rings of the last closes."""

    def start(self) -> None:
        self._fast, self._slow = WINDOWS
        self._closes = column(self._slow)
        self._seen = 0
        self._quick = self._calm = 0.0

    def on_bar(self, bar: Bar) -> float:
        """Return 1.0 while the fast mean is above the slow one."""
        seen, fast, slow, ring = self._seen, self._fast, self._slow, self._closes
        close = bar.close
        self._quick += close - (ring[(seen - fast) % slow] if seen >= fast else 0.0)
        self._calm += close - (ring[seen % slow] if seen >= slow else 0.0)
        ring[seen % slow] = close
        self._seen = seen + 1
        if self._seen < slow:
            return FLAT
        return 1.0 if self._quick * slow > self._calm * fast else FLAT


def bars(n: int) -> Bars:
    """Return `n` bars of a minute."""
    stamps = array("l", range(0, n * BAR_NS, BAR_NS))
    return Bars(stamps, *ranges(n), closes(n), volumes(n))


def _strategy(_backend: Backend) -> Task:
    data = Data({"ZWALK": bars(N_BARS)}, BAR_NS, "a random walk")

    def result() -> Result:
        return run(Crossing(), data, TERMS)

    return python_task(result)


def _keys() -> list[str]:
    draw = Random(SEED).random
    return [f"key-{int(N_KEYS * draw())}" for _ in range(N_GETS)]


def _cache(_backend: Backend) -> Task:
    """Return look-ups with a reading of the clock for each batch, as a feed makes them."""
    cache = TtlCache[str, float](maxsize=2 * N_KEYS, ttl_ns=3600 * 10**9)
    keys = _keys()
    batches = [keys[start : start + BATCH] for start in range(0, N_GETS, BATCH)]
    for number in range(N_KEYS):
        cache.set(f"key-{number}", float(number))

    def look_up() -> float | None:
        found = None
        for batch in batches:
            cache.refresh()
            for key in batch:
                found = cache.get(key)
        return found

    return python_task(look_up)


def _dict(_backend: Backend) -> Task:
    """Return the same look-ups in a dictionary."""
    values = {f"key-{number}": float(number) for number in range(N_KEYS)}
    keys = _keys()
    batches = [keys[start : start + BATCH] for start in range(0, N_GETS, BATCH)]

    def look_up() -> float | None:
        found = None
        for batch in batches:
            for key in batch:
                found = values.get(key)
        return found

    return python_task(look_up)


EVENTS = (
    Call(
        f"kernel/ticks, batch/{N_TICKS}", "trade", N_TICKS, "ticks.on_trades", ticks, True, (0, 1)
    ),
    Built(f"kernel/tick, one call/{N_SINGLE}", "trade", N_SINGLE, _single, True),
    Call(
        f"kernel/JSON trade/{N_MESSAGES}", "message", N_MESSAGES, "messages.scan_trades", _messages
    ),
    Built(f"engine/strategy object/{N_BARS}", "bar", N_BARS, _strategy, True),
    Built(f"engine/cache get/{N_GETS}", "look-up", N_GETS, _cache),
    Built(f"engine/dict get/{N_GETS}", "look-up", N_GETS, _dict),
)
