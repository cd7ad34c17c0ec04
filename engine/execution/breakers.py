"""Breakers: what stops trading by itself, and stays stopped until a person resumes it.

A trip is latched. The trader writes it as a "halt" entry, so a restart does not lift it; nothing
lifts it but ``parity resume --reason``. What is in the journal trips them by `take`, entry by
entry, alike while trading (a `WatchedLog` hands them over) and when it is read after a restart.
Pure: whoever runs the trader asks for what is `due` and halts it.

They count for themselves what the checks before an order count too: if a check has a fault, the
breaker is what is left. A reason never quotes the text of an exception, which may hold a password.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from engine.clock import NS_PER_SECOND, Clock
from engine.errors import EngineError
from engine.execution.broker import Ended, Warned
from engine.execution.days import day_of
from engine.execution.entries import (
    EVENT,
    HALT,
    INTENT,
    PROOF,
    RECONCILED,
    RESUME,
    Log,
    Written,
)
from engine.execution.limits import Limits
from engine.execution.quiet import RestartWindow
from engine.market.calendar import calendar_named

REJECTED = ("rejected", "inactive")
"""How a broker ends an order that it did not take."""
_HOUR_NS = 3_600 * NS_PER_SECOND
_MOST_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Breaker:
    """One breaker: its code, what trips it, and the limits that move it."""

    code: str
    about: str
    limits: tuple[str, ...] = ()


ORDER_RATE, REJECT_RATE, DAY_LOSS, EXCEPTION = "order-rate", "reject-rate", "day-loss", "exception"
RECONCILE, VERIFIER, CLOCK_STEP = "reconcile", "verifier", "clock-step"
JOURNAL, DATA_STALL, OPERATOR = "journal", "data-stall", "operator"
BREAKERS = (
    Breaker(ORDER_RATE, "more orders in a second, a minute or a day than the checks allow",
            ("max_orders_second", "max_orders_minute", "max_orders_day")),
    Breaker(REJECT_RATE, "the broker rejects one order after another",
            ("max_rejects", "reject_window_s")),
    Breaker(DAY_LOSS, "the loss of the day has reached its limit; after a resume, the same loss "
            "again", ("max_day_loss_usd",)),
    Breaker(EXCEPTION, "a fault of the program while it handled something", ("max_exceptions",)),
    Breaker(RECONCILE, "journal and broker differ about what is held"),
    Breaker(VERIFIER, "the verifier does not reproduce the edge of a package that was sent"),
    Breaker(CLOCK_STEP, "the wall clock has jumped", ("max_clock_step_s",)),
    Breaker(JOURNAL, "the journal cannot be written: nothing is traded that is not journalled"),
    Breaker(DATA_STALL, "no quote during a trading session, though connected",
            ("max_data_stall_s",)),
    Breaker(OPERATOR, "a person: `parity kill`, or a halt from outside"),
)  # fmt: skip
BREAKER_CODES = tuple(breaker.code for breaker in BREAKERS)


class Trip(NamedTuple):
    """A breaker that tripped: its code, a sentence with the numbers, and when (UTC ns)."""

    code: str
    reason: str
    ts_ns: int

    def __str__(self) -> str:
        """Return the reason to halt for, which `Breakers.take` understands."""
        return f"{self.code}: {self.reason}"


class Breakers:
    """All breakers of one account.

    `trips` are those since the last resume, the first first; each breaker trips once. What has
    tripped and has not been acted on is `due`.
    """

    def __init__(
        self, limits: Limits, *, calendar: str = "us", windows: tuple[RestartWindow, ...] = ()
    ) -> None:
        self.limits = limits
        self.trips: tuple[Trip, ...] = ()
        self._due: list[Trip] = []
        self._is_replay = False
        self._calendar = calendar_named(calendar)
        self._calendar_name = calendar
        self._windows = windows
        self._second: deque[int] = deque()
        self._minute: deque[int] = deque()
        self._day, self._today = date.min, 0
        self._rejects: deque[int] = deque()
        self._refused = ""
        self._faults: deque[int] = deque()
        self._loss = 0.0
        self._accepted_loss = 0.0
        self._accepted_day = date.min
        self._offset: int | None = None
        self._alive: int | None = None

    @property
    def halted(self) -> Trip | None:
        """The first trip since the last resume; None while trading is allowed."""
        return self.trips[0] if self.trips else None

    def due(self) -> tuple[Trip, ...]:
        """Return what has tripped since it was last asked for, for the trader to halt for."""
        found, self._due = tuple(self._due), []
        return found

    # what is in the journal

    def replay(self, entries: Iterable[Written]) -> None:
        """Take what a journal holds: counts go on, and what was latched is.

        Rates are only counted: limits may have been others then, and what they tripped is there.
        """
        self._is_replay = True
        for entry in entries:
            self.take(entry)
        self._is_replay = False

    def take(self, entry: Written) -> None:
        """Take an entry that was written. O(1)."""
        data: Mapping[str, Any] = entry.data
        kind, ts_ns = entry.kind, entry.ts_ns
        if kind == INTENT:
            self._intended(ts_ns)
        elif kind == EVENT and data.get("event") == Ended.__name__:
            if str(data.get("status")).lower() in REJECTED:
                self._rejected(str(data.get("ref")), str(data.get("reason")), ts_ns)
        elif kind == EVENT and data.get("event") == Warned.__name__ and data.get("is_refusal"):
            # Of a broker whose orders end without a word of why.
            self._rejected(str(data.get("ref")), str(data.get("text")), ts_ns)
        elif kind == PROOF and not data.get("is_good"):
            self.trip(VERIFIER, f"package {data.get('package')}: {data.get('text')}", ts_ns)
        elif kind == RECONCILED and data.get("differences"):
            self.trip(RECONCILE, str(data.get("text")), ts_ns)
        elif kind == HALT:
            self._halted(str(data.get("reason", "")), ts_ns)
        elif kind == RESUME:
            self._resumed(data.get("accepted_usd"), ts_ns)

    def _intended(self, ts_ns: int) -> None:
        limits = self.limits
        day = day_of(ts_ns, self._calendar_name)
        if day > self._day:
            self._day, self._today = day, 0
        self._today += 1
        counts = (
            (_counted(self._second, ts_ns, NS_PER_SECOND), limits.max_orders_second, "a second"),
            (
                _counted(self._minute, ts_ns, 60 * NS_PER_SECOND),
                limits.max_orders_minute,
                "a minute",
            ),
            (self._today, limits.max_orders_day, "a day"),
        )
        for n, most, span in counts:
            if n > most and not self._is_replay:
                self.trip(ORDER_RATE, f"{n} orders in {span}: at most {most}", ts_ns)

    def _rejected(self, ref: str, reason: str, ts_ns: int) -> None:
        if ref == self._refused:
            return  # told in several ways
        self._refused = ref
        limits = self.limits
        n = _counted(self._rejects, ts_ns, round(limits.reject_window_s * NS_PER_SECOND))
        if n >= limits.max_rejects and not self._is_replay:
            words = f"{n} orders rejected within {limits.reject_window_s:g} s, the last: {reason}"
            self.trip(REJECT_RATE, words, ts_ns)

    def _halted(self, reason: str, ts_ns: int) -> None:
        code, colon, words = reason.partition(": ")
        if colon and code in BREAKER_CODES:
            self.trip(code, words, ts_ns)
        elif not self.trips:
            self.trip(OPERATOR, reason, ts_ns)
        self._due.clear()  # the trader has halted

    def _resumed(self, accepted: float | None, ts_ns: int) -> None:
        self.trips, self._due = (), []
        self._rejects.clear()
        self._faults.clear()
        if accepted is None:
            accepted = max(0.0, self._loss) if self._loss == self._loss else 0.0
        self._accepted_loss = float(accepted)
        self._accepted_day = self._date(ts_ns)
        # What the clock has done, and for how long nothing came, was looked at.
        self._offset = self._alive = None

    # what is not

    def day_pnl(self, usd: float, ts_ns: int) -> None:
        """Take the profit of the day; nan, which nobody can judge, trips as well.

        What had been lost at a resume is accepted until the day ends; the journal has it.
        """
        self._loss = -usd
        accepted = self._accepted_loss if self._date(ts_ns) == self._accepted_day else 0.0
        most = accepted + self.limits.max_day_loss_usd
        if self._loss < most:
            return
        known = f"the day has lost ${self._loss:,.2f}: halt at ${most:,.2f}"
        unknown = "the profit or loss of the day is not known"
        self.trip(DAY_LOSS, known if self._loss == self._loss else unknown, ts_ns)

    def failed(self, where: str, error: BaseException, ts_ns: int) -> None:
        """Count an exception in the handler `where`."""
        n = _counted(self._faults, ts_ns, _HOUR_NS)
        if n >= self.limits.max_exceptions:
            # What is said to a person is said whole: which strategy it was, which file.
            what = str(error) if isinstance(error, EngineError) else type(error).__name__
            self.trip(EXCEPTION, f"{what} in {where}", ts_ns)

    def journal_failed(self, error: BaseException, ts_ns: int) -> None:
        """Take a failure to write the journal."""
        self.trip(JOURNAL, f"{type(error).__name__} while writing the journal", ts_ns)

    # time

    def on_quote(self, monotonic_ns: int) -> None:
        """Take a sign of life of the market data."""
        self._alive = monotonic_ns

    def on_time(self, now_ns: int, monotonic_ns: int, *, is_linked: bool = True) -> None:
        """Look at the clocks, a few times a second: a jump, or silence of the data."""
        self._clock(now_ns, monotonic_ns)
        self._stall(now_ns, monotonic_ns, is_linked)

    def _clock(self, now_ns: int, monotonic_ns: int) -> None:
        before, self._offset = self._offset, now_ns - monotonic_ns
        step = 0.0 if before is None else (self._offset - before) / NS_PER_SECOND
        most = self.limits.max_clock_step_s
        if abs(step) > most:
            self.trip(CLOCK_STEP, f"the clock jumped by {step:+.3f} s: at most {most:g}", now_ns)

    def _stall(self, now_ns: int, monotonic_ns: int, is_linked: bool) -> None:
        if self._alive is None or not is_linked or not self._is_session(now_ns):
            self._alive = monotonic_ns
            return
        silent = (monotonic_ns - self._alive) / NS_PER_SECOND
        most = self.limits.max_data_stall_s
        if silent > most:
            self.trip(DATA_STALL, f"no quote for {silent:,.1f} s: at most {most:g}", now_ns)

    def _is_session(self, now_ns: int) -> bool:
        calendar, day = self._calendar, self._date(now_ns)
        is_open = calendar.is_session(day)
        is_open = is_open and calendar.open_ns(day) <= now_ns < calendar.close_ns(day)
        return is_open and all(window.seconds_until(now_ns) > 0.0 for window in self._windows)

    def trip(self, code: str, reason: str, ts_ns: int) -> None:
        """Trip the breaker `code`, unless it has tripped since the last resume."""
        assert code in BREAKER_CODES, code
        if not any(trip.code == code for trip in self.trips):
            trip = Trip(code, " ".join(reason.split())[:_MOST_LETTERS], ts_ns)
            self.trips = (*self.trips, trip)
            self._due.append(trip)

    def _date(self, ts_ns: int) -> date:
        return day_of(ts_ns, self._calendar_name)


def _counted(times: deque[int], ts_ns: int, span_ns: int) -> int:
    """Add a time and return how many lie less than a span before it.

    What lies in the future, before the clock was set back, is counted too.
    """
    times.append(ts_ns)
    while times[0] <= ts_ns - span_ns:
        times.popleft()
    return len(times)


class WatchedLog:
    """A journal that shows breakers what is written into it, and that it cannot be written.

    The trader writes into this one.
    """

    def __init__(self, log: Log, breakers: Breakers, clock: Clock) -> None:
        self._log, self._breakers, self._clock = log, breakers, clock
        breakers.replay(log.entries())

    def append(self, kind: str, data: Mapping[str, object], *, is_durable: bool = True) -> Written:
        """Write an entry; whatever keeps it from being written trips a breaker and is raised."""
        try:
            entry = self._log.append(kind, data, is_durable=is_durable)
        except BaseException as error:
            self._breakers.journal_failed(error, self._clock.now_ns())
            raise
        self._breakers.take(entry)
        return entry

    def entries(self) -> Iterable[Written]:
        """Return every acknowledged entry, oldest first."""
        return self._log.entries()
