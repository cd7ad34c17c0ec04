"""A broker on paper: orders trade at what is displayed, late and at a cost.

An order reaches the market `latency_ns` after it was placed, and what becomes of it is heard so
much later again. It trades at displayed prices for displayed sizes; what it took is gone until the
quote changes. A combo trades in whole lots when the touch of all its legs together meets its net
limit. An order for one contract that has rested trades at its own limit: the quote came to it.
Whoever owns the broker calls `advance` after every change of a quote.

Deterministic: the clock is handed in, ids count up, and faults are told beforehand.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.clock import NS_PER_SECOND, Clock
from engine.execution.broker import (
    Absent,
    Acked,
    BrokerEvent,
    Ended,
    Evidence,
    LinkDown,
    LinkUp,
    Seen,
    Sink,
    Warned,
)
from engine.execution.orders import DAY, IOC, PREFIX, Order
from engine.execution.paper_account import PaperAccount
from engine.execution.paper_margin import initial_margin, value
from engine.execution.paper_quotes import Displayed, Quotes
from engine.market.contract import STOCK, Contract
from engine.market.fees import FeeSchedule

FAULTS = ("reject", "lost", "no_ack", "partial", "duplicate", "correction", "bust")
"""What may be told of the nth order: refused; never arrived; nothing said of it before a fill; half
of it filled, the rest resting; every fill told twice; its last execution corrected by a cent; taken
back."""

_DEFAULT_FEES = FeeSchedule()
_TINY = 1e-9
_NOT_CANCELLABLE = 10148
_SILENT, _LIVE, _OVER = range(3)
_NEVER = 1 << 62
# Orders that are remembered; the oldest that are over are forgotten, as brokers tell of one day.
_MOST_KEPT = 5_000


def _ignore(event: BrokerEvent) -> None:
    """Take an event that nobody listens to."""


@dataclass(eq=False, slots=True)
class _Working:
    order: Order
    permanent: str
    fault: str
    state: int = _SILENT
    filled: int = 0
    is_resting: bool = False

    @property
    def cap(self) -> int:
        """The most lots that may be filled."""
        return max(1, self.order.lots // 2) if self.fault == "partial" else self.order.lots


class PaperBroker:
    """Simulated fills against displayed quotes; `engine.execution.broker.Broker` says the rest.

    Parameters
    ----------
    quotes
        Return bid, ask and their sizes of a contract, as `BookQuotes` does.
    faults
        What goes wrong with the nth order, counted from 1: one of `FAULTS`.
    """

    def __init__(
        self,
        account: str,
        quotes: Quotes,
        clock: Clock,
        *,
        cash: float = 1_000_000.0,
        fees: FeeSchedule = _DEFAULT_FEES,
        latency_ns: int = 1_000_000,
        sink: Sink = _ignore,
        faults: Mapping[int, str] | None = None,
    ) -> None:
        self.account = account
        self.sink = sink
        self.books = PaperAccount(account, cash, fees)
        self.latency_ns = latency_ns
        self._clock = clock
        self._displayed, self._quotes = Displayed(quotes), quotes
        self._contracts: dict[str, Contract] = {}
        self._available: tuple[tuple[int, int], float] = ((-1, 0), math.nan)
        self._faults = dict(faults or {})
        self._orders: dict[str, _Working] = {}
        self._resting: list[_Working] = []
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._sequence = self._number = 0
        self._now_ns = 0
        self._is_linked = True

    # the requests

    def is_ready(self) -> bool:
        """Tell whether an order given now would be sent now."""
        return self._is_linked

    def place(self, order: Order) -> bool:
        """Send an order; False if it was certainly not sent."""
        is_fit = order.lots >= 1 and order.combo.legs and math.isfinite(order.limit)
        is_fit = is_fit and order.account == self.account
        if not self._is_linked or order.ref in self._orders or not is_fit:
            return False
        for _, contract in order.combo.legs:
            self._contracts[contract.name] = contract
        self._number += 1
        number = self._number
        working = _Working(order, f"{self.account}-{number}", self._faults.get(number, ""))
        self._orders[order.ref] = working
        if len(self._orders) > _MOST_KEPT:
            self._forget()
        if working.fault != "lost":
            self._later(lambda: self._arrive(working))
        return True

    def cancel(self, ref: str) -> bool:
        """Ask to cancel an order; False if that was not sent."""
        working = self._orders.get(ref)
        if not self._is_linked or working is None:
            return False
        self._later(lambda: self._cancel(working, is_told=True))
        return True

    def try_out(self, order: Order) -> float:
        """Return by how much an order would change the margin, in dollars; nan is not known."""
        held = self._holdings()
        after = dict(held)
        for leg, (_, contract) in enumerate(order.combo.legs):
            after[contract] = after.get(contract, 0.0) + order.quantity(leg)
        now, then = (initial_margin(one.items(), self._middle) for one in (held, after))
        return then - now

    def available_usd(self) -> float:
        """Return what the account has beside its margin, not older than a second; nan: not known.

        O(positions) once a second, and after each execution.
        """
        key = len(self.books.executions), self._clock.monotonic_ns() // NS_PER_SECOND
        if self._available[0] != key:
            held = self._holdings()
            equity = self.books.cash + value(held.items(), self._middle)
            self._available = key, equity - initial_margin(held.items(), self._middle)
        return self._available[1]

    def _holdings(self) -> dict[Contract, float]:
        """Return the positions by contract; of one that no order of ours was for nothing is known.

        Its price is nan then, and so is whatever follows from it.
        """
        return {
            self._contracts.get(name) or Contract(STOCK, name): quantity
            for name, quantity in self.books.positions.items()
        }

    def _middle(self, contract: Contract) -> float:
        bid, ask, _, _ = self._quotes(contract)
        return 0.5 * (max(bid, 0.0) + ask) if ask > 0.0 else math.nan

    def cancel_all(self) -> bool:
        """Cancel every open order."""
        for ref in list(self._orders):
            working = self._orders[ref]
            self._later(lambda working=working: self._cancel(working, is_told=False))  # type: ignore[misc]
        return self._is_linked

    def ask(self, ref: str) -> bool:
        """Ask what became of an order: `Seen` or `Absent` follow."""
        if not self._is_linked:
            return False
        self._later(lambda: self._tell(self._answer(ref)))
        return True

    def request_evidence(self) -> bool:
        """Ask for everything: `Evidence` follows."""
        if not self._is_linked:
            return False
        self._later(lambda: self._tell(self.evidence()))
        return True

    # time and link

    def next_ns(self) -> int:
        """Return when something of its own is due."""
        return self._due[0][0] if self._due else _NEVER

    def advance(self, now_ns: int) -> None:
        """Let everything happen that is due by `now_ns`, and try what rests. O(what rests)."""
        while self._due and self._due[0][0] <= now_ns:
            due_ns, _, what = heapq.heappop(self._due)
            self._now_ns = max(self._now_ns, due_ns)
            what()
        self._now_ns = max(self._now_ns, now_ns)
        for working in list(self._resting):
            self._match(working)

    def disconnect(self, reason: str) -> None:
        """Lose the link: orders live on, and nothing of them is heard."""
        if self._is_linked:
            self._is_linked = False
            self.sink(LinkDown(reason))

    def reconnect(self) -> None:
        """Have the link back."""
        if not self._is_linked:
            self._is_linked = True
            self.sink(LinkUp())

    def close_day(self) -> None:
        """End the orders of the day."""
        for working in list(self._resting):
            if working.order.tif == DAY:
                self._end(working, "Cancelled", "the session is over")

    def restore(self, evidence: Evidence) -> None:
        """Go on with the cash, positions and executions that an earlier broker on paper had."""
        self.books.restore(evidence)

    def working(self) -> list[Order]:
        """Return the orders that are alive, oldest first."""
        return [w.order for w in self._orders.values() if w.state == _LIVE]

    def evidence(self) -> Evidence:
        """Return all there is to say about the account now."""
        ours = [w for w in self._orders.values() if w.order.ref.startswith(PREFIX)]
        orders = tuple(self._seen(w) for w in ours if w.state != _SILENT)
        foreign = len([w for w in self._orders.values() if w.state == _LIVE]) - len(
            [w for w in ours if w.state == _LIVE]
        )
        books = self.books
        return Evidence(
            orders, tuple(books.executions), tuple(books.fees), books.held(), foreign,
            cash=books.cash,
        )  # fmt: skip

    # what happens

    def _forget(self) -> None:
        """Forget the older half of the orders, but for those alive, and their executions."""
        for ref in list(self._orders)[: _MOST_KEPT // 2]:
            if self._orders[ref].state == _OVER:
                del self._orders[ref]
        self.books.forget(self._orders)

    def _later(self, what: Callable[[], None]) -> None:
        self._now_ns = max(self._now_ns, self._clock.now_ns())
        self._at(self._now_ns + self.latency_ns, what)

    def _at(self, due_ns: int, what: Callable[[], None]) -> None:
        self._sequence += 1
        heapq.heappush(self._due, (due_ns, self._sequence, what))

    def _tell(self, event: BrokerEvent) -> None:
        """Let an event be heard; what is said while the link is down is lost."""

        def say() -> None:
            if self._is_linked:
                self.sink(event)

        self._at(self._now_ns + self.latency_ns, say)

    def _arrive(self, working: _Working) -> None:
        order = working.order
        if working.fault == "reject":
            working.state = _OVER
            self._tell(Ended(order.ref, 0, "Rejected", "refused as told"))
            return
        working.state = _LIVE
        if working.fault != "no_ack":
            self._tell(Acked(order.ref, working.permanent))
        self._match(working)
        if working.state == _LIVE:
            if order.tif == IOC:
                self._end(working, "Cancelled", "immediate or cancel")
            else:
                working.is_resting = True
                self._resting.append(working)

    def _cancel(self, working: _Working, *, is_told: bool) -> None:
        if working.state == _LIVE:
            self._end(working, "Cancelled", "as asked")
        elif is_told and working.state == _OVER:
            self._tell(Warned(working.order.ref, _NOT_CANCELLABLE, "the order is over"))

    def _end(self, working: _Working, status: str, reason: str = "") -> None:
        working.state = _OVER
        if working.is_resting:
            self._resting.remove(working)
            working.is_resting = False
        self._tell(Ended(working.order.ref, working.filled, status, reason))

    def _answer(self, ref: str) -> BrokerEvent:
        working = self._orders.get(ref)
        if working is None or working.state == _SILENT:
            return Absent(ref, True)
        return self._seen(working)

    @staticmethod
    def _seen(working: _Working) -> Seen:
        is_live = working.state == _LIVE
        return Seen(working.order.ref, working.filled, is_live, working.permanent)

    # trading

    def _match(self, working: _Working) -> None:
        order = working.order
        lots = working.cap - working.filled
        lines: list[tuple[Contract, int, int, float]] = []
        net = 0.0
        for ratio, contract in order.combo.legs:
            side = 1 if ratio > 0 else -1
            price, size = self._displayed.touch(contract, side)
            per_lot = int(abs(ratio) * (order.multiplier if contract.kind == STOCK else 1.0))
            lots = min(lots, size // per_lot)
            net += ratio * price
            lines.append((contract, side, per_lot, price))
        if lots <= 0 or net > order.limit + _TINY:
            return
        if working.is_resting and order.is_single:
            ((ratio, _),) = order.combo.legs
            ((contract, side, per_lot, _),) = lines
            net = order.limit
            lines = [(contract, side, per_lot, net / ratio)]
        self._fill(working, lots, net, lines)

    def _fill(
        self,
        working: _Working,
        lots: int,
        net: float,
        lines: list[tuple[Contract, int, int, float]],
    ) -> None:
        order, books = working.order, self.books
        working.filled += lots
        told: list[BrokerEvent] = []
        if not order.is_single:
            told.append(books.whole(order, working.permanent, lots, round(net, 8), self._now_ns))
        charged = []
        for contract, side, per_lot, price in lines:
            quantity = float(side * per_lot * lots)
            self._displayed.take(contract, side, abs(quantity))
            fill, fee = books.trade(
                order, working.permanent, contract, quantity, price, self._now_ns
            )
            told.append(fill)
            charged.append(fee)
        for _ in range(2 if working.fault == "duplicate" else 1):
            for event in told:
                self._tell(event)
        for fee in charged:
            self._tell(fee)
        if working.filled == order.lots:
            self._end(working, "Filled")
        if working.fault in ("correction", "bust"):
            self._correct(working, lines[-1][0])

    def _correct(self, working: _Working, contract: Contract) -> None:
        last = self.books.executions[-1]
        multiplier = 1.0 if contract.kind == STOCK else contract.multiplier
        is_bust = working.fault == "bust"
        quantity = 0.0 if is_bust else last.quantity
        price = last.price if is_bust else round(last.price + 0.01, 2)
        working.fault = ""
        self._tell(self.books.correct(last, multiplier, quantity, price))
