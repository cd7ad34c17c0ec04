"""What a journal tells: packages with their orders, what they earned, what was refused, what halts.

One fold serves the live table, `status`, `orders`, `positions`, `explain` and `report`, whether an
engine runs or not. It decides nothing: recovery is the business of `engine.execution`.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.execution import entries
from engine.execution.broker import Absent, Acked, Ended, Fee, Fill, Seen, Warned
from engine.execution.entries import Written
from engine.execution.fills import Executions
from engine.execution.pnl import pending_fees, planned_value
from engine.live.day_gain import NO_GAINS, Gains, gains_of
from engine.live.event_words import event_words
from engine.live.package_story import OrderStory, PackageStory
from engine.session.journal import read_journal

_MOST_RECENT = 200


@dataclass(frozen=True, slots=True)
class Money:
    """A package in currency: ``locked = detected - unfilled - slippage - fees_more``.

    Attributes
    ----------
    lots, held
        Planned, and held whole now.
    paid
        Net per share of what is held; nan where nothing is. What unwinding cost is in it.
    detected
        The edge as it was found, for the planned lots, after fees and order minimums.
    unfilled
        The part of it for lots that are not held.
    slippage
        What was paid above the touch, closing orders included.
    fees, fees_more
        Paid, and what of that was not expected.
    locked
        What is certain: cash, fees, and the worst case of what is held.
    n_unpaid
        Executions whose fee is not known yet; what is expected for them is in `fees`.
    is_whole
        Whether every leg is there in the same number; if not, the rest counts in `locked` as if it
        were still worth what it was planned at.
    """

    lots: int
    held: int
    paid: float
    detected: float
    unfilled: float
    slippage: float
    fees: float
    fees_more: float
    locked: float
    n_unpaid: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was found and not sent; what it was where that is known."""

    ts_ns: int
    sighting: str
    key: str
    refusals: tuple[tuple[str, str], ...]
    symbol: str = ""
    family: str = ""
    legs: str = ""
    edge: float = math.nan
    edge_usd: float = math.nan
    lots: int = 0


