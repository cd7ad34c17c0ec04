"""Real quotes hold next to nothing, and what is left of each chain has a known reason.

The counts named "published" are those of ``../shared/data/README.md``, made by another program
from the same bars with parity formulas alone.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lean_chains import chain_at, hourly

from engine.backend import Backend, select
from engine.config import Gates, ScanSettings
from engine.feeds.protocol import Loaded
from engine.market.carry import Carry, RateCurve
from engine.market.chain import EQUITY, OptionChain
from engine.market.fees import FeeSchedule
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import LOCKED, Opportunity, ScanResult

pytestmark = pytest.mark.realdata

# Every candidate passes: what is found is what has a raw edge.
OPEN_GATES = Gates(
    max_spread=math.inf,
    max_spread_fraction=math.inf,
    max_spread_per_edge=math.inf,
    min_days=0.0,
    max_days=math.inf,
    min_edge=1e-9,  # not the rounding of an edge of nothing
    min_edge_usd=-math.inf,
    max_rate_age_days=math.nan,
)
PARITY = ("conversion", "reversal", "box")
NO_FEES = FeeSchedule(
    tiers=((0.0, 0.0),), exchange=0.0, order_minimum=0.0, stock_per_share=0.0, stock_minimum=0.0
)
# 0.65 $ a contract and 1 $ for 100 shares: 0.023 $ per share and conversion.
PUBLISHED_FEES = replace(NO_FEES, tiers=((0.0, 0.65),), stock_per_share=0.01)

SNAPSHOTS = {
    "GOOG": [f"2015-12-24T{t}:00" for t in
             ("14:35", "15:00", "15:30", "16:00", "16:30", "17:00", "17:30", "17:59")],
    "SPXW": [f"2021-01-04T{t}:00" for t in
             ("14:35", "15:00", "16:00", "17:00", "18:00", "19:00", "20:00", "20:59")],
}  # fmt: skip
LEAPS = date(2016, 12, 31)
AAPL_BEFORE_SPLIT = [f"2014-06-06T{hour}:00:00" for hour in (14, 17, 20)]


@pytest.fixture(scope="module")
def chosen() -> Backend:
    # One backend: that all give the same list is tested elsewhere.
    return select("auto")


def rated(carry: Carry | None, rate: float) -> Carry:
    curve = RateCurve.flat(rate)
    return replace(carry or Carry(), lend=curve, borrow=curve)


def everything(
    chain: OptionChain, carry: Carry | None, backend: Backend, **changes: object
) -> tuple[Opportunity, ...]:
    """What is found with no gate, ages included, in the way."""
    settings = ScanSettings(
        carry=carry or Carry(), gates=OPEN_GATES, assume_synchronous=True, top=10_000
    )
    result = scan_chain(chain, replace(settings, **changes), backend)  # type: ignore[arg-type]
    assert result.mismatches == ()
    return result.opportunities


def naive_reversals(chain: OptionChain) -> int:
    """Pairs whose American reversal pays if there are no dividends: the strike may come due now."""
    n = chain.n_rows
    return sum(
        chain.ask[row] > 0.0
        and chain.bid[n + row] > 0.0
        and chain.underlying.bid + chain.bid[n + row] - chain.ask[row] - chain.strike[row] > 1e-9
        for row in range(n)
    )


def samples(root: Path, symbol: str) -> list[Loaded]:
    found = list(hourly(root, symbol))
    if symbol == "AAPL":
        found += [chain_at(root, "AAPL", stamp) for stamp in AAPL_BEFORE_SPLIT]
    return found


@pytest.mark.parametrize("is_synchronous", [False, True], ids=["age-gate", "synchronous"])
@pytest.mark.parametrize("symbol", ["GOOG", "AAPL", "SPX", "SPXW"])
def test_nothing_passes_the_gates(
    lean_root: Path, chosen: Backend, symbol: str, is_synchronous: bool
) -> None:
    loaded = samples(lean_root, symbol)
    assert len(loaded) == {"GOOG": 4, "AAPL": 10, "SPX": 7, "SPXW": 7}[symbol]
    for one in loaded:
        assert one.carry is not None
        settings = ScanSettings(carry=one.carry, assume_synchronous=is_synchronous)
        result = scan_chain(one.chain, settings, chosen)
        assert result.opportunities == ()
        assert result.mismatches == ()
        assert result.unusable == ""
        # Before any gate: no more than two dozen of a chain's hundred thousands of combinations.
        assert result.funnel.candidates <= 25


# What remains when no gate is asked


def test_goog_gives_the_published_counts(lean_root: Path, chosen: Backend) -> None:
    counts: Counter[str] = Counter()
    for stamp in SNAPSHOTS["GOOG"]:
        loaded = chain_at(lean_root, "GOOG", stamp)
        assert loaded.carry is not None
        assert loaded.carry.dividends == ()
        for name, fees in (("free", NO_FEES), ("paid", PUBLISHED_FEES)):
            found = everything(
                loaded.chain, rated(loaded.carry, 0.005), chosen, fees=fees, families=PARITY
            )
            counts.update(f"{name} {one.family}" for one in found)
            # Only leaps, where half a percent is the wrong rate.
            expiries = {leg.expiry for o in found for leg in o.legs if leg.expiry}
            assert all(expiry > LEAPS for expiry in expiries)
    assert counts == {"free conversion": 30, "paid conversion": 26}


@pytest.mark.parametrize("rate", [0.0037, 0.008, math.log1p(0.01)])
def test_goog_has_nothing_in_the_near_expiries_at_any_rate(
    lean_root: Path, chosen: Backend, rate: float
) -> None:
    for loaded in hourly(lean_root, "GOOG"):
        found = everything(loaded.chain, rated(loaded.carry, rate), chosen, fees=NO_FEES)
        for one in found:
            assert max(leg.expiry for leg in one.legs if leg.expiry) > date(2016, 3, 18)


def test_what_remains_of_aapl_is_pennies_and_deep_puts(lean_root: Path, chosen: Backend) -> None:
    reasons: Counter[str] = Counter()
    for loaded in samples(lean_root, "AAPL"):
        spot = loaded.chain.underlying.mid
        for one in everything(loaded.chain, loaded.carry, chosen):
            puts = [leg for leg in one.legs if leg.right == "P"]
            if one.family == "vertical":
                # One cent bid over a lower put's one cent asked: 0.40 $ a contract at most.
                assert one.grade == LOCKED
                assert max(leg.price for leg in puts) <= 0.02
                assert one.edge <= 0.005
                reasons["pennies"] += 1
            else:
                # Puts a quarter and more in the money, wide and worth no more than exercise.
                assert one.family == "reversal"
                assert one.grade != LOCKED
                assert puts[0].strike > 1.2 * spot
                assert one.edge < 0.25 * (puts[0].ask - puts[0].bid)
                reasons["deep puts"] += 1
    assert 0 < reasons["pennies"] < 12
    assert 0 < reasons["deep puts"] < 30


def test_an_index_that_cannot_be_traded_gives_nothing(lean_root: Path, chosen: Backend) -> None:
    counts: Counter[str] = Counter()
    best = 0.0
    for stamp in SNAPSHOTS["SPXW"]:
        loaded = chain_at(lean_root, "SPXW", stamp)
        carry = rated(loaded.carry, 0.0015)
        assert everything(loaded.chain, carry, chosen, fees=NO_FEES) == ()
        # The published count takes the level for a price at which one could trade.
        as_stock = replace(loaded.chain, underlying=replace(loaded.chain.underlying, kind=EQUITY))
        for name, fees in (("free", NO_FEES), ("paid", PUBLISHED_FEES)):
            found = everything(as_stock, carry, chosen, fees=fees, families=PARITY)
            counts.update(f"{name} {one.family}" for one in found)
            best = max([best, *(one.edge for one in found)])
    assert counts["free reversal"] == 19
    assert counts["free conversion"] == counts["paid conversion"] == 2
    assert counts["paid reversal"] == 18
    assert best == pytest.approx(1.48, abs=0.005)


# What the dividend model and the age gate do


@pytest.mark.parametrize("stamp", [*AAPL_BEFORE_SPLIT, "2014-06-09T17:00:00"])
def test_without_dividends_the_false_ones_come_back(
    lean_root: Path, chosen: Backend, stamp: str
) -> None:
    loaded = chain_at(lean_root, "AAPL", stamp)
    assert loaded.carry is not None
    assert len(loaded.carry.dividends) == 6
    blind = replace(loaded.carry, dividends=())
    found = everything(loaded.chain, blind, chosen, fees=NO_FEES, families=("reversal",))
    assert len(found) == naive_reversals(loaded.chain) > 290
    seen = everything(loaded.chain, loaded.carry, chosen, fees=NO_FEES, families=("reversal",))
    assert len(seen) < 20
    # Also with every gate and fee in force.
    assert scan_chain(loaded.chain, ScanSettings(carry=blind), chosen).opportunities != ()


def refused(result: ScanResult, *gates: str) -> int:
    return sum(result.funnel.rejected.get(gate, 0) for gate in gates)


def test_the_age_gate_refuses_what_is_minutes_old(lean_root: Path, chosen: Backend) -> None:
    # Ten minutes after the last hour bar, with the dividends left out to have candidates at all.
    loaded = chain_at(lean_root, "AAPL", "2014-06-06T17:10:00")
    assert loaded.carry is not None
    settings = ScanSettings(carry=replace(loaded.carry, dividends=()))
    stale = scan_chain(loaded.chain, settings, chosen)
    assert stale.funnel.candidates > 1000
    assert stale.opportunities == ()
    assert refused(stale, "option_age") > 0.9 * stale.funnel.candidates
    vouched = scan_chain(loaded.chain, replace(settings, assume_synchronous=True), chosen)
    assert vouched.opportunities != ()
    assert refused(vouched, "stock_age", "option_age", "skew") == 0


def test_goog_minutes_fail_the_age_gate_first(lean_root: Path, chosen: Backend) -> None:
    loaded = chain_at(lean_root, "GOOG", "2015-12-24T16:00:00")
    assert loaded.carry is not None
    settings = ScanSettings(carry=loaded.carry)
    assert refused(scan_chain(loaded.chain, settings, chosen), "option_age") > 10
    trusting = scan_chain(loaded.chain, replace(settings, assume_synchronous=True), chosen)
    assert refused(trusting, "option_age") == 0
    assert refused(trusting, "spread", "spread_sum", "days") == trusting.funnel.candidates
