"""The LEAN source on small folders made here: rules, a naive oracle, and what can break."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from datetime import date, datetime, timezone
from pathlib import Path
from random import Random

import pytest

from engine.clock import from_ns, to_ns
from engine.errors import (
    BadDataError,
    EngineError,
    InputOutputError,
    NoInputError,
    NotPermittedError,
)
from engine.feeds import open_feed
from engine.feeds.lean import LeanFeed
from engine.feeds.lean_carry import dividends_of, read_factors, read_rates, split_factor
from engine.feeds.lean_files import (
    MINUTE_MS,
    QUOTE,
    QUOTES,
    Archive,
    Window,
    minute_rows,
    quotes_at,
)
from engine.feeds.lean_layout import Folder, series_of
from engine.feeds.protocol import Loaded
from engine.feeds.rows import CellError
from engine.market.calendar import US
from engine.market.carry import DECLARED, PROJECTED, Dividend
from engine.market.chain import OptionChain

OPEN, NOON = 34_200_000, 43_200_000
DAY = "20160607"  # a Tuesday in summer: New York is UTC - 4
AT_NOON = to_ns(datetime(2016, 6, 7, 16, 0, tzinfo=timezone.utc))
CALL = "call_1000000_20160617"
PUT = "put_1000000_20160617"


def row(ms: int, bid: float | None, ask: float | None, bid_size: int = 5, ask_size: int = 7) -> str:
    """One quote bar; the close is told apart from open, high and low."""

    def side(price: float | None, size: int) -> str:
        if price is None:
            return ",,,,0"
        close = round(price * 10_000)
        return f"{close - 3},{close + 9},{close - 9},{close},{size}"

    return f"{ms},{side(bid, bid_size)},{side(ask, ask_size)}"


def no_problem(error: CellError) -> None:
    raise AssertionError(str(error))


def write_zip(path: Path, members: Mapping[str, str | list[str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in members.items():
            archive.writestr(name, rows if isinstance(rows, str) else "\n".join(rows) + "\n")
    return path


def member(series: str, day: str = DAY, ticker: str = "xyz", style: str = "american") -> str:
    return f"{day}_{ticker}_minute_quote_{style}_{series}.csv"


def write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def write_options(
    root: Path, contracts: Mapping[str, list[str]], day: str = DAY, ticker: str = "xyz"
) -> Path:
    path = root / "option/usa/minute" / ticker / f"{day}_quote_american.zip"
    return write_zip(path, {member(s, day, ticker): rows for s, rows in contracts.items()})


def write_equity(root: Path, rows: list[str], day: str = DAY, ticker: str = "xyz") -> Path:
    path = root / "equity/usa/minute" / ticker / f"{day}_quote.zip"
    return write_zip(path, {f"{day}_{ticker}_minute_quote.csv": rows})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one symbol, one day, two contracts."""
    write_options(
        tmp_path,
        {
            CALL: [row(OPEN, 2.0, 2.2), row(NOON - 60_000, 2.1, 2.3, 11, 12)],
            PUT: [row(OPEN + 60_000, 1.5, 1.6), row(OPEN + 120_000, None, 1.7, ask_size=9)],
        },
    )
    write_equity(tmp_path, [row(OPEN, 100.0, 100.1), row(NOON - 60_000, 100.5, 100.6, 300, 200)])
    write_text(tmp_path / "equity/usa/factor_files/xyz.csv", "20160101,1,1,1\n20501231,1,1,0\n")
    return tmp_path


def only(root: Path, as_of: int = AT_NOON, symbol: str = "XYZ", *, strict: bool = True) -> Loaded:
    (loaded,) = LeanFeed(root, as_of, strict).chains(symbol)
    return loaded


def values(chain: OptionChain, quote: int) -> tuple[float, ...]:
    columns = (
        chain.bid, chain.ask, chain.bid_size, chain.ask_size, chain.bid_age, chain.ask_age,
    )  # fmt: skip
    return tuple(column[quote] for column in columns)


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


def hour_row(stamp: str, bid: float, ask: float) -> str:
    return stamp + row(0, bid, ask)[1:]


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


