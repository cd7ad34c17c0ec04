"""Breakers trip at their limit and not before, stay tripped, and are lifted by a person alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, NamedTuple

import pytest

from engine.clock import to_ns
from engine.errors import InputOutputError
from engine.execution import entries
from engine.execution.breakers import BREAKER_CODES, Breakers, WatchedLog
from engine.execution.broker import Ended, Warned
from engine.execution.limits import Limits
from engine.execution.quiet import NIGHTLY_RESET

SECOND = 10**9
HOUR = 3_600 * SECOND
# A Wednesday, 11:00 in New York.
NOW = to_ns(datetime(2026, 3, 4, 16, tzinfo=timezone.utc))
LIMITS = replace(
    Limits(), max_orders_second=3, max_orders_minute=5, max_orders_day=8, reserved_orders=0,
    max_rejects=3, reject_window_s=10.0, max_exceptions=2, max_day_loss_usd=500.0,
    max_clock_step_s=2.0, max_data_stall_s=60.0,
)  # fmt: skip
CANARY = "postgresql://trader:hunter2@db/parity"


class Line(NamedTuple):
    seq: int
    ts_ns: int
    kind: str
    data: Mapping[str, object]


class Log:
    """A journal in memory, whose clock is set by hand; it fails when told to."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.now = NOW
        self.error: BaseException | None = None

    def append(self, kind: str, data: Mapping[str, object], *, is_durable: bool = True) -> Line:
        if self.error:
            raise self.error
        self.lines.append(Line(len(self.lines), self.now, kind, data))
        return self.lines[-1]

    def entries(self) -> Iterator[Line]:
        return iter(tuple(self.lines))

    def now_ns(self) -> int:
        return self.now

    def monotonic_ns(self) -> int:
        return self.now


class Desk:
    """Breakers as they are wired: fed by the journal, acted on by a halt entry."""

    def __init__(self, limits: Limits = LIMITS, log: Log | None = None) -> None:
        self.log = log or Log()
        self.breakers = Breakers(limits, windows=(NIGHTLY_RESET,))
        self.watched = WatchedLog(self.log, self.breakers, self.log)
        self.n_ended = 0

    def act(self) -> list[str]:
        """Halt for what is due, as a trader does, and return the codes."""
        due = self.breakers.due()
        for trip in due:
            self.watched.append(entries.HALT, {"reason": str(trip)})
        return [trip.code for trip in due]

    def intent(self, after: float = 0.0) -> list[str]:
        self.log.now += round(after * SECOND)
        self.watched.append(entries.INTENT, {})
        return self.act()

    def rejected(self, after: float = 0.0, status: str = "Rejected") -> list[str]:
        self.log.now += round(after * SECOND)
        self.n_ended += 1
        event = Ended(f"r{self.n_ended}", 0, status, "no margin")
        self.watched.append(entries.EVENT, entries.event_data(event))
        return self.act()

    def refused(self, ref: str, after: float = 0.0, *, is_refusal: bool = True) -> list[str]:
        self.log.now += round(after * SECOND)
        event = Warned(ref, 201, "no margin", is_refusal)
        self.watched.append(entries.EVENT, entries.event_data(event))
        return self.act()

    def restarted(self) -> Desk:
        return Desk(self.breakers.limits, self.log)

    @property
    def code(self) -> str:
        return self.breakers.halted.code if self.breakers.halted else ""


def test_refusals_that_come_as_messages_about_orders_count_once_for_each_order() -> None:
    desk = Desk()
    assert [desk.refused(ref) for ref in ("a", "a", "a", "b", "b")] == [[]] * 5
    assert desk.refused("c") == ["reject-rate"]
    others = Desk()
    assert [others.refused(ref, is_refusal=False) for ref in "abcdef"] == [[]] * 6


