"""The CSV source: what it reads, what it refuses, and what it says when it does."""

from __future__ import annotations

import gzip
import math
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from engine.clock import to_ns
from engine.errors import (
    BadDataError,
    EngineError,
    InputOutputError,
    NoInputError,
    NotPermittedError,
    UsageError,
)
from engine.feeds.csv_file import CsvFeed
from engine.feeds.rows import parse_day, parse_instant
from engine.market.chain import COIN, INDEX

HEADER = (
    "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,"
    "bid,ask,bid_size,ask_size,style,multiplier"
)
START = "2015-12-24T14:35:00Z,XYZ,99.9,100.1,2016-01-15"
GOOD = f"{START},100,C,2.5,2.6,3,4,american,100"


def written(folder: Path, *lines: str, name: str = "chain.csv", header: str = HEADER) -> Path:
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def only(path: Path, symbol: str = "XYZ", **options):  # type: ignore[no-untyped-def]
    loaded = list(CsvFeed(path, **options).chains(symbol))
    assert len(loaded) == 1
    return loaded[0]


def test_one_row_makes_a_chain(tmp_path: Path) -> None:
    chain = only(written(tmp_path, GOOD)).chain
    assert (chain.symbol, chain.n_rows, chain.style, chain.multiplier) == (
        "XYZ",
        1,
        "american",
        100,
    )
    assert chain.ts_ns == to_ns(datetime(2015, 12, 24, 14, 35, tzinfo=timezone.utc))
    assert (chain.underlying.bid, chain.underlying.ask) == (99.9, 100.1)
    assert (chain.bid[0], chain.ask[0], chain.bid_size[0], chain.ask_size[0]) == (2.5, 2.6, 3, 4)
    # The put is absent, and nothing is known of the age of a quote without a companion.
    assert (chain.bid[1], chain.ask[1]) == (0.0, 0.0)
    assert math.isnan(chain.bid_age[0])
    assert chain.expiries[0].date == date(2016, 1, 15)
    assert chain.expiries[0].settles_ns == to_ns(datetime(2016, 1, 15, 21, tzinfo=timezone.utc))


def test_absent_unknown_and_nothing_there_differ(tmp_path: Path) -> None:
    chain = only(
        written(
            tmp_path,
            f"{START},90,P,,0.2,,7,american,100",
            f"{START},100,P,0,0.3,0,,american,100",
        )
    ).chain
    put = chain.n_rows
    assert list(chain.bid[put:]) == [0.0, 0.0]
    assert math.isnan(chain.bid_size[put])
    assert chain.bid_size[put + 1] == 0.0
    assert math.isnan(chain.ask_size[put + 1])


def test_strikes_and_expiries_may_come_in_any_order(tmp_path: Path) -> None:
    chain = only(
        written(
            tmp_path,
            GOOD.replace(",100,C", ",105,C"),
            GOOD.replace("2016-01-15", "2016-01-08"),
            GOOD,
            GOOD.replace(",100,C", ",95,C"),
        )
    ).chain
    assert [e.date.day for e in chain.expiries] == [8, 15]
    assert list(chain.strike) == [100, 95, 100, 105]


