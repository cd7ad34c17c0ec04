"""Scenes of the kernels of American options."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from random import Random

from kernels_pure.quadrature import american_rule
from tests.kernels.draws import Scene, between, choice, count, floats, zeros


def option(draw: Random) -> dict[str, float]:
    """Numbers of an option that may well be exercised early."""
    return {
        "spot": between(draw, 60.0, 140.0), "strike": between(draw, 60.0, 140.0),
        "tau": between(draw, 0.01, 3.0), "rate": between(draw, -0.02, 0.1),
        "div": between(draw, -0.03, 0.1), "vol": between(draw, 0.05, 0.9),
        "right": choice(draw, (1, -1)),
    }  # fmt: skip


def tree(draw: Random) -> Scene:
    """A tree of a few steps, with up to three dividends; its columns are large enough for all."""
    steps, paid = count(draw, 2, 24), count(draw, 0, 3)
    nodes = count(draw, 3, 40)
    columns: dict[str, array[float] | array[int]] = {
        "div_time": floats(draw, paid, -0.2, 3.0),
        "div_amount": floats(draw, paid, 0.0, 4.0),
        "work_spot": floats(draw, 80, 60.0, 140.0),
        "work_value": floats(draw, 80, 0.0, 60.0),
    }
    up = between(draw, 0.3, 0.7)
    numbers = {
        **option(draw), "steps": steps, "nodes": nodes, "start": count(draw, 0, 30),
        "part": between(draw, 0.95, 1.0), "weight": draw.random(), "up": up,
        "down": between(draw, 0.99, 1.0) - up, "growth": between(draw, 1.001, 1.1),
    }  # fmt: skip
    return Scene(numbers, columns)


def rule(draw: Random) -> Scene:
    """A rule of a few points and an option; boundaries that are plausible."""
    nodes, points, last_points = count(draw, 2, 6), count(draw, 3, 6), count(draw, 3, 8)
    rows = nodes * points + last_points
    sizes = {"node": nodes + 1, "reach": points + last_points, "share": points + last_points,
             "blend": rows * (nodes + 1)}  # fmt: skip
    made = [array("d", bytes(8 * size)) for size in sizes.values()]
    columns: dict[str, array[float] | array[int]] = dict(zip(sizes, made, strict=True))
    for name, size in sizes.items():
        columns[f"out_{name}"] = zeros("d", size)
    american_rule(nodes, points, last_points, *made)
    columns["bend"] = floats(draw, nodes + 1, 0.0, 0.5)
    columns["out_bend"] = floats(draw, nodes + 1, 0.0, 0.5)
    columns["work_bend"] = zeros("d", nodes + 1)
    columns["work_grid"] = floats(draw, 3 * nodes * points + last_points, 0.9, 1.0)
    numbers = {
        **option(draw), "nodes": nodes, "points": points, "last_points": last_points,
        "rounds": count(draw, 1, 4), "rows": nodes * points, "start": 0,
        "first": 2 * nodes * points,
    }  # fmt: skip
    numbers["rate"] = abs(numbers["rate"])
    return Scene(numbers, columns)


def any_rates(draw: Random) -> Scene:
    """The same with rates of either sign."""
    scene = rule(draw)
    return Scene({**scene.numbers, "rate": between(draw, -0.02, 0.1)}, scene.columns)


def chain(draw: Random) -> Scene:
    """The same with the columns of a chain."""
    scene, n = any_rates(draw), 12
    columns: dict[str, array[float] | array[int]] = {
        "right": array("b", [choice(draw, (1, -1)) for _ in range(n)])
    }
    for name in ("spot", "strike", "tau", "rate", "div", "vol"):
        columns[name] = array("d", [option(draw)[name] for _ in range(n)])
    for name in ("price", "delta", "gamma", "theta"):
        columns[f"out_{name}"] = zeros("d", n)
    return Scene(scene.numbers, {**scene.columns, **columns})


def dividends(draw: Random) -> Scene:
    """A few dividends and a term."""
    paid = count(draw, 0, 3)
    columns: dict[str, array[float] | array[int]] = {
        "div_time": floats(draw, paid, -0.2, 3.0),
        "div_amount": floats(draw, paid, 0.0, 4.0),
    }
    return Scene({"now": between(draw, -0.1, 2.0), "until": between(draw, 0.0, 3.0)}, columns)


def blends(draw: Random) -> Scene:
    """Many nodes and a place among them."""
    nodes = count(draw, 20, 40)
    columns: dict[str, array[float] | array[int]] = {
        "node": array("d", [k / nodes for k in range(nodes + 1)]),
        "out_blend": zeros("d", 90),
    }
    numbers = {"nodes": nodes, "start": count(draw, 0, 5), "stride": choice(draw, (1, 2))}
    return Scene({**numbers, "x": choice(draw, (draw.random(), 0.0, 1.0))}, columns)


def place(draw: Random) -> Scene:
    """A point of a rule."""
    n = count(draw, 1, 40)
    return Scene({"n": n, "i": count(draw, 0, n - 1)}, {})


SCENES: dict[str, Callable[[Random], Scene]] = {
    "escrow": dividends,
    "lattice": tree,
    "quadrature": rule,
    "quadrature.blend_row": blends,
    "quadrature.legendre_point": place,
    "exercise": rule,
    "american": rule,
    "american.american_price": any_rates,
    "american.american_vega_rho": any_rates,
    "american.american_chain": chain,
}
