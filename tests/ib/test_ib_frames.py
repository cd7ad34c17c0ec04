"""Bytes into ticks into books, against ib_async's own tickers."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest
from wire_stand import (
    EXPIRY,
    FIRST,
    LISTING,
    Stand,
    cut,
    hushed,
    ib_async,
    price,
    size,
    tick_stream,
)

from engine.gateway.frames import frame
from engine.ib.frames import LONGEST
from engine.market.chain import INDEX
from engine.market.listing import Listing


@pytest.mark.parametrize("seed", range(4))
def test_books_have_what_the_librarys_tickers_have(seed: int) -> None:
    rng = Random(seed)
    stand, theirs = Stand(), ib_async.IB()
    theirs.client.connState = theirs.client.CONNECTED
    theirs.client._apiReady, theirs.client._serverVersion = True, 178
    n = LISTING.n_quotes + 1
    tickers = [
        theirs.wrapper.startTicker(
            FIRST + k, ib_async.Contract(conId=1 + k, secType="OPT"), "mktData"
        )
        for k in range(n)
    ]
    for piece in cut(rng, b"".join(tick_stream(rng, 3000, n))):
        stand.hear(piece)
        theirs.client.conn.data_received(piece)
    assert stand.reader.n_bad == stand.path.n_bad == 0
    book = stand.book
    spot = book.underlying
    ours = [(book.bid[k], book.bid_size[k], book.ask[k], book.ask_size[k]) for k in range(n - 1)]
    ours.append((spot.bid, spot.bid_size, spot.ask, spot.ask_size))
    n_seen = 0
    for mine, ticker in zip(ours, tickers, strict=True):
        for at, value, shown in ((0, ticker.bid, ticker.bidSize), (2, ticker.ask, ticker.askSize)):
            is_there = value > 0.0 and shown > 0.0
            n_seen += is_there
            assert (mine[at] > 0.0) == is_there
            assert not is_there or mine[at : at + 2] == (value, shown)
    assert n_seen > n


def test_reads_cut_anywhere_end_in_the_same_books() -> None:
    data = b"".join(tick_stream(Random(7), 400, LISTING.n_quotes + 1))
    whole = Stand()
    whole.hear(data)
    for seed in range(20):
        rng, stand = Random(seed), Stand()
        for piece in cut(rng, data):
            stand.hear(piece)
        assert stand.state() == whole.state()
    drops = Stand()
    for k in range(len(data)):
        drops.hear(data[k : k + 1])
    assert drops.state() == whole.state()
    assert drops.reader.n_frames == whole.reader.n_frames


def test_one_read_is_one_instant_with_the_newest_of_each_side() -> None:
    stand = Stand()
    calls: list[tuple[Any, ...]] = []
    sink = stand.quotes.sink
    sink.changed = lambda *said: bool(calls.append(said))  # type: ignore[method-assign]
    stand.hear(price(FIRST, 1, 1.0, 5), price(FIRST, 1, 1.1, 6), price(FIRST, 1, 1.2, 7))
    assert calls == [([(0, -1)], False, stand.clock.now)]
    assert (stand.book.bid[0], stand.book.bid_size[0]) == (1.2, 7.0)
    assert stand.reads == [["Z"]]
    stand.hear(frame(49, 1, 1772636400))
    assert len(stand.reads) == 1  # nothing of ours in it: nobody is called


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("nan", 10), ("inf", 10), ("-inf", 10), ("-2", 10), ("-0.5", 10), ("1e300", 10),
        ("20000000", 10), ("1.0", "nan"), ("1.0", "-3"), ("1.0", "1e30"), ("1.0", "inf"),
        ("abc", 10), ("1.0", "x"), ("1,5", 10), ("0x10", 10), ("1.0.0", 1), ("--1", 1),
    ],
)  # fmt: skip
def test_numbers_that_no_exchange_sends_change_nothing(value: str, shown: object) -> None:
    stand = Stand()
    stand.hear(price(FIRST, 1, 1.5, 10), price(FIRST, 2, 1.7, 10))
    before = stand.state()
    for request in (FIRST, FIRST + LISTING.n_quotes):
        for kind in (1, 2, 66, 67):
            stand.hear(price(request, kind, value, shown))
    assert stand.state() == before
    assert stand.path.n_bad == 8


def test_nobody_withdraws_a_side() -> None:
    for gone in (price(FIRST, 1, "-1", 0), price(FIRST, 1, 0, 0), price(FIRST, 1, 1.5, 0),
                 price(FIRST, 1, "-1", 10), size(FIRST, 0, 0)):  # fmt: skip
        stand = Stand()
        stand.hear(price(FIRST, 1, 1.5, 10), price(FIRST, 2, 1.7, 10))
        stand.hear(gone)
        assert (stand.book.bid[0], stand.book.bid_size[0]) == (0.0, 0.0)
        assert stand.book.ask[0] == 1.7
    spot = FIRST + LISTING.n_quotes
    stand.hear(price(spot, 1, 99.0, 10), price(spot, 2, 99.1, 10))
    stand.hear(price(spot, 1, "-1", 0))
    assert math.isnan(stand.book.underlying.bid)
    assert stand.book.underlying.ask == 99.1
    # A size that comes back brings the price back.
    stand = Stand()
    stand.hear(price(FIRST, 1, 1.5, 10), size(FIRST, 0, 0))
    stand.hear(size(FIRST, 0, 3))
    assert (stand.book.bid[0], stand.book.bid_size[0]) == (1.5, 3.0)


def test_a_line_is_up_from_its_first_message_and_as_late_as_it_says() -> None:
    stand = Stand()
    now = stand.clock
    stand.hear(frame(81, FIRST, 0.01, "9c0001", 3), frame(58, 1, FIRST, 1), price(FIRST, 1, 1.5))
    assert stand.book.line_ns[0] == now.now
    # Another line's tick, minutes later, proves the first one again.
    now.now += 60_000_000_000
    stand.hear(price(FIRST + 1, 1, 1.5))
    assert stand.book.snapshot(now.now).bid_age[0] == 0.0
    assert not stand.book.snapshot(now.now).is_delayed
    # A frozen quote is what was shown before the close.
    stand.hear(frame(58, 1, FIRST, 2))
    now.now += 60_000_000_000
    stand.hear(price(FIRST + 1, 1, 1.6))
    assert stand.book.snapshot(now.now).bid_age[0] > 60.0
    stand.hear(frame(58, 1, FIRST + 1, 3))
    assert stand.book.snapshot(now.now).is_delayed
    # Delayed types say so by themselves.
    other = Stand()
    other.hear(price(FIRST, 66, 1.5), price(FIRST, 67, 1.6), size(FIRST, 69, 4))
    assert (other.book.bid[0], other.book.bid_size[0], other.book.ask[0]) == (1.5, 4.0, 1.6)
    assert other.book.snapshot(other.clock.now).is_delayed


def test_what_is_stale_is_proven_side_by_side_again() -> None:
    stand = Stand()
    stand.hear(price(FIRST, 1, 1.5), price(FIRST, 2, 1.6))
    stand.path.stale(stand.quotes)
    stand.clock.now += 30_000_000_000
    stand.hear(price(FIRST, 1, 1.5))
    chain = stand.book.snapshot(stand.clock.now)
    assert chain.bid_age[0] == 0.0
    assert chain.ask_age[0] > 30.0
    # Its line is up again: what comes of others proves the side that has come, and no other.
    stand.clock.now += 30_000_000_000
    stand.hear(price(FIRST + 1, 1, 1.5))
    chain = stand.book.snapshot(stand.clock.now)
    assert chain.bid_age[0] == 0.0
    assert chain.ask_age[0] > 60.0


def test_a_halt_of_any_line_halts_the_book() -> None:
    stand = Stand()
    spot = FIRST + LISTING.n_quotes
    refreshed: list[int] = []
    stand.quotes.sink.refresh = lambda now: bool(refreshed.append(now))  # type: ignore[method-assign]
    stand.hear(frame(45, 6, spot, 49, 1))
    assert stand.book.is_halted
    stand.hear(frame(45, 6, FIRST, 90, 2), frame(45, 6, spot, 49, 0))
    assert stand.book.is_halted
    stand.hear(frame(45, 6, FIRST, 49, -1))
    assert not stand.book.is_halted
    assert len(refreshed) == 2
    stand.hear(frame(45, 6, FIRST, 49, "nan"), frame(45, 6, FIRST, 49, 77))
    assert not stand.book.is_halted
    assert stand.path.n_bad == 2


def test_the_level_of_an_index_stands_for_both_sides() -> None:
    stand = Stand(Listing.of_rows("Z", [(EXPIRY, 50.0)], kind=INDEX))
    stand.hear(price(FIRST + 2, 4, 5000.5, 0))
    assert (stand.book.underlying.bid, stand.book.underlying.ask) == (5000.5, 5000.5)
    stand.hear(price(FIRST + 2, 1, 5000.0, 1), price(FIRST + 2, 2, 5001.0, 1))
    stand.hear(price(FIRST + 2, 4, 4000.0, 0))
    assert (stand.book.underlying.bid, stand.book.underlying.ask) == (5000.0, 5001.0)
    stock = Stand()
    stock.hear(price(FIRST + LISTING.n_quotes, 4, 77.0, 0))
    assert math.isnan(stock.book.underlying.bid)


def test_what_is_over_is_dropped_and_what_is_not_ours_goes_on() -> None:
    stand = Stand()
    stand.path.close(FIRST)
    before = stand.state()
    stand.hear(price(FIRST, 1, 1.5))
    assert stand.state() == before
    assert stand.path.n_strangers == 1
    ticker = stand.ib.wrapper.startTicker(7, ib_async.Contract(conId=9, secType="OPT"), "mktData")
    errors: list[int] = []
    stand.ib.errorEvent += lambda about, code, text, contract: errors.append(code)
    stand.hear(price(7, 1, 2.5), frame(4, 2, -1, 1100, "lost", ""), price(FIRST + 1, 1, 0.5))
    assert ticker.bid == 2.5
    assert errors == [1100]
    assert stand.book.bid[1] == 0.5
    stand.path.forget_all()
    assert not stand.path.is_open(FIRST + 1)


@pytest.mark.parametrize("length", [LONGEST + 1, 1 << 31, (1 << 32) - 1])
def test_an_absurd_length_ends_the_session(length: int) -> None:
    stand = Stand()
    stand.hear(price(FIRST, 1, 1.5), length.to_bytes(4, "big") + b"1\x00")
    assert len(stand.given_up) == 1
    assert str(length) in stand.given_up[0]
    # The next session begins with an empty buffer.
    stand.be_ready()
    stand.hear(price(FIRST, 1, 1.7))
    assert stand.book.bid[0] == 1.7


def test_a_long_message_in_small_reads_costs_its_length() -> None:
    stand = Stand()
    body = b"9\0001\0" + b"x" * (2 << 20) + b"\0"
    data = len(body).to_bytes(4, "big") + body
    with hushed():
        for at in range(0, len(data), 1000):
            stand.client.conn.data_received(data[at : at + 1000])
    assert stand.reader.n_frames == 1
    assert stand.reader._parts == []
