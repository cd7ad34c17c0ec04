"""The packages of an account: what they send, how long they wait, and what halts all of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from engine.clock import Clock
from engine.execution import entries
from engine.execution.broker import Broker
from engine.execution.budget import Quotes
from engine.execution.entries import Log
from engine.execution.modes import Mode
from engine.execution.package import (
    COMPLETING,
    HALTED,
    OVER,
    PHASES,
    SEND,
    UNWINDING,
    WORKING,
    Action,
)
from engine.execution.pnl import day_pnl
from engine.execution.reconcile import residual_text
from engine.execution.rules import Rules, ns
from engine.execution.sending import Sender
from engine.execution.state import State
from engine.execution.trade import Trade

_WINDOWS = (WORKING, COMPLETING, UNWINDING)
_MOST_ALERTS = 50
_DRAIN_FILL_S = 1.0


def delivers_stock(symbol: str) -> bool:
    """Take options as delivering stock: none pays in cash."""
    return False


class Packages:
    """Brings every package to its end.

    `alerts` are the last things that a person must know, as (wall time, sentence); `counts` counts
    what came by kind; `day_pnl_usd` tells what the day has brought, `pays_cash` whether options of
    a symbol leave no stock; `is_linked` and `is_reconciled` are set by whoever hears of it.
    """

    def __init__(
        self, state: State, broker: Broker, log: Log, clock: Clock, rules: Rules, quotes: Quotes,
        *, is_armed: bool,
    ) -> None:  # fmt: skip
        self.state, self.rules, self.is_armed = state, rules, is_armed
        self.broker, self.log, self.clock, self.quotes = broker, log, clock, quotes
        self.pays_cash: Callable[[str], bool] = delivers_stock
        self.is_linked = self.is_reconciled = self.is_draining = False
        self.alerts: deque[tuple[int, str]] = deque(maxlen=_MOST_ALERTS)
        self.counts: dict[str, int] = {}
        self.day_pnl_usd: Callable[[], float] = self._day_pnl
        self.sender = Sender(state, broker, log, clock, rules, quotes)

    @property
    def can_cancel(self) -> bool:
        """Whether a cancel may be sent."""
        return self.is_linked and self.is_armed

    @property
    def mode(self) -> Mode:
        """What may be sent now."""
        if not self.is_armed:
            return Mode.READ_ONLY
        if self.state.halts:
            return Mode.HALTED
        if not (self.is_linked and self.is_reconciled):
            return Mode.RECONCILING
        if self.state.torn:
            return Mode.REDUCING
        return Mode.DRAINING if self.is_draining else Mode.READY

    def _day_pnl(self) -> float:
        return day_pnl(self.state, self.clock.now_ns(), self.quotes)

    # packages

    def start(self, trade: Trade) -> None:
        """Send the first orders of a package."""
        trade.value, actions = trade.machine.begin(
            trade.directions, trade.plan.lots * trade.machine.grain
        )
        trade.window_due_ns = self._window_ends()
        self.step(trade, trade.value.phase, actions)

    def wind_down(self, *, completes: bool) -> None:
        """End the time to be filled of every package."""
        for trade in self.state.open_trades():
            trade.machine.completes = trade.machine.completes and completes
            self.window_over(trade)

    def cancel_working(self) -> None:
        """Cancel every order that may live, whatever its package was about."""
        for trade in self.state.open_trades():
            for sent in trade.live() if self.is_armed else ():
                self.broker.cancel(sent.order.ref)

    def _window_ends(self) -> int:
        """Return until when orders sent now may fill: not for long while everything ends."""
        seconds = self.rules.fill_s
        if self.is_draining:
            seconds = min(seconds, _DRAIN_FILL_S)
        return self.clock.monotonic_ns() + ns(seconds)

    def window_over(self, trade: Trade) -> None:
        """End the time to be filled of a package."""
        before = trade.value.phase
        trade.window_due_ns = 0
        trade.value, actions = trade.machine.window_over(trade.value)
        self.step(trade, before, actions)

    def step(self, trade: Trade, before: int, actions: Sequence[Action]) -> None:
        """Do what a transition asks for, and what follows from what was not sent."""
        while True:
            self._note_phase(trade, before)
            before = trade.value.phase
            unsent = self.sender.act(trade, actions) if actions else []
            if any(action[0] == SEND for action in actions):
                trade.window_due_ns = self._window_ends()
            if not unsent:
                break
            actions = ()
            for sent in unsent:
                actions += trade.settle(sent, self.state.executions)
        self._note_hedge(trade)

    def _note_phase(self, trade: Trade, before: int) -> None:
        phase = trade.value.phase
        if phase == before:
            return
        data = {"package": trade.id, "phase": PHASES[phase], "text": str(trade.value)}
        self.log.append(entries.PHASE, data, is_durable=False)
        if phase < OVER:
            self.state.reopen(trade)
        if phase == HALTED:
            left = residual_text(trade.residual(self.state.executions))
            self.halt(f"package {trade.id} could not be hedged: it holds {left}")

    def _note_hedge(self, trade: Trade) -> None:
        """Take note of whether a package is hedged; one that is over and is not halts trading."""
        if trade.is_hedged:
            if trade.unhedged_ns:
                self._unhedged(trade, 0, {})
            if not trade.is_open and not trade.is_stuck:
                left = trade.residual(self.state.executions)
                if left and not trade.was_told:
                    trade.was_told = True
                    self.halt(f"package {trade.id} is over and holds {residual_text(left)}")
            return
        if not trade.unhedged_ns:
            left = trade.residual(self.state.executions)
            self._unhedged(trade, self.clock.now_ns(), left)
            trade.unhedged_due_ns = self.clock.monotonic_ns() + ns(self.rules.unhedged_s)
        delta = abs(trade.residual_delta(self.state.executions))
        if delta > self.rules.unhedged_delta and not trade.was_forced:
            self._force(trade, f"{delta:.0f} shares of delta without their hedge")

    def _unhedged(self, trade: Trade, since: int, left: dict[str, float]) -> None:
        data = {"package": trade.id, "since": since, "residual": left}
        self.log.append(entries.UNHEDGED, data, is_durable=bool(since))
        trade.unhedged_ns = since
        if not since:
            trade.unhedged_due_ns, trade.was_forced = 0, False

    def _force(self, trade: Trade, why: str) -> None:
        """End a package's window now: it is completed or unwound."""
        trade.was_forced = True
        trade.unhedged_due_ns = self.clock.monotonic_ns() + ns(self.rules.unhedged_s)
        self.alert(f"package {trade.id}: {why}: it is completed or unwound", trade.id)
        self.window_over(trade)

    def disconnect(self) -> None:
        """Take the link as down: what was open is UNKNOWN, and nothing is sent."""
        self.is_linked = self.is_reconciled = False
        for trade in self.state.open_trades():
            trade.value, _ = trade.machine.disconnected(trade.value)

    def go_on(self) -> None:
        """Let packages go on after a reconciliation."""
        if not self.is_armed:
            return
        now = self.clock.monotonic_ns()
        for trade in self.state.open_trades():
            self.gate(trade)
            before = trade.value.phase
            trade.value, actions = trade.machine.reconnected(trade.value)
            trade.window_due_ns = self._window_ends()
            self._restore_deadline(trade, now)
            self.step(trade, before, actions)
            if self.state.halts:
                self.window_over(trade)

    def _restore_deadline(self, trade: Trade, now: int) -> None:
        """Let the time without a hedge go on where a crash or a lost link interrupted it."""
        if trade.unhedged_ns and not trade.unhedged_due_ns:
            gone = max(0, self.clock.now_ns() - trade.unhedged_ns)
            trade.unhedged_due_ns = now + max(0, ns(self.rules.unhedged_s) - gone)

    # halts

    def halt(self, reason: str) -> None:
        """Send nothing more, and cancel what works; latched."""
        is_first = not self.state.halts
        self.state.halts.append(reason)
        self.log.append(entries.HALT, {"reason": reason})
        self.alert(f"HALTED: {reason}")
        for trade in self.state.open_trades():
            self.gate(trade)
            if is_first and self.can_cancel and trade.value.is_linked:
                self.window_over(trade)

    def give_up(self, fault: Exception) -> None:
        """Cancel what works and send nothing more, without the journal: it may be what failed."""
        self.state.halts.append(f"{type(fault).__name__}: {fault}")
        for trade in self.state.trades.values():
            self.gate(trade)
        # Whether the link is up may be what was not heard: the broker knows.
        self.cancel_working()

    def alert(self, text: str, package: str = "") -> None:
        """Tell a person."""
        self.alerts.append((self.clock.now_ns(), text))
        self.log.append(entries.ALERT, {"text": text, "package": package}, is_durable=False)

    def gate(self, trade: Trade) -> None:
        """Set whether a package may send."""
        may_send = self.mode in (Mode.READY, Mode.REDUCING, Mode.DRAINING)
        trade.machine.holds_back = not may_send or trade.has_stray

    # time

    def on_time(self) -> None:
        """Ask about what is overdue, end windows, and hold the limits of time without a hedge."""
        now = self.clock.monotonic_ns()
        if not (self.is_linked and self.is_armed and self.is_reconciled):
            return
        for trade in self.state.open_trades():
            for sent in self.sender.overdue(trade, now):
                self.sender.ask(trade, sent)
            is_working = trade.value.phase in _WINDOWS
            if is_working and trade.window_due_ns and now >= trade.window_due_ns:
                self.window_over(trade)
            if trade.unhedged_due_ns and now >= trade.unhedged_due_ns:
                self._unhedged_too_long(trade)

    def _unhedged_too_long(self, trade: Trade) -> None:
        if not trade.was_forced:
            self._force(trade, f"without its hedge for {self.rules.unhedged_s:g} s")
            return
        trade.unhedged_due_ns = 0
        if not trade.is_hedged:
            left = residual_text(trade.residual(self.state.executions))
            self.halt(f"package {trade.id} is still without its hedge: it holds {left}")

    def count(self, kind: str) -> None:
        """Count something that came."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
