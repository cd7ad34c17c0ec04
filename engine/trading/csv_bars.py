"""Bars of CSV files as public sources write them, without a word about which it is.

Yahoo, Stooq, Nasdaq, Binance's klines with and without a header, and what is like them: columns in
any order, a column of symbols or one file each, dates as `stamps` reads them. A time of a bar is
its start; where a column says when it closed, that one counts. Adjusted closes are left alone: they
know the future.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from math import nan
from pathlib import Path

from engine.clock import NS_PER_DAY, NS_PER_SECOND
from engine.errors import BadDataError, NoInputError, UsageError
from engine.feeds.text_file import Caps, read_text
from engine.nearest import hint
from engine.trading.rows import MOST_ROWS, Complaints, Rows
from engine.trading.stamps import Stamps, is_day_first

# What a header calls a column, without case, spaces and marks.
_NAMES = {
    "time": (
        "opentime", "datetime", "timestamp", "timestamputc", "date", "time", "gmttime", "unix",
        "datetimeutc", "localtime", "ts", "t", "start", "begin", "price",
    ),
    "end": ("closetime", "end"),
    "clock": ("time",),
    "open": ("open", "openprice", "o"),
    "high": ("high", "highprice", "max", "h"),
    "low": ("low", "lowprice", "min", "l"),
    "close": ("close", "closeprice", "closelast", "last", "c", "price"),
    "volume": ("volume", "vol", "v", "volumebtc", "volumecrypto", "vol."),
    "symbol": ("symbol", "ticker", "tic", "asset", "instrument", "name"),
}  # fmt: skip
_NEEDED = ("open", "high", "low", "close")
# Of a kline without a header: its start, prices, volume, its last millisecond.
_KLINE = {"time": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5}
_MOST_PREAMBLE = 10
# Of its rows is read how dates are meant.
_MOST_HEAD = 100_000
_MOST_COLUMNS = 200
_MOST_SYMBOLS = 5000
_SHOWN = 40
_CAPS = Caps(advice="split it into several files of one folder")


@dataclass(slots=True)
class Table:
    """What is in one file: rows by symbol, and for each row the day that stands there."""

    rows: dict[str, Rows]
    days: dict[str, dict[int, date]]
    is_dated: bool
    is_end: bool


def files_of(spec: str) -> list[Path]:
    """Return the files that ``csv:`` names: one, those of a folder, or those of a pattern.

    Raises
    ------
    NoInputError
        If there is none.
    """
    path = Path(spec)
    if not spec:
        raise UsageError("csv: needs a file: csv:prices.csv, or a folder of them")
    if any(mark in spec for mark in "*?["):
        found = sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor))))
    elif path.is_dir():
        found = sorted(one for one in path.iterdir() if _is_csv(one.name))
    else:
        return [path]
    files = [one for one in found if one.is_file()]
    if not files:
        raise NoInputError(f"{spec}: no CSV file is there")
    return files


def _is_csv(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith((".csv", ".txt"))


def symbol_of(path: Path) -> str:
    """Return the symbol that a file is named for.

    >>> symbol_of(Path("data/aapl.us.csv.gz")), symbol_of(Path("BTCUSDT-1h-2024-01.csv"))
    ('AAPL.US', 'BTCUSDT-1H-2024-01')
    """
    name = path.name.removesuffix(".gz")
    return (name.rpartition(".")[0] or name).upper()


def read_table(path: Path, zone: tzinfo, tell: Complaints, caps: Caps = _CAPS) -> Table:
    """Return the rows of a file. O(rows).

    Raises
    ------
    EngineError
        If it cannot be read, or has no columns of bars.
    """
    text = read_text(path, caps)
    lines = text.splitlines()
    if len(lines) > min(MOST_ROWS, caps.rows):
        raise BadDataError(f"{path.name}: more than {min(MOST_ROWS, caps.rows):,} lines")
    first, columns, delimiter = _columns(path, lines)
    body = lines[first:]
    time_at = columns.get("end", columns["time"])
    is_end = "end" in columns
    start = _cells(path, body[:_MOST_HEAD], delimiter)
    head = [row[time_at] for row in start if len(row) > time_at]
    day_first = is_day_first(head)
    if day_first is None:
        tell.add(f"of {path.name} whose dates are read as month/day/year", f"is {head[0]!r}")
    stamps = Stamps(zone, day_first=bool(day_first))
    clock = columns.get("clock", -1)
    table = Table({}, {}, is_dated=True, is_end=is_end)
    named = symbol_of(path)
    width = max(columns.values()) + 1
    has_comma = delimiter == ";"
    for number, row in enumerate(_cells(path, body, delimiter), first + 1):
        if not row or row == [""]:
            continue
        if len(row) < width:
            tell.add("without all columns", f"{path.name}:{number}")
            continue
        stamp_text = row[time_at] if clock < 0 else f"{row[time_at]} {_time(row[clock])}"
        try:
            stamp, day = stamps.read(stamp_text)
        except (ValueError, OverflowError):
            shown = stamp_text[:_SHOWN]
            tell.add("whose time cannot be read", f"{path.name}:{number}: {shown!r}")
            continue
        if is_end:
            stamp = _closed(stamp)
        symbol = row[columns["symbol"]].strip().upper() if "symbol" in columns else named
        if symbol not in table.rows:
            if len(table.rows) >= _MOST_SYMBOLS:
                raise BadDataError(f"{path.name}: more than {_MOST_SYMBOLS:,} symbols")
            table.rows[symbol], table.days[symbol] = Rows(), {}
        opened, high, low, close = (
            _number(row[columns[name]], has_comma=has_comma) for name in _NEEDED
        )
        volume = (
            _volume(row[columns["volume"]], has_comma=has_comma) if "volume" in columns else 0.0
        )
        wrong = table.rows[symbol].add(stamp, opened, high, low, close, volume)
        if wrong:
            tell.add("that are no bars", f"{path.name}:{number}: {wrong}")
            continue
        table.days[symbol].setdefault(stamp, day)
        if table.is_dated and (clock >= 0 or _has_time(stamp_text)):
            table.is_dated = False
    return table


def _cells(path: Path, lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error as error:
        raise BadDataError(f"{path.name}: is no table: {error}") from None


def _columns(path: Path, lines: Sequence[str]) -> tuple[int, dict[str, int], str]:
    """Return the number of lines before the rows, where each column is, and the delimiter."""
    for number, line in enumerate(lines[:_MOST_PREAMBLE]):
        delimiter = max(",;\t|", key=line.count)
        names = [_plain(cell) for cell in line.split(delimiter)[:_MOST_COLUMNS]]
        found = _named(names)
        if all(name in found for name in _NEEDED):
            if "time" not in found:
                raise BadDataError(f"{path.name}:{number + 1}: no column of dates: {line[:80]!r}")
            return number + 1, found, delimiter
        if len(names) >= 5 and all(_is_number(cell) for cell in line.split(delimiter)[:5]):
            places = {name: at for name, at in _KLINE.items() if at < len(names)}
            return number, places, delimiter
    start = lines[0][:80] if lines else ""
    raise BadDataError(
        f"{path.name}:1: expected columns such as Date, Open, High, Low, Close, Volume; got "
        f"{start!r}"
    )


def column_places(names: Sequence[str]) -> dict[str, int]:
    """Return where each column is that a header names, whatever its case and marks."""
    return _named([_plain(name) for name in names])


def _named(names: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for column, words in _NAMES.items():
        for word in words:
            if word in names:
                found[column] = names.index(word)
                break
    # A header with a date and a time has two columns; one with a time alone has one.
    if found.get("clock") == found.get("time"):
        found.pop("clock", None)
    return found


def _plain(name: str) -> str:
    return "".join(mark for mark in name.lower() if mark.isalnum())


def _is_number(text: str) -> bool:
    return _number(text, has_comma=False) == _number(text, has_comma=False)


def _number(text: str, *, has_comma: bool) -> float:
    """Return a number, nan where it is none."""
    text = text.strip().lstrip("$€£")
    if has_comma and ("," in text or text.count(".") > 1):
        text = text.replace(".", "").replace(",", ".")
    elif "," in text:
        groups = text.partition(".")[0].split(",")
        text = text.replace(",", "") if all(len(one) == 3 for one in groups[1:]) else "nan"
    try:
        return float(text) if "_" not in text else nan
    except ValueError:
        return nan


def _volume(text: str, *, has_comma: bool) -> float:
    """Return a volume; what is not known is 0, and a letter behind it counts."""
    text = text.strip()
    if text in ("", "-", "N/A", "null", "None", "nan", "NaN"):
        return 0.0
    scale = {"K": 1e3, "M": 1e6, "B": 1e9}.get(text[-1].upper(), 0.0)
    return _number(text[:-1], has_comma=has_comma) * scale if scale else _number(
        text, has_comma=has_comma
    )  # fmt: skip


def _time(text: str) -> str:
    """Return a time of day as one; Stooq has 0 and 93000 in place of 00:00:00 and 09:30:00."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 6:
        text = text.zfill(6)
        return f"{text[:2]}:{text[2:4]}:{text[4:]}"
    return text


