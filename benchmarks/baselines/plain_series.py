"""Indicators, the backtest, ticks and messages in plain Python: lists, a deque, `json`."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from benchmarks.baselines.shared import CALLS, Columns, indicator, named, near_task
from benchmarks.workloads import calls_events
from benchmarks.workloads.calls import kernel_of
from benchmarks.workloads.calls_series import TERMS, WINDOWS, backtest
from benchmarks.workloads.tasks import Task
from engine.backend import Backend

NAN = math.nan


def sma(close: list[float], period: int) -> list[float]:
    """Return simple moving averages by a running sum.

    >>> sma([1.0, 2.0, 3.0, 6.0], 3)[2:]
    [2.0, 3.6666666666666665]
    """
    total = sum(close[: period - 1])
    found = [NAN] * (period - 1)
    for new, old in zip(close[period - 1 :], [0.0, *close], strict=False):
        total += new - old
        found.append(total / period)
    return found


def ema(close: list[float], period: int) -> list[float]:
    """Return exponential moving averages.

    >>> ema([1.0, 2.0, 3.0, 6.0, 8.0], 3)[2:]
    [2.0, 4.0, 6.0]
    """
    weight, average = 2.0 / (period + 1.0), sum(close[:period]) / period
    found = [NAN] * (period - 1) + [average]
    for value in close[period:]:
        average += weight * (value - average)
        found.append(average)
    return found


def rsi(close: list[float], period: int) -> list[float]:
    """Return Wilder's relative strength index.

    >>> rsi([1.0, 2.0, 1.0, 2.5], 2)[2:]
    [50.0, 80.0]
    """
    changes = [after - before for before, after in pairwise(close)]
    gain = sum(max(change, 0.0) for change in changes[:period]) / period
    loss = sum(max(-change, 0.0) for change in changes[:period]) / period
    found = [NAN] * period + [100.0 * gain / (gain + loss)]
    for change in changes[period:]:
        gain = (gain * (period - 1) + max(change, 0.0)) / period
        loss = (loss * (period - 1) + max(-change, 0.0)) / period
        found.append(100.0 * gain / (gain + loss))
    return found


def _indicator(name: str, work: Callable[[list[float], int], list[float]], back: Backend) -> Task:
    series, settings, wanted = indicator(name, back)
    close, period = list(series), int(settings[0])
    return near_task(lambda: [work(close, period)], wanted)


def crossing(
    opens: Sequence[float], closes: Sequence[float], fast: int, slow: int
) -> tuple[list[float], list[float], list[float]]:
    """Return cash, position and equity of a rule that is long while the fast mean is the higher."""
    cash, position, wanted = TERMS.cash, 0.0, 0.0
    quick = calm = 0.0
    rows: list[tuple[float, float, float]] = []
    for row, (price, close) in enumerate(zip(opens, closes, strict=True)):
        if wanted != position:
            units = wanted - position
            paid = price * (1.0 + math.copysign(TERMS.slippage_rate, units))
            cash -= units * paid + abs(units) * paid * TERMS.fee_rate
            position = wanted
        rows.append((cash, position, cash + position * close))
        quick += close - (closes[row - fast] if row >= fast else 0.0)
        calm += close - (closes[row - slow] if row >= slow else 0.0)
        if row >= slow - 1:
            wanted = TERMS.units if quick * slow > calm * fast else 0.0
    cashes, positions, equities = map(list, zip(*rows, strict=True))
    return cashes, positions, equities


def _backtest(backend: Backend) -> Task:
    opens, close, *_, cash, position, equity = arguments = backtest(backend)
    kernel_of(backend, CALLS[named("kernel/bar backtest/")].kernel)(*arguments)
    prices = list(opens), list(close)
    return near_task(lambda: crossing(*prices, *WINDOWS), [cash, position, equity])


class Instrument:
    """What is kept of one instrument: averages, and the last prices in a deque."""

    def __init__(self, span: float, length: int) -> None:
        self.weight = 2.0 / (span + 1.0)
        self.prices: deque[float] = deque(maxlen=length)
        self.average = self.total = self.squares = self.flow = self.volume = 0.0
        self.origin = 0.0

    def on_trade(self, price: float, size: float, side: int) -> float:
        """Take one trade; return the signal."""
        if not self.prices:
            self.average = self.origin = price
        gone = self.prices[0] - self.origin if len(self.prices) == self.prices.maxlen else 0.0
        self.prices.append(price)
        # Around the first price, so that the squares keep their digits.
        moved = price - self.origin
        self.total += moved - gone
        self.squares += moved * moved - gone * gone
        self.average += self.weight * (price - self.average)
        self.flow += self.weight * (side * size - self.flow)
        self.volume += self.weight * (size - self.volume)
        mean = self.total / len(self.prices)
        deviation = math.sqrt(max(0.0, self.squares / len(self.prices) - mean * mean))
        gap = price - self.average
        pull = gap / (deviation + abs(gap)) if deviation > 0.0 else 0.0
        return 0.5 * (self.flow / self.volume + pull)


def _single(backend: Backend) -> Task:
    n = calls_events.N_SINGLE
    wanted = calls_events.single_ticks(backend, n)()
    trades = list(zip(*calls_events.trades(n), strict=True))

    def take() -> Columns:
        instrument = Instrument(calls_events.SPAN, calls_events.RING)
        return [[instrument.on_trade(price, size, side) for price, size, side in trades]]

    return near_task(take, [wanted])


def _messages(backend: Backend) -> Task:
    call = CALLS[named("kernel/JSON trade/")]
    data, _, _, price, size, event, time, number, maker, *_ = arguments = call.arguments(backend)
    kernel_of(backend, call.kernel)(*arguments)

    def read() -> Columns:
        rows = [
            (float(row["p"]), float(row["q"]), row["E"], row["T"], row["t"], row["m"])
            for row in map(json.loads, data.splitlines())
        ]
        return list(zip(*rows, strict=True))

    return near_task(read, [price, size, event, time, number, maker])


BASELINES: dict[str, Callable[[Backend], Task]] = {
    **{
        named(f"kernel/{name}/"): partial(_indicator, name, work)
        for name, work in (("sma", sma), ("ema", ema), ("rsi", rsi))
    },
    named("kernel/bar backtest/"): _backtest,
    named("kernel/tick, one call/"): _single,
    named("kernel/JSON trade/"): _messages,
}
