"""The table of comparisons in the memory of a running PyPy, on ARM64 Linux alone."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from engine.runtime.comparison_table import N_FLOAT, N_INTEGER, tables

MAPS = "/proc/self/maps"
WORD = 8


@dataclass(frozen=True, slots=True)
class Table:
    """Where the entries of the six comparisons of floats are, and what was there when found."""

    address: int
    integer: int
    real: int

    def correct(self) -> None:
        """Give the comparisons of floats the function of those of integers."""
        self._write(self.integer)

    def restore(self) -> None:
        """Give them their own again."""
        self._write(self.real)

    def _write(self, function: int) -> None:
        entries = (ctypes.c_uint64 * N_FLOAT).from_address(self.address)
        for k in range(N_FLOAT):
            entries[k] = function


def find() -> Table | None:
    """Return the table of this process; None if nothing, or more than one place, has its form."""
    try:
        with open(MAPS, encoding="ascii", errors="replace") as lines:
            segments = list(writable(lines))
    except OSError:
        return None
    found = []
    for low, high in segments:
        words = array("Q")
        words.frombytes(ctypes.string_at(low, high - low))
        for first in tables(words):
            at = first + N_INTEGER
            found.append(Table(low + WORD * at, words[first], words[at]))
    return found[0] if len(found) == 1 else None


def writable(lines: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield begin and end of what PyPy's library keeps its variables in.

    >>> list(writable(["1000-3000 rw-p 00000000 08:01 7 /usr/lib/libpypy3.11-c.so"]))
    [(4096, 12288)]
    """
    for line in lines:
        # Address, rights, offset, device, inode, path.
        parts = line.split(maxsplit=5)
        if len(parts) < 6 or not parts[1].startswith("rw"):
            continue
        if PurePath(parts[5].strip()).name.startswith("libpypy"):
            low, _, high = parts[0].partition("-")
            yield int(low, 16), int(high, 16)
