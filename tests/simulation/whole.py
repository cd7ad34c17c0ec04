"""Everything at once, from one seed: unmodified ib_async, gateway, broker and trader in one loop.

A scenario picks what goes wrong, at the gateway, on the wire, to the clock and to the process
itself, and lets packages be traded through it. Then all faults end, everything comes to rest, and
the gateway's own books are the judge.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from random import Random
from typing import Any

from broker_scene import Scene, contract_at
from one_life import POINTS, Life
from scene_plans import plan_of
from venue import MemoryLog
from virtual_gateway import World
from whole_truth import Truth

from engine.clock import NS_PER_SECOND
from engine.execution.entries import COMBO, PARALLEL
from engine.execution.facts import MarketFacts
from engine.execution.limits import Limits
from engine.execution.modes import Mode
from engine.execution.rules import Rules
from engine.execution.trader import Trader
from engine.gateway.faults import Faults, Rule
from engine.ib.orders import Contracts
from engine.market.chain import EUROPEAN
from engine.market.contract import Contract

SYMBOL = "ZETF"
STEP_S, STEPS = 0.1, 150
CALM_STEPS = 1_200
MOST_PACKAGES = 5
DELTAS = {3: (0.5, 1.0, -0.5), 4: (0.7, -0.3, 0.3, -0.7)}
# Of each kind how likely a scenario has it at all, and the rule.
AT_THE_GATEWAY = (
    (0.3, Rule("reject", probability=0.15)),
    (0.3, Rule("swallow", probability=0.1)),
    (0.3, Rule("no_ack", probability=0.2)),
    (0.3, Rule("exec_first", probability=0.3)),
    (0.4, Rule("partial", probability=0.3)),
    (0.3, Rule("small_size", probability=0.3)),
    (0.3, Rule("warn", probability=0.3)),
    (0.1, Rule("second_order", probability=0.1)),
    (0.4, Rule("fill_after_cancel", probability=0.5, seconds=0.2)),
    (0.4, Rule("dup_status", probability=0.5)),
    (0.3, Rule("correction", probability=0.3, seconds=0.3)),
    (0.15, Rule("bust", probability=0.15, seconds=0.3)),
    (0.4, Rule("late_commission", probability=0.5, seconds=0.8)),
    (0.25, Rule("drop", probability=0.03)),
    (0.1, Rule("halfopen", probability=0.02, times=1)),
    (0.2, Rule("slow", probability=0.5, seconds=0.1)),
    (0.2, Rule("late_answer", probability=0.05, seconds=0.7)),
)
AT_A_TIME = (
    (0.2, "lost", 1.5, 0), (0.15, "data_lost", 1.5, 0), (0.25, "restart", 2.0, 5),
    (0.1, "halfopen", 1.0, 0), (0.1, "farm", 1.0, 0),
)  # fmt: skip
# What befalls the process and the people: how likely a scenario has it, and each step then.
AROUND = {
    "crash": (0.5, 0.02), "kill_9": (0.3, 0.01), "clock": (0.15, 0.01), "halt": (0.15, 0.01),
    "kill": (0.1, 0.01), "resume": (0.8, 0.05), "jump": (0.5, 0.05), "drop": (0.3, 0.01),
}  # fmt: skip


class Calm(Faults):
    """Nothing goes wrong any more, nor what was due at a time."""

    def take(self, k: int) -> bool:
        return False


class Whole(Scene):
    """One seeded history; `broken` says what should not have been, `counts` what happened."""

    life: Life

    def __init__(self, seed: int, made: type[Trader] = Trader) -> None:
        self.random = rng = Random(seed ^ 0x3E1F)
        self.made = made
        self.broken: list[str] = []
        self.counts: dict[str, int] = {}
        self.sha = hashlib.sha256()
        self.style = rng.choice((COMBO, PARALLEL, PARALLEL))
        self.rules = Rules(
            style=self.style, completes=rng.random() < 0.7, loss_usd=rng.choice((5.0, 40.0, 500.0)),
            unhedged_s=rng.choice((1.0, 4.0, 30.0)),
            unhedged_delta=rng.choice((30.0, 1_000.0)),
        )  # fmt: skip
        self.limits = Limits(
            max_order_usd=1e6, max_working_packages=3, duplicate_window_s=1.0,
            max_orders_per_contract=20, collar_market=1.0, max_day_loss_usd=1e6,
        )  # fmt: skip
        rules = [rule for chance, rule in AT_THE_GATEWAY if rng.random() < chance]
        for chance, kind, seconds, count in AT_A_TIME:
            if rng.random() < chance:
                rules.append(Rule(kind, at=2.0 + 12.0 * rng.random(), seconds=seconds, count=count))
        self.around = {name: each for name, (ever, each) in AROUND.items() if rng.random() < ever}
        self.loses_power = rng.random() < 0.4
        super().__init__(World(rules=rules, seed=seed, trace=self._keep))
        self.contracts = Contracts(
            (contract_at(self.world, row.index), self.world.gateway.listing.contracts[k].con_id)
            for k, row in enumerate(self.world.gateway.listing.instruments)
        )
        self.log = MemoryLog(self.world.clock)  # type: ignore[arg-type]
        self.crash_at: tuple[str, int] | None = None
        self.n_begun = 0
        self.truth = Truth(self)

    def _keep(self, clock_ns: int, side: str, client: int, data: bytes) -> None:
        self.sha.update(f"{clock_ns} {side} {client} ".encode() + data)

    def digest(self) -> str:
        """Return the hash of every byte that passed, and of the journal."""
        whole = self.sha.copy()
        whole.update("\n".join(self.log.lines).encode())
        return whole.hexdigest()

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def at(self, contract: Contract, side: int) -> float:
        bid, ask, _, _ = self.quote(contract)
        return ask if side > 0 else bid

    def is_last(self, name: str) -> bool:
        """Tell whether the process dies at this point."""
        if self.crash_at is None or self.crash_at[0] != name:
            return False
        left = self.crash_at[1] - 1
        self.crash_at = (name, left) if left > 0 else None
        return left <= 0

    # the story

    def run(self) -> Whole:
        self.world.run(self._story)
        for error in self.world.loop.errors:
            if not error.startswith("Crash("):
                self.broken.append(f"in the loop: {error}")
        return self

    async def _story(self) -> None:
        await self._be_born()
        for _ in range(STEPS):
            await self._pass(STEP_S)
            self._happen()
        await self._come_to_rest()
        self.truth.check()
        await self.life.broker.stop()

    async def _be_born(self) -> None:
        while True:
            self.life = Life(self)
            if self.life.is_born:
                return
            await self.life.broker.stop()
            self.count("crash")

    async def _pass(self, seconds: float) -> None:
        """Let time pass; a process that has died is started again."""
        await asyncio.sleep(seconds)
        self.life.do(self.life.tick)
        if self.life.is_dead:
            self.count("crash")
            self.crash_at = None
            await self.life.broker.stop()
            if self.loses_power and self.random.random() < 0.5:
                self.log.lose_power()
            await asyncio.sleep(self.random.choice((0.0, 0.3, 1.0, 5.0)))
            await self._be_born()

    def _happen(self) -> None:
        rng = self.random
        if rng.random() < 0.12:
            self._begin()
        for name, each in self.around.items():
            if rng.random() < each:
                getattr(self, f"_do_{name}")()

    def _begin(self) -> None:
        life, rng = self.life, self.random
        trader = life.trader
        is_ready = trader.mode is Mode.READY and life.broker.is_ready()
        if not is_ready or self.n_begun >= MOST_PACKAGES:
            return
        legs = rng.choice((self.box, self.conversion, lambda: self.box(-1)))()
        plan = plan_of(self, legs, rng.choice((1, 2, 3)))
        now = self.world.clock.now_ns()
        facts = MarketFacts(SYMBOL, style=EUROPEAN, spot=100.0, shortable=1e6)
        for refusal in life.risk.check(plan, trader.exposure(), now, facts):
            self.count(f"refused {refusal.code}")
            return
        self.n_begun += 1
        self.count("begin")
        life.do(lambda: trader.begin(plan, DELTAS[len(legs)]))

    # what goes wrong around it

    def _do_crash(self) -> None:
        self.crash_at = (self.random.choice(POINTS), self.random.randint(1, 6))

    def _do_kill_9(self) -> None:
        if not self.life.is_dead:
            self.count("kill -9")
            self.life.die()

    def _do_clock(self) -> None:
        self.count("clock")
        step = self.random.choice((-30, -5, 5, 600))
        self.world.clock.ahead_ns += step * NS_PER_SECOND

    def _do_halt(self) -> None:
        self.count("halt")
        self.life.do(lambda: self.life.trader.halt("by hand"))

    def _do_kill(self) -> None:
        self.count("kill")
        self.life.do(lambda: self.life.trader.kill("parity kill"))

    def _do_resume(self) -> None:
        trader = self.life.trader
        if not self.life.is_dead and trader.mode is Mode.HALTED:
            self.count("resume")
            self.life.do(lambda: trader.resume("seen"))

    def _do_jump(self) -> None:
        self.count("jump")
        self.world.act("jump", symbol=SYMBOL, fraction=self.random.choice((-0.004, 0.002, 0.01)))

    def _do_drop(self) -> None:
        sessions = [s for _, s in sorted(self.world.gateway.clients.items())]
        if sessions:
            self.count("drop")
            self.random.choice(sessions).close()

    # the end

    async def _come_to_rest(self) -> None:
        gateway = self.world.gateway
        gateway.faults = Calm(gateway.faults.rules)
        self.crash_at, self.around = None, {}
        for session in list(gateway.clients.values()):
            session.delay_ns = 0
        await self._until_quiet()
        # What is known is compared once more, on a new connection.
        for _, session in sorted(gateway.clients.items()):
            session.close()
        await self._pass(1.0)
        for _ in range(4):
            await self._until_quiet()
            if self.life.trader.mode is not Mode.HALTED:
                break
            self.life.do(lambda: self.life.trader.resume("looked at"))
        await self._pass(1.0)

    async def _until_quiet(self) -> None:
        await self._pass(2.0)
        for _ in range(CALM_STEPS):
            trader = self.life.trader
            is_settled = trader.is_quiet and trader.mode in (Mode.READY, Mode.HALTED)
            if self.life.broker.is_ready() and is_settled:
                return
            await self._pass(STEP_S)


def wrong(seeds: range, run: Callable[[int], Any] = lambda seed: Whole(seed).run()) -> Any:
    """Return what went wrong, by seed."""
    return {seed: one.broken for seed in seeds if (one := run(seed)).broken}
