"""What every live engine is: quotes to what looks at them, time to the trader, halts and latches.

Who looks at quotes is told by those that are made of it: `engine.live.arbitrage` searches them,
`engine.live.strategies` leads strategies by them. Single-threaded. Whatever is raised in here stops
trading: a halt, or, where the journal cannot be written, the end (`fatal`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from engine.clock import NS_PER_SECOND, SYSTEM, Clock
from engine.errors import EngineError, InputOutputError
from engine.execution.breakers import Breakers
from engine.execution.broker import Broker, BrokerEvent, LinkDown, LinkUp
from engine.execution.days import day_of
from engine.execution.trader import Trader
from engine.live.collector import Collector
from engine.live.folder import Folder
from engine.live.latch import clear_latch, read_latch, set_latch
from engine.live.source import Source
from engine.live.tee import Tee
from engine.live.vigil import Vigil
from engine.market.book import Book
from engine.market.sink import Sink
from engine.paper.standings import Standing
from engine.report.live_screen import Link

_MOST_TIMINGS = 2_000


def _nothing() -> None:
    """Of brokers that hold nothing against anybody."""


@dataclass(slots=True)
class Tracked:
    """One underlying: what takes its quotes, and how many reads had any."""

    symbol: str
    sink: Sink
    n_reads: int = field(default=0, kw_only=True)

    @property
    def book(self) -> Book:
        """Its quotes."""
        return self.sink.book


T = TypeVar("T", bound=Tracked)


class Engine(ABC, Generic[T]):
    """Holds everything that runs together.

    Attributes
    ----------
    fatal
        What has ended it, None while it may go on.
    is_over
        Whether it has ended in order: nothing is taken any more.
    read_us
        Microseconds from a read to the order, of reads that sent one.
    """

    def __init__(
        self, folder: Folder, source: Source, broker: Broker, trader: Trader, tee: Tee, *,
        breakers: Breakers, advance: Callable[[int], None] | None = None,
        collector: Collector | None = None, machine: Clock = SYSTEM,
    ) -> None:  # fmt: skip
        self.folder, self.source, self.trader, self.tee = folder, source, trader, tee
        self.broker = broker
        self.tracked: dict[str, T] = {}
        self.fatal: BaseException | None = None
        self.is_over = False
        self.read_us: deque[float] = deque(maxlen=_MOST_TIMINGS)
        self.n_faults = 0
        self.last = ""
        self.links: Callable[[], tuple[Link, ...]] = source.links
        self.forgive: Callable[[], None] = _nothing
        self._clock = source.clock
        self._breakers = breakers
        # A simulated market's clock is set by what its gateway says; the machine's is judged.
        self._machine, self._offset_ns = machine, source.clock.now_ns() - machine.now_ns()
        self._vigil = Vigil(machine)
        self._judged_ns = 0
        self._advance = advance
        self._collector = collector
        self._is_ready = self._is_latched = False
        self._day = day_of(source.clock.now_ns())
        source.on_read, source.failed, source.alert = self.on_read, self.failed, self.alerted
        broker.sink = self.on_event

    async def open(self, symbol: str) -> None:
        """Begin to take the quotes of an underlying.

        What takes them is made anew where the source comes with another book: an expiry has
        settled.
        """

        def make_sink(book: Book) -> Sink:
            tracked = self.tracked[symbol] = self._track(symbol, book)
            return tracked.sink

        await self.source.open(symbol, make_sink)

    @abstractmethod
    def _track(self, symbol: str, book: Book) -> T:
        """Return what takes the quotes of a book."""

    @abstractmethod
    def _consider(self, tracked: T, now_ns: int, start_ns: int) -> None:
        """Do what new quotes ask for; `start_ns` is when they were read, by the clock of spans."""

    def _consider_again(self, tracked: T) -> None:
        """Consider quotes that have been considered before."""
        self._consider(tracked, self._clock.now_ns(), self._clock.monotonic_ns())

    def _let_age(self, tracked: T, now_ns: int) -> None:
        """Let what takes quotes know what time it is."""

    def closing_words(self) -> list[str]:
        """Return what else there is to say at the end."""
        return []

    def standings(self) -> tuple[Standing, ...]:
        """Return the accounts of strategies, where there are any."""
        return ()

    def day_pnl_usd(self) -> float:
        """Return what the day has brought so far."""
        return self.trader.exposure().day_pnl_usd

    def held_usd(self) -> float:
        """Return what is at risk: the notional of packages."""
        return self.trader.exposure().notional_usd

    def heed_latch(self) -> None:
        """Halt if the latch is set; before anything connects, since open packages go on then."""
        self._look_at_latch()

    def begin(self) -> None:
        """Look at the latch and let what is found reach the trader."""
        if self._is_latched:
            self.broker.cancel_all()  # nobody was connected when it was heeded
        self._look_at_latch()
        self._vigil.look()
        self._offset_ns = self._clock.now_ns() - self._machine.now_ns()
        self._is_ready = True

    # what comes in

    def on_read(self, symbols: Sequence[str], now_ns: int) -> None:
        """Take note that quotes of `symbols` have changed."""
        if not self._is_ready or self.is_over or self.fatal is not None:
            return
        start = self._clock.monotonic_ns()
        try:
            self._look_at_time()
            self._breakers.on_quote(start)
            if self._advance is not None:
                self._advance(now_ns)
            for symbol in symbols:
                tracked = self.tracked.get(symbol)
                if tracked is not None:
                    self._consider(tracked, now_ns, start)
                    tracked.sink.rest()
        except Exception as error:
            self.failed(error)

    def on_event(self, event: BrokerEvent) -> None:
        """Take what the broker says; after a time in which nobody looked, the latch comes first."""
        if self._is_ready and not self.is_over:
            self._look_at_time()
        self.trader.on_event(event)

    def on_tick(self, *, is_idle: bool = True) -> None:
        """Let time pass: timers, the latch, garbage."""
        if self.fatal is not None:
            return
        try:
            self._look_at_time()
            self._look_at_latch()
            now = self._clock.now_ns()
            self._look_at_day(now)
            for tracked in self.tracked.values():
                self._let_age(tracked, now)
            if self._advance is not None:
                self._advance(now)
            self.trader.on_time()
            self._judge()
            if self._collector is not None and is_idle:
                self._collector.rest(is_open=not self.trader.is_quiet)
        except Exception as error:
            self.failed(error)

    def failed(self, error: BaseException) -> None:
        """Take what was raised anywhere: trading stops. Without a journal, everything does."""
        self.n_faults += 1
        if self.is_over:
            return
        text = f"{type(error).__name__}: {error}"
        self.last = text
        if not isinstance(error, InputOutputError):
            self._breakers.failed("the engine", error, self._clock.now_ns())
            try:
                self._act_on_trips()
                return
            except Exception as second:  # above all a journal that cannot be written
                error = second
        if self.fatal is None:
            self.fatal = error
            self.broker.cancel_all()
            with suppress(EngineError):  # the disk may be full; nothing more is sent anyway
                set_latch(self.folder, text, "the engine", self._clock)

    def reconsider(self, symbol: str) -> None:
        """Look at an underlying once more, as something is known now that was not."""
        tracked = self.tracked.get(symbol)
        if tracked is None or not self._is_ready or self.is_over or self.fatal is not None:
            return
        try:
            self._consider_again(tracked)
        except Exception as error:
            self.failed(error)

    def alerted(self, text: str) -> None:
        """Take what a person should know."""
        self.last = text

    # what other terminals ask

    def kill(self, reason: str) -> None:
        """Stop trading now; the latch stays until `resume`.

        Raises
        ------
        InputOutputError
            If the latch or the journal cannot be written; trading has stopped by then.
        """
        try:
            self.trader.kill(reason)
        finally:
            set_latch(self.folder, reason, "parity kill", self._clock)
            self._is_latched = True

    def resume(self, reason: str) -> None:
        """Go on; whoever asks takes the latch away."""
        self.forgive()
        # What a fault has kept from being heard is asked for again: orders, and quotes.
        self.source.doubt()
        self.trader.resume(reason)
        clear_latch(self.folder)
        self._is_latched = False

    # inside

    def _look_at_time(self) -> None:
        lost = self._vigil.look()
        if lost and self._is_ready:
            self.last = lost
            self.source.doubt()
            self._look_at_latch()
            # What became of orders meanwhile is not known: as after a lost connection.
            self.trader.on_event(LinkDown(lost))
            self.trader.on_event(LinkUp())

    def _look_at_day(self, now_ns: int) -> None:
        """Take what the source knows of rates and dividends anew on each day of the exchange."""
        day = day_of(now_ns)
        if day > self._day:
            self._day = day
            for symbol, tracked in list(self.tracked.items()):
                first = tracked.book.listing.expiries[:1]
                # Where one has settled the source comes with another book, and a new watch.
                is_whole = all(expiry.settles_ns > now_ns for expiry in first)
                if is_whole and self.source.carry(symbol) is not None:
                    self.source.renew(symbol)

    def _judge(self) -> None:
        """Let the breakers see clocks and losses, and halt for what has tripped."""
        breakers, monotonic = self._breakers, self._machine.monotonic_ns()
        now = self._machine.now_ns() + self._offset_ns
        is_linked = self.broker.is_ready()
        breakers.on_time(now, monotonic, is_linked=is_linked)
        if monotonic - self._judged_ns >= NS_PER_SECOND:
            self._judged_ns = monotonic
            breakers.day_pnl(self.day_pnl_usd(), now)
        self._act_on_trips()

    def _act_on_trips(self) -> None:
        for trip in self._breakers.due():
            self.last = str(trip)
            self.trader.halt(str(trip))

    def _look_at_latch(self) -> None:
        if self._is_latched:
            return
        halted = read_latch(self.folder)
        if halted is not None:
            self._is_latched = True
            self.trader.kill(halted.reason)
