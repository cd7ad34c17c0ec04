"""Compile every kernel ahead of its first call, for the types that its annotations name."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from numba import types

from kernels_numba._progress import PROGRESS
from kernels_pure import MODULES
from kernels_pure.columns import Bytes, Flags, Floats, Ints

ELEMENTS = {Floats: types.float64, Ints: types.int64, Flags: types.int8}
NUMBERS = {float: types.float64, int: types.int64}


def numba_type(annotation: Any) -> types.Type:
    """Return Numba's type of an argument: a number, or the array.array of a column's type code."""
    if annotation in NUMBERS:
        return NUMBERS[annotation]
    if annotation == Bytes:
        return types.Bytes(types.uint8, 1, "C", readonly=True)
    return types.PyArray(ELEMENTS[annotation], 1, "C")


def warm() -> tuple[int, int]:
    """Compile every kernel or load it from the cache; return how many there are and how many new.

    Takes minutes where nothing is cached.
    """
    before = PROGRESS.compiled
    kernels = 0
    for module in MODULES:
        for twin in vars(import_module(f"kernels_numba.{module}")).values():
            pure = getattr(twin, "py_func", None)
            if pure is not None:
                parameters = inspect.signature(pure).parameters.values()
                twin.compile(tuple(numba_type(p.annotation) for p in parameters))
                kernels += 1
    return kernels, PROGRESS.compiled - before
