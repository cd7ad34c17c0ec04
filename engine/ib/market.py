"""Quotes from TWS: symbols in, books that move out, on a connection of their own.

`MarketLink` puts together the connection, the frame and tick path, the contracts, the line budget
and the registry of subscriptions, and watches over the life of quotes:

* A read of the socket is one instant; whoever decides is called once for it.
* Any tick of a symbol, and each answered heartbeat while the symbol is not silent, proves its
  quotes. Nothing proves them while the gateway has lost IB, a farm is broken, another session has
  the data, a heartbeat is unanswered, or the whole symbol has been silent for a while.
* A silent symbol is subscribed again, at longer and longer intervals: notices that all is well are
  not believed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from engine.cache.disk import DiskCache
from engine.clock import NS_PER_SECOND, SYSTEM, Clock
from engine.errors import UnavailableError
from engine.execution.quiet import RestartWindow
from engine.ib.codes import Code, Kind
from engine.ib.connection import Hooks, Link, LinkSettings
from engine.ib.contracts import Choice, Contracts
from engine.ib.lines import UNDERLYING, Line, LineBudget
from engine.ib.listed import Listed
from engine.ib.states import Signal, State
from engine.ib.subscriptions import Subscriptions
from engine.ib.ticks import SymbolQuotes, TickPath
from engine.market.book import Book
from engine.market.sink import Quiet, Sink

_REFUSALS = (Kind.NOT_SUBSCRIBED, Kind.NO_CONTRACT, Kind.REQUEST_REFUSED)
_LOOK_S = 0.5
_SPOT_S = 5.0
_MOST_STRIKES = 6  # silences in a row after which the wait for the next grows no more


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """How quotes are fetched; times in seconds.

    Attributes
    ----------
    link
        Of the connection.
    most_lines
        Market data lines at once (IB: 100 unless more are booked).
    rows
        Strikes of each series around the money; 0 is all.
    choice
        Which series.
    takes_delayed
        Whether delayed quotes are taken where live ones are not subscribed.
    proof_s
        Since the last message of a symbol, within which a heartbeat proves its quotes.
    silence_s
        Without any message of a symbol, until it is subscribed again.
    rotate_s
        Between two looks at which lines are worth having.
    first_s
        For the first message of all lines of a new symbol.
    """

    link: LinkSettings = field(
        default_factory=lambda: LinkSettings(client_id=2, is_for_quotes=True, heartbeat_s=0.4)
    )
    most_lines: int = 100
    rows: int = 0
    choice: Choice = field(default_factory=Choice)
    takes_delayed: bool = False
    proof_s: float = 3.0
    silence_s: float = 10.0
    rotate_s: float = 5.0
    first_s: float = 15.0


@dataclass(slots=True)
class Subscribed:
    """A symbol whose quotes come: what is listed, and where the quotes are."""

    listed: Listed
    quotes: SymbolQuotes
    n_silences: int = 0
    is_silent: bool = False
    _asked_ns: int = 0
    _in_a_row: int = 0

    @property
    def book(self) -> Book:
        """Its book."""
        return self.quotes.book

    @property
    def sink(self) -> Sink:
        """What takes its quotes: what ``make_sink`` made."""
        return self.quotes.sink


@dataclass(frozen=True, slots=True)
class SymbolView:
    """How the quotes of a symbol are, for screens."""

    symbol: str
    n_lines: int
    n_contracts: int
    silent_s: float
    is_silent: bool
    is_halted: bool
    n_silences: int


@dataclass(frozen=True, slots=True)
class MarketView:
    """How the connection for quotes is, for screens."""

    state: State
    last_error: str
    sessions: int
    round_trip_s: float
    n_lines: int
    most_lines: int
    n_frames: int
    n_ticks: int
    n_bad: int
    n_refused: int
    symbols: tuple[SymbolView, ...]


class MarketLink:
    """The connection for quotes.

    Parameters
    ----------
    make_sink
        Makes what takes the quotes of a new book, given with the instant: a `Watch` in the engine.
        The book has its first quotes then.
    on_read
        Called once for each read of the socket with the symbols it has touched and its instant, in
        UTC nanoseconds of the broker's clock.
    on_alert
        Called with a sentence that a person should read.
    on_failure
        Called with what a task of ours has raised: trading must stop.
    styles, scope
        As of `Contracts`.
    restarts
        When the gateway or IB restart: no alerts then.
    """

    def __init__(
        self,
        settings: MarketSettings,
        *,
        make_sink: Callable[[Book, int], Sink] | None = None,
        on_read: Callable[[Sequence[str], int], None] | None = None,
        on_state: Callable[[State, State], None] | None = None,
        on_alert: Callable[[str], None] | None = None,
        on_failure: Callable[[BaseException], None] | None = None,
        clock: Clock = SYSTEM,
        random: Random | None = None,
        cache: DiskCache | None = None,
        scope: str = "ib",
        styles: Mapping[str, str] | None = None,
        restarts: Sequence[RestartWindow] = (),
        ib: Any = None,
    ) -> None:
        self.settings = settings
        self.symbols: dict[str, Subscribed] = {}
        self._make_sink = make_sink or (lambda book, _: Quiet(book))
        self._on_read = on_read
        self._on_state = on_state
        self._on_alert = on_alert
        self._restarts = tuple(restarts)
        hooks = Hooks(
            state=self._state, code=self._code, stale=self._stale, subscribe=self._subscribe_again,
            alive=self._alive, alert=self._alert, is_planned=self._is_planned,
        )  # fmt: skip
        if on_failure is not None:
            hooks.failure = on_failure
        self.link = Link(settings.link, hooks, clock=clock, random=random, ib=ib)
        self.clock = self.link.clock
        self.path = TickPath(self.clock, self._read)
        self.link.frames.ticks = self.path
        self.contracts = Contracts(self.link, cache, scope=scope, styles=styles)
        self.budget = LineBudget(settings.most_lines)
        self.subscriptions = Subscriptions(
            self.link, self.path, takes_delayed=settings.takes_delayed, on_refused=self._refused
        )

    @property
    def state(self) -> State:
        """The state of the connection."""
        return self.link.state

    async def start(self, timeout_s: float = 30.0) -> None:
        """Connect; it stays connected, as well as can be, until `stop`.

        Raises
        ------
        UnavailableError
            If there is no session in time.
        """
        self.link.start()
        if not await self.link.wait_until(State.READY, timeout_s=timeout_s):
            where = f"{self.settings.link.host}:{self.settings.link.port}"
            reason = self.link.last_error or "no answer"
            await self.link.stop()
            raise UnavailableError(f"no TWS or gateway at {where}: {reason}")
        self.link.spawn("subscriptions", self.subscriptions.run())
        self.link.spawn("watch", self._look())

    async def stop(self) -> None:
        """Hang up."""
        await self.link.stop()

    async def subscribe(self, symbol: str) -> Subscribed:
        """Return a symbol with its first quotes; the rest comes by `on_read`.

        Raises
        ------
        NoInputError, BadDataError, UnavailableError
            As `Contracts.find`.
        """
        listed = await self.contracts.find(symbol, self.settings.choice)
        one = self._install(listed, Book(listed.listing, source="ib"))
        # The spot first: it says which strikes are near.
        self.budget.add(symbol, one.book)
        lines = self._lines()
        self.subscriptions.want(
            [line for line in lines if line[0] != symbol or line[1] == UNDERLYING]
        )
        await self._until(lambda: one.book.underlying.bid > 0.0, _SPOT_S)
        spot = one.book.underlying.bid
        if self.settings.rows:
            listed = listed.near(spot, self.settings.rows)
            one = self._install(listed, one.book.relisted(listed.listing))
        self.budget.add(symbol, one.book, spot)
        self.choose_lines()
        if not await self._until(
            lambda: self.subscriptions.heard_all(symbol), self.settings.first_s
        ):
            self._alert(f"{symbol}: not all lines have spoken in {self.settings.first_s:g} s")
        one.quotes.sink = self._make_sink(one.book, self.clock.now_ns())
        return one

    def pin(self, symbol: str, quotes: Sequence[int]) -> None:
        """Keep lines for these quotes: the legs of what is open."""
        self.budget.pin(symbol, quotes)
        self.choose_lines()

    def choose_lines(self) -> None:
        """Look again at which lines are worth having."""
        self.subscriptions.want(self._lines())

    def view(self) -> MarketView:
        """Return how it is now."""
        link, now = self.link, self.clock.monotonic_ns()
        return MarketView(
            link.state, link.last_error, link.counters.sessions, link.round_trip_s,
            self.subscriptions.n_open, self.budget.most, link.frames.n_frames, self.path.n_ticks,
            self.path.n_bad + link.frames.n_bad, self.subscriptions.n_refused,
            tuple(
                SymbolView(
                    symbol, one.quotes.n_lines, one.listed.n_contracts,
                    (now - one.quotes.heard) / NS_PER_SECOND if one.quotes.heard else 0.0,
                    one.is_silent, one.book.is_halted, one.n_silences,
                )
                for symbol, one in self.symbols.items()
            ),
        )  # fmt: skip

    # what the link says

    def _state(self, before: State, after: State, signal: Signal) -> None:
        if self._on_state is not None:
            self._on_state(before, after)

    def _code(self, about: int, code: Code, text: str) -> None:
        if code.kind in _REFUSALS:
            self.subscriptions.refused(about, f"{code.number}: {code.text}")
        elif code.kind is Kind.TOO_MANY_LINES and self.subscriptions.refused(
            about, f"{code.number}: {code.text}", for_s=10.0
        ):
            self.budget.most = max(self.subscriptions.n_open, 1)
            self.choose_lines()

    def _stale(self) -> None:
        for one in self.symbols.values():
            self.path.stale(one.quotes)

    def _subscribe_again(self) -> None:
        for symbol in self.symbols:
            self.subscriptions.again(symbol)

    def _alive(self) -> None:
        """Let the heartbeat prove quotes on lines that are up, of symbols that are not silent."""
        now, monotonic = self.clock.now_ns(), self.clock.monotonic_ns()
        for one in self.symbols.values():
            if monotonic - one.quotes.heard <= self.settings.proof_s * NS_PER_SECOND:
                one.book.prove_alive(now)

    def _alert(self, text: str) -> None:
        if self._on_alert is not None:
            self._on_alert(text)

    def _is_planned(self) -> bool:
        now = self.clock.now_ns()
        return any(window.seconds_until(now) == 0.0 for window in self._restarts)

    def _refused(self, symbol: str, reason: str) -> None:
        if self.subscriptions.n_refused <= 1 or self.subscriptions.n_refused % 100 == 0:
            self._alert(f"{symbol}: the broker refuses a market data line: {reason}")

    def _read(self, touched: list[SymbolQuotes], now_ns: int) -> None:
        if self._on_read is not None:
            self._on_read([quotes.symbol for quotes in touched], now_ns)

    # over time

    async def _look(self) -> None:
        """Watch over silences, settlements, and which lines are worth having."""
        next_rotation = self.settings.rotate_s
        loop = asyncio.get_running_loop()
        begin = loop.time()
        while True:
            await asyncio.sleep(_LOOK_S)
            if not self.link.is_up:
                continue
            for one in list(self.symbols.values()):
                self._settle(one)
                self._listen(one)
            if loop.time() - begin >= next_rotation:
                next_rotation = loop.time() - begin + self.settings.rotate_s
                self.choose_lines()

    def _listen(self, one: Subscribed) -> None:
        """Subscribe a silent symbol again, the next time after twice as long."""
        if self.link.state is not State.READY or not one.quotes.heard:
            return
        now, silence = self.clock.monotonic_ns(), int(self.settings.silence_s * NS_PER_SECOND)
        if now - one.quotes.heard <= silence:
            one.is_silent = False
            if one._asked_ns and one.quotes.heard - one._asked_ns > 2 * silence:
                one._in_a_row = 0  # it goes on speaking after the answer to the request
            return
        if not one.is_silent:
            one.is_silent = True
            self.path.stale(one.quotes)
        if now - max(one.quotes.heard, one._asked_ns) < silence << one._in_a_row:
            return
        one.n_silences += 1
        one._in_a_row = min(one._in_a_row + 1, _MOST_STRIKES)
        one._asked_ns = now
        if one._in_a_row == 3:
            self._alert(f"{one.listed.symbol}: silent, subscribed again in vain")
        self.subscriptions.again(one.listed.symbol)

    def _settle(self, one: Subscribed) -> None:
        """Go on with what is left when an expiry has settled."""
        now, listing = self.clock.now_ns(), one.book.listing
        if not listing.expiries or listing.expiries[0].settles_ns > now:
            return
        listed = one.listed.after(now)
        if not listed.series:
            self.symbols.pop(listed.symbol)
            self.budget.remove(listed.symbol)
            self._alert(f"{listed.symbol}: its last series has settled")
            self.choose_lines()
            return
        new = self._install(listed, one.book.relisted(listed.listing))
        self.budget.add(listed.symbol, new.book, new.book.underlying.bid)
        new.quotes.sink = self._make_sink(new.book, now)
        self.choose_lines()

    def _install(self, listed: Listed, book: Book) -> Subscribed:
        old = self.symbols.get(listed.symbol)
        one = Subscribed(listed, SymbolQuotes(listed.symbol, Quiet(book)))
        if old is not None:
            one.quotes.heard = old.quotes.heard
        self.symbols[listed.symbol] = one
        self.subscriptions.add(listed, one.quotes)
        return one

    def _lines(self) -> list[Line]:
        bounds = {symbol: one.sink.bounds for symbol, one in self.symbols.items()}
        return self.budget.choose(bounds, self.clock.monotonic_ns() / NS_PER_SECOND)

    async def _until(self, is_so: Callable[[], bool], seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not is_so():
            if loop.time() >= end:
                return False
            await asyncio.sleep(0.01)
        return True
