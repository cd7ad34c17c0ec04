"""Workloads that are one call of a kernel: adding one is a line in `CALLS`.

`arguments` makes what the kernel is called with, seeded and the same on every backend; where the
kernel lies outside the scan, its module is loaded. Kernels of options are in `calls_options`, of
series of prices in `calls_series`, and what is made of single events in `calls_events`.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from benchmarks.workloads.markets import SEED
from benchmarks.workloads.tasks import Task, call_task
from engine.backend import Backend
from kernels_pure import SCAN
from kernels_pure.pricing import price_chain

N_OPTIONS = 50_000
N_SCORES = 10_000
TOP = 20


@dataclass(frozen=True, slots=True)
class Call:
    """One kernel, ``module.name``, called again and again with the same arguments.

    `unit` and `units` are what a cost is given per, and how many of them a call works through.
    `states` are the places of arguments that the kernel changes and goes on from: they are put
    back before each call, so that every call does the same.
    """

    name: str
    unit: str
    units: int
    kernel: str
    arguments: Callable[[Backend], tuple[Any, ...]]
    is_quick: bool = False
    states: tuple[int, ...] = ()

    def task(self, backend: Backend) -> Task:
        """Return the task of this call on a backend."""
        kernel, arguments = kernel_of(backend, self.kernel), self.arguments(backend)
        if self.states:
            kernel = restoring(kernel, [arguments[place] for place in self.states])
        return call_task(kernel, *arguments)


@dataclass(frozen=True, slots=True)
class Built:
    """A workload whose task is built by hand: `task` makes it for a backend. Else as `Call`."""

    name: str
    unit: str
    units: int
    task: Callable[[Backend], Task]
    is_quick: bool = False


def restoring(kernel: Callable[..., Any], states: Sequence[array[float]]) -> Callable[..., Any]:
    """Return a function that puts columns back to what they are now, then calls the kernel."""
    kept = [(state, state[:]) for state in states]

    def called(*args: Any) -> Any:
        for state, before in kept:
            state[:] = before
        return kernel(*args)

    return called


def kernel_of(backend: Backend, kernel: str) -> Callable[..., Any]:
    """Return a kernel by ``module.name``, of the scan or not."""
    module, _, name = kernel.partition(".")
    found = getattr(backend, module) if module in SCAN else backend.load(module)
    called: Callable[..., Any] = getattr(found, name)
    return called


def column(n: int) -> array[float]:
    """Return a column of zeros, for a kernel to write to."""
    return array("d", bytes(8 * n))


Options: TypeAlias = (
    "tuple[array[float], array[float], array[float], array[float], array[float], array[float], "
    "array[int]]"
)


def options(seed: int = SEED) -> Options:
    """Return spot, strike, tau, rate, yield, volatility and right of many options, by expiry."""
    draw = Random(seed).random
    n, columns = N_OPTIONS, [array("d") for _ in range(6)]
    for k in range(n):
        tau = (1 + 10 * k // n) / 10
        for column, value in zip(
            columns,
            (100.0, 60.0 + 80.0 * draw(), tau, 0.04, 0.01, 0.1 + 0.6 * draw()),
            strict=True,
        ):
            column.append(value)
    spot, strike, tau_years, rate, div, vol = columns
    right = array("b", (1 if draw() < 0.5 else -1 for _ in range(n)))
    return spot, strike, tau_years, rate, div, vol, right


def _prices(_backend: Backend) -> tuple[Any, ...]:
    return (*options(), column(N_OPTIONS))


def _greeks(_backend: Backend) -> tuple[Any, ...]:
    return (*options(), *(column(N_OPTIONS) for _ in range(6)))


def _implied(_backend: Backend) -> tuple[Any, ...]:
    spot, strike, tau, rate, div, vol, right = options()
    price, status = column(N_OPTIONS), array("b", bytes(N_OPTIONS))
    # Not the backend's prices: these may differ in the last bits.
    price_chain(spot, strike, tau, rate, div, vol, right, price)
    return price, spot, strike, tau, rate, div, right, column(N_OPTIONS), status


def _scores(_backend: Backend) -> tuple[Any, ...]:
    draw = Random(SEED).random
    score, edge = (array("d", (draw() for _ in range(N_SCORES))) for _ in range(2))
    return score, edge, TOP, array("l", bytes(8 * TOP))


CALLS = (
    Call(f"kernel/top rows/{N_SCORES}", "row", N_SCORES, "scoring.top_rows", _scores),
    Call(f"kernel/price/{N_OPTIONS}", "option", N_OPTIONS, "pricing.price_chain", _prices, True),
    Call(
        f"kernel/price and Greeks/{N_OPTIONS}", "option", N_OPTIONS, "pricing.greeks_chain", _greeks
    ),
    Call(
        f"kernel/implied volatility/{N_OPTIONS}", "option", N_OPTIONS, "implied.iv_chain", _implied,
        True,
    ),
)  # fmt: skip
