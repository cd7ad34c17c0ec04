"""Times as public files of bars write them, read to the day and to the nanosecond.

Dates with the year first or last, with figures or names of months, with or without a time and a
zone; seconds, milliseconds, microseconds or nanoseconds since 1970. What has no zone is of the zone
that the caller names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone, tzinfo

from engine.clock import NS_PER_DAY, NS_PER_SECOND, to_ns

_EPOCH = date(1970, 1, 1)
_YEARS = range(1900, 2200)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_NAMED = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})[a-z]*\.?[- ,]+(\d{4}|\d{2})", re.ASCII)
_NAME_FIRST = re.compile(r"([A-Za-z]{3})[a-z]*\.? +(\d{1,2}),? +(\d{4})", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)? ?([AaPp][Mm])?", re.ASCII)
_OFFSET = re.compile(
    r" ?(?:(Z|UTC|GMT)|(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})?)$", re.IGNORECASE | re.ASCII
)
# Digits of a count since 1970, from 1973 to 2286, and nanoseconds of one.
_COUNTS = {
    9: NS_PER_SECOND,
    10: NS_PER_SECOND,
    12: 1_000_000,
    13: 1_000_000,
    15: 1000,
    16: 1000,
    18: 1,
    19: 1,
}


class Stamps:
    """Reads one column of times: `day_first` says how ``1/2/2024`` is meant."""

    def __init__(self, zone: tzinfo, *, day_first: bool = False) -> None:
        self._zone, self._day_first = zone, day_first
        self._days: dict[str, date | None] = {}

    def read(self, text: str) -> tuple[int, date]:
        """Return the instant, and the day as it is written.

        Raises
        ------
        ValueError
            If it is no time.

        >>> stamp, day = Stamps(timezone.utc).read("2024-01-02 09:30:00-05:00")
        >>> stamp // NS_PER_SECOND, str(day)
        (1704205800, '2024-01-02')
        """
        text = text.strip()
        count = _count(text)
        if count is not None:
            return count, _EPOCH + timedelta(days=count // NS_PER_DAY)
        zone, rest = self._zone, text
        if ":" in text or text[-1:] in "zZcCtT":  # else the end of a date looks like a zone
            zone, rest = _zone(text, self._zone)
        day_text, time_text = _parts(rest)
        if day_text not in self._days:
            self._days[day_text] = _day(day_text, day_first=self._day_first)
        day = self._days[day_text]
        if day is None:
            raise ValueError(f"{text[:40]!r} is no time")
        since, fraction = _since(time_text, text)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        return to_ns(midnight + since) + fraction, day


def _count(text: str) -> int | None:
    whole, _, fraction = text.partition(".")
    unit = _COUNTS.get(len(whole)) if whole.isascii() and whole.isdigit() else None
    if unit is None or (fraction and not (fraction.isascii() and fraction.isdigit())):
        return None
    return int(whole) * unit + (int(fraction[:9].ljust(9, "0")) * unit // 10**9 if fraction else 0)


def _zone(text: str, zone: tzinfo) -> tuple[tzinfo, str]:
    found = _OFFSET.search(text)
    if found is None:
        return zone, text
    if found[1]:
        return timezone.utc, text[: found.start()]
    minutes = int(found[3]) * 60 + int(found[4] or 0)
    if minutes >= 24 * 60:
        raise ValueError(f"{text[:40]!r} has no zone that there is")
    sign = -1 if found[2] == "-" else 1
    return timezone(timedelta(minutes=sign * minutes)), text[: found.start()]


def _parts(text: str) -> tuple[str, str]:
    """Return the date and the time of a stamp without its zone."""
    head, mark, tail = text.partition("T") if text[:1].isdigit() else (text, "", "")
    if (mark and ":" in tail) or (mark and tail.isdigit()):
        return head, tail
    if ":" in text:
        place = text.rfind(" ", 0, text.index(":"))
        if place < 0:
            place = text.find(":", 0)  # 02.01.2024:0930 and such are refused as dates
        return text[:place].rstrip(), text[place + 1 :]
    return text, ""


def _day(text: str, *, day_first: bool) -> date | None:
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day = found[1], found[2], found[3]
    elif found := _YEAR_LAST.fullmatch(text):
        is_day_first = day_first or found[2] == "."
        year = found[4]
        month, day = (found[3], found[1]) if is_day_first else (found[1], found[3])
    elif found := _NAMED.fullmatch(text):
        day, month, year = found[1], _month(found[2]), found[3]
    elif found := _NAME_FIRST.fullmatch(text):
        month, day, year = _month(found[1]), found[2], found[3]
    else:
        return None
    whole = int(year) if len(year) == 4 else 2000 + int(year) - 100 * (int(year) >= 70)
    try:
        return date(whole, int(month), int(day)) if whole in _YEARS else None
    except ValueError:
        return None


def _month(name: str) -> str:
    low = name.lower()
    return str(_MONTHS.index(low) + 1) if low in _MONTHS else "0"


def _since(text: str, whole: str) -> tuple[timedelta, int]:
    """Return the time since midnight, and nanoseconds below a microsecond's sight."""
    if not text:
        return timedelta(), 0
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{whole[:40]!r} is no time")
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[5]:
        if not 1 <= hour <= 12:
            raise ValueError(f"{whole[:40]!r} is no time")
        hour = hour % 12 + 12 * (found[5].lower() == "pm")
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        raise ValueError(f"{whole[:40]!r} is no time")
    fraction = int((found[4] or "0").ljust(9, "0"))
    return timedelta(hours=hour, minutes=minute, seconds=second), fraction


def is_day_first(texts: Iterable[str]) -> bool | None:
    """Tell how dates such as ``1/2/2024`` of one column are meant; None where nothing says it.

    >>> is_day_first(["1/2/2024", "13/2/2024"]), is_day_first(["1/2/2024"])
    (True, None)
    """
    is_seen = False
    for text in texts:
        found = _YEAR_LAST.match(text.strip())
        if found is None:
            continue
        if int(found[1]) > 12 or found[2] == ".":
            return True
        if int(found[3]) > 12:
            return False
        is_seen = True
    return None if is_seen else False
