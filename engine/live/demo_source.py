"""The moving demo market in this process, as a source of quotes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from engine.clock import NS_PER_SECOND, SYSTEM, Clock
from engine.feeds.demo_market import DemoMarket
from engine.live.moving import Moving
from engine.live.source import Failed, MakeSink
from engine.market.book import Book
from engine.market.carry import Carry
from engine.market.sink import Sink
from engine.report.live_screen import GOOD, Link

# Seconds between two looks at the clock, and contracts priced ahead in one idle slice.
_STEP = 0.004
_AHEAD = 8


@dataclass(slots=True)
class _Changed:
    """What one step has changed of a symbol, as `Watch.changed` takes it."""

    sides: list[tuple[int, int]] = field(default_factory=list)
    has_stock: bool = False


class DemoSource(Moving):
    """A `DemoMarket` that moves with the clock; `engine.live.source.Source` says the rest.

    `failed` takes what went wrong in its task.
    """

    place = "the demo market"

    def __init__(
        self,
        market: DemoMarket,
        *,
        clock: Clock = SYSTEM,
        failed: Failed | None = None,
    ) -> None:
        super().__init__(clock, market.now_ns, failed)
        self._market = market
        self._start_ns = market.now_ns
        self._monotonic = clock.monotonic_ns()
        self._sinks: dict[str, Sink] = {}
        self._makers: dict[str, MakeSink] = {}
        # Instrument to (symbol, quote index), -1 for the underlying.
        self._places: dict[int, tuple[str, int]] = {}
        self._changed: dict[int, None] = {}
        market.listener = self._note

    async def open(self, symbol: str, make_sink: MakeSink) -> Sink:
        """Return a sink that is fed with the quotes of `symbol` from now on."""
        return self._install(symbol, Book.of(self._market.chain(symbol)), make_sink)

    def _install(self, symbol: str, book: Book, make_sink: MakeSink) -> Sink:
        now, listing = self._market.now_ns, book.listing
        self._makers[symbol] = make_sink
        places = {}
        for q, (expiry, strike, right) in enumerate(listing.keys()):
            places[expiry.settles_ns, strike, right] = q
            book.line_up(q, now)
        book.underlying_line_up(now)
        book.prove_alive(now)
        sink = self._sinks[symbol] = make_sink(book)
        for instrument in self._market.instruments:
            if instrument.symbol != symbol:
                continue
            key = (instrument.settles_ns, instrument.strike, instrument.right)
            self._places.pop(instrument.index, None)
            if not instrument.right:
                self._places[instrument.index] = (symbol, -1)
            elif key in places:
                self._places[instrument.index] = (symbol, places[key])
        return sink

    def carry(self, symbol: str) -> Carry | None:
        """Return the rates, dividends and borrow of the demo exchange."""
        return self._market.carry(symbol)

    def renew(self, symbol: str) -> None:
        """Make the sink of a symbol anew on the book that it has."""
        self._sinks[symbol] = self._makers[symbol](self._sinks[symbol].book)

    def links(self) -> tuple[Link, ...]:
        """Return the one connection there is."""
        return (Link("market", "demo", GOOD, f"{len(self._places)} instruments"),)

    def doubt(self) -> None:
        """Say that time was lost: the next quotes prove themselves again."""
        now = self._market.now_ns
        for sink in self._sinks.values():
            for q in range(sink.book.listing.n_quotes):
                sink.book.line_up(q, now)

    def step(self) -> None:
        """Bring the market to the time of now and hand on what has changed."""
        elapsed = self.clock.monotonic_ns() - self._monotonic
        self._market.run_until(self._start_ns + elapsed)
        now = self._market.now_ns
        touched: dict[str, _Changed] = {}
        changed, self._changed = self._changed, {}
        for symbol, sink in list(self._sinks.items()):
            self._settle(symbol, sink, now)
        for sink in self._sinks.values():
            sink.book.prove_alive(now)
        for index in changed:
            place = self._places.get(index)
            if place is None:
                continue
            symbol, q = place
            if symbol not in touched:
                touched[symbol] = _Changed()
            self._write(self._sinks[symbol].book, q, index, now, touched[symbol])
        # All of one instant, as what a socket brings is: each symbol is searched once at most.
        for symbol, new in touched.items():
            self._sinks[symbol].changed(new.sides, new.has_stock, now)
        if touched:
            self.on_read(tuple(touched), now)

    def _settle(self, symbol: str, sink: Sink, now: int) -> None:
        """Go on with what is left when an expiry has settled."""
        listing = sink.book.listing
        if not listing.expiries or listing.expiries[0].settles_ns > now:
            return
        left = listing.after(now)
        if left.n_rows:
            self._install(symbol, sink.book.relisted(left), self._makers[symbol])

    def _write(self, book: Book, q: int, index: int, now: int, new: _Changed) -> None:
        quote = self._market.quotes[index]
        if q < 0:
            book.set_underlying(quote.bid, quote.ask, quote.bid_size, quote.ask_size, now)
            new.has_stock = True
            return
        if (quote.bid, quote.bid_size) != (book.bid[q], book.bid_size[q]):
            book.set_bid(q, quote.bid, quote.bid_size, now)
            new.sides.append((q, -1))
        if (quote.ask, quote.ask_size) != (book.ask[q], book.ask_size[q]):
            book.set_ask(q, quote.ask, quote.ask_size, now)
            new.sides.append((q, 1))

    def _note(self, index: int) -> None:
        self._changed[index] = None

    async def _move(self) -> None:
        while True:
            before = self.clock.monotonic_ns()
            self.step()
            spent = (self.clock.monotonic_ns() - before) / NS_PER_SECOND
            if spent < _STEP / 4:
                self._market.prepare(_AHEAD)
            await asyncio.sleep(max(_STEP - spent, 0.0))
