"""Every trap that is really in the LEAN sample data, and the chains against an independent reader.

`options_normalised/` was made from the same zips by another program; the rows of a raw file are
read here with the standard library alone.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from lean_chains import at, chain_at, hourly

from engine.clock import from_ns
from engine.feeds.lean import LeanFeed
from engine.feeds.lean_carry import (
    ANNOUNCED_DAYS,
    carry_at,
    dividends_of,
    rate_in_force,
    read_factors,
    read_rates,
    split_factor,
)
from engine.feeds.lean_layout import Folder
from engine.feeds.rows import CellError
from engine.market.calendar import US
from engine.market.carry import DECLARED, PROJECTED
from engine.market.chain import EQUITY, INDEX, OptionChain

pytestmark = pytest.mark.realdata

Key = tuple[date, float, str]
Values = tuple[float, ...]


def no_problem(error: CellError) -> None:
    raise AssertionError(str(error))


def quotes(chain: OptionChain) -> dict[Key, Values]:
    """Every contract that was ever quoted, by last trading day, strike and right."""
    columns = (
        chain.bid, chain.ask, chain.bid_size, chain.ask_size, chain.bid_age, chain.ask_age,
    )  # fmt: skip
    found = {}
    for e, expiry in enumerate(chain.expiries):
        for row in chain.rows(e):
            for right in "CP":
                values = tuple(column[chain.quote_index(row, right)] for column in columns)
                if not (math.isnan(values[4]) and math.isnan(values[5])):
                    found[expiry.date, chain.strike[row], right] = values
    return found


def raw_rows(path: Path, member: str = "") -> list[list[str]]:
    with zipfile.ZipFile(path) as archive:
        name = member or archive.namelist()[0]
        return [line.split(",") for line in archive.read(name).decode().splitlines()]


def raw_members(path: Path) -> Iterator[tuple[Key, list[list[str]]]]:
    """Every member of an option zip and its rows, each contract by its last trading day."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            _, right, strike, listed = name[:-4].rsplit("_", 3)
            day = datetime.strptime(listed, "%Y%m%d").date()
            rows = [line.split(",") for line in archive.read(name).decode().splitlines()]
            yield (US.last_trading_day(day), int(strike) / 10_000, right[0].upper()), rows


def normalised(data_root: Path, name: str) -> dict[str, dict[Key, tuple[Values, Values]]]:
    """By instant and contract: (quotes, sizes and ages as `quotes` has them; underlying)."""
    tables = []
    for stem in (name, f"{name}_age"):
        path = data_root / "options_normalised" / f"{stem}.csv"
        if path.exists():
            text = path.read_text()
        else:
            text = gzip.decompress(path.with_suffix(".csv.gz").read_bytes()).decode()
        tables.append(list(csv.DictReader(io.StringIO(text))))
    found: dict[str, dict[Key, tuple[Values, Values]]] = defaultdict(dict)
    for row, age in zip(*tables, strict=True):
        listed = date.fromisoformat(row["expiry"])
        key = (US.last_trading_day(listed), float(row["strike"]), row["right"])
        values = [float(row[k]) for k in ("bid", "ask", "bid_size", "ask_size")]
        values += [float(age[k] or "nan") for k in ("bid_age_s", "ask_age_s")]
        spot = float(row["underlying_bid"]), float(row["underlying_ask"])
        assert key not in found[row["timestamp_utc"]]
        found[row["timestamp_utc"]][key] = tuple(values), spot
    return found


def same(left: Values, right: Values) -> bool:
    return all(a == b or (a != a and b != b) for a, b in zip(left, right, strict=True))


def check(chain: OptionChain, table: dict[Key, tuple[Values, Values]]) -> None:
    # Left out here: series that settle at that very instant, on the close. A contract with rows
    # but no side in any of them is in both, with nothing to compare.
    live = {
        key: row
        for key, row in table.items()
        if US.settlement_ns(key[0]) > chain.ts_ns and not same(row[0][4:], (math.nan, math.nan))
    }
    ours = quotes(chain)
    assert ours.keys() == live.keys()
    assert {key: ours[key] for key in live if not same(ours[key], live[key][0])} == {}
    assert {spot for _, spot in live.values()} == {(chain.underlying.bid, chain.underlying.ask)}


