"""A trader that dies by SIGKILL at a named point: run as a program, it forks one after another.

The trader is the real one on the real broker over a real socket, with a real journal on disk; what
kills it are a journal and a broker of this file that take the place of the usual ones. Everything
is imported and compiled once, and each trader is a fork of that: so a death costs less than a
second.

Lines on standard input, each a JSON object, say where to die; lines on standard output say what
was there before it traded on.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
ACCOUNT = "DU1234567"
SEED = 5
PACKAGES = 6
_PATIENCE_S = 60.0
_SEQ_BYTES = 8

POINTS = (
    *(f"{when} {kind}" for kind in ("plan", "intent", "sent", "event", "phase")
      for when in ("before journal", "after journal")),
    "before send", "half sent", "after send",
    "before ack", "after ack", "before fill", "after fill", "before end", "after end",
    "before evidence", "after evidence", "before cancel", "after cancel",
)  # fmt: skip
"""Where it can die: around the writing of each kind of entry, the sending, what the broker says."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Bullet:
    """Kills at the `count`-th time that `point` is passed."""

    point: str
    count: int

    def at(self, point: str) -> None:
        if point == self.point:
            self.count -= 1
            if self.count == 0:
                die()


def read_line() -> str:
    """Read a line without taking more than it: other processes read what follows."""
    data = b""
    while not data.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            raise SystemExit(0)
        data += byte
    return data.decode()


def say(**data: object) -> None:
    os.write(1, (json.dumps(data) + "\n").encode())


