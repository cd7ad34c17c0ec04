"""The rules of the exchange calendar against a published one, day by day."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest

from engine.clock import from_ns, to_ns
from engine.errors import UnavailableError, UsageError
from engine.market.calendar import calendar_named, zone_named

ORACLE = Path(__file__).parents[1] / "oracles" / "sessions_us.csv"
FIRST, LAST = date(1999, 1, 1), date(2035, 12, 31)

US = calendar_named("us")
CRYPTO = calendar_named("crypto")


def published() -> dict[date, str]:
    lines = [line for line in ORACLE.read_text().splitlines() if not line.startswith("#")]
    return {date.fromisoformat(row["date"]): row["kind"] for row in csv.DictReader(lines)}


def every_day() -> list[date]:
    return [FIRST + timedelta(days=k) for k in range((LAST - FIRST).days + 1)]


def test_oracle_covers_the_years_claimed() -> None:
    days = published()
    assert {day.year for day in days} == set(range(1999, 2036))
    assert sum(kind == "closed" for kind in days.values()) > 9 * 37
    assert sum(kind == "early" for kind in days.values()) > 70


def test_sessions_equal_the_published_ones() -> None:
    kinds = published()
    ours = [day for day in every_day() if US.is_session(day)]
    theirs = [
        day for day in every_day() if day.weekday() < 5 and kinds.get(day, "full") != "closed"
    ]
    assert ours == theirs


def test_early_closes_equal_the_published_ones() -> None:
    ours = {day for day in every_day() if US.is_early_close(day)}
    assert ours == {day for day, kind in published().items() if kind == "early"}


def test_neighbours_and_nights_walk_the_same_list() -> None:
    sessions = [day for day in every_day() if US.is_session(day)]
    for before, after in pairwise(sessions):
        assert US.next_session(before) == after
        assert US.previous_session(after) == before
        assert US.nights_to_settlement(before) == (after - before).days
    gaps = {US.nights_to_settlement(day) for day in sessions[:-1]}
    # Seven nights only after 2001-09-10; five over the weekend of hurricane Sandy.
    assert gaps == {1, 2, 3, 4, 5, 7}


def test_a_day_that_is_no_session_has_neighbours() -> None:
    christmas = date(2015, 12, 25)
    assert US.previous_session(christmas) == date(2015, 12, 24)
    assert US.next_session(christmas) == date(2015, 12, 28)


@pytest.mark.parametrize(
    ("day", "settlement", "utc"),
    [
        (date(2015, 12, 24), "PM", "2015-12-24T18:00:00"),  # half day, winter
        (date(2015, 12, 23), "PM", "2015-12-23T21:00:00"),
        (date(2014, 6, 20), "PM", "2014-06-20T20:00:00"),  # summer
        (date(2021, 1, 15), "AM", "2021-01-15T14:30:00"),
        (date(2021, 7, 16), "AM", "2021-07-16T13:30:00"),
        (date(2021, 3, 12), "PM", "2021-03-12T21:00:00"),  # the clocks change on the 14th
        (date(2021, 3, 15), "PM", "2021-03-15T20:00:00"),
        (date(2020, 11, 27), "PM", "2020-11-27T18:00:00"),
    ],
)
def test_settlement_instants(day: date, settlement: str, utc: str) -> None:
    moment = datetime.fromisoformat(utc).replace(tzinfo=timezone.utc)
    assert US.settlement_ns(day, settlement) == to_ns(moment)


def test_the_open_is_defined_on_closed_days_too() -> None:
    # Pay dates may fall on any calendar date.
    assert from_ns(US.open_ns(date(2015, 12, 26))).isoformat() == "2015-12-26T14:30:00+00:00"


@pytest.mark.parametrize(
    ("listed", "last"),
    [
        (date(2014, 6, 21), date(2014, 6, 20)),
        (date(2015, 1, 17), date(2015, 1, 16)),
        (date(2014, 4, 19), date(2014, 4, 17)),  # Good Friday before the Saturday
        (date(2008, 3, 22), date(2008, 3, 20)),
        (date(2019, 4, 19), date(2019, 4, 18)),  # listed on Good Friday itself
        (date(2016, 1, 15), date(2016, 1, 15)),
    ],
)
def test_last_trading_day(listed: date, last: date) -> None:
    assert US.last_trading_day(listed) == last


def test_the_session_of_an_instant_is_a_local_date() -> None:
    moment = datetime(2014, 6, 7, 1, 0, tzinfo=timezone.utc)
    assert US.session_date(to_ns(moment)) == date(2014, 6, 6)
    assert CRYPTO.session_date(to_ns(moment)) == date(2014, 6, 7)


def test_crypto_never_closes() -> None:
    saturday = date(2024, 1, 6)
    assert CRYPTO.is_session(saturday)
    assert CRYPTO.last_trading_day(saturday) == saturday
    assert CRYPTO.nights_to_settlement(saturday) == 1
    assert from_ns(CRYPTO.settlement_ns(saturday)).hour == 8
    assert CRYPTO.settlement_ns(saturday, "AM") == CRYPTO.settlement_ns(saturday, "PM")
    assert CRYPTO.close_ns(saturday) == CRYPTO.open_ns(saturday + timedelta(days=1))


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'crypto'"):
        calendar_named("cryto")
    with pytest.raises(UsageError, match="there are us, crypto"):
        calendar_named("tokyo")
    with pytest.raises(ValueError, match="not AM or PM"):
        US.settlement_ns(FIRST, "noon")
    with pytest.raises(UnavailableError, match="pip install tzdata"):
        zone_named("Nowhere/Atlantis")
