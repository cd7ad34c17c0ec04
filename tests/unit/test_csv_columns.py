"""CSV files with columns of other names, missing ones, or a companion that has more."""

from __future__ import annotations

import math
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from engine.clock import to_ns
from engine.errors import BadDataError, UsageError
from engine.feeds.csv_file import CsvFeed
from tests.unit.csv_chains import GOOD, HEADER, only, written


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
