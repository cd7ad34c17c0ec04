"""Candidates while quotes move: what a search of every snapshot would find, mostly without one.

Without candidates the quotes are inside a `Box` that holds none, and a quote that stays inside
changes nothing. With candidates every event is searched, but for those of quotes that no position
has together with any that is at fault.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engine.market.book import Book
from engine.market.chain import OptionChain, Underlying
from engine.scanner.box import Box
from engine.scanner.scanner import Scanner
from engine.scanner.search import Found, fees_of
from engine.strategies.candidates import Columns

# Of quotes that all candidates share; where it takes more, every event is searched.
_MOST_HOT = 8
# After a box could not be built so many searches go by, twice as many each time.
_MOST_WAITS = 64


@dataclass(frozen=True, slots=True)
class Hot:
    """A quote that candidates share: its side (+1 the ask, -1 the bid), and where it stands."""

    quote: int
    side: int
    expiry: int
    strike: float
    right: str


class Watch:
    """The candidates of a book whose quotes arrive one by one.

    Events: `on_bid`, `on_ask`, `on_underlying`, `on_time`; each writes to the book and returns
    whether it was searched. Whoever writes many sides at one instant to the book calls `changed`
    after that. `refresh` searches after anything else that was done to the book.

    `found` is the last search, None where the box shows that a search now would find no candidate.
    Otherwise it has the candidates and edges of a search now under the same terms; ages, sizes and
    gates are those of its own instant. `n_searches`, `n_extensions` and `n_builds` count.
    """

    def __init__(self, book: Book, scanner: Scanner, now_ns: int) -> None:
        self.book = book
        self.found: Found | None = None
        self.n_searches = self.n_extensions = self.n_builds = 0
        self._scanner = scanner
        n = book.listing.n_quotes
        # Bounds that admit no price: while there are candidates, or no box.
        self._no_bid = array("d", [-math.inf]) * n
        self._no_ask = array("d", [math.inf]) * n
        self._most_bid, self._least_ask = self._no_bid, self._no_ask
        self._until = 0
        self._hot: tuple[Hot, ...] = ()
        self._waits, self._left = 1, 0
        # The search after which a box is still to be built around its candidates, and sides that
        # have left the box around those that are at fault.
        self._owed: Found | None = None
        self._outside: tuple[tuple[int, int], ...] = ()
        book.ages = scanner.backend.load("ages").ages
        chain = book.snapshot(now_ns)
        self._box = Box(
            book.listing, fees_of(chain, scanner.settings), scanner.backend,
            counts_projected=scanner.counts_projected,
        )  # fmt: skip
        self.refresh(now_ns)

    @property
    def bounds(self) -> tuple[array[float], array[float]] | None:
        """The highest bid and the lowest ask of each quote at which there is no candidate.

        None where there is no box: while there are candidates, or where none could be certified.
        """
        if self.found is not None:
            return None
        return self._box.most_bid, self._box.least_ask

    def rest(self) -> None:
        """Do what a search has left to do, which the next event would do first.

        A box around candidates serves later events alone: whoever acts on `found` acts before it.
        """
        outside, self._outside = self._outside, ()
        if outside and self.found is not None and not self._take_all(outside):
            self._hot, self._owed = (), self.found
        found, self._owed = self._owed, None
        if found is not None:
            hot = _shared(found)
            self._hot = hot if hot and self._build(found.chain, hot) else ()

    def on_bid(self, quote: int, price: float, size: float, ts_ns: int) -> bool:
        """Take the bid of a quote index; 0 or nan withdraws it."""
        self.book.set_bid(quote, price, size, ts_ns)
        if ts_ns < self._until and (price <= self._most_bid[quote] or not price > 0.0):
            return False
        return self._on_outside(quote, -1, ts_ns)

    def on_ask(self, quote: int, price: float, size: float, ts_ns: int) -> bool:
        """Take the ask of a quote index; 0 or nan withdraws it."""
        self.book.set_ask(quote, price, size, ts_ns)
        if ts_ns < self._until and (price >= self._least_ask[quote] or not price > 0.0):
            return False
        return self._on_outside(quote, 1, ts_ns)

    def on_underlying(
        self, bid: float, ask: float, bid_size: float, ask_size: float, ts_ns: int
    ) -> bool:
        """Take the quote of the underlying."""
        self.book.set_underlying(bid, ask, bid_size, ask_size, ts_ns)
        self.rest()
        is_inside = ts_ns < self._box.until_ns and self._box.has_stock(bid, ask)
        if self.found is None:
            if is_inside or self._renews(ts_ns):
                return False
            return self._search(ts_ns)
        if self._hot and not (is_inside or self._renews(ts_ns)):
            self._hot = ()
        return self._search(ts_ns)

    def on_time(self, now_ns: int) -> bool:
        """Say that it is `now_ns`: terms grow old, dates pass."""
        if self.found is None and (now_ns < self._until or self._renews(now_ns)):
            return False
        return self.refresh(now_ns)

    def changed(self, sides: Sequence[tuple[int, int]], has_stock: bool, ts_ns: int) -> bool:
        """Take what the book has new since the last event, all of one instant; search once at most.

        `sides` are (quote index, +1 for its ask, -1 for its bid); `has_stock` says whether the
        underlying is new.
        """
        self.rest()
        if self.found is None:
            spot = self.book.underlying
            is_due = ts_ns >= self._until and (has_stock or bool(sides))
            is_left = has_stock and not self._box.has_stock(spot.bid, spot.ask)
            if (is_due or is_left) and not self._renews(ts_ns):
                return self._search(ts_ns)
            outside = tuple(one for one in sides if not self._is_inside(*one))
            return bool(outside) and self._search(ts_ns, outside)
        if not self._stays_hot(sides, has_stock, ts_ns):
            return False
        return self._search(ts_ns)

    def refresh(self, now_ns: int) -> bool:
        """Search the book as it is; return True."""
        self.rest()
        self._hot = ()
        return self._search(now_ns)

    def _search(self, now_ns: int, outside: tuple[tuple[int, int], ...] = ()) -> bool:
        """Search the book; return True.

        Where there is nothing, the box is made larger for the sides `outside` that left it, or
        built anew: whoever waits for candidates does not wait for that.
        """
        if self._has_settled(now_ns):
            self.found = self._owed = None
            self._hot, self._outside = (), ()
            self._most_bid, self._least_ask, self._until = self._no_bid, self._no_ask, 0
            return False
        chain = self.book.snapshot(now_ns)
        found = self.found = self._scanner.find(chain)
        self.n_searches += 1
        self._most_bid, self._least_ask, self._until = self._no_bid, self._no_ask, 0
        if found.table.found.count:
            # All quotes are inside but those at fault, or there is none known to be at fault.
            if not self._hot or now_ns >= self._box.until_ns:
                self._hot, self._owed = (), found
            return True
        self._hot, self._outside = (), ()
        if (outside and self._take_all(outside)) or self._build(chain, ()):
            self.found = None
            self._most_bid, self._least_ask = self._box.most_bid, self._box.least_ask
            self._until = self._box.until_ns
        return True

    def _build(self, chain: OptionChain, without: tuple[Hot, ...]) -> bool:
        if self._left:
            self._left -= 1
            return False
        self.n_builds += 1
        if self._box.build(chain, [(hot.quote, hot.side) for hot in without]):
            self._waits = 1
            return True
        self._left, self._waits = self._waits, min(2 * self._waits, _MOST_WAITS)
        return False

    def _on_outside(self, quote: int, side: int, ts_ns: int) -> bool:
        """Answer an event that the bounds do not; return whether the book was searched."""
        self.rest()
        if self.found is None:
            if ts_ns >= self._until and not self._renews(ts_ns):
                return self._search(ts_ns)
            return False if self._takes(quote, side) else self._search(ts_ns)
        if not self._stays_hot(((quote, side),), False, ts_ns):
            return False
        return self._search(ts_ns)

    def _is_inside(self, quote: int, side: int) -> bool:
        price = self.book.ask[quote] if side > 0 else self.book.bid[quote]
        if not price > 0.0:
            return True
        return price >= self._least_ask[quote] if side > 0 else price <= self._most_bid[quote]

    def _stays_hot(self, sides: Sequence[tuple[int, int]], has_stock: bool, ts_ns: int) -> bool:
        """Take sides while there are candidates; return whether the book is to be searched.

        All quotes stay inside the box but those at fault, or the latter are forgotten.
        """
        must_search = has_stock
        if has_stock and self._hot:
            spot = self.book.underlying
            is_inside = ts_ns < self._box.until_ns and self._box.has_stock(spot.bid, spot.ask)
            if not (is_inside or self._renews(ts_ns)):
                self._hot = ()
        if self._hot and sides and ts_ns >= self._box.until_ns:
            self._hot = ()
        if not self._hot:
            return must_search or bool(sides)
        outside = tuple(one for one in sides if not (self._is_at_fault(*one) or self._has(*one)))
        if must_search or not all(self._is_apart(quote) for quote, _ in sides):
            self._outside = outside  # `rest` makes the box larger, once the search is answered
            return True
        if self._take_all(outside):
            return False
        self._hot = ()
        return True

    def _is_at_fault(self, quote: int, side: int) -> bool:
        return any((hot.quote, hot.side) == (quote, side) for hot in self._hot)

    def _has(self, quote: int, side: int) -> bool:
        return self._box.has(quote, side, (self.book.ask if side > 0 else self.book.bid)[quote])

    def _take_all(self, sides: Sequence[tuple[int, int]]) -> bool:
        """Tell whether all sides are inside the box, made larger for them if need be."""
        return all(self._takes(quote, side) for quote, side in sides)

    def _takes(self, quote: int, side: int) -> bool:
        """Tell whether a side is inside the box, made larger for it if need be."""
        bid, ask = self.book.bid[quote], self.book.ask[quote]
        if self._box.has(quote, side, ask if side > 0 else bid):
            return True
        self.n_extensions += 1
        return self._box.extend(quote, side, bid, ask)

    def _renews(self, now_ns: int) -> bool:
        """Certify the box for the underlying and the instant as they are now."""
        if self._has_settled(now_ns):
            return self.found is None
        side = self.book.underlying
        listing = self.book.listing
        spot = Underlying(listing.symbol, side.bid, side.ask, kind=listing.kind)
        self.n_extensions += 1
        if not self._box.renew(spot, now_ns):
            return False
        if self.found is None:
            self._until = self._box.until_ns
        return True

    def _has_settled(self, now_ns: int) -> bool:
        """Tell whether an expiry has settled: nothing is found until there is another book."""
        expiries = self.book.listing.expiries
        return bool(expiries) and expiries[0].settles_ns <= now_ns

    def _is_apart(self, quote: int) -> bool:
        """Tell whether no position has a quote together with one that is at fault.

        The legs of a position have an expiry, a strike or a right in common.
        """
        listing = self.book.listing
        contract = listing.contract(quote)
        row = quote if contract.right == "C" else quote - listing.n_rows
        expiry = bisect_right(listing.first, row) - 1
        return all(
            expiry != hot.expiry and contract.strike != hot.strike and contract.right != hot.right
            for hot in self._hot
        )


def _shared(found: Found) -> tuple[Hot, ...]:
    """Return a few sides of quotes of which every candidate has one; none where that is not plain.

    Nor where covers of a sold quote compete, or projected dividends do: what is then listed
    depends on ages and sizes as well.
    """
    view, chain = found.view, found.chain
    if found.paid is not None or not chain.quoting.is_linear:
        return ()
    if view.uncovered(0) or view.uncovered(chain.n_rows):
        return ()
    table: Columns = found.table.found
    left = [
        {(quote, 1 if ratio > 0 else -1) for quote, ratio in table.legs(row)}
        for row in range(table.count)
    ]
    hot: list[Hot] = []
    while left:
        if len(hot) == _MOST_HOT:
            return ()
        counts = Counter(side for sides in left for side in sides)
        quote, side = max(counts, key=lambda one: (counts[one], one))
        row = chain.row_of(quote)
        hot.append(Hot(quote, side, chain.expiry_of(row), chain.strike[row], chain.right_of(quote)))
        left = [sides for sides in left if (quote, side) not in sides]
    return tuple(hot)
