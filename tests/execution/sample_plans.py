"""Plans written by hand: the packages of every shape that a trader sends."""

from __future__ import annotations

from datetime import date

from engine.execution.orders import Plan
from engine.market.combo import OPTION, STOCK, Combo, Leg
from engine.market.contract import Contract

DAY = date(2026, 4, 17)
# 2026-03-04 15:00 UTC.
NOW_NS = 1_772_636_400_000_000_000


def option(side: int, right: str, strike: float, price: float, ratio: int = 1) -> Leg:
    return Leg(
        OPTION, side, ratio, price, 0.007, right, strike, DAY, bid=price - 0.02 * (side > 0),
        ask=price + 0.02 * (side < 0), size=20.0, age=0.1, quote=1, trading_class="ZETF",
    )  # fmt: skip


def stock(side: int, price: float) -> Leg:
    return Leg(STOCK, side, 1, price, 0.005, bid=price, ask=price, size=20.0, age=0.1)


def contract_of_leg(leg: Leg) -> Contract:
    return Contract(
        leg.kind, "ZETF", leg.trading_class, leg.expiry, leg.right, leg.strike,
        1.0 if leg.kind == STOCK else 100.0,
    )  # fmt: skip


def plan_of(family: str, legs: tuple[Leg, ...], worth: float, lots: int = 1) -> Plan:
    """Return a plan of legs that are worth `worth` per share at worst."""
    traded = [(leg.side * leg.ratio, contract_of_leg(leg)) for leg in legs]
    combo = Combo("ZETF", tuple(sorted(traded, key=lambda one: one[1].name)))
    touch = round(sum(leg.side * leg.ratio * leg.price for leg in legs), 10)
    fees = sum(leg.fee * leg.ratio for leg in legs)
    edge = worth - touch - fees
    return Plan(
        sighting="0123456789", key=combo.key, symbol="ZETF", family=family, legs=legs, combo=combo,
        multiplier=100.0, lots=lots, touch=touch, limit=round(touch + 0.01, 2),
        floor=round(touch + 0.05, 2), unit=1, edge=edge, edge_usd=edge * 100.0 * lots,
        fees_usd=fees * 100.0 * lots, capital_usd=1_000.0 * lots, ts_ns=NOW_NS, first_expiry=DAY,
        spot=100.0,
    )  # fmt: skip


VERTICAL = (option(1, "C", 100.0, 2.50), option(-1, "C", 105.0, 2.60))
CONVERSION = (stock(1, 100.0), option(1, "P", 100.0, 2.10), option(-1, "C", 100.0, 2.60))
BOX = (
    option(1, "C", 95.0, 6.00), option(-1, "C", 105.0, 1.50),
    option(1, "P", 105.0, 6.20), option(-1, "P", 95.0, 1.00),
)  # fmt: skip
WORTH = {"vertical": 0.0, "conversion": 99.75, "box": 9.95}
LEGS = {"vertical": VERTICAL, "conversion": CONVERSION, "box": BOX}
DELTAS = {
    "vertical": (0.6, 0.3), "conversion": (1.0, 0.5, -0.5), "box": (0.7, 0.3, -0.3, -0.7),
}  # fmt: skip


def sample(family: str, lots: int = 1) -> Plan:
    return plan_of(family, LEGS[family], WORTH[family], lots)
