"""A live engine and a gateway side by side in a test: the gateway's own ledger is the judge."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from served_gateway import Served, demo_gateway

from engine.cli.screen import Screen
from engine.config import ScanSettings
from engine.feeds.demo_market import Rates
from engine.live.folder import Folder, folder_of
from engine.live.loop import Stop
from engine.live.start import LiveRequest
from engine.live.story import Story
from engine.settings.live import LiveSettings
from engine.settings.overrides import CarryOverrides

ACCOUNT = "DU1234567"
CASH = 1_000_000.0
# Quotes that flicker while the stock stands: what is planted stays until it is taken.
PLANTED = Rates(spot_every=1e9, flicks=20.0, plant_every=0.4, plant_life=(30.0, 60.0))
_PATIENCE_SECONDS = 60.0


def market(rates: Rates = PLANTED, **choice: Any) -> Served:
    """Return a gateway in which arbitrages are planted, in a thread of its own."""
    return Served(demo_gateway(("ZETF",), rates=rates, planted=True, **choice))


def request(journal: Path, port: int, **changes: Any) -> LiveRequest:
    settings = LiveSettings(broker="sim", port=port, journal=journal, **changes)
    return LiveRequest(settings, ("ZETF",), ScanSettings(), CarryOverrides())


def folder(journal: Path, mode: str = "sim") -> Folder:
    return folder_of(journal, mode, ACCOUNT)


def story(journal: Path) -> Story:
    path = folder(journal).journal
    return Story.of(path) if path.exists() else Story()


class Desk:
    """One engine: `run` until something is so; then `code`, and what it said in `lines`."""

    def __init__(self, asked: LiveRequest) -> None:
        self.request = asked
        self.out = io.StringIO()
        self.stop = Stop.__new__(Stop)
        self.code = -1

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()

    def run(self, *steps: Callable[[], object]) -> list[str]:
        """Trade until each of `steps` in turn returns something true, then end in order."""
        from engine.live import trading

        # What it does to latencies is another test's matter.
        trading.WARM_ORDERS = 20
        trading.REHEARSAL_SECONDS = 0.0

        async def go() -> None:
            self.stop = Stop()
            console = Screen(is_plain=True, file=self.out, width=200)
            task = asyncio.ensure_future(trading.trade(self.request, console, stop=self.stop))
            loop = asyncio.get_running_loop()
            for step in steps:
                until = loop.time() + _PATIENCE_SECONDS
                while not await loop.run_in_executor(None, step):
                    if task.done():
                        task.result()
                        raise AssertionError(f"it ended before {step}: {self.lines}")
                    assert loop.time() < until, f"not in time: {step}: {self.lines[-20:]}"
                    await asyncio.sleep(0.05)
            self.stop.event.set()
            self.code = await task

        asyncio.run(go())
        return self.lines


def unarmed(asked: LiveRequest) -> LiveRequest:
    return replace(asked, settings=replace(asked.settings, is_armed=False))
