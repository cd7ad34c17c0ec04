"""Futures of coin-settled chains: only one that somebody quotes can lock a profit."""

from __future__ import annotations

import json
import math
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from engine.backend import Backend, select
from engine.config import Gates, ScanSettings
from engine.feeds.csv_file import CsvFeed
from engine.feeds.deribit import DeribitFeed
from engine.market.carry import Carry
from engine.market.chain import COIN, EUROPEAN, ChainBuilder, FutureBook, OptionChain, Underlying
from engine.market.fees import FREE
from engine.market.quoting import IN_COIN
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import CONDITIONAL, LOCKED, ScanResult
from tests.unit.chains import NOW_NS, expiry

SPOT = 50_000.0
# 50,000 against 60,000: 0.2 coins at a future of 50,000, for 0.16.
BOX = {("C", SPOT): (0.12, 0.13), ("C", 60_000.0): (0.04, 0.05),
       ("P", SPOT): (0.11, 0.12), ("P", 60_000.0): (0.18, 0.19)}  # fmt: skip
MARK = (SPOT, SPOT + 1.0)
QUOTED = FutureBook(True, 100.0, 100.0, 0.1, 0.1)
WIDE = Gates(max_spread_fraction=9.0, max_spread_per_edge=math.inf)
BACKEND = select("pure")


def coins(book: FutureBook, future: tuple[float, float] = MARK) -> OptionChain:
    builder = ChainBuilder("BTC", NOW_NS, Underlying("BTC", SPOT, SPOT, kind=COIN))
    for (right, strike), (bid, ask) in BOX.items():
        builder.add(expiry(30), strike, right, bid, ask, 10.0, 10.0, 0.1, 0.1)
    builder.set_forward(expiry(30), *future, book)
    return builder.build(
        style=EUROPEAN, multiplier=1.0, currency="BTC", quoting=IN_COIN, calendar="crypto"
    )


def boxes(chain: OptionChain, backend: Backend, **changes: object) -> ScanResult:
    settings = ScanSettings(
        carry=Carry(as_of_ns=chain.ts_ns), fees=FREE, families=("box",), gates=WIDE
    )
    settings = replace(settings, **changes)  # type: ignore[arg-type]
    return scan_chain(chain, settings, backend)


def test_a_quoted_future_locks(backend: Backend) -> None:
    (one,) = boxes(coins(QUOTED), backend).opportunities
    assert (one.grade, one.conditions) == (LOCKED, ())
    # 10,000 dollars at 50,001 less 0.13 - 0.04 + 0.19 - 0.11.
    assert one.edge == pytest.approx(10_000.0 / 50_001.0 - 0.17, abs=1e-12)
    assert (one.legs[-1].age, one.legs[-1].size) == (0.1, pytest.approx(100.0 * 5.0001))
    assert one.lots == 10


@pytest.mark.parametrize("is_spread", [False, True])
def test_a_mark_does_not_lock_however_wide_it_is(is_spread: bool, backend: Backend) -> None:
    """Marks of several rows differ by a dollar: that is not a market."""
    future = MARK if is_spread else (SPOT, SPOT)
    (one,) = boxes(coins(FutureBook(), future), backend).opportunities
    assert one.grade == CONDITIONAL
    assert "future-at-mark" in one.conditions
    assert "locked-market" not in one.flags
    # Nor does vouching for the ages of the quotes make a future of it.
    (one,) = boxes(coins(FutureBook(), future), backend, assume_synchronous=True).opportunities
    assert one.grade == CONDITIONAL


def test_a_future_without_age_or_size_is_flagged_like_an_option(backend: Backend) -> None:
    (one,) = boxes(coins(FutureBook(True, 100.0, 100.0)), backend).opportunities
    assert (one.grade, one.conditions) == (CONDITIONAL, ("ages-unknown",))
    assert one.flags == ("age-unknown",)
    (one,) = boxes(coins(FutureBook(True, bid_age=0.1, ask_age=0.1)), backend).opportunities
    assert one.flags == ("size-unknown",)


@pytest.mark.parametrize(
    ("book", "future", "gate", "change"),
    [
        (FutureBook(True, 100.0, 100.0, 0.1, 0.6), MARK, "stock_age", "a quote younger by 0.1 s"),
        (FutureBook(True, 100.0, 0.1, 0.1, 0.1), MARK, "size", "0.49999 more contracts of future"),
        (QUOTED, (SPOT + 2.0, SPOT), "crossed", "an uncrossed quote of future"),
    ],
)
def test_a_future_has_gates(
    book: FutureBook, future: tuple[float, float], gate: str, change: str, backend: Backend
) -> None:
    """Bought: its ask is 0.6 s old, or shows 0.1 coins where a package needs 0.2."""
    result = boxes(coins(book, future), backend)
    assert result.opportunities == ()
    assert result.funnel.rejected == {gate: 1}
    (miss, *_) = result.near_misses
    assert (miss.reason, miss.change) == (gate, change)


