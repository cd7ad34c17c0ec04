"""What a paper broker trades against: the displayed quote of a contract, less what it took."""

from __future__ import annotations

from collections.abc import Callable

from engine.market.book import Book
from engine.market.contract import STOCK, Contract
from engine.market.listing import Listing

Quote = tuple[float, float, float, float]
"""Bid, ask, size of the bid, size of the ask; a price that is not above 0 is none."""
Quotes = Callable[[Contract], Quote]

NO_QUOTE: Quote = (0.0, 0.0, 0.0, 0.0)


class BookQuotes:
    """The quotes of books, by contract. `book_of` returns the book of a symbol, or None."""

    def __init__(self, book_of: Callable[[str], Book | None]) -> None:
        self._book_of = book_of
        self._places: dict[str, tuple[Listing, dict[str, int]]] = {}

    def __call__(self, contract: Contract) -> Quote:
        """Return what is displayed of `contract`. O(1), O(quotes) after a new listing."""
        book = self._book_of(contract.symbol)
        if book is None or book.is_halted:
            return NO_QUOTE
        if contract.kind == STOCK:
            side = book.underlying
            return side.bid, side.ask, side.bid_size, side.ask_size
        place = self._places_of(contract.symbol, book.listing).get(contract.name, -1)
        if place < 0:
            return NO_QUOTE
        return book.bid[place], book.ask[place], book.bid_size[place], book.ask_size[place]

    def _places_of(self, symbol: str, listing: Listing) -> dict[str, int]:
        known = self._places.get(symbol)
        if known is None or known[0] is not listing:
            places = {listing.contract(q).name: q for q in range(listing.n_quotes)}
            known = self._places[symbol] = (listing, places)
        return known[1]


class Displayed:
    """What is still there of the displayed quotes: what was taken is gone until they change."""

    def __init__(self, quotes: Quotes) -> None:
        self._quotes = quotes
        self._taken: dict[tuple[str, int], tuple[float, float, float]] = {}

    def touch(self, contract: Contract, side: int) -> tuple[float, int]:
        """Return price and whole size of what can be bought (`side` > 0) or sold; size 0: none."""
        bid, ask, bid_size, ask_size = self._quotes(contract)
        price, size = (ask, ask_size) if side > 0 else (bid, bid_size)
        if not (0.0 < price < float("inf") and 0.0 < size < float("inf")):
            return 0.0, 0
        key = (contract.name, side)
        known = self._taken.get(key)
        if known is not None:
            if known[:2] == (price, size):
                size -= known[2]
            else:
                del self._taken[key]
        return price, int(size)

    def take(self, contract: Contract, side: int, quantity: float) -> None:
        """Take `quantity` of what is displayed on the side that is bought from or sold to."""
        bid, ask, bid_size, ask_size = self._quotes(contract)
        shown = (ask, ask_size) if side > 0 else (bid, bid_size)
        key = (contract.name, side)
        known = self._taken.get(key)
        before = known[2] if known is not None and known[:2] == shown else 0.0
        self._taken[key] = (*shown, before + quantity)