def _closed(stamp: int) -> int:
    """Return when a bar closed whose last instant is written down, as Binance does.

    >>> _closed(1_499_643_599_999_000_000) % 10**9, _closed(1_499_643_600_000_000_000) % 10**9
    (0, 0)
    """
    for unit in (1_000_000, 1000, 1):
        if (stamp + unit) % NS_PER_SECOND == 0:
            return stamp + unit
    return stamp


def _has_time(text: str) -> bool:
    """Tell whether a stamp is more than a day: some source writes midnight for it."""
    text = text.strip()
    if text.isdigit():
        return len(text) > 8
    place = text.find(":")
    if place < 0:
        return False
    return any(mark in "123456789" for mark in text[max(0, place - 2) : place + 6])


def chosen(tables: Iterator[tuple[str, Table]], symbols: Sequence[str]) -> dict[str, Table]:
    """Return the tables by symbol, in the order asked for; all of them where none is.

    Raises
    ------
    NoInputError
        If a symbol is not there.
    """
    found: dict[str, Table] = {}
    for _, table in tables:
        for symbol in table.rows:
            if symbol in found:
                _append(found[symbol], table, symbol)
            else:
                found[symbol] = table
    for symbol in symbols:
        if symbol not in found:
            raise NoInputError(f"no bars of {symbol}: {hint(symbol, sorted(found))}")
    return {symbol: found[symbol] for symbol in (symbols or found)}


def _append(table: Table, other: Table, symbol: str) -> None:
    """Put the rows of a symbol of another file behind those of the first."""
    mine, more = table.rows[symbol], other.rows[symbol]
    mine.time_ns.extend(more.time_ns)
    for column, values in zip(mine.columns, more.columns, strict=True):
        column.extend(values)
    table.days[symbol] = {**other.days[symbol], **table.days[symbol]}
    table.is_dated = table.is_dated and other.is_dated


def ends_of(days: Mapping[int, date], stamps: Sequence[int], step_ns: int, *, is_always: bool,
            ) -> array[int]:  # fmt: skip
    """Return the closes of bars of whole days: of the session, or the midnight after.

    Bars of several days close where the next one starts.
    """
    if step_ns == NS_PER_DAY and not is_always:
        from engine.market.calendar import US

        return array("q", [US.close_ns(days[stamp]) for stamp in stamps])
    epoch = date(1970, 1, 1)
    starts = [(days[stamp] - epoch).days * NS_PER_DAY for stamp in stamps]
    if step_ns == NS_PER_DAY:
        return array("q", [start + NS_PER_DAY for start in starts])
    return array("q", [*starts[1:], starts[-1] + step_ns] if starts else [])
