"""The trading day in which a bar lies, without asking a calendar at each bar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from engine.clock import to_ns

if TYPE_CHECKING:
    from engine.market.calendar import Calendar

DAY_NS = 86_400_000_000_000
# Calendars whose days are those of UTC: no time zone has to be read for them.
_UTC = ("", "crypto")


class Days:
    """Tells when a day has begun: of an exchange's calendar where the data has one, else of UTC.

    A bar that closes at midnight belongs to the day that ends there.
    """

    def __init__(self, calendar: str) -> None:
        self._calendar: Calendar | None = None
        if calendar not in _UTC:
            from engine.market.calendar import calendar_named

            self._calendar = calendar_named(calendar)
        self._day: date | int | None = None
        self.until_ns = -1

    def begin(self, time_ns: int) -> int:
        """Move to the day of a bar that closes after `until_ns`; the calendar days passed."""
        before = self._day
        if self._calendar is None or self._calendar.zone == "UTC":
            day = (time_ns - 1) // DAY_NS
            self.until_ns = (day + 1) * DAY_NS
            self._day = day
            return day - before if isinstance(before, int) else 0
        from engine.market.calendar import zone_named

        local = self._calendar.session_date(time_ns - 1)
        midnight = datetime(local.year, local.month, local.day) + timedelta(days=1)
        self.until_ns = to_ns(midnight.replace(tzinfo=zone_named(self._calendar.zone)))
        self._day = local
        return (local - before).days if isinstance(before, date) else 0
