"""No schedule of plans, fills, rejections and restarts takes a trader past a limit.

The trader, the checks and the breakers are the real ones; the venue and the journal outlive each
crash. What was done is judged from the journal and from the venue alone, by counting.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
from sample_plans import DELTAS, LEGS, NOW_NS, WORTH, plan_of
from venue import LIVE, REJECTED, Line, MemoryLog, Ticks, Truth, Venue

from engine.execution.breakers import Breakers, WatchedLog
from engine.execution.entries import HALT, INTENT, PLAN, RESUME, package_of
from engine.execution.facts import MarketFacts
from engine.execution.limits import COMBO, PARALLEL, Limits
from engine.execution.modes import Mode
from engine.execution.orders import Plan
from engine.execution.risk import Risk
from engine.execution.rules import Rules
from engine.execution.trader import Trader

SECOND = 10**9
LIMITS = replace(
    Limits(), max_lots=3, max_order_usd=25_000.0, max_open_usd=120_000.0, max_capital_usd=7_000.0,
    max_working_packages=3, max_open_packages=6, max_orders_second=6, max_orders_minute=14,
    max_orders_day=40, reserved_orders=2, duplicate_window_s=4.0, max_rejects=4,
    min_cushion_usd=0.0, max_day_loss_usd=1e6,
)  # fmt: skip
STEPS = 120


@dataclass
class Begun:
    """A package as it was begun: when, what, and what lived or was held at the venue before it."""

    ts_ns: int
    plan: Plan
    working: int
    held: int
    usd: float


@dataclass
class World:
    """One schedule. `risk` may be left out, to show that the judge sees what then happens."""

    seed: int
    has_risk: bool = True
    has_breakers: bool = True
    begun: list[Begun] = field(default_factory=list)
    plans: dict[str, Plan] = field(default_factory=dict)
    n_starts: int = 0

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.clock = Ticks(NOW_NS)
        self.venue, self.log = Venue({"KEPT": 7.0}), MemoryLog(self.clock)
        self.style = PARALLEL if self.seed % 2 else COMBO
        self.risk = Risk(LIMITS, legs=self.style)
        self.start()

    def start(self) -> None:
        """Begin a new process: nothing of the last one is left but the journal and the venue."""
        self.n_starts += 1
        self.breakers = Breakers(LIMITS)
        watched = WatchedLog(self.log, self.breakers, self.clock)
        self.line = Line(self.venue)
        self.trader = Trader(
            self.line,
            watched,
            self.risk,
            self.clock,
            is_armed=True,
            rules=Rules(style=self.style),
        )

    def run(self) -> World:
        moves = (self.plan, self.plan, self.plan, self.venue_moves, self.venue_moves, self.time)
        for _ in range(STEPS):
            self.clock.pass_(self.rng.choice((0.0, 0.01, 0.1, 0.3, 0.3, 1.0, 5.0)))
            self.rng.choice(moves)()
            for trip in self.breakers.due() if self.has_breakers else ():
                self.trader.halt(str(trip))
            draw = self.rng.random()
            if draw < 0.06:
                self.start()
            elif draw < 0.10 and self.trader.mode is Mode.HALTED:
                self.trader.resume("looked at")
        return self

    def plan(self) -> None:
        family = self.rng.choice(tuple(LEGS))
        shift = self.rng.choice((0.0, 5.0, 10.0))
        legs = tuple(replace(leg, strike=leg.strike + shift) for leg in LEGS[family])
        made = plan_of(family, legs, WORTH[family], self.rng.choice((1, 1, 2, 3, 4)))
        made = replace(made, ts_ns=self.clock.wall)
        if self.trader.mode is not Mode.READY:
            return
        facts = MarketFacts("ZETF", style="european", legs=legs, spot=100.0)
        now, exposure = self.clock.now_ns(), self.trader.exposure()
        if self.has_risk and self.risk.check(made, exposure, now, facts):
            return
        working, held = self.packages()
        usd = sum(self.plans[name].notional_usd for name in working | held)
        self.begun.append(Begun(now, made, len(working), len(working | held), usd))
        self.plans[self.trader.begin(made, DELTAS[family]).id] = made

    def packages(self) -> tuple[set[str], set[str]]:
        """Return the packages with orders that live at the venue, and those that hold anything."""
        working = {package_of(one.order.ref) for one in self.venue.truths() if one.is_open}
        held: dict[tuple[str, str], float] = {}
        for fill in self.venue.executions.values():
            if fill.contract:
                place = (package_of(fill.ref), fill.contract)
                held[place] = held.get(place, 0.0) + fill.quantity
        return working, {package for (package, _), n in held.items() if n}

    def venue_moves(self) -> None:
        for truth in self.venue.truths():
            if truth.state == LIVE and self.rng.random() < 0.4:
                if self.rng.random() < 0.3 and not truth.filled:
                    self.line.end(truth, REJECTED)
                else:
                    lots = self.rng.randint(1, truth.order.lots - truth.filled)
                    self.line.fill(truth, lots, self.prices(truth))
        for _ in range(self.rng.randint(1, 12)):
            self.line.step({}, fills=False)

    def prices(self, truth: Truth) -> dict[str, float]:
        """Prices of the legs that add up to the limit of the order."""
        (first, contract), *rest = truth.order.combo.legs
        prices = {one.name: 1.0 for _, one in rest}
        others = sum(ratio for ratio, _ in rest)
        return {contract.name: (truth.order.limit - others) / first, **prices}

    def time(self) -> None:
        self.trader.on_time()

    def entries(self) -> Iterator[tuple[int, str, dict[str, Any]]]:
        for line in self.log.lines:
            ts_ns, kind, data = json.loads(line)
            yield ts_ns, kind, data


def within(times: list[int], ts_ns: int, seconds: float) -> int:
    return len([one for one in times if ts_ns - round(seconds * SECOND) < one <= ts_ns])


def judge(world: World) -> list[str]:
    """Return every limit that was passed, by counting."""
    broken: list[str] = []
    most = (
        (1.0, LIMITS.max_orders_second), (60.0, LIMITS.max_orders_minute),
        (86_400.0, LIMITS.max_orders_day),
    )  # fmt: skip
    sent: list[int] = []
    keys: dict[str, int] = {}
    is_halted, is_over = False, False
    for ts_ns, kind, data in world.entries():
        if kind == HALT:
            is_halted, is_over = True, False
        elif kind == RESUME:
            is_halted = False
        elif kind == PLAN:
            key = data["plan"]["key"]
            if ts_ns - keys.get(key, -(10**18)) < round(LIMITS.duplicate_window_s * SECOND):
                broken.append("duplicate-intent")
            keys[key] = ts_ns
            if is_halted or is_over:
                broken.append("a package begun while halted, or after a rate was passed")
        elif kind == INTENT:
            if is_halted:
                broken.append("an order sent while halted")
            sent.append(ts_ns)
            is_first = data["attempt"] == 1 and data["side"] > 0
            for span, limit in most:
                n = within(sent, ts_ns, span)
                if is_first and n > limit - LIMITS.reserved_orders:
                    broken.append(f"{n} orders in {span:g} s")
                is_over = is_over or n > limit
    for one in world.begun:
        if not 1 <= one.plan.lots <= LIMITS.max_lots:
            broken.append("quantity")
        if one.plan.notional_usd > LIMITS.max_order_usd:
            broken.append("notional")
        if one.usd + one.plan.notional_usd > LIMITS.max_open_usd + 1e-6:
            broken.append("open-notional")
        if one.working + 1 > LIMITS.max_working_packages:
            broken.append("working-packages")
        if one.held + 1 > LIMITS.max_open_packages:
            broken.append("open-packages")
    return broken


def test_no_schedule_passes_a_limit() -> None:
    n_begun = n_starts = n_halts = n_sent = 0
    for seed in range(24):
        world = World(seed).run()
        assert judge(world) == [], f"seed {seed}"
        assert world.venue.broken == [], f"seed {seed}"
        kinds = [kind for _, kind, _ in world.entries()]
        n_begun, n_starts = n_begun + len(world.begun), n_starts + world.n_starts
        n_halts, n_sent = n_halts + kinds.count(HALT), n_sent + kinds.count(INTENT)
    # The schedules are worth something: limits were reached, processes died, breakers tripped.
    assert n_begun > 100
    assert n_sent > n_begun
    assert n_starts > 150
    assert n_halts > 20


@pytest.mark.long
def test_no_schedule_passes_a_limit_at_length() -> None:
    for seed in range(1_000, 1_600):
        assert judge(World(seed).run()) == [], f"seed {seed}"


def test_without_the_checks_every_limit_is_passed() -> None:
    """The judge sees what the checks prevent: else it would prove nothing."""
    broken: set[str] = set()
    for seed in range(16):
        broken.update(judge(World(seed, has_risk=False).run()))
    wanted = {
        "duplicate-intent", "quantity", "notional", "open-notional", "working-packages",
        "open-packages",
    }  # fmt: skip
    assert wanted <= broken
    assert any("orders in 1 s" in one for one in broken)
    assert any("orders in 60 s" in one for one in broken)
    # And where a check fails, a breaker still ends it.
    went_on = "a package begun while halted, or after a rate was passed"
    assert went_on not in broken
    without = [World(seed, has_risk=False, has_breakers=False).run() for seed in range(6)]
    assert any(went_on in judge(world) for world in without)
