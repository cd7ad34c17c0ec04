"""Cells that are worked out from others of their row: a scaled number, an instant, a root."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from engine.feeds.occ import contract_of, split_symbol
from engine.feeds.record import CellError, parse_day, parse_instant
from engine.feeds.rows import Columns, Row, marked_number
from engine.market.calendar import zone_named

_SCALED = re.compile(r"(.+)/(10{1,9})")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?")
_DAY_AND_CLOCK = re.compile(r"(?<=[0-9])T(?=[0-9])")
_LONGEST = 40
NEW_YORK = "America/New_York"
# The time of what was never quoted, as vendors write it: the first instant there is.
NEVER = "1970-01-01T00:00:00Z"
# An index's other class, and the index whose name its options are asked for by.
_PARENT = {"SPXW": "SPX", "NDXP": "NDX", "RUTW": "RUT", "VIXW": "VIX"}


@dataclass(frozen=True, slots=True)
class Derived:
    """How a cell is made of the file's `columns`; `make` returns None for what it cannot read."""

    columns: tuple[str, ...]
    make: Callable[..., str | None]
    expected: str


def derived_rows(
    columns: Columns, derived: Mapping[str, Derived], rows: Iterator[Row | CellError]
) -> Iterator[Row | CellError]:
    """Add the derived columns to `columns` and return the rows with their cells.

    Raises
    ------
    BadDataError
        If a column they are made of is not there.
    """
    if not derived:
        return rows
    sources = {
        ours: [columns.place_of(ours, name) for name in one.columns]
        for ours, one in derived.items()
    }
    width = len(columns.names)
    for k, (ours, one) in enumerate(derived.items()):
        columns.position[ours] = width + k
        columns.shown[ours] = one.columns[0]
    return _with_cells(derived, sources, rows)


def _with_cells(
    derived: Mapping[str, Derived],
    sources: Mapping[str, list[int]],
    rows: Iterator[Row | CellError],
) -> Iterator[Row | CellError]:
    for row in rows:
        if isinstance(row, CellError):
            yield row
            continue
        cells = list(row.cells)
        for ours, one in derived.items():
            texts = [row.cells[k].strip() for k in sources[ours]]
            made = one.make(*texts)
            if made is None:
                yield row.problem(ours, one.expected, " ".join(texts))
                break
            cells.append(made)
        else:
            yield Row(row.columns, row.line, cells)


def scaled(theirs: str) -> tuple[str, Derived] | None:
    """Return what ``strike/1000`` means: the column, and how its numbers are divided."""
    found = _SCALED.fullmatch(theirs)
    if not found:
        return None
    return found[1], divided(found[1], int(found[2]))


def divided(column: str, by: int) -> Derived:
    """Return the numbers of a column divided by `by`."""

    def make(text: str) -> str | None:
        value = _number(text)
        return "" if not text else None if value is None else repr(value / by)

    return Derived((column,), make, "a number")


def at_time(column: str, hour: int, minute: int) -> Derived:
    """Return the instants of days at one time in New York."""

    def make(text: str) -> str | None:
        return _in_zone(text, 3600 * hour + 60 * minute, NEW_YORK)

    return Derived((column,), make, "a date like 2016-01-15 or 01/15/2016")


def local_time(column: str, zone: str = NEW_YORK) -> Derived:
    """Return the instants of times without a zone that are those of `zone`."""

    def make(text: str) -> str | None:
        if len(text) > _LONGEST:
            return None
        day, _, clock = _DAY_AND_CLOCK.sub(" ", text).rpartition(" ")
        return _in_zone(day, _seconds(clock), zone)

    city = zone.rpartition("/")[2].replace("_", " ")
    return Derived((column,), make, f"a time in {city} like 2016-01-15 10:30:00")


def epoch_seconds(column: str) -> Derived:
    """Return the instants of seconds since 1970."""

    def make(text: str) -> str | None:
        value = _number(text)
        if value is None or not 0 <= value < 7e9:
            return None
        moment = datetime.fromtimestamp(int(value), timezone.utc)
        return moment.isoformat()

    return Derived((column,), make, "seconds since 1970")


def class_of(column: str) -> Derived:
    """Return the trading class in OCC symbols."""

    def make(text: str) -> str | None:
        parts = split_symbol(text)
        return parts[0] + parts[1] if parts else None

    return Derived((column,), make, "an OCC symbol like ABCD  260417C00090000")


def underlying_of(column: str) -> Derived:
    """Return the symbols whose options OCC symbols name; of an index's weekly class, the index."""

    def make(text: str) -> str | None:
        parts = split_symbol(text)
        return _PARENT.get(parts[0], parts[0]) if parts else None

    return Derived((column,), make, "an OCC symbol like ABCD  260417C00090000")


