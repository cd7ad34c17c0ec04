"""Times of the day at which a broker restarts and nothing new is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from engine.clock import NS_PER_SECOND, from_ns, to_ns
from engine.market.calendar import zone_named

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_HOUR_NS = 3_600 * NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class RestartWindow:
    """A stretch of every day by the wall clock of a zone; it may pass midnight.

    `start` and `end` are minutes since midnight, in 0 .. 1439 and different; the end is outside.
    """

    start: int
    end: int
    zone: str = "America/New_York"

    def __str__(self) -> str:
        """Return it as it is written in settings."""
        return f"{_clock(self.start)}-{_clock(self.end)} {self.zone}"

    def seconds_until(self, now_ns: int) -> float:
        """Return the seconds until it begins next; 0 while it lasts."""
        for begins, ends in _around(self, now_ns // _HOUR_NS):
            if now_ns < ends:
                return max(0.0, (begins - now_ns) / NS_PER_SECOND)
        raise AssertionError(f"no {self} within two days of {from_ns(now_ns)}")

    def around(self, now_ns: int) -> Iterator[tuple[int, int]]:
        """Yield begin and end (UTC nanoseconds) of yesterday's and the next, oldest first."""
        now = from_ns(now_ns).astimezone(zone_named(self.zone))
        # Of yesterday too: it may have begun before midnight.
        for days in (-1, 0, 1, 2):
            day = datetime(now.year, now.month, now.day) + days * _DAY
            begins, ends = self._ns(day, self.start), self._ns(day, self.end)
            if ends <= begins:
                ends = self._ns(day + _DAY, self.end)
            yield begins, ends

    def _ns(self, day: datetime, minutes: int) -> int:
        # The wall clock moves, so that 23:45 stays 23:45 when summer time begins.
        midnight = day.replace(tzinfo=zone_named(self.zone))
        return to_ns(midnight + minutes * _MINUTE)


@lru_cache(maxsize=64)
def _around(window: RestartWindow, hour: int) -> tuple[tuple[int, int], ...]:
    # Asked before every order: time zones are slow.
    return tuple(window.around(hour * _HOUR_NS))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


NIGHTLY_RESET = RestartWindow(23 * 60 + 45, 45)
"""IB's servers in North America, every night: 23:45 to 00:45 in New York."""
