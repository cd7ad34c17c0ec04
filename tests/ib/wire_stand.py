"""An unconnected ib_async client with our reader on it, and ticks as TWS sends them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from random import Random
from typing import Any

import pytest

from engine.gateway.frames import frame
from engine.ib.frames import FrameReader
from engine.ib.ticks import UNDERLYING, SymbolQuotes, TickPath
from engine.market.book import Book
from engine.market.chain import Expiry
from engine.market.listing import Listing
from engine.market.sink import Quiet

ib_async = pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

EXPIRY = Expiry(2_000_000_000_000_000_000, date(2033, 5, 18))
LISTING = Listing.of_rows("Z", [(EXPIRY, 50.0 + k) for k in range(5)])
FIRST = 100


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_900_000_000_000_000_000

    def now_ns(self) -> int:
        return self.now

    def monotonic_ns(self) -> int:
        return self.now - 1_800_000_000_000_000_000


class Stand:
    """An unconnected client with our reader on it, as if its session were ready."""

    def __init__(self, listing: Listing = LISTING) -> None:
        self.ib: Any = ib_async.IB()
        self.client = self.ib.client
        self.clock = Hands()
        self.given_up: list[str] = []
        self.reads: list[list[str]] = []
        self.failures: list[BaseException] = []
        self.reader = FrameReader(self.client, self._give_up, self.failures.append)
        self.path = TickPath(self.clock, self._read)
        self.reader.ticks = self.path
        self.quotes = SymbolQuotes("Z", Quiet(Book(listing)))
        self.book = self.quotes.book
        for quote in range(listing.n_quotes):
            self.path.open(FIRST + quote, self.quotes, quote)
        self.path.open(FIRST + listing.n_quotes, self.quotes, UNDERLYING)
        self.be_ready()

    def be_ready(self) -> None:
        self.client.connState = self.client.CONNECTED
        self.client._apiReady = True
        self.client._serverVersion = self.client.decoder.serverVersion = 178

    def _give_up(self, reason: str) -> None:
        self.given_up.append(reason)
        self.client.disconnect()

    def _read(self, touched: list[SymbolQuotes], now: int) -> None:
        self.reads.append([quotes.symbol for quotes in touched])

    def hear(self, *frames: bytes) -> None:
        self.clock.now += 1_000_000
        self.client.conn.data_received(b"".join(frames))

    def state(self) -> tuple[Any, ...]:
        book, spot = self.book, self.book.underlying
        return (
            list(book.bid), list(book.ask), list(book.bid_size), list(book.ask_size),
            repr((spot.bid, spot.ask, spot.bid_size, spot.ask_size)), book.is_halted,
        )  # fmt: skip


@contextmanager
def hushed() -> Iterator[None]:
    """Without the library's log of every frame that it cannot read."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def price(request: int, kind: int, value: object, size: object = 10) -> bytes:
    return frame(1, 6, request, kind, value, size, 1)


def size(request: int, kind: int, value: object) -> bytes:
    return frame(2, 6, request, kind, value)


def tick_stream(rng: Random, n: int, n_requests: int) -> list[bytes]:
    """Return ticks as TWS sends them: price with size, the size again, and other kinds between."""
    out: list[bytes] = []
    for _ in range(n):
        request = FIRST + int(rng.random() * n_requests)
        side = 1 + int(rng.random() * 2)
        draw = rng.random()
        if draw < 0.1:
            out.append(price(request, side, "-1", 0))
            out.append(size(request, 0 if side == 1 else 3, 0))
        elif draw < 0.2:
            out.append(size(request, 0 if side == 1 else 3, 1 + int(rng.random() * 50)))
        elif draw < 0.3:
            out.append(frame(46, 6, request, 45, "1772636400"))
            out.append(frame(21, request, 13, 0, 0.2, 0.5, 2.5, 0, 0.01, 0.1, -0.1, 100.0))
        else:
            many = 1 + int(rng.random() * 50)
            out.append(price(request, side, round(0.05 + 5.0 * rng.random(), 2), many))
            out.append(size(request, 0 if side == 1 else 3, many))
    return out


def cut(rng: Random, data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        n = 1 + int(rng.random() ** 3 * 4000)
        yield data[at : at + n]
        at += n
