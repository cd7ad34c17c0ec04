"""One account's books: cash, positions and what they cost, executions, margins.

Money is in dollars. What is booked is what happened: an execution, a correction of it, a dividend,
an assignment. Prices for values come from whoever asks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from engine.gateway.listing import Instrument

Price = Callable[[int], float]

# Margins are by our rules: the worst loss of an underlying's positions, options at what exercise
# would bring, over moves of the underlying of up to this share, plus so much per short option.
_MOVES = tuple(k / 100.0 for k in range(-20, 21, 2))
_PER_SHORT_OPTION = 50.0
_MAINTENANCE = 0.8


@dataclass(frozen=True, slots=True)
class Execution:
    """One trade of one order's contract (or leg); a correction has the same stem of `exec_id`.

    `instrument` is -1 for a combo as a whole, which moves neither cash nor positions.
    """

    exec_id: str
    order_id: int
    client_id: int
    perm_id: int
    account: str
    instrument: int
    side: int
    quantity: int
    price: float
    total: int
    average: float
    ts_ns: int
    ref: str
    commission: float = 0.0
    realized: float = math.nan


@dataclass(slots=True)
class Position:
    """Holdings in one instrument: `cost` is the average price paid, per share."""

    quantity: int = 0
    cost: float = 0.0
    realized: float = 0.0


@dataclass(slots=True)
class Account:
    """The books of one account; `rows` are the instruments by index."""

    name: str
    rows: list[Instrument]
    cash: float = 1_000_000.0
    positions: dict[int, Position] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    commissions: float = 0.0
    interest: float = 0.0
    dividends: float = 0.0
    borrow_fees: float = 0.0
    realized: float = 0.0

    def trade(self, instrument: int, quantity: int, price: float) -> float:
        """Book `quantity` (signed) at `price`; return the profit that closing realized."""
        self.cash -= quantity * price * self.rows[instrument].multiplier
        return self.transfer(instrument, quantity, price)

    def transfer(self, instrument: int, quantity: int, price: float) -> float:
        """Change a position without a payment, at `price` per share; return the realized profit."""
        position = self.positions.setdefault(instrument, Position())
        held = position.quantity
        realized = 0.0
        if held * quantity < 0:
            closed = min(abs(held), abs(quantity)) * (1 if held > 0 else -1)
            realized = closed * (price - position.cost) * self.rows[instrument].multiplier
            if abs(quantity) > abs(held):
                position.cost = price
        elif held + quantity:
            position.cost = (held * position.cost + quantity * price) / (held + quantity)
        position.quantity = held + quantity
        position.realized += realized
        self.realized += realized
        return realized

    def book(self, execution: Execution) -> Execution:
        """Book `execution` and its commission; return it with what it realized."""
        realized = math.nan
        if execution.instrument >= 0:
            closes = self.quantity(execution.instrument) * execution.side < 0
            gained = self.trade(
                execution.instrument, execution.side * execution.quantity, execution.price
            )
            self.pay_commission(execution.commission)
            realized = gained - execution.commission if closes else math.nan
        booked = replace(execution, realized=realized)
        self.executions.append(booked)
        return booked

    def correct(self, old: Execution, quantity: int, price: float) -> Execution:
        """Replace `old`, the latest of its stem, by `quantity` at `price`; its group counts on."""
        stem, _, group = old.exec_id.rpartition(".")
        new = replace(
            old, exec_id=f"{stem}.{int(group) + 1:02d}", quantity=quantity, price=price,
            total=old.total - old.quantity + quantity,
        )  # fmt: skip
        if old.instrument >= 0:
            self.trade(old.instrument, -old.side * old.quantity, old.price)
            if quantity:
                self.trade(old.instrument, old.side * quantity, price)
        self.executions.append(new)
        return new

    def latest(self, execution: Execution) -> Execution:
        """Return what `execution` is by now: itself, or its last correction."""
        stem = execution.exec_id.rpartition(".")[0]
        return [e for e in self.executions if e.exec_id.rpartition(".")[0] == stem][-1]

    def pay_commission(self, amount: float) -> None:
        """Take a commission from the cash."""
        self.cash -= amount
        self.commissions += amount

    def quantity(self, instrument: int) -> int:
        """Return how much of `instrument` is held."""
        position = self.positions.get(instrument)
        return position.quantity if position else 0

    def held(self) -> dict[int, Position]:
        """Return the positions that are not flat, by instrument in order."""
        return {i: self.positions[i] for i in sorted(self.positions) if self.positions[i].quantity}

    def market_value(self, price: Price) -> float:
        """Return what the positions are worth."""
        total = 0.0
        for i, position in self.held().items():
            total += position.quantity * price(i) * self.rows[i].multiplier
        return total

    def unrealized(self, price: Price) -> float:
        """Return what closing everything would realize."""
        total = 0.0
        for i, position in self.held().items():
            total += position.quantity * (price(i) - position.cost) * self.rows[i].multiplier
        return total

    def margins(
        self, price: Price, extra: Mapping[int, int] | None = None, cash: float = 0.0
    ) -> tuple[float, float, float]:
        """Return initial margin, maintenance margin and equity, with `extra` positions held too.

        `cash` is what these bring. O(positions x moves).
        """
        holdings = {i: p.quantity for i, p in self.held().items()}
        for i, quantity in (extra or {}).items():
            holdings[i] = holdings.get(i, 0) + quantity
        by_underlying: dict[int, list[tuple[int, int]]] = {}
        for i, quantity in holdings.items():
            if quantity:
                by_underlying.setdefault(self.rows[i].underlying, []).append((i, quantity))
        initial = 0.0
        value = 0.0
        for underlying, lines in by_underlying.items():
            initial += self._risk(underlying, lines, price)
            for i, quantity in lines:
                value += quantity * price(i) * self.rows[i].multiplier
        return initial, _MAINTENANCE * initial, self.cash + cash + value

    def _risk(self, underlying: int, lines: list[tuple[int, int]], price: Price) -> float:
        spot = price(underlying)
        now = math.fsum(q * price(i) * self.rows[i].multiplier for i, q in lines)
        worst = 0.0
        for move in _MOVES:
            there = spot * (1.0 + move)
            then = math.fsum(
                q * self._value_at(i, there) * self.rows[i].multiplier for i, q in lines
            )
            worst = max(worst, now - then)
        short = sum(int(-q) for i, q in lines if q < 0 and self.rows[i].right)
        return worst + _PER_SHORT_OPTION * short

    def _value_at(self, instrument: int, spot: float) -> float:
        row = self.rows[instrument]
        if not row.right:
            return spot
        return max(0.0, spot - row.strike if row.right == "C" else row.strike - spot)
