"""The owner of a connection against the simulated gateway, in virtual time, under faults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from virtual_gateway import World

from engine.ib.codes import Code
from engine.ib.connection import Hooks, Link, LinkSettings
from engine.ib.states import Signal, State

pytestmark = pytest.mark.usefixtures("virtual_time")


class Told:
    """Hooks that remember what they were told."""

    def __init__(self) -> None:
        self.states: list[State] = []
        self.codes: list[int] = []
        self.n_stale = self.n_subscribe = self.n_reconcile = self.n_alive = 0
        self.failures: list[BaseException] = []
        self.alerts: list[str] = []

    def hooks(self, **others: Any) -> Hooks:
        said: dict[str, Any] = {
            "state": self._state, "code": self._code, "stale": self._stale,
            "subscribe": self._subscribe, "reconcile": self._reconcile, "alive": self._alive,
            "failure": self.failures.append, "alert": self.alerts.append,
        }  # fmt: skip
        return Hooks(**(said | others))

    def _state(self, before: State, after: State, signal: Signal) -> None:
        self.states.append(after)

    def _code(self, about: int, code: Code, text: str) -> None:
        self.codes.append(code.number)

    def _stale(self) -> None:
        self.n_stale += 1

    def _subscribe(self) -> None:
        self.n_subscribe += 1

    async def _reconcile(self) -> None:
        self.n_reconcile += 1

    def _alive(self) -> None:
        self.n_alive += 1


def link_of(world: World, told: Told, **said: Any) -> Link:
    settings = LinkSettings(timeout_s=4.0, **said)
    return Link(settings, told.hooks(), clock=world.clock, random=Random(1))


def play(
    script: Callable[[World, Link, Told], Coroutine[Any, Any, None]], **said: Any
) -> tuple[World, Link, Told]:
    """Connect, run the script, stop; nothing may be left over or broken."""
    world, told = World(**said), Told()
    links: list[Link] = []

    async def work() -> None:
        link = link_of(world, told)
        links.append(link)
        link.start()
        assert await link.wait_until(State.READY, timeout_s=30.0), link.last_error
        await script(world, link, told)
        await link.stop()
        await asyncio.sleep(1.0)
        assert len(asyncio.all_tasks()) == 1
        assert world.gateway.clients == {}

    world.run(work)
    assert told.failures == []
    assert world.loop.errors == []
    return world, links[0], told


async def ready(link: Link, seconds: float = 60.0) -> None:
    assert await link.wait_until(State.READY, timeout_s=seconds), (link.state, link.last_error)


def test_it_becomes_ready_by_way_of_every_state() -> None:
    async def script(world: World, link: Link, told: Told) -> None:
        assert told.states == [
            State.CONNECTING, State.SYNCING, State.RECONCILING, State.READY
        ]  # fmt: skip
        assert (told.n_reconcile, told.n_subscribe) == (1, 1)
        await asyncio.sleep(20.0)
        assert told.n_alive >= 8
        assert told.n_stale == 0

    world, link, _ = play(script)
    assert link.counters.sessions == 1
    assert world.asked(49) <= 10


def test_a_dropped_connection_comes_back_under_the_same_id() -> None:
    async def script(world: World, link: Link, told: Told) -> None:
        world.act("drop")
        assert await link.wait_until(State.DOWN, timeout_s=1.0)
        await ready(link)
        assert (told.n_stale, told.n_subscribe, told.n_reconcile) == (1, 2, 2)
        assert list(world.gateway.clients) == [1]

    _, link, _ = play(script)
    assert link.counters.sessions == 2


def test_a_half_open_socket_is_found_and_given_up() -> None:
    async def script(world: World, link: Link, told: Told) -> None:
        before = world.loop.now
        world.act("halfopen")
        assert await link.wait_until(State.SILENT, timeout_s=6.0)
        assert link.ib.isConnected()  # the library has seen nothing
        assert await link.wait_until(State.DOWN, timeout_s=12.0)
        assert world.loop.now - before < 15.0
        # The gateway still holds the dead session: 326 until that is gone, and then the same id.
        await ready(link)

    _, link, told = play(script)
    assert link.counters.unanswered == 3
    assert told.alerts


def test_a_socket_that_never_closes_by_itself_is_cut() -> None:
    async def script(world: World, link: Link, told: Told) -> None:
        # As a kernel that waits for what was written to be taken.
        transport = link.ib.client.conn.transport
        transport.close = transport.write_eof = lambda: None
        world.act("halfopen")
        assert await link.wait_until(State.DOWN, timeout_s=15.0)
        await ready(link)

    play(script)


def test_an_id_in_use_is_seen_at_once_and_tried_again() -> None:
    world, told, other = World(), Told(), Told()

    async def work() -> None:
        first = link_of(world, other)
        first.start()
        await ready(first)
        second = link_of(world, told)
        second.start()
        started = world.loop.now
        assert await second.wait_until(State.DOWN, timeout_s=2.0)
        # The library alone would wait out its whole timeout of 4 s.
        assert world.loop.now - started < 0.5
        assert 326 in told.codes
        await asyncio.sleep(5.0)
        assert second.state is not State.READY
        await first.stop()
        await ready(second, 20.0)
        assert second.counters.attempts >= 3
        await second.stop()

    world.run(work)
    assert world.loop.errors == []


@pytest.mark.parametrize(("kind", "code"), [("lost", 1102), ("data_lost", 1101)])
def test_a_gateway_that_loses_ib_keeps_its_socket_and_is_reconciled(kind: str, code: int) -> None:
    async def script(world: World, link: Link, told: Told) -> None:
        world.act(kind, seconds=8.0)
        assert await link.wait_until(State.DEGRADED, timeout_s=1.0)
        assert not link.is_ready
        await asyncio.sleep(5.0)
        assert link.state is State.DEGRADED
        assert told.n_stale == 1
        await ready(link, 5.0)
        assert code in told.codes
        assert (told.n_reconcile, told.n_subscribe) == (2, 2)

    _, link, _ = play(script)
    assert link.counters.sessions == 1


def test_a_broken_farm_leaves_orders_alone() -> None:
    async def script(world: World, link: Link, told: Told) -> None:
        world.act("farm", seconds=4.0)
        await asyncio.sleep(2.0)
        assert link.is_ready
        assert (told.n_stale, told.n_subscribe) == (1, 1)
        await asyncio.sleep(4.0)
        assert (told.n_stale, told.n_subscribe, told.n_reconcile) == (1, 2, 1)

    play(script)


@pytest.mark.parametrize("is_planned", [False, True])
def test_an_outage_that_is_planned_alerts_nobody(is_planned: bool) -> None:
    world, told = World(), Told()

    async def work() -> None:
        hooks = told.hooks(is_planned=lambda: is_planned)
        link = Link(LinkSettings(), hooks, clock=world.clock, random=Random(1))
        link.start()
        await ready(link)
        world.act("lost", seconds=3.0)
        assert await link.wait_until(State.DEGRADED, timeout_s=1.0)
        await ready(link)
        await link.stop()

    world.run(work)
    assert bool(told.alerts) != is_planned


def test_order_ids_never_come_twice() -> None:
    async def script(world: World, link: Link, told: Told) -> None:
        ids = {link.ib.client.getReqId() for _ in range(5)}
        world.act("restart", seconds=3.0, count=3)
        assert await link.wait_until(State.DOWN, timeout_s=2.0)
        await ready(link)
        for _ in range(5):
            number = link.ib.client.getReqId()
            assert number not in ids
            ids.add(number)
        link.keep_ids_above(5000)
        world.act("drop")
        await asyncio.sleep(0.1)
        await ready(link)
        assert 5001 <= link.ib.client.getReqId() < 5010

    play(script)


def test_attempts_are_further_and_further_apart() -> None:
    async def script(world: World, link: Link, told: Told) -> None:
        world.act("restart", seconds=600.0)
        await asyncio.sleep(590.0)
        assert link.state is not State.READY
        assert 20 <= link.counters.attempts <= 45
        await ready(link, 60.0)

    play(script)


def test_the_brokers_clock_is_the_markets() -> None:
    async def script(world: World, link: Link, told: Told) -> None:
        world.clock.ahead_ns = 5_000_000 * 1_000_000_000
        await asyncio.sleep(5.0)
        gap = link.clock.now_ns() - world.gateway.market.now_ns
        assert abs(gap) < 2_000_000_000
        assert link.clock.n_moves == 1

    play(script)


def test_what_a_task_raises_is_told() -> None:
    async def script(world: World, link: Link, told: Told) -> None:
        async def broken() -> None:
            raise ZeroDivisionError("planted")

        link.spawn("other", broken())
        await asyncio.sleep(0.1)
        assert [type(error) for error in told.failures] == [ZeroDivisionError]
        told.failures.clear()

    play(script)


def test_a_reconciliation_that_hangs_is_begun_again() -> None:
    world, told = World(), Told()
    calls = []

    async def reconcile() -> None:
        calls.append(world.loop.now)
        if len(calls) == 1:
            await asyncio.sleep(1e6)

    async def work() -> None:
        link = Link(
            LinkSettings(reconcile_s=3.0), told.hooks(reconcile=reconcile), clock=world.clock,
            random=Random(1),
        )  # fmt: skip
        link.start()
        await ready(link)
        assert len(calls) == 2
        assert link.counters.sessions == 2
        await link.stop()

    world.run(work)
