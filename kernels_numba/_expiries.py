"""Blocks of rows that share an expiry, and so their `carry_terms`.

A chain in the order of its expiries has long stretches of rows with one tau, one rate and one
yield: two of three exponentials of a price are needed once for all of them. Stretches are found a
block at a time, several rows at once; where a block holds two expiries, each row takes its own.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from kernels_numba._compile import inlined
from kernels_pure.columns import Floats

BLOCK = 128


@intrinsic  # type: ignore[untyped-decorator]
def place(_context: Any, _i: Any) -> Any:
    """Return a row's number, not negative, such that no one asks whether it counts from the end."""

    def build(_target: Any, _builder: Any, _signature: Any, args: Any) -> ir.Value:
        return args[0]

    return types.uint64(types.int64), build


@inlined
def is_shared(tau: Floats, rate: Floats, div: Floats, row: int, start: int, stop: int) -> bool:
    """Return whether all rows from start to stop have the tau, rate and yield of a row; no nan."""
    row_tau, row_rate, row_div = tau[row], rate[row], div[row]
    others = 0
    for i in range(place(start), place(stop)):
        others += (tau[i] != row_tau) | (rate[i] != row_rate) | (div[i] != row_div)
    return others == 0


@inlined
def stretch(tau: Floats, rate: Floats, div: Floats, start: int) -> tuple[int, bool]:
    """Return where a stretch of rows ends, and whether its rows share their `carry_terms`."""
    n = len(tau)
    stop = min(n, start + BLOCK)
    if not is_shared(tau, rate, div, start, start, stop):
        return stop, False
    while stop < n:
        end = min(n, stop + BLOCK)
        if not is_shared(tau, rate, div, start, stop, end):
            break
        stop = end
    return stop, True