def test_orders_in_a_second_a_minute_and_a_day() -> None:
    desk = Desk()
    assert [desk.intent() for _ in range(3)] == [[], [], []]
    assert desk.intent(1.0) == []  # a second later the window is empty
    assert desk.intent() == []
    assert desk.intent(59.0) == []  # the first three are 60 s old: three are left
    assert desk.intent(10.0) == []
    assert desk.intent(10.0) == []
    assert desk.intent(600.0) == ["order-rate"]
    assert desk.breakers.halted is not None
    assert desk.breakers.halted.reason == "9 orders in a day: at most 8"


def test_one_order_too_many_in_a_second() -> None:
    desk = Desk()
    assert [desk.intent(0.1) for _ in range(4)] == [[], [], [], ["order-rate"]]


def test_one_order_too_many_in_a_minute() -> None:
    desk = Desk()
    assert [desk.intent(10.0) for _ in range(6)] == [[]] * 5 + [["order-rate"]]
    slow = Desk()
    assert [slow.intent(12.0) for _ in range(7)] == [[]] * 7


def test_orders_of_the_day_survive_a_restart_and_end_with_the_day() -> None:
    desk = Desk()
    for _ in range(8):
        assert desk.intent(100.0) == []
    again = desk.restarted()
    assert again.intent(100.0) == ["order-rate"]
    other = Desk(log=Log())
    for _ in range(8):
        other.intent(100.0)
    assert other.restarted().intent(24 * 3_600.0) == []


def test_a_clock_that_is_set_back_forgives_nothing() -> None:
    desk = Desk()
    for _ in range(3):
        desk.intent()
    assert desk.intent(-0.5) == ["order-rate"]


@pytest.mark.parametrize("status", ["Rejected", "Inactive", "rejected"])
def test_rejections_one_after_another(status: str) -> None:
    desk = Desk()
    assert [desk.rejected(4.9, status) for _ in range(3)] == [[], [], ["reject-rate"]]
    assert desk.breakers.halted is not None
    assert desk.breakers.halted.reason == "3 orders rejected within 10 s, the last: no margin"
    slow = Desk()
    assert [slow.rejected(5.0, status) for _ in range(5)] == [[]] * 5
    none = Desk()
    assert [none.rejected(0.0, "Cancelled") for _ in range(9)] == [[]] * 9


def test_the_loss_of_the_day_at_its_limit() -> None:
    desk = Desk()
    desk.breakers.day_pnl(-499.99, NOW)
    assert desk.act() == []
    desk.breakers.day_pnl(-500.0, NOW)
    assert desk.act() == ["day-loss"]
    unknown = Desk()
    unknown.breakers.day_pnl(math.nan, NOW)
    assert unknown.act() == ["day-loss"]
    gain = Desk()
    gain.breakers.day_pnl(1e9, NOW)
    assert gain.act() == []


def test_a_resume_accepts_the_loss_of_that_day_and_as_much_again() -> None:
    desk = Desk()
    desk.breakers.day_pnl(-600.0, NOW)
    assert desk.act() == ["day-loss"]
    desk.watched.append(entries.RESUME, {"reason": "seen"})
    desk.breakers.day_pnl(-1_099.0, NOW)
    assert desk.act() == []
    desk.breakers.day_pnl(-1_100.0, NOW)
    assert desk.act() == ["day-loss"]
    # The next day begins anew.
    tomorrow = Desk()
    tomorrow.breakers.day_pnl(-600.0, NOW)
    tomorrow.watched.append(entries.RESUME, {"reason": "seen"})
    tomorrow.breakers.day_pnl(-500.0, NOW + 24 * HOUR)
    assert tomorrow.act()[-1:] == ["day-loss"]


def test_faults_of_the_program_within_an_hour() -> None:
    desk = Desk()
    desk.breakers.failed("on_read", ValueError(CANARY), NOW)
    assert desk.act() == []
    desk.breakers.failed("on_read", KeyError(CANARY), NOW + HOUR - 1)
    assert desk.act() == ["exception"]
    assert desk.breakers.halted is not None
    assert desk.breakers.halted.reason == "KeyError in on_read"
    rare = Desk()
    for k in range(5):
        rare.breakers.failed("on_read", ValueError(), NOW + k * HOUR)
    assert rare.act() == []


