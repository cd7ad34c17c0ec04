"""Which kernels run: chosen once, at start-up, and handed down as a value."""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from engine.errors import ConfigurationError, UnavailableError, install_command
from engine.nearest import hint
from engine.runtime import comparisons
from kernels_pure import LATER, SCAN

NAMES = ("auto", "pure", "numba")
# Of `array("l")`, and of the integers that compiled kernels read there.
INDEX_BYTES = 8
VARIABLE = "ENGINE_BACKEND"


@dataclass(frozen=True, slots=True)
class Backend:
    """The kernel modules in use and why; ``str(backend)`` is the line that every report prints."""

    name: str
    reason: str
    normal: ModuleType
    pricing: ModuleType
    implied: ModuleType
    parity: ModuleType
    pairs: ModuleType
    verticals: ModuleType
    notice: ModuleType
    partial: ModuleType
    rolls: ModuleType
    mixture: ModuleType
    surface: ModuleType
    calendars: ModuleType
    pair_screens: ModuleType
    screen: ModuleType
    cover: ModuleType
    hull: ModuleType
    envelope: ModuleType
    simplex: ModuleType
    forward: ModuleType
    candidates: ModuleType
    limits: ModuleType
    proceeds: ModuleType
    gates: ModuleType
    scoring: ModuleType
    capital: ModuleType
    rank: ModuleType

    def load(self, module: str) -> ModuleType:
        """Return one of the kernel modules that the scan does without, imported at first.

        Raises
        ------
        ValueError
            If there is no such module.
        """
        if module not in LATER:
            raise ValueError(f"no kernel module is called {module!r}: {hint(module, LATER)}")
        return import_module(f"kernels_{self.name}.{module}")

    def __str__(self) -> str:
        kernels = "pure" if self.name == "pure" else f"Numba {numba_version()}"
        return f"{kernels} kernels on {runtime()} ({self.reason})"


def runtime() -> str:
    """Return the interpreter and the version of Python it speaks: ``PyPy 3.11.11``."""
    # The module `platform` says the same and costs PyPy 10 ms of its start-up.
    name = "PyPy" if sys.implementation.name == "pypy" else "CPython"
    return f"{name} {'.'.join(map(str, sys.version_info[:3]))}"


def numba_version() -> str:
    """Return the version of Numba, "" when it has not been imported."""
    return str(getattr(sys.modules.get("numba"), "__version__", ""))


def select(name: str | None = None, environ: Mapping[str, str] = os.environ) -> Backend:
    """Return the backend called `name`, else the one of ``ENGINE_BACKEND``, else ``auto``.

    ``auto`` takes Numba where it imports and never fails; ``pure`` and ``numba`` never fall back.
    Numba is imported only when it may be chosen. On PyPy for ARM64 the compiler is corrected, or
    off, from here on (`engine.runtime.comparisons.correct`).

    Raises
    ------
    ConfigurationError
        If there is no backend of that name.
    UnavailableError
        If ``numba`` was asked for by name and does not run here, or nothing does.
    """
    wish = environ.get(comparisons.VARIABLE, comparisons.FIX)
    if wish not in comparisons.CHOICES:
        meant = hint(wish, comparisons.CHOICES)
        raise ConfigurationError(f"{comparisons.VARIABLE}: no choice is called {wish!r}: {meant}")
    # At the latest now, for whoever came here by another way than the command line.
    comparisons.correct()
    source = "asked for" if name else VARIABLE
    asked = name or environ.get(VARIABLE) or "auto"
    if asked not in NAMES:
        raise ConfigurationError(f"no backend is called {asked!r} ({source}): {hint(asked, NAMES)}")
    if asked == "pure":
        return _bind("pure", f"pure: {source}{_compiler()}")
    problem = _numba_problem()
    if not problem:
        return _bind("numba", "auto: Numba is installed" if asked == "auto" else f"numba: {source}")
    if asked == "auto":
        return _bind("pure", f"auto: {problem}{_compiler()}")
    raise UnavailableError(f"backend numba ({source}): {problem}; --backend pure runs everywhere")


def _compiler() -> str:
    said = comparisons.SAID[comparisons.state()]
    return f"; {said}" if said else ""


def _numba_problem() -> str:
    if sys.implementation.name == "pypy":
        return "Numba does not run on PyPy"
    if find_spec("numba") is None:
        return f"Numba is not installed ({install_command('numba')})"
    try:
        import_module("kernels_numba._progress").PROGRESS.listen()
    except Exception as error:  # a broken Numba fails in many ways, and auto must not
        return f"Numba does not import: {type(error).__name__}: {error}".splitlines()[0]
    return ""


def _bind(name: str, reason: str) -> Backend:
    if array("l").itemsize != INDEX_BYTES:
        raise UnavailableError("columns of whole numbers need 64 bits: use 64-bit Linux or macOS")
    modules = {module: import_module(f"kernels_{name}.{module}") for module in SCAN}
    return Backend(name=name, reason=reason, **modules)
