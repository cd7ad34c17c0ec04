"""A gateway of the demo market for tests: on a socket in a thread, or with clients in memory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from engine.clock import NS_PER_SECOND
from engine.feeds.demo_market import DemoMarket, Rates
from engine.gateway.faults import Faults, Rule
from engine.gateway.frames import frame
from engine.gateway.gateway import Gateway
from engine.gateway.server import Server
from engine.gateway.session import Session

_T = TypeVar("_T")
QUIET = Rates(spot_every=1e9, flicks=1e-9, plant_every=1e9)


def demo_gateway(
    symbols: Sequence[str] = ("ZETF", "ZIDX"),
    *,
    rates: Rates = QUIET,
    rules: Sequence[Rule] = (),
    market_seed: int = 0,
    planted: bool = False,
    **choice: Any,
) -> Gateway:
    """Return a gateway in front of a compact demo market that stands still unless `rates` says."""
    market = DemoMarket(market_seed, symbols, compact=True, planted=planted, rates=rates)
    return Gateway(market, faults=Faults(rules, choice.get("seed", 0)), **choice)


class Served:
    """A gateway on a free port of loopback, its loop in a thread."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._server = Server(gateway)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._is_up = threading.Event()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self.port = self._loop.run_until_complete(self._server.start("127.0.0.1", 0))
        self._is_up.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._server.stop())
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    def __enter__(self) -> Served:
        self._thread.start()
        assert self._is_up.wait(30.0)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)

    def call(self, what: Callable[[], _T]) -> _T:
        """Do `what` in the gateway's thread and return its result."""

        async def do() -> _T:
            return what()

        return asyncio.run_coroutine_threadsafe(do(), self._loop).result(10.0)


@contextmanager
def serving(**choice: Any) -> Iterator[Served]:
    """Serve a demo gateway while the block runs."""
    with Served(demo_gateway(**choice)) as served:
        yield served


class Wire:
    """A client of bytes: sends messages, keeps what comes back as lists of fields."""

    def __init__(self, gateway: Gateway, client_id: int = 1, version: int = 178) -> None:
        self.gateway = gateway
        self.client_id = client_id
        self.version = version
        self.raw = bytearray()
        self.is_closed = False
        self.held = 0
        session = gateway.connect(self)
        assert session is not None
        self.session: Session = session
        self.session.data(b"API\0" + _sized(f"v157..{version}".encode()))
        gateway.flush()
        self.greeting = self.take()
        self.ask(71, 2, client_id, "")
        self.started = self.take()

    # what a pipe is
    def write(self, data: bytes) -> None:
        self.raw += data

    def close(self) -> None:
        self.is_closed = True

    def backlog(self) -> int:
        return self.held

    # what a client does
    def ask(self, *fields: object) -> None:
        self.session.data(frame(*fields))
        self.gateway.flush()

    def request(self, *fields: object) -> list[list[str]]:
        self.ask(*fields)
        return self.take()

    def take(self) -> list[list[str]]:
        """Return the messages that have come since the last time."""
        found = []
        data = bytes(self.raw)
        at = 0
        while at < len(data):
            length = int.from_bytes(data[at : at + 4], "big")
            payload = data[at + 4 : at + 4 + length]
            assert len(payload) == length
            assert payload.endswith(b"\0")
            found.append(payload[:-1].decode("ascii").split("\0"))
            at += 4 + length
        self.raw.clear()
        return found

    def wait(self, seconds: float) -> list[list[str]]:
        """Let time pass and return what has come."""
        pass_time(self.gateway, seconds)
        return self.take()

    def place(self, order_id: int, contract: Sequence[object], **order: object) -> list[list[str]]:
        self.ask(*place_order(order_id, contract, self.version, **order))
        return self.take()


def pass_time(gateway: Gateway, seconds: float, step: float = 0.02) -> None:
    """Let `seconds` of the clock pass, in steps."""
    end = gateway.clock_ns + int(seconds * NS_PER_SECOND)
    while gateway.clock_ns < end:
        gateway.advance(min(end, gateway.clock_ns + int(step * NS_PER_SECOND)))


def _sized(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


def kinds(messages: list[list[str]]) -> list[str]:
    return [message[0] for message in messages]


def of_kind(messages: list[list[str]], kind: int) -> list[list[str]]:
    return [message for message in messages if message[0] == str(kind)]


def stock(gateway: Gateway, symbol: str) -> list[object]:
    """Return the twelve fields of a stock's contract."""
    index = next(iter(gateway.listing.of_symbol(symbol)))
    return contract_fields(gateway, index)


def contract_fields(gateway: Gateway, index: int) -> list[object]:
    """Return the twelve fields of an instrument's contract."""
    c = gateway.listing.contracts[index]
    return [
        c.con_id, c.symbol, c.sec_type, c.expiry, c.strike, c.right, c.multiplier, c.exchange,
        c.primary_exchange, c.currency, c.local_symbol, c.trading_class,
    ]  # fmt: skip


def near_option(gateway: Gateway, symbol: str, right: str = "C", expiry: int = 1) -> int:
    """Return the index of an option near the money."""
    rows = gateway.listing.options(symbol)
    spot = gateway.tape.value(rows[0].underlying)
    days = sorted({row.expiry for row in rows})
    fit = [row for row in rows if row.right == right and row.expiry == days[expiry]]
    return min(fit, key=lambda row: abs(row.strike - spot)).index


def place_order(
    order_id: int, contract: Sequence[object], version: int, *, action: str = "BUY",
    quantity: float = 1, kind: str = "LMT", limit: object = "", tif: str = "DAY", ref: str = "",
    account: str = "", what_if: bool = False, legs: Sequence[tuple[int, int, str]] = (),
    all_or_none: bool = False,
) -> list[object]:  # fmt: skip
    """Return a placeOrder message, written out field by field as IB's client does."""
    m: list[object] = [3, order_id, *contract, "", "", action, quantity, kind, limit, ""]
    m += [tif, "", account, "", 0, ref, True, 0, False, False, 0, 0, False, False]
    if legs:
        m.append(len(legs))
        for con_id, ratio, side in legs:
            m += [con_id, ratio, side, "SMART", 0, 0, "", -1]
        m += [0, 0]
    m += ["", 0, "", "", "", "", ""]
    if version < 177:
        m.append("")
    m += ["", 0, "", -1, 0, "", "", all_or_none, "", "", False, False, "", 0, "", "", "", "", ""]
    m += [False, "", "", "", ""]  # to deltaNeutralAuxPrice
    m += [0, "", "", "", "", "", "", "", "", "", ""]  # to hedgeType
    m += [False, "", "", False, False, ""]  # to algoStrategy
    m += ["", what_if, "", False, False, False, 0]
    m += ["", "", "", "", "", "", 0, "", "", "", "", "", "", "", "", False, False, False, ""]
    for since, value in ((158, ""), (160, ""), (162, False), (166, ""), (169, "")):
        if version >= since:
            m.append(value)
    return m
