"""Scenes of the pricing kernels."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from random import Random

from tests.kernels.draws import Scene, choice, floats, zeros


def options(draw: Random) -> Scene:
    """A chain of 64 options of four expiries."""
    n = 64
    columns: dict[str, array[float] | array[int]] = {
        "spot": floats(draw, n, 60.0, 140.0, 0.01),
        "strike": floats(draw, n, 60.0, 140.0, 0.01),
        "vol": floats(draw, n, 0.0, 0.9, 0.01),
        "price": floats(draw, n, 0.0, 60.0, 0.02),
        "right": array("b", [choice(draw, (1, -1)) for _ in range(n)]),
        "out_status": zeros("b", n),
    }
    for name, low, high in (("rate", -0.02, 0.06), ("div", 0.0, 0.03), ("tau", 0.001, 1.0)):
        # Runs of equal values, as a chain has them.
        few = floats(draw, 4, low, high)
        columns[name] = array("d", [few[4 * i // n] for i in range(n)])
    for name in ("price", "delta", "gamma", "vega", "theta", "rho", "vol"):
        columns[f"out_{name}"] = zeros("d", n)
    return Scene({}, columns)


SCENES: dict[str, Callable[[Random], Scene]] = {
    "implied": options,
    "pricing": options,
}
