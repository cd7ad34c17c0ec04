"""Scenes of hulls: points, and chains with a hull already in the work column."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from math import inf, nan
from random import Random

from kernels_pure.envelope import FRAME_WIDTH
from tests.kernels.draws import Scene, between, choice, count, floats, zeros
from tests.kernels.scenes_chains import quotes


def points(draw: Random) -> Scene:
    """Points in the plane, some absent, and which of them to take."""
    columns: dict[str, array[float] | array[int]] = {
        "x": array("d", sorted(floats(draw, 40, 0.0, 9.0))),
        "y": floats(draw, 45, 0.0, 3.0, 0.2),
        "out_value": zeros("d", 45),
        "work_vertex": zeros("l", 40),
    }
    numbers: dict[str, float] = {"shift": count(draw, 0, 5), "start": count(draw, 0, 20)}
    numbers["stop"] = count(draw, 20, 40)
    return Scene(numbers, columns)


def envelope(draw: Random) -> Scene:
    """A chain on the scale of the hull, with a later hull already in the work column."""
    scene = quotes(draw)
    columns, numbers = scene.columns, scene.numbers
    n, n_expiries = len(columns["strike"]), len(columns["first"]) - 1
    frame = array("d")
    for _ in range(n_expiries):
        spot = between(draw, 95.0, 105.0)
        frame.extend([between(draw, 0.9, 1.0), between(draw, 0.0, 1.0)])
        frame.extend([choice(draw, (0.0, 0.0, nan)), choice(draw, (spot, spot, nan)), 0.97])
        frame.extend([spot - 0.1, 0.98, choice(draw, (0.0, 1.0, inf)), spot, spot, 0.0])
    assert len(frame) == FRAME_WIDTH * n_expiries
    columns["frame"] = frame
    numbers["is_coupled"] = choice(draw, (0, 1))
    columns["out_sell"], columns["out_buy"] = zeros("d", 2 * n), zeros("d", 2 * n)
    columns["out_hits"] = zeros("l", n_expiries)
    # Two halves, abscissas and ordinates, each with room for the hull before and after.
    places = n + n_expiries + 2
    half, n_later = 2 * places, count(draw, 1, min(3, places - 1))
    work = floats(draw, 2 * half, 0.0, 1.0)
    for v in range(n_later):
        work[v], work[half + v] = 80.0 + 9.0 * v, 20.0 / (1.0 + v)
    columns["work_hull"] = work
    numbers["half"], numbers["base"] = half, places
    numbers["low"], numbers["high"] = 0, n_later
    return scene


def read_hull(draw: Random) -> Scene:
    """The same, seen by the kernel that reads the hull just built."""
    scene = envelope(draw)
    scene.numbers["base"], scene.numbers["top"] = 0, scene.numbers["high"]
    return scene


def cover(draw: Random) -> Scene:
    """Quotes of one right on the scale z, and a later hull already in the work column."""
    scene = envelope(draw)
    columns, numbers = scene.columns, scene.numbers
    first, is_put = columns["first"], choice(draw, (0, 1))
    e = int(numbers["e"])
    numbers["row"], numbers["start"], numbers["stop"] = first[e], first[e], first[e + 1]
    numbers["shift"], numbers["is_put"] = is_put * len(columns["strike"]), is_put
    numbers["scale"], numbers["offset"] = between(draw, 0.9, 1.0), between(draw, 0.0, 1.0)
    columns["scale"] = floats(draw, len(first) - 1, 0.9, 1.0, 0.05)
    columns["offset"] = floats(draw, len(first) - 1, 0.0, 1.0, 0.05)
    columns["out_row"] = zeros("l", len(columns["strike"]))
    if is_put:
        # What a put is less its z falls as a call does.
        for v in range(int(numbers["high"])):
            columns["work_hull"][int(numbers["half"]) + v] -= columns["work_hull"][v]
    return scene


def read_cover(draw: Random) -> Scene:
    """The same, seen by the kernel that reads the hull just built."""
    scene = cover(draw)
    scene.columns["hull"], scene.numbers["hits"] = scene.columns["work_hull"], 0
    scene.numbers["base"], scene.numbers["top"] = 0, scene.numbers["high"]
    return scene


SCENES: dict[str, Callable[[Random], Scene]] = {
    "cover": cover,
    "cover.dearer_bids": read_cover,
    "envelope": envelope,
    "envelope.read_hull": read_hull,
    "hull": points,
}
