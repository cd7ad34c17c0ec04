"""What every baseline shares: the workloads that they stand beside, and their answers.

A baseline answers the question of the workload of its name and is held to the engine's answer
before it is timed: how many edges lie above a floor, and the greatest, within `TOLERANCE` (others
sum in another order, and a C compiler fuses products with sums).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from dataclasses import replace

from calls import N_OPTIONS, options
from markets import clean
from tasks import Task
from workloads import TARGET, view_of

from engine.backend import Backend
from engine.market.chain import EUROPEAN
from engine.strategies.candidates import CandidateTable
from engine.strategies.registry import REGISTRY
from engine.strategies.view import View

TOLERANCE = 1e-9
PARITY = f"kernel/conversion and reversal/{TARGET}"
BOX = f"kernel/box/{TARGET}"
HULL = f"kernel/lower hull/{TARGET}"
PRICE = f"kernel/price/{N_OPTIONS}"

# A clean chain has no edge above 0, and too few questions would be asked of it.
LOW_FLOOR = -0.10
Answer = tuple[float, float]


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
