"""Put a live engine together: market, broker, journal, trader, control; run it; take it apart."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from engine import __version__
from engine.backend import select
from engine.clock import SYSTEM, Clock
from engine.config import ScanSettings
from engine.errors import BadDataError, NotPermittedError
from engine.execution.breakers import Breakers, WatchedLog
from engine.execution.broker import Broker, BrokerEvent
from engine.execution.entries import Log
from engine.execution.facts import MarketFacts, WhatIf
from engine.execution.orders import Order, Plan
from engine.execution.plan import Terms
from engine.execution.risk import Risk
from engine.execution.rules import Rules
from engine.execution.trader import Trader, no_funds
from engine.live.arbitrage import ArbitrageEngine
from engine.live.collector import Collector
from engine.live.control import Control
from engine.live.engine import Engine
from engine.live.folder import Folder
from engine.live.loop import Stop, drain, exit_code, run_until
from engine.live.margins import Answer, Margins
from engine.live.presence import Presence, announce, birth_of, withdraw
from engine.live.screens import Screens
from engine.live.show import JsonLines, Lines, Table, summary
from engine.live.source import Source
from engine.live.tee import Tee
from engine.market.book import Book
from engine.market.carry import Carry
from engine.market.chain import EQUITY
from engine.market.contract import STOCK, Contract
from engine.market.fees import FeeSchedule
from engine.report.live_screen import Link
from engine.scanner.scanner import Scanner
from engine.session.journal import Journal
from engine.session.records import POWER, PROCESS
from engine.settings.live import LiveSettings
from engine.settings.overrides import CarryOverrides

if TYPE_CHECKING:
    from engine.cli.screen import Screen as Console
    from engine.live.seats import SeatEngine, Strategies

# Terms serve for so many seconds: discounts move by 1e-7 a second.
TERMS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """What is asked of a live engine.

    Attributes
    ----------
    symbols
        Underlyings; not empty.
    scan, overrides, fees
        As of a scan (`engine.scanner.survey.Request`).
    backend
        Which kernels, None is auto.
    seconds
        How long, None until it is stopped.
    is_plain, is_json
        Lines instead of the table, for people or for programs.
    is_fresh
        The account begins anew: an earlier journal is set aside.
    strategies
        What is traded in place of arbitrages, None for these.
    """

    settings: LiveSettings
    symbols: tuple[str, ...]
    scan: ScanSettings
    overrides: CarryOverrides
    fees: FeeSchedule | None = None
    backend: str | None = None
    seconds: float | None = None
    is_plain: bool = True
    is_json: bool = False
    is_fresh: bool = False
    strategies: Strategies | None = None


class Runner:
    """One live engine from start to end.

    Parameters
    ----------
    source
        The market, started.
    broker
        Made by the caller; `advance` lets its time pass, if it has none of its own. `begin` is
        awaited when the trader listens and `end` before the journal is closed, `links` says how all
        connections are; `what_if` asks what margin an order would take, None where nobody can be
        asked, and `funds` what the account has available; `forgive` lets the broker take orders
        again after a resume.
    machine
        The clock of this machine.
    place, port
        What it is connected to, in words; the port of the gateway, 0 for none.
    """

    def __init__(
        self, request: LiveRequest, folder: Folder, source: Source, broker: Broker,
        console: Console, *, place: str, port: int = 0,
        advance: Callable[[int], None] | None = None, machine: Clock = SYSTEM,
    ) -> None:  # fmt: skip
        self._machine = machine
        self.request, self.folder, self.source, self.broker = request, folder, source, broker
        self._console, self._place, self._port, self._advance = console, place, port, advance
        self._facts: dict[str, MarketFacts] = {}
        self.links: Callable[[], tuple[Link, ...]] = source.links
        self.begin: Callable[[], Awaitable[None]] = _at_once
        self.end: Callable[[], Awaitable[None]] = _at_once
        self.what_if: Callable[[Order, float], Awaitable[Answer]] | None = None
        self.funds: Callable[[], float] = no_funds
        self.forgive: Callable[[], None] | None = None
        self.engine: Engine[Any] | None = None
        self._collector = Collector()
        self._margins: Margins | None = None

    def book(self, symbol: str) -> Book | None:
        """Return the book of a symbol, None before it is watched."""
        tracked = self.engine.tracked.get(symbol) if self.engine is not None else None
        return tracked.book if tracked is not None else None

    async def run(self, stop: Stop) -> int:
        """Trade until `stop`, and return the exit code.

        Raises
        ------
        EngineError
            If it cannot begin, or the journal cannot be written.
        """
        request, settings = self.request, self.request.settings
        async with AsyncExitStack() as stack:
            engine = await self.assemble(stack)
            await self.begin()
            await self._announce(stack, engine)
            _listen_to_loop(stack, engine)
            self._collector.begin()
            stack.callback(self._collector.end)
            engine.begin()
            screens = Screens(engine, settings.broker, self._place, settings.limits)
            self._screens = screens
            form = JsonLines if request.is_json else Lines if request.is_plain else Table
            shown = form(screens, self._console)
            with shown:
                await run_until(stop, engine, request.seconds, shown.show, shown.every)
                is_clean = await drain(stop, engine, settings.on_exit, shown.show)
            words = [summary(screens), *engine.closing_words()]
            for line in () if request.is_json else words:
                say(self._console, line)
            if engine.trader.state.halts and not request.is_json:
                why = "; ".join(engine.trader.state.halts)
                say(self._console, f"trading is halted: {why}: parity resume --reason TEXT goes on")
            if not is_clean and settings.on_exit != "leave" and engine.fatal is None:
                say(
                    self._console,
                    "not everything came to its end: parity status says what is open",
                )
            return exit_code(stop, engine)

    async def assemble(self, stack: AsyncExitStack) -> Engine[Any]:
        """Return the engine, its journal and trader made and its symbols watched; not begun.

        Raises
        ------
        EngineError
            If it cannot begin.
        """
        request, settings = self.request, self.request.settings
        journal = self._journal()
        stack.callback(journal.close)
        # What is still said while connections end is journalled too, and nothing after that.
        stack.callback(self._fall_silent)
        stack.push_async_callback(self.end)
        tee = Tee(journal)
        breakers = Breakers(settings.limits, windows=settings.windows)
        log = WatchedLog(tee, breakers, self.source.clock)
        trader = self.trader(self.broker, log, str(journal.tear or ""))
        engine = self.engine = self._engine_of(trader, tee, breakers)
        engine.links = self.links
        engine.forgive = self.forgive or engine.forgive
        engine.heed_latch()
        if self.what_if is not None:
            self._margins = Margins(
                self.what_if, self.broker.account, self.source.clock,
                timeout_s=settings.what_if_timeout, max_age_s=settings.limits.max_what_if_age_s,
                answered=engine.reconsider, failed=engine.failed,
            )  # fmt: skip
            stack.push_async_callback(self._margins.close)
        for symbol in request.symbols:
            await engine.open(symbol)
        return engine

    def _engine_of(self, trader: Trader, tee: Tee, breakers: Breakers) -> Engine[Any]:
        request = self.request
        parts = (self.folder, self.source, self.broker, trader, tee)
        if request.strategies is None:
            return ArbitrageEngine(
                *parts, scanner_of=self._scanner, breakers=breakers, advance=self._advance,
                collector=self._collector, machine=self._machine,
            )  # fmt: skip
        kind: type[SeatEngine]
        if request.strategies.is_over_chains:
            from engine.live.chains import ChainEngine as kind
        else:
            from engine.live.strategies import StrategyEngine as kind
        return kind(
            *parts, strategies=request.strategies, symbols=request.symbols,
            settings=request.settings, fees=request.fees or FeeSchedule(), facts=self._facts,
            learn=self._learn, what_if=self._what_if, breakers=breakers, advance=self._advance,
            collector=self._collector, machine=self._machine,
        )  # fmt: skip

    def _fall_silent(self) -> None:
        self.broker.sink = _unheard
        if self.engine is not None:
            self.engine.is_over = True

    # parts

    def _journal(self) -> Journal:
        settings = self.request.settings
        self.folder.make()
        about = {"account": self.broker.account, "mode": settings.broker, "version": __version__}
        # A simulated account dies with this machine: its orders need not outlive the power.
        durability = POWER if settings.broker == "ib" else PROCESS
        clock = self.source.clock

        def open_it() -> Journal:
            return Journal(self.folder.journal, about=about, durability=durability, clock=clock)

        try:
            journal = open_it()
            if self.request.is_fresh and any(True for _ in journal.entries()):
                self.folder.set_journal_aside()  # its lock is ours: nobody else uses it
                journal.close()
                journal = open_it()
        except NotPermittedError as error:
            if "another process" not in str(error):
                raise
            raise NotPermittedError(
                f"account {self.broker.account} is traded by another engine already "
                f"({self.folder.path}): parity status"
            ) from None
        return journal

    def trader(self, broker: Broker, log: Log, torn: str = "") -> Trader:
        """Return a trader with the settings of the request.

        Raises
        ------
        BadDataError
            If the journal holds what no trader wrote.
        """
        settings = self.request.settings
        limits = settings.limits
        risk = Risk(limits, windows=settings.windows, legs=settings.legs)
        rules = Rules(
            style=settings.legs, ack_s=settings.ack_timeout, cancel_s=settings.cancel_timeout,
            fill_s=settings.fill_window,
            evidence_s=settings.evidence_timeout,
            duplicate_s=limits.duplicate_window_s,
            completes=not settings.is_unwind_only, loss_usd=limits.max_hedge_loss_usd,
            unhedged_s=limits.max_unhedged_s, unhedged_delta=limits.max_unhedged_delta,
        )  # fmt: skip
        terms = Terms(lots=limits.max_lots, allowance=settings.allowance)
        try:
            return Trader(
                broker, log, risk, self.source.clock, is_armed=settings.is_armed,
                terms=terms, rules=rules, quotes=self._quote, facts=self._facts_of,
                funds=self.funds,
                pays_cash=self._pays_cash, corrections=risk.check_correction, torn=torn,
            )  # fmt: skip
        except ValueError as error:
            raise BadDataError(f"{self.folder.journal}: {error}") from None

    def _learn(self, book: Book) -> Carry:
        """Take note of what is to be known of a symbol before an order; return its carry."""
        listing = book.listing
        chain = book.snapshot(self.source.clock.now_ns())
        in_use = self.request.overrides.over(chain, self.source.carry(listing.symbol))
        self._facts[listing.symbol] = MarketFacts.of(
            listing, in_use.carry, knows_dividends=in_use.knows_dividends
        )
        return in_use.carry

    def _scanner(self, book: Book) -> Scanner:
        request = self.request
        settings = replace(request.scan, carry=self._learn(book))
        if request.fees is not None:
            settings = replace(settings, fees=request.fees)
        # What holds only if projected dividends are paid would be refused: half of each search.
        return Scanner(
            settings, select(request.backend), terms_seconds=TERMS_SECONDS,
            counts_projected=request.settings.limits.allow_conditions,
        )  # fmt: skip

    def _pays_cash(self, symbol: str) -> bool:
        """Tell whether options of a symbol leave no stock: those on an index or a coin."""
        book = self.book(symbol)
        return book is not None and book.listing.kind != EQUITY

    def _what_if(self, plan: Plan) -> WhatIf | None:
        return self._margins.of(plan) if self._margins is not None else None

    def _facts_of(self, plan: Plan, now_ns: int) -> MarketFacts:
        facts, book, what_if = self._facts[plan.symbol], self.book(plan.symbol), self._what_if(plan)
        if book is None:
            return replace(facts, what_if=what_if)
        return facts.at(book, plan.legs, now_ns, what_if)

    def _quote(self, contract: Contract, side: int) -> float:
        book = self.book(contract.symbol)
        if book is None:
            return float("nan")
        if contract.kind == STOCK:
            price = book.underlying.ask if side > 0 else book.underlying.bid
        else:
            place = _place_of(book, contract)
            if place < 0:
                return float("nan")
            price = book.ask[place] if side > 0 else book.bid[place]
        return price if price > 0.0 else float("nan")

    async def _announce(self, stack: AsyncExitStack, engine: Engine[Any]) -> None:
        settings = self.request.settings
        control = Control(self.folder.socket, self._handlers(engine))
        await control.start()
        stack.push_async_callback(control.close)
        announce(self.folder, Presence(
            os.getpid(), self.source.clock.now_ns(), settings.host, self._port,
            settings.client_id, birth_of(os.getpid()),
        ))  # fmt: skip
        stack.callback(self._withdraw, engine)

    def _withdraw(self, engine: Engine[Any]) -> None:
        """Say that nobody runs; but `parity kill` must find a gateway where orders may live."""
        is_gone = self._port == 0 or self.request.is_fresh  # orders died with this process
        if is_gone or engine.trader.is_quiet:
            withdraw(self.folder)

    def _handlers(self, engine: Engine[Any]) -> dict[str, Callable[[Mapping[str, object]], Any]]:
        def kill(asked: Mapping[str, object]) -> Mapping[str, object]:
            engine.kill(str(asked.get("reason") or "parity kill"))
            return {}

        def resume(asked: Mapping[str, object]) -> Mapping[str, object]:
            engine.resume(str(asked.get("reason")))
            return {}

        def status(_: Mapping[str, object]) -> Mapping[str, object]:
            screen = self._screens.screen()
            return {
                "mode": screen.mode, "why": screen.why, "is_armed": screen.is_armed,
                "links": [asdict(link) for link in screen.links],
            }  # fmt: skip

        return {"kill": kill, "resume": resume, "status": status}


def _listen_to_loop(stack: AsyncExitStack, engine: Engine[Any]) -> None:
    """Let what callbacks and lost tasks raise stop trading; the loop would only log it."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def heard(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            engine.failed(error)
        else:
            engine.alerted(str(context.get("message")))

    loop.set_exception_handler(heard)
    stack.callback(loop.set_exception_handler, before)


def say(console: Console, line: str) -> None:
    """Print a line as it is."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _unheard(event: BrokerEvent) -> None:
    """Take an event that comes after the end."""


async def _at_once() -> None:
    """Begin without anything more."""


def _place_of(book: Book, contract: Contract) -> int:
    """Return the quote index of an option in a book, -1 if it is not listed. O(quotes)."""
    listing = book.listing
    for q in range(listing.n_quotes):
        if listing.contract(q).name == contract.name:
            return q
    return -1