@pytest.mark.parametrize(
    ("name", "symbol", "every"),
    [
        ("goog_20151224", "GOOG", 3),  # 14:35, 16:00, 17:30
        ("aapl_20140606", "AAPL", 3),  # 14:00, 17:00, 20:00
        ("spx_20210104", "SPX", 1),
        ("spxw_20210104", "SPXW", 1),
    ],
)
def test_a_chain_equals_the_normalised_one(
    data_root: Path, lean_root: Path, name: str, symbol: str, every: int
) -> None:
    tables = normalised(data_root, name)
    assert len(tables) in (7, 8)
    for stamp, table in list(tables.items())[::every]:
        loaded = chain_at(lean_root, symbol, stamp[:-1])
        assert loaded.chain.ts_ns == at(stamp[:-1])
        assert loaded.problems == ()
        check(loaded.chain, table)


@pytest.mark.parametrize(
    ("name", "symbol", "hours"),
    [
        ("goog_20151224", "GOOG", (15, 16, 17, 18)),
        ("aapl_20140609", "AAPL", (14, 15, 16, 17, 18, 19, 20)),
        ("spx_20210104", "SPX", (15, 16, 17, 18, 19, 20, 21)),
    ],
)
def test_without_an_instant_every_whole_hour_of_the_last_day(
    data_root: Path, lean_root: Path, name: str, symbol: str, hours: tuple[int, ...]
) -> None:
    chains = [loaded.chain for loaded in hourly(lean_root, symbol)]
    assert [from_ns(chain.ts_ns).hour for chain in chains] == list(hours)
    tables = normalised(data_root, name)
    n_checked = 0
    for chain in chains:
        stamp = f"{from_ns(chain.ts_ns):%Y-%m-%dT%H:%M:%SZ}"
        if stamp in tables:
            check(chain, tables[stamp])
            n_checked += 1
    # The sample has 17:59 and 20:59 where we have the close of GOOG and SPX.
    assert n_checked == len(hours) - (symbol != "AAPL")


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


# Volume and open interest, against the end-of-day universe files


def test_open_interest_and_volume_agree_with_the_universe(lean_root: Path) -> None:
    chain = chain_at(lean_root, "GOOG", "2015-12-24T23:59:59").chain

    def universe(day: str) -> dict[Key, tuple[float, float]]:
        path = lean_root / f"option/usa/universes/goog/{day}.csv.gz"
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()[2:]
        rows = (line.split(",") for line in lines)
        return {
            (datetime.strptime(r[0], "%Y%m%d").date(), float(r[1]), r[2]): (
                float(r[7] or 0),
                float(r[8] or 0),
            )
            for r in rows
        }

    eve, today = universe("20151223"), universe("20151224")
    n_interest = n_volume = n_differ = 0
    for e, expiry in enumerate(chain.expiries):
        for row in chain.rows(e):
            for right in "CP":
                quote = chain.quote_index(row, right)
                key = (expiry.date, chain.strike[row], right)
                interest, volume = chain.open_interest[quote], chain.volume[quote]
                if interest == interest:
                    # 25 contracts have 0 in the morning's file where the universe has a few.
                    assert interest in (eve[key][1], 0.0)
                    n_differ += interest != eve[key][1]
                    n_interest += interest > 0
                # The day's volume has trades that make no bar (spreads, late reports).
                assert volume <= today[key][0]
                n_volume += volume > 0
    assert n_interest > 1000
    assert n_differ <= 25
    assert n_volume > 150


# Carry

AAPL_PAID = {
    "2014-05-08": 3.29, "2014-08-07": 0.47, "2014-11-06": 0.47, "2015-02-05": 0.47,
    "2015-05-07": 0.52, "2015-08-06": 0.52, "2015-11-05": 0.52,
}  # fmt: skip
IBM_PAID = {
    "2013-08-07": 0.95, "2013-11-06": 0.95, "2014-02-06": 0.95, "2014-05-07": 1.10,
}  # fmt: skip


