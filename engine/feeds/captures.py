"""Messages captured by other programs as messages of a session, word for word.

``binance:FILE``
    Lines ``<ns> <json>``: local nanoseconds, then what the socket said.
``coinbase:FILE``
    Lines ``<seconds>: <json>``; lines that the client sent or that tell of connections are left
    out, as are empty ones.
``lean:ZIP``
    A zip of LEAN with the quotes or trades of one equity in minutes, seconds or ticks; its name
    and folder say what and when (``equity/usa/minute/aapl/20140606_quote.zip``).

Captures stay as they came (kind "raw", the text of the message); LEAN's rows become "quote",
"trade" and "bar". Files ending in .gz are unpacked as they are read.
"""

from __future__ import annotations

import gzip
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TextIO

from engine.clock import to_ns
from engine.errors import BadDataError, InputOutputError, NoInputError, UsageError
from engine.market.calendar import US, zone_named
from engine.nearest import hint
from engine.session.recording import Message

_LONGEST = 16 * 1024 * 1024  # letters in a line
_BINANCE = re.compile(r"([0-9]{1,19}) (\{.*\})")
_COINBASE = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,9}))?: (\{.*\})")
_LEAN = re.compile(r"(minute|second|tick)/([^/]+)/([0-9]{8})_(quote|trade)\.zip")
_MS = 1_000_000
_STEP_MS = {"minute": 60_000, "second": 1_000}
_LEAN_SCALE = 10_000.0  # prices of equities are in ten-thousandths


def import_captures(spec: str) -> Iterator[Message]:
    """Yield the messages of ``KIND:PATH``, oldest first.

    Raises
    ------
    UsageError
        If there is no such kind.
    NoInputError, BadDataError, InputOutputError
        If the file is not there, a line is not what the kind promises, or an archive is damaged;
        the message names file and line.
    """
    kind, _, path = spec.partition(":")
    if kind not in _READERS or not path:
        raise UsageError(f"--import {kind!r}: {hint(kind, _READERS)}; write KIND:PATH")
    if not Path(path).is_file():
        raise NoInputError(f"{path}: there is no such file")
    return _READERS[kind](Path(path))


def _binance(path: Path) -> Iterator[Message]:
    for number, line in _lines(path):
        found = _BINANCE.fullmatch(line)
        if found is None:
            raise BadDataError(f"{path}:{number}: expected nanoseconds, a blank and a JSON object")
        message = _json(path, number, found[2])
        data = message.get("data")
        event = data.get("E") if isinstance(data, dict) else None
        ts_event = event * _MS if type(event) is int and 0 < event < 1 << 43 else 0
        yield Message(_ns(path, number, int(found[1])), ts_event, "raw", ["binance", found[2]])


def _coinbase(path: Path) -> Iterator[Message]:
    for number, line in _lines(path):
        if not line or line.startswith("wss://"):
            continue
        found = _COINBASE.fullmatch(line)
        if found is None:
            raise BadDataError(f"{path}:{number}: expected seconds, a colon and a JSON object")
        stamp = int(found[1]) * 1_000_000_000 + int((found[2] or "").ljust(9, "0") or 0)
        message = _json(path, number, found[3])
        yield Message(stamp, _iso_ns(message.get("time")), "raw", ["coinbase", found[3]])


def _lean(path: Path) -> Iterator[Message]:
    found = _LEAN.search(path.as_posix())
    if found is None:
        raise BadDataError(
            f"{path}: its name does not say what it is: .../minute/aapl/20140606_quote.zip"
        )
    resolution, symbol, day, kind = found.groups()
    try:
        trading_day = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        raise BadDataError(f"{path}: there is no day {day}") from None
    zone = zone_named(US.zone)
    midnight_ns = to_ns(datetime(trading_day.year, trading_day.month, trading_day.day, tzinfo=zone))
    read = _LEAN_ROWS[resolution == "tick", kind]
    step_ms = _STEP_MS.get(resolution, 0)
    for number, line in _zip_lines(path):
        cells = line.split(",")
        try:
            ms = int(cells[0])
            message = read(symbol.upper(), cells[1:], step_ms)
        except (ValueError, IndexError, OverflowError):
            raise BadDataError(f"{path}:{number}: not a row of {resolution} {kind}s") from None
        if not 0 <= ms < 90_000_000:
            raise BadDataError(f"{path}:{number}: {ms} ms is not a time of the day")
        ts_ns = midnight_ns + (ms + step_ms) * _MS  # a bar is known at its end
        yield Message(ts_ns, ts_ns, *message)


