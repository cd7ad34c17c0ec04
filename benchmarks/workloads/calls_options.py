"""Workloads that call the kernels of options outside the scan."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from random import Random
from typing import Any

from benchmarks.workloads.calls import N_OPTIONS, Built, Call, column, kernel_of, options
from benchmarks.workloads.markets import SEED
from benchmarks.workloads.tasks import Task, python_task
from engine.backend import Backend
from kernels_pure.quadrature import american_rule
from kernels_pure.reprice import prepare_reprice
from kernels_pure.svi import svi_variance

# American options take some hundred times as long as European ones.
N_LATTICE, STEPS = 50, 100
N_AMERICAN = 100
# Nodes of the boundary, points for it and for the price, and rounds: those of docs/KERNELS.md.
NODES, POINTS, LAST_POINTS, ROUNDS = 8, 12, 24, 8
N_SMILE = 100
REFERENCE, MOVED = 100.0, 100.7


def _second_order(_backend: Backend) -> tuple[Any, ...]:
    return (*options(), *(column(N_OPTIONS) for _ in range(3)))


def _black(_backend: Backend) -> tuple[Any, ...]:
    forward, strike, tau, rate, _, vol, right = options()
    return forward, strike, tau, rate, vol, right, *(column(N_OPTIONS) for _ in range(6))


def _black_second(_backend: Backend) -> tuple[Any, ...]:
    forward, strike, tau, rate, _, vol, right = options()
    return forward, strike, tau, rate, vol, right, *(column(N_OPTIONS) for _ in range(3))


def reprice(_backend: Backend) -> tuple[Any, ...]:
    """Return what a chain is repriced with, prepared by the pure kernel on every backend."""
    _, strike, tau, rate, div, vol, right = options()
    kept = [column(N_OPTIONS) for _ in range(5)]
    made: Any = (strike, tau, rate, div, vol, right, *kept)
    prepare_reprice(REFERENCE, *made)
    return MOVED, REFERENCE, *kept, right, column(N_OPTIONS)


def some_options(n: int) -> list[tuple[float, ...]]:
    """Return puts and calls of which many are worth exercising early."""
    draw = Random(SEED).random
    return [
        (100.0, 80.0 + 40.0 * draw(), 0.1 + draw(), 0.02 + 0.04 * draw(), 0.03 * draw(),
         0.15 + 0.4 * draw(), 1 if draw() < 0.3 else -1)
        for _ in range(n)
    ]  # fmt: skip


def _lattice(backend: Backend) -> Task:
    """Return one call per option, without dividends."""
    kernel, rows, none = kernel_of(backend, "lattice.american_lattice"), some_options(N_LATTICE), ()
    times, amounts = array("d", none), array("d", none)
    spots, values = column(2 * STEPS + 12), column(STEPS + 3)

    def price() -> list[tuple[float, ...]]:
        return [kernel(*row, STEPS, times, amounts, spots, values) for row in rows]

    return python_task(price)


def _american(_backend: Backend) -> tuple[Any, ...]:
    columns = [array("d", values) for values in zip(*some_options(N_AMERICAN), strict=True)]
    right = array("b", map(int, columns.pop()))
    inside = NODES * POINTS
    rule = [
        column(n)
        for n in (
            NODES + 1, POINTS + LAST_POINTS, POINTS + LAST_POINTS,
            (inside + LAST_POINTS) * (NODES + 1),
        )
    ]  # fmt: skip
    american_rule(NODES, POINTS, LAST_POINTS, *rule)
    work = column(3 * inside), column(NODES + 1)
    out = (column(N_AMERICAN) for _ in range(4))
    return *columns, right, NODES, POINTS, LAST_POINTS, ROUNDS, *rule, *work, *out


def _smile(_backend: Backend) -> tuple[Any, ...]:
    """Return total variances of one expiry with the noise of quotes, and their weights."""
    draw = Random(SEED).random
    k = array("d", (-0.6 + 1.1 * row / (N_SMILE - 1) for row in range(N_SMILE)))
    variance = array(
        "d", (svi_variance(x, 0.02, 0.2, -0.4, 0.05, 0.15) * (0.99 + 0.02 * draw()) for x in k)
    )
    weight = array("d", (0.2 + draw() for _ in k))
    return k, variance, weight, *(column(N_SMILE) for _ in range(4))


def _chain(
    name: str, kernel: str, arguments: Callable[[Backend], tuple[Any, ...]], is_quick: bool = False
) -> Call:
    return Call(f"kernel/{name}/{N_OPTIONS}", "option", N_OPTIONS, kernel, arguments, is_quick)


OPTIONS = (
    _chain("second-order Greeks", "second_order.second_order_chain", _second_order),
    _chain("Black-76 price and Greeks", "black.black_chain", _black),
    _chain("Black-76 second-order Greeks", "black.black_second_chain", _black_second),
    _chain("reprice", "reprice.reprice_chain", reprice, True),
    Built(f"kernel/American lattice, {STEPS} steps/{N_LATTICE}", "option", N_LATTICE, _lattice),
    Call(
        f"kernel/American chain/{N_AMERICAN}", "option", N_AMERICAN, "american.american_chain",
        _american,
    ),
    Call(f"kernel/SVI fit/{N_SMILE}", "fit", 1, "svi_fit.svi_fit", _smile),
)  # fmt: skip
