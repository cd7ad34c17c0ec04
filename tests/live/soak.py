"""A whole engine on paper, in a market whose days pass as fast as they can be worked out."""

from __future__ import annotations

import gc
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from live_desk import request

from engine.execution.paper import PaperBroker
from engine.execution.paper_quotes import BookQuotes
from engine.feeds.demo_market import DemoMarket, Rates
from engine.live.demo_source import DemoSource
from engine.live.folder import Folder
from engine.live.screens import Screens
from engine.live.start import Runner
from engine.market.book import Book

NS = 1_000_000_000
STEP_NS = NS // 10
MIB = 1 << 20
# Livelier than the demo, and orders as many as the limits of an account that is not simulated let
# through: 500 a day.
RATES = Rates(flicks=100.0, plant_every=30.0, plant_life=(0.5, 5.0))


@dataclass(slots=True)
class Hands:
    """A clock that is set by hand."""

    wall_ns: int = 1_900_000_000 * NS
    passed_ns: int = 0

    def now_ns(self) -> int:
        return self.wall_ns + self.passed_ns

    def monotonic_ns(self) -> int:
        return self.passed_ns


@dataclass(frozen=True, slots=True)
class Sample:
    """How it stands after so many events: quotes that changed."""

    n_events: int
    n_packages: int
    n_sessions: int
    resident: int
    n_files: int


def resident() -> int:
    """Return the bytes of memory of this process."""
    gc.collect()
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


async def soak(folder: Path, n_events: int, every: int, *, rates: Rates = RATES) -> list[Sample]:
    """Trade until so many quotes have changed; return a sample `every` so many of them."""
    hands = Hands()
    market = DemoMarket(2, ["ZETF"], compact=True, rates=rates)
    source = DemoSource(market, clock=hands)
    asked = request(folder, 1)
    limits = replace(asked.settings.limits, max_orders_day=500, max_data_stall_s=1e9)
    asked = replace(asked, settings=replace(asked.settings, broker="paper", limits=limits))
    samples: list[Sample] = []
    n_sessions = 1
    async with AsyncExitStack() as stack:
        runners: list[Runner] = []

        def book_of(symbol: str) -> Book | None:
            return runners[0].book(symbol) if runners else None

        broker = PaperBroker("DU0", BookQuotes(book_of), source.clock)
        runner = Runner(
            asked, Folder(folder / "soak"), source, broker, None,  # type: ignore[arg-type]
            place="", advance=broker.advance,
        )  # fmt: skip
        runners.append(runner)
        engine = await runner.assemble(stack)
        engine.begin()
        screens = Screens(engine, "paper", "", limits)
        n, step = 0, 0
        count = market.listener

        def listener(index: int) -> None:
            nonlocal n
            n += 1
            count(index)

        market.listener = listener
        while n < n_events:
            opens = market.next_open_ns()
            hands.passed_ns += max(STEP_NS, opens - market.now_ns)
            n_sessions += opens > 0
            source.step()
            engine.on_tick()
            assert engine.n_faults == 0, engine.last
            step += 1
            if step % 10 == 0:
                screens.screen()
            if n >= every * (len(samples) + 1):
                packages = len(engine.trader.state.trades)
                files = len(os.listdir("/proc/self/fd"))
                samples.append(Sample(n, packages, n_sessions, resident(), files))

    return samples
