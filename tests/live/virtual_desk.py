"""The whole of `parity live` in virtual time: gateway, ib_async, links, watch, trader, journal.

Nothing is left out but the warm-up, the socket of other terminals and the machine's clock; the
journal is a file. Minutes pass as fast as they can be worked out.
"""

from __future__ import annotations

import asyncio
import io
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from client_time import keep_clock_out
from live_desk import ACCOUNT, PLANTED, folder, request
from virtual_gateway import PORT, World

from engine.cli.screen import Screen
from engine.execution.trader import Trader
from engine.feeds.demo_market import Rates
from engine.live import start, trading
from engine.live.control import Control
from engine.live.engine import Engine
from engine.live.loop import Stop
from engine.live.start import LiveRequest, Runner
from engine.live.story import Story

STEP_S = 0.05


class NoSocket(Control):
    """What other terminals ask, without a socket."""

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass


class VirtualDesk:
    """One engine at one gateway: `run` a story; then `code`, or what it `raised`."""

    def __init__(
        self, patch: pytest.MonkeyPatch, journal: Path, *, symbols: tuple[str, ...] = ("ZETF",),
        rates: Rates = PLANTED, world: Mapping[str, Any] | None = None, **settings: Any,
    ) -> None:  # fmt: skip
        keep_clock_out(patch)
        # The client writes of every lost connection, and what it writes would be kept.
        patch.setattr(logging.root.manager, "disable", logging.CRITICAL)
        patch.setenv("XDG_RUNTIME_DIR", str(journal))
        patch.setattr(start, "Control", NoSocket)
        patch.setattr(trading, "_warmed", _cold)
        desk = self

        class Kept(Runner):
            async def assemble(self, stack: Any) -> Engine[Any]:
                desk.runner = self
                return await super().assemble(stack)

        patch.setattr(trading, "Runner", Kept)
        self.world = World(symbols, rates=rates, planted=True, **(world or {}))
        asked = request(journal, PORT, **settings)
        self.request: LiveRequest = replace(asked, symbols=symbols)
        self.journal = journal
        self.runner: Runner | None = None
        self.out = io.StringIO()
        self.code = -1
        self.raised: BaseException | None = None

    # what there is

    @property
    def engine(self) -> Engine[Any]:
        assert self.runner is not None
        assert self.runner.engine is not None
        return self.runner.engine

    @property
    def trader(self) -> Trader:
        return self.engine.trader

    @property
    def gateway(self) -> Any:
        return self.world.gateway

    @property
    def books(self) -> Any:
        return self.gateway.accounts[ACCOUNT]

    def live(self) -> list[str]:
        """Return the references of the orders that live at the gateway."""
        return [order.placed.ref for order in self.gateway.desk.every if not order.is_final]

    def story(self) -> Story:
        return Story.of(folder(self.journal).journal)

    # what happens

    async def until(self, what: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until something is so."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not what():
            assert loop.time() < end, f"not in {seconds:g} s: {self.out.getvalue()[-2_000:]}"
            await asyncio.sleep(STEP_S / 5)

    async def is_up(self) -> None:
        """Wait until it trades."""
        await self.until(lambda: self.runner is not None and self.runner.engine is not None)
        await self.until(lambda: self.engine._is_ready)

    def run(self, tell: Callable[[VirtualDesk], Awaitable[None]], number: int = 0) -> VirtualDesk:
        """Trade while a story is told, then end in order, by a signal of that number."""

        async def work() -> None:
            stop = Stop()
            self.stop = stop
            console = Screen(is_plain=True, file=self.out, width=200)
            engine = asyncio.ensure_future(
                trading.trade(self.request, console, stop=stop, clock=self.world.clock)
            )
            told = asyncio.ensure_future(tell(self))
            await asyncio.wait([engine, told], return_when=asyncio.FIRST_COMPLETED)
            if not told.done() and not engine.done():
                await told
            if told.done():
                stop.caught(number or signal.SIGTERM)
            else:
                told.cancel()
            try:
                self.code = await engine
            except Exception as error:
                self.raised = error
            if not told.cancelled() and told.done():
                told.result()

        self.world.run(work)
        return self


async def _cold(*_: object) -> None:
    """Warm nothing up."""
