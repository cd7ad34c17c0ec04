"""Quotes from the wire into books: the path beside the library's tickers.

A read from the socket is one instant. Its ticks are gathered by request id, the newest of each side
kept and written to the book once the read has been taken. Then the sink of each symbol is told what
has changed, and whoever decides is called once. So where reads grow, because somebody is behind,
there is no more to do than for small ones.

A quote is what is displayed: a price without a size, a price of -1 (IB's "nobody") and a size of 0
withdraw a side. A number that no exchange sends (nan, infinite, negative, absurd) is counted and
changes nothing.

How old a quote is depends on its line (`engine.market.book`): a line is up from the first message
of its request on, until `stale`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from engine.clock import Clock
from engine.ib import wire
from engine.market.book import Book
from engine.market.chain import INDEX
from engine.market.sink import Sink

MOST_PRICE = 1e7
MOST_SIZE = 1e12
UNDERLYING = -1
"""In place of a quote index."""
# Tick types by what they say: bid, ask and last, their sizes; the same delayed; halted.
_BID, _ASK, _LAST, _BID_SIZE, _ASK_SIZE = 1, 2, 4, 0, 3
_DELAYED = {66: 1, 67: 2, 68: 4, 69: 0, 70: 3}
_HALTED = (49, 90)
_UNSEEN, _LIVE, _FROZEN, _LATE = 0, 1, 2, 3  # of a line; TWS has 4 for delayed and frozen
_MOST_RETIRED = 10_000


class SymbolQuotes:
    """The lines of one symbol, who looks at its quotes, and what the present read has changed.

    `heard` is the monotonic instant of the last message of any of its lines, 0 before the first.
    """

    def __init__(self, symbol: str, sink: Sink) -> None:
        self.symbol = symbol
        self.sink = sink
        self.heard = 0
        self.n_lines = 0
        self.halted: set[int] = set()
        self.is_touched = self.is_changed = self.has_stock = False
        self.sides: list[tuple[int, int]] = []

    @property
    def book(self) -> Book:
        """The book that the sink writes to."""
        return self.sink.book


class _Line:
    """One request: what it is of, and what it shows now."""

    __slots__ = (
        "ask", "ask_size", "bid", "bid_size", "is_ask_new", "is_bid_new", "is_quoted", "quote",
        "quotes", "state",
    )  # fmt: skip

    def __init__(self, quotes: SymbolQuotes, quote: int) -> None:
        self.quotes = quotes
        self.quote = quote
        self.bid = self.ask = self.bid_size = self.ask_size = 0.0
        self.is_bid_new = self.is_ask_new = self.is_quoted = False
        self.state = _UNSEEN


class TickPath:
    """All lines by request id, and what the present read has changed.

    Attributes
    ----------
    n_ticks, n_bad, n_strangers
        Messages taken; those refused; those of requests that are over.
    touched
        The symbols of the last read, in the order they were met.
    """

    def __init__(
        self,
        clock: Clock,
        on_read: Callable[[list[SymbolQuotes], int], None] | None = None,
    ) -> None:
        self.n_ticks = self.n_bad = self.n_strangers = 0
        self.touched: list[SymbolQuotes] = []
        self.on_read = on_read
        self._clock = clock
        self._lines: dict[int, _Line | None] = {}
        self._retired: deque[int] = deque()
        self._new: list[_Line] = []
        self._now = 0
        self._monotonic = 0

    def open(self, request: int, quotes: SymbolQuotes, quote: int) -> None:
        """Take the ticks of a request as those of a quote index, or of the underlying."""
        self.close(request)
        quotes.n_lines += 1
        self._lines[request] = _Line(quotes, quote)

    def close(self, request: int) -> None:
        """End a line; what still comes of it is dropped. Its quote is proven no more."""
        line = self._lines.get(request)
        if line is None:
            return
        quotes = line.quotes
        quotes.n_lines -= 1
        quotes.halted.discard(line.quote)
        if line.quote == UNDERLYING:
            quotes.book.underlying_line_down()
        else:
            quotes.book.line_down(line.quote)
        self._lines[request] = None
        self._retired.append(request)
        if len(self._retired) > _MOST_RETIRED:
            self._lines.pop(self._retired.popleft(), None)

    def forget_all(self) -> None:
        """End all lines: request ids of another session mean something else."""
        for line in self._lines.values():
            if line is not None:
                line.quotes.n_lines = 0
                line.quotes.halted.clear()
        self._lines.clear()
        self._retired.clear()
        self._new.clear()

    def is_open(self, request: int) -> bool:
        """Tell whether a request has a line."""
        return self._lines.get(request) is not None

    def is_heard(self, request: int) -> bool:
        """Tell whether anything has come of a request since it was made, or its line was stale."""
        line = self._lines.get(request)
        return line is not None and line.state != _UNSEEN

    def stale(self, quotes: SymbolQuotes) -> None:
        """Say that nothing proves the quotes of a symbol until its lines speak again."""
        quotes.book.all_lines_down()
        for line in self._lines.values():
            if line is not None and line.quotes is quotes:
                line.state = _UNSEEN

    # a read

    def take(self, payload: bytes) -> bool:
        """Take a message if it is a tick of a request of ours."""
        tick = wire.decode(payload)
        if tick is None:
            return False
        message, request, kind, value, size = tick
        if message == wire.BROKEN:
            self.n_bad += 1
            return True
        line = self._lines.get(request)
        if line is None:
            if request not in self._lines:
                return False
            self.n_strangers += 1
            return True
        self.n_ticks += 1
        quotes = line.quotes
        if not quotes.is_touched:
            self._touch(quotes)
        if line.state == _UNSEEN:
            self._up(line, _LIVE)
        if message == wire.PRICE:
            self._price(line, kind, value, size)
        elif message == wire.SIZE:
            self._size(line, kind, size)
        elif message == wire.DATA_TYPE:
            if 1 <= kind <= 4:
                self._up(line, {1: _LIVE, 2: _FROZEN}.get(kind, _LATE))
            else:
                self.n_bad += 1
        elif message == wire.GENERIC and kind in _HALTED:
            self._halt(line, value)
        return True

    def read(self) -> None:
        """Hand on what the messages since the last read have changed."""
        touched = self.touched
        if not touched:
            return
        now = self._now
        new, self._new = self._new, []
        for line in new:
            self._write(line, now)
        for quotes in touched:
            quotes.is_touched = False
            quotes.book.prove_alive(now)
            if quotes.sides or quotes.has_stock:
                sides, quotes.sides = quotes.sides, []
                has_stock, quotes.has_stock = quotes.has_stock, False
                quotes.sink.changed(sides, has_stock, now)
            if quotes.is_changed:
                quotes.is_changed = False
                quotes.sink.refresh(now)
        self.touched = []
        if self.on_read is not None:
            self.on_read(touched, now)

    def _touch(self, quotes: SymbolQuotes) -> None:
        if not self.touched:
            self._now, self._monotonic = self._clock.now_ns(), self._clock.monotonic_ns()
        quotes.is_touched = True
        quotes.heard = self._monotonic
        self.touched.append(quotes)

    def _price(self, line: _Line, kind: int, price: float, size: float) -> None:
        if not _is_size(size) or not (0.0 <= price <= MOST_PRICE or price == -1.0):
            self.n_bad += 1
            return
        if kind in _DELAYED:
            kind = _DELAYED[kind]
            self._up(line, _LATE)
        if kind == _BID:
            line.bid, line.bid_size = price, size
            line.is_quoted = True
            if not line.is_bid_new:
                self._changed(line)
                line.is_bid_new = True
        elif kind == _ASK:
            line.ask, line.ask_size = price, size
            line.is_quoted = True
            if not line.is_ask_new:
                self._changed(line)
                line.is_ask_new = True
        elif kind == _LAST and price > 0.0 and _is_level(line):
            self._changed(line)
            line.bid = line.ask = price
            line.bid_size = line.ask_size = math.inf
            line.is_bid_new = line.is_ask_new = True

    def _size(self, line: _Line, kind: int, size: float) -> None:
        if not _is_size(size):
            self.n_bad += 1
            return
        kind = _DELAYED.get(kind, kind)
        # TWS says each size twice, with the price and after it.
        if kind == _BID_SIZE:
            if size != line.bid_size:
                line.bid_size = size
                if not line.is_bid_new:
                    self._changed(line)
                    line.is_bid_new = True
        elif kind == _ASK_SIZE and size != line.ask_size:
            line.ask_size = size
            if not line.is_ask_new:
                self._changed(line)
                line.is_ask_new = True

    def _halt(self, line: _Line, value: float) -> None:
        quotes = line.quotes
        if not -1.0 <= value <= 2.0:
            self.n_bad += 1
            return
        (quotes.halted.add if value > 0.0 else quotes.halted.discard)(line.quote)
        if quotes.book.is_halted != bool(quotes.halted):
            quotes.book.is_halted = bool(quotes.halted)
            quotes.is_changed = True

    def _up(self, line: _Line, state: int) -> None:
        if line.state == state:
            return
        line.state = state
        book, quote = line.quotes.book, line.quote
        is_delayed = state == _LATE
        if state == _FROZEN:
            # What was last shown before the close: nothing proves it.
            if quote == UNDERLYING:
                book.underlying_line_down()
            else:
                book.line_down(quote)
        elif quote == UNDERLYING:
            book.underlying_line_up(self._now, is_delayed=is_delayed)
        else:
            book.line_up(quote, self._now, is_delayed=is_delayed)

    def _changed(self, line: _Line) -> None:
        if not (line.is_bid_new or line.is_ask_new):
            self._new.append(line)

    @staticmethod
    def _write(line: _Line, now: int) -> None:
        """Write what a line shows now to the book; note the sides that are new."""
        quotes, quote = line.quotes, line.quote
        book = quotes.book
        bid = line.bid if line.bid > 0.0 and line.bid_size > 0.0 else 0.0
        ask = line.ask if line.ask > 0.0 and line.ask_size > 0.0 else 0.0
        if quote == UNDERLYING:
            line.is_bid_new = line.is_ask_new = False
            quotes.has_stock = True
            book.set_underlying(bid or math.nan, ask or math.nan, line.bid_size, line.ask_size, now)
            return
        if line.is_bid_new:
            line.is_bid_new = False
            book.set_bid(quote, bid, line.bid_size if bid else 0.0, now)
            quotes.sides.append((quote, -1))
        if line.is_ask_new:
            line.is_ask_new = False
            book.set_ask(quote, ask, line.ask_size if ask else 0.0, now)
            quotes.sides.append((quote, 1))


def _is_level(line: _Line) -> bool:
    """Tell whether a last price stands for both sides: an index has no quote."""
    quotes = line.quotes
    return line.quote == UNDERLYING and not line.is_quoted and quotes.book.listing.kind == INDEX


def _is_size(size: float) -> bool:
    return 0.0 <= size <= MOST_SIZE
