"""Orders for shares: the plan of one leg, and each check at its boundary."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.execution.exposure import Exposure
from engine.execution.facts import MarketFacts
from engine.execution.limits import Limits
from engine.execution.orders import Plan
from engine.execution.single import FAMILY, Side, plan_of, refusals
from engine.market.fees import FeeSchedule

# A Wednesday, 15:00 UTC: the exchange is open.
NOW_NS = 1_772_636_400 * 10**9
SIDE = Side(99.98, 100.0, 500.0, 0.5)
FEES = FeeSchedule()
FACTS = MarketFacts("AAA", shortable=10_000.0)


def plan(units: int = 10, limit: float = 100.01, side: Side = SIDE) -> Plan:
    return plan_of("AAA", units, side, limit, FEES, NOW_NS, "mine")


def codes(
    one: Plan,
    held: float = 0.0,
    value: float = 0.0,
    exposure: Exposure | None = None,
    facts: MarketFacts = FACTS,
    now_ns: int = NOW_NS,
    **limits: object,
) -> list[str]:
    risk = replace(Limits(), **limits)  # type: ignore[arg-type]
    found = refusals(one, held, value, risk, (), exposure or Exposure(), facts, now_ns)
    return [refusal.code for refusal in found]


def test_a_plan_buys_at_most_and_sells_at_least_its_limit() -> None:
    bought, sold = plan(10, 100.019), plan(-10, 99.971)
    assert (bought.limit, bought.touch, bought.lots) == (100.01, 100.0, 10)
    assert (sold.limit, sold.touch, sold.lots) == (-99.98, -99.98, 10)
    assert bought.notional_usd == 1_000.0
    assert (bought.family, bought.flags, bought.multiplier) == (FAMILY, ("mine",), 1.0)
    assert bought.fees_usd == FEES.stock_minimum
    assert plan(1_000).fees_usd == pytest.approx(1_000 * FEES.stock_per_share)
    assert bought.key == "AAA:1xAAA"
    assert sold.key == "AAA:-1xAAA"


def test_a_sound_order_passes() -> None:
    assert codes(plan()) == []
    assert codes(plan(-10, 99.97)) == []


CASES = {
    "restricted": (plan(), {"restricted": ("AAA",)}),
    "quantity": (plan(11), {"max_shares": 10}),
    "notional": (plan(11), {"max_order_usd": 1_000.0}),
    "stale-quote": (plan(side=replace(SIDE, age=2.1)), {}),
    "size": (plan(501), {}),
    "collar-market": (plan(limit=100.2), {}),
    "crossed": (plan(side=replace(SIDE, bid=100.5)), {}),
    "one-sided": (plan(side=replace(SIDE, bid=0.0)), {}),
}


@pytest.mark.parametrize("code", CASES)
def test_each_limit_refuses_by_its_own_code(code: str) -> None:
    one, limits = CASES[code]
    assert code in codes(one, **limits)


def test_the_boundary_passes() -> None:
    assert codes(plan(10), max_shares=10, max_order_usd=1_000.0) == []
    assert codes(plan(10), value=9_000.0, max_open_usd=10_000.0) == []
    assert codes(plan(10), value=9_000.1, max_open_usd=10_000.0) == ["open-notional"]
    assert codes(plan(10), value=9_000.1, max_capital_usd=10_000.0) == ["open-notional"]


def test_shorts_need_shares_to_borrow() -> None:
    none = replace(FACTS, shortable=0.0)
    assert codes(plan(-10, 99.97), facts=none) == ["not-shortable"]
    # What is held may be sold, but no more than that.
    assert codes(plan(-10, 99.97), held=10.0, facts=none) == []
    assert codes(plan(-11, 99.97), held=10.0, facts=none) == ["not-shortable"]


def test_what_makes_a_position_smaller_is_let_through_after_a_loss() -> None:
    lost = Exposure(day_pnl_usd=-10_000.0)
    assert codes(plan(10), exposure=lost) == ["day-loss"]
    assert codes(plan(-10, 99.97), held=10.0, exposure=lost) == []
    assert codes(plan(10), held=-10.0, exposure=lost) == []
    assert "day-loss" in codes(plan(11), held=-10.0, exposure=lost)
    # Sizes are held to all the same, and so are quotes.
    assert codes(plan(-10, 99.97), held=10.0, max_shares=9) == ["quantity"]
    assert codes(plan(-10, 99.97, replace(SIDE, age=9.0)), held=10.0) == ["stale-quote"]


def test_nothing_is_sent_outside_the_session() -> None:
    assert "session" in codes(plan(), now_ns=NOW_NS + 12 * 3_600 * 10**9)
