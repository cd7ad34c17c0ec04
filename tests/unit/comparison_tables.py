"""Made-up memory and libraries with a table of the form that PyPy's for ARM64 has."""

from __future__ import annotations

import struct
from collections.abc import Iterable

NONE, INTEGER, REAL, TEST = 0x1000, 0x2000, 0x3000, 0x4000
# Some entries before, ten of integers, six of floats, two tests, no comparisons, four of pointers.
TABLE = (
    *[NONE] * 3, *[INTEGER] * 10, *[REAL] * 6, *[TEST] * 2, *[NONE] * 7, *[INTEGER] * 4, NONE, NONE,
)  # fmt: skip
# Where the first comparison stands in it, and what it is when the six are corrected.
FIRST = 3
CORRECTED = (*TABLE[:13], *[INTEGER] * 6, *TABLE[19:])
# What is not the table: too few or too many of each, another last part, zeros, one word throughout.
OTHERS = (
    (NONE, *[INTEGER] * 9, *[REAL] * 6, *[TEST] * 2, NONE, *[INTEGER] * 4, NONE),
    (NONE, *[INTEGER] * 11, *[REAL] * 6, *[TEST] * 2, NONE, *[INTEGER] * 4, NONE),
    (NONE, *[INTEGER] * 10, *[REAL] * 5, *[TEST] * 2, NONE, *[INTEGER] * 4, NONE),
    (NONE, *[INTEGER] * 10, *[REAL] * 7, *[TEST] * 2, NONE, *[INTEGER] * 4, NONE),
    (NONE, *[INTEGER] * 10, *[REAL] * 6, TEST, NONE, *[INTEGER] * 4, NONE),
    (NONE, *[INTEGER] * 10, *[REAL] * 6, *[TEST] * 2, NONE, *[INTEGER] * 3, NONE),
    (NONE, *[INTEGER] * 10, *[REAL] * 6, *[TEST] * 2, NONE, *[INTEGER] * 5, NONE),
    (NONE, *[INTEGER] * 10, *[REAL] * 6, *[TEST] * 2, NONE, *[REAL] * 4, NONE),
    (NONE, *[INTEGER] * 10, *[REAL] * 6, *[TEST] * 2, *[INTEGER] * 4, NONE),
    (0, *[INTEGER] * 10, *[REAL] * 6, *[TEST] * 2, 0, *[INTEGER] * 4, 0),
    (NONE, *[INTEGER] * 10, *[REAL] * 6, *[REAL] * 2, NONE, *[INTEGER] * 4, NONE),
    (NONE, *[INTEGER] * 10, *[REAL] * 6, *[TEST] * 2),
    CORRECTED,
    (INTEGER,) * 500,
    (0,) * 500,
)


def library(words: Iterable[int], machine: int = 183) -> bytes:
    """Return an ELF shared object that is loaded with `words` as its variables, from 0x10000 on.

    Its relocations stand in two sections, after one of another kind; the odd ones come first.
    """
    entries = [
        struct.pack("<QQq", 0x10000 + 8 * k, 1027, word) for k, word in enumerate(words) if word
    ]
    # One of another kind comes last, at the word before the comparisons where `TABLE` comes first.
    other = struct.pack("<QQq", 0x10000 + 8 * (FIRST - 1), 1025, INTEGER)
    parts = [b"\x00" * 40, b"".join(entries[1::2]), b"".join([*entries[0::2], other])]
    body, sections = b"", b""
    for kind, part in zip((1, 4, 4), parts, strict=True):
        sections += struct.pack("<IIQQQQ", 0, kind, 0, 0, 64 + len(body), len(part)) + b"\x00" * 24
        body += part
    head = struct.pack("<4sBB10xHHIQQQ", b"\x7fELF", 2, 1, 3, machine, 1, 0, 0, 64 + len(body))
    head += struct.pack("<IHHHHHH", 0, 64, 0, 0, 64, 3, 0)
    assert len(head) == 64
    return head + body + sections


def loaded(image: bytes) -> list[int]:
    """Return the variables that a library of `library` is loaded with, read in another way."""
    found: dict[int, int] = {}
    for place in range(64 + 40, len(image) - 23, 24):
        address, kind, word = struct.unpack_from("<QQq", image, place)
        if kind == 1027 and address >= 0x10000:
            found[address] = word
    top = max(found)
    return [found.get(address, 0) for address in range(0x10000, top + 8, 8)]
