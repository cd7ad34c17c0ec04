"""What a broker says about orders and executions: journalled, then counted, then acted on."""

from __future__ import annotations

import math

from engine.execution import entries
from engine.execution.broker import Absent, Acked, Ended, Fee, Fill, Seen, Warned
from engine.execution.entries import is_ours, package_of
from engine.execution.package import CANCELLING, FINAL, Action
from engine.execution.packages import Packages
from engine.execution.trade import Sent, Trade

# Brokers say the greatest number there is where they know none.
_MOST_FEE = 1e9


class Told:
    """Takes what is told about orders of ours.

    `taken` are packages that the broker knows and the journal does not: their names are not used
    again.
    """

    def __init__(self, packages: Packages) -> None:
        self.packages, self.state = packages, packages.state
        self.taken: dict[str, None] = dict.fromkeys(package_of(ref) for ref in self.state.strays)

    def on_fill(self, fill: Fill) -> None:
        """Take an execution: journalled first, then counted, then acted on."""
        state = self.state
        if not is_ours(fill.ref):
            self.packages.count("foreign")
            return
        if not (math.isfinite(fill.quantity) and math.isfinite(fill.price)):
            # Never in the journal: it could not be read back, and no sum would be one any more.
            self.packages.halt(f"{fill.ref}: an execution of {fill.quantity} at {fill.price}")
            return
        if not state.executions.is_new(fill):
            state.executions.repeated += 1
            return
        self.packages.count("fill")
        self.packages.log.append(entries.EVENT, entries.event_data(fill))
        state.executions.book(fill)
        found = state.find(fill.ref)
        if found is None:
            self._stray(fill.ref)
            self.packages.halt(
                f"{fill.ref}: {fill.quantity:+g} {fill.contract}, which the journal lacks"
            )
            return
        self._settle(*found)

    def on_fee(self, fee: Fee) -> None:
        """Take what an execution cost."""
        if not abs(fee.amount) < _MOST_FEE:
            self.packages.alert(f"{fee.execution}: a fee of {fee.amount} is none: it is left out")
        elif self.state.executions.book_fee(fee):
            self.packages.log.append(entries.EVENT, entries.event_data(fee), is_durable=False)

    def on_status(self, event: Acked | Ended | Warned | Seen | Absent) -> None:
        """Take what was said about an order."""
        self.packages.count(type(event).__name__.lower())
        if not is_ours(event.ref):
            return
        found = self.state.find(event.ref)
        if found is None:
            if isinstance(event, Acked) or (isinstance(event, Seen) and event.is_live):
                self._stray(event.ref)
            return
        trade, sent = found
        self.packages.log.append(entries.EVENT, entries.event_data(event), is_durable=False)
        if self._is_late(trade, sent, event):
            self._revive(trade, sent)
        n_living = len(sent.permanents)
        must_ask = self.state.note(sent, event)
        if len(sent.permanents) > max(1, n_living):
            self.packages.sender.cancel(sent)
            self.packages.halt(
                f"{event.ref}: {len(sent.permanents)} orders live under one reference"
            )
        self._told(trade, sent, event, must_ask=must_ask or isinstance(event, Warned))

    def _is_late(self, trade: Trade, sent: Sent, event: object) -> bool:
        """Tell whether an order that was taken as over shows that it lives."""
        if not sent.is_over:
            return False
        if isinstance(event, Seen):
            return event.is_live
        if not isinstance(event, Acked):
            return False
        # An acknowledgement may come after the end; one of another order than that known may not.
        is_other = bool(sent.permanents) and event.permanent not in ("", *sent.permanents)
        return sent.status == "ABSENT" or is_other

    def _revive(self, trade: Trade, sent: Sent) -> None:
        """Cancel on sight an order that was taken as over, and reopen its package."""
        ref = sent.order.ref
        self.packages.log.append(entries.LATE, {"ref": ref})
        sent.reported, sent.status = -1, ""
        self.packages.alert(f"{ref} was over and lives: it is cancelled", trade.id)
        self.state.reopen(trade)
        if self.packages.can_cancel:
            self.packages.sender.cancel(sent)
        before = trade.value.phase
        if trade.current[sent.intent.leg] is sent:
            trade.value, actions = trade.machine.late(trade.value, sent.intent.leg)
            self.packages.gate(trade)
            self.packages.step(trade, before, actions)
        else:
            self.packages.gate(trade)

    def _told(self, trade: Trade, sent: Sent, event: object, *, must_ask: bool) -> None:
        """Let the machine know what an order's note now says."""
        i, before = sent.intent.leg, trade.value.phase
        actions: tuple[Action, ...] = ()
        if trade.current[i] is sent and not sent.is_over:
            leg = trade.value.legs[i]
            if isinstance(event, Acked):
                trade.value, actions = trade.machine.acknowledged(trade.value, i)
            elif isinstance(event, Seen) and event.is_live and leg.knowledge != FINAL:
                trade.value, actions = trade.machine.seen(trade.value, i, leg.filled, is_live=True)
                if leg.knowledge == CANCELLING and self.packages.can_cancel:
                    self.packages.sender.cancel(sent)  # the first one may be lost
        self.packages.step(trade, before, actions)
        self._settle(trade, sent)
        if must_ask and self.packages.is_linked and not sent.is_over:
            self.packages.sender.ask(trade, sent)

    def _settle(self, trade: Trade, sent: Sent) -> None:
        before = trade.value.phase
        self.packages.gate(trade)
        actions = trade.settle(sent, self.state.executions)
        was_held = trade.machine.holds_back
        self.packages.gate(trade)
        if was_held and not trade.machine.holds_back:
            trade.value, more = trade.machine.decide(trade.value)
            actions += more
        self.packages.step(trade, before, actions)

    def _stray(self, ref: str) -> None:
        """Cancel on sight a live order of ours that the journal does not know."""
        if ref not in self.state.strays:
            self.state.strays[ref] = None
            self.taken[package_of(ref)] = None
            self.packages.log.append(entries.LATE, {"ref": ref})
            self.packages.alert(f"{ref} lives, and the journal does not know it: it is cancelled")
        if self.packages.can_cancel:
            self.packages.broker.cancel(ref)
