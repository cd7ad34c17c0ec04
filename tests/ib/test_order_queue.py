"""Nothing waits in the library's queue: orders, and the global cancel least of all.

Observations 1 and 2 of what ib_async does; test_observations.py has the others.
"""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from broker_scene import ACCOUNT, IbScene, play
from client_time import keep_clock_out

from engine.execution.broker import Acked
from engine.ib.broker import IbBroker
from engine.ib.connection import LinkSettings
from engine.ib.orders import Contracts

# What the order connection may carry: startApi, orders, cancels, questions about them, the values
# of the account at the start, and the time.
ORDER_MESSAGES = {"71", "3", "4", "16", "99", "7", "61", "64", "62", "63", "49", "5", "6", "76"}


@pytest.fixture(autouse=True)
def _virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)


@pytest.mark.parametrize("queued", [450, 5000])
def test_01_a_kill_does_not_wait_behind_requests(queued: int) -> None:
    """The library sends 45 messages a second in one line: a cancel behind 450 took 10 s."""

    async def story(scene: IbScene) -> None:
        scene.world.gateway.pacing = 0
        order = scene.order(scene.box(), off=-1.0)
        assert scene.broker.place(order)
        await scene.until(Acked)
        client = scene.broker.link.ib.client
        for _ in range(queued):
            client.reqCurrentTime()
        assert len(client._msgQ) > queued - 45
        assert not scene.broker.place(scene.order(scene.box()))
        begun = scene.world.loop.time()
        assert scene.broker.cancel_all()
        while scene.live():
            await asyncio.sleep(0.0005)
        assert scene.world.loop.time() - begun < 0.05

    play("ib", story)


def test_01_the_order_connection_carries_orders_and_questions_about_them_alone() -> None:
    async def story(scene: IbScene) -> None:
        for _ in range(12):
            order = scene.order(scene.box(), off=-1.0)
            assert scene.broker.place(order)
            scene.broker.ask(order.ref)
            await scene.wait(0.1)
        await scene.evidence()
        assert {fields[0] for fields in scene.world.requests} <= ORDER_MESSAGES

    play("ib", story)


def test_02_nothing_is_ever_queued_behind_the_limit() -> None:
    """An order in the library's queue when the socket drops is never sent, and nothing says so."""

    async def story(scene: IbScene) -> None:
        sent = refused = 0
        client = scene.broker.link.ib.client
        for _ in range(80):
            order = scene.order(scene.box(), off=-1.0)
            if scene.broker.place(order):
                sent += 1
            else:
                refused += 1
            assert not client._msgQ
        assert sent >= 10
        assert refused >= 30
        await scene.wait(1.5)
        assert len(scene.live()) == sent
        assert scene.broker.is_ready()

    play("ib", story)


def test_two_connections_need_two_client_ids() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="client id 7"):
            IbBroker(ACCOUNT, LinkSettings(client_id=7), 7, Contracts())

    asyncio.run(main())
