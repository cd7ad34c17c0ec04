"""Orders for one contract are priced in its own steps: no unwind is refused for its price."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from broker_scene import ACCOUNT, IbScene, contract_at
from test_market_link import Reads, market_of
from virtual_gateway import World

from engine.execution.broker import Acked, Warned
from engine.execution.orders import Order
from engine.ib.increments import rule_of, step_at, steps_of, tick_of
from engine.market.combo import Combo
from engine.market.contract import Contract

pytestmark = pytest.mark.usefixtures("virtual_time")
OFF_TICK = 110
# As docs/GATEWAY.md lists them: below 3 dollars, and from there on.
LISTED = {"ZIDX": (0.05, 0.10), "ZGRO": (0.01, 0.05)}


def unwound(symbol: str, *, is_told: bool) -> tuple[int, int]:
    """Buy and sell contracts of all prices at limits off their steps; return taken and refused."""
    world = World((symbol,))
    counts: list[int] = []

    async def work() -> None:
        market = market_of(world, Reads())
        await market.start()
        listed = (await market.subscribe(symbol)).listed
        below, above = LISTED[symbol]
        if listed.sec_type == "STK":
            assert listed.spot_steps == ((0.0, 0.01),)
        for one in listed.series:
            assert step_at(one.steps, 2.99) == pytest.approx(below)
            assert step_at(one.steps, 3.0) == pytest.approx(above)
        await market.stop()

        def tick(order: Order) -> float:
            return tick_of(order, listed)

        scene = IbScene(world, tick_of=tick if is_told else None)
        await scene.begin()
        n = 0
        for row in world.gateway.listing.options(symbol)[::2]:
            quote = world.gateway.market.quotes[row.index]
            if not 0.3 < quote.bid < 60.0:
                continue
            contract: Contract = contract_at(world, row.index)
            con_id = world.gateway.listing.contracts[row.index].con_id
            assert contract.exchange_id == str(con_id)
            for ratio, price in ((1, quote.bid - 0.13), (-1, quote.ask + 0.12)):
                n += 1
                combo = Combo(symbol, ((ratio, contract),))
                limit = ratio * round(price, 2)
                order = Order(f"parity-u{n}-0.1", ACCOUNT, combo, 1, limit)
                while not scene.broker.place(order):
                    await asyncio.sleep(0.05)
        await scene.wait(2.0)
        refused = {one.ref for one in scene.of(Warned) if one.code == OFF_TICK}
        counts.extend((len({one.ref for one in scene.of(Acked)} - refused), len(refused), n))
        await scene.end()

    world.run(work)
    assert counts[2] > 10
    assert counts[0] + counts[1] == counts[2]
    return counts[0], counts[1]


@pytest.mark.parametrize("symbol", ["ZIDX", "ZGRO"])
def test_no_order_is_refused_for_its_price(symbol: str) -> None:
    assert unwound(symbol, is_told=True)[1] == 0


def test_the_gateway_does_refuse_a_cent_where_steps_are_wider() -> None:
    assert unwound("ZIDX", is_told=False)[1] > 0


def details(exchanges: str, rules: str) -> Any:
    return SimpleNamespace(validExchanges=exchanges, marketRuleIds=rules)


def test_the_rule_is_that_of_smart() -> None:
    assert rule_of([details("CBOE,SMART,ISE", "1,32,3")]) == 32
    assert rule_of([details("CBOE", "7")]) == 7
    assert rule_of([details("CBOE,SMART", "7"), details("SMART", "9")]) == 9
    assert rule_of([details("", ""), details("SMART", "x")]) == 0


def rule(*rows: tuple[Any, Any]) -> list[Any]:
    return [SimpleNamespace(lowEdge=low, increment=step) for low, step in rows]


@pytest.mark.parametrize(
    "rows",
    [
        (), ((0.0, 0.0),), ((0.0, -0.05),), ((0.0, float("nan")),), ((3.0, 0.05),),
        ((0.0, 0.05), (0.0, 0.1)), ((0.0, 0.05), (float("nan"), 0.1)), (("x", 0.05),),
        ((0.0, None),), ((0.0, 1e9),), tuple((float(k), 0.05) for k in range(101)),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_leaves_the_least_step(rows: tuple[tuple[Any, Any], ...]) -> None:
    assert steps_of(rule(*rows), 0.05) == ((0.0, 0.05),)
    assert steps_of(None, 0.01) == ((0.0, 0.01),)


def test_steps_hold_from_their_price_on() -> None:
    steps = steps_of(rule((0.0, 0.05), (3.0, 0.1), (50.0, 0.5)), 0.05)
    assert [step_at(steps, price) for price in (0.0, 2.95, 3.0, 49.9, 50.0, 1e6)] == [
        0.05, 0.05, 0.1, 0.1, 0.5, 0.5,
    ]  # fmt: skip
