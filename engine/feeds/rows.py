"""Rows of delimited text, with messages that name file, line and column.

A cell that does not parse raises `CellError`, whose text is the problem line a feed collects:
``chain.csv:7: column strike: expected a number > 0, got 'abc'``.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BadDataError
from engine.feeds.record import CellError, Record
from engine.feeds.text_file import CAPS, STDIN, Caps, read_text

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

# Cells and columns beyond are no table of quotes.
_MOST_COLUMNS = 10_000
_DELIMITERS = ",;\t"
# A header stands behind no more lines than these, none of which is longer than that.
_MOST_BEFORE, _LONGEST_BEFORE = 20, 100_000
_NAMES_SHOWN = 25


class Columns:
    """Which cell of a row holds which column, under our names and the file's.

    Parameters
    ----------
    file
        Shown in messages.
    names
        The file's own column names, from its header.
    mapping
        Our name to the file's; ``"=VALUE"`` instead of a name gives every row that value, and
        ``"Bid#2"`` is the second column that is called Bid.
    line
        Of the header.
    """

    def __init__(
        self,
        file: str,
        names: Sequence[str],
        mapping: Mapping[str, str] | None = None,
        line: int = 1,
    ) -> None:
        self.file = file
        self.line = line
        self.names = [name.strip() for name in names]
        self.shown: dict[str, str] = {}
        self.position: dict[str, int] = {
            name: k for k, name in reversed(list(enumerate(self.names)))
        }
        self.constant: dict[str, str] = {}
        self.before = ""
        self.decimal = ""
        self.rename(mapping or {})

    def rename(self, mapping: Mapping[str, str]) -> None:
        """Take the file's columns for ours, as `mapping` says.

        Raises
        ------
        BadDataError
            If it names a column that the file does not have, or has twice.
        """
        for ours, theirs in mapping.items():
            if theirs.startswith("="):
                self.constant[ours] = theirs[1:]
                self.position.pop(ours, None)
                continue
            self.position[ours] = self.place_of(ours, theirs)
            self.shown[ours] = theirs

    def place_of(self, ours: str, theirs: str) -> int:
        """Return the position of the file's column `theirs`, which stands for `ours`.

        Raises
        ------
        BadDataError
            If there is none, or two that cannot be told apart.
        """
        if theirs not in self.names:
            name, mark, which = theirs.rpartition("#")
            places = [k for k, other in enumerate(self.names) if mark and other == name]
            if places and which.isdecimal() and 1 <= int(which[:9]) <= len(places):
                return places[int(which[:9]) - 1]
            near = self._near(theirs)
            raise BadDataError(
                f"{self.file}:{self.line}: no column is called {theirs!r} (mapped to {ours}){near}"
            )
        self._refuse_twice(theirs, f" (mapped to {ours})", ours)
        return self.names.index(theirs)

    def _refuse_twice(self, name: str, why: str, ours: str) -> None:
        places = [k for k, other in enumerate(self.names, 1) if other == name]
        if len(places) > 1:
            listed = " and ".join(map(str, places[:3]))
            raise BadDataError(
                f"{self.file}:{self.line}: columns {listed} are both called {name!r}{why}: "
                f"say which with --map {ours}={name}#1 or {ours}={name}#2"
            )

    def __contains__(self, name: str) -> bool:
        return name in self.position or name in self.constant

    def require(self, needed: Sequence[str], known: Sequence[str] = ()) -> None:
        """Raise `BadDataError` naming those of `needed` that are not there, or stand twice.

        It also names the file's column nearest to the first one, leaving out `known`, whose
        meaning is settled; what is known and not needed must not stand twice either.
        """
        missing = [name for name in needed if name not in self]
        if missing:
            near = self._near(missing[0], (*needed, *known))
            raise BadDataError(f"{self.file}:{self.line}: no column {', '.join(missing)}{near}")
        counts = Counter(self.names)
        for name in (*needed, *known):
            if counts[name] > 1 and name not in self.shown and name not in self.constant:
                self._refuse_twice(name, "", name)

    def _near(self, wanted: str, known: Sequence[str] = ()) -> str:
        folded = {name.casefold(): name for name in self.names if name not in known}
        from difflib import get_close_matches

        found = get_close_matches(wanted.casefold(), list(folded)[:500], n=1, cutoff=0.5)
        hint = f"; nearest to {wanted}: {shown_name(folded[found[0]])}" if found else ""
        listed = ", ".join(shown_name(name) for name in self.names[:_NAMES_SHOWN])
        more = (
            f" and {len(self.names) - _NAMES_SHOWN} more" if len(self.names) > _NAMES_SHOWN else ""
        )
        return f"; the file has {listed or 'none'}{more}{hint}"


def shown_name(name: str) -> str:
    """Return the name of a column as a message may hold it."""
    name = name[:40]
    return name if name.isprintable() else repr(name)[1:-1]


class Row(Record):
    """The cells of one line."""

    __slots__ = ("cells", "columns")

    def __init__(self, columns: Columns, line: int, cells: Sequence[str]) -> None:
        self.columns = columns
        self.line = line
        self.cells = cells

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def cell(self, name: str) -> str | None:
        """Return the text of a cell, None where there is no such column."""
        position = self.columns.position.get(name)
        if position is None:
            return self.columns.constant.get(name)
        return self.cells[position]

    def _float(self, name: str) -> float | None:
        """Return a number with the file's decimal mark; what was worked out has a point."""
        position = self.columns.position.get(name)
        decimal = self.columns.decimal
        if not decimal or position is None or position >= len(self.columns.names):
            return super()._float(name)
        text = self.cells[position].strip()
        return marked_number(text, decimal) if text else None

    def own_name(self, name: str) -> str:
        """Return what the file calls column `name`."""
        return self.columns.shown.get(name, name)

    def place(self, name: str) -> str:
        """Return ``chain.csv:7: column strike``."""
        return f"{self.where}: column {self.own_name(name)}"

    @property
    def where(self) -> str:
        """Where the line is: ``chain.csv:7``."""
        return f"{self.columns.file}:{self.line}"


