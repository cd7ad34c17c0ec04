"""Every trap that is really in the LEAN sample data; raw files are read by `lean_rows` alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from lean_chains import at, chain_at

from engine.clock import from_ns
from engine.feeds.lean import LeanFeed
from engine.feeds.lean_carry import read_factors, split_factor
from engine.market.calendar import US
from engine.market.chain import EQUITY, INDEX
from tests.realdata.lean_rows import Key, no_problem, quotes, raw_members, raw_rows

pytestmark = pytest.mark.realdata


@dataclass
class Sample:
    """What the tests need of the GOOG file, from one reading of it."""

    n_rows: int = 0
    n_empty: int = 0
    two_sided_at_eleven: int = 0
    bar_of_ten: dict[Key, list[str]] = field(default_factory=dict)
    late: dict[Key, list[list[str]]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def goog(lean_root: Path) -> Sample:
    sample = Sample()
    path = lean_root / "option/usa/minute/goog/20151224_quote_american.zip"
    for key, rows in raw_members(path):
        sample.n_rows += len(rows)
        sample.n_empty += sum((row[4] == "") + (row[9] == "") for row in rows)
        known = [row for row in rows if int(row[0]) + 60_000 <= 39_600_000]
        sample.two_sided_at_eleven += bool(known and known[-1][4] and known[-1][9])
        for row in rows:
            if row[0] == "36000000" and row[4] and row[9]:
                sample.bar_of_ten[key] = row
        if rows[-1][0] == "46800000" and key[0] > date(2015, 12, 24):
            sample.late[key] = rows
    return sample


def test_symbols_are_those_with_option_quotes(lean_root: Path) -> None:
    assert LeanFeed(lean_root).symbols() == ("AAPL", "GOOG", "SPX", "SPXW")


# Trap 1


def test_an_empty_side_is_no_update(lean_root: Path, goog: Sample) -> None:
    assert (goog.n_rows, goog.n_empty) == (275_552, 113_307)
    ours = quotes(chain_at(lean_root, "GOOG", "2015-12-24T16:00:00").chain)
    two_sided = sum(bid > 0 and ask > 0 for bid, ask, *_ in ours.values())
    assert two_sided > 1.3 * goog.two_sided_at_eleven
    apart = [v for v in ours.values() if v[4] == 0.0 and v[5] > 0.0 and v[1] > 0.0]
    assert len(apart) > 50  # a fresh bid beside an older ask: each side has its own age


# Trap 2


def test_a_minute_bar_is_known_at_its_end(lean_root: Path, goog: Sample) -> None:
    before = quotes(chain_at(lean_root, "GOOG", "2015-12-24T15:00:59.999999").chain)
    after = quotes(chain_at(lean_root, "GOOG", "2015-12-24T15:01:00").chain)
    n_changed = 0
    for key, row in goog.bar_of_ten.items():
        closes = int(row[4]) / 1e4, int(row[9]) / 1e4
        assert after[key][:2] == closes
        assert after[key][4:] == (0.0, 0.0)
        assert all(not age < 59.999 for age in before[key][4:])
        n_changed += before[key][:2] != closes
    assert n_changed > 300


def test_an_hour_bar_is_known_an_hour_later(lean_root: Path) -> None:
    path = lean_root / "option/usa/hour/aapl_2014_quote_american.zip"
    rows = dict(raw_members(path))
    key = date(2014, 6, 20), 92.14, "C"
    first, second = (row for row in rows[key] if row[0] in ("20140609 09:00", "20140609 10:00"))
    before = quotes(chain_at(lean_root, "AAPL", "2014-06-09T14:59:59").chain)[key]
    after = quotes(chain_at(lean_root, "AAPL", "2014-06-09T15:00:00").chain)[key]
    assert before[0] == int(first[4]) / 1e4 != int(second[4]) / 1e4 == after[0]
    assert before[4] == 3599.0
    assert after[4] == 0.0


def test_rows_at_and_after_the_close_do_not_count(lean_root: Path, goog: Sample) -> None:
    assert len(goog.late) > 100
    chain = chain_at(lean_root, "GOOG", "2015-12-24T23:59:59").chain
    assert chain.ts_ns == US.close_ns(date(2015, 12, 24)) == at("2015-12-24T18:00:00")
    ours = quotes(chain)
    n_told_apart = 0
    for key, rows in goog.late.items():
        bids = [int(row[4]) / 1e4 for row in rows[:-1] if row[4]]
        assert ours[key][0] == (bids[-1] if bids else 0.0)
        n_told_apart += rows[-1][4] != "" and int(rows[-1][4]) / 1e4 != ours[key][0]
    assert n_told_apart > 5


# Trap 3


def test_saturday_expiries_trade_until_the_friday(lean_root: Path) -> None:
    chain = chain_at(lean_root, "AAPL", "2014-06-06T17:00:00").chain
    days = [expiry.date for expiry in chain.expiries]
    assert {date(2014, 6, 20), date(2014, 7, 18), date(2015, 1, 16)} <= set(days)
    assert all(US.is_session(day) for day in days)
    settles = {expiry.date: from_ns(expiry.settles_ns) for expiry in chain.expiries}
    assert settles[date(2014, 6, 20)].isoformat() == "2014-06-20T20:00:00+00:00"
    # A weekly on a half day, and a monthly in winter.
    assert settles[date(2014, 7, 3)].isoformat() == "2014-07-03T17:00:00+00:00"
    assert settles[date(2015, 1, 16)].isoformat() == "2015-01-16T21:00:00+00:00"


# Trap 4


def test_a_split_changes_the_names_of_contracts(lean_root: Path) -> None:
    factors = read_factors(lean_root / "equity/usa/factor_files/aapl.csv", no_problem)
    friday, monday = date(2014, 6, 6), date(2014, 6, 9)
    ratio = split_factor(factors, monday) / split_factor(factors, friday)
    assert ratio == pytest.approx(7.0, rel=1e-5)
    before = chain_at(lean_root, "AAPL", "2014-06-06T20:00:00").chain
    after = chain_at(lean_root, "AAPL", "2014-06-09T20:00:00").chain
    assert min(before.strike) == 195.0
    assert max(after.strike) == 150.0
    old = {(e, round(k / ratio, 2), right) for e, k, right in quotes(before)}
    new = quotes(after).keys()
    assert (date(2014, 6, 20), 92.14, "C") in new  # 645 / 7
    assert len(new - old) < 0.01 * len(new)
    assert len(old - new) < 0.01 * len(old)
    assert before.multiplier == after.multiplier == 100.0
    assert 645.0 < before.underlying.bid < 650.0
    assert 92.0 < after.underlying.bid < 94.0


# Trap 5


def test_only_the_regular_session_of_the_equity_counts(lean_root: Path) -> None:
    rows = raw_rows(lean_root / "equity/usa/minute/goog/20151224_quote.zip")
    opens, closes = 34_200_000, 46_800_000
    wide = [int(r[9]) - int(r[4]) for r in rows if r[4] and r[9] and int(r[0]) < opens]
    assert max(wide) > 100_000  # ten dollars
    first = next(row for row in rows if int(row[0]) == opens)
    early = chain_at(lean_root, "GOOG", "2015-12-24T14:31:30").chain.underlying
    assert (early.bid, early.ask) == (int(first[4]) / 1e4, int(first[9]) / 1e4)
    assert (early.bid_age, early.ask_age, early.kind) == (30.0, 30.0, EQUITY)
    last = [row for row in rows if int(row[0]) < closes][-1]
    assert any(int(row[0]) >= closes for row in rows)
    evening = chain_at(lean_root, "GOOG", "2015-12-24T23:59:59").chain.underlying
    assert (evening.bid, evening.ask) == (int(last[4]) / 1e4, int(last[9]) / 1e4)
    assert (evening.bid_size, evening.ask_size) == (float(last[5]), float(last[10]))


# Scales, zones, settlement


@pytest.mark.parametrize("symbol", ["SPX", "SPXW"])
def test_an_index_level_is_stamped_in_chicago(lean_root: Path, symbol: str) -> None:
    rows = raw_rows(lean_root / "index/usa/minute/spx/20210104_trade.zip")
    eight_thirty_four = next(row for row in rows if row[0] == str((8 * 60 + 34) * 60_000))
    chain = chain_at(lean_root, symbol, "2021-01-04T14:35:00").chain
    level = chain.underlying
    assert level.symbol == "SPX"
    assert level.kind == INDEX
    assert not level.is_tradable
    assert level.bid == level.ask == float(eight_thirty_four[4]) == 3759.80
    assert level.bid_age == level.ask_age == 0.0
    assert math.isnan(level.bid_size)
    assert chain.is_european
    assert chain.tick == 0.05


def test_spx_settles_in_the_morning_and_spxw_at_the_close(lean_root: Path) -> None:
    monthly = chain_at(lean_root, "SPX", "2021-01-04T17:00:00").chain.expiries
    assert [(e.settlement, e.trading_class, str(e.date)) for e in monthly] == [
        ("AM", "SPX", "2021-01-15")
    ]
    assert from_ns(monthly[0].settles_ns).isoformat() == "2021-01-15T14:30:00+00:00"
    weekly = chain_at(lean_root, "SPXW", "2021-01-04T17:00:00").chain.expiries
    assert {(e.settlement, e.trading_class) for e in weekly} == {("PM", "SPXW")}
    assert [from_ns(e.settles_ns).isoformat() for e in weekly] == [
        f"2021-01-{day}T21:00:00+00:00" for day in ("04", "06", "08")
    ]
    at_the_close = chain_at(lean_root, "SPXW", "2021-01-04T21:00:00").chain.expiries
    assert [e.date.day for e in at_the_close] == [6, 8]
