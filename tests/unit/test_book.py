"""Listings and books: frozen chains of moving quotes, ages as proof of life, states."""

from __future__ import annotations

import math
from array import array
from dataclasses import fields, replace
from datetime import date
from random import Random

import pytest

from engine.backend import Backend
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.market.book import Book, State
from engine.market.chain import Expiry, FutureBook, OptionChain, Underlying
from engine.market.combo import combo_of
from engine.market.contract import parse_occ
from engine.market.listing import Listing
from engine.scanner.pipeline import scan_chain

SECOND = 1_000_000_000
NOW = 1_772_636_400 * SECOND
NEAR = Expiry(NOW + 86_400 * SECOND, date(2026, 3, 5), "AM", "SPX")
FAR = Expiry(NOW + 30 * 86_400 * SECOND, date(2026, 4, 3), "PM", "SPXW")
FEED = DemoFeed(5, compact=True)


def listing(**said: object) -> Listing:
    rows = [(FAR, 110.0), (NEAR, 100.0), (FAR, 100.0), (NEAR, 100.0), (FAR, 90.0)]
    return Listing.of_rows("SPX", rows, **said)


def chain_of(symbol: str) -> OptionChain:
    (loaded,) = FEED.chains(symbol)
    return loaded.chain


def same(one: object, other: object) -> bool:
    """Equality in which nan equals nan."""
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (one != one and other != other)
    if isinstance(one, array | tuple) and isinstance(other, array | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Underlying | FutureBook):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return one == other


def differing(one: OptionChain, other: OptionChain) -> list[str]:
    return [f.name for f in fields(one) if not same(getattr(one, f.name), getattr(other, f.name))]


def test_quote_indices_go_both_ways() -> None:
    known = listing(contract_ids=tuple(f"id{q}" for q in range(8)))
    assert known.n_quotes == 8
    assert list(known.first) == [0, 1, 4]
    assert list(known.strike) == [100.0, 90.0, 100.0, 110.0]
    for q, (expiry, strike, right) in enumerate(known.keys()):
        assert known.quote_of(expiry, strike, right) == q
        one = known.contract(q)
        assert (one.root, one.strike, one.right) == (expiry.trading_class, strike, right)
        assert one.exchange_id == f"id{q}"
        assert parse_occ(one.occ_symbol, "SPX") == replace(one, trading_class=one.root) or (
            one.root == "SPX"
        )
    assert known.quote_of(NEAR, 90.0, "C") == -1
    assert known.quote_of(NEAR, 101.0, "C") == -1
    assert known.quote_of(Expiry(NOW, date(2026, 3, 4)), 100.0, "C") == -1


@pytest.mark.parametrize("symbol", FEED.symbols())
def test_a_book_gives_back_the_chain_it_was_made_of(symbol: str, backend: Backend) -> None:
    chain = chain_of(symbol)
    again = Book.of(chain, backend.load("ages").ages).snapshot(chain.ts_ns)
    wrong = differing(chain, again)
    # Stamps are whole nanoseconds, ages of a feed need not be.
    assert set(wrong) <= {"bid_age", "ask_age", "underlying"}
    for name in ("bid_age", "ask_age"):
        ages = zip(getattr(chain, name), getattr(again, name), strict=True)
        assert all(a == b or abs(a - b) <= 1e-9 or (a != a and b != b) for a, b in ages)
    assert again.strike is chain.strike
    assert again.first is chain.first
    assert Listing.of(again).contract(3) == Listing.of(chain).contract(3)


def test_a_chain_stays_when_the_book_moves_on(backend: Backend) -> None:
    chain = chain_of("ZDIV")
    book = Book.of(chain, backend.load("ages").ages)
    draw, frozen = Random(20), []
    now = chain.ts_ns
    for _ in range(60):
        taken = book.snapshot(now)
        kept = {f.name: getattr(taken, f.name) for f in fields(taken)}
        kept = {name: v[:] if isinstance(v, array) else v for name, v in kept.items()}
        frozen.append((taken, OptionChain(**kept)))
        for _ in range(draw.randrange(4)):
            now += 1_000_000
            q, price = draw.randrange(len(chain.bid)), round(9.0 * draw.random(), 2)
            size = float(draw.randrange(1, 5))
            (book.set_bid if draw.random() < 0.5 else book.set_ask)(q, price, size, now)
        book.set_underlying(99.0 + draw.random(), 101.0, 5.0, 5.0, now)
    assert all(not differing(taken, kept) for taken, kept in frozen)
    assert len({taken.underlying.bid for taken, _ in frozen}) == 60


