"""Executions: each counted once, whatever is told twice, corrected, taken back or paid for late.

An execution is known by the stem of its id, up to the last dot; what follows the dot counts its
corrections. A correction replaces, one that takes it back has a quantity of 0. Cash, positions and
filled lots are sums over executions of contracts; one of a combo as a whole is kept, not counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.execution.broker import Fee, Fill
from engine.execution.orders import Order
from engine.market.combo import STOCK

# Quantities are whole; what is this close is a sum of floats.
_NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution as it stands: the last thing told about it.

    `told` is the greatest quantity that it ever had: a status counts it even when it is taken back.
    `is_first` is whether it was known before any correction; else that quantity is not known.
    """

    fill: Fill
    told: float
    is_first: bool = True


def _nobody(ref: str) -> None:
    """Tell nobody."""


class Executions:
    """All executions of orders of ours, and what they cost.

    `replaced` and `repeated` count corrections, and what was told again or late. `touched` is
    called with the reference of an order of which something new is known.
    """

    def __init__(self, touched: Callable[[str], None] = _nobody) -> None:
        self._touched = touched
        self.repeated = self.replaced = 0
        self._known: dict[str, Execution] = {}
        self._fees: dict[str, tuple[str, float]] = {}
        self._by_ref: dict[str, dict[str, None]] = {}
        self._per_price: dict[str, float] = {}
        self._positions: dict[str, float] = {}
        self._sorted: tuple[tuple[str, float], ...] | None = None

    def register(self, order: Order) -> None:
        """Take note of what a price of 1 is worth in each contract of an order."""
        for _, contract in order.combo.legs:
            of_stock = contract.kind == STOCK
            self._per_price[contract.name] = 1.0 if of_stock else order.multiplier

    def is_new(self, fill: Fill) -> bool:
        """Tell whether an execution, or this correction of it, was not told before."""
        stem, revision = split_id(fill.execution)
        known = self._known.get(stem)
        return known is None or revision > split_id(known.fill.execution)[1]

    def book(self, fill: Fill) -> Execution | None:
        """Take an execution; return what is known of it now, None if that is nothing new."""
        if not self.is_new(fill):
            self.repeated += 1
            return None
        stem, revision = split_id(fill.execution)
        known = self._known.get(stem)
        before = known.fill.quantity if known else 0.0
        told = max((known.told if known else 0.0, fill.quantity), key=abs)
        is_first = known.is_first if known else revision <= 1
        booked = self._known[stem] = Execution(fill, told, is_first)
        self.replaced += known is not None
        self._by_ref.setdefault(fill.ref, {})[stem] = None
        self._touched(fill.ref)
        if known is not None and known.fill.ref != fill.ref:
            self._touched(known.fill.ref)
        if fill.contract:
            change = fill.quantity - before
            if known is not None and known.fill.contract != fill.contract:
                self._move(known.fill.contract, -before)
                change = fill.quantity
            self._move(fill.contract, change)
        return booked

    def book_fee(self, fee: Fee) -> bool:
        """Take what an execution cost; return whether that is new."""
        stem, revision = split_id(fee.execution)
        known = self._fees.get(stem)
        if known is not None:
            if (fee.execution, fee.amount) == known or revision < split_id(known[0])[1]:
                self.repeated += 1
                return False
            self.replaced += 1
        self._fees[stem] = (fee.execution, fee.amount)
        paid = self._known.get(stem)
        if paid is not None:
            self._touched(paid.fill.ref)
        return True

    def of(self, refs: Iterable[str]) -> list[Execution]:
        """Return the executions of orders, in the order in which they came."""
        return [self._known[stem] for ref in refs for stem in self._by_ref.get(ref, ())]

    def lots(self, order: Order, *, told: bool = False) -> int:
        """Return how many lots of an order are filled whole, by the executions of all its legs.

        `told` counts what was taken back as well. O(executions of the order).
        """
        filled: dict[str, float] = {}
        for one in self.of((order.ref,)):
            quantity = one.told if told else one.fill.quantity
            filled[one.fill.contract] = filled.get(one.fill.contract, 0.0) + quantity
        return min(
            math.floor(filled.get(contract.name, 0.0) * order.lots / order.quantity(leg) + _NEAR)
            for leg, (_, contract) in enumerate(order.combo.legs)
        )

    def has_all(self, order: Order, reported: int) -> bool:
        """Tell whether the executions of an order are those that its status has counted.

        A status may count what was taken back. Of what was corrected before it was ever heard of,
        nobody can say what the status counts.
        """
        if self.lots(order, told=True) >= reported or self.lots(order) == reported:
            return True
        return not all(one.is_first for one in self.of((order.ref,)))

    def held(self, refs: Iterable[str]) -> dict[str, float]:
        """Return what orders have left, by contract name; what is 0 is left out."""
        held: dict[str, float] = {}
        for one in self.of(refs):
            if one.fill.contract:
                name = one.fill.contract
                held[name] = held.get(name, 0.0) + one.fill.quantity
        return {name: quantity for name, quantity in held.items() if abs(quantity) > _NEAR}

    def cash(self, refs: Iterable[str]) -> float:
        """Return what orders have brought in, in currency; what they cost is negative."""
        return -math.fsum(
            one.fill.quantity * one.fill.price * self._per_price.get(one.fill.contract, 100.0)
            for one in self.of(refs)
            if one.fill.contract
        )

    def fees(self, refs: Iterable[str]) -> float:
        """Return the fees of orders that are known, in currency."""
        stems = [stem for ref in refs for stem in self._by_ref.get(ref, ())]
        return math.fsum(self._fees[stem][1] for stem in stems if stem in self._fees)

    def unpaid(self, refs: Iterable[str]) -> int:
        """Return how many executions of orders have no fee yet."""
        return len(self.unpaid_fills(refs))

    def unpaid_fills(self, refs: Iterable[str]) -> list[Fill]:
        """Return the executions of orders that have no fee yet."""
        known = [stem for ref in refs for stem in self._by_ref.get(ref, ())]
        fills = [self._known[stem].fill for stem in known if stem not in self._fees]
        return [fill for fill in fills if fill.contract]

    def settle(self, contract: str, quantity: float, stock: str, shares: float) -> None:
        """Take what has ended by itself: an option of ours, and the stock that came of it."""
        self._move(contract, -quantity)
        self._move(stock, shares)

    def positions(self) -> dict[str, float]:
        """Return what all orders of ours have left, by contract name; also what is 0 again."""
        return dict(self._positions)

    def sorted_positions(self) -> tuple[tuple[str, float], ...]:
        """Return the same in the order of names. O(1) where nothing has traded since."""
        if self._sorted is None:
            self._sorted = tuple(sorted(self._positions.items()))
        return self._sorted

    def count(self) -> int:
        """Return how many executions are known."""
        return len(self._known)

    def _move(self, contract: str, quantity: float) -> None:
        if contract:
            self._sorted = None
            self._positions[contract] = self._positions.get(contract, 0.0) + quantity


def split_id(execution: str) -> tuple[str, int]:
    """Return the stem of an execution's id and the number of its correction.

    >>> split_id("0001f4e8.65a1b2c3.01.02"), split_id("x7")
    (('0001f4e8.65a1b2c3.01', 2), ('x7', 0))
    """
    stem, dot, revision = execution.rpartition(".")
    if not dot or not (revision.isascii() and revision.isdigit()) or len(revision) > 9:
        return execution, 0
    return stem, int(revision)