def test_a_proof_that_fails_and_positions_that_differ() -> None:
    desk = Desk()
    desk.watched.append(entries.PROOF, {"package": "1z", "is_good": True, "text": ""})
    desk.watched.append(entries.RECONCILED, {"differences": [], "text": ""})
    assert desk.act() == []
    desk.watched.append(entries.PROOF, {"package": "1z", "is_good": False, "text": "edge -0.02"})
    assert desk.act() == ["verifier"]
    desk.watched.append(entries.RECONCILED, {"differences": [["A", 1, 2]], "text": "A: 1, 2"})
    assert desk.act() == ["reconcile"]
    assert [trip.reason for trip in desk.breakers.trips] == ["package 1z: edge -0.02", "A: 1, 2"]


@pytest.mark.parametrize("step", [2.001, -2.001])
def test_a_step_of_the_clock(step: float) -> None:
    desk = Desk()
    desk.breakers.on_time(NOW, 0)
    desk.breakers.on_time(NOW + 7 * SECOND, 5 * SECOND)  # two seconds are borne
    desk.breakers.on_time(NOW + 12 * SECOND, 10 * SECOND)
    assert desk.act() == []
    desk.breakers.on_time(NOW + 17 * SECOND + round(step * SECOND), 15 * SECOND)
    assert desk.act() == ["clock-step"]
    assert f"{step:+.3f} s" in desk.breakers.trips[0].reason


def test_silence_of_the_data_in_a_session() -> None:
    desk = Desk()
    breakers = desk.breakers

    def look(after: float, *, is_linked: bool = True) -> list[str]:
        breakers.on_time(NOW + round(after * SECOND), round(after * SECOND), is_linked=is_linked)
        return desk.act()

    assert look(0) == look(60) == []
    breakers.on_quote(61 * SECOND)
    assert look(121) == []
    assert look(121.1, is_linked=False) == []  # a connection that is down is another matter
    assert look(181) == []
    assert look(181.2) == ["data-stall"]


@pytest.mark.parametrize(
    ("moment", "is_silence"),
    [
        (datetime(2026, 3, 4, 14, 29, tzinfo=timezone.utc), False),  # before the open
        (datetime(2026, 3, 4, 14, 30, tzinfo=timezone.utc), True),
        (datetime(2026, 3, 4, 21, 0, tzinfo=timezone.utc), False),  # after the close
        (datetime(2026, 3, 7, 16, 0, tzinfo=timezone.utc), False),  # Saturday
        (datetime(2026, 4, 3, 16, 0, tzinfo=timezone.utc), False),  # Good Friday
        (datetime(2026, 11, 27, 17, 0, tzinfo=timezone.utc), True),  # a half day
        (datetime(2026, 11, 27, 18, 0, tzinfo=timezone.utc), False),
    ],
)
def test_silence_counts_in_sessions_only(moment: datetime, is_silence: bool) -> None:
    desk = Desk()
    start = to_ns(moment)
    for second in (0, 20, 40, 50, 59):  # the last look is still in the same minute
        desk.breakers.on_time(start + second * SECOND, second * SECOND)
    quick = Desk(replace(LIMITS, max_data_stall_s=50.0))
    for second in (0, 51):
        quick.breakers.on_time(start + second * SECOND, second * SECOND)
    assert desk.act() == []
    assert quick.act() == (["data-stall"] if is_silence else [])


def test_silence_while_the_broker_restarts_is_none() -> None:
    breakers = Breakers(LIMITS, calendar="crypto", windows=(NIGHTLY_RESET,))
    start = to_ns(datetime(2026, 3, 5, 4, 50, tzinfo=timezone.utc))  # 23:50 in New York
    for minute in range(55):
        breakers.on_time(start + minute * 60 * SECOND, minute * 60 * SECOND)
    assert breakers.due() == ()
    for minute in (56, 58):
        breakers.on_time(start + minute * 60 * SECOND, minute * 60 * SECOND)
    assert [trip.code for trip in breakers.due()] == ["data-stall"]