def test_only_columns_that_changed_are_copied() -> None:
    book = Book.of(chain_of("ZETF"))
    first = book.snapshot(NOW)
    book.set_bid(3, 1.25, first.bid_size[3], NOW)
    second = book.snapshot(NOW)
    assert second.bid is not first.bid
    assert [second.bid[3], second.bid_size[3]] == [1.25, first.bid_size[3]]
    for name in ("ask", "bid_size", "ask_size", "strike", "first", "expiries", "volume"):
        assert getattr(second, name) is getattr(first, name), name
    book.set_ask(3, 1.5, 77.0, NOW)
    third = book.snapshot(NOW)
    assert (third.ask[3], third.ask_size[3], third.bid) == (1.5, 77.0, second.bid)
    assert third.bid is second.bid
    assert second.ask_size[3] != 77.0


def test_an_age_is_the_proof_of_life_of_the_line(backend: Backend) -> None:
    """A quote that does not change is as fresh as the last sign of life of its subscription."""
    book = Book(listing(), backend.load("ages").ages)
    book.line_up(2, NOW)
    book.set(2, 1.0, 1.1, 5.0, 5.0, NOW + SECOND)
    book.set(3, 2.0, 2.1, 5.0, 5.0, NOW + SECOND)  # no line: a snapshot asked for once
    book.prove_alive(NOW + 60 * SECOND)
    chain = book.snapshot(NOW + 61 * SECOND)
    assert (chain.bid_age[2], chain.ask_age[2]) == (1.0, 1.0)
    assert (chain.bid_age[3], chain.ask_age[3]) == (60.0, 60.0)
    assert chain.bid_age[0] != chain.bid_age[0]  # never quoted: not known

    # The line breaks: what it had proven no longer counts, the stamp does.
    book.line_down(2)
    book.prove_alive(NOW + 62 * SECOND)
    assert book.snapshot(NOW + 62 * SECOND).bid_age[2] == 61.0
    # Up again: until a side is sent once more, nothing proves it.
    book.line_up(2, NOW + 63 * SECOND)
    book.set_bid(2, 1.0, 5.0, NOW + 64 * SECOND)
    book.prove_alive(NOW + 90 * SECOND)
    chain = book.snapshot(NOW + 90 * SECOND)
    assert (chain.bid_age[2], chain.ask_age[2]) == (0.0, 89.0)
    book.all_lines_down()
    assert book.snapshot(NOW + 91 * SECOND).bid_age[2] == 27.0


def test_a_clock_that_was_set_back_makes_ages_unknown() -> None:
    book = Book(listing())
    book.set(1, 1.0, 1.1, 5.0, 5.0, NOW + SECOND)
    book.set_underlying(99.0, 101.0, 5.0, 5.0, NOW + SECOND)
    chain = book.snapshot(NOW)
    assert math.isnan(chain.bid_age[1])
    assert math.isnan(chain.underlying.bid_age)
    book.prove_alive(NOW - SECOND)
    book.prove_alive(NOW - 9 * SECOND)
    assert book.alive_ns == NOW - SECOND


