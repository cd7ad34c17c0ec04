"""`compiled`: the one way from a kernel to its twin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from numba import config, njit
from numba.extending import register_jitable

from kernels_numba._cache import FOLDER

Kernel = TypeVar("Kernel", bound=Callable[..., object])
_settings: Any = config


def compiled(pure: Kernel) -> Kernel:
    """Return the Numba twin of a kernel, compiled on first call and kept on disk.

    `pure` itself stays a plain Python function; inside other twins it is compiled and inlined.
    ``error_model='numpy'`` drops the test for a zero divisor, so kernels guard every division; the
    results stay equal to the last bit.
    """
    register_jitable(forceinline=True)(pure)
    with cache_folder():
        twin = njit(cache=bool(FOLDER), error_model="numpy")(pure)
    return cast(Kernel, twin)


@contextmanager
def cache_folder() -> Iterator[None]:
    """Let what is decorated meanwhile be kept in our folder; other users of Numba keep theirs."""
    before = _settings.CACHE_DIR
    _settings.CACHE_DIR = FOLDER
    try:
        yield
    finally:
        _settings.CACHE_DIR = before