def test_a_journal_that_cannot_be_written() -> None:
    desk = Desk()
    desk.log.error = InputOutputError(f"/data/{CANARY}: no space left")
    with pytest.raises(InputOutputError):
        desk.watched.append(entries.INTENT, {})
    due = desk.breakers.due()
    assert [(trip.code, trip.reason) for trip in due] == [
        ("journal", "InputOutputError while writing the journal")
    ]


def test_a_halt_is_latched_over_restarts_until_a_person_resumes() -> None:
    desk = Desk()
    desk.breakers.failed("x", ValueError(), NOW)
    desk.breakers.failed("x", ValueError(), NOW)
    assert desk.act() == ["exception"]
    for _ in range(3):
        desk = desk.restarted()
        assert desk.code == "exception"
        assert desk.act() == []  # it is in the journal already
        assert [line.kind for line in desk.log.lines].count(entries.HALT) == 1
    desk.watched.append(entries.RESUME, {"reason": "fixed"})
    assert (desk.code, desk.restarted().code) == ("", "")


def test_a_halt_by_a_person_and_a_second_reason() -> None:
    desk = Desk()
    desk.watched.append(entries.HALT, {"reason": "lunch"})
    assert (desk.code, desk.act()) == ("operator", [])
    desk.breakers.day_pnl(-501.0, NOW)
    assert desk.act() == ["day-loss"]
    assert [trip.code for trip in desk.restarted().breakers.trips] == ["operator", "day-loss"]


def test_a_crash_before_the_halt_was_written_halts_at_the_start() -> None:
    desk = Desk()
    desk.watched.append(entries.PROOF, {"package": "1", "is_good": False, "text": "no"})
    again = desk.restarted()
    assert again.act() == ["verifier"]


def test_lower_limits_do_not_judge_the_past() -> None:
    desk = Desk()
    for _ in range(3):
        assert desk.intent() == []
    for _ in range(2):
        assert desk.rejected() == []
    lower = replace(LIMITS, max_orders_second=1, max_orders_minute=1, max_rejects=1)
    strict = Desk(lower, desk.log)
    assert (strict.code, strict.act()) == ("", [])
    assert strict.intent() == ["order-rate"]


def test_resuming_counts_rejections_and_faults_anew() -> None:
    desk = Desk()
    for _ in range(2):
        desk.rejected()
    desk.breakers.failed("x", ValueError(), NOW)
    desk.watched.append(entries.RESUME, {"reason": "looked at"})
    desk.breakers.failed("x", ValueError(), NOW)
    assert [desk.rejected() for _ in range(3)] == [[], [], ["reject-rate"]]


def test_no_secret_of_an_exception_gets_into_the_journal() -> None:
    desk = Desk()
    for error in (ValueError(CANARY), OSError(5, CANARY), InputOutputError(CANARY)):
        desk.breakers.failed("the store", error, NOW)
    desk.log.error = OSError(28, CANARY)
    with pytest.raises(OSError, match="hunter2"):
        desk.watched.append(entries.SENT, {})
    desk.log.error = None
    desk.act()
    assert "hunter2" not in repr(desk.log.lines) + repr(desk.breakers.trips)
    assert {trip.code for trip in desk.breakers.trips} == {"exception", "journal"}


def test_reasons_are_one_short_line() -> None:
    desk = Desk()
    desk.breakers.trip("operator", "a\nb\x00 " + "c" * 9_999, NOW)
    (trip,) = desk.breakers.due()
    assert "\n" not in trip.reason
    assert len(trip.reason) == 200
    with pytest.raises(AssertionError):
        desk.breakers.trip("other", "", NOW)
    assert len(set(BREAKER_CODES)) == len(BREAKER_CODES)


def test_memory_stays_flat() -> None:
    breakers = Breakers(replace(LIMITS, max_orders_day=10**9))
    line: Any = Line(0, NOW, entries.INTENT, {})
    for k in range(20_000):
        breakers.take(line._replace(ts_ns=NOW + k * 30 * SECOND))
    assert len(breakers._minute) <= 3
    assert len(breakers._second) == 1
