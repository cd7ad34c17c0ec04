"""Sixteen things that ib_async 2.1 does, seen on the unmodified library, and what we make of them.

Each test says what the library does, and fails if the broker lets that through. The first two,
about queues, are in test_order_queue.py.
"""

from __future__ import annotations

import asyncio
import gc
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from broker_scene import ACCOUNT, IbScene, agrees, play
from client_time import keep_clock_out

from engine.execution.broker import (
    Absent,
    Acked,
    Ended,
    Fill,
    LinkDown,
    LinkUp,
    Seen,
    Warned,
)
from engine.execution.orders import IOC
from engine.gateway.faults import Rule
from engine.ib import order_table
from engine.ib.order_table import OrderTable
from engine.ib.orders import to_ib
from engine.ib.states import State

IB_PACKAGE = Path(__file__).parents[2] / "engine" / "ib"


@pytest.fixture(autouse=True)
def _virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)


def numbers(scene: IbScene) -> list[int]:
    """Return the numbers of the orders at the gateway, in order."""
    return [order.placed.order_id for order in scene.world.gateway.desk.every]


@pytest.mark.parametrize("code", [10349, 10311, 2109])
def test_03_a_message_about_an_order_is_not_its_end(code: int) -> None:
    """The library marks a live order Cancelled for any code that is not in its short list."""

    async def story(scene: IbScene) -> None:
        scene.faults(Rule("warn", nth=1, code=code))
        order = scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(order)
        await scene.wait()
        assert [w.code for w in scene.of(Warned)] == [code]
        assert scene.of(Ended) == []
        assert scene.broker.ask(order.ref)
        assert (await scene.until(Seen)).is_live
        assert scene.broker.cancel(order.ref)
        assert (await scene.until(Ended))[1:3] == (0, "Cancelled")

    play("ib", story)


def test_03_the_time_in_force_is_always_said() -> None:
    async def story(scene: IbScene) -> None:
        for tif in ("DAY", IOC):
            assert scene.broker.place(scene.order(scene.box(), tif=tif))
        await scene.until(Ended, 2)
        assert [o.placed.raw["tif"] for o in scene.world.gateway.desk.every] == ["DAY", "IOC"]

    play("ib", story)


@pytest.mark.parametrize("fault", ["restart", "swallow and drop"])
def test_04_a_number_is_never_given_out_twice(fault: str) -> None:
    """The library takes the next number from the gateway, which goes back after a restart."""

    async def story(scene: IbScene) -> None:
        if fault != "restart":
            scene.faults(Rule("swallow", every=1))
        used = []
        for _ in range(5):
            assert scene.broker.place(scene.order(scene.box(), off=-1.0))
            used.append(scene.broker.table.high_water)
        await scene.wait(0.1)
        scene.faults()
        if fault == "restart":
            scene.world.act("restart", seconds=1.0, count=5)
        else:
            await scene.drop()
        await scene.until(LinkUp, 2)
        await scene.ready()
        assert scene.broker.place(scene.order(scene.box(), off=-1.0))
        await scene.until(Acked)
        await scene.wait(0.1)
        assert numbers(scene)[-1] > max(used)
        assert len(scene.world.gateway.desk.orders) == len(scene.world.gateway.desk.every)

    play("ib", story)


def test_04_a_process_that_starts_anew_knows_the_numbers_of_the_one_before() -> None:
    async def story(scene: IbScene) -> None:
        for k in range(3):
            assert scene.broker.place(scene.order(scene.box(), off=-1.0 if k else 0.0))
        await scene.until(Acked, 3)
        await scene.broker.stop()
        await scene.wait(0.1)
        scene.world.gateway.desk.next_id[1] = 1
        again = IbScene(scene.world)
        await again.begin()
        assert again.broker.place(again.order(again.box(), off=-2.0, ref="parity-q1-0.1"))
        await again.until(Acked)
        await again.wait(0.1)
        assert numbers(again)[-1] > max(numbers(again)[:-1])
        assert len(again.live()) == 3
        await again.end()

    play("ib", story)


def test_05_an_order_outlives_the_connection_it_was_sent_on() -> None:
    """After a reconnect the library's trades are dead: their events done, their state frozen."""

    async def story(scene: IbScene) -> None:
        order = scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(order)
        await scene.until(Acked)
        await scene.drop()
        await scene.until(LinkUp, 2)
        await scene.ready()
        assert scene.of(Ended) == []
        assert scene.broker.cancel(order.ref)
        assert (await scene.until(Ended))[:3] == (order.ref, 0, "Cancelled")

    play("ib", story)


