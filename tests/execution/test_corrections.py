"""What completes a package is held to limits; what unwinds it is held back by none of them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from plans import LIMITS, NOW, option
from plans import combo as combo_of
from sample_plans import DELTAS, sample
from test_trader_path import Desk
from venue import CANCELLED

from engine.execution.correction_checks import Correction, no_limits, refusals
from engine.execution.entries import PARALLEL
from engine.execution.exposure import Exposure
from engine.execution.limits import Limits
from engine.execution.orders import Order
from engine.execution.risk import Risk
from engine.execution.rules import Rules
from engine.execution.trader import Trader

BUY = combo_of((option(1, "C", 105.0, 1.8, 1.9),))
SELL = combo_of((option(-1, "C", 105.0, 1.8, 1.9),))
COMPLETES = Correction(Order("parity-a-0.2", "DU1", BUY, 2, 1.95), "DU1", False, 0.0, 2.0, 1.90)
UNWINDS = Correction(Order("parity-a-0.3", "DU1", SELL, 2, -1.0), "DU1", True, 2.0, 2.0, 1.80)
BUSY = Exposure(sent_ns=(NOW,) * 500, orders_today=10_000)
SMALL = Limits(max_contracts=1, max_shares=1, max_order_usd=1.0, collar_market=0.0)


def codes(one: Correction, limits: Limits = LIMITS, exposure: Exposure = Exposure()) -> list[str]:  # noqa: B008
    return [code for code, _ in refusals(limits, one, exposure, NOW)]


def test_what_is_in_order_passes() -> None:
    assert codes(COMPLETES) == codes(UNWINDS) == []


def test_no_limit_holds_back_what_unwinds() -> None:
    unknown = UNWINDS._replace(touch=math.nan)
    assert codes(unknown, SMALL, BUSY) == []
    assert codes(COMPLETES, SMALL, BUSY) == [
        "quantity", "notional", "collar-market", "order-rate-second", "order-rate-minute",
        "order-rate-day",
    ]  # fmt: skip


@pytest.mark.parametrize("one", [COMPLETES, UNWINDS])
def test_another_account_and_more_than_is_there_are_never_sent(one: Correction) -> None:
    assert codes(one._replace(account="DU2")) == ["account"]
    assert codes(one._replace(order=replace(one.order, lots=3))) == ["quantity"]
    # The wrong way round it would open more.
    turned = replace(one.order, combo=SELL if one is COMPLETES else BUY)
    assert "quantity" in codes(one._replace(order=turned))


@pytest.mark.parametrize(
    ("changed", "limits", "code"),
    [
        ({"touch": 1.85}, {}, ""), ({"touch": 1.84}, {}, "collar-market"),
        ({"touch": math.nan}, {}, "collar-market"),
        ({}, {"max_contracts": 2}, ""), ({}, {"max_contracts": 1}, "quantity"),
        ({}, {"max_order_usd": 390.0}, ""), ({}, {"max_order_usd": 389.99}, "notional"),
    ],
)  # fmt: skip
def test_the_boundaries_of_completing(
    changed: dict[str, Any], limits: dict[str, Any], code: str
) -> None:
    assert codes(COMPLETES._replace(**changed), replace(LIMITS, **limits)) == [code] * bool(code)


def test_completing_may_use_what_is_reserved() -> None:
    most = LIMITS.max_orders_second
    assert codes(COMPLETES, exposure=Exposure(sent_ns=(NOW,) * most)) == []
    assert codes(COMPLETES, exposure=Exposure(sent_ns=(NOW,) * (most + 1))) == ["order-rate-second"]


@pytest.mark.parametrize(("limits", "lots"), [(Limits(), 2), (Limits(max_contracts=1), 0)])
def test_what_may_not_be_completed_is_unwound(limits: Limits, lots: int) -> None:
    desk = Desk(rules=Rules(style=PARALLEL, loss_usd=500.0))
    plan = sample("vertical", 2)
    prices = {"ZETF260417C100": 2.50, "ZETF260417C105": 2.60}
    desk.trader = Trader(
        desk.line, desk.log, desk.risk, desk.clock, is_armed=True, rules=desk.rules,
        quotes=lambda contract, side: prices[contract.name],
        corrections=Risk(limits).check_correction,
    )  # fmt: skip
    desk.run()
    trade = desk.trader.begin(plan, DELTAS["vertical"])
    bought, sold = desk.venue.truths()
    for truth in (bought, sold):
        desk.line.arrive(truth)
    desk.line.fill(bought, 2, {})
    desk.line.end(sold, CANCELLED)
    desk.run()
    assert desk.trader.is_quiet
    assert trade.lots == lots
    assert trade.is_hedged
    refused = [sent.reason for sent in trade.sent.values() if sent.reason]
    assert bool(refused) == (lots == 0)
    assert all("quantity: 2 of ZETF260417C105" in reason for reason in refused)
    assert desk.trader.state.halts == []


def test_without_limits_only_what_is_never_right_is_refused() -> None:
    assert no_limits(COMPLETES._replace(touch=math.nan), BUSY, NOW) == ()
    assert no_limits(COMPLETES._replace(account="DU2"), BUSY, NOW)
