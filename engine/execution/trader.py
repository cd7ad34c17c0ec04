"""The trader: plans in, orders out, and what the broker says followed to its end. Pure.

It waits for nothing and reads no clock but the one it is given: whoever runs it hands it what a
search found (`consider`), what a broker says (`on_event`) and the passing of time (`on_time`).

* An intent is durable before its order is sent, an execution before it is acted on.
* A timer asks; nothing is ever sent twice.
* Nothing is sent unless it is armed, the link is up, and orders, executions and positions agree
  with the journal (`Mode`). A halt is latched in the journal; a person lifts it.
* Where anything raises, a journal that cannot be written above all, what works is cancelled and
  nothing more is sent; the error goes on to whoever runs it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, Protocol

from engine.clock import Clock
from engine.execution import entries
from engine.execution.broker import (
    Broker,
    BrokerEvent,
    Evidence,
    Fee,
    Fill,
    LinkDown,
    LinkUp,
)
from engine.execution.budget import Quotes, no_quotes
from engine.execution.correction_checks import Corrections, no_limits
from engine.execution.entries import Log, Planned, package_id
from engine.execution.events import Told
from engine.execution.evidence import Reconciliation
from engine.execution.exposure import Exposure
from engine.execution.facts import MarketFacts
from engine.execution.modes import Mode
from engine.execution.orders import Plan
from engine.execution.packages import Packages, delivers_stock
from engine.execution.plan import Terms, Unplanned, deltas, plans
from engine.execution.reconcile import Difference
from engine.execution.recovery import recover
from engine.execution.rules import CANCEL, FLATTEN, LEAVE, POLICIES, Rules, ns
from engine.execution.trade import Trade
from engine.execution.view import View, reasons_of, view_of
from engine.scanner.scanner import Scanner
from engine.scanner.search import Found


class Refused(Protocol):
    """Why something is not sent, as `engine.execution.risk.Refusal` has it."""

    @property
    def code(self) -> str:
        """A stable code."""
        ...

    @property
    def message(self) -> str:
        """A sentence."""
        ...


class Checks(Protocol):
    """What refuses plans; `engine.execution.risk.Risk` does."""

    def check(
        self, plan: Plan, exposure: Exposure, now_ns: int, facts: MarketFacts
    ) -> tuple[Refused, ...]:
        """Return why a plan is refused; empty if it may be sent."""
        ...


Facts = Callable[[Plan, int], MarketFacts]
"""What is known of a plan's market now: its legs as they stand, at a wall time."""


class Outcome(NamedTuple):
    """What became of what was found: the package that was begun, "" if none; what was refused."""

    package: str
    refusals: tuple[tuple[str, str], ...] = ()


def no_facts(plan: Plan, now_ns: int) -> MarketFacts:
    """Know nothing beside the plan."""
    return MarketFacts(plan.symbol)


def no_funds() -> float:
    """Know nothing of what the account has available."""
    return math.nan