# By decimal mark: digits, perhaps in groups of three parted by the other mark, and a fraction.
_MARKED = {
    ",": re.compile(r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]*)?"),
    ".": re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?"),
}
_LONGEST_NUMBER = 40


def marked_number(text: str, decimal: str) -> float:
    """Return a number whose decimal mark is known; nan for what is none. The other mark groups.

    >>> marked_number("6.800,5", ","), marked_number("6,800.5", ".")
    (6800.5, 6800.5)
    """
    if len(text) > _LONGEST_NUMBER or not _MARKED[decimal].fullmatch(text):
        return math.nan
    return float(text.replace("." if decimal == "," else ",", "").replace(",", "."))


def read_table(
    path: Path,
    mapping: Mapping[str, str] | None = None,
    caps: Caps = CAPS,
    is_header: Callable[[Sequence[str]], bool] | None = None,
    delimiter: str = "",
) -> tuple[Columns, Iterator[Row | CellError]]:
    """Return the columns of a delimited file and its rows, with an error for each ragged one.

    Without `delimiter` it (comma, semicolon or tab) is read off the header: the first of 20 lines
    that `is_header` knows, else the first that is not empty. Empty lines are passed over.

    Raises
    ------
    NoInputError, NotPermittedError, InputOutputError
        If the file is not there, cannot be read or its archive is broken.
    BadDataError
        If it is empty or not text, or `mapping` names a column it does not have.
    """
    text = read_text(path, caps)
    name = "stdin" if str(path) == STDIN else path.name
    start, blank, header = _header(text, is_header, delimiter)
    if not header.strip():
        raise BadDataError(f"{name}:1: expected a header line, the file is empty")
    if "|" in header and not delimiter and not any(mark in header for mark in _DELIMITERS):
        raise BadDataError(
            f"{name}:{blank + 1}: the columns are parted by '|': say --delimiter '|', or save it "
            "with commas, semicolons or tabs"
        )
    file = io.StringIO(text[start:] if start else text, newline="")
    reader = csv.reader(file, delimiter=delimiter or _mark_of(header))
    try:
        names = next(reader)
    except csv.Error as error:
        raise BadDataError(f"{name}:1: is not delimited text: {error}") from None
    if len(names) > _MOST_COLUMNS:
        raise BadDataError(f"{name}:1: {len(names):,} columns are no table of quotes")
    columns = Columns(name, names, mapping, blank + 1)
    columns.before = text[:start]
    return columns, _rows(reader, columns, blank, caps)


def _mark_of(line: str) -> str:
    return max(_DELIMITERS, key=line.count)


def _header(
    text: str, is_header: Callable[[Sequence[str]], bool] | None, delimiter: str
) -> tuple[int, int, str]:
    """Return where the header starts, how many lines stand before it, and its text."""
    first: tuple[int, int, str] | None = None
    start = len(text) - len(text.lstrip("\r\n"))
    number = len(text[:start].splitlines())
    for _ in range(_MOST_BEFORE):
        found = _LINE_END.search(text, start)
        line = text[start : found.start() if found else len(text)]
        first = first or (start, number, line)
        if is_header is None or (
            len(line) <= _LONGEST_BEFORE and line.strip() and is_header(_names(line, delimiter))
        ):
            return start, number, line
        if found is None:
            break
        start, number = found.end(), number + 1
    return first or (0, 0, "")


_LINE_END = re.compile(r"\r\n|\r|\n")


def _names(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter or _mark_of(line)), [])
    except csv.Error:
        return []
    return [cell.strip() for cell in cells]


def _rows(reader: CsvReader, columns: Columns, blank: int, caps: Caps) -> Iterator[Row | CellError]:
    width = len(columns.names)
    try:
        for cells in reader:
            line = reader.line_num + blank
            if line > caps.rows:
                raise BadDataError(f"{columns.file}: more than {caps.rows:,} lines ({caps.advice})")
            if len(cells) == width:
                yield Row(columns, line, cells)
            elif cells:
                place = f"{columns.file}:{line}"
                yield CellError(f"{place}: expected {width} cells, got {len(cells)}")
    except csv.Error as error:
        raise BadDataError(
            f"{columns.file}:{reader.line_num + blank}: is not delimited text: {error}"
        ) from None
