"""The invariants of the scan (docs/SCANNER.md), as properties on the demo exchange and by hand."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace
from random import Random

import pytest

from engine.backend import Backend, select
from engine.config import Gates, ScanSettings
from engine.feeds.demo import DemoFeed
from engine.feeds.protocol import Loaded
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.market.combo import OPTION
from engine.market.fees import FREE
from engine.proof.verifier import verify
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import CARRY, LOCKED, Opportunity, ScanResult
from engine.strategies.family import cost

SYMBOLS = DemoFeed().symbols()
# As many in every run; `make test-long` has more chains in tests/lists and in the audit.
SEEDS = range(4)
WIDE_OPEN = Gates(
    max_stock_age=math.inf, max_option_age=math.inf, max_skew=math.inf, lots=0,
    max_spread=math.inf, max_spread_per_edge=math.inf, min_days=0.0, max_days=math.inf,
    min_edge=-math.inf, min_edge_usd=-math.inf, max_rate_age_days=math.inf,
)  # fmt: skip


def load(seed: int, symbol: str, *, planted: bool) -> Loaded:
    (loaded,) = DemoFeed(seed, [symbol], compact=True, planted=planted).chains(symbol)
    return loaded


def scan(loaded: Loaded, backend: Backend, **changes: object) -> ScanResult:
    assert loaded.carry is not None
    settings = ScanSettings(carry=loaded.carry, top=10_000, near_misses=0)
    return scan_chain(loaded.chain, replace(settings, **changes), backend)  # type: ignore[arg-type]


def everything(result: ScanResult) -> tuple[Opportunity, ...]:
    return result.opportunities + result.carry


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_i_the_account_of_the_legs_gives_the_edge(backend: Backend, symbol: str) -> None:
    for seed in SEEDS:
        result = scan(load(seed, symbol, planted=True), backend, show_carry=True)
        for found in everything(result):
            assert math.fsum(amount for _, amount in found.terms) == pytest.approx(
                found.edge, abs=1e-9
            )
            spent = [amount for name, amount in found.terms if name.startswith(("buy", "sell"))]
            fees = [amount for name, amount in found.terms if name.startswith("fees")]
            assert -math.fsum(spent + fees) == pytest.approx(cost(found.legs, found.unit))


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_i_a_leg_on_its_other_side_lowers_the_edge(backend: Backend, symbol: str) -> None:
    for seed in SEEDS[:2]:
        loaded = load(seed, symbol, planted=True)
        assert loaded.carry is not None
        result = scan(loaded, backend)
        # A quote beyond an outright bound pays whatever stands beside it.
        bounds = ("intrinsic", "upper_bound", "vertical", "vertical_width")
        outright = {leg.quote for o in result.opportunities if o.family in bounds for leg in o.legs}
        for found in result.opportunities[:20]:
            for k, leg in enumerate(found.legs):
                if leg.kind != OPTION or any(o.quote in outright for o in found.legs):
                    continue
                price = leg.bid if leg.side > 0 else leg.ask
                if not price > 0.0:
                    continue
                flipped = replace(leg, side=-leg.side, price=price)
                legs = (*found.legs[:k], flipped, *found.legs[k + 1 :])
                proof = verify(
                    loaded.chain, legs, found.unit, loaded.carry, count_projected=True,
                    may_carry=True,
                )  # fmt: skip
                assert proof.minimum < found.edge


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("fees", ["default", "free"])
def test_ii_an_arbitrage_free_market_has_no_arbitrage(
    backend: Backend, symbol: str, fees: str
) -> None:
    for seed in range(24):
        loaded = load(seed, symbol, planted=False)
        changes = {"assume_synchronous": True}
        if fees == "free":
            changes["fees"] = FREE  # type: ignore[assignment]
        result = scan(loaded, backend, **changes)
        assert not result.opportunities, result.opportunities[0]
        assert not result.mismatches
        assert result.funnel.candidates == 0


def raised(chain: OptionChain, quote: int, bid: float) -> OptionChain:
    """Return the chain with one bid raised, its ask kept above."""
    bids, asks = array("d", chain.bid), array("d", chain.ask)
    bids[quote], asks[quote] = bid, max(asks[quote], bid)
    return replace(chain, bid=bids, ask=asks)


def test_iii_a_bid_above_its_envelope_by_epsilon_is_found_for_epsilon(backend: Backend) -> None:
    random = Random(3)
    for seed in range(20):
        loaded = load(seed, "ZETF", planted=False)
        chain = loaded.chain
        e = random.randrange(len(chain.expiries))
        rows = chain.rows(e)
        row = rows[random.randrange(2, len(rows) - 2)]
        low, high = row - 1, row + 1
        weight = (chain.strike[high] - chain.strike[row]) / (chain.strike[high] - chain.strike[low])
        envelope = weight * chain.ask[low] + (1.0 - weight) * chain.ask[high]
        epsilon = 0.5
        result = scan(
            replace(loaded, chain=raised(chain, row, envelope + epsilon)), backend, fees=FREE,
            families=("butterfly",), gates=WIDE_OPEN,
        )  # fmt: skip
        found = [o for o in result.opportunities if any(leg.quote == row for leg in o.legs)]
        # The neighbours are one package; the best of all triples can only be better.
        assert found
        assert found[0].edge >= epsilon - 1e-9
        sold = next(leg for leg in found[0].legs if leg.quote == row)
        assert sold.side < 0


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_v_the_verifier_finds_no_state_below_the_edge(backend: Backend, symbol: str) -> None:
    for seed in SEEDS:
        result = scan(load(seed, symbol, planted=True), backend, show_carry=True)
        assert not result.mismatches
        for found in everything(result):
            assert found.proof is not None
            assert found.proof.minimum >= found.edge - 1e-9
            assert found.proof.worst.pv == found.proof.minimum


@pytest.mark.parametrize("symbol", ["ZDIV", "ZETF", "ZIDX"])
def test_vi_worse_conditions_never_improve_a_score(backend: Backend, symbol: str) -> None:
    for seed in SEEDS[:3]:
        loaded = load(seed, symbol, planted=True)
        before = {o.id: o for o in scan(loaded, backend).opportunities}
        chain = loaded.chain
        older = array("d", (age + 0.2 for age in chain.bid_age))
        asks_older = array("d", (age + 0.2 for age in chain.ask_age))
        aged = replace(loaded, chain=replace(chain, bid_age=older, ask_age=asks_older))
        fees = replace(ScanSettings().fees, exchange=0.25)
        for after in (scan(aged, backend), scan(loaded, backend, fees=fees)):
            assert any(o.id in before for o in after.opportunities)
            assert_no_better(after, before)
        wider = array("d", bytes(8 * len(chain.ask)))
        for q, ask in enumerate(chain.ask):
            wider[q] = ask + (0.02 if ask > 0.0 else 0.0)
        after = scan(replace(loaded, chain=replace(chain, ask=wider)), backend)
        assert_no_better(after, before)


def assert_no_better(after: ScanResult, before: dict[str, Opportunity]) -> None:
    """Assert that no position scores more than it did.

    On another condition the same legs are another position: a dividend that may come is counted
    only where the position fails without it.
    """
    for found in after.opportunities:
        same = before.get(found.id)
        if same and same.conditions == found.conditions:
            assert found.score <= same.score + 1e-9


def test_vii_an_american_short_box_is_refused_a_european_one_is_not(backend: Backend) -> None:
    seen = {"european": 0, "american": 0}
    for symbol in ("ZETF", "ZIDX", "ZDIV", "ZGRO", "ZHTB"):
        for seed in SEEDS:
            loaded = load(seed, symbol, planted=True)
            for found in scan(loaded, backend, families=("box",)).opportunities:
                low = min(leg.strike for leg in found.legs)
                call = next(leg for leg in found.legs if leg.right == "C" and leg.strike == low)
                seen[loaded.chain.style] += call.side < 0
    assert seen["european"] > 0
    assert seen["american"] == 0


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_viii_every_backend_returns_the_same_list_in_the_same_order(symbol: str) -> None:
    auto = select("auto")
    if auto.name == "pure":
        pytest.skip("one backend here; runtimes are compared by tests/lists")
    for seed in SEEDS:
        loaded = load(seed, symbol, planted=True)
        lists = [
            replace(scan(loaded, backend, show_carry=True, near_misses=10), timing={})
            for backend in (select("pure"), auto)
        ]
        assert repr(lists[0]) == repr(lists[1])


@pytest.mark.parametrize("symbol", ["ZDIV", "ZETF", "ZGRO"])
def test_ix_dearer_money_improves_no_edge(backend: Backend, symbol: str) -> None:
    for seed in SEEDS[:3]:
        loaded = load(seed, symbol, planted=True)
        carry = loaded.carry
        assert carry is not None
        before = edges(scan(loaded, backend))
        dear = replace(loaded, carry=changed(carry, borrow=0.01))
        for key, edge in edges(scan(dear, backend)).items():
            if key[0] in ("conversion", "box") and key in before:
                assert edge <= before[key] + 1e-12
        cheap = replace(loaded, carry=changed(carry, lend=-0.01))
        for key, edge in edges(scan(cheap, backend)).items():
            if key[0] == "reversal" and key in before:
                assert edge <= before[key] + 1e-12


def edges(result: ScanResult) -> dict[tuple[str, str, tuple[str, ...]], float]:
    # On the condition that projected dividends are paid the same legs have another edge.
    return {
        (o.family, o.id, o.conditions): o.edge
        for o in result.opportunities
        if is_long_box_or_other(o)
    }


def is_long_box_or_other(found: Opportunity) -> bool:
    low = min(leg.strike for leg in found.legs if leg.kind == OPTION)
    return found.family != "box" or any(
        leg.right == "C" and leg.strike == low and leg.side > 0 for leg in found.legs
    )


def changed(carry: Carry, *, lend: float = 0.0, borrow: float = 0.0) -> Carry:
    return replace(carry, lend=carry.lend.shifted(lend), borrow=carry.borrow.shifted(borrow))


def test_grades_follow_what_a_position_depends_on(backend: Backend) -> None:
    for symbol in SYMBOLS:
        for seed in SEEDS[:3]:
            result = scan(load(seed, symbol, planted=True), backend, show_carry=True)
            for found in result.opportunities:
                assert (found.grade == LOCKED) == (not found.conditions)
                sells_stock = any(leg.kind == "stock" and leg.side < 0 for leg in found.legs)
                assert not (sells_stock and found.grade == LOCKED)
            assert all(found.grade == CARRY and found.edge <= 0.0 for found in result.carry)
