"""When the series of CSV files settle, and what is a date or an instant in them."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from engine.clock import to_ns
from engine.feeds.record import parse_day, parse_instant
from engine.market.chain import INDEX
from tests.unit.csv_chains import HEADER, only, written


def test_index_series_settle_as_their_class_does(tmp_path: Path) -> None:
    start = "2021-01-04T15:00:00Z,SPX,3700,3700"
    end = "3700,C,10,11,1,1,,"
    lines = [f"{start},{day},{end},{name}" for day, name in
             [("2021-01-15", ""), ("2021-01-15", "SPXW"), ("2021-01-08", "")]]  # fmt: skip
    path = written(tmp_path, *lines, header=f"{HEADER},trading_class")
    chain = only(path, "SPX").chain
    assert chain.underlying.kind == INDEX
    assert chain.style == "european"
    told = [(e.date.day, e.settlement, e.trading_class, e.settles_ns) for e in chain.expiries]
    at = [to_ns(datetime(2021, 1, d, h, m, tzinfo=timezone.utc))
          for d, h, m in ((8, 21, 0), (15, 14, 30), (15, 21, 0))]  # fmt: skip
    assert told == [(8, "PM", "SPXW", at[0]), (15, "AM", "SPX", at[1]), (15, "PM", "SPXW", at[2])]


@pytest.mark.parametrize(
    ("symbol", "listed", "settles"),
    [
        ("SPX", "2014-06-21", datetime(2014, 6, 20, 13, 30)),  # a Saturday before 2015
        ("SPX", "2019-04-18", datetime(2019, 4, 18, 13, 30)),  # Good Friday the day after
        ("VIX", "2021-01-20", datetime(2021, 1, 20, 14, 30)),  # Wednesday mornings
        ("XSP", "2021-01-15", datetime(2021, 1, 15, 21)),  # always at the close
        ("XYZ", "2014-06-21", datetime(2014, 6, 20, 20)),
        ("XYZ", "2021-11-26", datetime(2021, 11, 26, 18)),  # half day
    ],
)
def test_settlement_instants(tmp_path: Path, symbol: str, listed: str, settles: datetime) -> None:
    line = f"2014-01-02T15:00:00Z,{symbol},100,100,{listed},100,C,1,2,,,,"
    (expiry,) = only(written(tmp_path, line), symbol).chain.expiries
    assert expiry.settles_ns == to_ns(settles.replace(tzinfo=timezone.utc))
    assert expiry.date == settles.date()


@pytest.mark.parametrize("text", ["2016-02-30", "15/01/2016", "2016-1-5", "Jan 15", "201601", ""])
def test_what_is_not_a_date(text: str) -> None:
    assert parse_day(text) is None


def test_instants_are_exact_to_the_nanosecond() -> None:
    base = to_ns(datetime(2024, 1, 8, 11, 19, 41, tzinfo=timezone.utc))
    assert parse_instant("2024-01-08T11:19:41.429Z") == base + 429_000_000
    assert parse_instant("2024-01-08 11:19:41.000000001+00:00") == base + 1
    assert parse_instant("2024-01-08T16:49:41+0530") == base
    assert parse_instant("2024-01-08T11:19:41") is None
    assert parse_instant("2024-01-08T11:19:41", zone_known=True) == base
    assert parse_instant("2024-01-08T25:19:41Z") is None
    assert parse_instant("2024-01-08T11:19:41+99:00") is None
