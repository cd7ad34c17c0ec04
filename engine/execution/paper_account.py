"""A paper account: cash, positions, executions and what they cost. Money in currency units."""

from __future__ import annotations

from collections.abc import Container

from engine.execution.broker import Evidence, Fee, Fill
from engine.execution.orders import Order
from engine.market.contract import STOCK, Contract
from engine.market.fees import FeeSchedule


class PaperAccount:
    """The books of one account. An execution of a combo as a whole moves nothing."""

    def __init__(self, name: str, cash: float, fees: FeeSchedule) -> None:
        self.name = name
        self.cash = cash
        self.positions: dict[str, float] = {}
        self.executions: list[Fill] = []
        self.fees: list[Fee] = []
        self._schedule = fees
        self._due: dict[tuple[str, str], tuple[float, float]] = {}
        self._number = 0

    def restore(self, evidence: Evidence) -> None:
        """Go on from what an earlier account of this name said; its ids are not used again."""
        if evidence.cash is not None:
            self.cash = evidence.cash
        self.positions = dict(evidence.positions)
        self.executions, self.fees = list(evidence.executions), list(evidence.fees)
        used = (fill.execution.split(".")[1:2] for fill in self.executions)
        numbers = [int(part[0], 16) for part in used if part]
        self._number = max([self._number, *numbers])

    def execution_id(self) -> str:
        """Return the next execution's id: account, number, and 01 for not corrected."""
        self._number += 1
        return f"{self.name}.{self._number:08x}.01"

    def trade(
        self, order: Order, permanent: str, contract: Contract, quantity: float, price: float,
        ts_ns: int,
    ) -> tuple[Fill, Fee]:  # fmt: skip
        """Book a trade of one contract (negative is sold) and its fee."""
        multiplier = 1.0 if contract.kind == STOCK else contract.multiplier
        execution = self.execution_id()
        fill = Fill(order.ref, execution, contract.name, quantity, price, ts_ns, permanent)
        self._move(contract.name, quantity, quantity * price * multiplier)
        self.executions.append(fill)
        fee = Fee(execution, self._charge(order.ref, contract, abs(quantity), price))
        self.cash -= fee.amount
        self.fees.append(fee)
        return fill, fee

    def whole(
        self, order: Order, permanent: str, lots: int, net: float, ts_ns: int
    ) -> Fill:  # fmt: skip
        """Note a trade of a combo as a whole."""
        fill = Fill(order.ref, self.execution_id(), "", lots, net, ts_ns, permanent)
        self.executions.append(fill)
        return fill

    def correct(self, old: Fill, multiplier: float, quantity: float, price: float) -> Fill:
        """Replace an execution by another quantity and price; 0 takes it back."""
        stem, _, group = old.execution.rpartition(".")
        new = old._replace(execution=f"{stem}.{int(group) + 1:02d}", quantity=quantity, price=price)
        if old.contract:
            paid = (quantity * price - old.quantity * old.price) * multiplier
            self._move(old.contract, quantity - old.quantity, paid)
        self.executions.append(new)
        return new

    def forget(self, known: Container[str]) -> None:
        """Keep executions and fees of `known` orders alone; cash and positions stay."""
        self.executions = [fill for fill in self.executions if fill.ref in known]
        kept = {fill.execution.rpartition(".")[0] for fill in self.executions}
        self.fees = [fee for fee in self.fees if fee.execution.rpartition(".")[0] in kept]
        self._due = {key: due for key, due in self._due.items() if key[0] in known}

    def held(self) -> tuple[tuple[str, float], ...]:
        """Return the positions that are not flat, by name."""
        return tuple((name, self.positions[name]) for name in sorted(self.positions))

    def _move(self, name: str, quantity: float, paid: float) -> None:
        self.cash -= paid
        now = self.positions.get(name, 0.0) + quantity
        if now:
            self.positions[name] = now
        else:
            self.positions.pop(name, None)

    def _charge(self, ref: str, contract: Contract, quantity: float, price: float) -> float:
        """Return what is due: what a minimum of the order asks is due with its first execution."""
        schedule = self._schedule
        if contract.kind == STOCK:
            due, least = schedule.stock_fee(price) * quantity, schedule.stock_minimum
        else:
            per_share = schedule.option_fee(price, contract.multiplier)
            due, least = per_share * contract.multiplier * quantity, schedule.order_minimum
        earned, paid = self._due.get((ref, contract.name), (0.0, 0.0))
        earned += due
        now = max(earned, least) - paid
        self._due[ref, contract.name] = (earned, paid + now)
        return round(now, 6)