class Story:
    """All that a journal says. `take` each entry in order; `packages` and the rest grow.

    Attributes
    ----------
    packages, orders
        By id and by reference, oldest first.
    halted
        Why trading is stopped by the journal, "" if it is not; `halted_ns` since when.
    refusals
        How often each code said no; `recent` are the last ones.
    gains
        What strategies have gained on the last day of which it tells.
    """

    def __init__(self) -> None:
        self.packages: dict[str, PackageStory] = {}
        self.orders: dict[str, OrderStory] = {}
        self.executions = Executions(self._traded)
        self._money: dict[str, Money] = {}
        self.refusals: Counter[str] = Counter()
        self.recent: deque[Refused] = deque(maxlen=_MOST_RECENT)
        self.notes: deque[tuple[int, str]] = deque(maxlen=_MOST_RECENT)
        self.baseline: dict[str, float] = {}
        self.differences: tuple[str, ...] = ()
        self.halted = ""
        self.halted_ns = 0
        self.is_armed = False
        self.gains: Gains = NO_GAINS
        self.n_found = 0
        self.n_entries = 0
        self.last_ns = 0

    @classmethod
    def of(cls, path: Path) -> Story:
        """Return what the journal at `path` says up to now; it may be being written.

        Raises
        ------
        NoInputError, BadDataError
            If it is not there or no journal of ours.
        """
        story = cls()
        for entry in read_journal(path):
            story.take(entry)
        return story

    def take(self, entry: Written) -> None:
        """Take the next entry. One of a kind or shape that is not known says nothing."""
        self.n_entries += 1
        self.last_ns = entry.ts_ns
        reader = _READERS.get(entry.kind)
        if reader is not None:
            try:
                reader(self, entry)
            except (ValueError, TypeError, KeyError):
                self.notes.append((entry.ts_ns, f"entry {entry.seq:,} ({entry.kind}) is unclear"))

    def money(self, package: PackageStory) -> Money:
        """Return what a package has earned and cost. O(executions of it) where it is new."""
        known = self._money.get(package.id)
        if known is None:
            known = self._money[package.id] = self._money_of(package)
        return known

    def _money_of(self, package: PackageStory) -> Money:
        plan, known, refs = package.planned.plan, self.executions, package.refs
        held_by_leg = known.held(refs)
        counts = [
            held_by_leg.get(contract.name, 0.0) / _per_lot(plan.combo.legs, leg, plan.multiplier)
            for leg, (_, contract) in enumerate(plan.combo.legs)
        ]
        held = max(int(min(counts) + 1e-6), 0)
        size = plan.multiplier
        cash = known.cash(refs)
        fees = known.fees(refs) + pending_fees(plan, known, refs)
        part = held / plan.lots
        fees_more = fees - plan.fees_usd * part
        legs = plan.combo.legs
        left = {
            contract.name: held_by_leg.get(contract.name, 0.0)
            - _per_lot(legs, leg, size) * held
            for leg, (_, contract) in enumerate(legs)
        }  # fmt: skip
        # What is left over beside whole packages is no slippage: it counts as it was planned.
        slippage = -cash - plan.touch * size * held - planned_value(plan, left)
        unfilled = plan.edge_usd * (1.0 - part)
        return Money(
            lots=plan.lots, held=held, paid=-cash / (size * held) if held else math.nan,
            detected=plan.edge_usd, unfilled=unfilled, slippage=slippage, fees=fees,
            fees_more=fees_more,
            locked=math.fsum((plan.edge_usd, -unfilled, -slippage, -fees_more)),
            n_unpaid=known.unpaid(refs),
            is_whole=all(abs(count - held) < 1e-6 for count in counts),
        )  # fmt: skip

    # what entries say

    def _start(self, entry: Written) -> None:
        self.is_armed = bool(entry.data.get("is_armed"))
        torn = entry.data.get("torn")
        self.notes.append((entry.ts_ns, f"started{f'; {torn}' if torn else ''}"))

    def _plan(self, entry: Written) -> None:
        planned = entries.read_plan(entry)
        self.n_found += 1
        self.packages[planned.package] = PackageStory(planned, entry.ts_ns, entry.seq)

    def _intent(self, entry: Written) -> None:
        intent = entries.read_intent(entry)
        order = OrderStory(intent, entry.ts_ns)
        self.orders[order.ref] = order
        self.executions.register(intent.order)
        if intent.package in self.packages:
            self.packages[intent.package].orders.append(order)

    def _traded(self, ref: str) -> None:
        """Forget what the package of an order has earned: something new is known of it."""
        order = self.orders.get(ref)
        if order is not None:
            self._money.pop(order.intent.package, None)

    def _sent(self, entry: Written) -> None:
        order = self.orders.get(str(entry.data.get("ref")))
        if order is None:
            return
        is_sent = bool(entry.data.get("is_sent"))
        if order.state == "INTENDED":
            order.state = "SENT" if is_sent else "NOT SENT"
        order.log.append((entry.ts_ns, "handed to the broker" if is_sent else "not sent"))

    def _event(self, entry: Written) -> None:
        event = entries.read_event(entry.data)
        if isinstance(event, Fee):
            self.executions.book_fee(event)
            return
        if not isinstance(event, Acked | Fill | Ended | Seen | Absent | Warned):
            return
        order = self.orders.get(event.ref)
        if isinstance(event, Fill):
            self.executions.book(event)
        if order is None:
            return
        order.log.append((entry.ts_ns, event_words(event)))
        if isinstance(event, Acked):
            order.acked_ns = order.acked_ns or entry.ts_ns
            order.permanent = event.permanent or order.permanent
            order.state = "ACKED" if order.state in ("INTENDED", "SENT") else order.state
        elif isinstance(event, Fill):
            order.first_fill_ns = order.first_fill_ns or entry.ts_ns
            self._filled(order)
        elif isinstance(event, Ended):
            order.ended_ns, order.text = entry.ts_ns, event.reason
            order.state = event.status.upper()
        elif isinstance(event, Seen):
            order.permanent = event.permanent or order.permanent
            if not event.is_live:
                self._filled(order)
                if order.state != "FILLED":
                    order.state = "OVER"
        elif isinstance(event, Absent) and event.is_beyond_barrier:
            order.state = "NOT THERE"

    def _filled(self, order: OrderStory) -> None:
        if order.state in ("INTENDED", "SENT", "ACKED", "PARTIAL", "NOT THERE"):
            lots = self.executions.lots(order.intent.order)
            order.state = "FILLED" if lots >= order.intent.order.lots else "PARTIAL"

    def _phase(self, entry: Written) -> None:
        package = self.packages.get(str(entry.data.get("package")))
        if package is None:
            return
        package.phase = str(entry.data.get("phase"))
        package.over_ns = 0 if package.is_open else entry.ts_ns
        text = str(entry.data.get("text", ""))
        is_told = text.startswith(package.phase)
        package.log.append((entry.ts_ns, text if is_told else f"{package.phase} {text}".strip()))

    def _proof(self, entry: Written) -> None:
        package = self.packages.get(str(entry.data.get("package")))
        if package is not None:
            package.proof = entry.data

    def _refused(self, entry: Written) -> None:
        said = entry.data.get("refusals")
        pairs = (
            tuple((str(code), str(text)) for code, text in said) if isinstance(said, list) else ()
        )
        self.n_found += 1
        self.refusals.update(code for code, _ in pairs)
        data = entry.data
        edges = [data.get("edge"), data.get("edge_usd"), data.get("lots", 0)]
        edge, usd, lots = (float(e) if isinstance(e, int | float) else math.nan for e in edges)
        self.recent.append(Refused(
            entry.ts_ns, str(data.get("sighting")), str(data.get("key")), pairs,
            str(data.get("symbol", "")), str(data.get("by") or data.get("family", "")),
            str(data.get("legs", "")), edge, usd, int(lots),
        ))  # fmt: skip

    def _baseline(self, entry: Written) -> None:
        said = entry.data.get("positions")
        pairs = said.items() if isinstance(said, Mapping) else said
        if isinstance(pairs, Iterable):
            self.baseline = {str(name): float(quantity) for name, quantity in pairs}

    def _settled(self, entry: Written) -> None:
        rows = entry.data.get("bookings")
        for contract, quantity, _, stock, shares, _ in rows if isinstance(rows, list) else ():
            self.executions.settle(str(contract), float(quantity), str(stock), float(shares))
        self.notes.append((entry.ts_ns, f"settled: {entry.data.get('text', '')}"))

    def _reconciled(self, entry: Written) -> None:
        said = entry.data.get("differences")
        rows = said if isinstance(said, list) else []
        self.differences = tuple(
            f"{name}: the journal has {ours:g}, the broker {theirs:g}"
            for name, ours, theirs in rows
        )
        self.notes.append((entry.ts_ns, f"reconciled {entry.data.get('text', '')}".strip()))

    def _alert(self, entry: Written) -> None:
        self.notes.append((entry.ts_ns, f"ALERT {entry.data.get('text', '')}"))

    def _halt(self, entry: Written) -> None:
        self.halted, self.halted_ns = str(entry.data.get("reason")) or "halted", entry.ts_ns
        self.notes.append((entry.ts_ns, f"HALTED {self.halted}"))

    def _resume(self, entry: Written) -> None:
        self.halted, self.halted_ns = "", 0
        self.notes.append((entry.ts_ns, f"resumed: {entry.data.get('reason', '')}"))

    def _gain(self, entry: Written) -> None:
        self.gains = gains_of(entry) or self.gains

    def _stop(self, entry: Written) -> None:
        self.notes.append((entry.ts_ns, f"stopped ({entry.data.get('policy', '')})"))


_READERS = {
    entries.START: Story._start, entries.PLAN: Story._plan, entries.INTENT: Story._intent,
    entries.SENT: Story._sent, entries.EVENT: Story._event, entries.PHASE: Story._phase,
    entries.PROOF: Story._proof, entries.REFUSED: Story._refused,
    entries.BASELINE: Story._baseline, entries.RECONCILED: Story._reconciled,
    entries.SETTLED: Story._settled, entries.GAINS: Story._gain,
    entries.ALERT: Story._alert, entries.HALT: Story._halt, entries.RESUME: Story._resume,
    entries.STOP: Story._stop,
}  # fmt: skip


def _per_lot(legs: object, leg: int, multiplier: float) -> float:
    """Return the contracts, or shares of stock, that a lot holds in a leg."""
    assert isinstance(legs, tuple)
    ratio, contract = legs[leg]
    return float(ratio * (multiplier if contract.kind == "stock" else 1.0))
