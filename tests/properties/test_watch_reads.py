"""After many changes of one instant, taken at once, a watch has what a full search finds."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from moving_quotes import Market, Tally, check, drawn, events

from engine.backend import Backend
from engine.market.book import Book
from engine.scanner.scanner import Scanner
from engine.scanner.watch import Watch

SEED = 20_261_201


class Gathered:
    """Stands for a watch while events are gathered: writes to the book alone."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.sides: list[tuple[int, int]] = []
        self.has_stock = False

    def on_bid(self, quote: int, price: float, size: float, ts_ns: int) -> bool:
        self.book.set_bid(quote, price, size, ts_ns)
        self.sides.append((quote, -1))
        return False

    def on_ask(self, quote: int, price: float, size: float, ts_ns: int) -> bool:
        self.book.set_ask(quote, price, size, ts_ns)
        self.sides.append((quote, 1))
        return False

    def on_underlying(self, bid: float, ask: float, *rest: float) -> bool:
        self.book.set_underlying(bid, ask, *rest)  # type: ignore[arg-type]
        self.has_stock = True
        return False

    def on_time(self, now_ns: int) -> bool:
        return False


Sides = list[tuple[int, int]]


def follow_reads(
    seed: int, market: Market, backend: Backend, tally: Tally, told: Callable[[Sides], Sides]
) -> None:
    """Play one sequence in reads of a few events each."""
    draw = Random(seed)
    book = Book.of(market.chain, backend.load("ages").ages)
    watch = Watch(book, Scanner(market.settings, backend), market.chain.ts_ns)
    gathered, left = Gathered(book), draw.randrange(1, 12)
    for now, event in events(draw, market, 120):
        if now >= book.listing.expiries[0].settles_ns:
            break
        event(gathered)  # type: ignore[arg-type]
        left -= 1
        if left:
            continue
        left = draw.randrange(1, 12)
        before = watch.n_searches
        is_searched = watch.changed(told(gathered.sides), gathered.has_stock, now)
        assert watch.n_searches - before == is_searched
        if not (gathered.sides or gathered.has_stock):
            watch.on_time(now)
        check(seed, watch, now, market, backend, tally)
        tally.quiet += not is_searched
        tally.quiet_hits += not is_searched and watch.found is not None
        gathered.sides, gathered.has_stock = [], False


def sample(n: int, backend: Backend, told: Callable[[Sides], Sides] = lambda sides: sides) -> Tally:
    tally = Tally()
    for seed in range(SEED, SEED + n):
        follow_reads(seed, drawn(Random(f"reads {seed}")), backend, tally, told)
    return tally


def test_a_sample_of_reads(backend: Backend) -> None:
    # Interpreted kernels and a cold compiler give the same bits for more seconds.
    tally = sample(25 if backend.name == "numba" else 7, backend)
    assert tally.quiet > 0
    assert tally.hits > 0


@pytest.mark.long
def test_many_reads(backend: Backend) -> None:
    assert sample(1000, backend).quiet_hits > 0


def test_a_watch_that_is_not_told_of_sides_is_caught(backend: Backend) -> None:
    """What the test above must notice: it shows that what is told is what is looked at."""
    with pytest.raises(AssertionError):
        sample(20, backend, lambda sides: [])
