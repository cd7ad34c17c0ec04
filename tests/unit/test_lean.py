"""The LEAN source on small folders: what it reads, by rules and a naive oracle."""

from __future__ import annotations

import math
from datetime import date, datetime, timezone
from pathlib import Path
from random import Random

import pytest

from engine.clock import from_ns, to_ns
from engine.errors import NoInputError
from engine.feeds import open_feed
from engine.feeds.lean import LeanFeed
from engine.feeds.lean_files import MINUTE_MS, QUOTE, QUOTES, Window, minute_rows, quotes_at
from engine.feeds.lean_layout import Folder, series_of
from engine.feeds.record import CellError
from engine.market.calendar import US
from tests.unit.lean_folder import (
    AT_NOON,
    CALL,
    DAY,
    NOON,
    OPEN,
    PUT,
    hour_row,
    member,
    no_problem,
    one_symbol,
    only,
    row,
    values,
    write_equity,
    write_options,
    write_text,
    write_zip,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return one_symbol(tmp_path)


def test_a_chain_of_two_contracts(root: Path) -> None:
    loaded = only(root)
    chain = loaded.chain
    assert loaded.problems == ()
    assert (chain.symbol, chain.ts_ns, chain.style, chain.multiplier, chain.calendar) == (
        "XYZ", AT_NOON, "american", 100.0, "us",
    )  # fmt: skip
    assert chain.source == f"lean:option/usa/minute/xyz/{DAY}_quote_american.zip"
    assert [(e.date, e.settlement) for e in chain.expiries] == [(date(2016, 6, 17), "PM")]
    assert list(chain.strike) == [100.0]
    assert values(chain, 0) == (2.1, 2.3, 11.0, 12.0, 0.0, 0.0)
    # The put's bid is two hours and 28 minutes old, its ask a minute less.
    assert values(chain, 1) == (1.5, 1.7, 5.0, 9.0, 8880.0, 8820.0)
    spot = chain.underlying
    assert (spot.bid, spot.ask, spot.bid_size, spot.ask_size) == (100.5, 100.6, 300.0, 200.0)
    assert (spot.bid_age, spot.ask_age) == (0.0, 0.0)
    assert len(chain.volume) == len(chain.open_interest) == 0


def test_the_folder_above_data_will_do(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    above = tmp_path_factory.mktemp("lean")
    root.rename(above / "Data")
    assert open_feed(f"lean:{above}").symbols() == ("XYZ",)


def test_quotes_equal_a_naive_reading() -> None:
    rnd = Random(7)

    def price() -> float | None:
        return rnd.choice([None, rnd.randint(0, 999) / 100])

    for _ in range(60):
        minutes = sorted(rnd.sample(range(570 - 20, 960 + 10), rnd.randint(1, 200)))
        bars = [(minute, (price(), price())) for minute in minutes]
        text = "\n".join(row(minute * 60_000, *sides) for minute, sides in bars)
        instants = sorted(rnd.sample(range(565 * 60_000, 960 * 60_000), 9))
        window = Window(570 * 60_000, 960 * 60_000, MINUTE_MS)
        rows = minute_rows(text, QUOTE, "here", no_problem)
        quotes = quotes_at(rows, instants, window, QUOTES, "here", no_problem)
        for instant, seen in zip(instants, quotes, strict=True):
            known = [
                ((minute + 1) * 60_000, sides)
                for minute, sides in bars
                if 570 <= minute < 960 and (minute + 1) * 60_000 <= instant
            ]
            assert (seen is None) == (not known)
            if seen is None:
                continue
            for side, got, age in ((0, seen.bid, seen.bid_age), (1, seen.ask, seen.ask_age)):
                told = [(end, sides[side]) for end, sides in known if sides[side] is not None]
                if told:
                    assert got == told[-1][1]
                    assert age == pytest.approx((instant - told[-1][0]) / 1000)
                else:
                    assert got == 0.0
                    assert math.isnan(age)


def test_the_session_bounds_the_bars(root: Path) -> None:
    wide = [row(OPEN - 60_000, 1.0, 9.0), row(57_540_000, 2.4, 2.5), row(57_600_000, 0.1, 9.0)]
    write_options(root, {CALL: wide, PUT: [row(OPEN - 60_000, 1.0, 9.0)]})
    write_equity(root, [row(OPEN - 60_000, 50.0, 150.0)])
    evening = to_ns(datetime(2016, 6, 8, 1, 0, tzinfo=timezone.utc))
    chain = only(root, evening).chain
    assert chain.ts_ns == US.close_ns(date(2016, 6, 7))
    assert values(chain, 0)[:2] == (2.4, 2.5)
    assert values(chain, 1)[:2] == (0.0, 0.0)
    assert math.isnan(chain.underlying.bid)


def test_a_weekend_and_the_next_morning_see_the_last_close(root: Path) -> None:
    close = US.close_ns(date(2016, 6, 7))
    for text in ("2016-06-08T13:30:00", "2016-06-11T15:00:00", "2016-07-01T03:00:00"):
        moment = to_ns(datetime.fromisoformat(text).replace(tzinfo=timezone.utc))
        assert only(root, moment).chain.ts_ns == close


def test_a_later_day_takes_over_at_its_open(root: Path) -> None:
    write_options(root, {CALL: [row(OPEN, 3.0, 3.1)]}, day="20160608")
    write_equity(root, [row(OPEN, 101.0, 101.1)], day="20160608")
    morning = to_ns(datetime(2016, 6, 8, 13, 31, tzinfo=timezone.utc))
    assert only(root, morning).chain.bid[0] == 3.0
    # Open, but no bar is over yet.
    with pytest.raises(NoInputError, match="no live quote of XYZ is known at 2016-06-08T13:30:30"):
        only(root, morning - 30_000_000_000)


def test_settled_series_are_left_out(root: Path) -> None:
    early = [row(OPEN, 2.0, 2.2)]
    write_options(
        root, {"call_1000000_20160607": early, "call_1000000_20160606": early, PUT: early}
    )
    assert len(only(root).chain.expiries) == 2
    close = to_ns(datetime(2016, 6, 7, 20, 0, tzinfo=timezone.utc))
    chain = only(root, close).chain
    assert [e.date for e in chain.expiries] == [date(2016, 6, 17)]


def test_saturday_and_friday_names_of_one_expiry_do_not_mix(root: Path) -> None:
    both = {"call_1000000_20140621": [row(OPEN, 2.0, 2.2)], "call_1000000_20140620": []}
    write_options(root, both | {"call_1000000_20140620": [row(OPEN, 3.0, 3.2)]}, day="20140606")
    write_equity(root, [row(OPEN, 100.0, 100.1)], day="20140606")
    moment = to_ns(datetime(2014, 6, 6, 16, 0, tzinfo=timezone.utc))
    loaded = only(root, moment, strict=False)
    assert len(loaded.chain.strike) == 1
    assert "C 100 listed 2014-06-20 expires on 2014-06-20 like another" in loaded.problems[0]


def test_hour_bars_serve_the_days_without_minutes(root: Path) -> None:
    name = f"xyz_quote_american_{CALL}.csv"
    rows = [
        hour_row("20160606 09:00", 1.0, 1.1),
        hour_row("20160607 09:00", 1.2, 1.3),
        hour_row("20160608 08:00", 9.0, 9.1),
        hour_row("20160608 09:00", 1.4, 1.5),
        hour_row("20160608 10:00", 1.6, 1.7),
        hour_row("20160608 16:00", 9.0, 9.1),
    ]
    write_zip(root / "option/usa/hour/xyz_2016_quote_american.zip", {name: rows})
    write_equity(root, [row(OPEN, 101.0, 101.1)], day="20160608")
    assert only(root).chain.bid[0] == 2.1  # the day has minutes
    monday = to_ns(datetime(2016, 6, 6, 16, 0, tzinfo=timezone.utc))
    assert only(root, monday, strict=False).chain.bid[0] == 1.0
    wednesday = to_ns(datetime(2016, 6, 8, 14, 59, 59, tzinfo=timezone.utc))
    assert values(only(root, wednesday).chain, 0)[:2] == (1.4, 1.5)
    chains = [loaded.chain for loaded in LeanFeed(root).chains("XYZ")]
    assert [from_ns(chain.ts_ns).hour for chain in chains] == [14, 15, 16, 17, 18, 19, 20]
    assert [chain.bid[0] for chain in chains] == [1.4] + [1.6] * 6
    assert chains[-1].bid_age[0] == 5 * 3600.0


def test_volume_runs_and_open_interest_is_the_mornings(root: Path) -> None:
    folder = root / "option/usa/minute/xyz"
    write_zip(
        folder / f"{DAY}_trade_american.zip",
        {member(CALL).replace("quote", "trade"): [
            f"{OPEN},1,1,1,1,3", f"{NOON - 60_000},1,1,1,1,4", f"{NOON},1,1,1,1,50",
        ]},
    )  # fmt: skip
    write_zip(
        folder / f"{DAY}_openinterest_american.zip",
        {member(CALL).replace("quote", "openinterest"): ["23400000,1234"]},
    )
    chain = only(root).chain
    assert list(chain.volume) == [7.0, 0.0]
    assert chain.open_interest[0] == 1234.0
    assert math.isnan(chain.open_interest[1])


def test_a_renamed_ticker_is_one_symbol(root: Path) -> None:
    write_text(root / "equity/usa/map_files/new.csv", "20100101,old\n20160603,old\n20501231,new\n")
    write_text(root / "equity/usa/factor_files/new.csv", "20501231,1,1,0\n")
    write_options(root, {CALL: [row(OPEN, 5.0, 5.1)]}, day="20160603", ticker="old")
    write_equity(root, [row(OPEN, 90.0, 90.1)], day="20160603", ticker="old")
    assert LeanFeed(root).symbols() == ("NEW", "XYZ")
    friday = to_ns(datetime(2016, 6, 3, 16, 0, tzinfo=timezone.utc))
    chain = only(root, friday, "new").chain
    assert (chain.symbol, chain.bid[0], chain.underlying.bid) == ("NEW", 5.0, 90.0)
    # From Monday on the old name is someone else's.
    write_options(root, {CALL: [row(OPEN, 7.0, 7.1)]}, day="20160606", ticker="old")
    assert only(root, AT_NOON, "NEW").chain.ts_ns == US.close_ns(date(2016, 6, 3))
    assert Folder(root).ticker("NEW", date(2016, 6, 6)) == "new"


def test_names_of_members() -> None:
    found = series_of("20161202_x_minute_quote_european_put_22500_20161216.csv", "")
    assert (found.listed, found.strike, found.right) == (date(2016, 12, 16), 2.25, "P")
    for name in (
        "readme.txt",
        f"x_american_{CALL}.txt",
        "x_american_call_1_20161341.csv",
        "x_american_call_0_20161216.csv",
        "x_american_call_1_00010101.csv",
    ):
        with pytest.raises(CellError, match=r"^a.zip:m: expected a name like 2015"):
            series_of(name, "a.zip:m")
