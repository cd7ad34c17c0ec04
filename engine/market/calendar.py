"""Which days have a session, and when it opens, closes and settles. Dates in, UTC ns out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.clock import NS_PER_SECOND, from_ns, to_ns
from engine.errors import UnavailableError, UsageError
from engine.market.holidays import us_closures, us_early_closes

_DAY = timedelta(days=1)
# The longest closure on record is seven days (2001); beyond this something else is wrong.
_LONGEST_CLOSURE = 15


@dataclass(frozen=True, slots=True)
class Calendar:
    """The sessions of one market. Every method is pure; O(1) but for walks over closed days.

    Attributes
    ----------
    name
        "us" or "crypto".
    zone
        Name of the time zone in which a session's date and the times below are meant.
    opens, closes, closes_early
        Wall-clock time since local midnight.
    settles_am, settles_pm
        The same for settlement; None is the close of the day, early or not.
    is_weekend_open
        Whether Saturdays and Sundays have sessions.
    closures, early_closes
        Year to the days without and with a shortened session.
    """

    name: str
    zone: str
    opens: timedelta
    closes: timedelta
    closes_early: timedelta
    settles_am: timedelta
    settles_pm: timedelta | None
    is_weekend_open: bool
    closures: Callable[[int], frozenset[date]]
    early_closes: Callable[[int], frozenset[date]]

    def is_session(self, day: date) -> bool:
        """Return whether the market is open on `day`."""
        is_weekend = day.weekday() >= 5 and not self.is_weekend_open
        return not is_weekend and day not in self.closures(day.year)

    def is_early_close(self, day: date) -> bool:
        """Return whether the session of `day` is a shortened one."""
        return day in self.early_closes(day.year)

    def previous_session(self, day: date) -> date:
        """Return the last session strictly before `day`."""
        return self._walk(day, -_DAY)

    def next_session(self, day: date) -> date:
        """Return the first session strictly after `day`."""
        return self._walk(day, _DAY)

    def _walk(self, day: date, step: timedelta) -> date:
        for _ in range(_LONGEST_CLOSURE):
            day += step
            if self.is_session(day):
                return day
        raise ValueError(f"no session of {self.name} within {_LONGEST_CLOSURE} days of {day}")

    def last_trading_day(self, listed: date) -> date:
        """Return the session on which a series listed as expiring on `listed` last trades.

        `listed` itself, or the session before it: Saturday expiries (monthly options before
        2015) trade until the Friday, or the Thursday when the Friday is a holiday.
        """
        return listed if self.is_session(listed) else self.previous_session(listed)

    def open_ns(self, day: date) -> int:
        """Return the opening instant of calendar date `day`, session or not."""
        return _wall_ns(self.zone, day, self.opens)

    def close_ns(self, day: date) -> int:
        """Return the closing instant of calendar date `day`, early on a half day."""
        early = self.is_early_close(day)
        return _wall_ns(self.zone, day, self.closes_early if early else self.closes)

    def settlement_ns(self, day: date, settlement: str = "PM") -> int:
        """Return when a series whose last trading day is `day` settles, "AM" or "PM"."""
        if settlement not in ("AM", "PM"):
            raise ValueError(f"settlement {settlement!r} is not AM or PM")
        if settlement == "AM":
            return _wall_ns(self.zone, day, self.settles_am)
        if self.settles_pm is None:
            return self.close_ns(day)
        return _wall_ns(self.zone, day, self.settles_pm)

    def session_date(self, ts_ns: int) -> date:
        """Return the local calendar date of an instant."""
        return _local_date(self.zone, ts_ns // NS_PER_SECOND)

    def nights_to_settlement(self, day: date) -> int:
        """Return the calendar days from session `day` to the next session: 1 to 4, 7 in 2001."""
        return (self.next_session(day) - day).days


@lru_cache(maxsize=16)
def zone_named(name: str) -> ZoneInfo:
    """Return the time zone `name` of the IANA database.

    Raises
    ------
    UnavailableError
        If this machine has no time zone database (a bare container, a relocated PyPy).
    """
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        raise UnavailableError(
            f"no time zone {name!r} on this machine: python -m pip install tzdata"
        ) from None


@lru_cache(maxsize=4096)
def _wall_ns(zone: str, day: date, since_midnight: timedelta) -> int:
    # Adding to an aware local midnight moves the wall clock, so 16:00 stays 16:00 across DST.
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone_named(zone))
    return to_ns(midnight + since_midnight)


@lru_cache(maxsize=4096)
def _local_date(zone: str, second: int) -> date:
    # Asked several times for each chain: time zones are slow, and days end on whole seconds.
    return from_ns(second * NS_PER_SECOND).astimezone(zone_named(zone)).date()


def _never(_year: int) -> frozenset[date]:
    return frozenset()


# US equity and option exchanges; AM settlement is fixed by the opening prices.
US = Calendar(
    name="us",
    zone="America/New_York",
    opens=timedelta(hours=9, minutes=30),
    closes=timedelta(hours=16),
    closes_early=timedelta(hours=13),
    settles_am=timedelta(hours=9, minutes=30),
    settles_pm=None,
    is_weekend_open=False,
    closures=us_closures,
    early_closes=us_early_closes,
)

# Coin options trade around the clock and settle at 08:00 UTC (Deribit contract specifications).
CRYPTO = Calendar(
    name="crypto",
    zone="UTC",
    opens=timedelta(0),
    closes=timedelta(hours=24),
    closes_early=timedelta(hours=24),
    settles_am=timedelta(hours=8),
    settles_pm=timedelta(hours=8),
    is_weekend_open=True,
    closures=_never,
    early_closes=_never,
)

_CALENDARS = {calendar.name: calendar for calendar in (US, CRYPTO)}


def calendar_named(name: str) -> Calendar:
    """Return the calendar called `name`: "us" or "crypto".

    Raises
    ------
    UsageError
        If there is none; the message names the nearest.
    """
    found = _CALENDARS.get(name)
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(name, _CALENDARS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(_CALENDARS)}"
        raise UsageError(f"no trading calendar is called {name!r}: {hint}")
    return found
