"""Which interpreter and kernels run a search: the one whose start and bars take the least time.

The numbers are CPU time as `parity backtest speed-test` measures it; docs/BACKTEST.md has those of
the machine that these are from. Another machine is slower or faster in all of them, so that what is
chosen seldom changes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from tempfile import TemporaryDirectory

from engine.errors import UnavailableError, UsageError
from engine.nearest import hint
from engine.plural import plural
from engine.runtime.interpreters import CPYTHON, PYPY, Interpreter, find, this_kind
from engine.searching.children import Children, columns_file
from engine.searching.hosts import Here, Host
from engine.searching.scoring import Scorer
from engine.searching.task import Task, setup_line, write_columns

WORKERS = ("auto", "cpython", "pypy", "numba")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds until the first trial, and nanoseconds per bar of a trial, by kernel and without."""

    start: float
    kernel: float
    by_bar: float

    def seconds(self, work: int, jobs: int, *, has_kernel: bool) -> float:
        """Return the time of `work` bars of trials, shared by `jobs`."""
        return self.start + work * (self.kernel if has_kernel else self.by_bar) * 1e-9 / jobs


# By what runs the trials. The start of this process is over, but for what PyPy compiles.
COSTS = {
    "here": {CPYTHON: Cost(0.0, 350.0, 2_000.0), PYPY: Cost(0.2, 30.0, 130.0)},
    "child": {CPYTHON: Cost(0.1, 350.0, 2_000.0), PYPY: Cost(0.7, 30.0, 130.0)},
}
NUMBA = Cost(0.35, 9.0, 2_000.0)


@dataclass(frozen=True, slots=True)
class Choice:
    """Who runs the trials: an interpreter, kernels, and how many processes; 0 is this one."""

    workers: str
    interpreter: Interpreter
    backend: str
    n_children: int

    def __str__(self) -> str:
        kernels = " with Numba" if self.backend == "numba" else ""
        where = plural(self.n_children, "worker") if self.n_children else "this process"
        return f"{where} of {self.interpreter}{kernels}"


def this_interpreter() -> Interpreter:
    """Return the interpreter that runs now."""
    version = ".".join(map(str, sys.version_info[:3]))
    has_numba = this_kind() == CPYTHON and find_spec("numba") is not None
    return Interpreter(sys.executable, this_kind(), version, has_numba)


def choose(workers: str, work: int, jobs: int, *, has_kernel: bool) -> Choice:
    """Return who runs `work` bars of trials, in `jobs` processes where there are others.

    Raises
    ------
    UsageError
        If `workers` is none of `WORKERS`.
    UnavailableError
        If an interpreter that was asked for by name is not there.
    """
    if workers not in WORKERS:
        raise UsageError(f"no workers are called {workers!r}: {hint(workers, WORKERS)}")
    if workers == "auto":
        workers = cheapest(work, jobs, has_kernel=has_kernel)
    kind = PYPY if workers == "pypy" else CPYTHON
    own = this_interpreter()
    if own.kind == kind:
        found: Interpreter | None = own
    else:
        found = find(kind)
    if found is None:
        name = "cpython" if kind == CPYTHON else "pypy"
        raise UnavailableError(
            f"--workers {workers}: no {kind} on this machine can run the engine: "
            f"scripts/environments.sh {name}"
        )
    if workers == "numba" and not found.has_numba:
        raise UnavailableError(f"--workers numba: {found.path} has no Numba")
    is_here = found.path == own.path and jobs == 1
    backend = "numba" if workers == "numba" else "pure"
    return Choice(workers, found, backend, 0 if is_here else jobs)


def cheapest(work: int, jobs: int, *, has_kernel: bool) -> str:
    """Return the name of the workers that take the least time, of those that there are.

    The other interpreter is looked for only where it would pay.
    """
    own = this_interpreter()
    kinds = {CPYTHON: "cpython", PYPY: "pypy"}
    here = COSTS["here" if jobs == 1 else "child"][own.kind]
    best = here.seconds(work, jobs, has_kernel=has_kernel)
    chosen = kinds[own.kind]
    others: list[tuple[float, str]] = []
    if has_kernel:
        # The start of a child that has Numba is that of a process on top.
        start = 0.0 if own.kind == CPYTHON and jobs == 1 else COSTS["child"][CPYTHON].start
        others.append((start + NUMBA.seconds(work, jobs, has_kernel=True), "numba"))
    other = PYPY if own.kind == CPYTHON else CPYTHON
    others.append((COSTS["child"][other].seconds(work, jobs, has_kernel=has_kernel), kinds[other]))
    for seconds, name in sorted(others):
        if seconds < best and _is_there(name, own):
            return name
    return chosen


def _is_there(workers: str, own: Interpreter) -> bool:
    if workers == "numba":
        found = own if own.kind == CPYTHON else find(CPYTHON)
        return found is not None and found.has_numba
    return find(PYPY if workers == "pypy" else CPYTHON) is not None


@contextmanager
def opened(choice: Choice, task: Task) -> Iterator[Host]:
    """Start the workers of a choice, and end them whatever happens."""
    if not choice.n_children:
        yield Here(Scorer(task, choice.backend), str(choice))
        return
    with TemporaryDirectory(prefix="parity-search-") as folder:
        path = columns_file(folder)
        with path.open("wb") as file:
            write_columns(task, file)
        line = setup_line(task, str(path), choice.backend)
        children = Children(choice.interpreter.path, line, choice.n_children, str(choice))
        try:
            yield children
        finally:
            children.close()
