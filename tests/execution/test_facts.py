"""What a leg costs now, from a book; when a broker restarts, by the clock of its zone."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from engine.clock import from_ns, to_ns
from engine.execution.facts import MarketFacts, legs_now
from engine.execution.quiet import NIGHTLY_RESET, RestartWindow
from engine.market.book import Book
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.chain import ChainBuilder, Expiry, Underlying
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.market.listing import Listing

SECOND = 10**9
NOW = to_ns(datetime(2026, 3, 4, 16, tzinfo=timezone.utc))
EXPIRY = Expiry(to_ns(datetime(2026, 4, 17, 20, tzinfo=timezone.utc)), date(2026, 4, 17))


def book() -> Book:
    builder = ChainBuilder("XYZ", NOW, Underlying("XYZ", 99.9, 100.1, 500.0, 700.0, 0.25, 0.5))
    builder.add(EXPIRY, 100.0, "C", 2.0, 2.1, 11.0, 12.0, 0.75, 1.0)
    builder.add(EXPIRY, 100.0, "P", 1.9, 2.2, 13.0, 14.0, 1.25, 1.5)
    return Book.of(builder.build())


def seen(kind: str, side: int, quote: int = -1) -> Leg:
    return Leg(kind, side, 1, 9.99, bid=9.9, ask=9.99, size=1.0, age=99.0, quote=quote)


def test_each_leg_has_the_side_that_it_trades() -> None:
    legs = (seen(OPTION, 1, 0), seen(OPTION, -1, 0), seen(OPTION, 1, 1), seen(OPTION, -1, 1),
            seen(STOCK, 1), seen(STOCK, -1))  # fmt: skip
    now = legs_now(book(), legs, NOW)
    assert [(leg.price, leg.size, round(leg.age, 9)) for leg in now] == [
        (2.1, 12.0, 1.0), (2.0, 11.0, 0.75), (2.2, 14.0, 1.5), (1.9, 13.0, 1.25),
        # Of stock the size counts multiples of the multiplier.
        (100.1, 7.0, 0.5), (99.9, 5.0, 0.25),
    ]  # fmt: skip
    assert [(leg.bid, leg.ask) for leg in now[::2]] == [(2.0, 2.1), (1.9, 2.2), (99.9, 100.1)]
    assert [(leg.kind, leg.side, leg.quote) for leg in now] == [
        (leg.kind, leg.side, leg.quote) for leg in legs
    ]


def test_a_quote_grows_old_and_a_line_keeps_it_true() -> None:
    moving, leg = book(), (seen(OPTION, 1, 0),)
    assert legs_now(moving, leg, NOW + 3 * SECOND)[0].age == pytest.approx(4.0)
    moving.line_up(0, NOW)
    moving.set_ask(0, 2.1, 12.0, NOW)
    moving.prove_alive(NOW + 3 * SECOND)
    assert legs_now(moving, leg, NOW + 3 * SECOND)[0].age == 0.0
    moving.all_lines_down()
    assert legs_now(moving, leg, NOW + 3 * SECOND)[0].age == 3.0


def test_what_a_book_does_not_have_stays_as_it_was() -> None:
    future = seen(FUTURE, 1)
    assert legs_now(book(), (future,), NOW) == (future,)


def test_a_side_that_was_never_quoted_has_no_age() -> None:
    empty = Book(Listing.of_rows("XYZ", [(EXPIRY, 100.0)]))
    (leg,) = legs_now(empty, (seen(OPTION, 1, 0),), NOW)
    assert not leg.ask > 0.0
    assert not leg.age <= 2.0


def test_facts_of_a_listing_and_of_a_moment() -> None:
    dividend = Dividend(date(2026, 3, 10), date(2026, 3, 20), 0.25)
    curve = RateCurve.flat(0.04)
    carry = Carry(curve, curve, (dividend,), borrow_fee=0.01, shortable=4_000.0)
    moving = book()
    facts = MarketFacts.of(moving.listing, carry, knows_dividends=False)
    assert (facts.symbol, facts.calendar, facts.style) == ("XYZ", "us", "american")
    assert (facts.dividends, facts.shortable, facts.borrow_fee) == ((dividend,), 4_000.0, 0.01)
    assert not facts.knows_dividends
    assert math.isnan(facts.spot)
    now = facts.at(moving, (seen(STOCK, 1),), NOW)
    assert (now.spot, now.legs[0].price) == (100.0, 100.1)
    assert not now.is_halted
    assert not now.is_delayed
    moving.is_halted = True
    moving.line_up(1, NOW, is_delayed=True)
    later = facts.at(moving, (), NOW)
    assert later.is_halted
    assert later.is_delayed
    assert replace(later, spot=math.nan, is_halted=False, is_delayed=False).symbol == "XYZ"


def wall(window: RestartWindow, ts_ns: int) -> bool:
    """Tell whether an instant lies in a window, by the minutes of its wall clock alone."""
    local = from_ns(ts_ns).astimezone(ZoneInfo(window.zone))
    minute = 60 * local.hour + local.minute
    if window.start < window.end:
        return window.start <= minute < window.end
    return minute >= window.start or minute < window.end


@pytest.mark.parametrize(
    "window",
    [NIGHTLY_RESET, RestartWindow(300, 310, "Europe/Berlin"), RestartWindow(0, 1439, "UTC"),
     RestartWindow(720, 719, "Asia/Kolkata")],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("day", [date(2026, 3, 7), date(2026, 10, 31), date(2026, 12, 31)])
def test_windows_minute_by_minute(window: RestartWindow, day: date) -> None:
    """Over the nights in which summer time begins and ends, and over a new year."""
    start = to_ns(datetime(day.year, day.month, day.day, tzinfo=timezone.utc))
    minutes = [start + k * 60 * SECOND for k in range(0, 48 * 60, 3)]
    for ts_ns in minutes:
        left = window.seconds_until(ts_ns)
        assert (left == 0.0) == wall(window, ts_ns), from_ns(ts_ns)
        if left:
            begins = ts_ns + round(left * SECOND)
            assert wall(window, begins)
            assert not wall(window, begins - 60 * SECOND)


def test_a_window_says_what_is_written_in_settings() -> None:
    assert str(NIGHTLY_RESET) == "23:45-00:45 America/New_York"
    assert NIGHTLY_RESET.seconds_until(NOW) == timedelta(hours=12, minutes=45).total_seconds()
