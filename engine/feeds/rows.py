"""Rows of delimited text, with messages that name file, line and column.

A cell that does not parse raises `CellError`, whose text is the problem line a feed collects:
``chain.csv:7: column strike: expected a number > 0, got 'abc'``.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.clock import to_ns
from engine.errors import BadDataError, InputOutputError, NoInputError, NotPermittedError

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

MAX_PRICE = 1e7
# Calendars and nanoseconds in 64 bits hold no more.
_YEARS = range(1970, 2201)
_SHOWN = 60
_DAY = "a date like 2016-01-15, 20160115 or 01/15/2016, in 1970 .. 2200"

_ISO_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d{4})(\d\d)(\d\d)")
_US_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?(Z|[+-]\d\d:?\d\d)?"
)
_RIGHTS = {"c": "C", "call": "C", "p": "P", "put": "P"}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


class CellError(ValueError):
    """One cell is not what its column promises; the text is the whole problem line."""


def read_text(path: Path) -> str:
    """Return the UTF-8 text of `path`, unpacking ``.gz``.

    Raises
    ------
    NoInputError
        If there is no such file; the message names the nearest one in its folder.
    NotPermittedError, InputOutputError
        If it is there and may not or cannot be read, or its archive is broken.
    BadDataError
        If it is not text.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            import gzip  # here: it brings two other kinds of archives

            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        raise NoInputError(f"{path}: no such file{_nearest_file(path)}") from None
    except IsADirectoryError:
        raise NoInputError(f"{path}: is a folder; name one file in it") from None
    except PermissionError:
        raise NotPermittedError(f"{path}: you may not read it") from None
    except UnicodeDecodeError:
        raise BadDataError(f"{path.name}: is not UTF-8 text") from None
    except (EOFError, OSError, zlib.error) as error:  # what gzip raises has no `strerror`
        what = getattr(error, "strerror", None) or f"the archive is broken: {error}"
        raise InputOutputError(f"{path}: {what}") from None