# What can break


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (f"{OPEN},1,1,1,abc,1,2,2,2,2,1", "2: column bid close: expected a number from 0"),
        (f"{OPEN},1,1,1,nan,1,2,2,2,2,1", "2: column bid close: expected a number from 0"),
        (f"{OPEN},1,1,1,-5,1,2,2,2,2,1", "got '-5'"),
        (f"{OPEN},1,1,1,1e300,1,2,2,2,2,1", "to 1e+11, got '1e300'"),
        (f"{OPEN},1,1,1,1,x,2,2,2,2,1", "2: column bid size: expected"),
        (f"{OPEN},1,1,1,1,1,2,2,2,inf,1", "2: column ask close: expected"),
        (f"{OPEN},1,1,1,1,1,2,2,2,2,-1", "2: column ask size: expected"),
        (f"{OPEN},1,1,1", "2: expected 11 cells, got 4"),
        ("10:30,1,1,1,1,1,2,2,2,2,1", "2: column time: expected milliseconds since midnight"),
        ("34199999,1,1,1,1,1,2,2,2,2,1", "2: column time: expected at least 34200000"),
    ],
)
def test_a_bad_row_is_named_and_loses_nothing_else(root: Path, bad: str, said: str) -> None:
    rows = [row(OPEN, 2.0, 2.2), bad, row(NOON - 60_000, 2.1, 2.3)]
    path = write_options(root, {CALL: rows, PUT: [row(OPEN, 1.0, 1.1)]})
    loaded = only(root, strict=False)
    assert len(loaded.problems) == 1
    assert loaded.problems[0].startswith(f"{path.name}:{member(CALL)}:2: ")
    assert said in loaded.problems[0]
    assert values(loaded.chain, 0)[:2] == (2.1, 2.3)
    assert loaded.chain.bid[1] == 1.0
    with pytest.raises(BadDataError) as raised:
        only(root)
    assert str(raised.value) == loaded.problems[0]


def test_a_bad_row_after_the_instant_is_the_future(root: Path) -> None:
    write_options(root, {CALL: [row(OPEN, 2.0, 2.2), row(NOON, 2.0, 2.0), f"{NOON},junk"]})
    assert only(root).problems == ()


def test_bad_hour_stamps_are_named(root: Path) -> None:
    good = hour_row("20160609 10:00", 1.0, 1.1)
    bad = [good, "20160609 1000" + good[14:], "20160609 09:00" + good[14:], "20160609 11:00,1"]
    write_zip(
        root / "option/usa/hour/xyz_2016_quote_american.zip",
        {f"xyz_quote_american_{CALL}.csv": bad},
    )
    write_equity(root, [row(OPEN, 101.0, 101.1)], day="20160609")
    first, *_ = LeanFeed(root).chains("XYZ")
    assert [problem.split(":", 2)[2] for problem in first.problems] == [
        "2: column time: expected YYYYMMDD HH:MM, got '20160609 1000'",
        "3: column time: expected a time not before the last row's, got '20160609 09:00'",
        "4: expected 11 cells, got 2",
    ]


def test_members_that_are_no_contracts_are_named(root: Path) -> None:
    path = root / f"option/usa/minute/xyz/{DAY}_quote_american.zip"
    good = [row(OPEN, 2.0, 2.2)]
    write_zip(
        path,
        {"notes.txt": "hello", member(CALL): good, member(PUT, style="european"): good},
    )
    problems = only(root, strict=False).problems
    assert problems[0].startswith(f"{path.name}:notes.txt: expected a name like 20151224_goog")
    assert problems[1].endswith("expected american contracts, got european")


def test_what_is_missing_beside_the_options_is_said(root: Path) -> None:
    (root / "equity/usa/factor_files/xyz.csv").unlink()
    (root / f"equity/usa/minute/xyz/{DAY}_quote.zip").unlink()
    loaded = only(root, strict=False)
    assert loaded.problems == (
        f"equity/usa/minute/xyz/{DAY}_quote.zip: no such file: the price of the underlying is not"
        " known",
        "factor_files/xyz.csv: no such file: dividends and splits are not known",
    )
    assert math.isnan(loaded.chain.underlying.bid)
    assert loaded.chain.bid[0] == 2.1
    write_zip(root / f"equity/usa/minute/xyz/{DAY}_quote.zip", {})
    assert "nothing is in it" in only(root, strict=False).problems[0]
    with pytest.raises(BadDataError, match="nothing is in it"):
        only(root)


def test_no_valid_row_at_all_is_bad_data(root: Path) -> None:
    write_options(root, {CALL: ["junk"], PUT: ["more,junk"]})
    with pytest.raises(
        BadDataError, match=r"no valid quote of XYZ: .*:1: expected 11 cells, got 1"
    ):
        only(root, strict=False)


