"""The table of comparisons in PyPy's library as a file: an ELF shared object for ARM64.

What stands in the table when the library is loaded is written in its relocations: the address that
an entry gets, relative to the library. Six of them are changed, twelve to eighteen bytes.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass

from engine.runtime.comparison_table import N_FLOAT, N_INTEGER, tables

ELF_64_LITTLE = b"\x7fELF\x02\x01"
AARCH64 = 183
RELOCATIONS = 4  # SHT_RELA
RELATIVE = 1027  # R_AARCH64_RELATIVE
ENTRY, WORD = 24, 8
# PyPy's variables are some ten megabytes.
MOST_WORDS = 1 << 25


@dataclass(frozen=True, slots=True)
class Relocations:
    """By word of the library's variables: what is put there, and where in the file that stands."""

    values: array[int]
    places: array[int]


def corrected(library: bytes) -> bytes | None:
    """Return a library whose comparisons of floats are placed as those of integers are.

    None if nothing in it, or more than one place, has the form of the table.

    Raises
    ------
    ValueError
        If it is no shared object for 64-bit ARM, or a broken one.
    """
    relocations = _relocations(library)
    found = tables(relocations.values)
    if len(found) != 1:
        return None
    patched = bytearray(library)
    first = found[0]
    for k in range(first + N_INTEGER, first + N_INTEGER + N_FLOAT):
        struct.pack_into("<Q", patched, relocations.places[k], relocations.values[first])
    return bytes(patched)


def _relocations(library: bytes) -> Relocations:
    """Return what is put into each word between the first and the last relocated one."""
    if not library.startswith(ELF_64_LITTLE):
        raise ValueError("no 64-bit ELF file")
    try:
        entries = [entry for part in _sections(library) for entry in _relative(library, part)]
    except struct.error as error:
        raise ValueError(f"a broken ELF file: {error}") from None
    entries = [entry for entry in entries if entry[0] % WORD == 0]
    if not entries:
        return Relocations(array("Q"), array("Q"))
    low = min(entry[0] for entry in entries)
    n = (max(entry[0] for entry in entries) - low) // WORD + 1
    if n > MOST_WORDS:
        raise ValueError(f"a broken ELF file: {n} words of variables")
    values, places = array("Q", bytes(WORD * n)), array("Q", bytes(WORD * n))
    for address, addend, place in entries:
        k = (address - low) // WORD
        values[k], places[k] = addend, place
    return Relocations(values, places)


def _sections(library: bytes) -> list[tuple[int, int]]:
    """Return begin and end of each section of relocations with addends."""
    (machine,) = struct.unpack_from("<H", library, 18)
    if machine != AARCH64:
        raise ValueError(f"an ELF file for machine {machine}, not for 64-bit ARM")
    (table,) = struct.unpack_from("<Q", library, 40)
    size, count = struct.unpack_from("<HH", library, 58)
    found = []
    for k in range(count):
        _, kind, _, _, offset, length = struct.unpack_from("<IIQQQQ", library, table + k * size)
        if kind == RELOCATIONS:
            if offset + length > len(library):
                raise ValueError("a broken ELF file: a section ends after the file")
            found.append((offset, offset + length - length % ENTRY))
    return found


def _relative(library: bytes, part: tuple[int, int]) -> list[tuple[int, int, int]]:
    """Return address, value and place in the file of the value, of each relative relocation."""
    begin, end = part
    numbers = array("Q")
    numbers.frombytes(library[begin:end])
    addresses, kinds, addends = numbers[0::3], numbers[1::3], numbers[2::3]
    return [
        (addresses[k], addends[k], begin + ENTRY * k + 16)
        for k in range(len(kinds))
        if kinds[k] & 0xFFFFFFFF == RELATIVE
    ]
