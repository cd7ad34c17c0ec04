"""A package and its orders as a journal tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.execution.days import day_of
from engine.execution.entries import Intent, Planned
from engine.execution.package_order import CLOSES, package_of
from engine.execution.single import FAMILY as SINGLE
from engine.market.combo import STOCK

WORKING, COMPLETE, FLAT, HALTED = "WORKING", "COMPLETE", "FLAT", "HALTED"
OVER = (COMPLETE, FLAT, HALTED)


@dataclass(slots=True)
class OrderStory:
    """An order: what was intended, and what is known of it. UTC nanoseconds, 0 is never."""

    intent: Intent
    ts_ns: int
    state: str = "INTENDED"
    acked_ns: int = 0
    first_fill_ns: int = 0
    ended_ns: int = 0
    permanent: str = ""
    text: str = ""
    log: list[tuple[int, str]] = field(default_factory=list)

    @property
    def ref(self) -> str:
        """Our name of it."""
        return self.intent.order.ref

    @property
    def is_open(self) -> bool:
        """Whether it may be in the market."""
        return self.state in ("INTENDED", "SENT", "ACKED", "PARTIAL")


@dataclass(slots=True)
class PackageStory:
    """A package from its plan on."""

    planned: Planned
    ts_ns: int
    seq: int
    phase: str = WORKING
    over_ns: int = 0
    orders: list[OrderStory] = field(default_factory=list)
    log: list[tuple[int, str]] = field(default_factory=list)
    proof: Mapping[str, object] | None = None

    @property
    def id(self) -> str:
        """Its name."""
        return self.planned.package

    @property
    def strategy(self) -> str:
        """The strategy whose order it is, "" for an arbitrage."""
        plan = self.planned.plan
        return plan.flags[0] if plan.family == SINGLE and plan.flags else ""

    @property
    def verb(self) -> str:
        """What a strategy's order does: buy or sell shares, open or close a package."""
        plan = self.planned.plan
        found = package_of(plan)
        if found is not None:
            return "close" if found[0] == CLOSES else "open"
        return "buy" if plan.combo.legs[0][0] > 0 else "sell"

    @property
    def is_of_shares(self) -> bool:
        """Whether it trades shares alone: its prices have no sign then."""
        return all(contract.kind == STOCK for _, contract in self.planned.plan.combo.legs)

    @property
    def day(self) -> date:
        """The day of the exchange on which it began."""
        return day_of(self.ts_ns)

    @property
    def is_open(self) -> bool:
        """Whether it may still trade."""
        return self.phase not in OVER

    @property
    def has_filled(self) -> bool:
        """Whether any order of it has traded."""
        return any(order.first_fill_ns for order in self.orders)

    @property
    def refs(self) -> list[str]:
        """The references of its orders."""
        return [order.ref for order in self.orders]
