"""The trader with each broker, through storms: in the end both know the same, and nothing lives.

Boxes and conversions go out whole or leg by leg while things go wrong. When it is calm again every
package is at its end, no order lives at the broker, and the positions that the trader knows of are
those of the broker's own books, leg for leg.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from broker_scene import play
from client_time import keep_clock_out
from scene_plans import plan_of
from test_broker_storms import STORM, Calm
from venue import MemoryLog

from engine.execution.broker import Evidence
from engine.execution.entries import COMBO, PARALLEL
from engine.execution.plan import Terms
from engine.execution.rules import Rules
from engine.execution.trade import Trade
from engine.execution.trader import Trader
from engine.market.combo import STOCK
from engine.market.contract import Contract

PACKAGES = 4


@pytest.fixture(autouse=True)
def _virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)


class AllMayPass:
    def check(self, *_: object) -> tuple[()]:
        return ()


def trader_of(scene: Any, log: MemoryLog, style: str) -> Trader:
    def at(contract: Contract, side: int) -> float:
        bid, ask, _, _ = scene.quote(contract)
        return ask if side > 0 else bid

    rules = Rules(style=style, loss_usd=5_000.0, unhedged_s=600.0)
    trader = Trader(
        scene.broker, log, AllMayPass(), scene.world.clock, is_armed=True, terms=Terms(),
        rules=rules, quotes=at,
    )  # fmt: skip
    heard = trader.on_event

    def listen(event: Any) -> None:
        scene.events.append(event)
        heard(event)

    scene.broker.sink = listen
    return trader


async def trade(scene: Any, style: str) -> Trader:
    log = MemoryLog(scene.world.clock)
    trader = trader_of(scene, log, style)

    async def pass_time(seconds: float) -> None:
        for _ in range(int(seconds / 0.1)):
            await scene.wait(0.1)
            trader.on_time()

    await pass_time(1.0)
    random = scene.world.random
    for k in range(PACKAGES):
        legs = [scene.box(), scene.conversion(), scene.box(-1)][k % 3]
        if trader.mode.name == "READY" and scene.broker.is_ready():
            trader.begin(plan_of(scene, legs, 1 + k % 3), (0.0,) * len(legs))
        await pass_time(0.3 + 2.0 * random.random())
    scene.world.gateway.faults = Calm(scene.world.gateway.faults.rules)
    await pass_time(20.0)
    return trader


def ends_well(scene: Any, trader: Trader, evidence: Evidence) -> None:
    assert scene.live() == []
    known = trader.state.executions.positions()
    assert {n: q for n, q in sorted(known.items()) if q} == scene.held() == dict(evidence.positions)
    if not trader.state.halts:
        assert trader.is_quiet, [str(t.value) for t in trader.state.open_trades()]
        for one in trader.state.trades.values():
            assert_whole(trader, one)


def assert_whole(trader: Trader, one: Trade) -> None:
    """A package holds all of its legs in their ratios, unless an execution was taken back."""
    refs = [sent.order.ref for sent in one.sent.values()]
    executions = trader.state.executions
    if any(not each.fill.quantity for each in executions.of(refs)):
        return
    held = executions.held(refs)
    lots = {
        held.get(contract.name, 0.0) / ratio / (100.0 if contract.kind == STOCK else 1.0)
        for ratio, contract in one.plan.combo.legs
    }
    assert len(lots) == 1, (one.id, held)


@pytest.mark.parametrize(("kind", "style"), [("paper", COMBO), ("paper", PARALLEL), ("ib", COMBO)])
def test_packages_are_completed_where_nothing_goes_wrong(kind: str, style: str) -> None:
    kept: list[Trader] = []

    async def story(scene: Any) -> None:
        trader = await trade(scene, style)
        kept.append(trader)
        ends_well(scene, trader, await scene.evidence())
        trades = list(trader.state.trades.values())
        assert len(trades) == PACKAGES
        assert not trader.state.halts
        paid = trader.state.executions.cash([s.order.ref for t in trades for s in t.sent.values()])
        assert scene.money() + math.fsum(
            [trader.state.executions.fees([s.order.ref for t in trades for s in t.sent.values()])]
        ) == pytest.approx(1_000_000.0 + paid, abs=0.01)

    play(kind, story)


SAMPLE = (("all", COMBO), ("all", PARALLEL), ("drop", COMBO), ("partial", PARALLEL))
THROUGH = [
    pytest.param(name, style, marks=() if (name, style) in SAMPLE else pytest.mark.long)
    for name in STORM
    for style in (COMBO, PARALLEL)
]


@pytest.mark.parametrize(("name", "style"), THROUGH)
def test_packages_end_through(name: str, style: str) -> None:
    async def story(scene: Any) -> None:
        trader = await trade(scene, style)
        await scene.ready()
        ends_well(scene, trader, await scene.evidence())

    play("ib", story, rules=STORM[name], seed=5)
