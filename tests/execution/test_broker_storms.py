"""The broker of IB through storms: what is known in the end is what the gateway's own books have.

Orders for one contract, boxes and conversions, bought and sold; cancelled or not, asked about or
not; while what each storm is named for goes wrong. When it is calm again, evidence and answers must
be the truth about every order that was sent, and a global cancel leaves nothing alive.
"""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from broker_scene import IbScene, agrees, play
from client_time import keep_clock_out

from engine.execution.broker import Absent, Seen
from engine.gateway.faults import Faults, Rule


@pytest.fixture(autouse=True)
def _virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)


STORM: dict[str, tuple[Rule, ...]] = {
    "nothing": (),
    "reject": (Rule("reject", every=2),),
    "swallow": (Rule("swallow", every=2),),
    "no_ack": (Rule("no_ack", every=2),),
    "exec_first": (Rule("exec_first", every=1),),
    "partial": (Rule("partial", every=2, fraction=0.5),),
    "dup_status": (Rule("dup_status", every=1),),
    "warn 10349": (Rule("warn", every=1),),
    "warn 399": (Rule("warn", every=1, code=399, text="Order Message: held till the open"),),
    "second_order": (Rule("second_order", every=2),),
    "fill_after_cancel": (Rule("fill_after_cancel", every=1, seconds=0.2),),
    "correction": (Rule("correction", every=1, seconds=0.3),),
    "bust": (Rule("bust", every=2, seconds=0.3),),
    "late_commission": (Rule("late_commission", every=1, seconds=0.5),),
    "drop": (Rule("drop", every=29),),
    "halfopen": (Rule("halfopen", nth=30),),
    "lost": (Rule("lost", at=2.0, seconds=1.0),),
    "restart": (Rule("restart", at=2.0, seconds=1.0, count=5),),
    "slow": (Rule("slow", every=1, seconds=0.02),),
    "all": (
        Rule("drop", probability=0.02), Rule("swallow", probability=0.08),
        Rule("partial", probability=0.15), Rule("no_ack", probability=0.08),
        Rule("exec_first", probability=0.1), Rule("warn", probability=0.1),
        Rule("dup_status", probability=0.2), Rule("correction", probability=0.15, seconds=0.3),
        Rule("late_commission", probability=0.2, seconds=0.5), Rule("bust", probability=0.05),
        Rule("fill_after_cancel", probability=0.3, seconds=0.2), Rule("lost", at=3.0),
        Rule("restart", at=6.0, seconds=1.0, count=2), Rule("second_order", probability=0.05),
    ),
}  # fmt: skip


class Calm(Faults):
    """Nothing goes wrong any more, nor what was due at a time."""

    def take(self, k: int) -> bool:
        return False


async def trade_through(scene: Any) -> None:
    """Send eight orders, cancel some and ask about all; then, when it is calm, hear everything."""
    random = scene.world.random
    refs = []
    for k in range(8):
        shape = [scene.box(), scene.conversion(), [(1, scene.options("C")[k % 3])], scene.box(-1)]
        off = 0.0 if random.random() < 0.7 else -1.0
        order = scene.order(shape[k % 4], 1 + int(random.random() * 3), off=off)
        if scene.broker.place(order):
            refs.append(order.ref)
        await scene.wait(random.random())
        if random.random() < 0.5:
            scene.broker.cancel(order.ref)
        if random.random() < 0.5:
            scene.broker.ask(order.ref)
        await scene.wait(0.5 * random.random())
    scene.world.gateway.faults = Calm(scene.world.gateway.faults.rules)
    await scene.wait(12.0)
    await scene.ready()
    evidence = await scene.evidence()
    # Asked about, every order that was sent is alive, over, or proven not to be there.
    for ref in refs:
        before = len(scene.events)
        assert scene.broker.ask(ref)
        for _ in range(500):
            answers = [e for e in scene.events[before:] if isinstance(e, (Seen, Absent))]
            if answers:
                break
            await scene.wait(0.01)
        assert {answer.ref for answer in answers} == {ref}
        alive = [order for order in scene.world.gateway.desk.every if order.placed.ref == ref]
        if isinstance(answers[0], Absent):
            assert answers[0].is_beyond_barrier
            assert alive == []
        else:
            assert any(answer.is_live for answer in answers) == (ref in scene.live())
            assert sum(answer.filled for answer in answers) == sum(o.filled for o in alive)
    assert {seen.ref for seen in evidence.orders if seen.is_live} == set(scene.live())
    agrees(scene, evidence)
    assert dict(evidence.positions) == scene.held()
    assert evidence.cash == pytest.approx(scene.money(), abs=0.005)
    # And nothing that lives escapes.
    assert scene.broker.cancel_all()
    await scene.wait(2.0)
    assert scene.live() == []
    agrees(scene, await scene.evidence())


@pytest.mark.parametrize("name", STORM)
def test_what_is_known_in_the_end_is_what_the_gateway_has(name: str) -> None:
    scene = play("ib", trade_through, rules=STORM[name], seed=3)
    assert isinstance(scene, IbScene)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(300))
def test_what_is_known_in_the_end_is_what_the_gateway_has_300_times(seed: int) -> None:
    play("ib", trade_through, rules=STORM["all"], seed=seed)
