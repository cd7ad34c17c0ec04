"""ib_async, unmodified, and the gateway in one virtual-time loop, under faults.

Each scenario places orders while connections drop, orders get lost, fills are repeated and
corrected; then the client comes back and must end with what the gateway's own books have. Every
byte that passes is the same on every runtime.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from client_time import keep_clock_out
from gateway_port import Port
from virtual_loop import VirtualLoop

from engine.clock import NS_PER_SECOND
from engine.feeds.demo_market import DemoMarket, Rates
from engine.gateway.faults import Faults, Rule
from engine.gateway.gateway import Gateway

ib_async = pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

PORT = 4002
STORM = (
    Rule("drop", probability=0.03), Rule("halfopen", probability=0.01),
    Rule("swallow", probability=0.08), Rule("partial", probability=0.15),
    Rule("no_ack", probability=0.08), Rule("exec_first", probability=0.1),
    Rule("warn", probability=0.1), Rule("dup_status", probability=0.2),
    Rule("correction", probability=0.15, seconds=0.3),
    Rule("late_commission", probability=0.2, seconds=0.5), Rule("bust", probability=0.05),
    Rule("fill_after_cancel", probability=0.3, seconds=0.2), Rule("lost", at=3.0),
    Rule("restart", at=6.0, seconds=1.0, count=2), Rule("slow", probability=0.3, seconds=0.02),
)  # fmt: skip


def fills_of(ib: Any) -> dict[str, tuple[str, int, int]]:
    """Return (execId, side, shares) by the stem of each execution: a correction replaces."""
    found: dict[str, tuple[str, int, int]] = {}
    for fill in ib.fills():
        execution = fill.execution
        stem = execution.execId.rpartition(".")[0]
        if stem not in found or execution.execId > found[stem][0]:
            side = 1 if execution.side == "BOT" else -1
            found[stem] = (execution.execId, side, int(execution.shares))
    return found


def every_fill(ib: Any) -> dict[str, tuple[str, int, int]]:
    """Return the fills without a thought: corrections are counted beside what they correct."""
    return {
        fill.execution.execId: (
            fill.execution.execId,
            1 if fill.execution.side == "BOT" else -1,
            int(fill.execution.shares),
        )
        for fill in ib.fills()
    }


async def scenario(loop: VirtualLoop, gateway: Gateway, rng: Random, count: Any) -> str:
    """Trade through the storm; return what is wrong at the end, "" if nothing."""
    ib = ib_async.IB()

    async def connect() -> None:
        for _ in range(60):
            if ib.isConnected():
                return
            try:
                await ib.connectAsync("127.0.0.1", PORT, clientId=1, timeout=4)
            except (ConnectionError, asyncio.TimeoutError, TimeoutError, OSError):
                ib.disconnect()
            await asyncio.sleep(0.3)

    await connect()
    index = next(i.index for i in gateway.listing.options("ZETF") if i.right == "C")
    contract = gateway.listing.contracts[index]
    option = ib_async.Contract(
        conId=contract.con_id, symbol="ZETF", secType="OPT", exchange="SMART", currency="USD"
    )
    for k in range(8):
        await connect()
        ask = gateway.market.quotes[index].ask
        limit = ask if rng.random() < 0.7 else round(ask - 1.0, 2)
        order = ib_async.LimitOrder("BUY", 1 + int(rng.random() * 5), limit, orderRef=f"o{k}")
        try:
            trade = ib.placeOrder(option, order)
            await asyncio.sleep(rng.random())
            if rng.random() < 0.5 and ib.isConnected() and not trade.isDone():
                ib.cancelOrder(order)
        except ConnectionError:
            pass
        await asyncio.sleep(rng.random())
        if rng.random() < 0.2:  # nothing was heard: the owner gives the connection up
            ib.disconnect()
    # The storm is over: back under the same id, and what is known must be what is.
    gateway.faults = Faults()
    for session in list(gateway.clients.values()):
        session.close()
    await asyncio.sleep(2.0)
    ib.disconnect()
    await connect()
    ib.reqGlobalCancel()
    await asyncio.sleep(1.0)
    await asyncio.wait_for(ib.reqExecutionsAsync(), 5)
    account = gateway.accounts["DU1234567"]
    known = sum(side * shares for _, side, shares in count(ib).values())
    wrong = []
    if known != account.quantity(index):
        wrong.append(f"known {known}, held {account.quantity(index)}")
    if any(not order.is_final for order in gateway.desk.every):
        wrong.append("a live order")
    if [p.position for p in ib.positions() if p.position] != [
        p.quantity for p in account.held().values()
    ]:
        wrong.append("another position")
    ib.disconnect()
    await asyncio.sleep(0.1)
    return ", ".join(wrong)


def run(seed: int, count: Callable[[Any], Any] = fills_of) -> tuple[str, str]:
    """Return what is wrong at the end of a scenario, and the digest of all that was said."""
    rng = Random(seed)
    loop = VirtualLoop(rng)
    sha = hashlib.sha256()

    def keep(clock_ns: int, side: str, client: int, data: bytes) -> None:
        sha.update(f"{clock_ns} {side} {client} ".encode() + data)

    market = DemoMarket(
        0, ["ZETF"], compact=True, planted=False, rates=Rates(1e9, 1e-9, 1e9, (1, 2), (0.01, 0.02))
    )
    gateway = Gateway(market, faults=Faults(STORM, seed), trace=keep)
    loop.servers[PORT] = lambda: Port(gateway, loop)

    def wake() -> None:
        gateway.advance(int(loop.now * NS_PER_SECOND))
        loop.call_at(max(gateway.next_ns() / NS_PER_SECOND, loop.now + 0.005), wake)

    asyncio.set_event_loop(loop)
    loop.call_soon(wake)
    try:
        wrong = loop.run_until_complete(scenario(loop, gateway, rng, count))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return wrong, sha.hexdigest()


@pytest.fixture
def virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)


@pytest.mark.usefixtures("virtual_time")
def test_the_client_ends_with_what_the_gateway_has() -> None:
    sha = hashlib.sha256()
    wrong = {}
    for seed in range(20):
        said, digest = run(seed)
        sha.update(digest.encode())
        if said:
            wrong[seed] = said
    assert wrong == {}
    # The same on every runtime.
    assert sha.hexdigest()[:16] == "c004da6ae0a8faff"


@pytest.mark.usefixtures("virtual_time")
def test_counting_corrections_beside_what_they_correct_is_caught() -> None:
    assert any(run(seed, every_fill)[0] for seed in range(20))


@pytest.mark.long
@pytest.mark.usefixtures("virtual_time")
def test_the_client_ends_with_what_the_gateway_has_500_times() -> None:
    wrong = {seed: said for seed in range(100, 600) if (said := run(seed)[0])}
    assert wrong == {}
