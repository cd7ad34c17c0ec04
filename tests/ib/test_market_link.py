"""Quotes through the unmodified ib_async from the simulated gateway, in virtual time, under faults.

After every fault the book must have what the gateway displays, contract by contract, and until then
nothing that is not so may count as proven.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from virtual_gateway import LIVELY, World

from engine.cache.disk import DiskCache
from engine.clock import NS_PER_SECOND
from engine.errors import NoInputError, UnavailableError
from engine.gateway.faults import Rule
from engine.ib.connection import LinkSettings
from engine.ib.contracts import Choice
from engine.ib.market import MarketLink, MarketSettings
from engine.ib.states import State
from engine.market.chain import EUROPEAN

pytestmark = pytest.mark.usefixtures("virtual_time")
STYLES = {"ZETF": EUROPEAN, "ZIDX": EUROPEAN}
FIRST_ID = 700_000_001
FRESH = 2.5


class Reads:
    """What was called for each read."""

    def __init__(self) -> None:
        self.n = 0
        self.alerts: list[str] = []
        self.failures: list[BaseException] = []

    def __call__(self, symbols: object, now_ns: int) -> None:
        self.n += 1


def market_of(
    world: World, reads: Reads, cache: DiskCache | None = None, **said: Any
) -> MarketLink:
    link = LinkSettings(client_id=2, is_for_quotes=True, heartbeat_s=1.0, timeout_s=4.0)
    return MarketLink(
        MarketSettings(link=link, **said), on_read=reads, on_alert=reads.alerts.append,
        on_failure=reads.failures.append, clock=world.clock, random=Random(1), cache=cache,
        scope="test", styles=STYLES,
    )  # fmt: skip


def play(
    script: Callable[[World, MarketLink, Reads], Coroutine[Any, Any, None]],
    *,
    symbols: tuple[str, ...] = ("ZETF",),
    cache: DiskCache | None = None,
    settings: dict[str, Any] | None = None,
    **said: Any,
) -> tuple[World, MarketLink, Reads]:
    """Connect, subscribe, run the script, stop; nothing may be left over or broken."""
    world = World(symbols, **({"rates": LIVELY, "most_lines": 110} | said))
    reads = Reads()
    links: list[MarketLink] = []

    async def work() -> None:
        market = market_of(world, reads, cache, **(settings or {}))
        links.append(market)
        await market.start()
        await script(world, market, reads)
        await market.stop()
        await asyncio.sleep(1.0)
        assert len(asyncio.all_tasks()) == 1
        assert world.gateway.clients == {}

    world.run(work)
    assert reads.failures == []
    assert world.loop.errors == []
    return world, links[0], reads


def touch(world: World, exchange_id: str) -> tuple[float, float, float, float]:
    """Return what the gateway displays; a side that is not there is 0."""
    bid, bid_size, ask, ask_size = world.gateway.exchange.touch(int(exchange_id) - FIRST_ID)
    bid, bid_size = (bid, bid_size) if bid > 0.0 and bid_size > 0.0 else (0.0, 0.0)
    ask, ask_size = (ask, ask_size) if ask > 0.0 and ask_size > 0.0 else (0.0, 0.0)
    return bid, bid_size, ask, ask_size


def differences(world: World, market: MarketLink, symbol: str = "ZETF") -> list[str]:
    """Return the sides that count as fresh and are not what the gateway displays."""
    one = market.symbols[symbol]
    book = one.book
    chain = book.snapshot(market.clock.now_ns())
    found = []
    for quote, con_id in enumerate(book.listing.contract_ids):
        bid, bid_size, ask, ask_size = touch(world, con_id)
        for side, age, mine, theirs in (
            ("bid", chain.bid_age[quote], (book.bid[quote], book.bid_size[quote]), (bid, bid_size)),
            ("ask", chain.ask_age[quote], (book.ask[quote], book.ask_size[quote]), (ask, ask_size)),
        ):  # fmt: skip
            if age <= FRESH and mine != theirs:
                found.append(f"{quote} {side} {mine} {theirs}")
    spot = touch(world, one.listed.underlying_id)
    mine = (chain.underlying.bid, chain.underlying.bid_size, chain.underlying.ask,
            chain.underlying.ask_size)  # fmt: skip
    if chain.underlying.bid_age <= FRESH and mine != spot:
        found.append(f"spot {mine} {spot}")
    return found


def n_fresh(market: MarketLink, symbol: str = "ZETF") -> int:
    """Return how many sides count as fresh."""
    chain = market.symbols[symbol].book.snapshot(market.clock.now_ns())
    ages = [*chain.bid_age, *chain.ask_age, chain.underlying.bid_age, chain.underlying.ask_age]
    return sum(1 for age in ages if age <= FRESH)


async def compare(world: World, market: MarketLink, *, least: int) -> None:
    """Let the market stand still, wait for what is on its way, and compare."""
    world.gateway.speed = 0.0
    await asyncio.sleep(0.5)
    assert differences(world, market) == []
    assert n_fresh(market) >= least
    world.gateway.speed = 1.0


N_SIDES = 2 * 90 + 2


def test_a_book_has_what_the_gateway_displays() -> None:
    async def script(world: World, market: MarketLink, reads: Reads) -> None:
        one = await market.subscribe("ZETF")
        assert one.listed.n_contracts == 90
        assert one.book.listing.style == EUROPEAN
        await asyncio.sleep(10.0)
        await compare(world, market, least=N_SIDES - 10)
        assert market.view().n_lines == 91
        assert reads.n > 100
        assert market.path.n_bad == market.link.frames.n_bad == 0

    world, market, _ = play(script)
    assert market.path.n_ticks > 1000
    # One underlying, its chains, four expiries, and 91 lines.
    assert (world.asked(9), world.asked(78), world.asked(1)) == (5, 1, 91)
    assert market.link.counters.codes[100] == 0


FAULTS: list[tuple[str, dict[str, Any], float]] = [
    ("drop", {}, 20.0),
    ("halfopen", {}, 40.0),
    ("lost", {"seconds": 6.0}, 20.0),
    ("data_lost", {"seconds": 6.0}, 20.0),
    ("farm", {"seconds": 6.0}, 20.0),
    ("competing_session", {"seconds": 6.0}, 20.0),
    ("restart", {"seconds": 8.0, "count": 3}, 45.0),
    ("slow", {"seconds": 0.05}, 10.0),
    ("stale_quotes", {"seconds": 12.0, "symbol": "ZETF"}, 40.0),
]


@pytest.mark.parametrize(("kind", "said", "seconds"), FAULTS, ids=[row[0] for row in FAULTS])
def test_after_a_fault_the_book_is_right_again(
    kind: str, said: dict[str, Any], seconds: float
) -> None:
    async def script(world: World, market: MarketLink, reads: Reads) -> None:
        await market.subscribe("ZETF")
        await asyncio.sleep(2.0)
        world.act(kind, **said)
        if kind not in ("drop", "slow"):
            # Within a few seconds nothing counts as fresh but what was just sent.
            fewest, began = N_SIDES, world.loop.now
            while world.loop.now - began < 3.0 + 1.0 + FRESH + 0.5:
                await asyncio.sleep(0.1)
                fewest = min(fewest, n_fresh(market))
            assert fewest <= 12
        await asyncio.sleep(seconds)
        assert market.state is State.READY
        await compare(world, market, least=N_SIDES - 10)
        if kind in ("drop", "halfopen", "restart"):
            # Request ids of another session are void: nobody cancels them.
            assert world.asked(2) == 0

    play(script)


def test_quotes_that_are_not_subscribed_are_refused_and_delayed_ones_say_so() -> None:
    rules = [Rule("no_permission", probability=1.0)]

    async def refused(world: World, market: MarketLink, reads: Reads) -> None:
        await market.subscribe("ZETF")
        assert market.view().n_lines == 0
        assert n_fresh(market) == 0
        assert any("354" in text for text in reads.alerts)

    world, _, _ = play(refused, rules=rules, settings={"first_s": 8.0})
    assert world.asked(1) == 91  # not again and again

    async def delayed(world: World, market: MarketLink, reads: Reads) -> None:
        one = await market.subscribe("ZETF")
        await asyncio.sleep(2.0)
        assert one.book.snapshot(market.clock.now_ns()).is_delayed
        await compare(world, market, least=N_SIDES - 10)

    play(delayed, rules=rules, settings={"takes_delayed": True})


def test_a_halt_is_in_the_book_until_it_ends() -> None:
    async def script(world: World, market: MarketLink, reads: Reads) -> None:
        one = await market.subscribe("ZETF")
        world.act("halt", symbol="ZETF", seconds=4.0)
        await asyncio.sleep(1.0)
        assert one.book.is_halted
        await asyncio.sleep(20.0)
        assert not one.book.is_halted
        await compare(world, market, least=N_SIDES - 10)

    play(script)


def test_lines_never_exceed_the_budget_and_the_underlying_always_has_one() -> None:
    async def script(world: World, market: MarketLink, reads: Reads) -> None:
        await market.subscribe("ZETF")
        await market.subscribe("ZDIV")
        for _ in range(100):
            await asyncio.sleep(1.0)
            assert world.gateway.tape.line_count() <= 60
            assert market.subscriptions.n_open <= 60
        spots = {one.listed.underlying_id for one in market.symbols.values()}
        watched = {str(FIRST_ID + index) for index in world.gateway.tape.watchers}
        assert spots <= watched
        assert market.link.counters.codes[101] == 0
        assert market.budget.n_moves > 0

    play(script, symbols=("ZETF", "ZDIV"), settings={"most_lines": 60})


def test_a_broker_with_fewer_lines_than_thought_is_believed() -> None:
    async def script(world: World, market: MarketLink, reads: Reads) -> None:
        await market.subscribe("ZETF")
        await asyncio.sleep(30.0)
        assert market.budget.most <= 40
        assert 30 <= market.view().n_lines <= 40
        assert market.link.counters.codes[101] < 20

    play(script, most_lines=40, settings={"first_s": 8.0})


def test_the_second_start_asks_two_questions_about_contracts(tmp_path: Path) -> None:
    path = tmp_path / "contracts"

    def start(**said: Any) -> tuple[World, MarketLink]:
        async def script(world: World, market: MarketLink, reads: Reads) -> None:
            one = await market.subscribe("ZETF")
            assert one.listed.n_contracts > 300

        cache = DiskCache(path)
        world, market, _ = play(
            script, cache=cache, compact=False,
            settings={"most_lines": 20, "choice": Choice(series=13, days=800)}, **said,
        )  # fmt: skip
        cache.close()
        return world, market

    world, market = start()
    n_contracts = market.symbols["ZETF"].listed.n_contracts
    assert n_contracts > 900
    assert world.asked(9) + world.asked(78) == 15
    first = market.symbols["ZETF"].listed
    world, market = start()
    assert world.asked(9) + world.asked(78) == 2
    assert market.contracts.n_cached == n_contracts
    assert market.symbols["ZETF"].listed == first

    # A damaged file is fetched again.
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 2, len(data), 512):
        data[at] ^= 0xFF
    path.write_bytes(bytes(data))
    world, market = start()
    assert world.asked(9) + world.asked(78) == 15
    assert market.symbols["ZETF"].listed == first

    # Ids that mean something else now are found out: here another market is behind the same port.
    world, market = start(seed=5)
    assert market.contracts.n_stale == 1
    assert market.symbols["ZETF"].listed != first


def test_what_the_broker_does_not_list_is_said() -> None:
    async def script(world: World, market: MarketLink, reads: Reads) -> None:
        for symbol in ("NOPE", "zetf", "A;B", "X" * 40):
            with pytest.raises(NoInputError):
                await market.subscribe(symbol)
        assert market.symbols == {}

    play(script)


def test_a_port_without_a_gateway_is_said() -> None:
    world, reads = World(), Reads()
    world.loop.servers.clear()

    async def work() -> None:
        market = market_of(world, reads)
        with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:4002"):
            await market.start(5.0)
        await asyncio.sleep(0.1)
        assert len(asyncio.all_tasks()) == 1

    world.run(work)


def test_every_request_stays_below_the_pace() -> None:
    times: list[float] = []

    async def script(world: World, market: MarketLink, reads: Reads) -> None:
        handle = world.gateway.requests.handle

        def note(session: Any, values: list[str]) -> None:
            times.append(world.loop.now)
            handle(session, values)

        world.gateway.requests.handle = note  # type: ignore[method-assign]
        await market.subscribe("ZETF")
        world.act("farm", seconds=1.0)
        await asyncio.sleep(20.0)

    _, market, _ = play(script)
    assert max(sum(1 for t in times if s <= t < s + 1.0) for s in times) <= 46
    assert not market.link.ib.client._isThrottling


def test_an_index_settles_in_the_morning_where_the_broker_says_so() -> None:
    async def script(world: World, market: MarketLink, reads: Reads) -> None:
        one = await market.subscribe("ZIDX")
        ours = {(e.settles_ns, e.date, e.settlement, e.trading_class)
                for e in one.book.listing.expiries}  # fmt: skip
        demo = world.gateway.market.symbols["ZIDX"].whole  # type: ignore[attr-defined]
        assert ours == {
            (e.settles_ns, e.date, e.settlement, e.trading_class) for e in demo.expiries
        }
        assert {e[2] for e in ours} == {"AM", "PM"}
        assert one.book.listing.kind == "index"

    play(script, symbols=("ZIDX",))


def test_an_expiry_that_settles_leaves_the_book() -> None:
    async def script(world: World, market: MarketLink, reads: Reads) -> None:
        one = await market.subscribe("ZETF")
        first, *rest = one.book.listing.expiries
        gap = first.settles_ns - market.clock.now_ns()
        world.clock.ahead_ns += gap + NS_PER_SECOND
        market.link.clock.heard = lambda seconds: False  # type: ignore[method-assign]
        await asyncio.sleep(15.0)
        now = market.symbols["ZETF"]
        assert list(now.book.listing.expiries) == rest
        assert set(now.book.listing.contract_ids) < set(one.book.listing.contract_ids)
        await compare(world, market, least=2 * len(now.book.listing.contract_ids) - 10)

    play(script)
