"""The simulated gateway and whoever talks to it, in one loop in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from random import Random
from typing import Any, TypeVar

from gateway_port import Port
from virtual_loop import VirtualLoop

from engine.clock import NS_PER_SECOND
from engine.feeds.demo_listing import AS_OF_NS
from engine.feeds.demo_market import DemoMarket, Rates
from engine.gateway.faults import Faults, Rule
from engine.gateway.gateway import Gateway
from engine.gateway.session import Session

_T = TypeVar("_T")
PORT = 4002
STILL = Rates(1e9, 1e-9, 1e9, (1, 2), (0.01, 0.02))
LIVELY = Rates(0.5, 40.0, 1e9, (1, 2), (0.002, 0.06))


class LoopClock:
    """The loop's time as a clock; its day is the market's, but for `ahead_ns`."""

    def __init__(self, loop: VirtualLoop, ahead_ns: int = 0) -> None:
        self._loop = loop
        self.ahead_ns = ahead_ns

    def now_ns(self) -> int:
        return AS_OF_NS + self.ahead_ns + self.monotonic_ns()

    def monotonic_ns(self) -> int:
        return int(self._loop.now * NS_PER_SECOND)


class World:
    """A loop, a gateway in it, and a clock; `run` runs a coroutine to its end."""

    def __init__(
        self,
        symbols: Sequence[str] = ("ZETF",),
        *,
        rates: Rates = STILL,
        rules: Sequence[Rule] = (),
        seed: int = 0,
        planted: bool = False,
        compact: bool = True,
        **choice: Any,
    ) -> None:
        self.random = Random(seed)
        self.loop = VirtualLoop(self.random)
        self.clock = LoopClock(self.loop)
        self.requests: list[list[str]] = []
        market = DemoMarket(seed, symbols, compact=compact, planted=planted, rates=rates)
        self.gateway = Gateway(market, faults=Faults(rules, seed), **choice)
        handle = self.gateway.requests.handle

        def note(session: Session, values: list[str]) -> None:
            self.requests.append(values)
            handle(session, values)

        self.gateway.requests.handle = note  # type: ignore[method-assign]
        self.loop.servers[PORT] = lambda: Port(self.gateway, self.loop)

    def asked(self, kind: int) -> int:
        """Return how many messages of a kind the gateway has been sent."""
        return sum(1 for fields in self.requests if fields[0] == str(kind))

    def act(self, kind: str, **said: Any) -> None:
        """Let a fault happen now."""
        self.gateway.mishaps.act(Rule(kind, **said), None)
        self.gateway.flush()

    def run(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Run `work` until it ends; what broke inside the loop fails the test."""
        loop, gateway = self.loop, self.gateway

        def wake() -> None:
            gateway.advance(int(loop.now * NS_PER_SECOND))
            loop.call_at(max(gateway.next_ns() / NS_PER_SECOND, loop.now + 0.005), wake)

        asyncio.set_event_loop(loop)
        loop.call_soon(wake)
        try:
            return loop.run_until_complete(work())
        finally:
            asyncio.set_event_loop(None)
            loop.close()
