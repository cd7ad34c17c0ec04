"""Scenes of the kernels that value options beyond the price: Greeks, forwards, new spots."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from random import Random

from tests.kernels.draws import Scene, floats, zeros
from tests.kernels.scenes_options import options


def valuation(draw: Random) -> Scene:
    """A chain of options on a share or a forward, with room for all Greeks."""
    columns = dict(options(draw).columns)
    n = len(columns["strike"])
    columns["forward"] = columns["spot"]
    for name in ("vanna", "volga", "charm"):
        columns[f"out_{name}"] = zeros("d", n)
    return Scene({}, columns)


def moving(draw: Random) -> Scene:
    """A prepared chain and where its prices go; some rows are outside the domain."""
    columns = dict(options(draw).columns)
    n = len(columns["strike"])
    columns["strike_value"] = floats(draw, n, 60.0, 140.0, 0.01)
    columns["stock_discount"] = floats(draw, n, 0.9, 1.0)
    columns["d1"] = floats(draw, n, -6.0, 6.0)
    columns["slope"] = floats(draw, n, 1.0, 50.0)
    columns["deviation"] = array(
        "d", [value if draw.random() < 0.95 else 0.0 for value in floats(draw, n, 0.01, 1.0)]
    )
    for name in ("stock_discount", "strike_value", "d1", "slope", "deviation"):
        columns[f"out_{name}"] = zeros("d", n)
    return Scene({"reference": 60.0 + 80.0 * draw.random()}, columns)


SCENES: dict[str, Callable[[Random], Scene]] = {
    "second_order": valuation,
    "black": valuation,
    "reprice": moving,
}
