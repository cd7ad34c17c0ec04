"""What a check looks at: a plan, what is at risk, the market, the limits, and the time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from engine.clock import NS_PER_SECOND
from engine.execution.days import day_of
from engine.execution.exposure import Exposure
from engine.execution.facts import MarketFacts
from engine.execution.limits import Limits
from engine.execution.orders import Plan
from engine.execution.quiet import RestartWindow
from engine.market.calendar import Calendar, calendar_named
from engine.market.chain import AMERICAN
from engine.market.combo import OPTION, STOCK, Leg


@dataclass(frozen=True, slots=True)
class Case:
    """One plan before the checks.

    `legs` are those of the plan at what they cost now, with their ages now; `n_orders` are sent at
    once for it.
    """

    limits: Limits
    plan: Plan
    exposure: Exposure
    facts: MarketFacts
    now_ns: int
    windows: tuple[RestartWindow, ...]
    n_orders: int
    legs: tuple[Leg, ...]
    since: float

    @property
    def net(self) -> float:
        """What one package costs per share at the present touch; negative is received."""
        return net_of(self.legs)

    @property
    def calendar(self) -> Calendar:
        """The calendar of the exchange."""
        return calendar_named(self.facts.calendar)

    @property
    def today(self) -> date:
        """The day at the exchange."""
        return day_of(self.now_ns, self.facts.calendar)

    @property
    def sold_options(self) -> tuple[Leg, ...]:
        """The option legs that are sold."""
        return tuple(leg for leg in self.legs if leg.side < 0 and leg.kind == OPTION)

    @property
    def is_american(self) -> bool:
        """Whether its options can be exercised early."""
        return self.facts.style == AMERICAN

    @property
    def short_shares(self) -> float:
        """Shares that all lots sell short."""
        return math.fsum(
            leg.ratio * self.plan.lots * self.plan.multiplier
            for leg in self.legs
            if leg.kind == STOCK and leg.side < 0
        )

    def age(self, leg: Leg) -> float:
        """Return how old the quote of a leg is now, in seconds; nan is not known."""
        return leg.age + self.since


def case_of(
    limits: Limits,
    plan: Plan,
    exposure: Exposure,
    facts: MarketFacts,
    now_ns: int,
    *,
    windows: tuple[RestartWindow, ...] = (),
    n_orders: int = 1,
) -> Case:
    """Return the case; legs that were not priced anew have grown older since the plan."""
    is_fresh = bool(facts.legs)
    since = 0.0 if is_fresh else max(0.0, (now_ns - plan.ts_ns) / NS_PER_SECOND)
    return Case(
        limits, plan, exposure, facts, now_ns, windows, n_orders, facts.legs or plan.legs, since
    )


def net_of(legs: Sequence[Leg]) -> float:
    """Return what one package costs per share; negative is received."""
    return math.fsum(leg.side * leg.ratio * leg.price for leg in legs)


def name_of(leg: Leg, symbol: str) -> str:
    """Return a leg as a trader says it: ``sold C105 Mar 20``, ``bought ZETF``."""
    verb = "sold" if leg.side < 0 else "bought"
    if leg.kind != OPTION:
        return f"{verb} {symbol}"
    day = f" {leg.expiry:%b %d}" if leg.expiry else ""
    return f"{verb} {leg.right}{leg.strike:g}{day}"
