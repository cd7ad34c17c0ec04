"""What every baseline shares: the workloads that they stand beside, and their answers.

A baseline answers the question of the workload of its name and is held to the engine's answer
before it is timed: how many edges lie above a floor, and the greatest, within `TOLERANCE` (others
sum in another order, and a C compiler fuses products with sums).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.workloads.calls import N_OPTIONS, Call, column, kernel_of, options
from benchmarks.workloads.calls_events import EVENTS
from benchmarks.workloads.calls_series import SERIES
from benchmarks.workloads.markets import clean
from benchmarks.workloads.named import TARGET, view_of
from benchmarks.workloads.tasks import Task
from engine.backend import Backend
from engine.market.chain import EUROPEAN
from engine.strategies.candidates import CandidateTable
from engine.strategies.registry import REGISTRY
from engine.strategies.view import View

TOLERANCE = 1e-9
PARITY = f"kernel/conversion and reversal/{TARGET}"
BOX = f"kernel/box/{TARGET}"
HULL = f"kernel/lower hull/{TARGET}"
PRICE, GREEKS, IMPLIED = (
    f"kernel/{name}/{N_OPTIONS}" for name in ("price", "price and Greeks", "implied volatility")
)
# A price says nothing of a volatility that it does not depend on.
LEAST_VEGA = 0.01
CALLS = {call.name: call for call in (*SERIES, *EVENTS) if isinstance(call, Call)}

# A clean chain has no edge above 0, and too few questions would be asked of it.
LOW_FLOOR = -0.10
Answer = tuple[float, float]
Columns = Sequence[Sequence[float]]
Written = list["array[float] | array[int]"]


def named(start: str) -> str:
    """Return the workload of series or events whose name begins so.

    >>> named("kernel/sma/")
    'kernel/sma/1000000'
    """
    (name,) = (call.name for call in (*SERIES, *EVENTS) if call.name.startswith(start))
    return name


def indicator(name: str, backend: Backend) -> tuple[array[float], array[float], Written]:
    """Return the series of an indicator, its settings, and what the kernels of `backend` write."""
    call = CALLS[named(f"kernel/{name}/")]
    series, *rest = arguments = call.arguments(backend)
    settings = array("d", (part for part in rest if not isinstance(part, array)))
    kernel_of(backend, call.kernel)(*arguments)
    return series, settings, list(arguments[call.states[0] + 1 :])


def implied(backend: Backend) -> tuple[tuple[Any, ...], array[float], list[bool]]:
    """Return the prices and what else a volatility is found from, these, and where one is known."""
    inputs, (price, *greeks) = options(), [column(N_OPTIONS) for _ in range(6)]
    backend.pricing.greeks_chain(*inputs, price, *greeks)
    spot, strike, tau, rate, div, _vol, right = inputs
    found, status = column(N_OPTIONS), array("b", bytes(N_OPTIONS))
    backend.implied.iv_chain(price, spot, strike, tau, rate, div, right, found, status)
    return (
        (price, spot, strike, tau, rate, div, right),
        found,
        [slope > LEAST_VEGA for slope in greeks[2]],
    )


def european(backend: Backend) -> View:
    """Return the European chain of the targets."""
    return view_of(clean(backend, TARGET, EUROPEAN), backend)


def candidates_above(view: View, *names: str) -> Answer:
    """Return how many candidates above the low floor these families have, and the best edge."""
    table = CandidateTable(view.backend, view.chain.n_rows, view.days)
    for name in names:
        REGISTRY[name].find(replace(view, floor=LOW_FLOOR), table)
    found = table.found
    return found.count, max(found.edge)


def mean_price(backend: Backend) -> Answer:
    """Return 0 and the mean price of the options."""
    price = array("d", bytes(8 * N_OPTIONS))
    backend.pricing.price_chain(*options(), price)
    return 0, math.fsum(price) / N_OPTIONS


def baseline(
    answer: Callable[[float], Answer], wanted: Answer, run: Callable[[], float] | None = None
) -> Task:
    """Return the task of a baseline whose answer above the low floor is the engine's.

    `run` is given where it takes its own time.

    Raises
    ------
    ValueError
        If the answers differ: then there is nothing to compare.
    """
    found = answer(LOW_FLOOR)
    if found[0] != wanted[0] or not math.isclose(found[1], wanted[1], abs_tol=TOLERANCE):
        raise ValueError(f"the baseline answers {found}, the engine {wanted}")

    def timed() -> float:
        answer(0.0)
        return 0.0

    return Task(run or timed, lambda: repr(answer(LOW_FLOOR)))


def near_task(
    work: Callable[[], Columns],
    wanted: Columns,
    rows: Iterable[bool] | None = None,
) -> Task:
    """Return the task of `work`, whose columns must be near those wanted.

    With `rows`, only in the rows for which it says so.

    Raises
    ------
    ValueError
        If they are not.
    """
    kept = list(rows) if rows is not None else [True] * len(wanted[0])

    def run() -> float:
        work()
        return 0.0

    return baseline(lambda _floor: (n_off(work(), wanted, kept), 0.0), (0, 0.0), run)


def n_off(found: Columns, wanted: Columns, kept: Sequence[bool]) -> int:
    """Return in how many rows of how many columns these are not near those wanted."""
    return sum(off(*both, kept) for both in zip(found, wanted, strict=True))


def off(found: Sequence[float], wanted: Sequence[float], kept: Sequence[bool]) -> int:
    """Return in how many rows two columns are not near each other; nan is near nan.

    >>> off([1.0, math.nan, 2.0], [1.0, math.nan, 2.1], [True] * 3)
    1
    """
    rows = zip(found, wanted, kept, strict=True)
    return sum(
        is_kept
        and not math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        and not (math.isnan(one) and math.isnan(other))
        for one, other, is_kept in rows
    )
