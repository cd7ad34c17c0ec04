"""When the US stock and option exchanges are closed or close early, from their rules.

Source: NYSE Rule 7.2 (holidays) and the exchange's notices of one-off closures. Checked against
two published calendars for 1999-2035 (tests/oracles/sessions_us.csv).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

MONDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = 0, 3, 4, 5, 6
_DAY = timedelta(days=1)

ONE_OFF_CLOSURES = frozenset(
    {
        date(2001, 9, 11), date(2001, 9, 12), date(2001, 9, 13), date(2001, 9, 14),
        date(2004, 6, 11),  # mourning of President Reagan
        date(2007, 1, 2),  # mourning of President Ford
        date(2012, 10, 29), date(2012, 10, 30),  # hurricane Sandy
        date(2018, 12, 5),  # mourning of President Bush
        date(2025, 1, 9),  # mourning of President Carter
    }
)  # fmt: skip

ONE_OFF_EARLY_CLOSES = frozenset({date(1999, 12, 31), date(2003, 12, 26)})


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar.

    Source: Meeus, Astronomical Algorithms (1991), chapter 8.

    >>> easter(2014)
    datetime.date(2014, 4, 20)
    """
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    shift = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * shift) // 433
    month = (h + shift - 7 * m + 90) // 25
    return date(year, month, (h + shift - 7 * m + 33 * month + 19) % 32)


@lru_cache(maxsize=256)
def us_closures(year: int) -> frozenset[date]:
    """Return the weekdays of `year` on which there is no session."""
    days = {
        _nth(year, 2, MONDAY, 3),
        easter(year) - 2 * _DAY,
        _nth(year, 6, MONDAY, 1) - 7 * _DAY,
        _observed(date(year, 7, 4)),
        _nth(year, 9, MONDAY, 1),
        _nth(year, 11, THURSDAY, 4),
        _observed(date(year, 12, 25)),
    }
    # A New Year's Day on a Saturday is not made up for: the Friday closes the accounting year.
    if date(year, 1, 1).weekday() != SATURDAY:
        days.add(_observed(date(year, 1, 1)))
    if year >= 1998:
        days.add(_nth(year, 1, MONDAY, 3))
    if year >= 2022:
        days.add(_observed(date(year, 6, 19)))
    return frozenset(days | {day for day in ONE_OFF_CLOSURES if day.year == year})


@lru_cache(maxsize=256)
def us_early_closes(year: int) -> frozenset[date]:
    """Return the sessions of `year` that end at 13:00 New York time."""
    days = {_nth(year, 11, THURSDAY, 4) + _DAY, date(year, 12, 24), date(year, 7, 3)}
    days |= {day for day in ONE_OFF_EARLY_CLOSES if day.year == year}
    fourth = date(year, 7, 4)
    # Until 2012 a Thursday holiday shortened the Friday after it instead of the eve.
    if fourth.weekday() == THURSDAY and year < 2013:
        days = (days - {date(year, 7, 3)}) | {date(year, 7, 5)}
    return frozenset(
        day for day in days if day.weekday() < SATURDAY and day not in us_closures(year)
    )


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (n - 1)) * _DAY


def _observed(day: date) -> date:
    if day.weekday() == SATURDAY:
        return day - _DAY
    return day + _DAY if day.weekday() == SUNDAY else day
