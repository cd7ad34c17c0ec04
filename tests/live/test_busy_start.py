"""A start while the machine is busy: what only takes long, or breaks once, is tried again."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")

from client_time import keep_clock_out
from virtual_gateway import PORT, Port, World

from engine.errors import UnavailableError
from engine.execution.broker import BrokerEvent
from engine.gateway.faults import Rule
from engine.ib.broker import IbBroker
from engine.ib.connection import Link, LinkSettings
from engine.ib.market import MarketSettings
from engine.ib.orders import Contracts
from engine.live.tws_source import CONNECT_SECONDS, TwsSource, is_up
from engine.scanner.watch import Watch


@pytest.fixture(autouse=True)
def _virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)


class Broken(Port):
    """The gateway's end of a connection: it breaks as soon as the client says anything."""

    def data_received(self, data: bytes) -> None:
        self._pipe.abort()


class Deaf(Port):
    """The gateway's end of a connection whose process gets no time: nothing is ever answered."""

    def data_received(self, data: bytes) -> None:
        pass


def first(world: World, kind: type[Port], count: int) -> None:
    """Let the first `count` connections be of a kind."""
    made: list[Port] = []

    def make() -> Port:
        is_odd = len(made) < count
        made.append((kind if is_odd else Port)(world.gateway, world.loop))
        return made[-1]

    world.loop.servers[PORT] = make


async def _connected(world: World, **changes: Any) -> tuple[bool, float, str]:
    link = Link(LinkSettings(**changes), clock=world.clock, random=Random(1))
    link.start()
    is_good = await is_up(link, lambda: False)
    after, error = world.loop.now, link.last_error
    await link.stop()
    return is_good, after, error


def _go_wrong(world: World, story: Callable[[World], None]) -> tuple[bool, float, str]:
    story(world)
    return world.run(lambda: _connected(world))


def test_a_connection_that_breaks_is_made_again() -> None:
    is_good, after, _ = _go_wrong(World(), lambda world: first(world, Broken, 4))
    assert is_good
    assert after < 60.0


def test_a_gateway_that_gets_no_time_is_waited_for() -> None:
    is_good, after, _ = _go_wrong(World(), lambda world: first(world, Deaf, 2))
    assert is_good
    assert after > 15.0


def test_where_nobody_listens_it_is_given_up_soon() -> None:
    is_good, after, error = _go_wrong(World(), lambda world: world.loop.servers.clear())
    assert not is_good
    assert after < 4.0
    assert "refused" in error


def test_what_never_works_is_given_up_in_the_end() -> None:
    is_good, after, _ = _go_wrong(World(), lambda world: first(world, Deaf, 99))
    assert not is_good
    assert CONNECT_SECONDS < after < CONNECT_SECONDS + 2.0


def test_the_order_connection_is_made_again_too() -> None:
    world = World(rules=(Rule("drop", nth=3), Rule("drop", nth=9)))
    events: list[BrokerEvent] = []

    async def story() -> bool:
        settings = LinkSettings(client_id=1)
        broker = IbBroker(
            "DU1234567", settings, 99, Contracts(), sink=events.append, clock=world.clock,
            random=Random(1),
        )  # fmt: skip
        broker.start()
        is_good = await is_up(broker.link, lambda: False)
        await broker.stop()
        return is_good

    assert world.run(story)


@pytest.mark.parametrize("n_drops", [1, 2])
def test_quotes_are_asked_for_again_where_the_connection_broke(n_drops: int) -> None:
    # The requests of a subscription come after those of the session.
    rules = tuple(Rule("drop", nth=6 + 6 * k) for k in range(n_drops))
    world = World(rules=rules)

    async def story() -> int:
        source = TwsSource(MarketSettings(link=LinkSettings(client_id=2, is_for_quotes=True)))
        source.market.link.clock._clock = world.clock
        await source.start()

        def make_watch(book: Any) -> Watch:
            watch = Watch.__new__(Watch)
            watch.book = book
            return watch

        await source.open("ZETF", make_watch)
        sessions = source.market.link.session
        await source.stop()
        return sessions

    assert world.run(story) == 1 + n_drops


def test_a_symbol_that_is_not_there_is_no_matter_of_the_connection() -> None:
    world = World()

    async def story() -> int:
        source = TwsSource(MarketSettings(link=LinkSettings(client_id=2, is_for_quotes=True)))
        await source.start()
        sessions = source.market.link.session

        async def never(*_: Any) -> Any:
            raise UnavailableError("the broker does not give it")

        source.market.subscribe = never  # type: ignore[method-assign]
        with pytest.raises(UnavailableError):
            await source.open("ZETF", lambda book: pytest.fail("no"))
        await source.stop()
        return sessions

    assert world.run(story) == 1
