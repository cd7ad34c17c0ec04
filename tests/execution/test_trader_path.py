"""The path from what a search found to a package that is complete, and what it has locked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

import pytest
from sample_plans import DELTAS, NOW_NS, sample
from venue import FEE, Line, MemoryLog, Ticks, Venue

from engine.backend import Backend
from engine.clock import NS_PER_DAY, NS_PER_SECOND, to_ns
from engine.config import ScanSettings
from engine.execution.broker import Ended, Fill, LinkDown, LinkUp
from engine.execution.entries import PARALLEL, read_intent, read_plan
from engine.execution.exposure import Exposure
from engine.execution.facts import MarketFacts
from engine.execution.modes import Mode
from engine.execution.orders import Plan
from engine.execution.plan import Terms, Unplanned, leg_of, plans
from engine.execution.pnl import earned, worst_value
from engine.execution.recovery import recover
from engine.execution.risk import Refusal
from engine.execution.rules import Rules
from engine.execution.trader import Trader
from engine.feeds.demo import DemoFeed
from engine.proof.verifier import reproduces, verify
from engine.scanner.scanner import Scanner


class Lets:
    """Checks that refuse with what they are given."""

    def __init__(self, *refusals: Refusal) -> None:
        self.refusals = refusals

    def check(
        self, plan: Plan, exposure: Exposure, now_ns: int, facts: MarketFacts
    ) -> tuple[Refusal, ...]:
        return self.refusals


class Desk:
    """A trader with its venue, journal and clock."""

    def __init__(self, *, is_armed: bool = True, rules: Rules | None = None) -> None:
        self.clock = Ticks(NOW_NS)
        self.venue = Venue({"KEPT": 7.0})
        self.log = MemoryLog(self.clock)
        self.rules = rules or Rules()
        self.risk = Lets()
        self.line = Line(self.venue)
        self.trader = self.make(is_armed=is_armed)
        self.run()

    def make(self, *, is_armed: bool = True, torn: str = "") -> Trader:
        return Trader(
            self.line, self.log, self.risk, self.clock, is_armed=is_armed, rules=self.rules,
            torn=torn,
        )  # fmt: skip

    def run(self, prices: Mapping[str, float] | None = None) -> None:
        self.line.run(prices or {})

    def wait(self, seconds: float) -> None:
        self.clock.pass_(seconds)
        self.trader.on_time()


def prices_of(plan: Plan, slip: float = 0.0) -> dict[str, float]:
    prices = {}
    for ratio, contract in plan.combo.legs:
        for leg in plan.legs:
            is_it = (leg.kind, leg.right, leg.side) == (
                contract.kind, contract.right, 1 if ratio > 0 else -1,
            ) and (leg.strike == contract.strike or not leg.right)  # fmt: skip
            if is_it:
                prices[contract.name] = leg.price
    assert len(prices) == len(plan.combo.legs)
    first = next(iter(prices))
    ratio = next(ratio for ratio, contract in plan.combo.legs if contract.name == first)
    prices[first] += slip / ratio
    return prices


def test_a_combo_is_sent_filled_and_locked_to_the_cent() -> None:
    desk = Desk()
    assert desk.trader.mode is Mode.READY
    plan = sample("box", 2)
    trade = desk.trader.begin(plan, DELTAS["box"])
    assert desk.venue.placed == [f"parity-{trade.id}-0.1"]
    desk.run(prices_of(plan, slip=0.01))
    view = desk.trader.view()
    assert [(one.phase, one.lots) for one in view.packages] == [("COMPLETE", 2)]
    assert view.orders == ()
    money = view.packages[0].earned
    fees = 2 * 4 * FEE
    assert money.fees == pytest.approx(fees, abs=1e-9)
    assert money.slippage == pytest.approx(0.01 * 100 * 2, abs=1e-6)
    # Locked is the edge at these lots, less slippage, less fees above those expected.
    assert money.locked == pytest.approx(
        plan.edge_usd - money.slippage - (fees - plan.fees_usd), abs=1e-9
    )
    assert money.cash == pytest.approx(desk.venue.cash(), abs=1e-9)
    assert money.worst == pytest.approx(9.95 * 200, abs=1e-9)
    assert desk.trader.is_quiet


def test_the_intent_is_durable_before_the_order_is_sent() -> None:
    desk = Desk()
    seen: list[tuple[int, int]] = []
    desk.line.at = lambda point: seen.append((desk.log.durable, len(desk.log.lines)))
    trade = desk.trader.begin(sample("box"), DELTAS["box"])
    assert seen[0][0] == seen[0][1]
    kinds = [entry.kind for entry in desk.log.entries()]
    assert kinds[-3:] == ["plan", "intent", "sent"]
    planned, intent = (entry for entry in desk.log.entries() if entry.kind in ("plan", "intent"))
    assert read_plan(planned).package == trade.id
    assert read_plan(planned).plan == trade.plan
    assert read_intent(intent).order == next(iter(trade.sent.values())).order


def test_all_intents_of_parallel_legs_are_durable_before_the_first_is_sent() -> None:
    desk = Desk(rules=Rules(style=PARALLEL))
    durable: list[int] = []
    desk.line.at = lambda point: durable.append(desk.log.durable)
    desk.trader.begin(sample("conversion"), DELTAS["conversion"])
    intents = [entry.seq for entry in desk.log.entries() if entry.kind == "intent"]
    assert len(intents) == 3
    assert durable[0] >= intents[-1]
    desk.run()
    assert [one.phase for one in desk.trader.view().packages] == ["COMPLETE"]
    held = desk.venue.positions()
    assert sorted(held.values()) == [-1.0, 1.0, 7.0, 100.0]


@pytest.mark.parametrize("family", ["vertical", "conversion", "box"])
def test_the_journal_alone_gives_the_same_state(family: str) -> None:
    for style in ("combo", "parallel"):
        desk = Desk(rules=Rules(style=style))
        plan = sample(family, 3)
        desk.trader.begin(plan, DELTAS[family])
        desk.run(prices_of(plan))
        mine = next(iter(desk.trader.state.trades.values()))
        read = next(iter(recover(desk.log.entries()).trades.values()))
        assert read.value == mine.value._replace(is_linked=False)
        assert read.plan == mine.plan
        state = recover(desk.log.entries())
        assert state.executions.positions() == desk.trader.state.executions.positions()
        assert earned(read, state.executions) == earned(mine, desk.trader.state.executions)


def test_nothing_is_sent_that_risk_refuses_and_what_passes_is_sent_once(backend: Backend) -> None:
    feed = DemoFeed(symbols=("ZETF",), compact=True)
    desk = Desk()
    market = next(iter(feed.chains("ZETF")))
    settings = ScanSettings(carry=market.carry)
    scanner = Scanner(settings, backend)
    found = scanner.find(market.chain)
    desk.risk.refusals = (Refusal("test", "no"),)
    outcome = desk.trader.consider(found, scanner, desk.clock.now_ns())
    assert outcome.package == ""
    assert ("test", "no") in outcome.refusals
    assert desk.venue.placed == []
    desk.risk.refusals = ()
    outcome = desk.trader.consider(found, scanner, desk.clock.now_ns())
    assert len(desk.venue.placed) == 1
    again = desk.trader.consider(found, scanner, desk.clock.now_ns())
    assert again.package != outcome.package
    assert ("open-already", f"package {outcome.package} works the same legs") in again.refusals


def test_a_plan_is_priced_at_the_lots_sent(backend: Backend) -> None:
    n = 0
    feed = DemoFeed(compact=True)
    for market in (one for symbol in feed.symbols() for one in feed.chains(symbol)):
        scanner = Scanner(ScanSettings(carry=market.carry), backend)
        found = scanner.find(market.chain)
        for lots in (1, 3):
            for plan in plans(found, scanner, Terms(lots=lots, most_rows=10)):
                if isinstance(plan, Unplanned):
                    continue
                n += 1
                proof = verify(
                    market.chain, plan.legs, plan.unit, found.settings.carry,
                    count_projected="projected-dividend" in plan.conditions,
                    may_carry=any(c in plan.conditions for c in ("borrow", "carry-if-assigned")),
                )  # fmt: skip
                assert reproduces(plan.edge, proof)
                assert plan.lots <= lots
                assert plan.touch <= plan.limit <= plan.floor
                # At the floor the least edge is there, whatever the minimums of orders take.
                left = plan.edge_usd - (plan.floor - plan.touch) * plan.multiplier * plan.lots
                assert left >= found.settings.gates.min_edge_usd - 1e-6
                assert worst_value(plan) * plan.lots == pytest.approx(
                    plan.touch * 100 * plan.lots + plan.edge * plan.unit * 100 * plan.lots
                    + sum(leg.fee * leg.ratio for leg in plan.legs) * 100 * plan.lots
                )  # fmt: skip
    assert n > 10


def test_unarmed_nothing_is_sent_but_everything_is_read() -> None:
    desk = Desk(is_armed=False)
    assert desk.trader.mode is Mode.READ_ONLY
    assert desk.trader.view().foreign == (("KEPT", 7.0),)
    desk.trader.on_event(Ended("parity-zz-0.1", 0, "CANCELLED"))
    desk.wait(60.0)
    assert desk.venue.placed == []


def test_a_link_that_comes_back_is_reconciled_before_anything_is_sent() -> None:
    desk = Desk()
    desk.trader.on_event(LinkDown("cable"))
    assert desk.trader.mode is Mode.RECONCILING
    desk.trader.on_event(LinkUp())
    assert desk.trader.mode is Mode.RECONCILING
    desk.run()
    assert desk.trader.mode is Mode.READY


def test_a_package_that_has_settled_takes_no_room_any_more() -> None:
    desk = Desk()
    plan = sample("box", 2)
    desk.trader.begin(plan, DELTAS["box"])
    desk.run(prices_of(plan))
    last = max(c.expiry for _, c in plan.combo.legs if c.expiry is not None)
    # Midnight in New York, in summer time.
    eve = to_ns(datetime(last.year, last.month, last.day + 1, 3, 59, tzinfo=timezone.utc))
    state = desk.trader.state
    assert len(state.exposure(eve, 0.0).packages) == 1
    assert state.exposure(eve + 60 * NS_PER_SECOND, 0.0).packages == ()


def test_what_still_works_takes_room_though_it_has_expired() -> None:
    desk = Desk()
    plan = sample("box", 2)
    desk.trader.begin(plan, DELTAS["box"])
    assert len(desk.trader.state.exposure(NOW_NS + 10_000 * NS_PER_DAY, 0.0).packages) == 1


def test_a_leg_that_is_held_alone_is_neither_earned_nor_lost_but_its_slippage_is() -> None:
    desk = Desk(rules=Rules(style=PARALLEL, fill_s=1e6, unhedged_s=1e6, unhedged_delta=1e9))
    plan = sample("vertical", 2)
    trade = desk.trader.begin(plan, DELTAS["vertical"])
    place, (_, contract) = next(
        (k, leg) for k, leg in enumerate(plan.combo.legs) if leg[0] < 0
    )  # fmt: skip
    ref = next(ref for ref, sent in trade.sent.items() if sent.intent.leg == place)
    sold = leg_of(plan, place).price
    desk.trader.on_event(Fill(ref, "a.0.01", contract.name, -2.0, sold - 0.05))
    assert not trade.is_hedged
    # The cash of a call that was sold is no profit: 5 cents of 200 shares are lost,
    # and the fee that is still to come.
    assert desk.trader.view().day_pnl_usd == pytest.approx(-11.4)
