"""Reconciliation: nothing is sent before the broker's account and the journal agree."""

from __future__ import annotations

from collections import deque
from datetime import date

from engine.clock import NS_PER_SECOND
from engine.execution import entries
from engine.execution.broker import Absent, Evidence, LinkDown, LinkUp
from engine.execution.days import day_of
from engine.execution.entries import is_ours, package_of
from engine.execution.events import Told
from engine.execution.package import UNKNOWN
from engine.execution.packages import Packages
from engine.execution.pnl import loss_of
from engine.execution.reconcile import (
    Difference,
    baseline_of,
    difference_text,
    differences,
    settled_names,
)
from engine.execution.rules import ns
from engine.execution.settlements import explain
from engine.market.calendar import calendar_named
from engine.market.contract import STOCK, Contract

# What the night has done is told some time after the open.
_AFTER_OPEN_NS = 60 * NS_PER_SECOND


class Reconciliation:
    """Asks for everything after each connection, and lets packages go on when it agrees.

    `found` are the last differences between journal and broker.
    """

    def __init__(self, packages: Packages, told: Told) -> None:
        self.packages, self.told, self.state = packages, told, packages.state
        self.found: tuple[Difference, ...] = ()
        self._rounds = self._due_ns = 0
        # How many orders had been sent when each unanswered request was made.
        self._requests: deque[int] = deque()
        self._accepts = False
        self._day = date.min

    def on_link_down(self, event: LinkDown) -> None:
        """Take the link as down."""
        self.packages.log.append(entries.EVENT, entries.event_data(event), is_durable=False)
        self._due_ns = 0
        self._requests.clear()
        self.packages.disconnect()

    def on_link_up(self) -> None:
        """Take the link as up, and ask for everything."""
        self.packages.log.append(entries.EVENT, entries.event_data(LinkUp()), is_durable=False)
        if not self.packages.is_linked:
            self._requests.clear()
        self.packages.is_linked, self.packages.is_reconciled = True, False
        self._rounds = 0
        self._ask_for_evidence()

    def on_time(self) -> None:
        """Ask again where no answer came, or it did not agree."""
        if self.packages.is_linked and self.packages.is_reconciled and self._is_new_session():
            self.packages.is_reconciled, self._rounds = False, 0
            self._ask_for_evidence()
            return
        is_due = self._due_ns and self.packages.clock.monotonic_ns() >= self._due_ns
        if self.packages.is_linked and is_due:
            self._ask_for_evidence()

    def _is_new_session(self) -> bool:
        """Tell whether a night has passed over what is held: positions are compared once more."""
        now = self.packages.clock.now_ns()
        day = day_of(now)
        if day <= self._day or any(True for _ in self.state.open_trades()):
            return False
        calendar = calendar_named("us")
        if not calendar.is_session(day) or now < calendar.open_ns(day) + _AFTER_OPEN_NS:
            return False
        self._day = day
        return any(held for held in self.state.executions.positions().values())

    def resume(self, reason: str) -> None:
        """Lift every halt, and reconcile again."""
        now = self.packages.clock.now_ns()
        accepted = loss_of(self.packages.day_pnl_usd())
        self.packages.log.append(entries.RESUME, {"reason": reason, "accepted_usd": accepted})
        self.state.accept(accepted, now)
        self.state.halts.clear()
        self.state.torn = ""
        self._accepts = True
        self.packages.is_reconciled = False
        if self.packages.is_linked:
            self._rounds = 0
            self._ask_for_evidence()

    def _ask_for_evidence(self) -> None:
        self._requests.append(self.state.n_orders)
        self.packages.broker.request_evidence()
        self._due_ns = self.packages.clock.monotonic_ns() + ns(self.packages.rules.evidence_s)

    def on_evidence(self, evidence: Evidence) -> None:
        """Take everything that the broker says, and go on if it agrees with the journal."""
        self.packages.log.append(entries.EVENT, entries.event_data(evidence), is_durable=False)
        sent_before = self._requests.popleft() if self._requests else 0
        is_first = self.state.baseline is None and not self.state.trades
        self._book(evidence, is_first=is_first)
        seen = {one.ref for one in evidence.orders}
        for one in evidence.orders:
            self.told.on_status(one)
        for trade in self.state.open_trades():
            for sent in tuple(trade.live()):
                if sent.order.ref not in seen:
                    # Of an order that was sent after the question the answer says nothing.
                    is_evidence = evidence.is_beyond_barrier and sent.number <= sent_before
                    self.told.on_status(Absent(sent.order.ref, is_evidence))
        if self.packages.is_linked and not self.packages.is_reconciled:
            self._conclude(evidence)

    def _book(self, evidence: Evidence, *, is_first: bool) -> None:
        for fill in evidence.executions:
            if is_first and is_ours(fill.ref):
                # Of a journal that is not here: part of what the account held before.
                self.told.taken[package_of(fill.ref)] = None
                self.state.strays.setdefault(fill.ref, None)
            else:
                self.told.on_fill(fill)
        for fee in evidence.fees:
            self.told.on_fee(fee)

    def _conclude(self, evidence: Evidence) -> None:
        """End a reconciliation, or ask once more."""
        state = self.state
        unexplained = self._settle(evidence) if state.baseline is not None else ()
        ours = state.executions.positions()
        if state.baseline is None or self._accepts:
            self._set_baseline(baseline_of(evidence.positions, ours))
        assert state.baseline is not None
        open_ones = [
            sent.order.ref
            for trade in state.open_trades()
            for sent in trade.live()
            if trade.current[sent.intent.leg] is sent
            and trade.value.legs[sent.intent.leg].knowledge == UNKNOWN
        ]
        today = self._day = day_of(self.packages.clock.now_ns())
        self.found = differences(
            ours, state.baseline, evidence.positions,
            settled_names(state.trades.values(), today),
            counts_foreign=self.packages.rules.counts_foreign,
        )  # fmt: skip
        if not self._accepts:
            known = {one.contract for one in self.found}
            self.found += tuple(one for one in unexplained if one.contract not in known)
        self._rounds += 1
        if open_ones or (self.found and self._rounds < self.packages.rules.most_rounds):
            self._due_ns = self.packages.clock.monotonic_ns() + ns(self.packages.rules.evidence_s)
            return
        self._due_ns = 0
        text = difference_text(self.found)
        self.packages.log.append(
            entries.RECONCILED, {"differences": [list(one) for one in self.found], "text": text}
        )
        self.packages.is_reconciled = True
        self._accepts = False
        if self.found:
            self.packages.halt(f"positions differ: {text}")
        self.packages.go_on()

    def _settle(self, evidence: Evidence) -> tuple[Difference, ...]:
        """Book what time has done to options of ours; return what nothing explains."""
        state, packages = self.state, self.packages
        assert state.baseline is not None
        contracts = {
            contract.name: (contract, trade.plan.multiplier)
            for trade in state.trades.values()
            for _, contract in trade.plan.combo.legs
        }
        explained = explain(
            contracts.values(), state.executions.positions(), state.baseline,
            dict(evidence.positions), packages.clock.now_ns(), self._spot,
            packages.pays_cash,
        )  # fmt: skip
        if explained.bookings:
            text = "; ".join(str(one) for one in explained.bookings)
            rows = [list(one) for one in explained.bookings]
            packages.log.append(entries.SETTLED, {"bookings": rows, "text": text})
            for one in explained.bookings:
                state.settle(one)
            packages.alert(f"settled: {text}")
        return explained.unexplained

    def _spot(self, symbol: str) -> float:
        """Return the middle of a stock now, nan where it has no quote."""
        stock = Contract(STOCK, symbol, multiplier=1.0)
        return 0.5 * (self.packages.quotes(stock, 1) + self.packages.quotes(stock, -1))

    def _set_baseline(self, baseline: dict[str, float]) -> None:
        self.state.baseline = baseline
        self.packages.log.append(entries.BASELINE, {"positions": baseline})
