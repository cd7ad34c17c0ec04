"""Scenes of ticks: an instrument in the middle of its trades, and trades to come."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from random import Random

from kernels_pure.ticks import start_ticks
from tests.kernels.draws import Scene, between, choice, count, floats, zeros
from tests.kernels.scenes_bars import Drawn

N_TRADES = 50

RANGES = {
    "size": (-0.1, 5.0), "span": (0.5, 60.0), "average": (90.0, 110.0), "variance": (-0.1, 2.0),
    "flow": (-2.0, 2.0), "volume": (-0.5, 5.0), "mean": (95.0, 105.0), "squares": (0.0, 90.0),
    "old": (90.0, 110.0), "price": (90.0, 110.0),
}  # fmt: skip
CHOICES: dict[str, Sequence[float]] = {
    "side": (1, -1, 0),
    "seen": tuple(range(40)),
    "length": (1, 2, 8, 32),
    "share": (1.0, 0.5, 0.125, 0.03125),
}


def ticks(draw: Random) -> Scene:
    """A state and a ring that have seen some trades, one more trade, and columns of them."""
    length = choice(draw, (1, 2, 8, 32))
    state, ring = array("d", bytes(56)), floats(draw, length, 90.0, 110.0)
    start_ticks(between(draw, 0.5, 60.0), state, ring)
    seen = choice(draw, (0, count(draw, 1, 40)))
    mean = between(draw, 95.0, 105.0)
    parts = [float(seen), between(draw, 90.0, 110.0), mean, between(draw, 0.0, 90.0)]
    parts += [between(draw, -3.0, 3.0), between(draw, 0.0, 9.0)]
    if seen:
        state[:6] = array("d", parts)
    price = floats(draw, N_TRADES, 99.0, 101.0, 0.02)
    columns: dict[str, array[float] | array[int]] = {
        "state": state,
        "ring": ring,
        "price": choice(draw, (price, array("d", [0.1] * N_TRADES))),
        "size": floats(draw, N_TRADES, -0.02, 5.0),
        "side": array("b", [choice(draw, (1, -1, 0)) for _ in range(N_TRADES)]),
        "out_signal": zeros("d", N_TRADES),
    }
    return Scene(Drawn(draw, RANGES, CHOICES), columns)


def numbers(draw: Random) -> Scene:
    """No columns: for kernels of numbers alone."""
    return Scene(Drawn(draw, RANGES, CHOICES), {})


SCENES: dict[str, Callable[[Random], Scene]] = {
    "ticks": ticks,
    "ticks.ring_moments": numbers,
    "ticks.tick_signal": numbers,
}
