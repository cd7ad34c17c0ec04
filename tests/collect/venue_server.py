"""A web service on loopback that publishes what it is given, and fails as it is told."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from urllib.parse import parse_qs, urlsplit

from typing_extensions import Self

DAY_S = 1_522_800_000  # 2018-04-04

Query = dict[str, str]
Route = Callable[[str, Query], object]


@dataclass
class Fault:
    """What goes wrong with one answer; `times` is how many in a row."""

    kind: str
    times: int = 1
    seconds: float = 0.0


@dataclass
class VenueServer:
    """Use as ``with``: serves from a thread of its own. `faults` are taken one after the other."""

    route: Route
    latency: float = 0.0
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, Query]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    n_connections: int = 0
    most_at_once: int = 0
    url: str = ""

    def __enter__(self) -> Self:
        self._at_once = 0
        started = threading.Event()
        self._loop = asyncio.new_event_loop()

        async def serve() -> None:
            self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
            self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
            started.set()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            self._loop.create_task(serve())
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, *error: object) -> None:
        def stop() -> None:
            self._server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_later(0.01, self._loop.stop)

        self._loop.call_soon_threadsafe(stop)
        self._thread.join(10)
        self._loop.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.n_connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the client has gone, or the test is over
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = urlsplit(head.split(" ")[1])
        query = {key: values[0] for key, values in parse_qs(target.query).items()}
        self.seen.append((target.path, query))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await self._sent(writer, target.path, query)
        finally:
            self._at_once -= 1

    async def _sent(self, writer: asyncio.StreamWriter, path: str, query: Query) -> bool:
        fault = self._fault()
        await asyncio.sleep(self.latency)
        code, extra = 200, ""
        if fault is None:
            body = json.dumps(self.route(path, query)).encode()
        elif fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            body = json.dumps(self.route(path, query)).encode()
        elif fault.kind == "busy":
            code, body, extra = 429, b"{}", f"Retry-After: {fault.seconds:g}\r\n"
        elif fault.kind == "broken":
            code, body = 503, b"<html>maintenance</html>"
        elif fault.kind == "refused":
            code, body = 404, b'{"message":"NotFound"}'
        elif fault.kind == "cut":
            body = json.dumps(self.route(path, query)).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
            writer.write(body[: len(body) // 2])
            await writer.drain()
            return False
        elif fault.kind == "drop":
            return False
        else:
            body = {
                "garbage": b'{"result": [1, 2', "deep": b"[" * 200_000, "drift": b'{"data": []}',
                "rows": b'[["a", 1, 2]]', "nan": b"[[NaN, 1, 1, 1, 1, 1]]", "empty": b"",
                "html": b"<html>", "null": b"null", "number": b"5",
            }[fault.kind]  # fmt: skip
        self.statuses[code] += 1
        writer.write(
            f"HTTP/1.1 {code} X\r\nContent-Type: application/json\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        return True

    def _fault(self) -> Fault | None:
        if not self.faults:
            return None
        fault = self.faults[0]
        fault.times -= 1
        if fault.times <= 0:
            del self.faults[0]
        return fault if fault.kind != "none" else None


def candles(bars: dict[int, list[float]]) -> Route:
    """Answer as Coinbase does: newest first, both ends in, at most 300, from bars by second."""

    def route(path: str, query: Query) -> object:
        assert path.endswith("/candles")
        start, end = (_seconds(query[name]) for name in ("start", "end"))
        step = int(query["granularity"])
        assert (end - start) // step < 300, "more than 300 are refused"
        found = [
            [s, low, high, opened, closed, volume]
            for s, (opened, high, low, closed, volume) in bars.items()
            if start <= s <= end
        ]
        return sorted(found, reverse=True)

    return route


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def made_bars(n: int, seed: int = 1) -> dict[int, list[float]]:
    rng, bars, price = Random(seed), {}, 7000.0
    for k in range(n):
        opened, price = price, round(price * (1 + 0.001 * rng.gauss(0, 1)), 2)
        if rng.random() < 0.95:  # without trades there is no candle
            high, low = max(opened, price) + rng.randrange(9), min(opened, price) - rng.randrange(9)
            bars[DAY_S + 60 * k] = [opened, high, low, price, round(rng.random() * 9, 4)]
    return bars
