"""The same loops in C, compiled on the spot: the practical limit of this machine."""

from __future__ import annotations

import ctypes
import math
from array import array
from itertools import pairwise
from typing import Any

from benchmarks.baselines import c_series as baseline_c_series
from benchmarks.baselines.c_code import (
    FAST,
    Columns,
    column_task,
    compiler,
    compiler_version,
    library,
    task,
)
from benchmarks.baselines.shared import (
    BOX,
    GREEKS,
    HULL,
    IMPLIED,
    PARITY,
    PRICE,
    candidates_above,
    european,
    implied,
    mean_price,
)  # fmt: skip
from benchmarks.workloads.calls import N_OPTIONS, column, kernel_of, options
from benchmarks.workloads.calls_options import reprice
from benchmarks.workloads.tasks import Task
from engine.backend import Backend
from kernels_pure import normal

__all__ = ["BASELINES", "compiler", "compiler_version"]
REPRICE = f"kernel/reprice/{N_OPTIONS}"


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
    return task(library("loops"), "conversions_reversals", len(chain.expiries), columns, wanted)


def boxes(backend: Backend) -> Task:
    """Return long and short boxes."""
    view = european(backend)
    chain, terms = view.chain, view.terms
    low, high = array("d", chain.strike), array("d", chain.strike)
    columns: Columns = [
        chain.first, chain.strike, view.receive, view.pay, terms.borrow, terms.lend, low, high
    ]  # fmt: skip
    wanted = candidates_above(view, "box")
    return task(library("loops"), "boxes", len(chain.expiries), columns, wanted)


def hulls(backend: Backend) -> Task:
    """Return the lower hulls of the calls' asks."""
    chain = european(backend).chain
    value, vertex = array("d", chain.ask), array("l", bytes(8 * chain.n_rows))
    vertices = sum(
        backend.hull.lower_hull(chain.strike, chain.ask, 0, start, stop, value, vertex)
        for start, stop in pairwise(chain.first)
    )
    heights = math.fsum(height for height in value[: chain.n_rows] if height == height)
    columns: Columns = [chain.first, chain.strike, chain.ask, array("d", value), vertex]
    wanted = vertices, heights
    return task(library("loops"), "lower_hulls", len(chain.expiries), columns, wanted)


def _chains() -> ctypes.CDLL:
    coefficients = [
        f"-D{name}={value!r}" for name, value in vars(normal).items() if name[1:].isdigit()
    ]
    return library("prices", FAST, *coefficients)


def prices(backend: Backend) -> Task:
    """Return Black-Scholes prices."""
    columns: Columns = [*options(), column(N_OPTIONS)]
    return task(_chains(), "prices", N_OPTIONS, columns, mean_price(backend))


def _columns(count: int) -> Columns:
    return [column(N_OPTIONS) for _ in range(count)]


def greeks(backend: Backend) -> Task:
    """Return Black-Scholes prices and Greeks."""
    inputs, out, wanted = options(), _columns(6), _columns(6)
    written: Any = wanted
    backend.pricing.greeks_chain(*inputs, *written)
    return column_task(_chains(), "greeks", [*inputs], out, wanted)


def volatilities(backend: Backend) -> Task:
    """Return implied volatilities, by two steps for every row."""
    inputs, wanted, known = implied(backend)
    return column_task(_chains(), "implied", [*inputs], _columns(1), [wanted], known)


def repriced(backend: Backend) -> Task:
    """Return the prices of a chain at a new spot."""
    arguments = reprice(backend)
    spot, reference, *kept, right, wanted = arguments
    kernel_of(backend, "reprice.reprice_chain")(*arguments)
    inputs = [array("d", (spot, reference)), *kept, right]
    return column_task(_chains(), "reprice", inputs, _columns(1), [wanted])


BASELINES = {
    PARITY: parity,
    BOX: boxes,
    HULL: hulls,
    PRICE: prices,
    GREEKS: greeks,
    IMPLIED: volatilities,
    REPRICE: repriced,
    **baseline_c_series.BASELINES,
}
