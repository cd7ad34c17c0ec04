"""The pipeline of live trading: quotes to a watch, what it finds to the trader, time to both.

Single-threaded. Whatever is raised in here stops trading: a halt, or, where the journal cannot be
written, the end (`fatal`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from engine.clock import NS_PER_SECOND, SYSTEM, Clock
from engine.errors import EngineError, InputOutputError
from engine.execution import entries
from engine.execution.breakers import Breakers
from engine.execution.broker import Broker, BrokerEvent, LinkDown, LinkUp
from engine.execution.days import day_of
from engine.execution.modes import Mode
from engine.execution.plan import Unplanned, plans
from engine.execution.trader import Outcome, Trader
from engine.live.collector import Collector
from engine.live.folder import Folder
from engine.live.latch import clear_latch, read_latch, set_latch
from engine.live.source import Source
from engine.live.tee import Tee
from engine.live.vigil import Vigil
from engine.market.book import Book
from engine.proof.verifier import reproduces
from engine.report.live_screen import Link
from engine.report.wording import legs_text
from engine.scanner.scanner import Scanner
from engine.scanner.watch import Watch

_MOST_TIMINGS = 2_000
_REFUSED_EVERY_NS = NS_PER_SECOND // 4
_SAME_EVERY_NS = 15 * NS_PER_SECOND
_MOST_KEYS = 1_000
# Candidates that wait are searched again so often: before an order their quotes are judged anyway.
_AGED_EVERY_NS = NS_PER_SECOND
_NOT_ARMED = Outcome("", (("not-armed", "it would be sent with --arm"),))


def _nothing() -> None:
    """Of brokers that hold nothing against anybody."""


@dataclass(slots=True)
class Tracked:
    """One underlying: its watch, its scanner, and how many searches have been looked at."""

    symbol: str
    watch: Watch
    scanner: Scanner
    n_seen: int = 0
    n_reads: int = 0
    refused_ns: int = 0
    aged_ns: int = 0
    refused: dict[str, int] = field(default_factory=dict)


class Engine:
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
        self.tracked: dict[str, Tracked] = {}
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

    async def open(self, symbol: str, scanner_of: Callable[[Book], Scanner]) -> None:
        """Begin to watch an underlying; `scanner_of` makes its scanner from its book.

        It is made anew where the source comes with another book: an expiry has settled.
        """

        def make_watch(book: Book) -> Watch:
            scanner = scanner_of(book)
            watch = Watch(book, scanner, self._clock.now_ns())
            self.tracked[symbol] = Tracked(symbol, watch, scanner)
            return watch

        await self.source.open(symbol, make_watch)

    def closing_words(self) -> list[str]:
        """Return what else there is to say at the end."""
        return []

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
                    tracked.watch.rest()
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
        """Look once more at what was found last, as something is known now that was not."""
        tracked = self.tracked.get(symbol)
        if tracked is None or not self._is_ready or self.is_over or self.fatal is not None:
            return
        tracked.n_seen = -1
        try:
            self._consider(tracked, self._clock.now_ns(), self._clock.monotonic_ns())
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
                first = tracked.watch.book.listing.expiries[:1]
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
            breakers.day_pnl(self.trader.exposure().day_pnl_usd, now)
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

    def _consider(self, tracked: Tracked, now_ns: int, start: int) -> None:
        watch = tracked.watch
        tracked.n_reads += 1
        found = watch.found
        if found is None or watch.n_searches == tracked.n_seen:
            return
        tracked.n_seen = watch.n_searches
        if 0 not in found.gated.gate[: found.table.found.count]:
            return
        if self.trader.mode is Mode.READ_ONLY:
            self._note_refusal(tracked, _NOT_ARMED, now_ns)
            return
        outcome = self.trader.consider(found, tracked.scanner, now_ns)
        if outcome.package:
            self.read_us.append((self._clock.monotonic_ns() - start) / 1e3)
            self._prove(tracked, outcome.package)
        elif outcome.refusals:
            self._note_refusal(tracked, outcome, now_ns)

    def _let_age(self, tracked: Tracked, now_ns: int) -> None:
        """Let a watch know what time it is; candidates that nobody takes, now and then."""
        monotonic, watch = self._clock.monotonic_ns(), tracked.watch
        if watch.found is None or monotonic - tracked.aged_ns >= _AGED_EVERY_NS:
            tracked.aged_ns = monotonic
            watch.on_time(now_ns)
            watch.rest()

    def _prove(self, tracked: Tracked, package: str) -> None:
        """Let the verifier judge what was just sent; a doubt halts."""
        found, scanner = tracked.watch.found, tracked.scanner
        assert found is not None
        plan = self.trader.state.trades[package].plan
        one = scanner.prove_one(found, plan.sighting)
        if one is None or one.proof is None:
            self.trader.record_proof(package, plan.edge, is_good=False, text="the row is not there")
            return
        least = one.proof.minimum
        text = f"edge {one.edge:.6f}, least outcome {least:.6f} a share"
        is_good = reproduces(one.edge, one.proof)
        self.trader.record_proof(package, one.edge, is_good=is_good, text=text)

    def _note_refusal(self, tracked: Tracked, outcome: Outcome, now_ns: int) -> None:
        """Journal what was not sent: each combo now and then, and not every few milliseconds."""
        if now_ns - tracked.refused_ns < _REFUSED_EVERY_NS:
            return
        tracked.refused_ns = now_ns
        found = tracked.watch.found
        assert found is not None
        data: dict[str, object] = {"sighting": "", "key": "", "symbol": tracked.symbol}
        for plan in plans(found, tracked.scanner, self.trader.terms):
            data.update(sighting=plan.sighting, key=plan.key)
            if not isinstance(plan, Unplanned):
                data.update(
                    family=plan.family, legs=legs_text(plan.legs, plan.symbol), edge=plan.edge,
                    edge_usd=plan.edge_usd, lots=plan.lots,
                )  # fmt: skip
            break
        key = str(data["key"])
        if now_ns - tracked.refused.get(key, 0) < _SAME_EVERY_NS:
            return
        if len(tracked.refused) >= _MOST_KEYS:
            tracked.refused.clear()
        tracked.refused[key] = now_ns
        data["refusals"] = [list(pair) for pair in outcome.refusals]
        self.tee.append(entries.REFUSED, data, is_durable=False)