BAD_CELLS = [
    ("strike", GOOD.replace(",100,C", ",abc,C"), "a number > 0", "abc"),
    ("strike", GOOD.replace(",100,C", ",0,C"), "a number > 0", "0"),
    ("strike", GOOD.replace(",100,C", ",-5,C"), "a number > 0", "-5"),
    ("strike", GOOD.replace(",100,C", ",,C"), "a number > 0", ""),
    ("strike", GOOD.replace(",100,C", ",1_000,C"), "a number > 0", "1_000"),
    ("bid", GOOD.replace("2.5,2.6", "nan,2.6"), "a number >= 0", "nan"),
    ("bid", GOOD.replace("2.5,2.6", "NaN,2.6"), "a number >= 0", "NaN"),
    ("ask", GOOD.replace("2.5,2.6", "2.5,inf"), "a number >= 0", "inf"),
    ("ask", GOOD.replace("2.5,2.6", "2.5,1e999"), "a number >= 0", "1e999"),
    ("bid", GOOD.replace("2.5,2.6", "-2.5,2.6"), "a number >= 0", "-2.5"),
    ("ask", GOOD.replace("2.5,2.6", "2.5,2e7"), "a price of at most 10,000,000", "2e7"),
    ("ask", GOOD.replace("2.5,2.6", '2.5,"2,600.5"'), "a number >= 0", "2,600.5"),
    ("bid_size", GOOD.replace(",3,4", ",-3,4"), "a number >= 0", "-3"),
    ("right", GOOD.replace(",C,", ",X,"), "C, P, call or put", "X"),
    ("style", GOOD.replace("american", "asian"), "american or european", "asian"),
    ("multiplier", GOOD.replace("american,100", "american,0"), "a number > 0", "0"),
    ("underlying", GOOD.replace(",XYZ,", ",,"), "a symbol", ""),
    ("underlying_bid", GOOD.replace("99.9,100.1", ","), "the underlying's quote", ""),
    ("expiry", GOOD.replace("2016-01-15", "2016-13-15"), "a date like 2016-01-15", "2016-13-15"),
    ("expiry", GOOD.replace("2016-01-15", "2015-12-23"), "a series that settles", "2015-12-23"),
    ("timestamp_utc", GOOD.replace("T14:35:00Z", ""), "a time with zone", "2015-12-24"),
]


@pytest.mark.parametrize(("column", "line", "expected", "got"), BAD_CELLS)
def test_a_bad_cell_costs_its_row_only(
    tmp_path: Path, column: str, line: str, expected: str, got: str
) -> None:
    good = GOOD.replace(",100,C", ",110,C")
    path = written(tmp_path, good, line)
    loaded = only(path)
    assert list(loaded.chain.strike) == [110.0]
    (problem,) = loaded.problems
    assert problem.startswith(f"chain.csv:3: column {column}: expected {expected}")
    assert f"got {got!r}" in problem
    with pytest.raises(BadDataError) as fatal:
        list(CsvFeed(path, strict=True).chains("XYZ"))
    assert str(fatal.value) == problem


def test_a_ragged_row_is_refused(tmp_path: Path) -> None:
    loaded = only(written(tmp_path, GOOD, f"{START},100", "", GOOD.replace(",C,", ",P,")))
    assert loaded.problems == ("chain.csv:3: expected 13 cells, got 6",)
    assert loaded.chain.bid[1] == 2.5


def test_minus_one_is_a_side_without_a_quote(tmp_path: Path) -> None:
    loaded = only(written(tmp_path, GOOD.replace("2.5,2.6", "-1,2.6")))
    assert (loaded.chain.bid[0], loaded.chain.ask[0]) == (0.0, 2.6)
    assert "column bid" in loaded.problems[0]
    assert "taken as no quote" in loaded.problems[0]


def test_a_second_row_of_a_contract_is_refused(tmp_path: Path) -> None:
    loaded = only(written(tmp_path, GOOD, GOOD.replace("2.5,2.6", "9,9.1")))
    assert loaded.chain.bid[0] == 2.5
    assert loaded.problems == (
        "chain.csv:3: column strike: expected one row for each contract (this one is in line 2), "
        "got '100'",
    )


def test_a_row_with_another_underlying_price_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    odd = GOOD.replace("99.9", "9.99")
    rest = [GOOD.replace(",100,C", f",{k},C") for k in (90, 95)]
    loaded = only(written(tmp_path, odd, *rest))
    assert list(loaded.chain.strike) == [90.0, 95.0]
    assert loaded.problems == (
        "chain.csv:2: column underlying_bid: expected 99.9 as in most rows of its snapshot, "
        "got '9.99'",
    )
    # 100.0 is the same multiplier as 100.
    same = GOOD.replace("american,100", "american,100.0").replace(",C,", ",P,")
    assert only(written(tmp_path, GOOD, same)).problems == ()


def test_a_settled_series_takes_one_line(tmp_path: Path) -> None:
    old = GOOD.replace("2016-01-15", "2015-12-18")
    loaded = only(written(tmp_path, old, old.replace(",C,", ",P,"), GOOD))
    assert len(loaded.problems) == 1
    assert loaded.problems[0].endswith("got '2015-12-18' (and 1 more rows)")