def test_dividends_are_those_the_companies_paid(lean_root: Path) -> None:
    folder = lean_root / "equity/usa/factor_files"
    aapl = read_factors(folder / "aapl.csv", no_problem)
    found = dividends_of(aapl, US, date(2014, 6, 9), date(2016, 1, 15))
    paid = {day: amount for day, amount in AAPL_PAID.items() if day > "2014-06-09"}
    assert {str(d.ex_date): d.amount for d in found} == paid
    # Seen from before the split, in shares of then: the six dividends of 3.29 and of 3.64.
    found = dividends_of(aapl, US, date(2014, 3, 3), date(2016, 1, 15))
    scale = {day: 1 if day < "2014-06-09" else 7 for day in AAPL_PAID}
    expected = {day: pytest.approx(amount * scale[day]) for day, amount in AAPL_PAID.items()}
    assert {str(d.ex_date): d.amount for d in found} == expected
    ibm = read_factors(folder / "ibm.csv", no_problem)
    found = dividends_of(ibm, US, date(2013, 6, 3), date(2014, 6, 2))
    assert {str(d.ex_date): d.amount for d in found} == IBM_PAID


def test_hindsight_is_marked_projected(lean_root: Path) -> None:
    factors = read_factors(lean_root / "equity/usa/factor_files/aapl.csv", no_problem)
    ex_date = date(2014, 8, 7)
    for days, status in ((ANNOUNCED_DAYS, DECLARED), (ANNOUNCED_DAYS + 1, PROJECTED)):
        day = ex_date - timedelta(days=days)
        first, second, *_ = dividends_of(factors, US, day, date(2015, 1, 1))
        assert (first.ex_date, first.status) == (ex_date, status)
        assert second.status == PROJECTED
    # On the ex-date itself the stock already trades without it.
    assert dividends_of(factors, US, ex_date, date(2014, 10, 1)) == ()


def test_a_chain_comes_with_its_dividends_and_rate(lean_root: Path) -> None:
    carry = chain_at(lean_root, "AAPL", "2014-06-06T17:00:00").carry
    assert carry is not None
    assert [d.amount for d in carry.dividends] == pytest.approx([3.29] * 3 + [3.64] * 3)
    assert carry.lend == carry.borrow
    assert carry.lend.rates == (math.log1p(0.0075),)
    assert carry.rate_age_days(at("2014-06-06T17:00:00")) == 0.0
    goog = chain_at(lean_root, "GOOG", "2015-12-24T17:00:00").carry
    assert goog is not None
    assert goog.dividends == ()
    assert goog.lend.rates == (math.log1p(0.01),)


def test_the_rate_is_the_one_in_force(lean_root: Path) -> None:
    path = lean_root / "alternative/interest-rate/usa/interest-rate.csv"
    rates = read_rates(path, no_problem)
    for day, percent in (("2015-12-16", 0.75), ("2015-12-17", 1.0), ("2021-01-04", 0.25)):
        ts_ns = at(f"{day}T17:00:00")
        assert rate_in_force(rates, US, ts_ns) == (math.log1p(percent / 100), ts_ns)
    # After its last row the file is no fresher than that row.
    late = carry_at((), rates, US, at("2024-01-08T17:00:00"), date(2024, 2, 1))
    assert late.rate_age_days(at("2024-01-08T17:00:00")) > 150
    assert rate_in_force(rates, US, at("1999-01-04T17:00:00")) == (0.0, 0)


def test_a_symbol_is_found_under_the_ticker_of_the_day(lean_root: Path) -> None:
    folder = Folder(lean_root)
    assert folder.ticker("GOOG", date(2014, 3, 28)) == "goocv"
    assert folder.ticker("GOOG", date(2014, 4, 2)) == "goocv"
    assert folder.ticker("GOOG", date(2014, 4, 3)) == "goog"
    assert folder.ticker("AAPL", date(2014, 4, 2)) == "aapl"
