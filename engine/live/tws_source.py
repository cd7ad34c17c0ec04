"""TWS, IB Gateway or the simulated gateway as a source of quotes, and their watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from engine.clock import SYSTEM, Clock
from engine.errors import UnavailableError
from engine.execution.orders import Order
from engine.ib.connection import Link as TwsLink
from engine.ib.increments import tick_of
from engine.ib.market import MarketLink, MarketSettings
from engine.ib.states import State
from engine.live.moving import nobody
from engine.live.source import Failed, MakeSink, OnRead
from engine.market.book import Book
from engine.market.carry import Carry
from engine.market.sink import Sink
from engine.report.live_screen import BAD, BUSY, GOOD, Link

CONNECT_SECONDS = 90.0
"""For a first connection, as often as it takes: a busy machine is slow to answer.

One that is refused is given up sooner.
"""
_REFUSED_SECONDS = 2.0
_ATTEMPTS = 5
GRADES = {State.READY: GOOD, State.DOWN: BAD, State.DEGRADED: BAD, State.SILENT: BUSY}


async def is_up(link: TwsLink, is_done: Callable[[], bool]) -> bool:
    """Return whether a first connection is made; False as soon as it is refused again and again.

    An attempt that only failed, because time ran out or the connection broke, is made again.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while link.state is not State.READY and not is_done():
        if loop.time() - begun > (_REFUSED_SECONDS if link.is_refused else CONNECT_SECONDS):
            return False
        await asyncio.sleep(0.01)
    return True


CarryOf = Callable[[str, int], "Carry | None"]


def _nothing_known(symbol: str, now_ns: int) -> Carry | None:
    """Know neither rates nor dividends."""
    return None


class TwsSource:
    """Quotes over a connection of their own; `engine.live.source.Source` says the rest.

    Parameters
    ----------
    carry_of
        Returns what is known of rates and dividends of a symbol at a time: IB says nothing of them.
    styles
        "american" or "european" by symbol, where the rule of IB's symbols is wrong.
    """

    def __init__(
        self, settings: MarketSettings, *, carry_of: CarryOf = _nothing_known,
        styles: Mapping[str, str] | None = None, scope: str = "ib", clock: Clock = SYSTEM,
    ) -> None:  # fmt: skip
        self.on_read: OnRead = nobody
        self.failed: Failed | None = None
        self.alert: Callable[[str], None] | None = None
        self.place = f"{settings.link.host}:{settings.link.port}"
        self._carry_of = carry_of
        self._makers: dict[str, MakeSink] = {}
        self.market = MarketLink(
            settings, make_sink=self._make_sink, on_read=self._read, on_alert=self._alert,
            on_failure=self._fail, styles=styles, scope=scope, clock=clock,
        )  # fmt: skip
        self.clock = self.market.clock

    async def start(self) -> None:
        """Connect.

        Raises
        ------
        UnavailableError
            If nobody answers, in one line.
        """
        link = self.market.link
        starting = asyncio.ensure_future(self.market.start(CONNECT_SECONDS))
        try:
            if not await is_up(link, starting.done):
                raise UnavailableError(f"no TWS or gateway at {self.place}: {link.last_error}")
            await starting
        finally:
            starting.cancel()

    def accounts(self) -> Sequence[str]:
        """Return the accounts that the gateway manages."""
        found: Sequence[str] = self.market.link.ib.managedAccounts()
        return found

    async def open(self, symbol: str, make_sink: MakeSink) -> Sink:
        """Return a sink that is fed with the quotes of `symbol` from now on."""
        self._makers[symbol] = make_sink
        link = self.market.link
        for attempt in range(1, _ATTEMPTS + 1):
            session = link.session
            try:
                sink = (await self.market.subscribe(symbol)).sink
                break
            except UnavailableError:
                # A connection that broke meanwhile is made again by itself.
                is_same = link.session == session and link.state is State.READY
                if is_same or attempt == _ATTEMPTS or not await is_up(link, lambda: False):
                    raise
        return sink

    async def stop(self) -> None:
        """Hang up."""
        await self.market.stop()

    def carry(self, symbol: str) -> Carry | None:
        """Return what is known of a symbol beside its quotes."""
        return self._carry_of(symbol, self.clock.now_ns())

    def tick_of(self, order: Order) -> float:
        """Return the tick of an order's limit, by what the broker says of its contract."""
        one = self.market.symbols.get(order.combo.symbol)
        return tick_of(order, one.listed if one is not None else None)

    def renew(self, symbol: str) -> None:
        """Make the sink of a symbol anew on the book that it has."""
        one = self.market.symbols.get(symbol)
        if one is not None:
            one.quotes.sink = self._makers[symbol](one.book)

    def links(self) -> tuple[Link, ...]:
        """Return how the connection is."""
        view = self.market.view()
        detail = f"{view.n_lines}/{view.most_lines} lines, {view.round_trip_s * 1e3:.0f} ms"
        grade = GRADES.get(view.state, BUSY)
        if view.state is not State.READY and view.last_error:
            detail = view.last_error
        return (Link("market", view.state.value, grade, detail),)

    def doubt(self) -> None:
        """Say that time was lost: no quote is proven until its line speaks again."""
        for one in self.market.symbols.values():
            self.market.path.stale(one.quotes)
            self.market.subscriptions.again(one.listed.symbol)

    def _make_sink(self, book: Book, _: int) -> Sink:
        return self._makers[book.listing.symbol](book)

    def _read(self, symbols: Sequence[str], now_ns: int) -> None:
        self.on_read(symbols, now_ns)

    def _alert(self, text: str) -> None:
        if self.alert is not None:
            self.alert(text)

    def _fail(self, error: BaseException) -> None:
        if self.failed is not None:
            self.failed(error)