def _nearest_file(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" (nor its folder {folder})"
    from difflib import get_close_matches

    near = get_close_matches(path.name, [entry.name for entry in folder.iterdir()], n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


class Columns:
    """Which cell of a row holds which column, under our names and the file's.

    Parameters
    ----------
    file
        Shown in messages.
    names
        The file's own column names, from its first line.
    mapping
        Our name to the file's; ``"=VALUE"`` instead of a name gives every row that value.
    """

    def __init__(
        self, file: str, names: Sequence[str], mapping: Mapping[str, str] | None = None
    ) -> None:
        self.file = file
        self.names = [name.strip() for name in names]
        self.shown: dict[str, str] = {}
        self.position: dict[str, int] = {
            name: k for k, name in reversed(list(enumerate(self.names)))
        }
        self.constant: dict[str, str] = {}
        for ours, theirs in (mapping or {}).items():
            if theirs.startswith("="):
                self.constant[ours] = theirs[1:]
                continue
            if theirs not in self.names:
                raise BadDataError(
                    f"{file}:1: no column is called {theirs!r} (mapped to {ours})"
                    f"{self._near(theirs)}"
                )
            self.position[ours] = self.names.index(theirs)
            self.shown[ours] = theirs

    def __contains__(self, name: str) -> bool:
        return name in self.position or name in self.constant

    def require(self, needed: Sequence[str], known: Sequence[str] = ()) -> None:
        """Raise `BadDataError` naming those of `needed` that are not there.

        It also names the file's column nearest to the first one, leaving out `known`, whose
        meaning is settled.
        """
        missing = [name for name in needed if name not in self]
        if missing:
            near = self._near(missing[0], (*needed, *known))
            raise BadDataError(f"{self.file}:1: no column {', '.join(missing)}{near}")

    def _near(self, wanted: str, known: Sequence[str] = ()) -> str:
        folded = {name.casefold(): name for name in self.names if name not in known}
        from difflib import get_close_matches

        found = get_close_matches(wanted.casefold(), list(folded), n=1, cutoff=0.5)
        hint = f"; nearest to {wanted}: {folded[found[0]]}" if found else ""
        return f"; the file has {', '.join(self.names) or 'none'}{hint}"


class Row:
    """The cells of one line. Every method raises `CellError` on what it does not expect."""

    __slots__ = ("cells", "columns", "line")

    def __init__(self, columns: Columns, line: int, cells: Sequence[str]) -> None:
        self.columns = columns
        self.line = line
        self.cells = cells

    def problem(self, name: str, expected: str, got: str | None = None) -> CellError:
        """Return the error for column `name` of this row."""
        shown = self.columns.shown.get(name, name)
        found = self.text(name) if got is None else got
        if len(found) > _SHOWN:
            found = found[:_SHOWN] + "..."
        place = f"{self.columns.file}:{self.line}: column {shown}"
        return CellError(f"{place}: expected {expected}, got {found!r}")

    def text(self, name: str) -> str:
        """Return the cell of column `name`, stripped; "" when there is no such column."""
        position = self.columns.position.get(name)
        if position is None:
            return self.columns.constant.get(name, "")
        return self.cells[position].strip()

    def number(self, name: str, *, empty: float = math.nan, positive: bool = False) -> float:
        """Return a finite number >= 0 (> 0 if `positive`), `empty` for an empty cell."""
        text = self.text(name)
        if not text:
            if positive:
                raise self.problem(name, "a number > 0")
            return empty
        expected = "a number > 0" if positive else "a number >= 0"
        if not _NUMBER.fullmatch(text):
            raise self.problem(name, expected)
        value = float(text)
        if not math.isfinite(value) or value < 0.0 or (positive and value == 0.0):
            raise self.problem(name, expected)
        return value

    def price(self, name: str) -> float:
        """Return a price in [0, `MAX_PRICE`]; 0 for an empty cell: no quote on that side."""
        value = self.number(name, empty=0.0)
        if value > MAX_PRICE:
            raise self.problem(name, f"a price of at most {MAX_PRICE:,.0f}")
        return value

    def right(self, name: str) -> str:
        """Return "C" or "P"."""
        found = _RIGHTS.get(self.text(name).casefold())
        if found is None:
            raise self.problem(name, "C, P, call or put")
        return found

    def day(self, name: str) -> date:
        """Return a date written 2016-01-15, 20160115 or 01/15/2016."""
        found = parse_day(self.text(name))
        if found is None:
            raise self.problem(name, _DAY)
        return found

    def instant(self, name: str) -> int:
        """Return UTC nanoseconds of an ISO time.

        A time without a zone is taken as UTC only where the file's own column name ends in "utc".
        """
        text = self.text(name)
        shown = self.columns.shown.get(name, name)
        found = parse_instant(text, zone_known=shown.casefold().endswith("utc"))
        if found is None:
            raise self.problem(name, "a time with zone like 2015-12-24T14:35:00Z")
        return found


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
        if not found:
            return None
        month, day, year = map(int, found.groups())
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def parse_instant(text: str, *, zone_known: bool = False) -> int | None:
    """Return UTC nanoseconds of an ISO 8601 time, exact; None if it is not one.

    >>> parse_instant("1970-01-01T00:00:01.5Z")
    1500000000
    """
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


def read_table(
    path: Path, mapping: Mapping[str, str] | None = None
) -> tuple[Columns, Iterator[Row | CellError]]:
    """Return the columns of a delimited file and its rows, with an error for each ragged one.

    The delimiter (comma, semicolon or tab) is read off the header. Empty lines are passed over.

    Raises
    ------
    NoInputError, NotPermittedError, InputOutputError
        If the file is not there, cannot be read or its archive is broken.
    BadDataError
        If it is empty or not text, or `mapping` names a column it does not have.
    """
    text = read_text(path)
    header = text.partition("\n")[0]
    if not header.strip():
        raise BadDataError(f"{path.name}:1: expected a header line, the file is empty")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    columns = Columns(path.name, next(reader), mapping)
    return columns, _rows(reader, columns)


def _rows(reader: CsvReader, columns: Columns) -> Iterator[Row | CellError]:
    width = len(columns.names)
    try:
        for cells in reader:
            if len(cells) == width:
                yield Row(columns, reader.line_num, cells)
            elif cells:
                place = f"{columns.file}:{reader.line_num}"
                yield CellError(f"{place}: expected {width} cells, got {len(cells)}")
    except csv.Error as error:
        raise BadDataError(
            f"{columns.file}:{reader.line_num}: is not delimited text: {error}"
        ) from None
