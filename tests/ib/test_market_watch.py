"""A watch fed from the wire: its candidates are those of a search of the gateway's own quotes."""

from __future__ import annotations

import asyncio
from array import array
from dataclasses import replace
from random import Random
from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from served_gateway import serving
from virtual_gateway import World

from engine.backend import select
from engine.config import ScanSettings
from engine.feeds.demo_market import Rates
from engine.ib.connection import LinkSettings
from engine.ib.market import MarketLink, MarketSettings
from engine.ib.states import State
from engine.market.carry import Carry
from engine.market.chain import EUROPEAN, OptionChain
from engine.scanner.scanner import Scanner
from engine.scanner.watch import Watch

FIRST_ID = 700_000_001
PLANTED = Rates(1.5, 6.0, 1.0, (2.0, 20.0), (0.002, 0.06))


def scanner_of(carry: Carry) -> Scanner:
    return Scanner(ScanSettings(carry=carry), select("auto"))


def link_settings(port: int = 4002) -> LinkSettings:
    return LinkSettings(port=port, client_id=2, is_for_quotes=True, heartbeat_s=1.0, timeout_s=4.0)


def combos(scanner: Scanner, chain: OptionChain) -> dict[tuple[Any, ...], float]:
    """Return the candidates of a chain by their legs in words, with their edges."""
    found = scanner.find(chain)
    table = found.table.found
    return {
        tuple(
            sorted(
                (ratio, "" if quote < 0 else name_of(chain, quote))
                for quote, ratio in table.legs(row)
            )
        ): table.edge[row]
        for row in range(table.count)
    }


def name_of(chain: OptionChain, quote: int) -> str:
    row = chain.row_of(quote)
    expiry = chain.expiries[chain.expiry_of(row)]
    return f"{chain.right_of(quote)} {chain.strike[row]} {expiry.date}"


def displayed(world: World, mine: OptionChain) -> OptionChain:
    """Return what the gateway displays, a side without a size withdrawn; ages as we have them."""

    def side(exchange_id: int, at: int) -> tuple[float, float]:
        price, size = world.gateway.exchange.touch(exchange_id - FIRST_ID)[at : at + 2]
        return (price, float(size)) if price > 0.0 and size > 0 else (0.0, 0.0)

    ids = [int(con_id) for con_id in mine.contract_ids]
    bids, asks = [side(one, 0) for one in ids], [side(one, 2) for one in ids]
    spot = next(iter(world.gateway.listing.of_symbol(mine.symbol))) + FIRST_ID
    (bid, bid_size), (ask, ask_size) = side(spot, 0), side(spot, 2)
    return replace(
        mine, bid=array("d", [p for p, _ in bids]), bid_size=array("d", [n for _, n in bids]),
        ask=array("d", [p for p, _ in asks]), ask_size=array("d", [n for _, n in asks]),
        underlying=replace(
            mine.underlying, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size
        ),
    )  # fmt: skip


@pytest.mark.usefixtures("virtual_time")
@pytest.mark.parametrize(
    ("fault", "seconds"),
    [("", 5), ("data_lost", 14), pytest.param("drop", 16, marks=pytest.mark.long)],
)
def test_candidates_are_those_of_the_gateways_quotes(fault: str, seconds: int) -> None:
    world = World(("ZETF",), rates=PLANTED, planted=True, seed=3, most_lines=110)
    scanner = scanner_of(world.gateway.market.carry("ZETF"))
    counts = [0, 0]

    async def work() -> None:
        market = MarketLink(
            MarketSettings(link=link_settings()), clock=world.clock, random=Random(1),
            make_sink=lambda book, now: Watch(book, scanner, now), styles={"ZETF": EUROPEAN},
        )  # fmt: skip
        await market.start()
        one = await market.subscribe("ZETF")
        watch = one.sink
        assert isinstance(watch, Watch)
        for k in range(seconds):
            if k == 1 and fault:
                world.act(fault, seconds=2.0)
            await asyncio.sleep(1.0)
            if fault and 0 < k < 11:
                continue  # on its way back
            assert market.state is State.READY
            world.gateway.speed = 0.0
            await asyncio.sleep(0.3)
            now = market.clock.now_ns()
            mine = watch.book.snapshot(now)
            ours, theirs = combos(scanner, mine), combos(scanner, displayed(world, mine))
            assert ours == theirs
            assert (watch.found is not None and watch.found.table.found.count > 0) == bool(ours)
            counts[0] += 1
            counts[1] += bool(ours)
            world.gateway.speed = 1.0
        await market.stop()

    world.run(work)
    assert world.loop.errors == []
    assert counts[0] >= 4
    assert counts[1] >= 2


def test_over_a_socket() -> None:
    """The same over loopback, with the machine's clock and the gateway in a thread."""
    reads: list[int] = []

    async def work(port: int, carry: Carry) -> tuple[int, int]:
        scanner = scanner_of(carry)
        failures: list[BaseException] = []
        market = MarketLink(
            MarketSettings(link=link_settings(port)), on_failure=failures.append,
            make_sink=lambda book, now: Watch(book, scanner, now), styles={"ZETF": EUROPEAN},
            on_read=lambda symbols, now: reads.append(len(symbols)),
        )  # fmt: skip
        await market.start()
        one = await market.subscribe("ZETF")
        await asyncio.sleep(1.5)
        # The market's day, not the machine's.
        age = one.book.snapshot(market.clock.now_ns()).bid_age
        view = market.view()
        await market.stop()
        assert failures == []
        return sum(1 for value in age if value <= 2.5), view.n_lines

    with serving(symbols=("ZETF",), rates=Rates(0.2, 50.0, 1e9)) as served:
        carry = served.gateway.market.carry("ZETF")
        fresh, lines = asyncio.run(work(served.port, carry))
    assert lines == 91
    assert fresh >= 85
    assert len(reads) > 20
