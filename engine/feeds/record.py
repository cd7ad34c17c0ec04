"""What a source says of one contract, by column, whatever the source is made of.

A row of delimited text, an object of JSON and a row of a table in memory are all a `Record`: they
say which columns they have, hand over a cell as it is, and know how to name its place. Everything
else (numbers, days, instants, and the sentence about what is wrong) is here, once. A number stays
a number: nothing is written as text in order to be read again.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

from engine.clock import to_ns

MAX_PRICE = 1e7
# Beyond a hundred years nothing is the age of a quote.
MAX_AGE = 3.2e9
# Calendars and nanoseconds in 64 bits hold no more.
_YEARS = range(1970, 2201)
_SHOWN = 60
_DAY = "a date like 2016-01-15, 20160115 or 01/15/2016, in 1970 .. 2200"

_ISO_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d{4})(\d\d)(\d\d)")
_US_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
# As Cboe writes it (Fri Apr 17 2026), and with the whole name or a comma.
_WORDED_DAY = re.compile(r"(?:[A-Za-z]{3},? )?([A-Za-z]{3,9}) ([0-9]{1,2}),? ([0-9]{4})")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?(Z|[+-]\d\d:?\d\d)?"
)
# 17APR26, 17-Apr-2026, 17 Apr '26: with the month as a word there is no doubt which is the day.
_DAY_FIRST = re.compile(r"([0-9]{1,2})[- ]?([A-Za-z]{3,9})[- ]?'?([0-9]{4}|[0-9]{2})")
# Seconds, milliseconds, microseconds or nanoseconds since 1970, of 2001 .. 2033: what begins with a
# 2 may be a day and an hour (2026030415).
_EPOCH = re.compile(r"1[0-9]{9}(?:[0-9]{3}){0,3}")
_RIGHTS = {"c": "C", "call": "C", "p": "P", "put": "P"}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
# What `\d` and `strip` take besides is no digit of a price.
_LONGEST_NUMBER = 40


class CellError(ValueError):
    """One cell is not what its column promises; the text is the whole problem line."""


class Record(ABC):
    """The cells of one row or object. Every reader raises `CellError` on what it does not expect.

    A kind of record gives `cell`, `__contains__` and `place`; `line` counts as its source does.
    """

    __slots__ = ("line",)

    line: int

    @abstractmethod
    def __contains__(self, name: str) -> bool:
        """Return whether there is a column `name`."""

    @abstractmethod
    def cell(self, name: str) -> object:
        """Return what stands under `name` as it is; None where there is no such column."""

    @abstractmethod
    def place(self, name: str) -> str:
        """Return where column `name` of this record is, as people are told."""

    def own_name(self, name: str) -> str:
        """Return what the source itself calls column `name`."""
        return name

    @property
    @abstractmethod
    def where(self) -> str:
        """Where the record is, as people are told."""

    def problem(self, name: str, expected: str, got: str | None = None) -> CellError:
        """Return the error for column `name` of this record."""
        found = self.text(name) if got is None else got
        if len(found) > _SHOWN:
            found = found[:_SHOWN] + "..."
        return CellError(f"{self.place(name)}: expected {expected}, got {found!r}")

    def text(self, name: str) -> str:
        """Return the cell of column `name` as text, stripped; "" where nothing stands."""
        value = self.cell(name)
        if isinstance(value, str):
            return value.strip()
        if value is None:
            return ""
        if isinstance(value, int) and not -(10**18) < value < 10**18:
            return f"an integer of {value.bit_length()} bits"  # whose digits take for ever
        return str(value).strip()

    def number(self, name: str, *, empty: float = math.nan, positive: bool = False) -> float:
        """Return a finite number >= 0 (> 0 if `positive`), `empty` for an empty cell."""
        value = self._float(name)
        if value is None:
            if positive:
                raise self.problem(name, "a number > 0")
            return empty
        if not (math.isfinite(value) and value >= 0.0) or (positive and value == 0.0):
            raise self.problem(name, "a number > 0" if positive else "a number >= 0")
        return value

    def _float(self, name: str) -> float | None:
        """Return the number of a cell, nan if it is none, None if it is empty."""
        value = self.cell(name)
        if isinstance(value, str):
            text = value.strip()
            if not text:
                return None
            is_number = len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text)
            return float(text) if is_number else math.nan
        if value is None:
            return None
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            return math.nan
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            return math.nan

    def price(self, name: str) -> float:
        """Return a price in [0, `MAX_PRICE`]; 0 for an empty cell: no quote on that side."""
        return self._bounded(name, 0.0, MAX_PRICE, f"a price of at most {MAX_PRICE:,.0f}")

    def strike(self, name: str) -> float:
        """Return a strike in (0, `MAX_PRICE`]."""
        self.number(name, positive=True)
        return self._bounded(name, 0.0, MAX_PRICE, f"a strike of at most {MAX_PRICE:,.0f}")

    def age(self, name: str, empty: float = math.nan) -> float:
        """Return an age in seconds, `empty` for an empty cell."""
        return self._bounded(name, empty, MAX_AGE, "an age in seconds")

    def _bounded(self, name: str, empty: float, most: float, expected: str) -> float:
        value = self.number(name, empty=empty)
        if value > most:
            raise self.problem(name, expected)
        return value

    def right(self, name: str) -> str:
        """Return "C" or "P"."""
        found = _RIGHTS.get(self.text(name).casefold())
        if found is None:
            raise self.problem(name, "C, P, call or put")
        return found

    def day(self, name: str) -> date:
        """Return a date written 2016-01-15, 20160115 or 01/15/2016, or one that is a date."""
        value = self.cell(name)
        found: date | None
        if isinstance(value, datetime):
            # A table has no days, only midnights.
            at_midnight = (value.hour, value.minute, value.second, value.microsecond) == (
                0,
                0,
                0,
                0,
            )
            found = value.date() if at_midnight and value.year in _YEARS else None
        elif isinstance(value, date):
            found = value if value.year in _YEARS else None
        else:
            found = parse_day(self.text(name))
        if found is None:
            raise self.problem(name, _DAY)
        return found

    def instant(self, name: str) -> int:
        """Return UTC nanoseconds of an ISO time, or of one that is a time.

        A time without a zone is taken as UTC only where the source's own name of the column ends
        in "utc".
        """
        value = self.cell(name)
        zone_known = self.own_name(name).casefold().endswith("utc")
        found: int | None = None
        if isinstance(value, datetime):
            found = _instant_of(value, zone_known)
        else:
            found = parse_instant(self.text(name), zone_known=zone_known)
        if found is None:
            raise self.problem(name, "a time with zone like 2015-12-24T14:35:00Z")
        return found


class ObjectRecord(Record):
    """An object of JSON (a mapping): a column is a key, or a path of them (``greeks.delta``).

    `file` and `line` name it in messages, `mapping` gives our names to the object's.
    """

    __slots__ = ("file", "item", "mapping")

    def __init__(
        self, file: str, line: int, item: dict[str, object], mapping: dict[str, str] | None = None
    ) -> None:
        self.file = file
        self.line = line
        self.item = item
        self.mapping = mapping or {}

    def __contains__(self, name: str) -> bool:
        theirs = self.own_name(name)
        if theirs.startswith("=") or theirs in self.item:
            return True
        found: object = self.item
        for part in theirs.split("."):
            if not isinstance(found, dict) or part not in found:
                return False
            found = found[part]
        return True

    def cell(self, name: str) -> object:
        """Return the value of a key, None where there is none."""
        theirs = self.own_name(name)
        if theirs in self.item:
            return self.item[theirs]
        if theirs.startswith("="):
            return theirs[1:]
        found: object = self.item
        for part in theirs.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found

    def own_name(self, name: str) -> str:
        """Return the key that stands for `name`."""
        return self.mapping.get(name, name)

    def place(self, name: str) -> str:
        """Return ``file:item:3: column strike``."""
        return f"{self.where}: column {self.own_name(name)}"

    @property
    def where(self) -> str:
        """Where the object is: ``file:item:3``."""
        return f"{self.file}:item:{self.line}"


class ColumnRecord(Record):
    """One row of a table whose columns are sequences; rows are counted from 0."""

    __slots__ = ("columns", "mapping", "table")

    def __init__(
        self,
        table: str,
        line: int,
        columns: dict[str, Sequence[object]],
        mapping: dict[str, str] | None = None,
    ) -> None:
        self.table = table
        self.line = line
        self.columns = columns
        self.mapping = mapping or {}

    def __contains__(self, name: str) -> bool:
        theirs = self.own_name(name)
        return theirs.startswith("=") or theirs in self.columns

    def cell(self, name: str) -> object:
        """Return the cell of a column, a number of NumPy's as one of Python's."""
        theirs = self.own_name(name)
        column = self.columns.get(theirs)
        if column is None:
            return theirs[1:] if theirs.startswith("=") else None
        value = column[self.line]
        if is_absent(value):
            return None
        return value.item() if hasattr(value, "item") else value

    def own_name(self, name: str) -> str:
        """Return what the table calls column `name`."""
        return self.mapping.get(name, name)

    def place(self, name: str) -> str:
        """Return ``DataFrame row 3: column strike``."""
        return f"{self.where}: column {self.own_name(name)}"

    @property
    def where(self) -> str:
        """Where the row is: ``DataFrame row 3``."""
        return f"{self.table} row {self.line}"


def is_absent(value: object) -> bool:
    """Return whether a cell holds nothing: None, nan, or what pandas calls NaT and NA.

    >>> is_absent(None), is_absent(float("nan")), is_absent(0)
    (True, True, False)
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def _instant_of(value: datetime, zone_known: bool) -> int | None:
    if value.tzinfo is None:
        if not zone_known:
            return None
        value = value.replace(tzinfo=timezone.utc)
    if value.year not in _YEARS:
        return None
    whole = value.replace(microsecond=0)
    nanoseconds = value.microsecond * 1000 + int(getattr(value, "nanosecond", 0))
    return to_ns(datetime.fromtimestamp(whole.timestamp(), timezone.utc)) + nanoseconds


