"""Whether PyPy's compiler compares doubles as it is asked to, and what is done where it does not.

PyPy's compiler for ARM64 (seen in 7.3.11 to 8.0.1, its source since 2019) loads the second side of
a comparison of doubles without keeping the first: where all eight of its registers are in use, a
number is compared with itself, without a message. Its compiler for x86-64 has no such fault.
docs/upstream/pypy-aarch64-float-compare.md has the condition and a reproducer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

VARIABLE = "PARITY_PYPY_COMPARISONS"
FIX, OFF, LEAVE = "fix", "off", "leave"
CHOICES = (FIX, OFF, LEAVE)

# What `correct` found or did: nothing where there is nothing to find, else one of four.
NOT_ASKED = "not asked"
RIGHT, CORRECTED, TURNED_OFF, LEFT_WRONG = "right", "corrected", "off", "left"
SAID = {
    NOT_ASKED: "",
    RIGHT: "PyPy's compiler compares rightly",
    CORRECTED: "PyPy's compiler corrected",
    TURNED_OFF: "PyPy's compiler is off, it compares wrongly here",
    LEFT_WRONG: f"PyPy's compiler COMPARES WRONGLY and is on, {VARIABLE}={LEAVE}",
}
# What a scan says besides.
NOTES = {
    TURNED_OFF: "note: PyPy's compiler compares wrongly on this machine and could not be corrected "
    "or may not be, so it is off and scans take long: CPython is faster here (`parity doctor`)",
    LEFT_WRONG: f"note: PyPy's compiler compares wrongly on this machine and is left on "
    f"({VARIABLE}={LEAVE}): what is found may be wrong",
}

ROUNDS = 3000
# Rounds that compile the loop, with the other outcome of the comparison.
BEFORE = 5000
# The sum is used, so that no compiler leaves out the eight numbers that fill its registers.
_QUESTION = """
def count(rounds, share):
    a = b = c = d = e = f = g = h = 1.0
    hits = 0
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
            hits += 1
    return hits if a + b + c + d + e + f + g + h > 0.0 else -1
"""

_state = NOT_ASKED


def state() -> str:
    """Return what `correct` found or did in this process."""
    return _state


def correct() -> str:
    """Have PyPy on ARM64 compare as it is asked to, from here on; return the state.

    Asked once in a process, in a few milliseconds, and nowhere else than on ARM64. What was
    compiled before stays as it is, so this comes first. Where comparisons are wrong the environment
    variable `VARIABLE` decides: ``fix`` (default) corrects the compiler's table, and turns the
    compiler off only where that is not possible; ``off`` turns it off at once; ``leave`` leaves
    it. Parameters of the compiler become those of ``pypy3 --jit``, else the defaults.
    """
    global _state
    if _state == NOT_ASKED and _may_be_wrong():
        _state = _corrected(os.environ.get(VARIABLE, FIX))
    return _state


def _may_be_wrong() -> bool:
    return (
        sys.implementation.name == "pypy"
        and os.uname().machine in ("aarch64", "arm64")
        and "pypyjit" in sys.builtin_module_names
        and [*jit_words()][-1:] != ["off"]
    )


def _corrected(wish: str) -> str:
    set_param = import_module("pypyjit").set_param
    # A threshold of the user's may lie above what the question runs, and hide the fault.
    set_param("default")
    found = _found(wish)
    if found == TURNED_OFF:
        set_param("off")
    else:
        for word in jit_words():
            set_param(word)
    return found


def _found(wish: str) -> str:
    if not wrong_comparisons():
        return RIGHT
    if wish == LEAVE:
        return LEFT_WRONG
    if wish == OFF or sys.platform != "linux":
        return TURNED_OFF
    from engine.runtime import comparison_memory

    table = comparison_memory.find()
    if table is None:
        return TURNED_OFF
    table.correct()
    if not wrong_comparisons():
        return CORRECTED
    table.restore()
    return TURNED_OFF


def jit_words(words: Sequence[str] | None = None) -> Iterator[str]:
    """Yield what PyPy was started with after ``--jit``, of this process or of a command line.

    >>> list(jit_words(["pypy3", "-X", "dev", "--jit", "vec=1", "-m", "engine", "--jit", "off"]))
    ['vec=1']
    """
    rest = iter((sys.orig_argv if words is None else words)[1:])
    for word in rest:
        if word == "--jit":
            yield next(rest, "")
        elif word in ("-W", "-X"):
            next(rest, "")
        elif word in ("-c", "-m") or not word.startswith("-"):
            return


def wrong_comparisons() -> int:
    """Return how many of `ROUNDS` comparisons go wrong in a compiled loop: 0 where all is well.

    The loop is new each time: one that was compiled before would give its old answer.
    """
    count = _question()
    count(BEFORE, 2.0)
    return count(ROUNDS, 1e-9)


def _question() -> Callable[[int, float], int]:
    made: dict[str, Callable[[int, float], int]] = {}
    exec(_QUESTION, made)
    return made["count"]
