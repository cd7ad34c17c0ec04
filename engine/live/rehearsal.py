"""The way from a quote to an order, walked before the first one counts.

A whole engine trades the demo market on paper, with a clock that runs as fast as it can, and a
journal that is thrown away. `engine.ib.warmup` does the same for what follows: the order's way to
the socket and back. An interpreter that compiles does it to what runs often: on PyPy the first
decision takes a hundred times as long as one after a few hundred.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.cli.screen import Screen
from engine.clock import NS_PER_SECOND, SYSTEM, Clock
from engine.config import ScanSettings
from engine.execution.broker import Evidence, Sink
from engine.execution.orders import Order
from engine.execution.paper import PaperBroker
from engine.execution.paper_quotes import BookQuotes
from engine.feeds.demo_market import DemoMarket, Rates
from engine.live.arbitrage import ArbitrageEngine
from engine.live.demo_source import DemoSource
from engine.live.folder import Folder
from engine.live.own_gateway import SYMBOL
from engine.live.start import LiveRequest, Runner
from engine.market.book import Book
from engine.session.journal import Journal
from engine.session.records import PROCESS
from engine.settings.overrides import CarryOverrides

_IS_PYPY = sys.implementation.name == "pypy"
PACKAGES = 400 if _IS_PYPY else 12
# Searches and decisions of each package found, done again with nobody to take the order.
_AGAIN = 40 if _IS_PYPY else 1
MOST_SECONDS = 25.0
# Compile what has run a hundred times, not a thousand: a day has fewer decisions than that.
_EAGER = "function_threshold=100,threshold=67,trace_eagerness=20"
_ACCOUNT = "DU0"
_STEP_NS = NS_PER_SECOND // 50
_RATES = Rates(spot_every=0.5, flicks=4.0, plant_every=0.05, plant_life=(0.05, 0.3))
_NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How many packages were sent, in how many seconds, and what ended it early."""

    n_packages: int
    seconds: float
    fault: str = ""


class _Nobody:
    """A broker that is there, has nothing to say, and takes no order."""

    def __init__(self) -> None:
        self.account = _ACCOUNT
        self.sink: Sink = print

    def is_ready(self) -> bool:
        return True

    def place(self, order: Order) -> bool:
        return False

    def cancel(self, ref: str) -> bool:
        return True

    def cancel_all(self) -> bool:
        return True

    def ask(self, ref: str) -> bool:
        return True

    def request_evidence(self) -> bool:
        self.sink(Evidence((), (), (), (), 0))
        return True


@dataclass(slots=True)
class _Hands:
    """A clock that is set by hand, from the machine's time on."""

    wall_ns: int
    passed_ns: int = 0

    def now_ns(self) -> int:
        return self.wall_ns + self.passed_ns

    def monotonic_ns(self) -> int:
        return self.wall_ns + self.passed_ns


async def rehearse(
    request: LiveRequest, n_packages: int = PACKAGES, *, most_seconds: float = MOST_SECONDS,
    clock: Clock = SYSTEM,
) -> Rehearsed:  # fmt: skip
    """Trade so many packages on paper, with the settings of `request` and no limit of orders.

    Others on the loop get their turn at each step. Nothing of it touches the journal, the broker
    or the market that are in use.
    """
    begun = clock.monotonic_ns()
    hands = _Hands(clock.monotonic_ns())
    market = DemoMarket(1, [SYMBOL], compact=True, rates=_RATES)
    source = DemoSource(market, clock=hands)
    n, fault = 0, ""
    if most_seconds <= 0.0:
        return Rehearsed(0, 0.0)
    with TemporaryDirectory(prefix="parity-") as folder, _eager():
        async with AsyncExitStack() as stack:
            runners: list[Runner] = []

            def book_of(symbol: str) -> Book | None:
                return runners[0].book(symbol) if runners else None

            broker = PaperBroker(_ACCOUNT, BookQuotes(book_of), source.clock)
            runner = Runner(
                _of(request), Folder(Path(folder, "rehearsal")), source, broker,
                Screen(is_plain=True, file=io.StringIO()), place="", advance=broker.advance,
            )  # fmt: skip
            runners.append(runner)
            engine = await runner.assemble(stack)
            engine.begin()
            while n < n_packages and not engine.n_faults:
                if (clock.monotonic_ns() - begun) / NS_PER_SECOND > most_seconds:
                    break
                hands.passed_ns += _STEP_NS
                source.step()
                engine.on_tick()
                now = len(engine.trader.state.trades)
                if now > n:
                    n = now
                    _again(runner, Path(folder, f"again-{n}"), hands)
                await asyncio.sleep(0)
            fault = engine.last if engine.n_faults else ""
    return Rehearsed(n, (clock.monotonic_ns() - begun) / NS_PER_SECOND, fault)


def _again(runner: Runner, path: Path, hands: _Hands) -> None:
    """Find and decide again what was just found, as often as pays; nobody hears of it."""
    assert isinstance(runner.engine, ArbitrageEngine)
    for tracked in runner.engine.tracked.values():
        found = tracked.watch.found
        if found is None or not found.table.found.count:
            continue
        journal = Journal(path, durability=PROCESS, clock=runner.source.clock)
        trader = runner.trader(_Nobody(), journal)
        for _ in range(_AGAIN):
            # The same chain, so that the watch is none the wiser.
            found = tracked.watch.found = tracked.scanner.find(found.chain)
            trader.consider(found, tracked.scanner, runner.source.clock.now_ns())
            hands.passed_ns += 1
        journal.close()
        path.unlink()


@contextmanager
def _eager() -> Iterator[None]:
    """Let PyPy compile sooner for a while."""
    if not _IS_PYPY:
        yield
        return
    jit = import_module("pypyjit")
    jit.set_param(_EAGER)
    try:
        yield
    finally:
        jit.set_param("default")


def _of(request: LiveRequest) -> LiveRequest:
    """Return the request of a rehearsal: on paper, armed, with room for every order."""
    settings = request.settings
    limits = replace(
        settings.limits, max_orders_second=_NO_LIMIT, max_orders_minute=_NO_LIMIT,
        max_orders_day=_NO_LIMIT, max_open_packages=_NO_LIMIT, max_working_packages=_NO_LIMIT,
        max_open_usd=1e12, max_capital_usd=1e12, max_day_loss_usd=1e12, duplicate_window_s=0.0,
        needs_what_if=False,
    )  # fmt: skip
    settings = replace(settings, broker="paper", is_armed=True, limits=limits)
    return LiveRequest(
        settings, (SYMBOL,), ScanSettings(), CarryOverrides(), backend=request.backend
    )
