"""Zips of headerless bars as LEAN writes them, and what each row says at given instants.

A row is stamped with the START of its bar, in milliseconds since local midnight (hour bars:
``YYYYMMDD HH:MM``), so it is known only at its end. Instants here are milliseconds since the same
midnight. A cell that does not parse is a problem line:
``20151224_quote.zip:20151224_goog_minute_quote.csv:7: column bid close: expected ..., got 'x'``.
"""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine.errors import InputOutputError, NoInputError, NotPermittedError
from engine.feeds.record import MAX_PRICE, CellError
from engine.feeds.text_file import CAPS, Caps, check_size

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
MAX_SIZE = 1e12
_NEVER = -1
# Milliseconds of a day have eight.
_TIME_DIGITS = 9
_SHOWN = 60
_HOUR_STAMP = re.compile(r"[0-9]{8} [0-9]{2}:[0-9]{2}")

QUOTE = (
    "time", "bid open", "bid high", "bid low", "bid close", "bid size",
    "ask open", "ask high", "ask low", "ask close", "ask size",
)  # fmt: skip
TRADE = ("time", "open", "high", "low", "close", "volume")
OPEN_INTEREST = ("time", "open interest")

Refuse = Callable[[CellError], None]
Row = tuple[int, int, list[str]]
Rows = Iterator[Row]


@dataclass(frozen=True, slots=True)
class Window:
    """Which bars count: those of `length` that end after `opens` and start before `closes`."""

    opens: int
    closes: int
    length: int


