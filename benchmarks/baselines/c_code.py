"""C files compiled on the spot, and their functions as tasks."""

from __future__ import annotations

import ctypes
import subprocess
from array import array
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.baselines.c_compiler import SHARED, working
from benchmarks.baselines.shared import Answer, baseline, n_off
from benchmarks.workloads.tasks import Task

HERE = Path(__file__).parent
# Lets gcc call its vector forms of exp and log. It would lose a nan, so only chains have it.
FAST = "-ffast-math"

Columns = list["array[float] | array[int]"]


def compiler() -> str:
    """Return the C compiler of this machine, or ""."""
    return working().path


def compiler_version() -> str:
    """Return the compiler and its flags as they are published."""
    done = subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=True)
    return f"{done.stdout.splitlines()[0]}, {' '.join(working().flags)} ({FAST} for chains)"


@cache
def library(name: str, *flags: str) -> ctypes.CDLL:
    """Compile one of the C files and load it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.so"
        command = [compiler(), *working().flags, *flags, *SHARED, "-o", str(path)]
        subprocess.run([*command, str(HERE / f"{name}.c"), "-lm"], check=True)
        return ctypes.CDLL(str(path))


def task(
    code: ctypes.CDLL,
    name: str,
    size: int,
    columns: Columns,
    wanted: Answer,
    compared: Callable[[], Answer] | None = None,
) -> Task:
    """Return the task of a C function, which takes its own time: calling it costs nothing.

    Its answer is what it says, or what `compared` finds after it.
    """
    function = getattr(code, name)
    function.restype = ctypes.c_double
    result = array("d", (0.0, 0.0))
    # Views, not addresses: they keep the columns alive.
    views = [
        (ctypes.c_char * (column.itemsize * len(column))).from_buffer(column)
        for column in (*columns, result)
    ]

    def answer(floor: float) -> Answer:
        function(ctypes.c_double(floor), ctypes.c_int64(size), *views)
        return compared() if compared else (result[0], result[1])

    def run() -> float:
        start = perf_counter()
        inside: float = function(ctypes.c_double(0.0), ctypes.c_int64(size), *views)
        return perf_counter() - start - inside

    return baseline(answer, wanted, run)


def column_task(
    code: ctypes.CDLL,
    name: str,
    columns: Columns,
    out: Columns,
    wanted: Columns,
    rows: Iterable[bool] | None = None,
) -> Task:
    """Return the task of a C function that writes columns, which must be near those wanted.

    With `rows`, only in the rows for which it says so.
    """
    size = len(wanted[0])
    kept = list(rows) if rows is not None else [True] * size

    def compared() -> Answer:
        return n_off(out, wanted, kept), 0.0

    return task(code, name, size, [*columns, *out], (0, 0.0), compared)