def contract(column: str) -> dict[str, Derived]:
    """Return what OCC symbols, or contracts in words, say: expiry, strike, right and class."""

    def part(which: int) -> Derived:
        def make(text: str) -> str | None:
            parts = contract_of(text)
            return parts[which] if parts else None

        return Derived((column,), make, "an OCC symbol like ABCD  260417C00090000")

    names = ("expiry", "strike", "right", "trading_class")
    return {name: part(which) for which, name in enumerate(names, 1)}


def newest(*columns: str) -> Derived:
    """Return the later of several instants; where all are 0 or nothing, `NEVER`."""

    def make(*texts: str) -> str | None:
        stamps = [parse_instant(text) for text in texts if text not in ("", "0")]
        known = [stamp for stamp in stamps if stamp is not None]
        if len(known) < len(stamps):
            return None
        return str(max(known)) if known else NEVER

    return Derived(columns, make, "a time since 1970")


def behind(column: str, other: str) -> Derived:
    """Return by how many seconds an instant lies behind another; "" where one is not known."""

    def make(text: str, against: str) -> str | None:
        own, later = (parse_instant(one) for one in (text, against))
        return "" if own is None or later is None else repr(max(0, later - own) / 1e9)

    return Derived((column, other), make, "a time since 1970")


def before_mark(column: str, mark: str) -> Derived:
    """Return what stands before a mark, all of it where there is none."""
    return Derived((column,), lambda text: text.partition(mark)[0] or None, f"text and a {mark!r}")


def looked_up(column: str, known: Mapping[str, str]) -> Derived:
    """Return what a few words mean."""
    listed = " or ".join(word for word in known if word)
    return Derived((column,), lambda text: known.get(text.upper()), listed)


def any_true(*columns: str) -> Derived:
    """Return a word where one of some columns is true, as a contract is that was adjusted."""

    def make(*texts: str) -> str | None:
        said = [text.casefold() for text in texts]
        if not set(said) <= {"true", "false", ""}:
            return None
        return "ADJUSTED" if "true" in said else ""

    return Derived(columns, make, "true or false")


def day_of_epoch(column: str) -> Derived:
    """Return the days in New York of instants since 1970."""

    def make(text: str) -> str | None:
        stamp = parse_instant(text)
        if stamp is None:
            return None
        moment = datetime.fromtimestamp(stamp // 10**9, timezone.utc)
        return moment.astimezone(zone_named(NEW_YORK)).date().isoformat()

    return Derived((column,), make, "seconds since 1970")


def quote_or_last(own: str, other: str, last: str) -> Derived:
    """Return one side of a quote where both sides stand, else a last price."""

    def make(own_text: str, other_text: str, last_text: str) -> str | None:
        quotes = [_number(text) or 0.0 for text in (own_text, other_text)]
        return own_text if min(quotes) > 0.0 else last_text

    return Derived((own, other, last), make, "a price")


def always(value: str, column: str) -> Derived:
    """Return one value for every row that has a column."""
    return Derived((column,), lambda _text: value, "anything")


def grouped(column: str) -> Derived:
    """Return numbers as ``1,234.50`` without their groups; a dash is nothing."""

    def make(text: str) -> str | None:
        if text in ("-", ""):
            return ""
        value = marked_number(text, ".")
        return repr(value) if value == value else None

    return Derived((column,), make, "a number like 1,234.50, or a dash")


def _number(text: str) -> float | None:
    if not 0 < len(text) <= _LONGEST or not text.isascii() or "_" in text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _seconds(clock: str) -> int | None:
    found = _CLOCK.fullmatch(clock)
    if not found or int(found[2]) > 59 or int(found[3] or 0) > 59:
        return None
    return 3600 * int(found[1]) + 60 * int(found[2]) + int(found[3] or 0)


@lru_cache(maxsize=4096)
def _in_zone(day: str, seconds: int | None, zone: str) -> str | None:
    """Return a wall-clock time of a zone as ISO text with its offset."""
    written = parse_day(day)
    if written is None or seconds is None or not 0 <= seconds < 86_400:
        return None
    wall = datetime(written.year, written.month, written.day) + timedelta(seconds=seconds)
    return wall.replace(tzinfo=zone_named(zone)).isoformat()


def new_york(day: str, clock: str, half: str) -> str | None:
    """Return a day and a time such as ``10:00`` ``AM`` of New York as ISO text; None if none."""
    seconds = _seconds(clock)
    if seconds is None or not 3600 <= seconds < 13 * 3600:
        return None
    return _in_zone(day, seconds % 43_200 + (43_200 if half == "PM" else 0), NEW_YORK)
