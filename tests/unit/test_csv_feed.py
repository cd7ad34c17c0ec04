"""The CSV source, row by row: what it reads, what it refuses, and what it says when it does."""

from __future__ import annotations

import math
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from engine.clock import to_ns
from engine.errors import BadDataError, NoInputError
from engine.feeds.csv_file import CsvFeed
from engine.market.chain import COIN, EQUITY
from engine.market.quoting import IN_COIN, IN_MONEY
from tests.unit.csv_chains import GOOD, HEADER, START, only, written


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


def test_a_copied_row_is_one_contract(tmp_path: Path) -> None:
    loaded = only(written(tmp_path, GOOD, GOOD))
    assert loaded.chain.bid[0] == 2.5
    assert loaded.problems == (
        "chain.csv:3: column strike: expected one row for each contract (this one is in line 2), "
        "got '100'",
    )


@pytest.mark.parametrize("is_bad_first", [False, True])
def test_of_two_quotes_of_one_contract_neither_is_used(tmp_path: Path, is_bad_first: bool) -> None:
    put = GOOD.replace(",C,", ",P,")
    rows = [GOOD, GOOD.replace("2.5,2.6", "9,9.1")]
    loaded = only(written(tmp_path, *(rows[::-1] if is_bad_first else rows), put))
    assert list(loaded.chain.bid) == [0.0, 2.5]
    said = (
        "column strike: expected one quote for each contract (C 100 of 2016-01-15 has different "
        "ones in lines 2 and 3; none is used), got '100'"
    )
    assert loaded.problems == (f"chain.csv:2: {said}", f"chain.csv:3: {said}")


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


def test_a_coin_chain_is_inverse_where_its_currency_says_so(tmp_path: Path) -> None:
    line = "2024-01-08T11:00:00Z,ETH,{0},{0},2024-01-{1},2200,C,0.02,0.021,,,,{2}"
    header = HEADER.replace("multiplier", "currency")
    chain = only(
        written(
            tmp_path, line.format(2230, 12, "ETH"), line.format(2240, 19, "ETH"), header=header
        ),
        "ETH",
    ).chain
    assert (chain.quoting, chain.currency, chain.multiplier) == (IN_COIN, "ETH", 1.0)
    assert chain.underlying.kind == COIN
    assert list(chain.forward_bid) == list(chain.forward_ask) == [2230.0, 2240.0]
    linear = only(written(tmp_path, line.format(2230, 12, "USDC"), header=header), "ETH").chain
    assert (linear.quoting, linear.currency, len(linear.forward_bid)) == (IN_MONEY, "USDC", 0)
    assert linear.underlying.kind == COIN


@pytest.mark.parametrize("symbol", ["USD", "BTC", "ETH"])
@pytest.mark.parametrize("currency", ["", "USD"])
def test_a_fund_called_like_money_is_a_share(tmp_path: Path, symbol: str, currency: str) -> None:
    """Tickers of listed funds, with options of 100 shares."""
    header = HEADER.replace("multiplier", "currency").replace("style,", "")
    line = GOOD.replace("XYZ", symbol).replace("american,100", currency)
    chain = only(written(tmp_path, line, header=header), symbol).chain
    assert (chain.quoting, chain.currency, chain.multiplier) == (IN_MONEY, "USD", 100.0)
    assert (chain.underlying.kind, chain.style, chain.calendar) == (EQUITY, "american", "us")


def test_refusals_come_in_the_order_of_lines(tmp_path: Path) -> None:
    expired, bad = GOOD.replace("2016-01-15", "2015-01-15"), GOOD.replace("2.5", "x")
    path = written(tmp_path, expired, bad, GOOD)
    (loaded,) = CsvFeed(path).chains("XYZ")
    places = [problem.split(": ")[0] for problem in loaded.problems]
    assert places == ["chain.csv:2", "chain.csv:3"]
