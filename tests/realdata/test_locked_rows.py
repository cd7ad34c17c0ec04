"""On real quotes nothing is locked: every LOCKED row of every real chain is listed and explained.

A lock in these files would be money that lay there for minutes on a liquid name, seen by everybody.
So what is LOCKED is a fault of ours until `EXPLAINED` says why it is none; it is empty.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_next_to_nothing import AAPL_BEFORE_SPLIT, SNAPSHOTS

from engine import scan
from engine.clock import from_ns
from engine.scanner.survey import Survey
from engine.scoring.opportunity import LOCKED

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not on this machine"),
]
# (source, time, family, legs) of a row: why it is no lock of ours to mend.
EXPLAINED: dict[tuple[str, str, str, str], str] = {}

CHAINS = "csv:{data}/options_normalised/"
# Google paid no dividend then; Apple had declared 0.47, and paid as much each quarter.
APPLE: dict[str, Any] = {
    "dividends": [("2014-08-07", 0.47), ("2014-11-06", 0.47), ("2015-02-05", 0.47),
                  ("2015-05-07", 0.52), ("2015-08-06", 0.52), ("2015-11-05", 0.52)]
}  # fmt: skip
# source: (symbol, what is said, instants; none is every snapshot of the file)
SOURCES: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    CHAINS + "goog_20151224.csv.gz": ("GOOG", {"dividends": ()}, []),
    CHAINS + "spxw_20210104.csv": ("SPX", {}, []),
    CHAINS + "spx_20210104.csv": ("SPX", {}, []),
    CHAINS + "deribit_eth_20240108.csv.gz": ("ETH", {}, []),
    "deribit:{data}/deribit/eth_book_summary_20240108.csv": ("ETH", {}, []),
    "lean:{data}/lean/Data#AAPL": ("AAPL", {}, []),
    "lean:{data}/lean/Data#SPX": ("SPX", {}, []),
    "lean:{data}/lean/Data#SPXW": ("SPXW", {}, []),
}
LONG: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    CHAINS + "aapl_20140606.csv.gz": ("AAPL", APPLE, []),
    CHAINS + "aapl_20140609.csv.gz": ("AAPL", APPLE, []),
    "lean:{data}/lean/Data#before the split": ("AAPL", {}, AAPL_BEFORE_SPLIT),
    "lean:{data}/lean/Data#GOOG": ("GOOG", {}, []),
    "lean:{data}/lean/Data#GOOG by the minute": ("GOOG", {}, SNAPSHOTS["GOOG"]),
    "lean:{data}/lean/Data#SPXW by the minute": ("SPXW", {}, SNAPSHOTS["SPXW"]),
}


def surveys(source: str, entry: tuple[str, dict[str, Any], list[str]], **more: Any) -> list[Survey]:
    symbol, said, instants = entry
    spec = source.format(data=DATA).partition("#")[0]
    times = [f"{instant}Z" for instant in instants] or ["all"]
    return [
        scan(spec, symbol, as_of=time, top=100_000, near_misses=0, **said, **more)
        for time in times
    ]  # fmt: skip


def locked_rows(found: list[Survey], source: str) -> list[tuple[str, str, str, str]]:
    rows = []
    for one in (one for survey in found for one in survey.scans):
        assert one.result.mismatches == ()
        at = from_ns(one.result.chain.ts_ns).isoformat()
        for row in one.result.opportunities:
            if row.grade == LOCKED:
                legs = " ".join(
                    f"{leg.side * leg.ratio:+d} {leg.right}{leg.strike:g}" for leg in row.legs
                )
                rows.append((source, at, row.family, legs))
    return rows


@pytest.mark.parametrize("is_synchronous", [False, True], ids=["gated", "synchronous"])
@pytest.mark.parametrize("source", SOURCES)
def test_nothing_real_is_locked(source: str, is_synchronous: bool) -> None:
    found = surveys(source, SOURCES[source], assume_synchronous=is_synchronous)
    assert sum(len(survey.scans) for survey in found) >= 1
    assert [row for row in locked_rows(found, source) if row not in EXPLAINED] == []


@pytest.mark.long
@pytest.mark.parametrize("is_synchronous", [False, True], ids=["gated", "synchronous"])
@pytest.mark.parametrize("source", LONG)
def test_nothing_real_is_locked_in_the_long_files(source: str, is_synchronous: bool) -> None:
    found = surveys(source, LONG[source], assume_synchronous=is_synchronous)
    assert sum(len(survey.scans) for survey in found) >= 1
    assert [row for row in locked_rows(found, source) if row not in EXPLAINED] == []


def test_a_lock_would_be_listed() -> None:
    """The list is of this test's making: a planted lock is in it."""
    found = scan("demo", "ZETF", top=5, near_misses=0)
    rows = locked_rows([found], "demo")
    assert len(rows) >= 1
    assert rows[0][0] == "demo"
