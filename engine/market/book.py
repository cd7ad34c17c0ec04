"""The quotes of a listing as they move: columns that are written in place, and frozen chains.

Every side has the instant at which it was received. How old it is depends on the moment of asking
and on the life of its line (see `kernels_pure.ages`), so ages are made when a chain is.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from copy import copy
from enum import Enum

from engine.clock import NS_PER_SECOND
from engine.market.chain import FutureBook, OptionChain, Underlying
from engine.market.listing import Listing
from kernels_pure import ages as pure
from kernels_pure.ages import NO_LINE

Ages = Callable[["array[int]", "array[int]", int, int, "array[float]"], None]
"""The kernel `ages` of a backend."""


class State(Enum):
    """What is known of the quote of a contract, from nothing to all."""

    ABSENT = "absent"  # no price on either side
    CLOSED = "closed"  # the exchange does not trade it now
    STALE = "stale"  # nothing has proven its price for too long
    DELAYED = "delayed"  # the source sends it late by licence
    LIVE = "live"


class Side:
    """Both sides of something quoted by itself: the underlying, or the future of an expiry."""

    __slots__ = ("ask", "ask_ns", "ask_size", "bid", "bid_ns", "bid_size", "is_quoted", "line_ns")

    def __init__(self) -> None:
        self.bid = self.ask = self.bid_size = self.ask_size = math.nan
        self.bid_ns = self.ask_ns = 0
        self.line_ns = NO_LINE
        self.is_quoted = False


class Book:
    """The moving quotes of one listing.

    Read the columns `bid`, `ask`, `bid_size`, `ask_size` (``array('d')``), `bid_ns`, `ask_ns` and
    `line_ns` (``array('l')``) by quote index; write them by the methods alone.

    Quotes
        `set_bid`, `set_ask`, `set`, `set_underlying`, `set_future`: O(1).
    Lines
        `line_up`, `line_down`, `all_lines_down`, `prove_alive`, `close`, `state`.
    Chains
        `snapshot`, `relisted`, and `Book.of` a chain; `ages` is the kernel that makes their ages.
    """

    def __init__(self, listing: Listing, ages: Ages = pure.ages, source: str = "") -> None:
        n = listing.n_quotes
        self.listing = listing
        self.source = source
        self.bid, self.ask = array("d", bytes(8 * n)), array("d", bytes(8 * n))
        self.bid_size, self.ask_size = array("d", bytes(8 * n)), array("d", bytes(8 * n))
        self.bid_ns, self.ask_ns = array("l", bytes(8 * n)), array("l", bytes(8 * n))
        self.line_ns = array("l", [NO_LINE]) * n
        self.alive_ns = 0
        self.is_halted = False
        self.underlying = Side()
        self.futures: dict[int, Side] = {}
        self.volume = self.open_interest = array("d")
        self.ages = ages
        self._blank = array("d", bytes(8 * n))
        self._delayed: set[int] = set()
        self._closed: set[int] = set()
        # What the last chain has of each column, None where that has changed.
        self._frozen: list[array[float] | None] = [None, None, None, None]

    def __repr__(self) -> str:
        """Return one line: the columns of a book fill screens."""
        return f"<Book of {self.listing!r}>"

    @classmethod
    def of(cls, chain: OptionChain, ages: Ages = pure.ages) -> Book:
        """Return a book with the quotes of a chain, their stamps to the nanosecond. O(quotes)."""
        book = cls(Listing.of(chain), ages, chain.source)
        now = chain.ts_ns
        for q in range(len(chain.bid)):
            book.set_bid(q, chain.bid[q], chain.bid_size[q], _stamp(now, chain.bid_age[q]))
            book.set_ask(q, chain.ask[q], chain.ask_size[q], _stamp(now, chain.ask_age[q]))
        spot = chain.underlying
        book.set_underlying(spot.bid, spot.ask, spot.bid_size, spot.ask_size, now)
        book.underlying.bid_ns = _stamp(now, spot.bid_age)
        book.underlying.ask_ns = _stamp(now, spot.ask_age)
        for e, (bid, ask) in enumerate(zip(chain.forward_bid, chain.forward_ask, strict=True)):
            known = chain.futures[e] if chain.futures else FutureBook()
            book.set_future(
                e, bid, ask, known.bid_size, known.ask_size, now, is_quoted=known.is_quoted
            )
            book.futures[e].bid_ns = _stamp(now, known.bid_age)
            book.futures[e].ask_ns = _stamp(now, known.ask_age)
        book.volume, book.open_interest = chain.volume, chain.open_interest
        book.is_halted = chain.is_halted
        if chain.is_delayed:
            book._delayed.add(_UNDERLYING)
        return book

    @property
    def is_delayed(self) -> bool:
        """Whether the source sends any of it late by licence."""
        return bool(self._delayed)

    def set_bid(self, quote: int, price: float, size: float, ts_ns: int) -> None:
        """Take the bid of a quote index received at `ts_ns`; a price of 0 or nan withdraws it."""
        self.bid[quote] = price
        self._frozen[0] = None
        if self.bid_size[quote] != size:
            self.bid_size[quote] = size
            self._frozen[2] = None
        self.bid_ns[quote] = ts_ns

    def set_ask(self, quote: int, price: float, size: float, ts_ns: int) -> None:
        """Take the ask of a quote index received at `ts_ns`; a price of 0 or nan withdraws it."""
        self.ask[quote] = price
        self._frozen[1] = None
        if self.ask_size[quote] != size:
            self.ask_size[quote] = size
            self._frozen[3] = None
        self.ask_ns[quote] = ts_ns

    def set(
        self, quote: int, bid: float, ask: float, bid_size: float, ask_size: float, ts_ns: int
    ) -> None:
        """Take both sides of a quote index."""
        self.set_bid(quote, bid, bid_size, ts_ns)
        self.set_ask(quote, ask, ask_size, ts_ns)

    def set_underlying(
        self, bid: float, ask: float, bid_size: float, ask_size: float, ts_ns: int
    ) -> None:
        """Take the quote of the underlying; sizes in shares, a nan price is absent."""
        _take(self.underlying, bid, ask, bid_size, ask_size, ts_ns)

    def set_future(
        self,
        expiry: int,
        bid: float,
        ask: float,
        bid_size: float,
        ask_size: float,
        ts_ns: int,
        *,
        is_quoted: bool = True,
    ) -> None:
        """Take the future of an expiry index in dollars; sizes in coins."""
        future = self.futures.get(expiry)
        if future is None:
            future = self.futures[expiry] = Side()
        _take(future, bid, ask, bid_size, ask_size, ts_ns)
        future.is_quoted = is_quoted

    def line_up(self, quote: int, ts_ns: int, *, is_delayed: bool = False) -> None:
        """Say that the source sends every change of a quote from `ts_ns` on.

        A quote from before the line is not proven by it: its side must be sent once more.
        """
        self.line_ns[quote] = ts_ns
        self._closed.discard(quote)
        (self._delayed.add if is_delayed else self._delayed.discard)(quote)

    def line_down(self, quote: int) -> None:
        """Say that the source no longer sends this quote: from now on it grows old."""
        self.line_ns[quote] = NO_LINE
        self._delayed.discard(quote)

    def underlying_line_up(self, ts_ns: int, *, is_delayed: bool = False) -> None:
        """Say that the source sends every change of the underlying from `ts_ns` on."""
        self.underlying.line_ns = ts_ns
        (self._delayed.add if is_delayed else self._delayed.discard)(_UNDERLYING)

    def underlying_line_down(self) -> None:
        """Say that the source no longer sends the underlying: from now on it grows old."""
        self.underlying.line_ns = NO_LINE
        self._delayed.discard(_UNDERLYING)

    def future_line_up(self, expiry: int, ts_ns: int) -> None:
        """Say that the source sends every change of the future of an expiry from `ts_ns` on."""
        self.futures.setdefault(expiry, Side()).line_ns = ts_ns

    def all_lines_down(self) -> None:
        """Say that the connection is lost: nothing proves any quote any more. O(quotes)."""
        self.line_ns = array("l", [NO_LINE]) * len(self.line_ns)
        self.underlying.line_ns = NO_LINE
        for future in self.futures.values():
            future.line_ns = NO_LINE
        self._delayed.clear()

    def prove_alive(self, ts_ns: int) -> None:
        """Take a sign of life of the connection: quotes on lines that are up are still true."""
        self.alive_ns = max(self.alive_ns, ts_ns)

    def close(self, quote: int) -> None:
        """Say that the exchange does not trade a contract now; its prices go.

        Until its line is up again it is closed.
        """
        self.set_bid(quote, 0.0, math.nan, self.bid_ns[quote])
        self.set_ask(quote, 0.0, math.nan, self.ask_ns[quote])
        self.line_down(quote)
        self._closed.add(quote)

    def state(self, quote: int, now_ns: int, stale_s: float) -> State:
        """Return what is known of a quote; one older than `stale_s` seconds is stale. O(1)."""
        if quote in self._closed:
            return State.CLOSED
        sides = [
            stamp
            for price, stamp in (
                (self.bid[quote], self.bid_ns[quote]),
                (self.ask[quote], self.ask_ns[quote]),
            )
            if price > 0.0
        ]
        if not sides:
            return State.ABSENT
        line = self.line_ns[quote]
        if not all(pure.age_of(s, line, self.alive_ns, now_ns) <= stale_s for s in sides):
            return State.STALE
        return State.DELAYED if quote in self._delayed else State.LIVE

    def snapshot(self, now_ns: int) -> OptionChain:
        """Return the frozen chain at `now_ns`. Columns that stayed are those of the last chain.

        O(quotes) for the ages, and to copy a column that changed.

        Raises
        ------
        ValueError
            If an expiry has settled: go on with ``book.relisted(book.listing.after(now_ns))``.
        """
        listing = self.listing
        if listing.expiries and listing.expiries[0].settles_ns <= now_ns:
            raise ValueError(f"{listing.symbol}: {listing.expiries[0].date} has settled")
        frozen = self._frozen
        bid, ask, bid_size, ask_size = (
            frozen[k] or self._freeze(k, column)
            for k, column in enumerate((self.bid, self.ask, self.bid_size, self.ask_size))
        )
        bid_age, ask_age = self._blank[:], self._blank[:]
        self.ages(self.bid_ns, self.line_ns, self.alive_ns, now_ns, bid_age)
        self.ages(self.ask_ns, self.line_ns, self.alive_ns, now_ns, ask_age)
        futures = [self.futures.get(e, _NEVER) for e in range(len(listing.expiries))]
        has_futures = bool(self.futures)
        return listing.chain(
            now_ns, self._spot(now_ns), bid, ask, bid_size, ask_size, bid_age, ask_age,
            forward_bid=array("d", [f.bid for f in futures]) if has_futures else None,
            forward_ask=array("d", [f.ask for f in futures]) if has_futures else None,
            futures=tuple(self._future(f, now_ns) for f in futures) if has_futures else (),
            volume=self.volume, open_interest=self.open_interest,
            is_delayed=self.is_delayed, is_halted=self.is_halted, source=self.source,
        )  # fmt: skip

    def relisted(self, listing: Listing) -> Book:
        """Return a book of another listing with what is known of the contracts in both.

        For contracts that come and go. O(quotes of both).
        """
        book = Book(listing, self.ages, self.source)
        book.underlying = copy(self.underlying)
        book.alive_ns, book.is_halted = self.alive_ns, self.is_halted
        places = {key: q for q, key in enumerate(self.listing.keys())}
        columns = ("bid", "ask", "bid_size", "ask_size", "bid_ns", "ask_ns", "line_ns")
        pairs = [(getattr(self, name), getattr(book, name)) for name in columns]
        has_volume, has_interest = bool(self.volume), bool(self.open_interest)
        book.volume = array("d", [math.nan] * listing.n_quotes * has_volume)
        book.open_interest = array("d", [math.nan] * listing.n_quotes * has_interest)
        for q, key in enumerate(listing.keys()):
            old = places.get(key)
            if old is None:
                continue
            for mine, others in pairs:
                others[q] = mine[old]
            if has_volume:
                book.volume[q] = self.volume[old]
            if has_interest:
                book.open_interest[q] = self.open_interest[old]
            if old in self._delayed:
                book._delayed.add(q)
            if old in self._closed:
                book._closed.add(q)
        if _UNDERLYING in self._delayed:
            book._delayed.add(_UNDERLYING)
        of = {expiry: e for e, expiry in enumerate(self.listing.expiries)}
        for e, expiry in enumerate(listing.expiries):
            if (known := of.get(expiry)) in self.futures:
                book.futures[e] = copy(self.futures[known])
        return book

    def _freeze(self, place: int, column: array[float]) -> array[float]:
        frozen = self._frozen[place] = column[:]
        return frozen

    def _spot(self, now_ns: int) -> Underlying:
        side = self.underlying
        return Underlying(
            self.listing.symbol, side.bid, side.ask, side.bid_size, side.ask_size,
            pure.age_of(side.bid_ns, side.line_ns, self.alive_ns, now_ns),
            pure.age_of(side.ask_ns, side.line_ns, self.alive_ns, now_ns), self.listing.kind,
        )  # fmt: skip

    def _future(self, side: Side, now_ns: int) -> FutureBook:
        return FutureBook(
            side.is_quoted, side.bid_size, side.ask_size,
            pure.age_of(side.bid_ns, side.line_ns, self.alive_ns, now_ns),
            pure.age_of(side.ask_ns, side.line_ns, self.alive_ns, now_ns),
        )  # fmt: skip


_UNDERLYING = -1  # in place of a quote index
_NEVER = Side()


def _take(side: Side, bid: float, ask: float, bid_size: float, ask_size: float, ts_ns: int) -> None:
    side.bid, side.ask, side.bid_size, side.ask_size = bid, ask, bid_size, ask_size
    side.bid_ns = side.ask_ns = ts_ns


def _stamp(now_ns: int, age: float) -> int:
    return now_ns - round(age * NS_PER_SECOND) if age == age else 0
