"""A recorded session as a source of quotes, at the pace of its market."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterator

from engine.clock import NS_PER_SECOND, SYSTEM, Clock
from engine.errors import NoInputError
from engine.feeds.session import Arrival, SessionFeed
from engine.live.moving import Moving
from engine.live.source import Failed, MakeSink
from engine.market.book import Book
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.market.sink import Sink
from engine.report.live_screen import BAD, GOOD, Link


class SessionSource(Moving):
    """The chains of a session file, each at its own instant by the market's clock.

    `engine.live.source.Source` says the rest.

    A chain is a read: what is different from the one before is handed on. Lines are those of a
    feed of snapshots: a quote is as old as it says.

    Raises
    ------
    NoInputError, BadDataError
        If it is not there, no session, or has no chain of a symbol.
    """

    def __init__(
        self, path: str, symbols: tuple[str, ...], *, clock: Clock = SYSTEM,
        failed: Failed | None = None,
    ) -> None:  # fmt: skip
        self.place = path
        self._n = 0
        feed = SessionFeed(path)
        self._arrivals: Iterator[Arrival] = feed.arrivals(set(symbols))
        self._waiting: list[tuple[int, int, Arrival]] = []
        first = next(self._arrivals, None)
        if first is None:
            raise NoInputError(f"{path}: no chain of {', '.join(symbols)} in it")
        self._push(first)
        super().__init__(clock, first.loaded.chain.ts_ns, failed)
        self._first: dict[str, Arrival] = {first.loaded.chain.symbol: first}
        self._sinks: dict[str, Sink] = {}
        self._is_over = False

    async def open(self, symbol: str, make_sink: MakeSink) -> Sink:
        """Return a sink that is fed with the chains of `symbol` from now on."""
        while symbol not in self._first:
            arrival = next(self._arrivals, None)
            if arrival is None:
                raise NoInputError(f"{self.place}: no chain of {symbol} in it")
            self._push(arrival)
            self._first.setdefault(arrival.loaded.chain.symbol, arrival)
        sink = make_sink(Book.of(self._first[symbol].loaded.chain))
        self._sinks[symbol] = sink
        return sink

    def carry(self, symbol: str) -> Carry | None:
        """Return what the session's source knew."""
        known = self._first.get(symbol)
        return known.loaded.carry if known is not None else None

    def renew(self, symbol: str) -> None:
        """Do nothing: a session knows what it was recorded with."""

    def links(self) -> tuple[Link, ...]:
        """Return how far it is."""
        state = "over" if self._is_over else "replay"
        return (Link("market", state, BAD if self._is_over else GOOD, f"{self._n} chains"),)

    def doubt(self) -> None:
        """Do nothing: each chain says how old its quotes are."""

    async def _move(self) -> None:
        while True:
            if not self._waiting:
                arrival = next(self._arrivals, None)
                if arrival is None:
                    self._is_over = True
                    return
                self._push(arrival)
            due = self._waiting[0][0]
            wait = (due - self.clock.now_ns()) / NS_PER_SECOND
            if wait > 0.0:
                await asyncio.sleep(min(wait, 0.5))
                continue
            self._take(heapq.heappop(self._waiting)[2].loaded.chain, due)
            await asyncio.sleep(0)

    def _push(self, arrival: Arrival) -> None:
        self._n += 1
        heapq.heappush(self._waiting, (arrival.loaded.chain.ts_ns, self._n, arrival))

    def _take(self, chain: OptionChain, now: int) -> None:
        sink = self._sinks.get(chain.symbol)
        if sink is None:
            return
        listed = sink.book.listing
        if (chain.expiries, chain.strike) != (listed.expiries, listed.strike):
            return  # contracts have come or gone: this book ends with those that it has
        fresh = Book.of(chain)
        book, spot = sink.book, fresh.underlying
        for q in range(book.listing.n_quotes):
            book.set_bid(q, fresh.bid[q], fresh.bid_size[q], fresh.bid_ns[q])
            book.set_ask(q, fresh.ask[q], fresh.ask_size[q], fresh.ask_ns[q])
        book.set_underlying(spot.bid, spot.ask, spot.bid_size, spot.ask_size, now)
        book.underlying.bid_ns, book.underlying.ask_ns = spot.bid_ns, spot.ask_ns
        sink.refresh(now)
        self.on_read((chain.symbol,), now)
