"""What a broker has said of our orders, by our reference; pure, and never ahead of what was said.

IB names an order three ways: by our reference, by the client's number, which it gives out again
after a restart, and by its permanent id. Here the reference is the order, the permanent id one life
of it. Two lives under one reference are two orders in the market, and both count.

* A status is taken when it says more than was known: what has ended does not live again, and fewer
  lots than before are an echo.
* The order has ended when every life of it has; its lots are those of all of them.
* `Inactive` is not an end: IB says it of orders that may still wake.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.execution.broker import (
    Absent,
    Acked,
    BrokerEvent,
    Ended,
    Fill,
    Seen,
    Warned,
)
from engine.execution.orders import PREFIX

FINAL = ("Filled", "Cancelled", "ApiCancelled")
INACTIVE = "Inactive"
_MOST_KEPT = 20_000


@dataclass(eq=False, slots=True)
class Life:
    """One order at the broker: `permanent` is 0 until it has said so."""

    client_id: int
    order_id: int
    permanent: int = 0
    filled: float = 0.0
    status: str = ""

    @property
    def is_over(self) -> bool:
        """Whether its end was said."""
        return self.status in FINAL


@dataclass(eq=False, slots=True)
class Entry:
    """All lives of one reference; `per_lot` contracts or shares make a lot."""

    ref: str
    per_lot: float
    lives: list[Life] = field(default_factory=list)
    told: tuple[int, str] | None = None
    reason: str = ""

    @property
    def filled(self) -> int:
        """Whole lots that all lives have filled."""
        return int(sum(int(life.filled) for life in self.lives) / self.per_lot)

    @property
    def is_over(self) -> bool:
        """Whether every life has ended."""
        return bool(self.lives) and all(life.is_over for life in self.lives)


@dataclass(slots=True)
class InquiryAnswer:
    """What came in answer to one inquiry, by permanent id."""

    opened: set[int] = field(default_factory=set)
    completed: set[int] = field(default_factory=set)
    foreign: set[int] = field(default_factory=set)
    executions: dict[str, Fill] = field(default_factory=dict)

    def lots_executed(self, ref: str, per_lot: float, permanent: str = "") -> int:
        """Return the whole lots of `ref` among the executions, corrections replacing.

        Of one life of it alone where `permanent` is given.
        """
        latest: dict[str, Fill] = {}
        for execution, fill in self.executions.items():
            if fill.ref == ref and permanent in ("", fill.permanent):
                stem = execution.rpartition(".")[0]
                if stem not in latest or execution > latest[stem].execution:
                    latest[stem] = fill
        whole = [abs(fill.quantity) for fill in latest.values() if not fill.contract]
        single = [abs(fill.quantity) for fill in latest.values() if fill.contract]
        return int(sum(int(q) for q in whole) if whole else sum(int(q) for q in single) / per_lot)

    def refs(self) -> list[str]:
        """Return the references of the executions, each once, in order."""
        return list(dict.fromkeys(fill.ref for fill in self.executions.values()))


class OrderTable:
    """The orders of one client id. Each method returns the events that follow."""

    def __init__(self, client_id: int, stock_lot: float = 100.0) -> None:
        self.client_id = client_id
        self.high_water = 0
        self.echoes = 0
        self._stock_lot = stock_lot
        self._entries: dict[str, Entry] = {}
        self._by_permanent: dict[int, Entry] = {}
        self._by_number: dict[int, Entry] = {}

    def placed(self, ref: str, order_id: int, per_lot: float) -> None:
        """Take note of an order that is about to be sent."""
        entry = Entry(ref, per_lot, [Life(self.client_id, order_id)])
        self._entries[ref] = self._by_number[order_id] = entry
        self.high_water = max(self.high_water, order_id)
        self._prune()

    def withdrawn(self, ref: str, order_id: int) -> None:
        """Forget an order that was certainly not sent; its number stays used."""
        self._entries.pop(ref, None)
        self._by_number.pop(order_id, None)

    def is_known(self, ref: str) -> bool:
        """Tell whether the broker was ever told of a reference, or told us."""
        return ref in self._entries

    def ref_of(self, order_id: int) -> str:
        """Return the reference of this client's order number, "" if there is none."""
        entry = self._by_number.get(order_id)
        return entry.ref if entry else ""

    def ref_of_permanent(self, permanent: int) -> str:
        """Return the reference of a permanent id, "" if there is none."""
        entry = self._by_permanent.get(permanent)
        return entry.ref if entry else ""

    def is_over(self, ref: str) -> bool:
        """Tell whether every life of an order has ended."""
        entry = self._entries.get(ref)
        return entry is not None and entry.is_over

    def live(self, ref: str) -> list[Life]:
        """Return the lives under a reference whose end was not said."""
        entry = self._entries.get(ref)
        return [life for life in entry.lives if not life.is_over] if entry else []

    def live_refs(self) -> list[str]:
        """Return the references with a life whose end was not said, oldest first."""
        return [ref for ref, entry in self._entries.items() if not entry.is_over]

    # what the broker says

    def opened(
        self, client_id: int, order_id: int, permanent: int, ref: str, sec_type: str
    ) -> list[BrokerEvent]:
        """Take an openOrder: the order is at the broker."""
        if client_id == self.client_id:
            self.high_water = max(self.high_water, order_id)
        if not ref.startswith(PREFIX):
            return []
        entry = self._entry(ref, sec_type)
        _, events = self._life(entry, client_id, order_id, permanent)
        return events

    def status(
        self, client_id: int, order_id: int, permanent: int, status: str, filled: float
    ) -> list[BrokerEvent]:
        """Take an orderStatus."""
        entry = self._by_permanent.get(permanent)
        if entry is None and client_id == self.client_id:
            entry = self._by_number.get(order_id)
        if entry is None:
            return []
        life, events = self._life(entry, client_id, order_id, permanent)
        if life.is_over and (status not in FINAL or filled < life.filled):
            self.echoes += 1
            return events
        life.filled = max(life.filled, filled)
        life.status = status
        if status == INACTIVE:
            events.append(Warned(entry.ref, 0, "Inactive: neither working nor over"))
        return events + self._ended(entry)

    def completed(
        self, permanent: int, ref: str, sec_type: str, status: str, filled: float
    ) -> None:
        """Take a completedOrder: it has neither number nor client."""
        if ref.startswith(PREFIX):
            life, _ = self._life(self._entry(ref, sec_type), self.client_id, 0, permanent)
            life.filled = max(life.filled, filled)
            life.status = status if status in FINAL else "Cancelled"

    def warned(
        self, order_id: int, code: int, text: str, *, is_refusal: bool = False
    ) -> list[BrokerEvent]:
        """Take an error about an order: it says nothing certain."""
        entry = self._by_number.get(order_id)
        if entry is None or entry.is_over:
            return []
        entry.reason = text
        return [Warned(entry.ref, code, text, is_refusal)]

    def executed(self, ref: str, order_id: int, client_id: int, sec_type: str) -> None:
        """Take note that an order of ours was executed, whatever else was said of it."""
        if client_id == self.client_id:
            self.high_water = max(self.high_water, order_id)
        self._entry(ref, sec_type)

    # answers

    def answers(
        self, ref: str, said: InquiryAnswer, *, is_beyond_barrier: bool
    ) -> list[Absent | Seen]:
        """Return what a complete answer of the broker means for one order: one for each life."""
        entry = self._entries.get(ref)
        lives = entry.lives if entry else []
        found = [x for x in lives if x.permanent in said.opened or x.permanent in said.completed]
        known = [life for life in lives if life.is_over or life in found]
        if entry is None or not (known or ref in said.refs()):
            if entry is not None and is_beyond_barrier:
                entry.lives = []
            return [Absent(ref, is_beyond_barrier)]
        if is_beyond_barrier:
            entry.lives = known
        lots = max(entry.filled, said.lots_executed(ref, entry.per_lot))
        if not any(not life.is_over for life in known):
            entry.told = (lots, entry.lives[-1].status if entry.lives else "")
        if len(known) < 2:
            return [_seen(ref, lots, life) for life in known] or [Seen(ref, lots, False)]
        return [
            _seen(
                ref,
                max(
                    int(life.filled / entry.per_lot),
                    said.lots_executed(ref, entry.per_lot, str(life.permanent)),
                ),
                life,
            )
            for life in known
        ]

    def refs_in(self, said: InquiryAnswer) -> list[str]:
        """Return the references of ours that an answer names, in order."""
        named = (self.ref_of_permanent(p) for p in said.opened | said.completed)
        return sorted({*said.refs(), *named} - {""})

    # within

    def _entry(self, ref: str, sec_type: str) -> Entry:
        entry = self._entries.get(ref)
        if entry is None:
            per_lot = self._stock_lot if sec_type == "STK" else 1.0
            entry = self._entries[ref] = Entry(ref, per_lot)
            self._prune()
        elif sec_type == "BAG":
            entry.per_lot = 1.0
        return entry

    def _life(
        self, entry: Entry, client_id: int, order_id: int, permanent: int
    ) -> tuple[Life, list[BrokerEvent]]:
        """Return the life that is meant, and the acknowledgement if it is new."""
        if client_id == self.client_id and order_id > 0:
            self._by_number[order_id] = entry
        for life in entry.lives:
            if permanent and life.permanent == permanent:
                if order_id > 0:
                    life.client_id, life.order_id = client_id, order_id
                return life, []
        for life in entry.lives:
            if not permanent or not life.permanent:
                break
        else:
            life = Life(client_id, order_id)
            entry.lives.append(life)
        if not permanent:
            return life, []
        life.permanent = permanent
        self._by_permanent[permanent] = entry
        return life, [Acked(entry.ref, str(permanent))]

    def _ended(self, entry: Entry) -> list[BrokerEvent]:
        if not entry.is_over:
            return []
        status = entry.lives[-1].status
        told = (entry.filled, status)
        if told == entry.told:
            return []
        entry.told = told
        return [Ended(entry.ref, *told, entry.reason)]

    def _prune(self) -> None:
        """Forget the oldest orders that have ended, so that memory stays flat over weeks."""
        if len(self._entries) <= _MOST_KEPT:
            return
        for ref in list(self._entries)[: _MOST_KEPT // 2]:
            entry = self._entries[ref]
            if entry.is_over or not entry.lives:
                del self._entries[ref]
                for life in entry.lives:
                    self._by_permanent.pop(life.permanent, None)
                    self._by_number.pop(life.order_id, None)


def _seen(ref: str, lots: int, life: Life) -> Seen:
    return Seen(ref, lots, not life.is_over, str(life.permanent) if life.permanent else "")
