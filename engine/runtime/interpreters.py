"""The other interpreter of this machine that can run the engine, and how to start it.

Looked for are the environments of the checkout, then PATH. A candidate is run before it is
believed: a name on PATH may be a shim for a version that is not there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which

CPYTHON, PYPY = "CPython", "PyPy"
KINDS = (CPYTHON, PYPY)
ROOT = Path(__file__).resolve().parents[2]
NAMES = {
    CPYTHON: ("python3.13", "python3.12", "python3.11", "python3.10", "python3"),
    PYPY: ("pypy3.11", "pypy3.10", "pypy3"),
}
ENVIRONMENTS = {CPYTHON: ".venv", PYPY: ".venv-pypy"}
# Set for a process that was started in place of another: it starts none itself.
GUARD = "PARITY_REEXECUTED"
_PROBE = """
import importlib.util, sys
import rich
pypy = sys.implementation.name == "pypy"
numba = not pypy and importlib.util.find_spec("numba") is not None
print("PyPy" if pypy else "CPython", ".".join(map(str, sys.version_info[:3])), int(numba))
"""
# The engine that runs now, and no other that may lie in the working folder.
_START = "import sys; sys.path[0] = sys.argv.pop(1); from engine.cli.main import main; \
sys.exit(main())"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that can run the engine."""

    path: str
    kind: str
    version: str
    has_numba: bool

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


def this_kind() -> str:
    """Return the kind of the interpreter that runs now."""
    return PYPY if sys.implementation.name == "pypy" else CPYTHON


def find(kind: str) -> Interpreter | None:
    """Return the first interpreter of a kind that can run the engine: this one if it is one."""
    for path in candidates(kind):
        found = probed(path)
        if found is not None and found.kind == kind:
            return found
    return None


def candidates(kind: str, environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the paths where an interpreter of a kind may be, the likeliest first."""
    if kind == this_kind():
        yield sys.executable
    environment = ROOT / ENVIRONMENTS[kind] / "bin" / "python"
    if environment.exists():
        yield str(environment)
    for name in NAMES[kind]:
        path = which(name, path=environ.get("PATH"))
        if path:
            yield path


def probed(path: str) -> Interpreter | None:
    """Return what an executable is, None if it cannot run the engine."""
    try:
        done = subprocess.run(
            [path, "-c", _PROBE], env=environment(), capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split()
    if done.returncode or len(words) != 3:
        return None
    kind, version, has_numba = words
    if tuple(map(int, version.split(".")[:2])) < (3, 10):
        return None
    return Interpreter(path, kind, version, has_numba == "1")


def environment(**more: str) -> dict[str, str]:
    """Return the variables of a process of another interpreter.

    PyPy does not start under a locale that the machine does not have, so it gets a sure one.
    """
    locale = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    return {**os.environ, "LC_ALL": locale, **more}


def command(interpreter: Interpreter, *words: str) -> list[str]:
    """Return the command that runs this engine on `interpreter`."""
    return [interpreter.path, "-c", _START, str(ROOT), *words]
