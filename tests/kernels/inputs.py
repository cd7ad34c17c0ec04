"""Seeded inputs of every kernel, for the tests that compare backends and runtimes.

A kernel's arguments are chosen by its parameter names: numbers from `draws.RANGES`, columns (and
the numbers that must fit them, such as indices) from the *scene* of its module or its own. Only
``random.Random.random`` is used, which is the same on every runtime, so that PyPy and CPython see
the same bits.

To cover a new kernel, give its new argument names a range, or a value in the scene of its module;
to cover a new module, add its scene to the `SCENES` of a module ``scenes_*``. A kernel without
columns is given a scene of its own only under its full name.
"""

from __future__ import annotations

import inspect
from array import array
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import count
from math import inf, nan
from random import Random
from types import ModuleType

from kernels_pure import MODULES
from tests.kernels import (
    scenes_americans,
    scenes_bars,
    scenes_book,
    scenes_chains,
    scenes_hulls,
    scenes_indicators,
    scenes_messages,
    scenes_options,
    scenes_positions,
    scenes_smiles,
    scenes_ticks,
    scenes_valuation,
)
from tests.kernels.draws import Scene, choice, number

Kernel = Callable[..., object]

SCENES = {
    **scenes_americans.SCENES,
    **scenes_bars.SCENES,
    **scenes_book.SCENES,
    **scenes_chains.SCENES,
    **scenes_hulls.SCENES,
    **scenes_indicators.SCENES,
    **scenes_messages.SCENES,
    **scenes_options.SCENES,
    **scenes_positions.SCENES,
    **scenes_smiles.SCENES,
    **scenes_ticks.SCENES,
    **scenes_valuation.SCENES,
}
# A scene is dear to make: it is used so often, with elements exchanged in columns that may have any
# order.
USES = 6
LOOSE = ("ask", "bid", "cost", "gain", "pay", "receipt_owed", "receive", "score")
NASTY = (nan, inf, -inf, 0.0, -0.0, 5e-324, -5e-324, 1e-300, 1e300, -1e300, 1.0, -1.0, 1e16)


def kernels_of(module: str) -> dict[str, Kernel]:
    """Return the kernels written in a module of `kernels_pure`, by name."""
    found: ModuleType = import_module(f"kernels_pure.{module}")
    return {
        name: value
        for name, value in vars(found).items()
        if inspect.isfunction(value) and value.__module__ == found.__name__
    }


KERNELS = {
    f"{module}.{name}": kernel for module in MODULES for name, kernel in kernels_of(module).items()
}


def kinds(name: str) -> dict[str, object]:
    """Return the annotations of a kernel's parameters."""
    parameters = inspect.signature(KERNELS[name]).parameters
    return {parameter: value.annotation for parameter, value in parameters.items()}


def is_scalar(name: str) -> bool:
    """Tell whether a kernel takes no column."""
    return all(kind in (float, int) for kind in kinds(name).values())


def arguments(name: str, seed: int = 1) -> Iterator[tuple[object, ...]]:
    """Yield arguments of a kernel, called ``module.name``, without end."""
    draw = Random(f"{name} {seed}")
    parameters = kinds(name)
    has_columns = not is_scalar(name)
    scene_of = SCENES.get(name) or SCENES.get(name.partition(".")[0])
    scene = Scene({}, {})
    has_scene = has_columns or name in SCENES
    for use in count():
        if has_scene and scene_of:
            if use % USES:
                swap(draw, [scene.columns[c] for c in LOOSE if c in parameters])
            else:
                scene = scene_of(draw)
        values: list[object] = []
        for parameter, kind in parameters.items():
            if kind not in (float, int):
                values.append(scene.columns[parameter])
            elif parameter in scene.numbers:
                values.append(scene.numbers[parameter])
            else:
                values.append(number(draw, parameter))
        yield tuple(values)


def swap(draw: Random, columns: list[array[float]]) -> None:
    """Exchange two elements of each column, so that a scene can be seen once more."""
    for column in columns:
        n = len(column)
        if n > 1:
            i, j = int(draw.random() * n), int(draw.random() * n)
            column[i], column[j] = column[j], column[i]


def nasty_arguments(name: str, seed: int = 2) -> Iterator[tuple[object, ...]]:
    """Yield arguments of a scalar kernel of which some are where formulas break."""
    draw = Random(f"nasty {name} {seed}")
    are_floats = [kind is float for kind in kinds(name).values()]
    for usual in arguments(name, seed):
        yield tuple(
            choice(draw, NASTY) if is_float and draw.random() < 0.4 else value
            for is_float, value in zip(are_floats, usual, strict=True)
        )


def copies(values: tuple[object, ...]) -> tuple[object, ...]:
    """Return arguments with columns of their own."""
    return tuple(array(v.typecode, v) if isinstance(v, array) else v for v in values)
