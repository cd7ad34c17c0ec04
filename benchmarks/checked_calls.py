"""What the checks of `engine.kernels` cost: calls on four rows, raw and checked, in microseconds.

``python benchmarks/checked_calls.py`` on each runtime; the least of many. Rows are few so that the
call is what is measured; all results are given, and nothing has to be converted.
"""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # A script finds its own folder, not the package that it belongs to.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from engine.backend import Backend, select
from engine.kernels import Kernels

IS_PYPY = sys.implementation.name == "pypy"
CALLS, TIMES = (10_000, 40) if IS_PYPY else (400, 250)


def column(value: float, n: int = 4) -> array[float]:
    """Return a column of equal numbers."""
    return array("d", [value]) * n


def cases() -> dict[str, tuple[Any, ...]]:
    """Return the arguments of the kernels that are called."""
    option = [column(value) for value in (100.0, 105.0, 0.5, 0.04, 0.01, 0.2)]
    right = array("b", [1]) * 4
    results = [column(0.0) for _ in range(6)]
    return {
        "normal.norm_cdf": (0.5,),
        "pricing.bs_price": (100.0, 105.0, 0.5, 0.04, 0.01, 0.2, 1),
        "averages.ema_step": (1.0, 3, column(0.0)),
        "ticks.on_trade": (column(0.0, 7), column(0.0), 1.0, 1.0, 1),
        "rolling.sma": (column(1.0), 2, column(0.0, 10), column(0.0)),
        "pricing.price_chain": (*option, right, column(0.0)),
        "pricing.greeks_chain": (*option, right, *results),
    }


def least(call: Callable[..., object], arguments: tuple[Any, ...]) -> float:
    """Return the microseconds of a call, the least of many."""
    found = []
    for _ in range(TIMES):
        began = time.perf_counter()
        for _ in range(CALLS):
            call(*arguments)
        found.append(time.perf_counter() - began)
    return 1e6 * min(found) / CALLS


def as_ndarrays(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments with NumPy's columns."""
    import numpy as np

    return tuple(np.array(one) if isinstance(one, array) else one for one in arguments)


def report(backend: Backend) -> None:
    """Print a line for each kernel and sort of column."""
    checked = Kernels(backend)
    for name, arguments in cases().items():
        module, _, kernel = name.partition(".")
        held = getattr(backend, module, None) or backend.load(module)
        raw, call = getattr(held, kernel), getattr(getattr(checked, module), kernel)
        sorts = {"array": arguments}
        if backend.name == "numba" and any(isinstance(one, array) for one in arguments):
            sorts["ndarray"] = as_ndarrays(arguments)
        for sort, given in sorts.items():
            plain, guarded = least(raw, given), least(call, given)
            figures = f"raw {plain:6.2f} checked {guarded:6.2f} more {guarded - plain:5.2f}"
            print(f"{backend.name:6}{sort:8}{name:22}{figures}")


if __name__ == "__main__":
    for chosen in ("pure",) if IS_PYPY else ("pure", "numba"):
        report(select(chosen))
