"""Bars that took long to read, kept as columns: asked for again, they are there at once.

One file for each request, in the user's cache folder and readable by its owner alone: a line of
JSON (source, as-of, when it was made, sha256 of it and of what follows), then the columns as they
are in memory. What a source is made of is part of the request: a file that has changed is another
one. Bars whose last day is over stay; those of a day that goes on are asked for anew after an hour.
A file that is damaged, of another form or too old is none, and is removed. Nothing in it is run.
"""

from __future__ import annotations

import json
import os
import sys
from array import array
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.backtesting.data import Data, Dividend, Split
from engine.clock import NS_PER_DAY, NS_PER_SECOND, SYSTEM, Clock, from_ns
from engine.market.bars import Bars

VARIABLE = "PARITY_HISTORY_CACHE"
OFF = "off"
UNFINISHED_NS = 3600 * NS_PER_SECOND
# Fewer are read in no time.
LEAST_ROWS = 20_000
MOST_BYTES = 2 << 30
_FORMAT = 1
_MOST_HEADER = 4 << 20
_ENDING = ".bars"
_COLUMNS = ("open", "high", "low", "close", "volume")


class HistoryCache:
    """Bars by request in a folder; at most `max_bytes`, those used longest ago leave."""

    def __init__(self, folder: Path, clock: Clock = SYSTEM, max_bytes: int = MOST_BYTES) -> None:
        self.folder, self._clock, self._max_bytes = folder, clock, max_bytes

    def get(self, key: str) -> Data | None:
        """Return the bars of a request, None where there are no good ones."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                header = file.readline(_MOST_HEADER)
                columns = file.read()
        except OSError:
            return None
        try:
            found = json.loads(header)
            if self._is_old(found):
                raise ValueError("too old")
            data = _data(found, columns)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            _remove(path)
            return None
        with suppress(OSError):
            os.utime(path)
        return data

    def put(self, key: str, data: Data) -> None:
        """Keep the bars of a request; where they cannot be written they are not kept."""
        columns = b"".join(_bytes(data))
        header = self._header(data)
        header["sha256"] = _sum(header, columns)
        path = self._path(key)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
                f.write(json.dumps(header, allow_nan=False).encode() + b"\n" + columns)
            os.replace(beside, path)
        except OSError:
            _remove(beside)
            return
        self._make_room()

    def _path(self, key: str) -> Path:
        return self.folder / f"{sha256(key.encode()).hexdigest()[:32]}{_ENDING}"

    def _header(self, data: Data) -> dict[str, Any]:
        last = max(bars.time_ns[-1] for bars in data.bars.values())
        return {
            "format": _FORMAT,
            "source": data.source,
            "as_of": from_ns(last).isoformat(),
            "as_of_ns": last,
            "made_ns": self._clock.now_ns(),
            "interval_ns": data.interval_ns,
            "calendar": data.calendar,
            "symbols": [[symbol, len(bars)] for symbol, bars in data.bars.items()],
            "splits": [
                [one.symbol, one.time_ns, one.ratio]
                for one in data.actions
                if isinstance(one, Split)
            ],
            "dividends": [
                [one.symbol, one.time_ns, one.amount]
                for one in data.actions
                if isinstance(one, Dividend)
            ],
            "notes": list(data.notes),
        }

    def _is_old(self, header: Mapping[str, Any]) -> bool:
        now, made = self._clock.now_ns(), int(header["made_ns"])
        # A bar belongs to the day before its close; it is over when that day is.
        is_finished = (int(header["as_of_ns"]) - 1) // NS_PER_DAY < made // NS_PER_DAY
        return header["format"] != _FORMAT or not (is_finished or 0 <= now - made < UNFINISHED_NS)

    def _make_room(self) -> None:
        kept = []
        with suppress(OSError):
            for path in self.folder.glob(f"*{_ENDING}"):
                with suppress(OSError):
                    stat = path.stat()
                    kept.append((stat.st_mtime_ns, stat.st_size, path))
        total = 0
        for _, size, path in sorted(kept, reverse=True):
            total += size
            if total > self._max_bytes:
                _remove(path)


def kept(
    parts: Iterable[object],
    make: Callable[[], Data],
    environ: Mapping[str, str] = os.environ,
    clock: Clock = SYSTEM,
) -> Data:
    """Return the bars of a request, from the cache or from `make`, which is kept if it is long."""
    chosen = environ.get(VARIABLE, "")
    if chosen == OFF:
        return make()
    folder = Path(chosen) if chosen else _folder(environ)
    cache, key = HistoryCache(folder, clock), json.dumps(list(parts), default=str)
    found = cache.get(key)
    if found is None:
        found = make()
        if sum(len(bars) for bars in found.bars.values()) >= LEAST_ROWS:
            cache.put(key, found)
    return found


def states(files: Iterable[Path]) -> list[tuple[str, int, int]] | None:
    """Return what tells whether files have changed; None where one is no plain file."""
    found = []
    for path in files:
        try:
            stat = path.stat()
        except OSError:
            return None
        if not path.is_file():
            return None
        found.append((str(path.resolve()), stat.st_size, stat.st_mtime_ns))
    return found


def _folder(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "parity-engine" / "history"


def _bytes(data: Data) -> Iterable[bytes]:
    for bars in data.bars.values():
        yield _little(array("q", bars.time_ns))
        for name in _COLUMNS:
            yield _little(getattr(bars, name))


def _little(column: array[Any]) -> bytes:
    if sys.byteorder == "big":
        column = array(column.typecode, column)
        column.byteswap()
    return column.tobytes()


def _data(header: Mapping[str, Any], columns: bytes) -> Data:
    """Return the bars of a file.

    Raises
    ------
    ValueError, KeyError, TypeError
        If they are not what the header says.
    """
    said = {name: value for name, value in header.items() if name != "sha256"}
    if _sum(said, columns) != header["sha256"]:
        raise ValueError("its checksum is wrong")
    bars, place = {}, 0
    view = memoryview(columns)
    for symbol, count in header["symbols"]:
        size = 8 * int(count)
        found: list[array[Any]] = []
        for typecode in "qddddd":
            column: array[Any] = array(typecode)
            column.frombytes(view[place : place + size])
            if sys.byteorder == "big":
                column.byteswap()
            found.append(column)
            place += size
        bars[str(symbol)] = Bars(*found)
    if place != len(columns) or not bars:
        raise ValueError("it is of another length")
    actions: list[Split | Dividend] = [Split(*one) for one in header["splits"]]
    actions += [Dividend(*one) for one in header["dividends"]]
    actions.sort(key=lambda one: (one.time_ns, one.symbol, isinstance(one, Split)))
    return Data(
        bars,
        int(header["interval_ns"]),
        str(header["source"]),
        tuple(actions),
        str(header["calendar"]),
        tuple(map(str, header["notes"])),
    )


def _sum(header: Mapping[str, Any], columns: bytes) -> str:
    """Return the checksum of a header, however it is written, and of the columns."""
    found = sha256(json.dumps(header, sort_keys=True, allow_nan=False).encode())
    found.update(columns)
    return found.hexdigest()


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
