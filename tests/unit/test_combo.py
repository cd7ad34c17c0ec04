"""Identity: the same combo has the same key in every snapshot; a sighting has an id of its own."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest
from rich.console import Console
from surveys import shown

from engine.backend import select
from engine.config import ScanSettings
from engine.errors import UsageError
from engine.feeds.demo import DemoFeed
from engine.feeds.protocol import Loaded
from engine.market.chain import Expiry, OptionChain
from engine.market.combo import combo_of, contract_of
from engine.report import explain, table
from engine.report.document import document
from engine.report.rows import csv_text, flat_row
from engine.scanner.pipeline import scan_chain
from engine.scanner.survey import Scan, Survey

PURE = select("pure")
FEED = DemoFeed(3, compact=True)
QUARTER = 250_000_000


def loaded(symbol: str) -> Loaded:
    (found,) = FEED.chains(symbol)
    return found


def scan(chain: OptionChain, one: Loaded) -> Scan:
    assert one.carry is not None
    settings = ScanSettings(carry=one.carry, top=500, near_misses=3)
    return Scan(scan_chain(chain, settings, PURE), settings)


def later(chain: OptionChain, ns: int) -> OptionChain:
    return replace(chain, ts_ns=chain.ts_ns + ns)


@pytest.fixture(scope="module")
def two() -> Survey:
    """Two snapshots of one chain, a quarter of a second apart."""
    one = loaded("ZIDX")
    return Survey((scan(one.chain, one), scan(later(one.chain, QUARTER), one)), top=1000)


def test_keys_stay_and_ids_do_not(two: Survey) -> None:
    first, second = ({o.key: o for o in s.result.opportunities} for s in two.scans)
    assert len(first) > 10
    assert first.keys() == second.keys()
    ids = Counter(o.id for o in two.opportunities)
    assert max(ids.values()) == 1
    assert all(first[key].ts_ns + QUARTER == second[key].ts_ns for key in first)


@pytest.mark.parametrize("symbol", FEED.symbols())
def test_a_key_names_one_combo(symbol: str) -> None:
    one = loaded(symbol)
    found = scan(one.chain, one).result.opportunities
    assert found
    legs = {o.key: combo_of(one.chain, o.legs) for o in found}
    assert len(legs) == len(found)
    for o in found:
        assert o.key == combo_of(one.chain, tuple(reversed(o.legs))).key
        assert math.gcd(*(leg.ratio for leg in o.legs)) == 1
        cheaper = tuple(replace(leg, price=0.5 * leg.price, size=9.0) for leg in o.legs)
        assert o.key == combo_of(one.chain, cheaper).key
        turned = tuple(replace(leg, side=-leg.side) for leg in o.legs)
        assert o.key != combo_of(one.chain, turned).key


def test_series_of_one_day_are_told_apart() -> None:
    """SPX settles in the morning, SPXW in the evening of the same day."""
    one = loaded("ZIDX")
    chain = one.chain
    (opportunity, *_) = scan(chain, one).result.opportunities
    leg = next(leg for leg in opportunity.legs if leg.kind == "option")
    assert leg.trading_class in ("ZIDX", "ZIDXW")
    other = replace(leg, trading_class="ZIDXW" if leg.trading_class == "ZIDX" else "ZIDX")
    assert contract_of(chain, leg).name != contract_of(chain, other).name


def test_what_the_broker_calls_it_reaches_the_contract() -> None:
    one = loaded("ZETF")
    ids = tuple(f"con{q}" for q in range(len(one.chain.bid)))
    chain = replace(one.chain, contract_ids=ids)
    for opportunity in scan(chain, one).result.opportunities[:5]:
        for leg in opportunity.legs:
            wanted = f"con{leg.quote}" if leg.kind == "option" else ""
            assert contract_of(chain, leg).exchange_id == wanted


def test_a_chain_without_classes_has_those_of_its_symbol() -> None:
    one = loaded("ZETF")
    plain = tuple(Expiry(e.settles_ns, e.date, e.settlement) for e in one.chain.expiries)
    with_classes, without = (
        {o.key for o in scan(chain, one).result.opportunities}
        for chain in (one.chain, replace(one.chain, expiries=plain))
    )
    assert with_classes == without


def test_rows_of_different_snapshots_can_be_told_apart(two: Survey) -> None:
    found = document(two, PURE)
    for group in ("opportunities", "near_misses"):
        times = {row["time"] for row in found[group]}
        assert times == {"2026-03-04T15:00:00Z", "2026-03-04T15:00:00.250000Z"}
    assert {flat_row(o)["time"] for o in two.opportunities} == times
    assert "15:00:00.250" in shown(100, table.render, two)
    alone = Survey(two.scans[:1], top=3)
    assert "15:00:00" not in shown(100, table.render, alone)


def test_every_leg_names_its_class(two: Survey) -> None:
    rows = document(two, PURE)["opportunities"]
    classes = {leg["trading_class"] for row in rows for leg in row["legs"]}
    assert {"ZIDX", "ZIDXW"} <= classes
    told = csv_text(two)
    one = next(o for o in two.opportunities if any(x.trading_class == "ZIDXW" for x in o.legs))
    leg = next(x for x in one.legs if x.trading_class == "ZIDXW")
    assert f"{leg.expiry} ZIDXW @" in told
    assert f"{leg.expiry} ZIDXW" in shown(100, table.render, two)


def test_explain_takes_the_key(two: Survey) -> None:
    alone = Survey(two.scans[:1], top=1000)
    one = alone.opportunities[0]
    by_id, by_key = (shown(160, explain.render, alone, name, PURE) for name in (one.id, one.key))
    assert by_id == by_key
    assert f"key {one.key}" in by_id
    with pytest.raises(UsageError, match="more than one") as told:
        explain.render(two, one.key, Console(), PURE)
    assert one.id in str(told.value)