_Typed = tuple[str, list[object]]


def _quote_bar(symbol: str, cells: list[str], step_ms: int) -> _Typed:
    """Close of bid and ask; an empty side had no update in this bar."""
    if len(cells) != 10:
        raise ValueError("cells")
    bid, bid_size, ask, ask_size = (_number(cells[k]) for k in (3, 4, 8, 9))
    return "quote", [symbol, _scaled(bid), _scaled(ask), bid_size, ask_size]


def _quote_tick(symbol: str, cells: list[str], step_ms: int) -> _Typed:
    """One exchange's update; a side of 0 is the other side's update."""
    bid, bid_size, ask, ask_size = (_number(cell) for cell in cells[:4])
    return "quote", [
        symbol, _scaled(bid or None), _scaled(ask or None), bid_size, ask_size, cells[4],
    ]  # fmt: skip


def _trade_bar(symbol: str, cells: list[str], step_ms: int) -> _Typed:
    if len(cells) != 5:
        raise ValueError("cells")
    prices = [_scaled(_known(cell)) for cell in cells[:4]]
    return "bar", [symbol, step_ms // 1000, *prices, _known(cells[4])]


def _trade_tick(symbol: str, cells: list[str], step_ms: int) -> _Typed:
    return "trade", [symbol, _scaled(_known(cells[0])), _known(cells[1]), cells[2]]


_LEAN_ROWS: dict[tuple[bool, str], Callable[[str, list[str], int], _Typed]] = {
    (False, "quote"): _quote_bar,
    (True, "quote"): _quote_tick,
    (False, "trade"): _trade_bar,
    (True, "trade"): _trade_tick,
}

_READERS: dict[str, Callable[[Path], Iterator[Message]]] = {
    "binance": _binance,
    "coinbase": _coinbase,
    "lean": _lean,
}


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as text:
            yield from _numbered(path, text)
    else:
        with path.open(encoding="utf-8") as text:
            yield from _numbered(path, text)


def _zip_lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1:
                raise BadDataError(f"{path}: {len(names)} files in it, not one")
            with archive.open(names[0]) as raw, io.TextIOWrapper(raw, encoding="utf-8") as text:
                yield from _numbered(path, text)
    except zipfile.BadZipFile as error:
        raise InputOutputError(f"{path}: {error}") from None


def _numbered(path: Path, text: TextIO) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        while line := text.readline(_LONGEST):
            number += 1
            if len(line) >= _LONGEST:
                raise BadDataError(f"{path}:{number}: a line of more than {_LONGEST:,} letters")
            yield number, line.rstrip("\r\n")
    except UnicodeDecodeError:
        raise BadDataError(f"{path}: near line {number + 1}: not UTF-8") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputOutputError(f"{path}: near line {number + 1}: {error}") from None


def _json(path: Path, number: int, text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadDataError(f"{path}:{number}: not JSON") from None
    if not isinstance(found, dict):
        raise BadDataError(f"{path}:{number}: not an object")
    return found


def _ns(path: Path, number: int, value: int) -> int:
    if value >= 1 << 62:
        raise BadDataError(f"{path}:{number}: {value} ns is not a time")
    return value


def _iso_ns(value: object) -> int:
    """Return the nanoseconds of ``2021-04-17T16:43:37.123456Z``, 0 for anything else."""
    if not isinstance(value, str) or not value.endswith("Z"):
        return 0
    try:
        moment = datetime.fromisoformat(value[:-1].partition(".")[0])
        digits = value[:-1].partition(".")[2]
        fraction = int(digits[:9].ljust(9, "0")) if digits else 0
        return to_ns(moment.replace(tzinfo=timezone.utc)) + fraction
    except (ValueError, OverflowError):
        return 0


def _number(cell: str) -> float | None:
    return _known(cell) if cell else None


def _known(cell: str) -> float:
    value = float(cell)
    if not 0.0 <= value < math.inf:
        raise ValueError(cell)
    return value


def _scaled(value: float | None) -> float | None:
    return None if value is None else value / _LEAN_SCALE