def raised_by(root: Path, error: type[EngineError], as_of: int | None = None) -> str:
    with pytest.raises(error) as raised:
        list(LeanFeed(root, as_of).chains("XYZ"))
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_no_folder_no_options(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    assert raised_by(empty / "nowhere", NoInputError).endswith("nowhere: no such folder")
    assert "no option quotes in it: expected option/usa/minute" in raised_by(empty, NoInputError)
    archive = root / f"option/usa/minute/xyz/{DAY}_quote_american.zip"
    assert "is a file; name LEAN's Data folder" in raised_by(archive, NoInputError)


def test_an_unknown_symbol_and_an_instant_before_the_data(root: Path) -> None:
    with pytest.raises(NoInputError, match="no options of XZY: did you mean 'XYZ'"):
        list(LeanFeed(root).chains("xzy"))
    early = to_ns(datetime(2016, 6, 7, 13, 0, tzinfo=timezone.utc))
    message = raised_by(root, NoInputError, early)
    assert "no quotes of XYZ up to 2016-06-07T13:00:00+00:00; they begin in 2016-06-07" in message
    first_instant = to_ns(datetime(1, 1, 1, tzinfo=timezone.utc))
    assert "up to 0001-01-01T00:00:00+00:00" in raised_by(root, NoInputError, first_instant)


def test_a_broken_archive(root: Path) -> None:
    path = root / f"option/usa/minute/xyz/{DAY}_quote_american.zip"
    whole = path.read_bytes()
    for broken in (b"", b"not a zip", whole[:-40]):
        path.write_bytes(broken)
        assert f"{path}: cannot be read as a zip" in raised_by(root, InputOutputError)
    # The directory is whole, the bytes of a member are not.
    at = whole.index(b"csv") + 10
    path.write_bytes(whole[:at] + bytes(255 - b for b in whole[at : at + 20]) + whole[at + 20 :])
    assert f"{path}: cannot be read as a zip" in raised_by(root, InputOutputError)


# Carry


def test_dividends_and_splits_from_factors(tmp_path: Path) -> None:
    # 1.00 on a close of 50, then 2 for 1, then 0.25 on a close of 20, going ex on a Monday.
    last = 1.0
    second = last * (1 - 0.25 / 20)
    first = second * (1 - 1.0 / 50)
    path = write_text(
        tmp_path / "xyz.csv",
        f"20150101,{first:.7f},0.5,1\n20150310,{first:.7f},0.5,50\n20150601,{second:.7f},0.5,45\n"
        f"20150904,{second:.7f},1,20\n20501231,1,1,0\n",
    )
    factors = read_factors(path, no_problem)
    assert [split_factor(factors, date(2015, 6, d)) for d in (1, 2)] == [0.5, 1.0]
    until = date(2016, 1, 1)
    in_old_shares = dividends_of(factors, US, date(2015, 3, 6), until)
    labor_day_skipped = date(2015, 9, 8)
    assert in_old_shares == (
        Dividend(date(2015, 3, 11), date(2015, 4, 1), 1.0, DECLARED),
        Dividend(labor_day_skipped, date(2015, 9, 29), 0.5, PROJECTED),
    )
    (in_new_shares,) = dividends_of(factors, US, date(2015, 6, 2), until)
    assert in_new_shares.amount == 0.25
    assert dividends_of(factors, US, date(2015, 6, 2), date(2015, 9, 7)) == ()
    assert dividends_of((), US, date(2015, 6, 2), until) == ()


def test_bad_factor_and_rate_rows_are_named(tmp_path: Path) -> None:
    problems: list[str] = []

    def refuse(error: CellError) -> None:
        problems.append(str(error))

    factors = write_text(
        tmp_path / "x.csv",
        "20150101,1,1,1\nhello\n20150102,0,1,1\n20150103,1,1,x\n\n20501231,1,1\n",
    )
    assert len(read_factors(factors, refuse)) == 2
    rates = write_text(tmp_path / "r.csv", "DATE,X\n2015-01-01,0.5\n2015-01-02,abc\n2015-13-01,1\n")
    assert read_rates(rates, refuse) == ((date(2015, 1, 1), 0.5),)
    assert [problem.split(",")[0] for problem in problems] == [
        "x.csv:2: expected YYYYMMDD", "x.csv:3: expected YYYYMMDD", "x.csv:4: expected YYYYMMDD",
        "r.csv:3: expected YYYY-MM-DD", "r.csv:4: expected YYYY-MM-DD",
    ]  # fmt: skip
    assert read_rates(tmp_path / "none.csv", refuse) == ()
    loaded_without = read_factors(tmp_path / "none.csv", refuse)
    assert loaded_without == ()


def test_rates_and_dividends_come_with_the_chain(root: Path) -> None:
    write_text(
        root / "equity/usa/factor_files/xyz.csv",
        "20160101,0.99,1,1\n20160609,0.99,1,100\n20501231,1,1,0\n",
    )
    rates = root / "alternative/interest-rate/usa/interest-rate.csv"
    write_text(rates, "DATE,PCREDIT8\n2016-01-04,2.0\n2016-12-15,3.0\n")
    carry = only(root).carry
    assert carry is not None
    assert carry.dividends == (Dividend(date(2016, 6, 10), date(2016, 7, 1), 1.0, DECLARED),)
    assert carry.lend.rates == carry.borrow.rates == (math.log1p(0.02),)
    assert carry.as_of_ns == AT_NOON
    rates.unlink()
    unknown = only(root).carry
    assert unknown is not None
    assert unknown.as_of_ns == 0


def test_a_broken_map_file_is_bad_data(root: Path) -> None:
    write_text(root / "equity/usa/map_files/xyz.csv", "20501231,xyz,Q\nsometime,abc\n")
    assert "xyz.csv:2: expected YYYYMMDD,ticker, got 'sometime,abc'" in raised_by(
        root, BadDataError
    )


def test_an_archive_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    # As the tests may be run by one who may read everything.
    monkeypatch.setattr("zipfile.ZipFile", refuse)
    with pytest.raises(NotPermittedError, match=r"quote.zip: you may not read it"):
        Archive(tmp_path / "quote.zip")
