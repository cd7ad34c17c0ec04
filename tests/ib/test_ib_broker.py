"""The broker of IB where a connection, a question or the library goes wrong."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway"))

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from broker_scene import IbScene, play
from client_time import keep_clock_out
from served_gateway import Wire, contract_fields

from engine.execution.broker import (
    Absent,
    Acked,
    Ended,
    Evidence,
    LinkDown,
    LinkUp,
    Seen,
)
from engine.gateway.faults import Rule
from engine.ib.kill import pull_by
from engine.ib.states import State

GLOBAL_CANCEL, ORDERS_OF_ALL, EXECUTIONS, SUMMARY = "58", "16", "7", "62"


@pytest.fixture(autouse=True)
def _virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)


def mute(scene: IbScene, *kinds: str) -> None:
    """Let the gateway take no notice of messages of these kinds; none: of every kind again."""
    requests = scene.world.gateway.requests
    handle = getattr(requests, "unmuted", requests.handle)
    requests.unmuted = handle  # type: ignore[attr-defined]

    def deaf(session: Any, values: list[str]) -> None:
        if values[0] not in kinds:
            handle(session, values)

    requests.handle = deaf  # type: ignore[method-assign]


def test_the_kill_falls_back_on_the_order_connection() -> None:
    async def story(scene: IbScene) -> None:
        await scene.broker.kill.link.wait_until(State.READY, timeout_s=5.0)
        assert scene.broker.place(scene.order(scene.box(), off=-1.0))
        await scene.until(Acked)
        await scene.broker.kill.stop()
        assert not scene.broker.kill.pull()
        before = scene.world.asked(int(GLOBAL_CANCEL))
        assert scene.broker.cancel_all()
        await scene.until(Ended)
        assert scene.world.asked(int(GLOBAL_CANCEL)) == before + 1
        await scene.broker.link.stop()
        assert not pull_by(scene.broker.link.ib)
        assert not scene.broker.cancel_all()

    play("ib", story)


def test_a_kill_connection_that_is_dead_and_does_not_know_it_stops_no_kill() -> None:
    async def story(scene: IbScene) -> None:
        await scene.broker.kill.link.wait_until(State.READY, timeout_s=5.0)
        call = scene.index_of[scene.options("C")[0].name]
        other = Wire(scene.world.gateway, client_id=5)
        other.place(1, contract_fields(scene.world.gateway, call), limit=0.01, ref="by hand")
        scene.world.gateway.clients[99].is_black = True
        assert scene.broker.kill.pull()
        await scene.wait(0.1)
        assert scene.live() == ["by hand"]
        assert scene.broker.cancel_all()
        await scene.wait(0.1)
        assert scene.live() == []

    play("ib", story)


def test_the_kill_passes_what_is_queued_on_its_own_connection() -> None:
    async def story(scene: IbScene) -> None:
        scene.world.gateway.pacing = 0
        await scene.broker.kill.link.wait_until(State.READY, timeout_s=5.0)
        assert scene.broker.place(scene.order(scene.box(), off=-1.0))
        await scene.until(Acked)
        for _ in range(450):
            scene.broker.kill.link.ib.client.reqCurrentTime()
        begun = scene.world.loop.time()
        assert scene.broker.kill.pull()
        assert scene.broker.kill.n_pulled == 1
        while scene.live():
            await asyncio.sleep(0.0005)
        assert scene.world.loop.time() - begun < 0.05

    play("ib", story)


def test_what_a_global_cancel_leaves_is_cancelled_one_by_one() -> None:
    async def story(scene: IbScene) -> None:
        for _ in range(3):
            assert scene.broker.place(scene.order(scene.box(), off=-1.0))
        await scene.until(Acked, 3)
        mute(scene, GLOBAL_CANCEL)
        assert scene.broker.cancel_all()
        await scene.until(Ended, 3, seconds=1.0)
        assert scene.live() == []
        assert scene.broker.cancel_all()  # and again, with nothing left
        await scene.wait(1.0)
        assert len(scene.of(Ended)) == 3

    play("ib", story)


def test_orders_of_others_are_counted_and_left_alone_until_the_kill() -> None:
    async def story(scene: IbScene) -> None:
        call = scene.index_of[scene.options("C")[0].name]
        other = Wire(scene.world.gateway, client_id=5)
        other.place(1, contract_fields(scene.world.gateway, call), limit=0.01, ref="by hand")
        assert scene.broker.place(scene.order(scene.box(), off=-1.0))
        await scene.until(Acked)
        evidence = await scene.evidence()
        assert evidence.foreign == 1
        assert len(evidence.orders) == 1
        assert not scene.broker.cancel("by hand")
        assert scene.broker.cancel_all()
        await scene.wait()
        assert scene.live() == []
        assert len(scene.of(Ended)) == 1

    play("ib", story)


def test_an_order_that_could_not_be_written_was_not_sent() -> None:
    async def story(scene: IbScene) -> None:
        client = scene.broker.link.ib.client
        order = scene.order(scene.box(), off=-1.0)
        place = client.placeOrder

        def fails(*_: object) -> None:
            raise ConnectionError("Not connected")

        client.placeOrder = fails
        assert not scene.broker.place(order)
        assert scene.broker.refusal == f"order {order.ref}: Not connected"
        client.placeOrder = place
        assert scene.broker.place(order)
        await scene.until(Acked)
        assert scene.live() == [order.ref]

    play("ib", story)


def test_why_an_order_was_refused_is_said() -> None:
    async def story(scene: IbScene) -> None:
        order = scene.order(scene.box(), ref="by-hand-1")
        assert not scene.broker.place(order)
        assert "not ours" in scene.broker.refusal
        strange = scene.order([(1, scene.options("C")[0])])
        object.__setattr__(strange, "tif", "GTC")
        assert not scene.broker.place(strange)
        assert "'GTC'" in scene.broker.refusal
        await scene.drop()
        assert not scene.broker.place(scene.order(scene.box()))
        assert scene.broker.refusal == "the order connection is down"
        assert not scene.broker.cancel_all() or scene.broker.kill.link.is_up

    play("ib", story)


@pytest.mark.parametrize("part", [ORDERS_OF_ALL, EXECUTIONS])
def test_a_round_without_its_end_ends_the_connection(part: str) -> None:
    async def story(scene: IbScene) -> None:
        order = scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(order)
        await scene.until(Acked)
        mute(scene, part)
        assert scene.broker.ask(order.ref)
        begun = scene.world.loop.time()
        down = await scene.until(LinkDown)
        assert "no end of" in down.reason
        assert scene.world.loop.time() - begun == pytest.approx(5.0, abs=0.2)
        mute(scene)
        await scene.until(LinkUp, 2, seconds=60.0)
        await scene.ready()
        assert scene.broker.ask(order.ref)
        assert (await scene.until(Seen)).is_live

    play("ib", story)


def test_nothing_is_ready_before_a_whole_round() -> None:
    async def story(scene: IbScene) -> None:
        mute(scene, ORDERS_OF_ALL)
        await scene.drop()
        await scene.until(LinkUp, 2)
        await scene.wait(2.0)
        assert scene.broker.link.state is State.RECONCILING
        assert not scene.broker.place(scene.order(scene.box()))
        mute(scene)
        await scene.until(LinkUp, 3)
        await scene.ready()

    play("ib", story)


def test_who_hears_the_evidence_of_a_new_connection_may_send_at_once() -> None:
    async def story(scene: IbScene) -> None:
        sent: list[bool] = []

        def listen(event: Any) -> None:
            scene.events.append(event)
            if isinstance(event, LinkUp):
                assert scene.broker.request_evidence()
                sent.append(scene.broker.place(scene.order(scene.box())))
            elif isinstance(event, Evidence):
                sent.append(scene.broker.place(scene.order(scene.box())))

        scene.broker.sink = listen
        await scene.drop()
        await scene.until(Ended)
        assert sent == [False, True]
        # Of the day's executions nothing was told apart from the evidence.
        again = IbScene(scene.world, client_id=1)
        await scene.broker.stop()
        await scene.wait(0.1)
        await again.begin()
        assert [type(event).__name__ for event in again.events] == ["LinkUp"]
        assert len((await again.evidence()).executions) == 5
        await again.end()

    play("ib", story)


def test_answers_from_before_the_link_was_lost_are_told_to_nobody() -> None:
    async def story(scene: IbScene) -> None:
        order = scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(order)
        await scene.until(Acked)
        assert scene.broker.ask(order.ref)
        assert scene.broker.request_evidence()
        # While the questions are on their way the gateway loses IB, and finds it again at once.
        scene.broker.link.ib.wrapper.error(-1, 1100, "lost", "")
        assert not scene.broker.ask(order.ref)
        scene.broker.link.ib.wrapper.error(-1, 1102, "restored", "")
        await scene.ready()
        await scene.wait()
        assert scene.of(Seen) == scene.of(Absent) == scene.of(Evidence) == []
        assert [type(e).__name__ for e in scene.of(LinkDown) + scene.of(LinkUp)[1:]] == [
            "LinkDown", "LinkUp",
        ]  # fmt: skip
        for _ in range(2):  # the second one while the first is looked into
            scene.broker.link.ib.wrapper.error(-1, 1102, "restored", "")
            await asyncio.sleep(0.0)
            await asyncio.sleep(0.0)
        assert [type(event) for event in scene.events[-3:]] == [LinkUp, LinkDown, LinkUp]
        await scene.ready()
        await scene.wait()
        assert len(scene.of(LinkUp)) == len(scene.of(LinkDown)) + 1
        kinds = [type(e).__name__ for e in scene.events if isinstance(e, (LinkUp, LinkDown))]
        assert kinds == ["LinkUp", "LinkDown"] * (len(kinds) // 2) + ["LinkUp"]
        assert (await scene.evidence()).is_beyond_barrier

    play("ib", story)


def test_answers_from_before_the_link_was_lost_are_not_taken_for_those_after() -> None:
    async def story(scene: IbScene) -> None:
        def listen(event: Any) -> None:
            scene.events.append(event)
            if isinstance(event, LinkUp):
                assert scene.broker.request_evidence()

        scene.broker.sink = listen
        assert scene.broker.request_evidence()
        # Behind the questions: it is in no answer to them.
        order = scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(order)
        scene.broker.link.ib.wrapper.error(-1, 1100, "lost", "")
        scene.broker.link.ib.wrapper.error(-1, 1102, "restored", "")
        evidence = await scene.until(Evidence)
        assert [seen.ref for seen in evidence.orders] == [order.ref]
        await scene.wait()
        assert len(scene.of(Evidence)) == 1

    play("ib", story)


def test_a_question_leaves_no_subscription_behind() -> None:
    async def story(scene: IbScene) -> None:
        await scene.evidence()
        scene.world.act("lost", seconds=0.5)
        await scene.until(LinkUp, 2)
        await scene.evidence()
        await scene.wait()
        session = scene.world.gateway.clients[1]
        assert session.summaries == {}
        assert not session.wants_positions
        # After 1102 the library itself asks for nothing.
        tags = {fields[4] for fields in scene.world.requests if fields[0] == SUMMARY}
        assert tags == {"TotalCashValue"}

    play("ib", story)


def test_questions_together_are_one_round_and_never_starve_orders() -> None:
    async def story(scene: IbScene) -> None:
        order = scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(order)
        await scene.until(Acked)
        before = scene.world.asked(int(EXECUTIONS))
        for _ in range(20):
            assert scene.broker.ask(order.ref)
        await scene.wait()
        assert scene.world.asked(int(EXECUTIONS)) - before <= 2
        for _ in range(100):
            scene.broker.ask(order.ref)
            await scene.wait(0.01)
            assert scene.broker.is_ready()
        assert not scene.broker.link.ib.client._msgQ

    play("ib", story)


def test_an_error_of_our_own_is_told_and_the_connection_lives() -> None:
    async def story(scene: IbScene) -> None:
        reception = scene.broker._reception

        def fails(*_: object) -> None:
            raise KeyError("ours")

        reception.on_status = fails
        assert scene.broker.place(scene.order(scene.box()))
        await scene.wait()
        assert {type(error) for error in scene.failures} == {KeyError}
        assert scene.broker.n_failures == len(scene.failures) >= 2
        scene.failures.clear()
        del reception.on_status
        assert not scene.broker.place(scene.order(scene.box()))
        assert scene.broker.refusal == "stopped by an error of our own: 'ours'"
        assert (await scene.evidence()).executions != ()

    play("ib", story)


def test_an_order_of_the_process_before_can_be_cancelled_and_asked_about() -> None:
    async def story(scene: IbScene) -> None:
        orders = [scene.order(scene.conversion(), 2, off=off) for off in (0.0, -1.0)]
        for order in orders:
            assert scene.broker.place(order)
        await scene.until(Ended)
        await scene.broker.stop()
        await scene.wait(0.1)
        again = IbScene(scene.world)
        await again.begin()
        evidence = await again.evidence()
        assert [(s.ref, s.filled, s.is_live) for s in evidence.orders] == [
            (orders[0].ref, 2, False), (orders[1].ref, 0, True),
        ]  # fmt: skip
        assert not again.broker.place(orders[1])
        assert again.broker.cancel(orders[1].ref)
        assert (await again.until(Ended))[:3] == (orders[1].ref, 0, "Cancelled")
        await again.end()

    play("ib", story)


def test_who_has_stopped_the_broker_hears_nothing_more() -> None:
    async def story(scene: IbScene) -> None:
        assert scene.broker.place(scene.order(scene.box(), off=-1.0))
        await scene.until(Acked)
        before = list(scene.events)
        await scene.broker.stop()
        await scene.wait()
        assert scene.events == before
        assert scene.live() != []

    play("ib", story)


def test_a_what_if_ends_with_the_connection() -> None:
    async def story(scene: IbScene) -> None:
        order = scene.order(scene.box())
        mute(scene, "3")
        task = asyncio.get_running_loop().create_task(scene.broker.what_if(order, 30.0))
        await scene.wait(0.1)
        await scene.drop()
        answer = await asyncio.wait_for(task, 5.0)
        assert answer.refusal == "the connection was lost"
        assert (await scene.broker.what_if(order)).refusal == "the order connection is down"
        mute(scene)

    play("ib", story)


def test_a_rejection_is_a_reason_and_the_answer_is_the_end() -> None:
    async def story(scene: IbScene) -> None:
        scene.faults(Rule("reject", nth=1, code=201, text="no margin"))
        order = scene.order(scene.box())
        assert scene.broker.place(order)
        await scene.wait()
        (warned,) = scene.events[1:]
        assert warned == (order.ref, 201, "no margin", True)
        assert scene.broker.ask(order.ref)
        assert await scene.until(Absent) == Absent(order.ref, True)
        assert not scene.broker.cancel(order.ref)

    play("ib", story)