class Trader:
    """Trades what is found, within what `risk` lets pass.

    Parameters
    ----------
    broker
        Where orders go; its `sink` is set.
    journal
        What is known is read from it, and written to it first.
    is_armed
        Whether anything may be sent at all.
    torn
        Why the journal is torn, "" if it is whole: then packages are only brought to their end.
    terms, rules
        Of plans, and of packages.
    quotes, facts
        What a contract costs now, and what checks must know of its market.
    corrections
        Judges what completes or unwinds a package before it is sent.
    pays_cash
        Whether the options of a symbol settle in cash, and leave no stock.
    funds
        What the account has available as margin, in dollars; nan is not known.

    Raises
    ------
    ValueError
        If the journal holds what no trader wrote.
    """

    def __init__(
        self, broker: Broker, journal: Log, risk: Checks, clock: Clock, *, is_armed: bool,
        terms: Terms | None = None, rules: Rules | None = None, quotes: Quotes = no_quotes,
        facts: Facts = no_facts, funds: Callable[[], float] = no_funds,
        pays_cash: Callable[[str], bool] = delivers_stock,
        corrections: Corrections = no_limits, torn: str = "",
    ) -> None:  # fmt: skip
        self.terms, self.rules = terms or Terms(), rules or Rules()
        self.is_armed = is_armed
        self._risk, self._facts, self._clock, self._broker = risk, facts, clock, broker
        state = recover(journal.entries(), completes=self.rules.completes)
        state.torn, state.recent_ns = torn or state.torn, ns(self.rules.duplicate_s)
        self._packages = Packages(
            state, broker, journal, clock, self.rules, quotes, is_armed=is_armed
        )
        self._packages.pays_cash = pays_cash
        self._packages.sender.corrections = corrections
        self._told = Told(self._packages)
        self._reconciliation = Reconciliation(self._packages, self._told)
        self._log, self.state, self._funds = journal, state, funds
        self._queue: deque[BrokerEvent] = deque()
        self._is_busy = False
        self._refusals: dict[str, tuple[int, str]] = {}
        journal.append(
            entries.START,
            {"account": broker.account, "is_armed": is_armed, "torn": torn},
        )
        broker.sink = self.on_event
        if broker.is_ready():
            self.on_event(LinkUp())

    @property
    def mode(self) -> Mode:
        """What may be sent."""
        return self._packages.mode

    def judge_day_by(self, pnl: Callable[[], float]) -> None:
        """Let `pnl` tell what the day has brought, in dollars, in place of what packages locked."""
        self._packages.day_pnl_usd = pnl

    # what comes in

    def consider(self, found: Found, scanner: Scanner, now_ns: int) -> Outcome:
        """Begin a package of the best row that passes; `now_ns` is the wall time.

        At most one package is begun. O(candidates).
        """
        if self.mode is not Mode.READY or self._is_busy or not self._broker.is_ready():
            return Outcome("")
        refused: list[tuple[str, str]] = []
        exposure: Exposure | None = None
        for plan in plans(found, scanner, self.terms):
            if isinstance(plan, Unplanned):
                self._count(refused, plan.code, plan.message)
                continue
            if self._is_open_already(plan, refused):
                continue
            exposure = exposure or self.exposure()
            if self._passing(plan, exposure, now_ns, refused):
                shares = deltas(found.view, plan, found.settings)
                return Outcome(self.begin(plan, shares).id, tuple(refused))
        return Outcome("", tuple(refused))

    def begin(self, plan: Plan, shares: tuple[float, ...]) -> Trade:
        """Send a plan that has passed every check; `shares` are its legs' deltas per share."""
        rules = self.rules
        data = entries.plan_data(plan, rules.style, shares, rules.loss_usd)
        entry = self._log.append(entries.PLAN, data, is_durable=False)
        while package_id(entry.seq) in self._told.taken:
            entry = self._log.append(entries.PLAN, data, is_durable=False)
        planned = Planned(package_id(entry.seq), plan, rules.style, shares, rules.loss_usd)
        trade = self.state.begin(planned, entry.ts_ns, completes=rules.completes)
        self._while_busy(lambda: self._packages.start(trade))
        return trade

    def on_event(self, event: BrokerEvent) -> None:
        """Take what a broker says, in the order in which it says it."""
        self._queue.append(event)
        if not self._is_busy:
            self._while_busy(lambda: None)

    def on_time(self) -> None:
        """Let what is due happen: questions, windows, and limits of time without a hedge."""
        self._while_busy(self._on_time)

    # what a person does

    def halt(self, reason: str) -> None:
        """Send nothing more and cancel what works, until `resume`; latched in the journal."""
        self._while_busy(lambda: self._packages.halt(reason))

    def kill(self, reason: str) -> None:
        """Halt, and cancel every open order of the account by the way that no queue delays."""
        self._broker.cancel_all()
        self.halt(reason)

    def resume(self, reason: str) -> None:
        """Lift every halt, and take the account's positions as they are from now on.

        Everything is reconciled again before anything is sent.
        """
        self._while_busy(lambda: self._reconciliation.resume(reason))

    def drain(self, policy: str = CANCEL) -> None:
        """Begin nothing more; then `is_quiet` says when all is at its end.

        CANCEL ends every order, and hedges what is half filled; LEAVE lets orders stand; FLATTEN
        unwinds what is half filled and completes nothing.

        Raises
        ------
        ValueError
            If there is no such policy.
        """
        if policy not in POLICIES:
            raise ValueError(f"{policy!r}: the policies are {', '.join(POLICIES)}")
        self._packages.is_draining = True
        if policy != LEAVE:
            self._while_busy(lambda: self._packages.wind_down(completes=policy != FLATTEN))

    def cancel_working(self) -> None:
        """Cancel every order that may live; for an end that waits no longer."""
        self._packages.cancel_working()

    def stop(self, policy: str = CANCEL) -> None:
        """Write that trading ended, and whether it ended clean."""
        self._log.append(entries.STOP, {"policy": policy, "is_clean": self.is_quiet})

    def record_proof(self, package: str, edge: float, *, is_good: bool, text: str = "") -> None:
        """Take what the verifier said about a package after it was sent; halt if it is wrong."""
        data = {"package": package, "edge": edge, "is_good": is_good, "text": text}
        self._log.append(entries.PROOF, data, is_durable=not is_good)
        if not is_good:
            self.halt(f"package {package}: the proof does not reproduce its edge: {text}")

    # what is seen

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not everything may be sent: halts, and a torn journal."""
        return reasons_of(self.state)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What the last reconciliation has found."""
        return self._reconciliation.found

    @property
    def is_reconciled(self) -> bool:
        """Whether the broker has been asked what became of everything since it was last heard."""
        return self._packages.is_reconciled

    @property
    def is_linked(self) -> bool:
        """Whether the broker can be reached."""
        return self._packages.is_linked

    @property
    def is_quiet(self) -> bool:
        """Whether no order may live and no package is half done."""
        return not any(True for _ in self.state.open_trades())

    def exposure(self) -> Exposure:
        """Return what is at risk now. O(packages that are open or have changed)."""
        now_ns = self._clock.now_ns()
        pnl = self._packages.day_pnl_usd()
        return replace(self.state.exposure(now_ns, pnl), available_usd=self._funds())

    def view(self) -> View:
        """Return everything that screens show, frozen. O(packages)."""
        return view_of(self._reconciliation, self._refusals, self._clock.now_ns())

    # inside

    def _is_open_already(self, plan: Plan, refused: list[tuple[str, str]]) -> bool:
        for trade in self.state.open_trades():
            if trade.plan.key == plan.key:
                self._count(refused, "open-already", f"package {trade.id} works the same legs")
                return True
        return False

    def _passing(
        self, plan: Plan, exposure: Exposure, now_ns: int, refused: list[tuple[str, str]]
    ) -> bool:
        refusals = self._risk.check(plan, exposure, now_ns, self._facts(plan, now_ns))
        for refusal in refusals:
            self._count(refused, refusal.code, refusal.message)
        return not refusals

    def _count(self, refused: list[tuple[str, str]], code: str, message: str) -> None:
        refused.append((code, message))
        self._refusals[code] = (self._refusals.get(code, (0, ""))[0] + 1, message)

    def _while_busy(self, first: Callable[[], object]) -> None:
        """Do `first`, then take the events that came while it was done, and by taking them."""
        if self._is_busy:
            first()
            return
        self._is_busy = True
        try:
            first()
            while self._queue:
                self._take(self._queue.popleft())
        except Exception as fault:
            self._packages.give_up(fault)
            raise
        finally:
            self._is_busy = False

    def _take(self, event: BrokerEvent) -> None:
        if isinstance(event, Fill):
            self._told.on_fill(event)
        elif isinstance(event, Fee):
            self._told.on_fee(event)
        elif isinstance(event, LinkDown):
            self._reconciliation.on_link_down(event)
        elif isinstance(event, LinkUp):
            self._reconciliation.on_link_up()
        elif isinstance(event, Evidence):
            self._reconciliation.on_evidence(event)
        else:
            self._told.on_status(event)

    def _on_time(self) -> None:
        self._reconciliation.on_time()
        self._packages.on_time()
