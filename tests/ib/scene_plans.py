"""Plans at the touch of a scene's market."""

from __future__ import annotations

from broker_scene import Scene

from engine.execution.orders import Plan
from engine.market.combo import STOCK, Combo, Leg
from engine.market.contract import Contract


def plan_of(scene: Scene, legs: list[tuple[int, Contract]], lots: int) -> Plan:
    """Return a plan at the touch, with two cents of room and a floor far away."""
    seen = []
    for ratio, contract in sorted(legs, key=lambda leg: leg[1].name):
        bid, ask, bid_size, ask_size = scene.quote(contract)
        side = 1 if ratio > 0 else -1
        price, size = (ask, ask_size) if side > 0 else (bid, bid_size)
        if contract.kind == STOCK:
            size /= 100.0
        seen.append(
            Leg(
                contract.kind, side, abs(ratio), price, 0.0, contract.right, contract.strike,
                contract.expiry, 0, bid, ask, size, 0.0, trading_class=contract.trading_class,
            )
        )  # fmt: skip
    touch = round(scene.touch(legs), 2)
    combo = Combo("ZETF", tuple(sorted(legs, key=lambda leg: leg[1].name)))
    expiry = min(c.expiry for _, c in legs if c.expiry)
    return Plan(
        "s", combo.key, "ZETF", "box", tuple(seen), combo, 100.0, lots, touch, touch + 0.02,
        touch + 1.0, 1, 1.0, 100.0, 4.0, 1_000.0, scene.world.clock.now_ns(), expiry, spot=100.0,
    )  # fmt: skip
