"""Scenes of the kernels of smiles and of what quotes imply about carry."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from random import Random

from kernels_pure.svi import svi_variance
from tests.kernels.draws import Scene, between, count, floats, zeros


def smile(draw: Random) -> dict[str, float]:
    """Parameters of a slice and of one like it, most of them without arbitrage."""
    numbers = {}
    for name in ("", "late_"):
        numbers |= {
            f"{name}a": between(draw, -0.01, 0.06), f"{name}b": between(draw, -0.01, 0.4),
            f"{name}rho": between(draw, -1.05, 1.05), f"{name}m": between(draw, -0.2, 0.2),
            f"{name}sigma": between(draw, -0.01, 0.5),
        }  # fmt: skip
    numbers |= {"k": between(draw, -1.0, 1.0), "low": between(draw, -1.0, 0.0),
                "high": between(draw, 0.0, 1.0), "points": count(draw, 1, 9)}  # fmt: skip
    return numbers


def one_smile(draw: Random) -> Scene:
    """A slice."""
    return Scene(smile(draw), {})


def form(draw: Random) -> Scene:
    """A quadratic form and two points."""
    names = ("c0", "d0", "c1", "d1", "zz", "yz", "yy", "zw", "yw")
    return Scene({name: between(draw, -0.5, 1.0) for name in names}, {})


def slices(draw: Random) -> Scene:
    """Noisy total variances of one expiry; shares that add up to 1."""
    n = count(draw, 3, 14)
    k = floats(draw, n, -0.5, 0.4)
    five = (between(draw, 0.0, 0.05), between(draw, 0.02, 0.4), between(draw, -0.9, 0.5),
            between(draw, -0.1, 0.1), between(draw, 0.03, 0.4))  # fmt: skip
    variance = array("d", [svi_variance(x, *five) * between(draw, 0.97, 1.03) for x in k])
    share = floats(draw, n, 0.1, 1.0)
    total = 0.0  # sum() rounds otherwise from Python 3.12 on
    for part in share:
        total += part
    columns: dict[str, array[float] | array[int]] = {
        "k": k, "variance": variance, "weight": floats(draw, n, -0.05, 1.0, 0.02),
        "out_residual": zeros("d", n), "work_k": array("d", k), "work_w": array("d", variance),
        "work_share": array("d", [value / total for value in share]),
    }  # fmt: skip
    numbers = {
        "n": n, "m": between(draw, -0.3, 0.3), "sigma": between(draw, 0.01, 0.6),
        "log_sigma": between(draw, -4.0, 0.0), "step_m": 0.1, "step_sigma": 0.3,
        "moves": count(draw, 1, 8),
    }  # fmt: skip
    return Scene(numbers, columns)


def parities(draw: Random) -> Scene:
    """Call less put at the strikes of one expiry, with noise."""
    n = count(draw, 1, 12)
    strike = floats(draw, n, 80.0, 120.0)
    columns: dict[str, array[float] | array[int]] = {
        "strike": strike,
        "gap": array("d", [0.98 * (101.0 - k) + between(draw, -0.2, 0.2) for k in strike]),
        "weight": floats(draw, n, -0.05, 1.0, 0.02),
    }
    return Scene({}, columns)


SCENES: dict[str, Callable[[Random], Scene]] = {
    "svi.svi_slopes": one_smile,
    "svi.svi_variance": one_smile,
    "svi.svi_density": one_smile,
    "svi.svi_check": one_smile,
    "svi.svi_calendar": one_smile,
    "svi_fit": slices,
    "svi_fit.edge_minimum": form,
    "implied_carry": parities,
}