class SeenQuote(NamedTuple):
    """Both sides as last seen at an instant, and for how many seconds their bar has been over.

    A side never seen has price and size 0 and age nan.
    """

    bid: float
    bid_size: float
    ask: float
    ask_size: float
    bid_age: float
    ask_age: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cells of a row are the close of each side and its size (-1: none), and their unit."""

    columns: tuple[str, ...]
    bid: int
    bid_size: int
    ask: int
    ask_size: int
    scale: float

    def side(self, cells: list[str], price: int, size: int) -> tuple[float, float]:
        """Return price in currency and size (nan without a column); `CellError` on a bad cell."""
        value = _number(cells, price, self.columns, MAX_PRICE * self.scale) / self.scale
        return value, _number(cells, size, self.columns, MAX_SIZE) if size >= 0 else math.nan


# Equities and options count ten-thousandths; an index level is a plain decimal and has no sides.
QUOTES = Layout(QUOTE, 4, 5, 9, 10, 1e4)
LEVELS = Layout(TRADE, 4, -1, 4, -1, 1.0)


class Archive:
    """A zip whose members are read whole, with errors that name it.

    Raises
    ------
    NoInputError
        If there is no such file.
    NotPermittedError
        If it may not be read.
    InputOutputError
        If it cannot be read or is damaged, here or in `text`.
    """

    def __init__(self, path: Path, caps: Caps = CAPS) -> None:
        self.path = path
        self._caps = caps
        self._size = 0
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise NoInputError(f"{path}: no such file") from None
        except PermissionError:
            raise NotPermittedError(f"{path}: you may not read it") from None
        except (zipfile.BadZipFile, OSError) as error:
            raise self._broken(error) from None

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_error: object) -> None:
        self._zip.close()

    def names(self) -> list[str]:
        """Return the members, in their order in the archive."""
        return [name for name in self._zip.namelist() if not name.endswith("/")]

    def text(self, name: str) -> str:
        """Return the whole of member `name`.

        Raises
        ------
        BadDataError
            If the archive unpacks to more than its caps allow.
        """
        try:
            self._size += self._zip.getinfo(name).file_size
            check_size(self.path.name, self._size, self.path.stat().st_size, self._caps)
            # latin-1 never fails; what is not a number is found where it matters, with its line.
            return self._zip.read(name).decode("latin-1")
        except (
            zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, KeyError, ValueError,
        ) as error:  # fmt: skip
            raise self._broken(error) from None

    def place(self, name: str) -> str:
        """Return ``archive:member`` for messages."""
        return f"{self.path.name}:{name[:200] if name.isprintable() else repr(name[:200])}"

    def _broken(self, error: Exception) -> InputOutputError:
        why = (isinstance(error, OSError) and error.strerror) or error
        return InputOutputError(f"{self.path}: cannot be read as a zip: {why}")


def minute_rows(text: str, columns: Sequence[str], place: str, refuse: Refuse) -> Rows:
    """Yield (line, start of the bar, cells) of rows that have every column and rising times."""
    last = -1
    for line, raw in enumerate(text.splitlines(), 1):
        cells = raw.split(",")
        if len(cells) != len(columns):
            if raw.strip():
                refuse(_ragged(place, line, columns, cells))
            continue
        if not (cells[0].isdecimal() and len(cells[0]) <= _TIME_DIGITS):
            refuse(_bad_cell(place, line, "time", "milliseconds since midnight", cells[0]))
            continue
        start = int(cells[0])
        if start < last:
            refuse(_bad_cell(place, line, "time", f"at least {last}", cells[0]))
            continue
        last = start
        yield line, start, cells


def hour_rows(text: str, columns: Sequence[str], place: str, refuse: Refuse, day: str) -> Rows:
    """Yield the rows of `day` ("20140606") in the same form; other days are passed over."""
    last = -1
    for line, raw in enumerate(text.splitlines(), 1):
        if not raw.startswith(day):
            continue
        cells = raw.split(",")
        if len(cells) != len(columns):
            refuse(_ragged(place, line, columns, cells))
            continue
        stamp = cells[0]
        if not _HOUR_STAMP.fullmatch(stamp):
            refuse(_bad_cell(place, line, "time", "YYYYMMDD HH:MM", stamp))
            continue
        start = int(stamp[9:11]) * HOUR_MS + int(stamp[12:]) * MINUTE_MS
        if start < last:
            refuse(_bad_cell(place, line, "time", "a time not before the last row's", stamp))
            continue
        last = start
        yield line, start, cells


def quotes_at(
    rows: Rows,
    instants: Sequence[int],
    window: Window,
    layout: Layout,
    place: str,
    refuse: Refuse,
) -> list[SeenQuote | None]:
    """Return the quote known at each of the rising `instants`; None where no row is known yet.

    An empty side in a row means no update on that side, so each side is carried forward on its
    own, from the bars in `window` only. Reading stops at the last instant. O(rows).
    """
    known: list[SeenQuote | None] = []
    bid = bid_size = ask = ask_size = 0.0
    bid_end = ask_end = _NEVER
    is_seen = False

    def seen_at(instant: int) -> SeenQuote | None:
        ages = (_age(instant, bid_end), _age(instant, ask_end))
        return SeenQuote(bid, bid_size, ask, ask_size, *ages) if is_seen else None

    for line, end, cells in _within(rows, instants[-1], window):
        while instants[len(known)] < end:
            known.append(seen_at(instants[len(known)]))
        try:
            has_bid, has_ask = cells[layout.bid] != "", cells[layout.ask] != ""
            bids = layout.side(cells, layout.bid, layout.bid_size) if has_bid else (bid, bid_size)
            asks = layout.side(cells, layout.ask, layout.ask_size) if has_ask else (ask, ask_size)
        except CellError as error:
            refuse(CellError(f"{place}:{line}: {error}"))
            continue
        bid, bid_size = bids
        ask, ask_size = asks
        bid_end = end if has_bid else bid_end
        ask_end = end if has_ask else ask_end
        is_seen = True
    known.extend([seen_at(instant) for instant in instants[len(known) :]])
    return known


def _age(instant: int, end: int) -> float:
    return math.nan if end == _NEVER else (instant - end) / 1000.0


def totals_at(
    rows: Rows,
    instants: Sequence[int],
    window: Window,
    column: int,
    columns: Sequence[str],
    place: str,
    refuse: Refuse,
    *,
    is_running: bool,
) -> list[float]:
    """Return the sum (`is_running`) or the last of one column at each instant; 0 before any row."""
    known: list[float] = []
    total = 0.0
    for line, end, cells in _within(rows, instants[-1], window):
        while instants[len(known)] < end:
            known.append(total)
        try:
            value = _number(cells, column, columns, MAX_SIZE)
        except CellError as error:
            refuse(CellError(f"{place}:{line}: {error}"))
            continue
        total = total + value if is_running else value
    known.extend([total] * (len(instants) - len(known)))
    return known


def _within(rows: Rows, last: int, window: Window) -> Rows:
    """Yield (line, END of the bar, cells) of the bars in `window` known at `last`."""
    for line, start, cells in rows:
        end = start + window.length
        if end > last or start >= window.closes:
            return
        if end > window.opens:
            yield line, end, cells


def _number(cells: list[str], column: int, columns: Sequence[str], limit: float) -> float:
    try:
        value = float(cells[column] or 0)
    except ValueError:
        value = -1.0
    if 0.0 <= value <= limit:
        return value
    name, got = columns[column], cells[column]
    raise CellError(f"column {name}: expected a number from 0 to {limit:g}, got {got[:_SHOWN]!r}")


def _bad_cell(place: str, line: int, column: str, expected: str, got: str) -> CellError:
    return CellError(f"{place}:{line}: column {column}: expected {expected}, got {got[:_SHOWN]!r}")


def _ragged(place: str, line: int, columns: Sequence[str], cells: list[str]) -> CellError:
    return CellError(f"{place}:{line}: expected {len(columns)} cells, got {len(cells)}")
