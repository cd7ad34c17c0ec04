"""Trade on paper: a market in this process, fills by `engine.execution.paper`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from engine.execution.orders import Order
from engine.execution.paper import PaperBroker
from engine.execution.paper_quotes import BookQuotes
from engine.feeds.demo_market import DemoMarket, Rates
from engine.live.demo_source import DemoSource
from engine.live.folder import PAPER, folder_of
from engine.live.loop import Stop
from engine.live.own_gateway import ACCOUNT, PLANT_EVERY, PLANT_LIFE
from engine.live.source import Source
from engine.live.start import LiveRequest, Runner
from engine.market.book import Book

if TYPE_CHECKING:
    from engine.cli.screen import Screen


class Margin(NamedTuple):
    """What a paper account says of the margin of an order, as `engine.live.margins.Answer`."""

    initial: float

    @property
    def refusal(self) -> str:
        """Why there is no number."""
        return "" if self.is_said else "a leg has no quote"

    @property
    def is_said(self) -> bool:
        """Whether there is a number."""
        return math.isfinite(self.initial)


async def trade(
    request: LiveRequest, spec: str, seed: int, console: Screen, *, stop: Stop | None = None
) -> int:
    """Trade `spec` on paper until stopped; return the exit code.

    Raises
    ------
    EngineError
        If it cannot begin.
    """
    is_own = stop is None
    stop = stop or Stop()
    if is_own:
        stop.listen()
    folder = folder_of(request.settings.journal, PAPER, ACCOUNT)
    runners: list[Runner] = []

    def book_of(symbol: str) -> Book | None:
        return runners[0].book(symbol) if runners else None

    source = _source(request, spec, seed)
    broker = PaperBroker(ACCOUNT, BookQuotes(book_of), source.clock)
    runner = Runner(
        request, folder, source, broker, console, place=source.place, advance=broker.advance
    )
    runners.append(runner)

    async def what_if(order: Order, timeout_s: float) -> Margin:
        return Margin(broker.try_out(order))

    runner.what_if, runner.funds = what_if, broker.available_usd
    await source.start()
    try:
        return await runner.run(stop)
    finally:
        await source.stop()
        if is_own:
            stop.deaf()


def _source(request: LiveRequest, spec: str, seed: int) -> Source:
    if spec.startswith("session:"):
        from engine.live.session_source import SessionSource

        return SessionSource(spec.removeprefix("session:"), request.symbols)
    rates = Rates(plant_every=PLANT_EVERY, plant_life=PLANT_LIFE)
    return DemoSource(DemoMarket(seed, request.symbols, compact=True, rates=rates))