def test_06_a_fill_in_an_outage_is_found_by_its_reference() -> None:
    """The library raises no event for it; its trade comes back with the number 0."""

    async def story(scene: IbScene) -> None:
        order = scene.order(scene.box(), off=-0.5)
        assert scene.broker.place(order)
        await scene.until(Acked)
        scene.world.act("restart", seconds=1.0)
        (resting,) = [o for o in scene.world.gateway.desk.every if not o.is_final]
        scene.world.gateway.exchange.force(resting)
        await scene.until(LinkUp, 2)
        evidence = await scene.evidence()
        assert [(s.ref, s.filled, s.is_live) for s in evidence.orders] == [(order.ref, 1, False)]
        assert {fill.ref for fill in evidence.executions} == {order.ref}
        assert len(evidence.executions) == 5
        agrees(scene, evidence)

    play("ib", story)


@pytest.mark.parametrize("fault", ["lost", "data_lost"])
def test_07_a_gateway_that_has_lost_ib_takes_no_orders(fault: str) -> None:
    """The library says that it is connected."""

    async def story(scene: IbScene) -> None:
        order = scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(order)
        await scene.until(Acked)
        scene.world.act(fault, seconds=2.0)
        await scene.until(LinkDown)
        assert scene.broker.link.ib.isConnected()
        assert not scene.broker.is_ready()
        assert not scene.broker.place(scene.order(scene.box()))
        assert not scene.broker.request_evidence()
        await scene.until(LinkUp, 2)
        evidence = await scene.evidence()
        assert evidence.is_beyond_barrier
        assert [seen.ref for seen in evidence.orders] == [order.ref]
        await scene.ready()

    play("ib", story)


def test_08_a_half_open_socket_is_noticed_and_given_up() -> None:
    """The library is connected, and placeOrder returns as if nothing were."""

    async def story(scene: IbScene) -> None:
        scene.world.act("halfopen")
        begun = scene.world.loop.time()
        await scene.until(LinkDown)
        assert scene.world.loop.time() - begun < 5.0
        assert not scene.broker.place(scene.order(scene.box()))
        await scene.until(LinkUp, 2, seconds=60.0)
        await scene.ready()
        assert scene.broker.place(scene.order(scene.box()))
        await scene.until(Ended)

    play("ib", story)


def test_09_only_an_answer_behind_the_order_says_that_it_was_lost() -> None:
    """The library leaves a swallowed order in PendingSubmit for ever."""

    async def story(scene: IbScene) -> None:
        scene.faults(Rule("swallow", nth=2))
        known, lost = scene.order(scene.box(), off=-1.0), scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(known)
        await scene.wait()
        # Asked before the order was sent: what is not in the answer to that may still arrive.
        assert scene.broker.request_evidence()
        assert scene.broker.place(lost)
        while not scene.events or not hasattr(scene.events[-1], "executions"):
            await scene.wait(0.001)
        assert not scene.events[-1].is_beyond_barrier
        await scene.wait(3.0)
        assert scene.of(Absent) == []
        assert scene.broker.ask(lost.ref)
        assert await scene.until(Absent) == Absent(lost.ref, True)
        assert not scene.broker.place(lost)

    play("ib", story)


def test_09_an_order_that_shows_up_late_is_told_and_can_be_cancelled() -> None:
    async def story(scene: IbScene) -> None:
        scene.faults(Rule("swallow", nth=1))
        lost = scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(lost)
        assert scene.broker.ask(lost.ref)
        await scene.until(Absent)
        # It was only late: the gateway does not keep the order of messages after all.
        client = scene.broker.link.ib.client
        client.placeOrder(client.getReqId(), *to_ib(lost, scene.contracts))
        acked = await scene.until(Acked)
        assert acked.ref == lost.ref
        assert scene.live() == [lost.ref]
        assert scene.broker.cancel(lost.ref)
        assert (await scene.until(Ended))[:3] == (lost.ref, 0, "Cancelled")

    play("ib", story)


def test_10_a_question_that_is_never_answered_ends_in_time() -> None:
    """The library waits for ever where an error has a code that it takes for a warning."""

    async def story(scene: IbScene) -> None:
        order = scene.order(scene.box(), off=-1.0)
        answer = await scene.broker.what_if(order)
        assert answer.refusal == ""
        assert answer.initial > 0.0
        assert answer.commission > 0.0
        assert scene.live() == []
        # A price off the tick is a warning to the library (110), a refusal to us.
        scene.broker._tick_of = lambda order: 0.001
        odd = scene.order([(1, scene.options("C")[0])], off=0.0)
        odd = type(odd)(odd.ref, ACCOUNT, odd.combo, 1, odd.limit + 0.001)
        refused = await scene.broker.what_if(odd)
        assert refused.refusal.startswith("110: ")
        scene.world.act("halfopen")
        begun = scene.world.loop.time()
        silent = await scene.broker.what_if(order, timeout_s=1.5)
        assert silent.refusal == "no answer within 1.5 s"
        assert scene.world.loop.time() - begun == pytest.approx(1.5, abs=0.1)
        await scene.until(LinkDown)

    play("ib", story)