def test_a_future_that_is_quoted_at_one_price_is_flagged(backend: Backend) -> None:
    (one,) = boxes(coins(QUOTED, (SPOT, SPOT)), backend).opportunities
    assert (one.grade, one.flags) == (LOCKED, ("locked-market",))


def test_a_future_may_be_too_young_for_its_options(backend: Backend) -> None:
    """0.1 s beside options of 1.2 s is a skew of 1.1 s; with 0.3 s it is within a second."""
    on = coins(QUOTED)
    ages = array("d", [1.2]) * len(on.bid)
    old = replace(on, bid_age=ages, ask_age=ages)
    assert boxes(old, backend).funnel.rejected == {"skew": 1}
    later = replace(old, futures=(replace(QUOTED, ask_age=0.3),))
    assert boxes(later, backend).funnel.rejected == {}


def test_a_future_limits_the_lots(backend: Backend) -> None:
    """0.7 coins are 35,000.7 dollars, three packages of 10,000."""
    (one,) = boxes(coins(FutureBook(True, 0.7, 0.7, 0.1, 0.1)), backend).opportunities
    assert one.lots == 3
    assert one.edge_usd == pytest.approx(3.0 * SPOT * one.edge)


def item(name: str, bid: float, ask: float, **changes: object) -> dict[str, object]:
    return {
        "instrument_name": name, "bid_price": bid, "ask_price": ask, "underlying_price": SPOT,
        "underlying_index": "BTC-23FEB24", "estimated_delivery_price": SPOT,
        "creation_timestamp": 1704712781417, **changes,
    }  # fmt: skip


def written(folder: Path, first: dict[str, object], *futures: dict[str, object]) -> OptionChain:
    """Return the chain of a Deribit file with the box above, the first row changed."""
    items = [
        item(f"BTC-23FEB24-{strike:.0f}-{right}", *quote) for (right, strike), quote in BOX.items()
    ]
    path = folder / "book.json"
    path.write_text(json.dumps([{**items[0], **first}, *items[1:], *futures]), encoding="utf-8")
    (loaded,) = DeribitFeed(path).chains("BTC")
    return loaded.chain


@pytest.mark.parametrize(
    "first", [{}, {"underlying_price": SPOT + 1.0}, {"underlying_index": "SYN.BTC-23FEB24"}]
)
def test_deribit_marks_never_lock(first: dict[str, object], tmp_path: Path) -> None:
    chain = written(tmp_path, first)
    assert repr(chain.futures) == repr((FutureBook(),))  # nan is not equal to nan
    for synchronous in (False, True):
        result = boxes(chain, BACKEND, assume_synchronous=synchronous)
        assert [one.grade for one in result.opportunities] == [CONDITIONAL]


def test_deribit_futures_are_quoted_if_both_sides_are(tmp_path: Path) -> None:
    future = item("BTC-23FEB24", SPOT, SPOT + 1.0, creation_timestamp=1704712781117)
    (book,) = written(tmp_path, {}, future).futures
    assert book.is_quoted
    assert book.bid_age == book.ask_age == pytest.approx(0.3)
    assert math.isnan(book.bid_size)
    (book,) = written(tmp_path, {}, {**future, "ask_price": None}).futures
    assert not book.is_quoted
    nobody = written(tmp_path, {}, {**future, "bid_price": None, "ask_price": None})
    assert repr((nobody.forward_bid[0], nobody.futures)) == repr((SPOT, (FutureBook(),)))


@pytest.mark.parametrize(
    ("lines", "quoted"),
    [
        (("2230,2231,2000", "2230,2231,2100"), True),
        (("2230,2230,2000", "2230,2230,2100"), False),
        (("2230,2230,2000", "2231,2231,2100"), False),
        (("2230,2231,2000", "2230,2232,2100"), False),
        (("2230,,2000", "2230,,2100"), False),
    ],
)
def test_csv_futures_are_quoted_if_every_row_has_one_two_sided_quote(
    lines: tuple[str, ...], quoted: bool, tmp_path: Path
) -> None:
    names = "timestamp_utc,underlying,underlying_bid,underlying_ask,strike,expiry,right,bid,ask"
    path = tmp_path / "coins.csv"
    rows = [f"2024-01-08T11:19:41Z,ETH,{line},2024-02-23,C,0.1,0.11,ETH" for line in lines]
    path.write_text("\n".join([f"{names},currency", *rows]) + "\n", encoding="utf-8")
    (loaded,) = CsvFeed(path).chains("ETH")
    (book,) = loaded.chain.futures
    assert book.is_quoted is quoted


def test_a_near_miss_of_the_spread_sum_leaves_the_future_out(backend: Backend) -> None:
    """Four spreads of 0.01 coins against one edge of 0.029996; the future's dollar is no coin."""
    result = boxes(coins(QUOTED), backend, gates=replace(WIDE, max_spread_per_edge=1.0))
    assert result.funnel.rejected == {"spread_sum": 1}
    (miss, *_) = result.near_misses
    assert miss.amount == pytest.approx(0.04 - (10_000.0 / 50_001.0 - 0.17), abs=1e-12)
    assert miss.change == "spreads tighter by 0.01001 in all"
