"""Market data lines: who watches what, and the ticks that tell of a change."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.gateway.frames import text

if TYPE_CHECKING:
    from engine.gateway.session import Session

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
# bid, ask, last, bid size, ask size, last size, high, low, volume, close, open, timestamp, model
_LIVE_TYPES = (1, 2, 4, 0, 3, 5, 6, 7, 8, 9, 14, 45, 13)
_DELAYED_TYPES = (66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 88, 83)
_HALTED = 49

Touch = tuple[float, float, float, float]


@dataclass(slots=True)
class Prints:
    """What has been of one instrument today; the last trade is that of the middle at first."""

    last: float = 0.0
    last_size: int = 0
    high: float = 0.0
    low: float = 0.0
    open: float = 0.0
    close: float = 0.0
    volume: int = 0
    ts_ns: int = 0

    def trade(self, price: float, size: int, ts_ns: int) -> None:
        """Note a trade."""
        self.open = self.open or price
        self.high = max(self.high, price)
        self.low = min(self.low or price, price)
        self.last, self.last_size, self.ts_ns = price, size, ts_ns
        self.volume += size


@dataclass(eq=False, slots=True)
class Line:
    """One subscription. `legs` are (instrument, signed ratio); one leg of ratio 1 is a contract."""

    session: Session
    req_id: int
    legs: tuple[tuple[int, int], ...]
    touch: Callable[[], Touch]
    is_delayed: bool = False
    is_snapshot: bool = False
    is_dead: bool = False
    sent: Touch = (math.nan, 0.0, math.nan, 0.0)
    types: tuple[int, ...] = field(default=_LIVE_TYPES)

    def __post_init__(self) -> None:
        if self.is_delayed:
            self.types = _DELAYED_TYPES

    def update(self) -> None:
        """Send what has changed since the last time."""
        if self.is_dead:
            return
        if self.session.is_slow:
            self.session.late_lines[self.req_id] = self
            return
        bid, bid_size, ask, ask_size = now = self.touch()
        was_bid, was_bid_size, was_ask, was_ask_size = self.sent
        if now == self.sent:
            return
        self.sent = now
        types, out = self.types, []
        if bid != was_bid:
            out.append(self._price(types[0], bid, bid_size))
        if bid_size != was_bid_size or bid != was_bid:
            out.append(self._size(types[3], bid_size))
        if ask != was_ask:
            out.append(self._price(types[1], ask, ask_size))
        if ask_size != was_ask_size or ask != was_ask:
            out.append(self._size(types[4], ask_size))
        self.session.write(b"".join(out))

    def _price(self, kind: int, price: float, size: float) -> bytes:
        # Nobody there is a price of -1 and a size of 0; nan is a combo without a price.
        shown = text(price) if size > 0.0 and price == price else "-1"
        body = f"1\x006\x00{self.req_id}\x00{kind}\x00{shown}\x00{int(size)}\x001\x00"
        return len(body).to_bytes(4, "big") + body.encode("ascii")

    def _size(self, kind: int, size: float) -> bytes:
        body = f"2\x006\x00{self.req_id}\x00{kind}\x00{int(size)}\x00"
        return len(body).to_bytes(4, "big") + body.encode("ascii")

    def greet(self, min_tick: float, prints: Prints, exchange: str) -> None:
        """Send what a new line begins with."""
        send, req_id, types = self.session.send, self.req_id, self.types
        send(81, req_id, min_tick, exchange, 3)
        send(58, 1, req_id, DELAYED if self.is_delayed else LIVE)
        self.update()
        for kind, price, size in (
            (types[2], prints.last, prints.last_size), (types[6], prints.high, 0),
            (types[7], prints.low, 0), (types[9], prints.close, 0), (types[10], prints.open, 0),
        ):  # fmt: skip
            if price > 0.0:
                send(1, 6, req_id, kind, price, size, 0)
        if prints.last > 0.0:
            send(2, 6, req_id, types[5], prints.last_size)
            send(46, 6, req_id, types[11], str(prints.ts_ns // 1_000_000_000))
        send(2, 6, req_id, types[8], prints.volume)
        if self.is_snapshot:
            send(57, 1, req_id)

    def traded(self, prints: Prints) -> None:
        """Send a trade."""
        send, req_id, types = self.session.send, self.req_id, self.types
        if self.is_dead or self.session.is_slow:
            return
        send(46, 6, req_id, types[11], str(prints.ts_ns // 1_000_000_000))
        send(1, 6, req_id, types[2], prints.last, prints.last_size, 0)
        send(2, 6, req_id, types[5], prints.last_size)
        send(2, 6, req_id, types[8], prints.volume)

    def halt(self, is_halted: bool) -> None:
        """Send that trading is halted, or goes on."""
        self.session.send(45, 6, self.req_id, _HALTED, int(is_halted))

    def greeks(self, values: tuple[float, ...]) -> None:
        """Send the model's volatility, delta, price, dividends, gamma, vega, theta and spot."""
        fields = [value if value == value else -2 for value in values]
        self.session.send(21, self.req_id, self.types[12], 0, *fields)


class TickLine:
    """A tick-by-tick subscription to bid and ask, the middle, or trades."""

    def __init__(self, session: Session, req_id: int, kind: str, index: int, ignore: bool) -> None:
        self.session = session
        self.req_id = req_id
        self.kind = kind
        self.index = index
        self.ignores_size = ignore
        self._sent: Touch = (math.nan, 0.0, math.nan, 0.0)

    def update(self, touch: Touch, seconds: int) -> None:
        """Send a change of the quote."""
        if self.kind not in ("BidAsk", "MidPoint") or touch == self._sent:
            return
        bid, bid_size, ask, ask_size = touch
        same_prices = (bid, ask) == (self._sent[0], self._sent[2])
        self._sent = touch
        if same_prices and (self.ignores_size or self.kind == "MidPoint"):
            return
        if self.kind == "MidPoint":
            self.session.send(99, self.req_id, 4, seconds, 0.5 * (bid + ask))
        else:
            self.session.send(
                99, self.req_id, 3, seconds, bid, ask, int(bid_size), int(ask_size), 0
            )

    def traded(self, price: float, size: int, seconds: int) -> None:
        """Send a trade."""
        if self.kind in ("Last", "AllLast"):
            number = 1 if self.kind == "Last" else 2
            self.session.send(99, self.req_id, number, seconds, price, size, 0, "CBOE", "")