def test_10_no_answer_is_awaited_without_an_end() -> None:
    bare = re.compile(r"await (?!asyncio\.(sleep|wait|wait_for)\()[\w.]*\.ib\.\w+")
    for path in sorted(IB_PACKAGE.glob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not bare.search(line) or "connectAsync" in line, f"{path.name}: {line}"


def test_11_a_warning_leaves_an_order_alive() -> None:
    """The library gives an order that is held the state ValidationError, and later Submitted."""

    async def story(scene: IbScene) -> None:
        scene.faults(Rule("warn", nth=1, code=399))
        order = scene.order(scene.box())
        assert scene.broker.place(order)
        ended = await scene.until(Ended)
        assert (ended.filled, ended.status) == (1, "Filled")
        await scene.wait()
        agrees(scene)

    play("ib", story)


def test_12_what_is_said_twice_changes_nothing_and_a_listener_that_breaks_is_told() -> None:
    """The library drops doubles of a status, and writes what a listener raises into a log."""

    async def story(scene: IbScene) -> None:
        scene.faults(Rule("dup_status", every=1))
        order = scene.order(scene.box())
        assert scene.broker.place(order)
        await scene.until(Fill, 5)
        await scene.wait()
        assert len(scene.of(Ended)) == 1
        said: list[Any] = []

        def breaks(event: object) -> None:
            said.append(event)
            raise ZeroDivisionError("a listener")

        scene.broker.sink = breaks
        assert scene.broker.place(scene.order(scene.box()))
        await scene.wait()
        assert Counter(type(e).__name__ for e in said)["Fill"] == 5
        assert len(scene.failures) == len(said) == scene.broker.n_failures
        assert {type(error) for error in scene.failures} == {ZeroDivisionError}
        scene.broker.sink = scene.events.append
        # Nobody knows what was not heard: nothing is sent any more, and all can be cancelled.
        assert not scene.broker.place(scene.order(scene.box()))
        assert scene.broker.refusal == "stopped by an error of our own: a listener"
        assert scene.broker.cancel_all()
        scene.failures.clear()

    play("ib", story)


def test_13_the_loop_is_never_run_from_inside() -> None:
    """A drop raises ConnectionError out of any synchronous call of the library."""
    for path in sorted(IB_PACKAGE.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"nest_asyncio|util\.run|ib\.(run|sleep|waitOnUpdate)\(", text), path
        assert "run_until_complete" not in text, path


def test_14_listeners_are_kept_although_the_library_would_let_them_go() -> None:
    """The library's events hold bound methods weakly."""

    async def story(scene: IbScene) -> None:
        for _ in range(3):
            gc.collect()
        assert scene.broker.place(scene.order(scene.box()))
        await scene.until(Ended)
        await scene.drop()
        for _ in range(3):
            gc.collect()
        await scene.until(LinkUp, 2)
        assert len(scene.of(LinkDown)) == 1

    play("ib", story)


def test_15_the_library_keeps_no_trade_and_the_table_forgets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The library writes each state of a trade out for a log, and keeps all trades."""

    async def story(scene: IbScene) -> None:
        for _ in range(3):
            assert scene.broker.place(scene.order(scene.box()))
        await scene.until(Ended, 3)
        wrapper = scene.broker.link.ib.wrapper
        assert wrapper.trades == wrapper.permId2Trade == wrapper.fills == {}

    play("ib", story)
    monkeypatch.setattr(order_table, "_MOST_KEPT", 100)
    table = OrderTable(1)
    table.placed("parity-old-0.1", 1, 1.0)
    for k in range(2, 5_000):
        table.placed(f"parity-{k}-0.1", k, 1.0)
        table.status(1, k, 1000 + k, "Cancelled", 0.0)
    assert len(table._entries) <= 100
    assert len(table._by_permanent) <= 101
    assert table.is_known("parity-old-0.1")  # what lives is never forgotten
    assert table.is_known("parity-4999-0.1")


def test_16_all_that_is_known_comes_back_within_a_tenth_of_a_second() -> None:
    """A new session with the gateway here takes 3 ms; a real one 1 to 4 s."""

    async def story(scene: IbScene) -> None:
        assert scene.broker.place(scene.order(scene.box()))
        assert scene.broker.place(scene.order(scene.box(), off=-1.0))
        await scene.until(Ended)
        await scene.drop()
        while scene.broker.link.state is not State.CONNECTING:
            await asyncio.sleep(0.001)
        begun = scene.world.loop.time()
        await scene.ready()
        assert scene.world.loop.time() - begun < 0.1
        begun = scene.world.loop.time()
        evidence = await scene.evidence()
        assert scene.world.loop.time() - begun < 0.1
        assert len(evidence.orders) == 2

    play("ib", story)
