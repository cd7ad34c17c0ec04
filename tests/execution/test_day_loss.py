"""The loss of the day: what is not whole, fees to come, the exchange's day, restarts."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from plans import LIMITS
from sample_plans import DELTAS, NOW_NS, sample
from test_trader_path import Desk
from venue import CANCELLED

from engine.clock import to_ns
from engine.execution import entries
from engine.execution.breakers import Breakers
from engine.execution.broker import Fee, Fill
from engine.execution.days import day_of
from engine.execution.entries import PARALLEL
from engine.execution.pnl import day_pnl, earned
from engine.execution.rate_checks import day_loss, duplicate
from engine.execution.recovery import recover
from engine.execution.rules import Rules
from engine.market.contract import Contract

SECOND = 10**9


def pnl(desk: Desk, quotes: dict[str, float] | None = None) -> float:
    known = quotes or {}

    def at(contract: Contract, side: int) -> float:
        return known.get(contract.name, math.nan)

    return day_pnl(desk.trader.state, desk.clock.now_ns(), at)


def fills(ref: str, *, sold: bool = True) -> list[Fill]:
    """A vertical of two lots: the bought call at 2.50, the sold one at 2.60."""
    bought = Fill(ref, "a.0.01", "ZETF260417C100", 2.0, 2.50, 0, "p")
    return [bought, Fill(ref, "a.1.01", "ZETF260417C105", -2.0, 2.60, 0, "p")][: 1 + sold]


def test_a_half_package_counts_with_what_it_would_bring_where_that_is_a_loss() -> None:
    desk = Desk(rules=Rules(unhedged_s=600.0, unhedged_delta=1e9))
    (ref,) = desk.trader.begin(sample("vertical", 2), DELTAS["vertical"]).sent
    for fill in fills(ref, sold=False):
        desk.trader.on_event(fill)
    desk.trader.on_event(Fee("a.0.01", 1.0))
    # Bought for 500 and a fee of 1; now it is worth 2.20.
    assert pnl(desk, {"ZETF260417C100": 2.20}) == pytest.approx(-61.0)
    assert pnl(desk, {"ZETF260417C100": 9.00}) == 0.0
    assert pnl(desk) == pytest.approx(-1.0)  # no quote: at its price in the plan
    # It counts the day after too, while it is not whole.
    desk.clock.pass_(86_400.0)
    assert pnl(desk, {"ZETF260417C100": 2.20}) == pytest.approx(-61.0)


def test_a_short_leg_left_over_is_worth_what_it_costs_to_buy() -> None:
    desk = Desk(rules=Rules(unhedged_s=600.0, unhedged_delta=1e9))
    (ref,) = desk.trader.begin(sample("vertical", 2), DELTAS["vertical"]).sent
    desk.trader.on_event(fills(ref)[1])
    desk.trader.on_event(Fee("a.1.01", 1.0))
    assert pnl(desk, {"ZETF260417C105": 3.10}) == pytest.approx(520.0 - 1.0 - 620.0)


def test_a_fee_that_is_not_known_counts_as_expected() -> None:
    desk = Desk()
    plan = replace(sample("vertical", 2), fees_usd=2.8 + 1.2)
    (ref,) = desk.trader.begin(plan, DELTAS["vertical"]).sent
    for fill in fills(ref):
        desk.trader.on_event(fill)
    trade = next(iter(desk.trader.state.trades.values()))
    money = earned(trade, desk.trader.state.executions)
    # Two contracts a leg at 0.70, and half of the 1.20 of the order's minimum for each execution.
    assert (money.fees, money.pending, money.unpaid) == (0.0, pytest.approx(4.0), 2)
    assert money.locked == pytest.approx(money.cash + money.worst - 4.0)
    assert pnl(desk) == pytest.approx(money.locked)
    desk.trader.on_event(Fee("a.0.01", 5.0))
    money = earned(trade, desk.trader.state.executions)
    assert (money.fees, money.pending) == (5.0, pytest.approx(2.0))
    assert pnl(desk) == pytest.approx(money.cash + money.worst - 7.0)


def test_the_day_is_that_of_the_exchange() -> None:
    evening = to_ns(datetime(2026, 3, 5, 1, 30, tzinfo=timezone.utc))
    assert str(day_of(evening)) == "2026-03-04"
    desk = Desk()
    (ref,) = desk.trader.begin(sample("vertical", 2), DELTAS["vertical"]).sent
    for fill in fills(ref):
        desk.trader.on_event(fill)
    whole = pnl(desk)
    assert whole
    desk.clock.pass_((evening - NOW_NS) / 1e9)
    assert pnl(desk) == whole
    assert desk.trader.exposure().orders_today == 1
    desk.clock.pass_(4 * 3_600.0)
    assert pnl(desk) == 0.0
    assert desk.trader.exposure().orders_today == 0


def test_a_clock_that_is_set_back_begins_no_new_day() -> None:
    desk = Desk()
    for back in (0.0, -86_400.0, 86_400.0):
        desk.clock.wall += round(back * 1e9)
        desk.trader.begin(sample("vertical"), DELTAS["vertical"])
    assert desk.trader.exposure().orders_today == 3
    desk.clock.wall -= round(86_400.0 * 1e9)
    assert desk.trader.exposure().orders_today == 3


def test_a_combo_is_known_for_the_whole_window_however_many_came_after_it() -> None:
    desk = Desk(rules=Rules(duplicate_s=600.0))
    plan = sample("vertical")
    desk.trader.begin(plan, DELTAS["vertical"])
    for number in range(400):
        desk.clock.pass_(1.0)
        desk.trader.begin(replace(plan, key=f"other {number}"), DELTAS["vertical"])
    limits = replace(LIMITS, duplicate_window_s=600.0)
    exposure, now = desk.trader.exposure(), desk.clock.now_ns()
    assert "was sent 400.0 s ago" in duplicate(limits, exposure, now, plan.key)
    desk.clock.pass_(200.0)
    exposure, now = desk.trader.exposure(), desk.clock.now_ns()
    assert duplicate(limits, exposure, now, plan.key) == ""
    assert plan.key not in dict(exposure.recent)


def lost(desk: Desk) -> float:
    """Let a package lose: bought legs that are dear."""
    (ref,) = desk.trader.begin(sample("vertical", 2), DELTAS["vertical"]).sent
    bought, sold = fills(ref)
    for fill in (bought._replace(price=6.00), sold):
        desk.trader.on_event(fill)
    return -desk.trader.exposure().day_pnl_usd


def test_a_resume_after_a_loss_is_known_after_a_restart() -> None:
    desk = Desk()
    loss = lost(desk)
    assert loss > 500.0
    breakers = Breakers(LIMITS)
    breakers.replay(desk.log.entries())
    breakers.day_pnl(-loss, desk.clock.now_ns())
    assert [trip.code for trip in breakers.due()] == ["day-loss"]
    assert day_loss(LIMITS, desk.trader.exposure())
    desk.trader.halt("day-loss: as above")
    desk.trader.resume("seen")
    resumed = [one for one in desk.log.entries() if one.kind == entries.RESUME]
    assert resumed[-1].data["accepted_usd"] == pytest.approx(loss)
    assert day_loss(LIMITS, desk.trader.exposure()) == ""
    # Born again, breakers and checks accept the same, and as much again.
    again, state = Breakers(LIMITS), recover(desk.log.entries())
    again.replay(desk.log.entries())
    again.day_pnl(-loss - 499.0, desk.clock.now_ns())
    assert again.due() == ()
    again.day_pnl(-loss - 500.0, desk.clock.now_ns())
    assert [trip.code for trip in again.due()] == ["day-loss"]
    now = desk.clock.now_ns()
    for pnl_usd, is_refused in ((-loss - 499.0, False), (-loss - 500.0, True)):
        assert bool(day_loss(LIMITS, state.exposure(now, pnl_usd))) == is_refused
    # Of tomorrow nothing was accepted.
    tomorrow = now + 86_400 * SECOND
    assert day_loss(LIMITS, state.exposure(tomorrow, -500.0))
    again = Breakers(LIMITS)
    again.replay(desk.log.entries())
    again.day_pnl(-500.0, tomorrow)
    assert [trip.code for trip in again.due()] == ["day-loss"]


def test_a_package_that_is_unwound_counts_with_what_that_cost() -> None:
    desk = Desk(rules=Rules(style=PARALLEL, completes=False, loss_usd=500.0))
    desk.trader.begin(sample("vertical"), DELTAS["vertical"])
    bought, sold = desk.venue.truths()
    for truth in (bought, sold):
        desk.line.arrive(truth)
    desk.line.fill(bought, 1, {})
    desk.line.end(sold, CANCELLED)
    desk.run()
    assert desk.trader.is_quiet
    (trade,) = desk.trader.state.trades.values()
    money = earned(trade, desk.trader.state.executions)
    assert trade.lots == 0
    assert money.cash - money.fees < 0.0
    assert pnl(desk) == pytest.approx(money.cash - money.fees)
