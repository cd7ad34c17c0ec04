"""The day of the exchange, by which orders, losses and expiries are counted."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from engine.clock import NS_PER_SECOND
from engine.market.calendar import calendar_named

_MINUTE_NS = 60 * NS_PER_SECOND


def day_of(ts_ns: int, calendar: str = "us") -> date:
    """Return the date at the exchange at a time (UTC nanoseconds)."""
    return _day_of(calendar, ts_ns // _MINUTE_NS)


@lru_cache(maxsize=64)
def _day_of(calendar: str, minute: int) -> date:
    # Asked several times before every order: time zones are slow, and days end on whole minutes.
    return calendar_named(calendar).session_date(minute * _MINUTE_NS)
