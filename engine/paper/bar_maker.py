"""Bars out of quotes and prints, as they arrive.

A bar holds what happened from its beginning on and before its close, which is a multiple of the
interval. A symbol that has prints has bars of prints; one that has none has bars of the middle of
its quotes, whose volume is the number of quotes. A stretch without either has no bar.
"""

from __future__ import annotations

from engine.market.bars import Bar
from engine.paper.events import Instant, Print, Touch


class _Making:
    """A bar that is not closed yet."""

    __slots__ = ("close", "high", "low", "open", "volume")

    def __init__(self, price: float, volume: float) -> None:
        self.open = self.high = self.low = self.close = price
        self.volume = volume

    def add(self, price: float, volume: float) -> None:
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price
        self.volume += volume


class BarMaker:
    """Make bars of `interval_ns`; symbols are in the order in which they were first heard of."""

    def __init__(self, interval_ns: int) -> None:
        self._interval = interval_ns
        self._close_ns = 0
        self._making: dict[str, _Making] = {}
        self._printed: set[str] = set()

    def until(self, time_ns: int) -> Instant | None:
        """Return the bars that have closed at or before `time_ns`, once.

        All of them close at one time: a stretch in which nothing was heard leaves none.
        """
        if time_ns < self._close_ns or not self._making:
            return None
        closed = Instant(
            self._close_ns,
            {
                symbol: Bar(
                    self._close_ns, one.open, one.high, one.low, one.close, one.volume, symbol
                )
                for symbol, one in self._making.items()
            },
        )
        self._making = {}
        return closed

    def touch(self, touch: Touch) -> None:
        """Take a quote; one without both sides has no middle."""
        if touch.symbol not in self._printed and touch.bid > 0.0 and touch.ask > 0.0:
            self._add(touch.time_ns, touch.symbol, 0.5 * (touch.bid + touch.ask), 1.0)

    def print(self, event: Print) -> None:
        """Take a print: from the next bar on the symbol has bars of prints."""
        if event.symbol not in self._printed:
            self._printed.add(event.symbol)
            self._making.pop(event.symbol, None)
        if event.price > 0.0:
            self._add(event.time_ns, event.symbol, event.price, event.size)

    def _add(self, time_ns: int, symbol: str, price: float, volume: float) -> None:
        if not self._making:
            self._close_ns = (time_ns // self._interval + 1) * self._interval
        made = self._making.get(symbol)
        if made is None:
            self._making[symbol] = _Making(price, volume)
        else:
            made.add(price, volume)
