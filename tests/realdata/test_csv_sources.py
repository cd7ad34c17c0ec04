"""The normalised chains, cell by cell against the standard library's reader, and their figures.

The figures are those of the data's own README, counted by a program that shares nothing with ours.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pytest

from engine.clock import from_ns, to_ns
from engine.feeds.csv_file import CsvFeed
from engine.feeds.protocol import Loaded
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.chain import OptionChain
from engine.scoring.curves import curves

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "options_normalised"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data is not on this machine"),
]

FILES = {
    "goog_20151224.csv.gz": ("GOOG", 8, 2192, 12),
    "aapl_20140606.csv.gz": ("AAPL", 7, 2352, 13),
    "aapl_20140609.csv.gz": ("AAPL", 7, 2180, 12),
    "spxw_20210104.csv": ("SPX", 8, 12, 3),
    "spx_20210104.csv": ("SPX", 8, 6, 1),
    "deribit_eth_20240108.csv.gz": ("ETH", 1, 684, 11),
}


@cache
def loaded_chains(name: str) -> tuple[Loaded, ...]:
    return tuple(CsvFeed(FOLDER / name).chains(FILES[name][0]))


def plain_rows(name: str) -> list[dict[str, str]]:
    path = FOLDER / name
    opener = gzip.open if name.endswith(".gz") else open
    with opener(path, "rt", newline="") as stream:  # type: ignore[operator]
        return list(csv.DictReader(stream))


def contracts(chain: OptionChain) -> Iterator[tuple[str, str, tuple[float, ...]]]:
    columns = (
        chain.bid, chain.ask, chain.bid_size, chain.ask_size, chain.bid_age, chain.ask_age,
    )  # fmt: skip
    for quote in range(2 * chain.n_rows):
        row = chain.row_of(quote)
        expiry = chain.expiries[chain.expiry_of(row)].date.isoformat()
        values = tuple(column[quote] for column in columns)
        if values[0] or values[1] or not math.isnan(values[4]):
            yield expiry, f"{chain.strike[row]:g}{chain.right_of(quote)}", values


SATURDAYS = {"2014-06-21": "2014-06-20", "2014-07-19": "2014-07-18", "2014-08-16": "2014-08-15",
             "2014-10-18": "2014-10-17", "2015-01-17": "2015-01-16"}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_cell_arrives(name: str) -> None:
    symbol, n_snapshots, n_contracts, n_expiries = FILES[name]
    rows = plain_rows(name)
    ages = plain_rows(name.replace(".csv", "_age.csv"))

    def value(text: str) -> float:
        return float(text) if text else math.nan

    wanted = {}
    for row, age in zip(rows, ages, strict=True):
        expiry = SATURDAYS.get(row["expiry"], row["expiry"])
        key = (row["timestamp_utc"][:19], expiry, f"{float(row['strike']):g}{row['right']}")
        wanted[key] = [
            float(row["bid"] or 0), float(row["ask"] or 0), value(row["bid_size"]),
            value(row["ask_size"]), value(age["bid_age_s"]), value(age["ask_age_s"]),
        ]  # fmt: skip
    chains = [loaded.chain for loaded in loaded_chains(name)]
    assert {chain.symbol for chain in chains} == {symbol}
    assert len(chains) == n_snapshots
    assert max(len(chain.expiries) for chain in chains) == n_expiries
    first = rows[0]["timestamp_utc"]
    assert sum(row["timestamp_utc"] == first for row in rows) <= n_contracts
    seen = 0
    for chain in chains:
        stamp = from_ns(chain.ts_ns).strftime("%Y-%m-%dT%H:%M:%S")
        for expiry, contract, values in contracts(chain):
            # repr: nan is to equal nan.
            assert repr(list(values)) == repr(wanted[stamp, expiry, contract])
            seen += 1
    empty = sum(1 for v in wanted.values() if not v[0] and not v[1] and math.isnan(v[4]))
    settled = 172 if name == "aapl_20140606.csv.gz" else 0  # the 16:00 bar of that day's series
    assert seen == len(rows) - empty - settled


@pytest.mark.parametrize("name", FILES)
def test_only_settled_series_are_refused(name: str) -> None:
    problems = [problem for one in loaded_chains(name) for problem in one.problems]
    if name == "aapl_20140606.csv.gz":
        (problem,) = problems
        assert "settles after 2014-06-06T20:00:00" in problem
        assert problem.endswith("(and 171 more rows)")
    else:
        assert problems == []


def years(chain: OptionChain, expiry: int) -> float:
    """Years as that program counts them: to 21:00 UTC of the date in the file."""
    last = chain.expiries[expiry].date
    listed = last + timedelta(days=1) if last.isoformat() in SATURDAYS.values() else last
    settles = datetime(listed.year, listed.month, listed.day, 21, tzinfo=timezone.utc)
    return (to_ns(settles) - chain.ts_ns) / 1e9 / 86400 / 365


def parity(name: str, rate: float, fees: float = 0.0) -> tuple[list[int], list[int]]:
    """Count naive conversions and reversals by snapshot, without dividends."""
    conversions, reversals = [], []
    for loaded in loaded_chains(name):
        chain = loaded.chain
        count = Counter[str]()
        for row in range(chain.n_rows):
            put = chain.n_rows + row
            call_bid, call_ask = chain.bid[row], chain.ask[row]
            put_bid, put_ask = chain.bid[put], chain.ask[put]
            if min(call_bid, call_ask, put_bid, put_ask) <= 0.0:
                continue
            if call_bid > call_ask or put_bid > put_ask:
                continue
            present = chain.strike[row] * math.exp(-rate * years(chain, chain.expiry_of(row)))
            conversion = present + call_bid - put_ask - chain.underlying.ask
            reversal = chain.underlying.bid + put_bid - call_ask - present
            count["conversion"] += conversion > max(fees, 1e-9)
            count["reversal"] += reversal > max(fees, 1e-9)
        conversions.append(count["conversion"])
        reversals.append(count["reversal"])
    return conversions, reversals


def test_goog_counts_of_the_readme() -> None:
    assert sum(parity("goog_20151224.csv.gz", 0.005)[0]) == 30
    assert sum(parity("goog_20151224.csv.gz", 0.005, 0.023)[0]) == 26
    assert sum(parity("goog_20151224.csv.gz", 0.01)[1]) == 795
    assert sum(parity("goog_20151224.csv.gz", 0.01, 0.023)[1]) == 789


def test_aapl_reversals_without_dividends() -> None:
    counts = parity("aapl_20140606.csv.gz", 0.0025)[1]
    assert (min(counts), max(counts)) == (378, 397)


def test_goog_boxes_tell_the_rates_of_2015() -> None:
    """The README: between 0.37 and 0.8 % nothing pays; the boxes know it without being told."""
    chain = loaded_chains("goog_20151224.csv.gz")[-1].chain
    far = [p for p in curves(chain, Carry()) if p.days > 80.0]
    assert len(far) == 4
    for point in far:
        assert 0.0 < point.box_mid < 0.01
        # At no interest at all the forward would be the spot: it lies above it by about that rate.
        rate = math.log(point.forward / chain.underlying.mid) / (point.days / 365.0)
        assert abs(rate - point.box_mid) < 0.006


def test_aapl_is_easy_to_borrow_before_its_dividend_and_shows_it_after() -> None:
    chain = loaded_chains("aapl_20140609.csv.gz")[3].chain
    rates = (RateCurve.flat(0.0025), RateCurve.flat(0.0025))
    dividend = Dividend(date(2014, 8, 7), date(2014, 8, 14), 0.47)
    known = {p.expiry.date: p for p in curves(chain, Carry(*rates, (dividend,)))}
    forgotten = {p.expiry.date: p for p in curves(chain, Carry(*rates))}
    july = [point for day, point in known.items() if day.month == 7]
    assert len(july) == 4
    for point in july:
        assert point.borrow_bid < 0.0 < point.borrow_ask
    day = date(2014, 8, 15)
    band = [(p.borrow_bid + p.borrow_ask) / 2 for p in (forgotten[day], known[day])]
    # 0.47 on 93 dollars over 67 days is 2.7 % a year.
    yearly = 0.47 / chain.underlying.mid / known[day].days * 365.0
    assert band[0] - band[1] == pytest.approx(yearly, abs=2e-4)
    # Not all of it shows: who holds a deep American call takes the dividend by exercise.
    assert known[day].is_approximate
    assert -0.5 * yearly < band[1] < 0.0 < band[0]
