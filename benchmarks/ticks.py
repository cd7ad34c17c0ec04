"""Microseconds a message from the socket's bytes to a quote that can be read, by several ways.

    python benchmarks/ticks.py [--messages N] [--rounds N] [--json FILE]

Runs on the interpreter that runs it: start it with CPython and with PyPy. *tickers* is ib_async as
it is, *frames* the same behind our frame reader, *ours* frames and ticks straight into a `Book`,
*loop* the same with a loop over the bytes in place of `split` and `float`. Reads are 1,400 bytes (a
packet), 64 KiB and 256 KiB (what asyncio reads at once in a backlog). Ways alternate; the least
time of the rounds counts. Before that, all ways must end with the same quotes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import ib_async  # noqa: E402

from engine.clock import SYSTEM  # noqa: E402
from engine.ib import wire  # noqa: E402
from engine.ib.frames import FrameReader  # noqa: E402
from engine.ib.ticks import SymbolQuotes, TickPath  # noqa: E402
from engine.market.book import Book  # noqa: E402
from engine.market.chain import Expiry  # noqa: E402
from engine.market.listing import Listing  # noqa: E402
from engine.market.sink import Quiet  # noqa: E402

FIRST, N_LINES = 100, 90
READS = (1_400, 65_536, 262_144)
EXPIRY = Expiry(2_000_000_000_000_000_000, date(2033, 5, 18))
LISTING = Listing.of_rows("Z", [(EXPIRY, 50.0 + k) for k in range(N_LINES // 2)])
POWERS = tuple(10.0**k for k in range(16))
SPLIT = wire.decode


def decode_loop(payload: bytes) -> wire.Tick | None:
    """Return what `wire.decode` does; anything but plain digits is left to it."""
    n = len(payload)
    if not 10 <= n <= 64 or payload[n - 1] != 0:
        return SPLIT(payload)
    kind = request = tick = field = value = digits = decimals = 0
    price = size = 0.0
    is_fraction = False
    for at in range(n):
        c = payload[at]
        if 48 <= c <= 57:
            value = 10 * value + c - 48
            digits += 1
            decimals += is_fraction
        elif c == 0:
            if digits == 0 or digits > 15 or (is_fraction and field < 4):
                return SPLIT(payload)
            if field == 0:
                if not 1 <= value <= 2 or digits != 1:
                    return SPLIT(payload)
                kind = value
            elif field == 2:
                request = value
            elif field == 3:
                tick = value
            elif field == 4:
                price = value / POWERS[decimals]
            elif field == 5:
                size = value / POWERS[decimals]
            field += 1
            value = digits = decimals = 0
            is_fraction = False
        elif c == 46 and not is_fraction:
            is_fraction = True
        else:
            return SPLIT(payload)
    if kind == 1 and field == 7:
        return (1, request, tick, price, size)
    if kind == 2 and field == 5:
        return (2, request, tick, 0.0, price)
    return SPLIT(payload)


def frame(*fields: object) -> bytes:
    body = ("\0".join(map(str, fields)) + "\0").encode()
    return len(body).to_bytes(4, "big") + body


def stream(n: int) -> bytes:
    """Return prices and sizes as TWS sends them: each price with its size, then the size again."""
    rng, out = Random(1), []
    for _ in range(n // 2):
        request, side = FIRST + int(rng.random() * N_LINES), 1 + int(rng.random() * 2)
        price, size = round(1 + rng.random() * 5, 2), 1 + int(rng.random() * 50)
        out.append(frame(1, 6, request, side, price, size, 1))
        out.append(frame(2, 6, request, 0 if side == 1 else 3, size))
    return b"".join(out)


Quotes = list[tuple[float, float]]
# How bytes go in, how quotes come out, and what must be kept: the library's events do not keep it.
Way = tuple[Callable[[bytes], None], Callable[[], Quotes], Any]


def a_client() -> Any:
    ib = ib_async.IB()
    ib.client.connState, ib.client._apiReady = ib.client.CONNECTED, True
    ib.client._serverVersion = ib.client.decoder.serverVersion = 178
    return ib


def tickers(has_frames: bool) -> Way:
    ib = a_client()
    if has_frames:
        FrameReader(ib.client, print, print)
    found = [
        ib.wrapper.startTicker(FIRST + k, ib_async.Contract(conId=1 + k, secType="OPT"), "mktData")
        for k in range(N_LINES)
    ]
    return ib.client.conn.data_received, lambda: [(t.bid, t.ask) for t in found], ib


def ours() -> Way:
    ib = a_client()
    reader = FrameReader(ib.client, print, print)
    path = reader.ticks = TickPath(SYSTEM)
    quotes = SymbolQuotes("Z", Quiet(Book(LISTING)))
    for k in range(N_LINES):
        path.open(FIRST + k, quotes, k)
    book = quotes.book
    return ib.client.conn.data_received, lambda: list(zip(book.bid, book.ask, strict=True)), ib


WAYS: dict[str, tuple[Callable[[], Way], Callable[[bytes], wire.Tick | None]]] = {
    "tickers": (lambda: tickers(False), SPLIT),
    "frames": (lambda: tickers(True), SPLIT),
    "ours": (ours, SPLIT),
    "loop": (ours, decode_loop),
}


def feed(take: Callable[[bytes], None], data: bytes, read: int) -> float:
    start = time.perf_counter()
    for at in range(0, len(data), read):
        take(data[at : at + read])
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description="Time ways from bytes to quotes.")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    data = stream(args.messages)
    rows: dict[str, dict[str, float]] = {}
    for read in READS:
        ways = {name: make() for name, (make, _) in WAYS.items()}
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(args.rounds):
            for name, (take, _quotes, _ib) in ways.items():
                setattr(wire, "decode", WAYS[name][1])  # noqa: B010
                best[name] = min(best[name], feed(take, data, read))
        shown = {name: quotes() for name, (_, quotes, _ib) in ways.items()}
        assert all(quotes == shown["tickers"] for quotes in shown.values()), "the ways disagree"
        rows[str(read)] = {name: round(1e6 * s / args.messages, 3) for name, s in best.items()}
        print(
            f"{read:>8} bytes a read: " + "  ".join(f"{n} {v}" for n, v in rows[str(read)].items())
        )
    if args.json:
        result = {
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "load": round(os.getloadavg()[0], 1), "messages": args.messages,
            "rounds": args.rounds, "us_per_message": rows,
        }  # fmt: skip
        args.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