def test_snapshots_come_in_time_order_and_as_of_takes_the_last_before(tmp_path: Path) -> None:
    later = GOOD.replace("14:35", "15:00")
    path = written(tmp_path, later, GOOD, GOOD.replace("14:35", "14:00").replace(",100,C", ",x,C"))
    times = [loaded.chain.ts_ns for loaded in CsvFeed(path).chains("xyz")]
    first = to_ns(datetime(2015, 12, 24, 14, 35, tzinfo=timezone.utc))
    assert times == [first, first + 25 * 60 * 10**9]
    assert only(path, as_of=times[1] - 1).chain.ts_ns == first
    assert only(path, as_of=times[1]).chain.ts_ns == times[1]
    with pytest.raises(NoInputError, match="first snapshot of XYZ is 2015-12-24T14:00:00"):
        list(CsvFeed(path, as_of=first - 36 * 60 * 10**9).chains("XYZ"))


@pytest.mark.parametrize("when", ["14:00", "16:00"])
def test_a_snapshot_without_a_valid_row_is_reported_with_its_neighbour(
    tmp_path: Path, when: str
) -> None:
    dead = GOOD.replace("14:35", when).replace(",C,", ",X,")
    (problem,) = only(written(tmp_path, GOOD, dead)).problems
    assert "column right" in problem


def test_problems_go_to_the_chain_they_are_of(tmp_path: Path) -> None:
    other = GOOD.replace("XYZ", "ABC")
    path = written(tmp_path, GOOD, other, other.replace(",C,", ",X,"))
    feed = CsvFeed(path)
    assert feed.symbols() == ("ABC", "XYZ")
    assert only(path, "XYZ").problems == ()
    assert len(only(path, "ABC").problems) == 1


def test_nothing_valid_is_bad_data_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadDataError, match=r"no valid row for XYZ: chain.csv:2: column right"):
        list(CsvFeed(written(tmp_path, GOOD.replace(",C,", ",X,"))).chains("XYZ"))
    with pytest.raises(BadDataError, match="only a header"):
        list(CsvFeed(written(tmp_path)).chains("XYZ"))
    with pytest.raises(BadDataError, match="column underlying: expected a symbol"):
        list(CsvFeed(written(tmp_path, GOOD.replace("XYZ", ""))).chains("XYZ"))


def test_empty_missing_broken_and_binary_files(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(BadDataError, match="file is empty"):
        CsvFeed(empty)
    written(tmp_path, GOOD)
    with pytest.raises(NoInputError, match=r"did you mean 'chain.csv'"):
        CsvFeed(tmp_path / "chian.csv")
    with pytest.raises(NoInputError, match="nor its folder"):
        CsvFeed(tmp_path / "nowhere" / "chain.csv")
    with pytest.raises(NoInputError, match="is a folder"):
        CsvFeed(tmp_path)
    packed = gzip.compress(f"{HEADER}\n{GOOD}\n".encode())
    for name, data in (("cut.csv.gz", packed[:-12]), ("not.csv.gz", b"timestamp_utc,bid\n")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputOutputError, match="archive is broken"):
            CsvFeed(tmp_path / name)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(BadDataError, match="not UTF-8"):
        CsvFeed(tmp_path / "binary.csv")


def test_gz_bom_semicolons_and_extra_columns(tmp_path: Path) -> None:
    text = f"\ufeff{HEADER},delta,open_interest\n{GOOD},0.5,812\n".replace(",", ";")
    path = tmp_path / "chain.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    chain = only(path).chain
    assert chain.bid[0] == 2.5
    assert chain.open_interest[0] == 812.0
    assert len(chain.volume) == 0


def test_unknown_symbol_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=r"no chain of XYY: did you mean 'XYZ'"):
        list(CsvFeed(written(tmp_path, GOOD)).chains("XYY"))


def test_a_missing_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD, header=HEADER.replace(",bid,ask,", ",Bid_Price,ask,"))
    with pytest.raises(BadDataError) as error:
        CsvFeed(path)
    assert str(error.value).startswith("chain.csv:1: no column bid; the file has timestamp_utc, ")
    assert str(error.value).endswith("nearest to bid: Bid_Price")


