"""A watchman for the code that PyPy's compiler writes on ARM64: a number compared with itself.

The faulty place is two instructions: a double is loaded over the first side of a comparison, and
then compared with itself. From a constant that is ``ldr dN, [x16]; fcmp dN, dN``, which nothing
right has; from the frame, ``ldr dN, [x29, #k]; fcmp dN, dN``, it may also be a test for nan
(``x != x``), so what is compiled is asked how many of these it has.
"""

from __future__ import annotations

import ctypes
import re
from importlib import import_module
from typing import Any

# PyPy's compiler uses d0 to d7. Little endian: the last byte says what it is.
_LOADS = {"constant": b"%s\x02\x40\xfd", "frame": b"%s[\x03-\xff][\x40-\x7f]\xfd"}
_FRAME = 0xA0  # x29 in the three upper bits of the first byte


def _pattern(kind: str) -> re.Pattern[bytes]:
    forms = []
    for n in range(8):
        first = re.escape(bytes([n if kind == "constant" else _FRAME | n]))
        itself = re.escape(bytes([n << 5, 0x20, 0x60 | n, 0x1E]))
        forms.append(_LOADS[kind] % first + itself)
    return re.compile(b"|".join(forms), re.DOTALL)


# Of an operation as PyPy prints it: ``i7 = float_ne(f3, f3)``.
NAN_TEST = re.compile(r"\bfloat_(?:eq|ne|lt|le|gt|ge)\((\w+), \1\)")
PATTERNS = {kind: _pattern(kind) for kind in _LOADS}


def pairs(code: bytes) -> dict[str, int]:
    """Return how many faulty pairs machine code has, by where the double is loaded from."""
    return {
        kind: sum(
            match.start() % 4 == 0 and (kind == "constant" or match[0][1] & 3 == 3)
            for match in pattern.finditer(code)
        )
        for kind, pattern in PATTERNS.items()
    }


class Watchman:
    """Counts what is compiled in this process from now on, and the faulty pairs in it."""

    def __init__(self) -> None:
        self.compiled = 0
        self.bytes = 0
        self.found = dict.fromkeys(PATTERNS, 0)
        self.nan_tests = 0
        import_module("pypyjit").set_compile_hook(self._look)

    def _look(self, info: Any) -> None:
        code = ctypes.string_at(info.asmaddr, info.asmlen)
        self.compiled += 1
        self.bytes += len(code)
        for kind, n in pairs(code).items():
            self.found[kind] += n
        if info.operations:
            self.nan_tests += sum(bool(NAN_TEST.search(str(one))) for one in info.operations)

    @property
    def faulty(self) -> int:
        """How many pairs no test for nan accounts for."""
        return self.found["constant"] + max(0, self.found["frame"] - self.nan_tests)

    def __str__(self) -> str:
        found = ", ".join(f"{n} from a {kind}" for kind, n in self.found.items())
        return (
            f"{self.compiled:,} pieces of code, {self.bytes:,} bytes: a double loaded and compared "
            f"with itself: {found}; {self.nan_tests} tests for nan; faulty: {self.faulty}"
        )
