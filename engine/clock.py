"""The only source of time. Everything else is handed a clock or a timestamp in UTC nanoseconds."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Protocol

from engine.values import dataclass

NS_PER_SECOND = 1_000_000_000
NS_PER_DAY = 86_400 * NS_PER_SECOND
SECONDS_PER_YEAR = 365.0 * 86_400.0

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Clock(Protocol):
    """Wall time for stamps, monotonic time for durations."""

    def now_ns(self) -> int:
        """Return UTC nanoseconds since 1970."""
        ...

    def monotonic_ns(self) -> int:
        """Return nanoseconds of a clock that never goes back."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clocks."""

    def now_ns(self) -> int:
        """Return UTC nanoseconds since 1970."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Return nanoseconds of the performance counter."""
        return time.perf_counter_ns()


SYSTEM = SystemClock()


def to_ns(moment: datetime) -> int:
    """Return UTC nanoseconds of an aware datetime, exact to the microsecond.

    Raises
    ------
    ValueError
        If `moment` has no time zone: a naive time is a wrong time.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return ((moment - _EPOCH) // timedelta(microseconds=1)) * 1000


def from_ns(ts_ns: int) -> datetime:
    """Return the aware UTC datetime of UTC nanoseconds, floored to the microsecond."""
    return _EPOCH + timedelta(microseconds=ts_ns // 1000)


def years_between(start_ns: int, end_ns: int) -> float:
    """Return ACT/365 years from `start_ns` to `end_ns` (negative when it lies before)."""
    return (end_ns - start_ns) / NS_PER_SECOND / SECONDS_PER_YEAR
