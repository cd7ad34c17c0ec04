"""A plan that every check lets pass, with the market and the exposure around it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timezone

from engine.clock import to_ns
from engine.execution.exposure import Exposure
from engine.execution.facts import MarketFacts
from engine.execution.limits import Limits
from engine.execution.orders import Plan
from engine.market.combo import OPTION, STOCK, Combo, Leg
from engine.market.contract import Contract

SECOND = 10**9
EXPIRY = date(2026, 4, 17)
# A Wednesday, 11:00 in New York.
NOW = to_ns(datetime(2026, 3, 4, 16, tzinfo=timezone.utc))
LIMITS = Limits()


def option(side: int, right: str, strike: float, bid: float, ask: float, ratio: int = 1) -> Leg:
    price = ask if side > 0 else bid
    return Leg(
        OPTION, side, ratio, price, 0.007, right, strike, EXPIRY, 0, bid, ask, 50.0, 0.1, quote=0
    )


def stock(side: int, bid: float, ask: float, ratio: int = 1) -> Leg:
    price = ask if side > 0 else bid
    return Leg(STOCK, side, ratio, price, 0.005, bid=bid, ask=ask, size=40.0, age=0.1)


def combo(legs: tuple[Leg, ...], symbol: str = "XYZ") -> Combo:
    return Combo(
        symbol,
        tuple(
            (
                leg.side * leg.ratio,
                Contract(
                    leg.kind, symbol, "", leg.expiry, leg.right, leg.strike,
                    1.0 if leg.kind == STOCK else 100.0,
                ),
            )
            for leg in legs
        ),
    )  # fmt: skip


def plan(legs: tuple[Leg, ...], **said: object) -> Plan:
    """Return the plan of legs: an edge of 0.20 a share, half of it given away at most."""
    net = sum(leg.side * leg.ratio * leg.price for leg in legs)
    whole = combo(legs)
    base = Plan(
        sighting="1a2b", key=whole.key, symbol="XYZ", family="conversion", legs=legs, combo=whole,
        multiplier=100.0, lots=2, touch=net, limit=net + 0.02, floor=net + 0.19, unit=1, edge=0.20,
        edge_usd=40.0, fees_usd=4.0, capital_usd=20_000.0, ts_ns=NOW, first_expiry=EXPIRY,
        spot=100.0,
    )  # fmt: skip
    return replace(base, **said)  # type: ignore[arg-type]


# Bought stock, bought put, sold call: all three kinds of guards have something to look at.
CONVERSION = plan(
    (stock(1, 99.99, 100.01), option(1, "P", 105.0, 6.0, 6.1), option(-1, "C", 105.0, 1.8, 1.9))
)
REVERSAL = plan(
    (stock(-1, 99.99, 100.01), option(-1, "P", 95.0, 1.0, 1.1), option(1, "C", 95.0, 6.8, 6.9))
)
FACTS = MarketFacts("XYZ", spot=100.0, shortable=10_000.0)
EXPOSURE = Exposure()
