"""Whether PyPy's compiler compares the numbers that it is asked to compare, and what if not.

PyPy's compiler for ARM64 (7.3.19, in whose source it can be read) loads the second side of a
comparison of doubles without keeping the first: where all eight of its registers are in use, a
number is compared with itself, and nobody is told. Its compiler for x86-64 has no such fault.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module

ROUNDS = 3000
# So often that the loop is compiled, and with the other outcome of the comparison.
BEFORE = 5000


@cache
def jit_turned_off() -> bool:
    """Turn PyPy's compiler off where it compares wrongly; return whether that was done.

    Tried out on ARM64 alone, once in a process, in a few milliseconds. Whoever starts PyPy with
    ``--jit`` has decided otherwise.
    """
    if sys.implementation.name != "pypy" or os.uname().machine not in ("aarch64", "arm64"):
        return False
    if jit_is_given() or not wrong_comparisons():
        return False
    import_module("pypyjit").set_param("off")
    return True


def jit_is_given() -> bool:
    """Return whether PyPy was started with ``--jit``: then its compiler is as somebody wants it."""
    return any(word.startswith("--jit") for word in sys.orig_argv)


def wrong_comparisons() -> int:
    """Return how many of `ROUNDS` comparisons go wrong in a compiled loop: 0 where all is well."""
    _count(BEFORE, 2.0)
    return _count(ROUNDS, 1e-9)


def _count(rounds: int, share: float) -> int:
    """Return how often ``i * share >= 1`` is said to hold, with more numbers alive than registers.

    The numbers are added up and used, so that no compiler leaves them out.
    """
    a = b = c = d = e = f = g = h = 1.0
    count = 0
    for i in range(rounds):
        a += b * 1e-9
        b += c * 1e-9
        c += d * 1e-9
        d += e * 1e-9
        e += f * 1e-9
        f += g * 1e-9
        g += h * 1e-9
        h += a * 1e-9
        if i * share >= 1.0:
            count += 1
    return count if a + b + c + d + e + f + g + h > 0.0 else -1
