"""Our COPY stream against PostgreSQL's own, and what does not fit."""

from __future__ import annotations

import struct

import pytest

from engine.store.binary_copy import chunks
from engine.store.tables import BYTES, INTEGER, REAL, TEXT

KINDS = (INTEGER, REAL, TEXT, BYTES)


def parse(stream: bytes) -> list[list[bytes | None]]:
    """Read a stream by PostgreSQL's description of it (manual, COPY, Binary Format)."""
    assert stream[:11] == b"PGCOPY\n\xff\r\n\x00"
    flags, extension = struct.unpack_from(">ii", stream, 11)
    assert (flags, extension) == (0, 0)
    place, rows = 19, []
    while True:
        (n,) = struct.unpack_from(">h", stream, place)
        place += 2
        if n == -1:
            assert place == len(stream)
            return rows
        row: list[bytes | None] = []
        for _ in range(n):
            (length,) = struct.unpack_from(">i", stream, place)
            place += 4
            row.append(None if length < 0 else stream[place : place + length])
            place += max(length, 0)
        rows.append(row)


def test_a_stream_reads_back_by_the_manual() -> None:
    rows = [(1, 0.5, "é", b"\0\xff"), (None, None, None, None), (-(2**63), -0.0, "", b"")]
    assert parse(b"".join(chunks(KINDS, rows))) == [
        [struct.pack(">q", 1), struct.pack(">d", 0.5), "é".encode(), b"\0\xff"],
        [None] * 4,
        [struct.pack(">q", -(2**63)), struct.pack(">d", -0.0), b"", b""],
    ]


def test_rows_of_numbers_read_back_known_or_not() -> None:
    rows = [(k, k / 3.0) if k % 3 else (k, None) for k in range(10_000)]
    found = parse(b"".join(chunks((INTEGER, REAL), rows)))
    assert found == [
        [struct.pack(">q", k), None if x is None else struct.pack(">d", x)] for k, x in rows
    ]


@pytest.mark.parametrize(
    "row",
    [
        (2**63, 0.5, "", b""),
        ("1", 0.5, "", b""),
        (1, "x", "", b""),
        (1, 0.5, b"", b""),
        (1, 0.5, "", ""),
        (1, 0.5, ""),
    ],
)
def test_what_does_not_fit_is_a_value_error(row: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"fit|for"):
        list(chunks(KINDS, [row]))


def test_a_short_or_wide_row_of_numbers_is_a_value_error() -> None:
    for row in ((1,), (1, 2.0, 3.0), (2**63, 1.0)):
        with pytest.raises(ValueError, match=r"fit|for"):
            list(chunks((INTEGER, REAL), [row]))
