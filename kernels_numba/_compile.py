"""`compiled`: the one way from a kernel to its twin."""

from __future__ import annotations

from collections.abc import Callable
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
    # Numba reads its cache folder when a function is decorated; other users keep theirs.
    before = _settings.CACHE_DIR
    _settings.CACHE_DIR = FOLDER
    try:
        twin = njit(cache=bool(FOLDER), error_model="numpy")(pure)
    finally:
        _settings.CACHE_DIR = before
    return cast(Kernel, twin)
