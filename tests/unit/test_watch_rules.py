"""The rules of a box and a watch: when it ends, how far the spot goes, what is apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.backend import select
from engine.clock import to_ns
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.market.book import Book
from engine.market.carry import RateCurve
from engine.market.chain import OptionChain
from engine.scanner.box import MARGIN, Box, Frame
from engine.scanner.scanner import Scanner
from engine.scanner.watch import Watch

PURE = select("pure")
SECOND = 1_000_000_000
NEW_YORK = ZoneInfo("America/New_York")


def market(symbol: str) -> tuple[OptionChain, ScanSettings]:
    (loaded,) = DemoFeed(1001, [symbol], compact=True, planted=False).chains(symbol)
    assert loaded.carry is not None
    return loaded.chain, ScanSettings(carry=loaded.carry, near_misses=0)


@pytest.mark.parametrize(
    ("before", "end"),
    [
        ("2026-03-04 09:29:30", "2026-03-04 09:30:00"),  # an ex-date begins with the session
        ("2026-03-04 15:59:59", "2026-03-04 16:00:00"),
        ("2026-03-04 23:59:59", "2026-03-05 00:00:00"),
        ("2026-03-07 23:59:59", "2026-03-08 00:00:00"),  # the night of summer time
    ],
)
def test_a_box_ends_where_terms_jump(before: str, end: str) -> None:
    chain, settings = market("ZDIV")
    now, stop = (to_ns(datetime.fromisoformat(t).replace(tzinfo=NEW_YORK)) for t in (before, end))
    slow = replace(settings.carry, lend=RateCurve(), borrow=RateCurve(), borrow_fee=0.0)
    later = tuple(replace(e, settles_ns=e.settles_ns + 10**16) for e in chain.expiries)
    frame = Frame.of(replace(chain, ts_ns=now, expiries=later), replace(settings, carry=slow))
    assert frame.until_ns == stop


def test_a_box_ends_when_an_expiry_settles_and_before_edges_move_by_its_margin() -> None:
    chain, settings = market("ZDIV")
    soon = (replace(chain.expiries[0], settles_ns=chain.ts_ns + SECOND), *chain.expiries[1:])
    assert Frame.of(replace(chain, expiries=soon), settings).until_ns == chain.ts_ns + SECOND
    frame = Frame.of(chain, settings)
    later = Frame.of(replace(chain, ts_ns=frame.until_ns - 1), settings)
    strike = max(chain.strike)
    for old, new in (
        (frame.terms.lend, later.terms.lend),
        (frame.terms.borrow, later.terms.borrow),
    ):
        assert max(abs(a - b) * strike for a, b in zip(old, new, strict=True)) < 0.5 * MARGIN
    assert frame.until_ns > chain.ts_ns + 3 * SECOND


def test_the_spot_goes_no_farther_than_its_fee_allows() -> None:
    chain, settings = market("ZHTB")
    box = Box(Book.of(chain).listing, settings, PURE)
    assert box.build(chain)
    assert box._frame is not None
    reach, spot = box._frame.reach, chain.underlying
    assert 0.0 < reach < 0.1
    assert settings.carry.borrow_fee * reach * max(box._frame.terms.tau) <= 0.5 * MARGIN
    assert box.has_stock(spot.bid, spot.ask)
    assert not box.has_stock(spot.bid - 1.01 * reach, spot.ask - 1.01 * reach)
    assert not box.has_stock(spot.bid + 1.01 * reach, spot.ask + 1.01 * reach)
    assert not box.has_stock(spot.bid, spot.ask + 1.01 * reach)


def with_a_hit() -> tuple[Watch, int, int]:
    """A watch of a chain with a candidate that one bid is at fault for; that quote; the time."""
    chain, settings = market("ZGRO")
    watch = Watch(Book.of(chain), Scanner(settings, PURE), chain.ts_ns)
    at_fault = 50
    assert watch.on_bid(at_fault, chain.bid[at_fault] + 0.15, 9.0, chain.ts_ns)
    assert watch.found is not None
    assert watch.found.table.found.count == 1
    return watch, at_fault, chain.ts_ns


def test_only_what_is_apart_is_quiet_while_there_is_a_hit() -> None:
    watch, at_fault, now = with_a_hit()
    book, listing = watch.book, watch.book.listing
    # The box around the hit is built when whoever looks at it has acted.
    n_builds = watch.n_builds
    assert watch._hot == ()
    watch.rest()
    assert watch.n_builds == n_builds + 1
    assert [(hot.quote, hot.side) for hot in watch._hot] == [(at_fault, -1)]
    keys = list(listing.keys())
    quiet = 0
    for q, (expiry, strike, right) in enumerate(keys):
        searched = watch.on_ask(q, book.ask[q], book.ask_size[q], now)
        other = keys[at_fault]
        is_apart = expiry != other[0] and strike != other[1] and right != other[2]
        assert searched != is_apart, (expiry.date, strike, right)
        quiet += not searched
    assert quiet > 10
    assert watch.on_underlying(book.underlying.bid, book.underlying.ask, 1.0, 1.0, now)


def test_an_apart_quote_that_leaves_the_box_is_searched_when_it_must_be() -> None:
    watch, at_fault, now = with_a_hit()
    keys, found = list(watch.book.listing.keys()), watch.found
    other = keys[at_fault]
    q = next(
        k for k, (expiry, strike, right) in enumerate(keys)
        if expiry != other[0] and strike != other[1] and right != other[2]
        and watch.book.bid[k] > 1.0
    )  # fmt: skip
    assert watch.on_bid(q, watch.book.bid[q] + 5.0, 9.0, now)
    assert watch.found is not found