@lru_cache(maxsize=4096)
def parse_day(text: str) -> date | None:
    """Return the date of `text`, None if it is not one.

    >>> parse_day("01/15/2016") == parse_day("20160115") == date(2016, 1, 15)
    True
    """
    found = _ISO_DAY.fullmatch(text)
    if found:
        year, month, day = (int(part) for part in found.groups() if part)
    else:
        found = _US_DAY.fullmatch(text)
        if found:
            month, day, year = map(int, found.groups())
        else:
            found = _WORDED_DAY.fullmatch(text)
            if found:
                month, day, year = _month(found[1]), int(found[2]), int(found[3])
            elif found := _DAY_FIRST.fullmatch(text):
                day, month, year = int(found[1]), _month(found[2]), int(found[3])
                year += 2000 if year < 100 else 0
            else:
                return None
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


def _month(name: str) -> int:
    """Return the number of a month's English name, whole or its first three letters; 0 if none."""
    folded = name.lower()
    for number, month in enumerate(_MONTHS, 1):
        if folded in (month, month[:3]):
            return number
    return 0


@lru_cache(maxsize=4096)
def parse_instant(text: str, *, zone_known: bool = False) -> int | None:
    """Return UTC nanoseconds of an ISO 8601 time or of a number since 1970, exact; None if neither.

    >>> parse_instant("1970-01-01T00:00:01.5Z")
    1500000000
    """
    if _EPOCH.fullmatch(text):
        return int(text.ljust(19, "0"))
    found = _INSTANT.fullmatch(text)
    if not found or not (found[8] or zone_known) or int(found[1]) not in _YEARS:
        return None
    zone = timezone.utc
    if found[8] and found[8] != "Z":
        digits = found[8][1:].replace(":", "")
        minutes = 60 * int(digits[:2]) + int(digits[2:])
        if minutes >= 24 * 60:
            return None
        zone = timezone(timedelta(minutes=minutes if found[8][0] == "+" else -minutes))
    try:
        whole = datetime(*(int(found[k] or 0) for k in range(1, 7)), tzinfo=zone)  # type: ignore[misc,arg-type]  # six ints
    except ValueError:
        return None
    return to_ns(whole) + int((found[7] or "").ljust(9, "0"))