def armed_classes(bullet: Bullet, acknowledged: mmap.mmap) -> tuple[Any, Any]:
    """Return the journal and the broker that die where the bullet says."""
    from engine.execution.broker import Acked, BrokerEvent, Ended, Evidence, Fill, Seen
    from engine.execution.orders import Order
    from engine.ib.broker import IbBroker
    from engine.session.journal import Entry, Journal

    names = {Acked: "ack", Fill: "fill", Ended: "end", Seen: "end", Evidence: "evidence"}

    class DyingJournal(Journal):
        def append(
            self, kind: str, data: Mapping[str, object], *, is_durable: bool = True
        ) -> Entry:
            bullet.at(f"before journal {kind}")
            entry = super().append(kind, data, is_durable=is_durable)
            acknowledged[:_SEQ_BYTES] = entry.seq.to_bytes(_SEQ_BYTES, "little")
            bullet.at(f"after journal {kind}")
            return entry

    class DyingBroker(IbBroker):
        def place(self, order: Order) -> bool:
            bullet.at("before send")
            if bullet.point == "half sent" and bullet.count == 1:
                self._send_half(order)
            is_sent = super().place(order)
            bullet.at("after send")
            bullet.at("half sent")
            return is_sent

        def _send_half(self, order: Order) -> None:
            transport = self.link.ib.client.conn.transport

            def write(data: bytes) -> None:
                transport.write(data[: len(data) // 2])
                die()

            self.link.ib.client.conn.transport = SimpleNamespace(
                write=write, is_closing=transport.is_closing
            )

        def cancel(self, ref: str) -> bool:
            bullet.at("before cancel")
            is_sent = super().cancel(ref)
            bullet.at("after cancel")
            return is_sent

        def _emit(self, event: BrokerEvent) -> None:
            name = names.get(type(event), "")
            bullet.at(f"before {name}")
            super()._emit(event)
            bullet.at(f"after {name}")

    return DyingJournal, DyingBroker


class Shop:
    """What every fork has: the market's instruments and prices, which stand still."""

    def __init__(self) -> None:
        sys.path[:0] = [str(TESTS / name) for name in ("gateway", "simulation", "ib", "execution")]
        from broker_scene import Scene
        from served_gateway import demo_gateway

        from engine.ib.warmup import warm_up

        gateway = demo_gateway(("ZETF",), market_seed=SEED)
        now = SimpleNamespace(now_ns=lambda: gateway.market.now_ns)
        self.scene = Scene(SimpleNamespace(gateway=gateway, clock=now))
        asyncio.run(warm_up(20))

    def plan(self, k: int) -> Any:
        """Return the k-th package: boxes and conversions, bought and sold in turn."""
        from test_trader_with_brokers import plan_of

        scene = self.scene
        legs = [scene.box(), scene.conversion(), scene.box(-1), scene.conversion()][k % 4]
        if k % 4 == 3:
            legs = [(-ratio, contract) for ratio, contract in legs]
        return plan_of(scene, legs, 1 + k % 3)


async def trade(shop: Shop, asked: Mapping[str, Any], acknowledged: mmap.mmap) -> int:
    """Recover, say what is known, wait for a word, trade; return 0 if nothing killed it."""
    from broker_scene import contract_at
    from test_trader_with_brokers import AllMayPass

    from engine.execution.rules import Rules
    from engine.execution.trader import Trader
    from engine.ib.connection import LinkSettings
    from engine.ib.orders import Contracts
    from engine.session.records import PROCESS

    bullet = Bullet(asked["point"], asked["count"])
    journal_type, broker_type = armed_classes(bullet, acknowledged)
    scene, random = shop.scene, Random(asked["seed"])
    listing = scene.world.gateway.listing
    contracts = Contracts(
        (contract_at(scene.world, row.index), listing.contracts[row.index].con_id)
        for row in listing.instruments
    )
    failures: list[BaseException] = []
    settings = LinkSettings(
        port=asked["port"], client_id=1, first_retry_s=0.05, most_retry_s=0.2, timeout_s=20.0
    )
    broker = broker_type(ACCOUNT, settings, 99, contracts, failure=failures.append)
    clock = broker.link.clock
    journal = journal_type(asked["journal"], durability=PROCESS, clock=clock)

    def quote(contract: Any, side: int) -> float:
        bid, ask, _, _ = scene.quote(contract)
        return float(ask if side > 0 else bid)

    rules = Rules(
        style=asked["style"], ack_s=0.3, cancel_s=0.3, fill_s=0.3, evidence_s=0.5,
        loss_usd=5_000.0, unhedged_s=600.0,
    )  # fmt: skip
    trader = Trader(
        broker, journal, AllMayPass(), clock, is_armed=True, rules=rules, quotes=quote,
        torn=str(journal.tear or ""),
    )  # fmt: skip
    broker.start()

    async def until(is_so: Callable[[], bool]) -> None:
        end = asyncio.get_running_loop().time() + _PATIENCE_S
        while not is_so():
            if failures:
                raise failures[0]
            if asyncio.get_running_loop().time() > end:
                say(stuck=str(trader.mode), error=broker.link.last_error)
                raise SystemExit(3)
            await asyncio.sleep(0.005)
            trader.on_time()

    def is_known() -> bool:
        """What is half done stays so while it is halted; but no order lives."""
        if trader.mode.value == "HALTED":
            return not any(True for one in trader.state.open_trades() for _ in one.live())
        return trader.mode.value == "READY" and trader.is_quiet

    await until(is_known)
    say(
        mode=trader.mode.value, halts=trader.state.halts, torn=trader.state.torn,
        positions=trader.state.executions.positions(),
        orders={
            ref: [sent.is_over, trader.state.executions.held([ref])]
            for one in trader.state.trades.values()
            for ref, sent in one.sent.items()
        },
    )  # fmt: skip
    read_line()
    if trader.state.halts:
        trader.resume("looked at")
    for k in range(asked["packages"]):
        if not broker.is_ready() or trader.mode.value != "READY":
            await until(lambda: broker.is_ready() and trader.mode.value in ("READY", "HALTED"))
        plan = shop.plan(asked["seed"] + k)
        trader.begin(plan, (0.0,) * len(plan.legs))
        await asyncio.sleep(random.random() * 0.05)
        trader.on_time()
    if asked["point"] != "random":
        trader.drain()
        await until(lambda: trader.is_quiet or is_known())
    else:
        await until(lambda: False)
    journal.close()
    return 0


def main() -> None:
    shop = Shop()
    acknowledged = mmap.mmap(-1, _SEQ_BYTES)
    say(ready=True)
    while True:
        asked = json.loads(read_line())
        acknowledged[:_SEQ_BYTES] = bytes(_SEQ_BYTES)
        child = os.fork()
        if child == 0:
            code = 2
            try:
                code = asyncio.run(trade(shop, asked, acknowledged))
            finally:
                os._exit(code)
        say(pid=child)
        _, status = os.waitpid(child, 0)
        sequence = int.from_bytes(acknowledged[:_SEQ_BYTES], "little")
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        say(end=code, acknowledged=sequence)


if __name__ == "__main__":
    main()