def test_states() -> None:
    book = Book(listing())

    def state(at: int = NOW) -> State:
        return book.state(5, at, 2.0)

    assert state() is State.ABSENT
    book.set_bid(5, 1.0, 5.0, NOW)
    assert state(NOW + SECOND) is State.LIVE
    assert state(NOW + 3 * SECOND) is State.STALE
    book.line_up(5, NOW, is_delayed=True)
    book.prove_alive(NOW + 3 * SECOND)
    assert state(NOW + 4 * SECOND) is State.DELAYED
    assert book.snapshot(NOW + 4 * SECOND).is_delayed
    book.line_up(5, NOW)
    assert state(NOW + 4 * SECOND) is State.LIVE
    assert not book.snapshot(NOW + 4 * SECOND).is_delayed
    book.close(5)
    assert state(NOW) is State.CLOSED
    assert book.snapshot(NOW).bid[5] == 0.0
    book.line_up(5, NOW)
    assert state() is State.ABSENT
    book.set_ask(5, 0.0, 5.0, NOW)
    assert state() is State.ABSENT
    book.underlying_line_up(NOW, is_delayed=True)
    assert book.snapshot(NOW).is_delayed


def test_contracts_come_and_go() -> None:
    book = Book(listing(contract_ids=tuple("abcdefgh")))
    for q in range(8):
        book.line_up(q, NOW, is_delayed=q == 7)
        book.set(q, 1.0 + q, 2.0 + q, 3.0 + q, 4.0 + q, NOW + q)
    book.close(5)
    book.volume = array("d", range(8))
    book.set_underlying(99.0, 101.0, 5.0, 6.0, NOW)
    later = FAR.settles_ns - SECOND
    with pytest.raises(ValueError, match="SPX: 2026-03-05 has settled"):
        book.snapshot(later)
    left = book.relisted(book.listing.after(later))
    assert left.listing.expiries == (FAR,)
    assert left.listing.contract_ids == tuple("bcdfgh")
    chain = left.snapshot(later)
    assert list(chain.bid) == [2.0, 3.0, 4.0, 0.0, 7.0, 8.0]
    assert list(chain.volume) == [1.0, 2.0, 3.0, 5.0, 6.0, 7.0]
    assert chain.is_delayed
    assert left.state(3, later, 1.0) is State.CLOSED

    strikes = {*zip([FAR] * 4, (90.0, 95.0, 100.0, 110.0), strict=True)}
    more = left.relisted(Listing.of_rows("SPX", strikes))
    assert list(more.snapshot(later).ask) == [3.0, 0.0, 4.0, 5.0, 0.0, 0.0, 8.0, 9.0]
    assert more.state(1, later, 1.0) is State.ABSENT
    assert more.state(4, later, 1.0) is State.CLOSED
    more.set_underlying(1.0, 2.0, 3.0, 4.0, NOW)
    assert book.underlying.bid == 99.0
    assert book.bid[7] == 8.0


def test_a_coin_has_its_futures() -> None:
    chain = chain_of("ZCOIN")
    book = Book.of(chain)
    assert not differing(replace(chain, bid_age=array("d"), ask_age=array("d")),
                         replace(book.snapshot(chain.ts_ns), bid_age=array("d"),
                                 ask_age=array("d")))  # fmt: skip
    book.future_line_up(1, NOW)
    book.set_future(1, 2000.0, 2001.0, 7.0, 8.0, NOW + SECOND)
    book.prove_alive(NOW + 5 * SECOND)
    moved = book.snapshot(NOW + 6 * SECOND)
    assert (moved.forward_bid[1], moved.forward_ask[1]) == (2000.0, 2001.0)
    assert moved.futures[1] == FutureBook(True, 7.0, 8.0, 1.0, 1.0)
    assert moved.forward_bid[0] == chain.forward_bid[0]
    assert chain.forward_bid[1] != 2000.0


@pytest.mark.parametrize("symbol", ["ZETF", "ZIDX", "ZCOIN"])
def test_a_scan_finds_the_same_in_a_book(symbol: str, backend: Backend) -> None:
    (loaded,) = FEED.chains(symbol)
    assert loaded.carry is not None
    settings = ScanSettings(carry=loaded.carry, near_misses=0)
    book = Book.of(loaded.chain, backend.load("ages").ages)
    found, again = (
        scan_chain(chain, settings, backend).opportunities
        for chain in (loaded.chain, book.snapshot(loaded.chain.ts_ns))
    )
    assert found
    assert [(o.id, o.edge) for o in found] == [(o.id, o.edge) for o in again]
    assert combo_of(loaded.chain, found[0].legs).key == found[0].key
