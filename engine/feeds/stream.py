"""What moves, event by event: the protocol of streams, and a stream over the snapshots of a feed.

An event has two times: when the exchange says that it happened, and when it was received here. A
replay and a live source yield the same events, so that whoever keeps a `Book` by them cannot tell
the one from the other. Of a snapshot the time of receipt is its own instant, and the time of the
exchange that of the quote, as far as its age is known.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from engine.feeds.protocol import Feed
from engine.market.book import Book
from engine.market.chain import OptionChain
from engine.market.listing import Listing

# What a quote is of; an option has a quote index, a future the index of its expiry.
OPTION, UNDERLYING, FUTURE = "option", "underlying", "future"
BID, ASK = "bid", "ask"
_NS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Listed:
    """What a symbol's chain consists of from now on; quotes from before do not count any more."""

    ts_event: int
    ts_recv: int
    symbol: str
    listing: Listing


@dataclass(frozen=True, slots=True)
class Quoted:
    """One side of one quote; a price of 0 or nan is withdrawn.

    `ts_event` and `ts_recv` are UTC nanoseconds, 0 where the exchange's time is not known. `what`
    is OPTION, UNDERLYING or FUTURE and `place` its index in the listing; `size` is in contracts,
    shares or coins, nan not known. `is_firm` is False for a mark that nobody quotes.
    """

    ts_event: int
    ts_recv: int
    symbol: str
    what: str
    place: int
    side: str
    price: float
    size: float
    is_firm: bool = True


Event = Listed | Quoted


class Stream(Protocol):
    """A source of events: of a live market, of a recording, of a feed's snapshots."""

    def events(self, symbols: Collection[str] | None = None) -> Iterator[Event]:
        """Yield the events of `symbols` (None is all) in the order in which they were received.

        The first of a symbol is `Listed`.

        Raises
        ------
        EngineError
            If the source is not what it promises.
        """
        ...


class SnapshotStream:
    """The changes between the snapshots of a feed, of ``since <= instant <= until``.

    All symbols are merged by time. What did not change from one snapshot to the next is no event;
    volumes and open interest are none either.
    """

    def __init__(self, feed: Feed, since: int | None = None, until: int | None = None) -> None:
        self._feed = feed
        self._since = since
        self._until = until

    def events(self, symbols: Collection[str] | None = None) -> Iterator[Event]:
        """Yield what changed, snapshot by snapshot. O(quotes) for each of them.

        Raises
        ------
        EngineError
            As the feed's `chains`.
        """
        wanted = self._feed.symbols() if symbols is None else tuple(symbols)
        chains = [self._chains(symbol) for symbol in wanted]
        last: dict[str, _Seen] = {}
        for chain in heapq.merge(*chains, key=lambda chain: chain.ts_ns):
            seen = last.get(chain.symbol)
            listing = Listing.of(chain)
            if seen is None or seen.listing != listing:
                seen = last[chain.symbol] = _Seen(listing, {})
                yield Listed(chain.ts_ns, chain.ts_ns, chain.symbol, listing)
            for event in _sides(chain):
                key = (event.what, event.place, event.side)
                now = (event.ts_event, repr(event.price), repr(event.size), event.is_firm)
                if seen.sides.get(key) != now:
                    seen.sides[key] = now
                    yield event

    def _chains(self, symbol: str) -> Iterator[OptionChain]:
        since = self._since
        if since is None and self._until is None:
            since = 0  # all there are, of a source that gives the last day where nothing is said
        for loaded in self._feed.chains(symbol, since, self._until):
            yield loaded.chain


@dataclass(slots=True)
class _Seen:
    listing: Listing
    sides: dict[tuple[str, int, str], tuple[int, str, str, bool]]


def _sides(chain: OptionChain) -> Iterator[Quoted]:
    now, symbol = chain.ts_ns, chain.symbol

    def of(
        what: str, place: int, side: str, price: float, size: float, age: float, firm: bool = True
    ) -> Quoted:
        stamp = now - round(age * _NS_PER_SECOND) if age == age else 0
        return Quoted(stamp, now, symbol, what, place, side, price, size, firm)

    spot = chain.underlying
    yield of(UNDERLYING, 0, BID, spot.bid, spot.bid_size, spot.bid_age)
    yield of(UNDERLYING, 0, ASK, spot.ask, spot.ask_size, spot.ask_age)
    for e, book in enumerate(chain.futures):
        prices = chain.forward_bid[e], chain.forward_ask[e]
        yield of(FUTURE, e, BID, prices[0], book.bid_size, book.bid_age, book.is_quoted)
        yield of(FUTURE, e, ASK, prices[1], book.ask_size, book.ask_age, book.is_quoted)
    for q in range(len(chain.bid)):
        yield of(OPTION, q, BID, chain.bid[q], chain.bid_size[q], chain.bid_age[q])
        yield of(OPTION, q, ASK, chain.ask[q], chain.ask_size[q], chain.ask_age[q])


class Follower:
    """Keep the books of a stream: one event at a time, by symbol.

    An age is counted from the exchange's time where it is known, else it is not known.
    """

    def __init__(self) -> None:
        self.books: dict[str, Book] = {}

    def take(self, event: Event) -> Book:
        """Take one event and return the book that it changed. O(1) but for a new listing."""
        if isinstance(event, Listed):
            book = self.books[event.symbol] = Book(event.listing)
            return book
        book = self.books[event.symbol]
        stamp = event.ts_event
        if event.what == OPTION:
            put = book.set_bid if event.side == BID else book.set_ask
            put(event.place, event.price, event.size, stamp)
            return book
        if event.what == FUTURE and event.place not in book.futures:
            nan = float("nan")
            book.set_future(event.place, nan, nan, nan, nan, 0)
        side = book.underlying if event.what == UNDERLYING else book.futures[event.place]
        side.is_quoted = event.is_firm
        if event.side == BID:
            side.bid, side.bid_size, side.bid_ns = event.price, event.size, stamp
        else:
            side.ask, side.ask_size, side.ask_ns = event.price, event.size, stamp
        return book