FOREIGN = "Quote Time,Root,Last,Expiration,Strike,Type,Bid,Ask,Vol"
MAPPING = {
    "timestamp_utc": "Quote Time", "underlying": "Root", "underlying_bid": "Last",
    "underlying_ask": "Last", "expiry": "Expiration", "strike": "Strike", "right": "Type",
    "bid": "Bid", "ask": "Ask", "volume": "Vol",
}  # fmt: skip


@pytest.mark.parametrize("expiry", ["2016-01-15", "20160115", "01/15/2016", "1/15/2016"])
@pytest.mark.parametrize("right", ["P", "p", "put", "PUT", "Put"])
def test_chains_saved_by_other_tools(tmp_path: Path, expiry: str, right: str) -> None:
    line = f"2015-12-24 09:35:00-05:00,XYZ,100,{expiry},95.0,{right},1.5,1.6,12"
    path = written(tmp_path, line, header=FOREIGN)
    chain = only(path, mapping=MAPPING).chain
    assert chain.ts_ns == to_ns(datetime(2015, 12, 24, 14, 35, tzinfo=timezone.utc))
    assert chain.expiries[0].date == date(2016, 1, 15)
    assert (chain.strike[0], chain.bid[1], chain.ask[1], chain.volume[1]) == (95.0, 1.5, 1.6, 12)
    assert (chain.style, chain.multiplier, chain.underlying.bid) == ("american", 100.0, 100.0)


def test_problems_speak_of_the_files_own_columns(tmp_path: Path) -> None:
    good = "2015-12-24 09:35:00-05:00,XYZ,100,20160115,95.0,P,1.5,1.6,12"
    naive = good.replace("-05:00", "")
    path = written(tmp_path, good, naive, good.replace("95.0", "?"), header=FOREIGN)
    problems = only(path, mapping=MAPPING).problems
    assert problems[0].startswith("chain.csv:3: column Quote Time: expected a time with zone")
    assert problems[1] == "chain.csv:4: column Strike: expected a number > 0, got '?'"


def test_mapping_mistakes(tmp_path: Path) -> None:
    path = written(tmp_path, "x" + ",1" * 8, header=FOREIGN)
    with pytest.raises(BadDataError, match=r"no column is called 'Bd' \(mapped to bid\).*: Bid"):
        CsvFeed(path, mapping={"bid": "Bd"})
    with pytest.raises(UsageError, match=r"'bids'.*did you mean 'bid"):
        CsvFeed(path, mapping={"bids": "Bid"})


def test_a_constant_and_as_of_stand_in_for_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "95,C,6.1,6.3", header="strike,right,bid,ask")
    fixed = {"underlying": "=XYZ", "underlying_bid": "=100", "underlying_ask": "=100.1",
             "expiry": "=2016-01-15"}  # fmt: skip
    now = to_ns(datetime(2015, 12, 24, 15, tzinfo=timezone.utc))
    chain = only(path, mapping=fixed, as_of=now).chain
    assert (chain.ts_ns, chain.underlying.ask, chain.ask[0]) == (now, 100.1, 6.3)
    with pytest.raises(BadDataError, match="no column timestamp_utc"):
        CsvFeed(path, mapping=fixed)


AGE_HEADER = "timestamp_utc,symbol,expiry,strike,right,bid_age_s,ask_age_s,note"
AGE = "2015-12-24T14:35:00Z,XYZ,2016-01-15,100,C,0.5,,"


