"""Measure the way of an order: from `IbBroker.place` to the bytes, and back from bytes to events.

    python benchmarks/order_path.py [--orders 4000] [--json FILE]

Run it with each interpreter in a fresh process: what is measured first is cold. No socket: bytes
end in a transport that leads nowhere, answers are those of `engine.ib.rehearsal`. *library* is
``IB.placeOrder`` of the same order in the same process afterwards, so it finds the encoder warm.
*kill* is on sockets: from `cancel_all` to the last order cancelled in a gateway in a thread, while
so many requests are queued on the order connection; the median of rounds. `load` is that of the
machine: what others take of it is in the figures. Committed ones are in benchmarks/results, in
the folder alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

if __name__ == "__main__":
    # A script finds its own folder, not the package that it belongs to.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from engine.clock import SYSTEM
from engine.execution.broker import Acked
from engine.execution.orders import Order
from engine.feeds.demo_market import DemoMarket, Rates
from engine.gateway.gateway import Gateway
from engine.gateway.server import Server
from engine.ib import rehearsal, warmup
from engine.ib.broker import IbBroker
from engine.ib.connection import LinkSettings
from engine.ib.orders import Contracts, to_ib
from engine.market.combo import Combo
from engine.market.contract import OPTION, Contract

SPANS = ((0, 1), (1, 10), (10, 50), (50, 100), (100, 200), (200, 400), (400, 800), (800, 1600),
         (1600, 2400), (2400, 3200), (3200, 4000))  # fmt: skip
QUEUED = (0, 450, 5000)
ACCOUNT = "DU1234567"


async def order_path(n_orders: int) -> dict[str, Any]:
    """Return medians in us by how many orders went before: to the wire, and from it."""
    out: list[int] = []
    back: list[int] = []
    events: list[Any] = []
    broker = warmup._broker(events, SYSTEM)
    for k in range(n_orders):
        order = warmup._order(k)
        begun = time.perf_counter_ns()
        is_sent = broker.place(order)
        out.append(time.perf_counter_ns() - begun)
        assert is_sent
        reads = list(warmup._answers(broker, order, k)) if k % 5 != 4 else []
        begun = time.perf_counter_ns()
        for data in reads:
            broker.link.ib.client._onSocketHasData(data)
        if reads:
            back.append(time.perf_counter_ns() - begun)
        events.clear()
        if k % 10 == 9:
            await asyncio.sleep(0)
    library = _library(broker, min(n_orders, 1_000))
    return {
        "place_us": _by_span(out), "answers_us": _by_span(back),
        "library_place_us": library, "p99_of_last_us": _high(out[-1000:]),
    }  # fmt: skip


def _library(broker: IbBroker, n_orders: int) -> float:
    """Return the median of the library's own placeOrder over the last hundred."""
    ib = broker.link.ib
    took = []
    for k in range(n_orders):
        order = warmup._order(k)
        begun = time.perf_counter_ns()
        ib.placeOrder(*to_ib(order, broker._contracts))
        took.append(time.perf_counter_ns() - begun)
    ib.client.reset()
    ib.client.conn.transport = None
    return round(median(took[-100:]) / 1e3, 1)


def _by_span(took: list[int]) -> dict[str, float]:
    return {
        f"{low + 1}-{high}": round(median(took[low:high]) / 1e3, 1)
        for low, high in SPANS
        if low < len(took)
    }


def _high(took: list[int]) -> float:
    return round(sorted(took)[int(0.99 * len(took))] / 1e3, 1)


@contextmanager
def gateway() -> Iterator[tuple[Gateway, int]]:
    """Serve a gateway on a free port of loopback, in a thread."""
    still = Rates(spot_every=1e9, flicks=1e-9, plant_every=1e9)
    served = Gateway(DemoMarket(0, ["ZETF"], compact=True, planted=False, rates=still), pacing=0)
    loop, is_up = asyncio.new_event_loop(), threading.Event()
    server = Server(served)
    ports: list[int] = []

    def run() -> None:
        asyncio.set_event_loop(loop)
        ports.append(loop.run_until_complete(server.start("127.0.0.1", 0)))
        is_up.set()
        loop.run_forever()
        loop.run_until_complete(server.stop())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    is_up.wait(30.0)
    try:
        yield served, ports[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10.0)


async def kill(served: Gateway, port: int, queued: int, rounds: int) -> float:
    """Return the median milliseconds of a kill behind so many queued requests."""
    row = next(i for i in served.listing.options("ZETF") if i.right == "C")
    con_id = served.listing.contracts[row.index].con_id
    call = Contract(OPTION, "ZETF", exchange_id=str(con_id))
    took = []
    for k in range(rounds):
        events: list[Any] = []
        settings = LinkSettings(port=port, client_id=11)
        broker = IbBroker(ACCOUNT, settings, 12, Contracts(), sink=events.append)
        broker.start()
        while not (broker.is_ready() and broker.kill.link.is_ready):
            await asyncio.sleep(0.01)
        order = Order(f"parity-k{queued}x{k}-0.1", ACCOUNT, Combo("ZETF", ((1, call),)), 1, 0.01)
        assert broker.place(order)
        while not any(isinstance(event, Acked) for event in events):
            await asyncio.sleep(0.001)
        for _ in range(queued):
            broker.link.ib.client.reqCurrentTime()
        begun = time.perf_counter_ns()
        assert broker.cancel_all()
        while any(not placed.is_final for placed in served.desk.every):
            await asyncio.sleep(0.0002)
        took.append(time.perf_counter_ns() - begun)
        await broker.stop()
    return round(median(took) / 1e6, 2)


async def kills(rounds: int) -> dict[str, float]:
    """Return the milliseconds of a kill by what is queued."""
    with gateway() as (served, port):
        return {str(queued): await kill(served, port, queued, rounds) for queued in QUEUED}


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


def main() -> int:
    """Measure and print; write the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    logging.getLogger("ib_async").setLevel(logging.CRITICAL)
    found = {
        "runtime": platform.python_implementation(), "version": platform.python_version(),
        "machine": _machine(), "load": [round(load, 1) for load in os.getloadavg()],
        "order": "a conversion of three legs; answers of a fill: 11 messages in 4 reads",
        **asyncio.run(order_path(given.orders)), "kill_ms": asyncio.run(kills(given.rounds)),
        "bytes_of_a_fill": len(b"".join(rehearsal.bought(
            id=1, ref="parity-1-0.1", client=1, permanent=1, account="DU0", symbol="WARM"
        ))),
    }  # fmt: skip
    text = json.dumps(found, indent=1)
    print(text)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
