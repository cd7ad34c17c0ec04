"""A broker, whichever it is, in a market that stands still: what it says, and what is true.

Each scene runs in one loop in virtual time with the simulated gateway: the broker of IB trades
through it, the one on paper against the quotes of its market.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from datetime import datetime
from random import Random
from typing import Any

import pytest
from virtual_gateway import World

from engine.execution.broker import BrokerEvent, Evidence, Fee, Fill
from engine.execution.orders import DAY, Order
from engine.execution.paper import PaperBroker
from engine.gateway.faults import Faults, Rule
from engine.market.combo import Combo
from engine.market.contract import OPTION, STOCK, Contract

ACCOUNT = "DU1234567"
LATENCY_NS = 2_000_000
Leg = tuple[int, Contract]


class Scene:
    """A broker and all that it has said."""

    broker: Any

    def __init__(self, world: World) -> None:
        self.world = world
        self.events: list[BrokerEvent] = []
        self.failures: list[BaseException] = []
        listing = world.gateway.listing
        self.index_of = {
            contract_at(world, row.index).name: row.index for row in listing.instruments
        }
        self._number = 0

    # the market

    def options(self, right: str) -> list[Contract]:
        """Return the options of the second expiry by strike, those near the money first."""
        rows = self.world.gateway.listing.options("ZETF")
        days = sorted({row.expiry for row in rows})
        fit = [row for row in rows if row.right == right and row.expiry == days[1]]
        spot = self.quote(self.stock)[1]
        fit.sort(key=lambda row: abs(row.strike - spot))
        return [contract_at(self.world, row.index) for row in fit]

    @property
    def stock(self) -> Contract:
        return contract_at(self.world, next(iter(self.world.gateway.listing.of_symbol("ZETF"))))

    def quote(self, contract: Contract) -> tuple[float, float, float, float]:
        quote = self.world.gateway.market.quotes[self.index_of[contract.name]]
        return quote.bid, quote.ask, quote.bid_size, quote.ask_size

    def touch(self, legs: list[Leg]) -> float:
        """Return what a lot costs at the touch."""
        return math.fsum(
            ratio * self.quote(contract)[1 if ratio > 0 else 0] for ratio, contract in legs
        )

    def conversion(self) -> list[Leg]:
        call = self.options("C")[0]
        put = next(p for p in self.options("P") if p.strike == call.strike)
        return [(1, self.stock), (-1, call), (1, put)]

    def box(self, side: int = 1) -> list[Leg]:
        low, high = sorted(self.options("C")[:2], key=lambda call: call.strike)
        puts = {put.strike: put for put in self.options("P")}
        return [
            (side, low), (-side, high), (side, puts[high.strike]), (-side, puts[low.strike]),
        ]  # fmt: skip

    def order(
        self, legs: list[Leg], lots: int = 1, *, off: float = 0.0, tif: str = DAY, ref: str = ""
    ) -> Order:
        """Return an order `off` per share away from the touch, by default at it."""
        self._number += 1
        ref = ref or f"parity-p{self._number}-0.1"
        combo = Combo("ZETF", tuple(sorted(legs, key=lambda leg: leg[1].name)))
        return Order(ref, ACCOUNT, combo, lots, round(self.touch(legs) + off, 2), tif)

    # what was said

    async def wait(self, seconds: float = 0.5) -> None:
        await asyncio.sleep(seconds)

    async def until(self, kind: type, count: int = 1, seconds: float = 40.0) -> Any:
        """Return the last of `count` events of a kind."""
        for _ in range(int(seconds / 0.01)):
            if len(self.of(kind)) >= count:
                return self.of(kind)[-1]
            await asyncio.sleep(0.01)
        raise AssertionError(f"no {kind.__name__} in {seconds:g} s: {self.events[-8:]}")

    async def evidence(self) -> Evidence:
        """Ask for evidence, by the next connection if need be, and return it."""
        for _ in range(40):
            before = len(self.of(Evidence))
            if self.broker.request_evidence():
                for _ in range(300):
                    if len(self.of(Evidence)) > before:
                        found = self.of(Evidence)[-1]
                        assert isinstance(found, Evidence)
                        return found
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)
        raise AssertionError("no evidence")

    def of(self, kind: type, ref: str = "") -> list[Any]:
        return [
            event for event in self.events
            if isinstance(event, kind) and (not ref or getattr(event, "ref", ref) == ref)
        ]  # fmt: skip

    # what a listener makes of it: executions and fees by stem, the last correction counts

    def executions(self, evidence: Evidence | None = None) -> dict[str, Fill]:
        found: dict[str, Fill] = {}
        for fill in [*self.of(Fill), *(evidence.executions if evidence else ())]:
            stem = fill.execution.rpartition(".")[0]
            if stem not in found or fill.execution > found[stem].execution:
                found[stem] = fill
        return found

    def positions(self, evidence: Evidence | None = None) -> dict[str, float]:
        held: dict[str, float] = {}
        for fill in self.executions(evidence).values():
            if fill.contract:
                held[fill.contract] = held.get(fill.contract, 0.0) + fill.quantity
        return {name: quantity for name, quantity in sorted(held.items()) if quantity}

    def cash(self, evidence: Evidence | None = None) -> float:
        """Return the cash of the account by executions and fees alone, from a million on."""
        paid = [
            fill.quantity * fill.price * (1.0 if fill.contract == "ZETF" else 100.0)
            for fill in self.executions(evidence).values()
            if fill.contract
        ]
        fees: dict[str, float] = {}
        for fee in [*self.of(Fee), *(evidence.fees if evidence else ())]:
            if fee.amount:  # a trade that is taken back is reported free, and its fee stays paid
                fees[fee.execution.rpartition(".")[0]] = fee.amount
        return 1_000_000.0 - math.fsum(paid) - math.fsum(fees.values())

    # what is true

    def held(self) -> dict[str, float]:
        raise NotImplementedError

    def money(self) -> float:
        raise NotImplementedError

    def live(self) -> list[str]:
        """Return the references of the orders that are alive, each as often as it is."""
        raise NotImplementedError

    def faults(self, *rules: Rule) -> None:
        """Let these things go wrong from now on."""
        raise NotImplementedError

    async def drop(self) -> None:
        """Lose the connection."""
        raise NotImplementedError

    async def begin(self) -> None:
        raise NotImplementedError

    async def end(self) -> None:
        raise NotImplementedError


class IbScene(Scene):
    """The broker of IB with the simulated gateway."""

    def __init__(
        self, world: World, *, tick_of: Callable[[Order], float] | None = None, **said: Any
    ) -> None:
        from engine.ib.broker import IbBroker
        from engine.ib.connection import LinkSettings
        from engine.ib.orders import Contracts

        super().__init__(world)
        self.contracts = Contracts(
            (contract_at(world, row.index), world.gateway.listing.contracts[row.index].con_id)
            for row in world.gateway.listing.instruments
        )
        settings = LinkSettings(timeout_s=4.0, most_retry_s=2.0, **said)
        choice = {} if tick_of is None else {"tick_of": tick_of}
        self.broker = IbBroker(
            ACCOUNT, settings, 99, self.contracts, sink=self.events.append, clock=world.clock,
            random=Random(1), failure=self.failures.append, **choice,
        )  # fmt: skip

    @property
    def books(self) -> Any:
        return self.world.gateway.accounts[ACCOUNT]

    def held(self) -> dict[str, float]:
        return dict(
            sorted(
                (contract_at(self.world, i).name, float(position.quantity))
                for i, position in self.books.held().items()
            )
        )

    def money(self) -> float:
        return float(self.books.cash)

    def live(self) -> list[str]:
        every = self.world.gateway.desk.every
        return [order.placed.ref for order in every if not order.is_final]

    def faults(self, *rules: Rule) -> None:
        self.world.gateway.faults = Faults(rules)

    async def drop(self) -> None:
        self.world.gateway.clients[1].close()
        await self.wait(0.02)

    async def begin(self) -> None:
        self.broker.start()
        await self.ready()

    async def ready(self, seconds: float = 60.0) -> None:
        for _ in range(int(seconds / 0.01)):
            if self.broker.is_ready():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"not ready: {self.broker.link.state} {self.broker.link.last_error}")

    async def end(self) -> None:
        await self.broker.stop()
        assert self.failures == []
        assert self.world.loop.errors == [], self.world.loop.errors


PAPER_FAULTS = {"reject": "reject", "swallow": "lost", "no_ack": "no_ack", "partial": "partial",
                "correction": "correction", "bust": "bust"}  # fmt: skip


class PaperScene(Scene):
    """The broker on paper against the quotes of the same market."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.broker = self._new(None)
        self._task: Any = None

    def _new(self, faults: dict[int, str] | None) -> PaperBroker:
        return PaperBroker(
            ACCOUNT, self.quote, self.world.clock, latency_ns=LATENCY_NS, sink=self.events.append,
            faults=faults,
        )  # fmt: skip

    def held(self) -> dict[str, float]:
        return dict(self.broker.books.held())

    def money(self) -> float:
        return float(self.broker.books.cash)

    def live(self) -> list[str]:
        return [order.ref for order in self.broker.working()]

    def faults(self, *rules: Rule) -> None:
        self.broker = self._new({rule.nth or 1: PAPER_FAULTS[rule.kind] for rule in rules})

    async def drop(self) -> None:
        self.broker.disconnect("told so")
        self.world.loop.call_later(1.0, self.broker.reconnect)

    async def _advance(self) -> None:
        while True:
            await asyncio.sleep(0.001)
            self.broker.advance(self.world.clock.now_ns())

    async def begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._advance())

    async def end(self) -> None:
        self._task.cancel()
        assert self.world.loop.errors == []


def contract_at(world: World, index: int) -> Contract:
    """Return our contract of an instrument of the gateway."""
    row = world.gateway.listing.instruments[index]
    if not row.right:
        return Contract(STOCK, row.symbol, multiplier=1.0)
    day = datetime.strptime(row.expiry, "%Y%m%d").date()
    return Contract(
        OPTION, row.symbol, row.trading_class, day, row.right, row.strike, row.multiplier, "USD",
        str(world.gateway.listing.contracts[index].con_id),
    )  # fmt: skip


Story = Callable[[Any], Coroutine[Any, Any, None]]
SCENES: dict[str, Callable[[World], Scene]] = {"paper": PaperScene, "ib": IbScene}


def play(kind: str, story: Story, **said: Any) -> Any:
    """Run a story with a broker of a kind and return the scene as it was at its end."""
    world = World(**said)

    async def work() -> Scene:
        scene = SCENES[kind](world)
        await scene.begin()
        await story(scene)
        await scene.end()
        return scene

    return world.run(work)


def agrees(scene: Scene, evidence: Evidence | None = None) -> None:
    """Hold what was said against what is true."""
    assert scene.positions(evidence) == scene.held()
    assert scene.cash(evidence) == pytest.approx(scene.money(), abs=0.005)
