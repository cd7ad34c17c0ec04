"""One suite for every broker: the promises at the head of `engine.execution.broker`.

What a listener makes of the events (executions by the stem of their id, the last correction counts,
fees once) must be what the broker's own books have: positions, cash, orders alive.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from broker_scene import ACCOUNT, Scene, agrees, play
from client_time import keep_clock_out

from engine.execution.broker import (
    Absent,
    Acked,
    Ended,
    Fee,
    Fill,
    LinkDown,
    LinkUp,
    Seen,
)
from engine.execution.orders import IOC
from engine.gateway.faults import Rule

BROKERS = ("paper", "ib")
every_broker = pytest.mark.parametrize("kind", BROKERS)


@pytest.fixture(autouse=True)
def _virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)


@every_broker
def test_an_order_for_one_contract_is_filled_at_the_touch(kind: str) -> None:
    async def story(scene: Scene) -> None:
        call = scene.options("C")[0]
        order = scene.order([(1, call)], 2)
        assert scene.broker.is_ready()
        assert scene.broker.place(order)
        ended = await scene.until(Ended)
        await scene.until(Fee)
        assert ended[:3] == (order.ref, 2, "Filled")
        (fill,) = scene.of(Fill)
        assert fill[2:5] == (call.name, 2.0, scene.quote(call)[1])
        assert fill.ref == order.ref
        (acked,) = scene.of(Acked)
        assert acked.ref == order.ref
        assert acked.permanent == fill.permanent != ""
        assert scene.held() == {call.name: 2.0}
        agrees(scene)

    play(kind, story)


@every_broker
def test_selling_is_buying_at_a_negative_price(kind: str) -> None:
    async def story(scene: Scene) -> None:
        put = scene.options("P")[0]
        order = scene.order([(-1, put)], 3)
        assert order.limit == -scene.quote(put)[0]
        assert scene.broker.place(order)
        await scene.until(Fee)
        (fill,) = scene.of(Fill)
        assert fill[2:5] == (put.name, -3.0, scene.quote(put)[0])
        assert scene.held() == {put.name: -3.0}
        assert scene.of(Ended)[-1].filled == 3
        agrees(scene)

    play(kind, story)


@every_broker
def test_shares_are_counted_in_lots_of_the_multiplier(kind: str) -> None:
    async def story(scene: Scene) -> None:
        order = scene.order([(1, scene.stock)], 2)
        assert scene.broker.place(order)
        ended = await scene.until(Ended)
        assert ended.filled == 2
        assert scene.held() == {"ZETF": 200.0}
        await scene.wait()
        agrees(scene)

    play(kind, story)


@every_broker
@pytest.mark.parametrize("shape", ["conversion", "box", "short box"])
def test_a_combo_is_filled_whole_at_a_net_price(kind: str, shape: str) -> None:
    async def story(scene: Scene) -> None:
        legs = (
            scene.conversion() if shape == "conversion" else scene.box(1 if shape == "box" else -1)
        )
        order = scene.order(legs, 2)
        assert (order.limit < 0.0) == (shape == "short box")
        assert scene.broker.place(order)
        await scene.until(Ended)
        await scene.until(Fee, len(legs))
        (whole,) = [fill for fill in scene.of(Fill) if not fill.contract]
        parts = [fill for fill in scene.of(Fill) if fill.contract]
        assert whole.quantity == 2.0
        assert whole.price == pytest.approx(scene.touch(legs), abs=1e-9)
        assert {fill.contract: fill.quantity for fill in parts} == {
            contract.name: order.quantity(i) for i, (_, contract) in enumerate(order.combo.legs)
        }
        paid = sum(
            round(f.quantity * f.price * (1 if f.contract == "ZETF" else 100) * 100) for f in parts
        )
        assert paid == round(whole.price * 100 * 2 * 100)
        assert len({fill.execution for fill in scene.of(Fill)}) == len(legs) + 1
        agrees(scene)

    play(kind, story)


@every_broker
def test_an_order_away_from_the_market_rests_and_is_cancelled(kind: str) -> None:
    async def story(scene: Scene) -> None:
        order = scene.order(scene.conversion(), off=-1.0)
        assert scene.broker.place(order)
        await scene.until(Acked)
        await scene.wait()
        assert scene.of(Ended) == scene.of(Fill) == []
        assert scene.live() == [order.ref]
        assert scene.broker.cancel(order.ref)
        ended = await scene.until(Ended)
        assert ended[:3] == (order.ref, 0, "Cancelled")
        assert scene.live() == []

    play(kind, story)


@every_broker
def test_what_is_displayed_is_the_most_that_is_filled(kind: str) -> None:
    async def story(scene: Scene) -> None:
        call = scene.options("C")[0]
        size = int(scene.quote(call)[3])
        order = scene.order([(1, call)], size + 7)
        assert scene.broker.place(order)
        await scene.until(Fill)
        await scene.wait()
        assert scene.of(Ended) == []
        assert scene.broker.cancel(order.ref)
        ended = await scene.until(Ended)
        assert ended[:3] == (order.ref, size, "Cancelled")
        assert scene.held() == {call.name: float(size)}
        agrees(scene)

    play(kind, story)


@every_broker
def test_immediate_or_cancel_leaves_nothing_behind(kind: str) -> None:
    async def story(scene: Scene) -> None:
        call = scene.options("C")[0]
        size = int(scene.quote(call)[3])
        order = scene.order([(1, call)], size + 1, tif=IOC)
        assert scene.broker.place(order)
        ended = await scene.until(Ended)
        assert ended[:3] == (order.ref, size, "Cancelled")
        nothing = scene.order(scene.conversion(), off=-1.0, tif=IOC)
        assert scene.broker.place(nothing)
        ended = await scene.until(Ended, 2)
        assert ended[:3] == (nothing.ref, 0, "Cancelled")
        assert scene.live() == []
        await scene.wait()
        agrees(scene)

    play(kind, story)


@every_broker
def test_a_question_has_an_answer_for_what_lives_is_over_or_is_not_known(kind: str) -> None:
    async def story(scene: Scene) -> None:
        filled, resting = scene.order(scene.box()), scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(filled)
        assert scene.broker.place(resting)
        await scene.until(Ended)
        for ref in (filled.ref, resting.ref, "parity-never-0.1"):
            assert scene.broker.ask(ref)
        await scene.until(Absent)
        await scene.wait()
        permanent = {acked.ref: acked.permanent for acked in scene.of(Acked)}
        assert set(scene.of(Seen)) == {
            Seen(filled.ref, 1, False, permanent[filled.ref]),
            Seen(resting.ref, 0, True, permanent[resting.ref]),
        }
        assert scene.of(Absent) == [Absent("parity-never-0.1", True)]

    play(kind, story)


@every_broker
def test_evidence_is_everything(kind: str) -> None:
    async def story(scene: Scene) -> None:
        filled, resting = scene.order(scene.box(), 2), scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(filled)
        assert scene.broker.place(resting)
        await scene.until(Fee, 4)
        evidence = await scene.evidence()
        assert [(s.ref, s.filled, s.is_live) for s in evidence.orders] == [
            (filled.ref, 2, False),
            (resting.ref, 0, True),
        ]
        assert set(evidence.executions) == set(scene.of(Fill))
        assert {fee.execution: fee.amount for fee in evidence.fees} == {
            fee.execution: fee.amount for fee in scene.of(Fee)
        }
        assert dict(evidence.positions) == scene.held()
        assert evidence.cash == pytest.approx(scene.money(), abs=0.005)
        assert (evidence.foreign, evidence.is_beyond_barrier) == (0, True)

    play(kind, story)


@every_broker
def test_a_reference_is_used_once(kind: str) -> None:
    async def story(scene: Scene) -> None:
        order = scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(order)
        assert not scene.broker.place(order)
        await scene.until(Acked)
        assert scene.live() == [order.ref]
        assert not scene.broker.cancel("parity-never-0.1")

    play(kind, story)


@every_broker
def test_an_order_for_another_account_is_not_sent(kind: str) -> None:
    async def story(scene: Scene) -> None:
        order = scene.order(scene.box())
        assert not scene.broker.place(replace(order, account="DU7654321"))
        assert scene.broker.place(order)
        await scene.until(Ended)

    play(kind, story)


@every_broker
def test_everything_is_cancelled_at_once(kind: str) -> None:
    async def story(scene: Scene) -> None:
        orders = [scene.order(scene.box(), off=-1.0 - k) for k in range(4)]
        for order in orders:
            assert scene.broker.place(order)
        await scene.until(Acked, 4)
        assert scene.broker.cancel_all()
        await scene.until(Ended, 4)
        await scene.wait(1.0)
        assert {ended.ref for ended in scene.of(Ended)} == {order.ref for order in orders}
        assert len(scene.of(Ended)) == 4
        assert scene.live() == []

    play(kind, story)


@every_broker
def test_a_fill_while_nobody_listens_is_in_the_evidence(kind: str) -> None:
    async def story(scene: Scene) -> None:
        order = scene.order(scene.box())
        assert scene.broker.place(order)
        await scene.wait(0.0015)  # on its way, and the connection goes
        await scene.drop()
        down = scene.of(LinkDown)
        assert len(down) == 1
        assert not scene.broker.is_ready()
        assert not scene.broker.place(scene.order(scene.box()))
        assert not scene.broker.ask(order.ref)
        await scene.until(LinkUp, len(scene.of(LinkUp)) + 1)
        evidence = await scene.evidence()
        assert evidence.is_beyond_barrier
        agrees(scene, evidence)
        assert dict(evidence.positions) == scene.held()

    play(kind, story)


@every_broker
@pytest.mark.parametrize("fault", ["reject", "swallow"])
def test_an_order_that_does_not_live_is_absent_or_over(kind: str, fault: str) -> None:
    async def story(scene: Scene) -> None:
        scene.faults(Rule(fault, nth=1))
        order = scene.order(scene.box())
        assert scene.broker.place(order)
        await scene.wait(1.0)
        if fault == "swallow":
            assert scene.events[-1:] == [] or isinstance(scene.events[-1], LinkUp)
        assert scene.of(Fill) == []
        assert scene.broker.ask(order.ref)
        await scene.wait()
        answers = [*scene.of(Absent), *scene.of(Seen)]
        assert answers in ([Absent(order.ref, True)], [Seen(order.ref, 0, False, f"{ACCOUNT}-1")])
        assert scene.live() == []
        following = scene.order(scene.box())
        assert scene.broker.place(following)
        await scene.until(Fee, 4)
        agrees(scene)

    play(kind, story)


@every_broker
def test_silence_stays_silence_until_it_is_asked(kind: str) -> None:
    async def story(scene: Scene) -> None:
        scene.faults(Rule("no_ack", nth=1))
        order = scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(order)
        await scene.wait(3.0)
        assert scene.of(Acked) == scene.of(Ended) == scene.of(Seen) == []
        assert scene.broker.ask(order.ref)
        seen = await scene.until(Seen)
        assert (seen.ref, seen.filled, seen.is_live) == (order.ref, 0, True)
        assert seen.permanent
        assert scene.broker.cancel(order.ref)
        await scene.wait()
        assert scene.live() == []

    play(kind, story)


@every_broker
@pytest.mark.parametrize("fault", ["partial", "correction", "bust"])
def test_executions_add_up_after(kind: str, fault: str) -> None:
    async def story(scene: Scene) -> None:
        scene.faults(Rule(fault, nth=1, fraction=0.5, seconds=0.3))
        order = scene.order(scene.box(), 4)
        assert scene.broker.place(order)
        await scene.until(Fill, 5)
        await scene.wait(1.0)
        if fault == "partial":
            assert scene.live() == [order.ref]
            assert scene.broker.cancel(order.ref)
            assert (await scene.until(Ended)).filled == 2
        else:
            ids = [fill.execution for fill in scene.of(Fill)]
            assert [i for i in ids if i.endswith(".02")] != []
        assert len(scene.executions()) == 5
        agrees(scene)
        evidence = await scene.evidence()
        agrees(scene, evidence)

    play(kind, story)
