"""Starting up without looking for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
