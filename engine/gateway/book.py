"""The order book of one contract: the market maker's quote, and customers in price-time order."""

from __future__ import annotations

import math
from bisect import insort
from dataclasses import dataclass, field

from engine.gateway.order import Order


def limit_of(order: Order) -> float:
    """Return the limit of an order; of a market order, the price that nothing is worse than."""
    if order.placed.kind == "MKT":
        return math.inf * order.placed.side
    return order.placed.limit


@dataclass(slots=True)
class Book:
    """Customers' resting orders, best price first and earliest first at one price.

    `bid_since` and `ask_since` say since when the market maker has shown its prices: the order
    sequence number of that moment.
    """

    buys: list[tuple[float, int, Order]] = field(default_factory=list)
    sells: list[tuple[float, int, Order]] = field(default_factory=list)
    bid: float = 0.0
    ask: float = 0.0
    bid_since: int = 0
    ask_since: int = 0

    def side(self, side: int) -> list[tuple[float, int, Order]]:
        """Return the resting orders that buy (`side` > 0) or sell."""
        return self.buys if side > 0 else self.sells

    def add(self, order: Order) -> None:
        """Let `order` rest behind those of its price. O(n)."""
        key = -order.placed.side * limit_of(order)
        insort(self.side(order.placed.side), (key, order.sequence, order))

    def remove(self, order: Order) -> None:
        """Take `order` out, if it is there."""
        rows = self.side(order.placed.side)
        rows[:] = [row for row in rows if row[2] is not order]

    def best(self, side: int) -> Order | None:
        """Return the first resting order that buys (`side` > 0) or sells."""
        rows = self.side(side)
        return rows[0][2] if rows else None

    def shown(self, side: int) -> tuple[float, int]:
        """Return price and quantity of the best customers that buy or sell; (0, 0) if none."""
        rows = [row for row in self.side(side) if row[2].placed.kind != "MKT"]
        if not rows:
            return 0.0, 0
        limit = rows[0][2].placed.limit
        size = 0
        for _, _, order in rows:
            if order.placed.limit != limit:
                break
            size += order.remaining
        return limit, size

    @property
    def is_empty(self) -> bool:
        """Whether no customer's order rests here."""
        return not self.buys and not self.sells