def test_the_companion_gives_ages(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD, GOOD.replace(",C,", ",P,"))
    written(
        tmp_path, AGE, AGE.replace(",C,", ",P,").replace("0.5", "-3"),
        name="chain_age.csv", header=AGE_HEADER,
    )  # fmt: skip
    loaded = only(path)
    assert loaded.chain.bid_age[0] == 0.5
    assert math.isnan(loaded.chain.ask_age[0])
    assert math.isnan(loaded.chain.bid_age[1])
    assert loaded.problems == (
        "chain_age.csv:3: column bid_age_s: expected a number >= 0, got '-3'",
    )


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (AGE.replace(",100,", ",101,"), "chain_age.csv:3: column strike: expected 100 as in"),
        (AGE.replace("XYZ", "ABC").replace(",C,", ",P,"), "column symbol: expected a contract of"),
        (None, "chain_age.csv: ends before its chain file does at chain.csv:3"),
    ],
)
def test_a_companion_that_slips_is_not_believed(
    tmp_path: Path, second: str | None, expected: str
) -> None:
    path = written(tmp_path, GOOD, GOOD.replace(",C,", ",P,"))
    written(tmp_path, AGE, *([second] if second else []), name="chain_age.csv", header=AGE_HEADER)
    loaded = only(path)
    assert loaded.chain.bid_age[0] == 0.5
    assert math.isnan(loaded.chain.bid_age[1])
    (problem,) = loaded.problems
    assert expected in problem
    assert problem.endswith("ages are not known from there on")


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


def test_a_coin_chain_is_inverse_unless_its_currency_says_otherwise(tmp_path: Path) -> None:
    line = "2024-01-08T11:00:00Z,ETH,{0},{0},2024-01-{1},2200,C,0.02,0.021,,,,{2}"
    header = HEADER.replace("multiplier", "currency")
    chain = only(
        written(tmp_path, line.format(2230, 12, ""), line.format(2240, 19, ""), header=header),
        "ETH",
    ).chain
    assert (chain.is_inverse, chain.currency, chain.multiplier) == (True, "ETH", 1.0)
    assert chain.underlying.kind == COIN
    assert list(chain.forward_bid) == list(chain.forward_ask) == [2230.0, 2240.0]
    linear = only(written(tmp_path, line.format(2230, 12, "USDC"), header=header), "ETH").chain
    assert (linear.is_inverse, linear.currency, len(linear.forward_bid)) == (False, "USDC", 0)


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


NASTY = (
    "", " ", "nan", "inf", "-inf", "-1", "-1.0", "-0", "0", "1e308", "1e-320", "1e999", "abc",
    "1,5",
    "0001-01-01", "9999-12-31", "1969-12-31", "2016-02-30", "20160115", "12/31/9999", "C", "put",
    "2015-12-24T14:35:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "\u0661\u0662",
    "x" * 200_000, "1_0", "0x10", '"', "\x00", "ETH", "SPX", "european",
)  # fmt: skip


def test_whatever_a_cell_holds_the_answer_is_a_chain_or_one_line(tmp_path: Path) -> None:
    columns = len(HEADER.split(","))
    chains, told = 0, []
    for position in range(columns):
        for token in NASTY:
            cells = GOOD.split(",")
            cells[position] = token
            path = written(tmp_path, GOOD.replace(",100,C", ",110,C"), ",".join(cells))
            try:
                feed = CsvFeed(path)
                for symbol in feed.symbols():
                    for loaded in feed.chains(symbol):
                        assert loaded.chain.n_rows >= 1
                        assert all(0.0 <= price <= 1e7 for price in loaded.chain.bid)
                        chains += 1
            except EngineError as error:
                told.append(str(error))
    assert all("\n" not in line and len(line) < 1000 for line in told)
    assert chains > columns * len(NASTY) * 0.8


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    # As the tests may be run by one who may read everything.
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(NotPermittedError, match=r"chain.csv: you may not read it"):
        CsvFeed(tmp_path / "chain.csv")


def test_a_summary_of_deribit_is_sent_to_its_feed(tmp_path: Path) -> None:
    path = tmp_path / "summary.csv"
    path.write_text(",mark_price,underlying_index,instrument_name\n0,0.1,ETH-29MAR24,ETH-X\n")
    with pytest.raises(BadDataError, match=r"summary of Deribit's: --source deribit:.*summary.csv"):
        CsvFeed(path)


def test_refusals_come_in_the_order_of_lines(tmp_path: Path) -> None:
    expired, bad = GOOD.replace("2016-01-15", "2015-01-15"), GOOD.replace("2.5", "x")
    path = written(tmp_path, expired, bad, GOOD)
    (loaded,) = CsvFeed(path).chains("XYZ")
    places = [problem.split(": ")[0] for problem in loaded.problems]
    assert places == ["chain.csv:2", "chain.csv:3"]
