"""A package against a venue that misbehaves, from one seed: what happens, and what must never be.

A scenario picks its faults, lets things happen in a random order, then ends all faults and lets
everything come to rest. The truth is the venue's; the trader may be born again from its journal at
any named point.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from random import Random

from sample_plans import DELTAS, LEGS, NOW_NS, contract_of_leg, sample
from scenario_checks import Checked
from venue import CANCELLED, INFLIGHT, LIVE, LOST, REJECTED, Crash, Line, MemoryLog, Ticks, Venue
from venue import Truth as Order

from engine.execution.broker import Acked, Ended, Fee, Fill, LinkDown, LinkUp, Warned
from engine.execution.entries import COMBO, PARALLEL, package_of
from engine.execution.exposure import Exposure
from engine.execution.facts import MarketFacts
from engine.execution.modes import Mode
from engine.execution.orders import Plan
from engine.execution.rules import Rules
from engine.execution.trader import Trader

POINTS = ("before journal", "after journal", "before send", "after send", "before ack", "after ack")
SENDING = (Mode.READY, Mode.REDUCING, Mode.DRAINING)
# How likely a scenario has each fault at all.
FAULTS = {
    "reject": 0.3, "swallow": 0.2, "repeat": 0.5, "drop": 0.4, "reorder": 0.4, "warn": 0.2,
    "link": 0.4, "crash": 0.5, "power": 0.3, "bust": 0.15, "correct": 0.2, "twice": 0.05,
    "late": 0.15, "halt": 0.1, "end": 0.3, "refuse": 0.1,
}  # fmt: skip
PRICES = {
    name: {contract_of_leg(leg).name: leg.price for leg in legs} for name, legs in LEGS.items()
}


class Passes:
    def check(
        self, plan: Plan, exposure: Exposure, now_ns: int, facts: MarketFacts
    ) -> tuple[()]:  # fmt: skip
        return ()


class Scenario(Checked):
    """One seeded history; `broken` says what should not have been, `counts` what happened."""

    def __init__(self, seed: int, trader: type[Trader] = Trader) -> None:
        self.rng = Random(seed)
        self.seed = seed
        self.made = trader
        rng = self.rng
        self.family = rng.choice(tuple(LEGS))
        self.style = rng.choice((COMBO, PARALLEL, PARALLEL))
        self.lots = rng.choice((1, 1, 2, 3))
        self.rules = Rules(
            style=self.style, completes=rng.random() < 0.7, loss_usd=rng.choice((5.0, 40.0, 500.0)),
            unhedged_s=rng.choice((1.0, 4.0, 30.0)),
            unhedged_delta=rng.choice((30.0, 1_000.0)),
        )  # fmt: skip
        self.faults = {name: rng.random() < chance for name, chance in FAULTS.items()}
        self.fills_at_rest = rng.random() < 0.7
        self.clock = Ticks(NOW_NS)
        self.venue = Venue({"KEPT": 7.0})
        self.log = MemoryLog(self.clock)
        self.said: list[Acked | Fill | Fee | Ended] = []
        self.counts: dict[str, int] = {}
        self.broken: list[str] = []
        self.unusual: dict[str, None] = {}  # packages whose fills are not as ordered
        self.crash_at: tuple[str, int] | None = None
        self.n_packages = 0
        self.prices = PRICES[self.family]
        self.connect()

    # lives of the trader

    def connect(self) -> None:
        self.line = Line(self.venue)
        self.line.at = self.log.at = self.point
        self.line.may_send = self.may_send
        self.trader: Trader | None = None
        while self.trader is None:
            try:
                self.trader = self.made(
                    self.line, self.log, Passes(), self.clock, is_armed=True, rules=self.rules,
                    quotes=self.quote,
                )  # fmt: skip
            except Crash:
                self.line = Line(self.venue)
                self.line.at, self.line.may_send = self.point, self.may_send

    def may_send(self) -> bool:
        trader = self.trader
        return trader is not None and trader.mode in SENDING

    def quote(self, contract: object, side: int) -> float:
        name = contract.name  # type: ignore[attr-defined]
        return self.prices[name] + 0.02 * side

    def point(self, name: str) -> None:
        if self.crash_at is None or self.crash_at[0] != name:
            return
        left = self.crash_at[1] - 1
        self.crash_at = (name, left) if left > 0 else None
        if left <= 0:
            raise Crash(name)

    def alive(self, do: Callable[[], object]) -> None:
        """Do something to the trader; it may die of it and is born again."""
        try:
            do()
            self.check_kept()
        except Crash:
            self.count("crash")
            self.crash_at = None
            self.wire_is_cut()
            if self.faults["power"] and self.rng.random() < 0.5:
                self.log.lose_power()
            self.clock.pass_(self.rng.choice((0.0, 1.0, 20.0)))
            self.connect()

    def wire_is_cut(self) -> None:
        """What was on its way to the venue arrives or does not."""
        for truth in self.venue.truths():
            if truth.state == INFLIGHT:
                truth.state = LIVE if self.rng.random() < 0.5 else LOST
            if truth.cancel_wanted and self.rng.random() < 0.3:
                truth.cancel_wanted = False
        self.line.is_up = False

    # what may happen

    def happen(self) -> None:
        rng, faults = self.rng, self.faults
        roll = rng.random()
        if roll < 0.34:
            self.alive(self.deliver)
        elif roll < 0.44:
            if self.line.asked:
                self.line.answer(self.line.asked.pop(0))
        elif roll < 0.56:
            self.move_order()
        elif roll < 0.68:
            self.fill_some()
        elif roll < 0.78:
            self.clock.pass_(rng.choice((0.1, 0.5, 1.0, 2.5)))
            self.alive(self.trader.on_time)
        elif roll < 0.84:
            self.begin()
        else:
            self.fault(rng.choice([name for name, on in faults.items() if on] or [""]))

    def deliver(self) -> None:
        if self.line.inbox:
            event = self.line.inbox[0]
            if isinstance(event, Acked | Fill | Fee | Ended):
                self.said.append(event)
            is_ack = isinstance(event, Acked)
            if is_ack:
                self.point("before ack")
            self.line.deliver()
            if is_ack:
                self.point("after ack")

    def begin(self) -> None:
        if self.n_packages < 2 and self.trader.mode is Mode.READY and self.line.is_up:
            self.n_packages += 1
            plan = sample(self.family, self.lots)
            self.alive(lambda: self.trader.begin(plan, DELTAS[self.family]))

    def some(self, *states: str) -> Order | None:
        found = [one for one in self.venue.truths() if one.state in states]
        return self.rng.choice(found) if found else None

    def move_order(self) -> None:
        truth = self.some(INFLIGHT, LIVE)
        if truth is None:
            return
        if truth.state == INFLIGHT:
            if self.faults["reject"] and self.rng.random() < 0.2:
                self.count("reject")
                self.line.end(truth, REJECTED)
            else:
                self.line.arrive(truth)
        elif truth.cancel_wanted or (self.faults["end"] and self.rng.random() < 0.2):
            self.count("end")
            self.line.end(truth, CANCELLED)

    def fill_some(self) -> None:
        truth = self.some(LIVE)
        if truth is not None:
            left = truth.order.lots - truth.filled
            self.fill(truth, left if self.rng.random() < 0.5 else self.rng.randint(1, left))

    def fill(self, truth: Order, lots: int) -> None:
        package = package_of(truth.order.ref)
        before = self.naked(package)
        self.line.fill(truth, lots, self.prices)
        is_first = truth.order.ref.endswith(".1")
        if not is_first and package not in self.unusual and self.naked(package) > before:
            self.broken.append(f"{truth.order.ref} made a short naked")
        self.count("fill")

    def fault(self, name: str) -> None:
        if name:
            getattr(self, f"do_{name}", self.nothing)()

    def nothing(self) -> None:
        """Of faults that act elsewhere."""

    def do_swallow(self) -> None:
        truth = self.some(INFLIGHT)
        if truth is not None:
            self.count("swallow")
            truth.state = LOST

    def do_repeat(self) -> None:
        if self.said and self.line.is_up:
            self.count("repeat")
            self.line.say(self.rng.choice(self.said[-20:]))

    def do_drop(self) -> None:
        inbox = self.line.inbox
        if inbox and isinstance(inbox[-1], Acked | Fill | Fee | Ended):
            self.count("drop")
            inbox.pop()

    def do_reorder(self) -> None:
        inbox = self.line.inbox
        if len(inbox) > 1 and all(isinstance(e, Acked | Fill | Fee | Ended) for e in inbox[-2:]):
            self.count("reorder")
            inbox[-2:] = inbox[:-3:-1]

    def do_warn(self) -> None:
        truth = self.some(LIVE)
        if truth is not None:
            self.line.say(Warned(truth.order.ref, 10349, "order TIF was set to DAY"))

    def do_link(self) -> None:
        if self.line.is_up:
            self.count("link")
            self.line.inbox.clear()
            self.line.asked.clear()
            self.wire_is_cut()
            self.alive(lambda: self.trader.on_event(LinkDown("cable")))
        else:
            self.link_up()

    def link_up(self) -> None:
        self.line.is_up = True
        self.alive(lambda: self.trader.on_event(LinkUp()))

    def do_crash(self) -> None:
        self.crash_at = (self.rng.choice(POINTS), self.rng.randint(1, 3))

    def do_bust(self) -> None:
        self.revise(0.0)

    def do_correct(self) -> None:
        self.revise(1.0)

    def revise(self, part: float) -> None:
        """Take back an execution of all legs of an order, or change its price."""
        found = [stem for stem, fill in self.venue.executions.items() if fill.contract]
        if not found or self.rng.random() < 0.5:
            return
        number = self.rng.choice(found).partition(".")[0]
        self.count("revise")
        for stem in found:
            if not stem.startswith(number + "."):
                continue
            fill = self.venue.executions[stem]
            revision = int(fill.execution.rpartition(".")[2]) + 1
            changed = fill._replace(
                execution=f"{stem}.{revision:02d}", quantity=fill.quantity * part,
                price=fill.price + 0.01 * part,
            )  # fmt: skip
            self.unusual[package_of(fill.ref)] = None
            self.venue.executions[stem] = changed
            self.line.say(changed)

    def do_twice(self) -> None:
        truth = self.some(LIVE)
        if truth is not None and len(self.venue.orders[truth.order.ref]) == 1:
            self.count("twice")
            self.unusual[package_of(truth.order.ref)] = None
            second = Order(truth.order, f"p{self.venue.number()}", LIVE)
            self.venue.orders[truth.order.ref].append(second)
            self.line.say(Acked(truth.order.ref, second.permanent))

    def do_late(self) -> None:
        """An order that was taken as over arrives after all."""
        state = self.trader.state
        closed = [
            one
            for one in self.venue.truths()
            if one.state == LOST
            and (known := state.find(one.order.ref)) is not None
            and known[1].is_over
        ]
        if closed and self.line.is_up:
            truth = self.rng.choice(closed)
            self.count("late")
            self.unusual[package_of(truth.order.ref)] = None
            truth.state = LIVE
            truth.cancel_wanted = False
            self.line.say(Acked(truth.order.ref, truth.permanent))

    def do_halt(self) -> None:
        if self.trader.mode is Mode.HALTED:
            self.alive(lambda: self.trader.resume("seen"))
        else:
            self.alive(lambda: self.trader.halt("by hand"))

    def do_refuse(self) -> None:
        self.line.refuses = not self.line.refuses

    # the end

    def rest(self) -> None:
        """End all faults, and let everything come to rest."""
        self.crash_at = None
        is_late = self.faults["late"]
        self.faults = dict.fromkeys(self.faults, False)
        self.line.refuses = False
        if self.line.is_up:
            self.settle()
            if is_late:
                self.do_late()
                self.settle()
            self.line.is_up = False
            self.line.inbox.clear()
            self.line.asked.clear()
            self.alive(lambda: self.trader.on_event(LinkDown("night")))
            self.wire_is_cut()
        self.link_up()
        self.settle()
        for _ in range(3):
            if self.trader.mode is Mode.HALTED:
                self.trader.resume("looked at")
                self.settle()

    def settle(self) -> None:
        for _ in range(60):
            self.flow()
            if self.venue.broken:
                return
            if self.trader.is_quiet and self.trader.mode is not Mode.RECONCILING:
                break
            self.clock.pass_(2.5)
            self.alive(self.trader.on_time)

    def flow(self) -> None:
        for _ in range(200):
            moved = self.line.deliver()
            while self.line.asked:
                self.line.answer(self.line.asked.pop(0))
                moved = True
            for truth in self.venue.truths():
                if truth.state == INFLIGHT:
                    self.line.arrive(truth)
                elif truth.state == LIVE and truth.cancel_wanted:
                    self.line.end(truth, CANCELLED)
                elif truth.state == LIVE and self.fills_at_rest:
                    self.fill(truth, truth.order.lots - truth.filled)
                else:
                    continue
                moved = True
            if not moved:
                return

    def run(self, steps: int = 90) -> Scenario:
        self.flow()
        for _ in range(steps):
            if self.venue.broken:
                break
            self.happen()
        self.rest()
        self.check()
        return self

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def trace(self) -> str:
        """Return what happened as text: the journal, what was placed, and the truth."""
        truth = [[one.order.ref, one.state, one.filled] for one in self.venue.truths()]
        return "\n".join([*self.log.lines, json.dumps([self.venue.placed, truth])])


def digest(scenarios: list[Scenario]) -> str:
    """Return the hash of all that happened."""
    total = hashlib.sha256()
    for one in scenarios:
        total.update(one.trace().encode())
    return total.hexdigest()
