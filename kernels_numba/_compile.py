"""`compiled`: the one way from a kernel to its twin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from numba import config, njit
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys
from numba.extending import register_jitable

from kernels_numba._cache import FOLDER
from kernels_numba._checked import CheckedFile, say_once

Kernel = TypeVar("Kernel", bound=Callable[..., object])
_settings: Any = config


# What kernels may call and Numba has not been told of yet, with the options to inline it with.
_untold: list[tuple[Callable[..., Any], dict[str, Any]]] = []


def compiled(pure: Kernel) -> Kernel:
    """Return the Numba twin of a kernel, compiled on first call and kept on disk.

    `pure` itself stays a plain Python function; inside other twins it is compiled and inlined.
    ``error_model='numpy'`` drops the test for a zero divisor, so kernels guard every division; the
    results stay equal to the last bit.
    """
    return cast(Kernel, kept(njit(error_model="numpy")(inlined(pure))))


def compiled_for_threads(loop: Kernel) -> Kernel:
    """Return as `compiled` does a twin that lets go of the interpreter's lock while it runs.

    That takes longer than a kernel of one row.
    """
    return cast(Kernel, kept(njit(error_model="numpy", nogil=True)(inlined(loop))))


def inlined(function: Kernel, **options: Any) -> Kernel:
    """Let what is compiled from now on call `function`, which becomes a part of the caller."""
    _untold.append((function, options))
    if not FOLDER:
        register_inlined()
    return function


def kept(twin: Any) -> Any:
    """Return a dispatcher of Numba's with its machine code kept in our folder."""
    if FOLDER and hasattr(twin, "py_func"):  # not under NUMBA_DISABLE_JIT
        twin._cache = KernelCache(twin.py_func)
    return twin


class KernelCache:
    """Numba's cache of one kernel, which brings no compiler where nothing has to be compiled.

    Numba's own makes sure of its folder when a kernel is decorated, and before it reads a kernel
    it imports all that machine code could be made of: more than half of the time of a process that
    only calls what is there. Whatever compiles does so by itself.
    """

    def __init__(self, kernel: Callable[..., Any]) -> None:
        self._kernel = kernel
        self._opened: Any = None

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what was compiled for `sig`; None if nothing was, and then it can be."""
        cache = self._open()
        rtsys.initialize(target_context)  # machine code refers to it
        with cache._guard_against_spurious_io_errors():
            found = cache._load_overload(sig, target_context)
            if found is not None:
                return found
        register_inlined()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled for `sig`, if it can be: a full disk costs the next start only."""
        try:
            self._open().save_overload(sig, data)
        except OSError as error:
            say_once(f"compiled kernels are not kept: {error.strerror or error}")

    def __getattr__(self, name: str) -> Any:
        """Return the rest from Numba's cache."""
        return getattr(self._open(), name)

    def _open(self) -> Any:
        if self._opened is None:
            with cache_folder():
                opened: Any = FunctionCache(self._kernel)
            # Numba would keep apart what lies in another folder or was written at another time:
            # ours is named by what the sources say, so that every environment shares it.
            opened._cache_path = FOLDER
            opened._cache_file = CheckedFile(FOLDER, opened._impl.filename_base, "")
            self._opened = opened
        return self._opened


def register_inlined() -> None:
    """Tell Numba of all that kernels may call: of those as well that come from the cache."""
    while _untold:
        function, options = _untold.pop(0)
        register_jitable(forceinline=True, **options)(function)


@contextmanager
def cache_folder() -> Iterator[None]:
    """Let caches that are made meanwhile be in our folder; other users of Numba keep theirs."""
    before = _settings.CACHE_DIR
    _settings.CACHE_DIR = FOLDER
    try:
        yield
    finally:
        _settings.CACHE_DIR = before
