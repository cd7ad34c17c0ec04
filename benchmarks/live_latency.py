"""Measure a live engine: from a quote on the wire to the order on the wire, stage by stage.

    python benchmarks/live_latency.py [--seconds 60] [--in-process] [--collecting] [--power]
                                      [--json FILE]

A whole live engine trades a market in which arbitrages are planted every fraction of a second.
By default the simulated gateway is a process of its own behind loopback, with the same interpreter
and on a processor of its own; with ``--in-process`` bytes go through memory on the same loop, and
only our path is timed. Both warm up as `parity live` does behind a gateway that was there before.

The stages, each from the end of the one before:

* wire: from the gateway's first write of what is in the read to the read (loopback and waking up),
* decode: frames cut, ticks taken out of them,
* find: the book written, the watch asked, the chain searched if it is outside its box,
* decide: plan, checks before the trade,
* journal: package begun, plan and intent written, the intent durable (``--power`` waits for the
  disk as with ``--broker ib``; otherwise as with our own gateway),
* order: built, encoded, and handed to the kernel.

*ours* is decode, find, decide and order together. *cpu* is the processor time of our thread: others
on a busy machine lengthen it only by emptying its caches. *total* begins at the gateway's write,
and in process at the read. The first hits are told apart: an interpreter that compiles has not seen
them. ``--collecting`` leaves PyPy's collector to itself, to compare. `load` is that of the machine:
what others take of it is in the figures. Committed ones are in benchmarks/results, in the folder
alone.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import logging
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # A script finds its own folder, not the package that it belongs to.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from engine.cli.screen import Screen
from engine.config import ScanSettings
from engine.execution.trader import Trader
from engine.feeds.demo_market import DemoMarket, Rates
from engine.gateway.gateway import Gateway
from engine.gateway.server import Connection, Server
from engine.ib.broker import IbBroker
from engine.ib.frames import FrameReader
from engine.ib.ticks import TickPath
from engine.live import collector, loop, start, trading
from engine.live.engine import Engine
from engine.live.start import LiveRequest
from engine.settings.live import LiveSettings
from engine.settings.overrides import CarryOverrides

ACCOUNT, SYMBOL = "DU1234567", "ZETF"
RATES = Rates(plant_every=0.25, plant_life=(0.4, 1.5))
MARKS = ("read", "decoded", "found", "passed", "journalled", "sent")
STAGES = ("decode", "find", "decide", "journal", "order")
COLD = 25
_REF = re.compile(rb"parity-[0-9a-z]+-\d+\.\d+")
now, used = time.monotonic_ns, time.thread_time_ns


class Marks:
    """When each stage of a read ended; those of reads that sent an order are kept in `hits`.

    The stages are methods of the engine: while it is measured each of them also takes the time.
    """

    def __init__(self) -> None:
        self.at = dict.fromkeys(MARKS, 0)
        self.cpu = dict.fromkeys(MARKS, 0)
        self.bytes_before = 0
        self.n_reads = self.n_ticks = 0
        self.hits: list[dict[str, Any]] = []
        self.quiet_ns: list[int] = []

    def attach(self) -> None:
        """Take the times from now on."""
        feed, place = FrameReader.feed, IbBroker.place
        marks, at, cpu = self, self.at, self.cpu

        def read(self: Any, data: bytes) -> None:
            if self.ticks is None:
                feed(self, data)
                return
            before, n_hits = self.n_bytes, len(marks.hits)
            marks.bytes_before = before
            cpu["read"] = used()
            at["read"] = begun = now()
            feed(self, data)
            if len(marks.hits) == n_hits and at["found"] >= begun:
                marks.n_reads += 1
                marks.quiet_ns.append(at["found"] - begun)

        def placed(self: Any, order: Any) -> bool:
            at["journalled"], cpu["journalled"] = now(), used()
            is_sent = place(self, order)
            at["sent"], cpu["sent"] = now(), used()
            if is_sent and order.ref.endswith("-0.1") and at["read"] <= at["passed"]:
                marks.hits.append(
                    {**at, "ref": order.ref, "before": marks.bytes_before, "cpu": dict(cpu)}
                )
            return is_sent

        FrameReader.feed = read  # type: ignore[method-assign]
        IbBroker.place = placed  # type: ignore[method-assign]
        self._before(TickPath, "read", "decoded")
        self._before(Engine, "on_read", "found")
        self._before(Trader, "begin", "passed")

    def _before(self, owner: Any, name: str, mark: str) -> None:
        method, at, cpu = getattr(owner, name), self.at, self.cpu

        @wraps(method)
        def marked(*given: Any) -> Any:
            at[mark], cpu[mark] = now(), used()
            return method(*given)

        setattr(owner, name, marked)


# the gateway as a process


class Wire:
    """What a gateway writes and hears, with the time."""

    def __init__(self) -> None:
        self.writes: dict[int, list[tuple[int, int]]] = {}
        self.orders: dict[str, int] = {}

    def attach(self) -> None:
        """Take the times from now on."""
        write, heard, wire = Connection.write, Connection.data_received, self

        def written(self: Any, data: bytes) -> None:
            log = wire.writes.setdefault(id(self), [])
            log.append((now(), (log[-1][1] if log else 0) + len(data)))
            write(self, data)

        def received(self: Any, data: bytes) -> None:
            at = now()
            for ref in _REF.findall(data):
                wire.orders.setdefault(ref.decode(), at)
            heard(self, data)

        Connection.write = written  # type: ignore[method-assign]
        Connection.data_received = received  # type: ignore[method-assign]

    def to_json(self) -> dict[str, Any]:
        """Return the writes of the connection that carries quotes, and when orders came."""
        most = max(self.writes.values(), key=lambda log: log[-1][1], default=[])
        return {"writes": most, "orders": self.orders}


async def serve(path: str, seed: int) -> None:
    """Serve until standard input ends, then write what was on the wire to `path`."""
    wire = Wire()
    wire.attach()
    server = Server(market(seed))
    print(await server.start("127.0.0.1", 0), flush=True)
    over = asyncio.Event()

    def ended() -> None:
        if not os.read(0, 4096):
            over.set()

    asyncio.get_running_loop().add_reader(0, ended)
    await over.wait()
    await server.stop()
    Path(path).write_text(json.dumps(wire.to_json()), encoding="utf-8")


def market(seed: int) -> Gateway:
    """Return a gateway whose market plants arbitrages all the time."""
    return Gateway(DemoMarket(seed, [SYMBOL], compact=True, rates=RATES), accounts=(ACCOUNT,))


# the gateway in memory


class Pipe(asyncio.Transport):
    """One direction of a connection without a socket; `other` is the protocol at the far end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self._waiting = b""
        self._is_closed = False
        self.other: Any = None
        self.back: Pipe | None = None

    def write(self, data: Any) -> None:
        """Hand on what was written, as one read, on the next turn of the loop."""
        if not self._waiting:
            self._loop.call_soon(self._deliver)
        self._waiting += bytes(data)

    def _deliver(self) -> None:
        data, self._waiting = self._waiting, b""
        if not self._is_closed:
            self.other.data_received(data)

    def is_closing(self) -> bool:
        """Tell whether it is closed."""
        return self._is_closed

    def get_write_buffer_size(self) -> int:
        """Return 0: nothing waits."""
        return 0

    def write_eof(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Close both directions."""
        if not self._is_closed:
            self._is_closed = True
            self._loop.call_soon(self.other.connection_lost, None)
            if self.back is not None:
                self.back.close()

    abort = close


class MemoryLoop(asyncio.SelectorEventLoop):
    """A loop on which every connection leads to `server`, without a socket."""

    server: Server

    async def create_connection(self, factory: Any, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        """Connect a client to the server."""
        client, far = factory(), Connection(self.server)
        out, back = Pipe(self), Pipe(self)
        out.other, back.other, out.back, back.back = far, client, back, out
        far.connection_made(back)
        client.connection_made(out)
        return out, client


# the engine


def request(journal: Path, port: int, seconds: float) -> LiveRequest:
    """Return what `parity live` would ask, with limits that let everything pass."""
    settings = LiveSettings(broker="sim", port=port, journal=journal)
    limits = replace(
        settings.limits, max_orders_second=1_000, max_orders_minute=10_000, duplicate_window_s=0.0,
        max_working_packages=100, max_data_stall_s=600.0,
    )  # fmt: skip
    settings = replace(settings, limits=limits)
    return LiveRequest(settings, (SYMBOL,), ScanSettings(), CarryOverrides(), seconds=seconds)


def trade(asked: LiveRequest, marks: Marks) -> int:
    """Trade for so long; return the exit code."""
    logging.getLogger("ib_async").setLevel(logging.CRITICAL + 1)
    marks.attach()
    console = Screen(is_plain=True, file=io.StringIO(), width=160)
    return loop.run(lambda: trading.trade(asked, console))


def part(gateway: int) -> None:
    """Give the gateway and the engine a processor each, where the system can.

    Else it puts both on one now and then: the one that sends waits while the other reads.
    """
    if hasattr(os, "sched_setaffinity"):  # Linux
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            os.sched_setaffinity(gateway, cores[1:2])
            os.sched_setaffinity(0, cores[:1])


def apart(seconds: float, seed: int, marks: Marks) -> dict[str, Any]:
    """Trade against a gateway in a process of its own; return what was on the wire."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "wire.json")
        command = [sys.executable, __file__, "--serve", str(path), "--seed", str(seed)]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdin is not None
        assert child.stdout is not None
        part(child.pid)
        try:
            port = int(child.stdout.readline())
            trade(request(Path(folder, "journal"), port, seconds), marks)
        finally:
            child.stdin.close()
            child.wait(60.0)
        wire: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return wire


def together(seconds: float, seed: int, marks: Marks) -> None:
    """Trade against a gateway on the same loop, through memory."""

    def new_loop() -> asyncio.AbstractEventLoop:
        made = MemoryLoop()
        made.server = Server(market(seed))
        moving = made.server._move
        made.call_soon(lambda: setattr(made.server, "_task", made.create_task(moving())))
        return made

    loop._new_loop = new_loop
    with tempfile.TemporaryDirectory() as folder:
        trade(request(Path(folder, "journal"), 1, seconds), marks)


# the figures


def spans(marks: Marks, wire: dict[str, Any]) -> list[dict[str, float]]:
    """Return the microseconds of each stage of each hit."""
    found = []
    writes, k = wire.get("writes", []), 0
    for hit in marks.hits:
        times = [hit[mark] for mark in MARKS]
        one = {stage: (b - a) / 1e3 for stage, a, b in zip(STAGES, times, times[1:], strict=False)}
        one["ours"] = one["decode"] + one["find"] + one["decide"] + one["order"]
        spent = [hit["cpu"][mark] for mark in MARKS]
        for stage, a, b in zip(STAGES, spent, spent[1:], strict=False):
            one[f"cpu {stage}"] = (b - a) / 1e3
        one["cpu ours"] = (spent[-1] - spent[0]) / 1e3 - one["cpu journal"]
        one["cpu total"] = (spent[-1] - spent[0]) / 1e3
        one["total"] = (hit["sent"] - hit["read"]) / 1e3
        if writes:
            while k < len(writes) - 1 and writes[k][1] <= hit["before"]:
                k += 1
            one["wire"] = (hit["read"] - writes[k][0]) / 1e3
            one["total"] += one["wire"]
            heard = wire["orders"].get(hit["ref"])
            if heard is not None:
                one["heard"] = (heard - writes[k][0]) / 1e3
        found.append(one)
    return found


def figures(rows: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return least, p50, p99, p99.9 and most of each stage, in microseconds."""
    keys = ("wire", *STAGES, "ours", "total", "heard", *(f"cpu {stage}" for stage in STAGES),
            "cpu ours", "cpu total")  # fmt: skip
    return {key: told([row[key] for row in rows if key in row]) for key in keys if key in rows[-1]}


def told(took: list[float]) -> dict[str, float]:
    """Return least, p50, p99, p99.9 and most."""
    took = sorted(took)
    at = {"least": 0.0, "p50": 0.5, "p99": 0.99, "p99.9": 0.999, "most": 1.0}
    return {key: round(took[min(len(took) - 1, int(q * len(took)))], 1) for key, q in at.items()}


def shares(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return what part of all the time each stage takes, of the hits around the median."""
    middle = sorted(rows, key=lambda row: row["total"])[len(rows) // 4 : -(len(rows) // 4) or None]
    whole = sum_of(middle, "total")
    return {key: round(sum_of(middle, key) / whole, 3) for key in ("wire", *STAGES)
            if key in rows[-1]}  # fmt: skip


def sum_of(rows: list[dict[str, float]], key: str) -> float:
    """Return a sum over rows."""
    total = 0.0
    for row in rows:
        total += row.get(key, 0.0)
    return total


def machine() -> str:
    """Return the processor."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


def never(self: Any, *, is_open: bool) -> None:
    """Leave the collector to itself."""


def durable(*given: Any, **said: Any) -> Any:
    """Open a journal that waits for the disk."""
    return _Journal(*given, **{**said, "durability": "power"})


_Journal = vars(start)["Journal"]


def main() -> int:
    """Measure and print; write the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--in-process", action="store_true")
    parser.add_argument("--collecting", action="store_true")
    parser.add_argument("--power", action="store_true")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.serve:
        from engine.runtime.comparisons import correct

        correct()
        with suppress(KeyboardInterrupt):
            asyncio.run(serve(given.serve, given.seed))
        return 0
    if given.collecting:
        collector.Collector.begin = lambda self: None  # type: ignore[method-assign]
        collector.Collector.rest = never  # type: ignore[method-assign]
    if given.power:
        vars(start)["Journal"] = durable
    marks, before = Marks(), os.getloadavg()
    runner: Callable[..., Any] = together if given.in_process else apart
    rows = spans(marks, runner(given.seconds, given.seed, marks) or {})
    cold, warm = rows[:COLD], rows[COLD:]
    found = {
        "runtime": platform.python_implementation(), "version": platform.python_version(),
        "machine": machine(), "load": [round(load, 1) for load in (*before, *os.getloadavg())],
        "way": "in process" if given.in_process else "loopback, gateway a process of its own",
        "collector": "its own" if given.collecting else "off while open, stepped when idle",
        "journal": "power" if given.power else "process", "seconds": given.seconds,
        "hits": len(rows), "quiet_reads": marks.n_reads,
        "first_us": figures(cold) if cold else {}, "us": figures(warm) if warm else {},
        "share": shares(warm) if warm else {},
        "quiet_read_us": told([ns / 1e3 for ns in marks.quiet_ns]) if marks.quiet_ns else {},
    }  # fmt: skip
    text = json.dumps(found, indent=1)
    print(text)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
