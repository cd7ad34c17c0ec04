"""Everything a trader knows, and how entries of its journal change it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import date
from typing import Generic, TypeVar

from engine.clock import NS_PER_SECOND
from engine.execution.broker import Absent, BrokerEvent
from engine.execution.days import day_of
from engine.execution.entries import Intent, Planned
from engine.execution.exposure import Exposure, OpenPackage
from engine.execution.fills import Executions
from engine.execution.package import FINAL
from engine.execution.settlements import Booking
from engine.execution.trade import Sent, Trade

_MINUTE = 60 * NS_PER_SECOND
_HOUR = 60 * _MINUTE


_T = TypeVar("_T")


class Kept(Generic[_T]):
    """What was worked out of each package, and which packages have changed since.

    A day has many packages, and most of them change no more.
    """

    def __init__(self) -> None:
        self._known: dict[str, _T] = {}
        self._changed: dict[str, Trade] = {}
        self._day = date.min

    def touch(self, trade: Trade) -> None:
        """Take note that a package has changed."""
        self._changed[trade.id] = trade

    def changed(self, trades: dict[str, Trade], day: date) -> tuple[Trade, ...]:
        """Return the packages of which `keep` must be told, all of them on another day."""
        if day != self._day:
            self._day, self._changed = day, dict(trades)
        return tuple(self._changed.values())

    def keep(self, trade: Trade, value: _T | None, *, is_final: bool) -> None:
        """Keep what a package comes to, None for nothing; until it changes if it `is_final`."""
        if value is None:
            self._known.pop(trade.id, None)
        else:
            self._known[trade.id] = value
        if is_final:
            self._changed.pop(trade.id, None)

    def values(self) -> tuple[_T, ...]:
        """Return what is kept."""
        return tuple(self._known.values())


class State:
    """Packages, orders and executions by name; what halts trading; what the account held before.

    Attributes
    ----------
    bookings
        What time has done to contracts of ours, oldest first.
    baseline
        Positions that are not ours, by contract; None before the first reconciliation.
    halts
        Why trading is halted, latched; empty while it is not.
    torn
        Why the journal is torn, latched; "" if it is whole.
    strays
        References of ours that the journal does not know.
    recent_ns
        For how long it is known when a combo was last sent.
    accepted_usd, accepted_day
        The loss that a person has accepted by the last resume, and on which day of the exchange.
    """

    def __init__(self) -> None:
        self.trades: dict[str, Trade] = {}
        self.executions = Executions(self._executed)
        self.baseline: dict[str, float] | None = None
        self.bookings: list[Booking] = []
        self.halts: list[str] = []
        self.torn = ""
        self.strays: dict[str, None] = {}
        self.n_orders = 0
        self._by_ref: dict[str, Trade] = {}
        self._open: dict[str, None] = {}
        self._sent_ns: deque[int] = deque()
        self._is_in_order = True
        self.recent_ns = _HOUR
        self.accepted_usd, self.accepted_day = 0.0, date.min
        self._day, self._today = date.min, 0
        self._recent: dict[str, int] = {}
        self._held: Kept[OpenPackage] = Kept()
        self.locked: Kept[float] = Kept()

    def settle(self, booking: Booking) -> None:
        """Take what time has done to a contract of ours."""
        self.bookings.append(booking)
        self.executions.settle(booking.contract, booking.quantity, booking.stock, booking.shares)

    def begin(self, planned: Planned, ts_ns: int, *, completes: bool) -> Trade:
        """Take a package that was planned."""
        trade = Trade(planned, ts_ns, completes=completes, touched=self._touch)
        self.trades[trade.id] = trade
        self._open[trade.id] = None
        return trade

    def add(self, intent: Intent, ts_ns: int) -> Sent:
        """Take an order that is about to be sent.

        Raises
        ------
        ValueError
            If its reference was used before: such an order is never sent.
        """
        ref, trade = intent.order.ref, self.trades[intent.package]
        if ref in self._by_ref or ref in self.strays:
            raise ValueError(f"{ref} was used before")
        self.executions.register(intent.order)
        self._by_ref[ref] = trade
        self._note_time(trade.plan.key, ts_ns)
        sent = trade.add(intent)
        self._touch(trade)
        sent.number = self.n_orders
        return sent

    def find(self, ref: str) -> tuple[Trade, Sent] | None:
        """Return the package and the order of a reference, None if it is not known."""
        trade = self._by_ref.get(ref)
        return None if trade is None else (trade, trade.sent[ref])

    def note(self, sent: Sent, event: BrokerEvent) -> bool:
        """Take what was said about an order; return whether it must be asked about."""
        if isinstance(event, Absent) and event.is_beyond_barrier and not sent.is_over:
            sent.status = "ABSENT"
        self._touch(self.trades[sent.intent.package])
        return sent.note(event)

    def open_trades(self) -> Iterator[Trade]:
        """Yield the packages to which something may still happen, oldest first."""
        for name in tuple(self._open):
            trade = self.trades[name]
            if trade.is_open:
                yield trade
            else:
                self._open.pop(name, None)  # a halt meanwhile may have done it

    def reopen(self, trade: Trade) -> None:
        """Take a package as open again."""
        self._open[trade.id] = None
        self._touch(trade)

    def exposure(self, now_ns: int, day_pnl_usd: float) -> Exposure:
        """Return what is at risk now. O(packages that are open or have changed since)."""
        start = now_ns - _MINUTE
        while self._sent_ns and self._sent_ns[0] <= start:
            self._sent_ns.popleft()
        day = day_of(now_ns)
        for trade in self._held.changed(self.trades, day):
            package = None if trade.is_settled(day) else _open_package(trade)
            self._held.keep(trade, package, is_final=not trade.is_open)
        self._forget(now_ns)
        sent = tuple(self._sent_ns)
        if not self._is_in_order or (sent and sent[-1] > now_ns):  # the clock was set back
            sent = tuple(sorted([min(ts_ns, now_ns) for ts_ns in sent]))
        return Exposure(
            self._held.values(), sent, self._today if day <= self._day else 0,
            tuple(sorted(self._recent.items(), key=lambda one: one[1])), day_pnl_usd,
            self.executions.sorted_positions(),
            accepted_loss_usd=self.accepted_usd if day == self.accepted_day else 0.0,
        )  # fmt: skip

    def _touch(self, trade: Trade) -> None:
        self._held.touch(trade)
        self.locked.touch(trade)

    def _executed(self, ref: str) -> None:
        trade = self._by_ref.get(ref)
        if trade is not None:
            self._touch(trade)

    def _note_time(self, key: str, ts_ns: int) -> None:
        self.n_orders += 1
        if self._sent_ns and ts_ns < self._sent_ns[-1]:
            self._is_in_order = False
        self._sent_ns.append(ts_ns)
        day = day_of(ts_ns)
        if day > self._day:  # a clock that is set back begins no new day
            self._day, self._today = day, 0
        self._today += 1
        self._recent.pop(key, None)
        self._recent[key] = ts_ns
        self._forget(ts_ns)

    def _forget(self, now_ns: int) -> None:
        """Forget combos that were sent longer ago than anybody asks about."""
        while self._recent:
            key = next(iter(self._recent))
            if self._recent[key] > now_ns - self.recent_ns:
                break
            del self._recent[key]

    def accept(self, loss_usd: float, ts_ns: int) -> None:
        """Take the loss of the day as one that a person has accepted."""
        self.accepted_usd, self.accepted_day = loss_usd, day_of(ts_ns)


def _open_package(trade: Trade) -> OpenPackage | None:
    """Return what is at risk in a package, None if nothing is."""
    plan = trade.plan
    part = 1.0
    if not trade.is_open:
        if not trade.lots and trade.is_hedged:
            return None
        part = max(trade.lots, 1) / plan.lots
    return OpenPackage(
        trade.id, plan.symbol, plan.key, trade.notional_usd * part, plan.capital_usd * part,
        trade.is_open, tuple(_working(trade)),
    )  # fmt: skip


def _working(trade: Trade) -> Iterator[tuple[str, int]]:
    """Yield contract or combo key, and side, of the orders of a package that may live."""
    for sent in trade.live():
        i = sent.intent.leg
        if trade.current[i] is sent and trade.value.legs[i].knowledge == FINAL:
            continue
        combo = sent.order.combo
        if sent.order.is_single:
            ratio, contract = combo.legs[0]
            yield contract.name, 1 if ratio > 0 else -1
        else:
            yield trade.plan.key if combo is trade.plan.combo else combo.key, 1
