"""Rows as PostgreSQL's COPY takes them in binary: what psycopg's own writer does cell by cell.

A row whose cells are all known numbers is one `struct` call, which PyPy compiles.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from engine.store.protocol import Row
from engine.store.tables import BYTES, INTEGER, REAL

HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
_NULL = struct.pack(">i", -1)
_CHUNK_ROWS = 4096
_FORMS = {INTEGER: "iq", REAL: "id"}


def chunks(kinds: Sequence[str], rows: Sequence[Row]) -> Iterator[bytes]:
    """Yield the whole stream for columns of `kinds`: int8, float8, text or bytea. O(cells).

    Raises
    ------
    ValueError
        If a cell does not fit its column.
    """
    yield HEADER
    columns = range(len(kinds))
    numbers = (
        struct.Struct(">h" + "".join(_FORMS[kind] for kind in kinds))
        if all(kind in _FORMS for kind in kinds)
        else None
    )
    count = struct.pack(">h", len(kinds))
    for start in range(0, len(rows), _CHUNK_ROWS):
        parts: list[bytes] = []
        for row in rows[start : start + _CHUNK_ROWS]:
            if len(row) != len(kinds):
                raise ValueError(f"a row of {len(row)} cells for {len(kinds)} columns")
            if numbers is not None and None not in row:
                flat: list[object] = [len(kinds)]
                for cell in row:
                    flat += (8, cell)
                try:
                    parts.append(numbers.pack(*flat))
                except struct.error as error:
                    raise ValueError(f"a cell does not fit: {error}") from None
                continue
            parts.append(count)
            parts.extend([_cell(kinds[k], row[k]) for k in columns])
        yield b"".join(parts)
    yield TRAILER


def _cell(kind: str, value: object) -> bytes:
    if value is None:
        return _NULL
    try:
        if kind == INTEGER:
            return struct.pack(">iq", 8, value)
        if kind == REAL:
            return struct.pack(">id", 8, value)
    except struct.error as error:
        raise ValueError(f"{value!r} does not fit: {error}") from None
    if kind == BYTES and isinstance(value, bytes):
        raw = value
    elif kind != BYTES and isinstance(value, str):
        raw = value.encode()
    else:
        raise ValueError(f"{type(value).__name__} for a column of {kind}")
    return struct.pack(">i", len(raw)) + raw
