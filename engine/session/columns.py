"""Columns of history in one file, mapped into memory: opened at once, read when touched.

The file is eight bytes `MAGIC`, the length of the head (8 bytes, little-endian), the head (JSON:
rows, and for each column its name, type, offset and CRC-32), then the columns, each on a page of
its own.
Numbers are 8 bytes, little-endian. A file is written beside its name and renamed, so that it is
whole or not there; `Columns.verify` reads everything and checks the CRCs.

What `Columns.column` returns is a view that kernels take without a copy: a NumPy array where NumPy
is installed on CPython, a cffi array on PyPy (a memoryview there costs a hundred times as much an
element), else a memoryview. Writing to it changes nothing in the file.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
import zlib
from array import array
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from engine.errors import BadDataError, InputOutputError, NoInputError

MAGIC = b"PARITYC1"
_TYPES = {"d": "float64", "q": "int64"}
_PAGE = 4096
_LONGEST_HEAD = 1 << 20
_IS_PYPY = sys.implementation.name == "pypy"


def write_columns(
    path: str | Path, columns: Mapping[str, array[Any]], about: Mapping[str, object] | None = None
) -> None:
    """Write `columns`, arrays of type "d" or "q" and equal length, to `path`, replacing it whole.

    Raises
    ------
    ValueError
        If they differ in length or have another type.
    InputOutputError
        If the file cannot be written; then what was there before is still there.
    """
    rows = {len(column) for column in columns.values()}
    kinds = {"q" if column.typecode == "l" else column.typecode for column in columns.values()}
    if len(rows) > 1 or not kinds <= set(_TYPES) or sys.byteorder != "little":
        raise ValueError("columns are arrays of 8-byte numbers of one length, little-endian")
    n_rows = rows.pop() if rows else 0
    head: dict[str, object] = {"rows": n_rows, "about": dict(about or {})}
    # The head names offsets, and its own length moves them: its room is known beforehand.
    room = -(-(1024 + 200 * len(columns) + len(json.dumps(head))) // _PAGE) * _PAGE
    offset, described = room, []
    for name, column in columns.items():
        kind = "q" if column.typecode == "l" else column.typecode
        crc = zlib.crc32(memoryview(column).cast("B"))
        described.append({"name": name, "type": kind, "offset": offset, "crc": crc})
        offset += -(-8 * n_rows // _PAGE) * _PAGE
    head["columns"] = described
    text = json.dumps(head).encode()
    target = Path(path)
    beside = target.with_name(target.name + ".new")
    try:
        with beside.open("wb") as file:
            file.write(MAGIC + len(text).to_bytes(8, "little") + text)
            for one, column in zip(described, columns.values(), strict=True):
                file.seek(int(str(one["offset"])))
                file.write(memoryview(column).cast("B"))
            file.truncate(offset)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InputOutputError(f"{path}: {error.strerror or error}") from None


@cache
def _ffi() -> Any:
    from cffi import FFI

    return FFI()


class Columns:
    """The columns of a file; opening reads the head alone. O(columns), whatever the rows.

    Raises
    ------
    NoInputError, BadDataError
        If the file is not there, or is not one of columns.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            with self.path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                head = self._head(file.read(16), file.read(_LONGEST_HEAD), size)
                # Private pages: whoever writes to a view changes neither file nor neighbour.
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except FileNotFoundError:
            raise NoInputError(f"{path}: there is no such file") from None
        self.n_rows: int = head["rows"]
        self.about: Mapping[str, object] = head["about"]
        self._columns: dict[str, dict[str, Any]] = {one["name"]: one for one in head["columns"]}

    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, in the order of the file."""
        return tuple(self._columns)

    def column(self, name: str) -> Any:
        """Return a view of a column, which lives as long as it is held.

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        one = self._columns[name]
        offset, kind = one["offset"], one["type"]
        if _IS_PYPY:
            # The array keeps the view, and the view the map.
            part = memoryview(self._map)[offset : offset + 8 * self.n_rows]
            return _ffi().from_buffer("double[]" if kind == "d" else "int64_t[]", part)
        try:
            import numpy
        except ImportError:
            view = memoryview(self._map)[offset : offset + 8 * self.n_rows]
            return view.cast(kind)
        return numpy.frombuffer(self._map, dtype=_TYPES[kind], count=self.n_rows, offset=offset)

    def verify(self) -> list[str]:
        """Return the names of the columns whose bytes are not those that were written. O(file)."""
        wrong = []
        with memoryview(self._map) as whole:
            for name, one in self._columns.items():
                start = one["offset"]
                with whole[start : start + 8 * self.n_rows] as part:
                    if zlib.crc32(part) != one["crc"]:
                        wrong.append(name)
        return wrong

    def _head(self, start: bytes, rest: bytes, size: int) -> dict[str, Any]:
        length = int.from_bytes(start[8:16], "little")
        if start[:8] != MAGIC or not 0 < length <= len(rest):
            raise BadDataError(f"{self.path}: not a file of columns")
        try:
            head = json.loads(rest[:length])
            rows, columns = head["rows"], head["columns"]
            is_whole = type(rows) is int and rows >= 0 and isinstance(head["about"], dict)
            for one in columns:
                offset = one["offset"]
                is_whole &= isinstance(one["name"], str) and one["type"] in _TYPES
                is_whole &= type(offset) is int and type(one["crc"]) is int
                is_whole &= offset >= 0 and offset % 8 == 0 and offset + 8 * rows <= size
        except (ValueError, KeyError, TypeError, RecursionError):
            is_whole = False
        if not is_whole:
            raise BadDataError(f"{self.path}: its head is damaged")
        found: dict[str, Any] = head
        return found
