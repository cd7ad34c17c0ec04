"""Chains of the LEAN sample against files that other programs made.

`options_normalised/` was made from the same zips; the universe files are the exchange's end of day.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path

import pytest
from lean_chains import at, chain_at, hourly

from engine.clock import from_ns
from engine.market.calendar import US
from engine.market.chain import OptionChain
from tests.realdata.lean_rows import Key, Values, quotes

pytestmark = pytest.mark.realdata


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
