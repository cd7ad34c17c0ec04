"""The same loops in C, compiled on the spot: the practical limit of this machine."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
from array import array
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from baselines import (
    BOX,
    HULL,
    PARITY,
    PRICE,
    Answer,
    baseline,
    candidates_above,
    european,
    mean_price,
)  # fmt: skip
from calls import N_OPTIONS, options
from tasks import Task

from engine.backend import Backend
from kernels_pure import normal

HERE = Path(__file__).parent
FLAGS = ("-O3", "-march=native")
# Lets gcc call its vector forms of exp and log. It would lose a nan, so only prices have it.
FAST = "-ffast-math"

Columns = list["array[float] | array[int]"]


def compiler() -> str:
    """Return the C compiler of this machine, or ""."""
    return next((path for name in ("gcc", "cc", "clang") if (path := shutil.which(name))), "")


def compiler_version() -> str:
    """Return the compiler and its flags as they are published."""
    done = subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=True)
    return f"{done.stdout.splitlines()[0]}, {' '.join(FLAGS)} ({FAST} for prices)"


@cache
def _library(name: str, *flags: str) -> ctypes.CDLL:
    """Compile one of the C files and load it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.so"
        command = [compiler(), *FLAGS, *flags, "-shared", "-fPIC", "-o", str(path)]
        subprocess.run([*command, str(HERE / f"{name}.c"), "-lm"], check=True)
        return ctypes.CDLL(str(path))


def _task(library: ctypes.CDLL, name: str, size: int, columns: Columns, wanted: Answer) -> Task:
    """Return the task of a C function, which takes its own time: calling it costs nothing."""
    function = getattr(library, name)
    function.restype = ctypes.c_double
    result = array("d", (0.0, 0.0))
    # Views, not addresses: they keep the columns alive.
    views = [
        (ctypes.c_char * (column.itemsize * len(column))).from_buffer(column)
        for column in (*columns, result)
    ]

    def answer(floor: float) -> Answer:
        function(ctypes.c_double(floor), ctypes.c_int64(size), *views)
        return result[0], result[1]

    def run() -> float:
        start = perf_counter()
        inside: float = function(ctypes.c_double(0.0), ctypes.c_int64(size), *views)
        return perf_counter() - start - inside

    return baseline(answer, wanted, run)


def parity(backend: Backend) -> Task:
    """Return conversions and reversals."""
    view = european(backend)
    chain, terms = view.chain, view.terms
    owed = array("d", map(float.__add__, terms.div_out, terms.stock_borrow))
    columns: Columns = [
        chain.first, chain.strike, view.receive, view.pay, terms.stock_pay, terms.stock_receive,
        terms.borrow, terms.lend, terms.div_in, owed, array("d", chain.strike),
    ]  # fmt: skip
    wanted = candidates_above(view, "conversion", "reversal")
    return _task(_library("loops"), "conversions_reversals", len(chain.expiries), columns, wanted)


def boxes(backend: Backend) -> Task:
    """Return long and short boxes."""
    view = european(backend)
    chain, terms = view.chain, view.terms
    low, high = array("d", chain.strike), array("d", chain.strike)
    columns: Columns = [
        chain.first, chain.strike, view.receive, view.pay, terms.borrow, terms.lend, low, high
    ]  # fmt: skip
    wanted = candidates_above(view, "box")
    return _task(_library("loops"), "boxes", len(chain.expiries), columns, wanted)


def hulls(backend: Backend) -> Task:
    """Return the lower hulls of the calls' asks."""
    chain = european(backend).chain
    value, vertex = array("d", chain.ask), array("q", bytes(8 * chain.n_rows))
    vertices = sum(
        backend.hull.lower_hull(chain.strike, chain.ask, 0, start, stop, value, vertex)
        for start, stop in pairwise(chain.first)
    )
    heights = math.fsum(height for height in value[: chain.n_rows] if height == height)
    columns: Columns = [chain.first, chain.strike, chain.ask, array("d", value), vertex]
    wanted = vertices, heights
    return _task(_library("loops"), "lower_hulls", len(chain.expiries), columns, wanted)


def prices(backend: Backend) -> Task:
    """Return Black-Scholes prices."""
    coefficients = [
        f"-D{name}={value!r}" for name, value in vars(normal).items() if name[1:].isdigit()
    ]
    columns: Columns = [*options(), array("d", bytes(8 * N_OPTIONS))]
    library = _library("prices", FAST, *coefficients)
    return _task(library, "prices", N_OPTIONS, columns, mean_price(backend))


BASELINES = {PARITY: parity, BOX: boxes, HULL: hulls, PRICE: prices}
