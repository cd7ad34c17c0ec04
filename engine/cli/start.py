"""What the interpreter leaves for later in a process that is over soon."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from engine.runtime.comparisons import TURNED_OFF, correct, jit_words

# Six times PyPy's own: what runs less often in one scan is not worth being compiled.
PYPY_JIT = "threshold=6000,function_threshold=9000"
# Compiled in two thirds of the time, to what runs slower: right for what is over in a second.
PYPY_SHORT = (
    "enable_opts=intbounds:rewrite:virtualize:string:pure:earlyforce:heap,trace_eagerness=100"
)


@contextmanager
def without_collection() -> Iterator[None]:
    """Import with the collector at rest, and keep it from what was imported ever after.

    Modules stay, so there is nothing to find, and Numba brings so many objects that looking
    through them again and again is a fifth of the start.
    """
    if not hasattr(gc, "freeze"):  # PyPy looks through what is old less often
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def compile_less(how: str = PYPY_JIT) -> None:
    """Let PyPy compile what runs often alone, unless ``pypy3 --jit`` says when; not on CPython.

    `how` is `PYPY_JIT`, or `PYPY_SHORT` for loops that run often and not for long.
    """
    if sys.implementation.name != "pypy" or correct() == TURNED_OFF:
        return
    if not list(jit_words()):
        import_module("pypyjit").set_param(how)
