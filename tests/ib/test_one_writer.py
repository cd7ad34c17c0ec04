"""One engine trades an account: what another id has left is ended, and a second engine is seen."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from broker_scene import ACCOUNT, IbScene, play

from engine.errors import NotPermittedError
from engine.execution.broker import Acked, Evidence, Seen
from engine.ib.broker import IbBroker
from engine.ib.connection import LinkSettings
from engine.ib.increments import tick_of
from engine.ib.states import State
from engine.live.lease import lease_id
from engine.market.combo import STOCK, Combo
from engine.market.contract import Contract

pytestmark = pytest.mark.usefixtures("virtual_time")


def another(scene: IbScene, client_id: int, kill_id: int = 98, **said: Any) -> IbBroker:
    """Return a broker of another engine, on the same account at the same gateway."""
    settings = LinkSettings(timeout_s=4.0, most_retry_s=2.0, client_id=client_id)
    return IbBroker(
        ACCOUNT, settings, kill_id, scene.contracts, clock=scene.world.clock, random=Random(2),
        **said,
    )  # fmt: skip


async def ready(scene: IbScene, broker: IbBroker) -> None:
    for _ in range(2_000):
        if broker.is_ready():
            return
        await scene.wait(0.01)
    raise AssertionError(broker.link.last_error)


def test_an_order_of_an_older_client_id_is_cancelled_under_that_id() -> None:
    async def story(scene: IbScene) -> None:
        older = another(scene, 7)
        older.start()
        await ready(scene, older)
        order = scene.order(scene.box(), off=-1.0)
        assert older.place(order)
        await scene.wait(1.0)
        await older.stop()
        # The engine has another id now. It learns of the order from the gateway, and ends it.
        evidence = await scene.evidence()
        assert [(one.ref, one.is_live) for one in evidence.orders] == [(order.ref, True)]
        assert scene.broker.cancel(order.ref)
        await scene.wait(1.0)
        assert scene.live() == []
        assert scene.broker.ask(order.ref)
        assert not (await scene.until(Seen)).is_live
        # The connection under the old id goes again, and nobody is taken for another engine.
        await scene.wait(3.0)
        assert sorted(scene.world.gateway.clients) == [1, 99]
        assert scene.broker.rival == 0
        assert scene.broker.is_ready()

    play("ib", story)


def test_an_order_of_an_engine_that_lives_is_left_and_stops_this_one() -> None:
    async def story(scene: IbScene) -> None:
        other = another(scene, 7)
        other.start()
        await ready(scene, other)
        order = scene.order(scene.box(), off=-1.0)
        assert other.place(order)
        await scene.wait(1.0)
        await scene.evidence()
        scene.broker.cancel(order.ref)
        await scene.wait(3.0)
        assert scene.live() == [order.ref]
        assert scene.broker.rival == 7
        assert not scene.broker.place(scene.order(scene.box()))
        assert "another engine" in scene.broker.refusal
        (error,) = scene.failures
        assert isinstance(error, NotPermittedError)
        assert "client id 7" in str(error)
        scene.failures.clear()
        await other.stop()
        # Somebody has ended it, and says so.
        scene.broker.forgive()
        await scene.evidence()
        scene.broker.cancel(order.ref)
        await scene.wait(2.0)
        assert scene.live() == []
        assert scene.broker.place(scene.order(scene.box()))

    play("ib", story)


def test_the_second_engine_of_an_account_gets_no_lease_and_sends_nothing() -> None:
    async def story(scene: IbScene) -> None:
        await scene.broker.kill.link.wait_until(State.READY, timeout_s=5.0)
        second = another(scene, 7, kill_id=99)  # the id that the account gives, like the first
        second.start()
        await scene.wait(3.0)
        assert second.link.state is State.READY
        assert second.kill.is_taken
        assert not second.is_ready()
        assert not second.place(scene.order(scene.box()))
        assert second.refusal == "another engine trades this account"
        assert not scene.broker.kill.is_taken
        assert scene.broker.place(scene.order(scene.box()))
        await scene.until(Acked)
        # It may go on when the first one has gone.
        await scene.broker.stop()
        await ready(scene, second)
        await second.stop()

    play("ib", story)


def test_the_lease_follows_from_the_account_alone_and_is_no_id_that_can_be_chosen() -> None:
    assert lease_id("DU1234567") == lease_id("DU1234567")
    assert lease_id("DU1234567") != lease_id("DU1234568")
    assert all(999_990 < lease_id(f"U{k}") < 2**31 - 10 for k in range(500))


def test_an_error_of_our_own_is_forgiven_and_what_was_not_heard_is_told_again() -> None:
    async def story(scene: IbScene) -> None:
        def break_down(event: object) -> None:
            raise ZeroDivisionError("here")

        heard, scene.broker.sink = scene.broker.sink, break_down
        assert scene.broker.place(scene.order(scene.box()))
        await scene.wait(1.0)
        scene.broker.sink = heard
        assert scene.failures
        scene.failures.clear()
        assert not scene.broker.is_ready()
        scene.broker.forgive()
        assert not scene.broker.is_ready()
        await ready(scene, scene.broker)
        evidence = await scene.evidence()
        assert {fill.contract: fill.quantity for fill in evidence.executions if fill.contract}
        assert dict(evidence.positions) == scene.held()
        assert scene.broker.place(scene.order(scene.conversion()))
        await scene.until(Acked)
        assert isinstance(await scene.until(Evidence), Evidence)

    play("ib", story)


class Stepped:
    """A listing with steps of its own."""

    spot_steps = ((0.0, 0.0001), (1.0, 0.05))
    steps: dict[str, Any] = {}  # noqa: RUF012


@pytest.mark.parametrize(("limit", "tick"), [(0.5, 0.0001), (-0.5, 0.0001), (1.0, 0.05)])
def test_stock_is_priced_in_its_own_steps(limit: float, tick: float) -> None:
    stock = Contract(STOCK, "ZETF", multiplier=1.0)

    class Priced:
        is_single = True
        combo = Combo("ZETF", ((1 if limit > 0 else -1, stock),))

    Priced.limit = limit  # type: ignore[attr-defined]
    assert tick_of(Priced, Stepped) == tick  # type: ignore[arg-type]
