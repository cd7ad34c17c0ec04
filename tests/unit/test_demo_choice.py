"""A planted position, worked out again at the same quotes, is the same position."""

from __future__ import annotations

import zlib
from random import Random

import pytest

from engine.feeds.demo_choice import PLANTS, again, families_of, propose
from engine.feeds.demo_listing import KINDS, list_symbol
from engine.feeds.demo_quotes import Book, quote_symbol
from engine.feeds.demo_worth import Worth


def book_of(symbol: str) -> Book:
    rng = Random(zlib.crc32(symbol.encode()))
    return quote_symbol(list_symbol(symbol, rng, compact=True), rng, compact=True)


BOOKS = {symbol: book_of(symbol) for symbol in KINDS}


@pytest.mark.parametrize("family", PLANTS)
def test_a_position_is_worth_the_same_again(family: str) -> None:
    tried = 0
    for book in BOOKS.values():
        worth = Worth(book.listing, book.spot.bid)
        rng = Random(7)
        for _ in range(60 if family in families_of(book) else 0):
            try:
                package, _ = propose(book, worth, family, rng)
            except LookupError:
                continue
            tried += 1
            assert again(book, worth, package).legs == package.legs
            assert again(book, worth, package).worst == pytest.approx(package.worst, abs=1e-12)
    assert tried > 10
