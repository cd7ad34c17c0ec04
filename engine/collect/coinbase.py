"""Coinbase Exchange: candles and the best quote of a product, by its public REST interface.

Source: Coinbase Exchange REST API, "Get product candles" and "Get product ticker". A candle is
``[time, low, high, open, close, volume]``, the newest first, at most 300 in an answer; intervals in
which nothing was traded have none.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

from engine.clock import NS_PER_SECOND, Clock, from_ns, to_ns
from engine.collect.client import Client, DriftError
from engine.collect.tasks import BARS, COMPLETE, PARTIAL, QUOTE, Delivery, Task
from engine.session.recording import Message

URL = "https://api.exchange.coinbase.com"
GRANULARITIES = (60, 300, 900, 3600, 21_600, 86_400)
MOST_BARS = 300
_PRODUCT = re.compile(r"[A-Z0-9]{2,12}-[A-Z0-9]{2,6}")


class Coinbase:
    """Bars and quotes of products such as BTC-USD."""

    name = "coinbase"
    kinds = (BARS, QUOTE)

    def has(self, kind: str, symbol: str) -> bool:
        """Tell whether it is the name of a product."""
        return kind in self.kinds and _PRODUCT.fullmatch(symbol) is not None

    async def fetch(self, client: Client, task: Task, clock: Clock) -> Delivery:
        """Return the closed bars of a window, or the quote of now."""
        if task.kind == QUOTE:
            return await self._quote(client, task, clock)
        asked_ns = clock.now_ns()
        step = task.seconds * NS_PER_SECOND
        # Both ends are included.
        last = task.end_ns - step
        answer = await client.json(
            f"/products/{task.symbol}/candles",
            {"granularity": task.seconds, "start": _iso(task.start_ns), "end": _iso(last)},
        )
        if not isinstance(answer, list):
            raise DriftError(f"candles of {task.symbol}: expected a list")
        bars: dict[int, list[float]] = {}
        for number, row in enumerate(answer, 1):
            start, values = _candle(task, number, row)
            is_closed = start + step <= asked_ns
            if not (is_closed and task.start_ns <= start < task.end_ns):
                continue
            if bars.setdefault(start, values) != values:
                raise DriftError(f"candles of {task.symbol}: two different ones of one time")
        messages = tuple(
            Message(clock.now_ns(), start, "bar", [task.symbol, task.seconds, *bars[start]])
            for start in sorted(bars)
        )
        is_over = task.end_ns <= asked_ns
        n_without = task.expected - len(bars)
        note = f"{n_without} without trades" if is_over and n_without > 0 else ""
        return Delivery(messages, len(bars), COMPLETE if is_over else PARTIAL, note)

    async def _quote(self, client: Client, task: Task, clock: Clock) -> Delivery:
        answer = await client.json(f"/products/{task.symbol}/ticker")
        if not isinstance(answer, dict):
            raise DriftError(f"ticker of {task.symbol}: expected an object")
        try:
            bid, ask = _price(answer["bid"]), _price(answer["ask"])
            event = _instant(answer["time"])
        except (KeyError, TypeError, ValueError) as error:
            raise DriftError(f"ticker of {task.symbol}: {type(error).__name__} {error}") from None
        message = Message(clock.now_ns(), event, "quote", [task.symbol, bid, ask, None, None])
        return Delivery((message,), 1)


def _candle(task: Task, number: int, row: object) -> tuple[int, list[float]]:
    """Return the start and open, high, low, close, volume of one candle."""
    try:
        if not isinstance(row, list) or len(row) != 6:
            raise ValueError("expected six numbers")
        seconds, low, high, opened, closed, volume = (_number(cell) for cell in row)
        if seconds != int(seconds) or int(seconds) % task.seconds:
            raise ValueError("its time is not on the grid")
        if not 0.0 < low <= min(opened, closed) <= max(opened, closed) <= high:
            raise ValueError("its prices contradict each other")
    except (TypeError, ValueError, OverflowError) as error:
        raise DriftError(f"candles of {task.symbol}: row {number}: {error}") from None
    return int(seconds) * NS_PER_SECOND, [opened, high, low, closed, volume]


def _number(cell: object) -> float:
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        raise ValueError("not a number")
    value = float(cell)
    if not 0.0 <= value < 1e18:
        raise ValueError(f"{value} is out of range")
    return value


def _price(text: object) -> float:
    value = float(text) if isinstance(text, str) and len(text) < 40 else math.nan
    if not 0.0 <= value < 1e12:
        raise ValueError(f"not a price: {str(text)[:40]}")
    return value


def _instant(text: object) -> int:
    if not isinstance(text, str) or len(text) > 40:
        raise ValueError("not a time")
    # Python 3.10 reads neither Z nor nine digits of a second.
    whole, _, fraction = text.removesuffix("Z").partition(".")
    moment = to_ns(datetime.fromisoformat(whole + "+00:00"))
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        raise ValueError("not a time")
    return moment + int(f"{fraction[:9]:0<9}") if fraction else moment


def _iso(ts_ns: int) -> str:
    return f"{from_ns(ts_ns):%Y-%m-%dT%H:%M:%SZ}"
