"""The kernels that look at a few sold quotes, or at few pairs of expiries, against all of them."""

from __future__ import annotations

from array import array
from itertools import product
from math import inf
from random import Random

from engine.backend import Backend
from kernels_pure.rolls import PARTS
from tests.kernels.draws import Scene
from tests.kernels.scenes_chains import rolls, sold_rows

SEEDS = range(400)
ROOM = 400


def test_screened_rolls_are_all_rolls_in_the_same_order(backend: Backend) -> None:
    found, searched, pairs_of_all = 0, 0, 0
    for seed in SEEDS:
        draw = Random(seed)
        scene = rolls(draw)
        columns, floor = scene.columns, 8.0 * draw.random()
        n = len(columns["first"]) - 1
        given = [columns[name] for name in ("first", "strike", "receive", "pay")]
        for side in ("receipt", "payment"):
            names = ("first", "order", "discount", "div_in", "owed")
            given += [columns[f"{side}_{name}"] for name in names]
        outs = [[array("l", bytes(8 * ROOM)) for _ in range(3)] for _ in range(2)]
        edges = [array("d", bytes(8 * ROOM)) for _ in range(2)]
        hits, *_ = backend.rolls.roll_hits(*given, floor, *outs[0], edges[0])
        work = [array("d", bytes(8 * PARTS * n)) for _ in range(3)]
        into, out = "receipt", "payment"
        names = (f"{into}_first", f"{into}_discount", f"{out}_first", f"{out}_discount")
        dates = [columns[name] for name in (*names, f"{out}_div_in")]
        backend.rolls.roll_sums(*given[:4], *dates, *work)
        few, pairs = backend.rolls.summed_roll_hits(*given, floor, *outs[1], edges[1], *work)
        assert (few, outs[1], edges[1]) == (hits, outs[0], edges[0])
        found, searched, pairs_of_all = found + hits, searched + pairs, pairs_of_all + n * (n - 1)
    assert found > 100
    assert 0 < searched < 0.8 * pairs_of_all / 2


def test_rows_with_a_whole_later_cover_are_counted(backend: Backend) -> None:
    counts = set()
    for seed in SEEDS:
        scene = sold_rows(Random(seed))
        columns, numbers = scene.columns, scene.numbers
        shift, side, floor = int(numbers["shift"]), numbers["side"], numbers["floor"]
        scale, receive, pay = columns["scale"], columns["receive"], columns["pay"]
        rows, first, deduct = columns["rows"], columns["first"], columns["deduct"]
        wanted = 0
        for row in rows:
            later = range(expiry_end(columns["first"], int(row)), len(scale))
            covers = [k for k in later if side * scale[k] <= side * scale[int(row)]]
            edges = [receive[shift + int(row)] - pay[shift + k] - deduct[int(row)] for k in covers]
            wanted += any(edge > floor for edge in edges)
        found = backend.mixture.covered_later(
            len(rows), rows, first, scale, shift, int(side), receive, pay, deduct, floor
        )
        assert found == wanted
        counts.add(found)
    assert len(counts) > 2


def test_no_row_is_left_out_that_a_later_long_helps(backend: Backend) -> None:
    """Each row alone: what is not counted has its cheapest cover in its own expiry."""
    helped, left_out = 0, 0
    for seed in SEEDS:
        scene = sold_rows(Random(seed))
        columns, numbers = scene.columns, scene.numbers
        shift, side = int(numbers["shift"]), int(numbers["side"])
        for row in map(int, columns["rows"]):
            counted = backend.mixture.mixed_later(
                1, array("l", [row]), columns["first"], columns["scale"], shift, side,
                columns["pay"],
            )  # fmt: skip
            own, any_later = cheapest_around(scene, row)
            if any_later < own - 1e-6:
                assert counted == 1
                helped += 1
            left_out += not counted
        together = backend.mixture.mixed_later(
            len(columns["rows"]), columns["rows"], columns["first"], columns["scale"], shift, side,
            columns["pay"],
        )  # fmt: skip
        assert together <= len(columns["rows"])
    assert helped > 100
    assert left_out > 100


def expiry_end(first: array[float] | array[int], row: int) -> int:
    """Return the row behind the expiry of `row`."""
    return int(min(end for end in first if end > row))


def cheapest_around(scene: Scene, row: int) -> tuple[float, float]:
    """Return what two longs around a row cost: both of its expiry, and one of them later."""
    scale, pay, shift = scene.columns["scale"], scene.columns["pay"], int(scene.numbers["shift"])
    end = expiry_end(scene.columns["first"], row)
    start = max(int(s) for s in scene.columns["first"] if s <= row)
    side, z = scene.numbers["side"], scene.numbers["side"] * scale[row]
    points = [(side * scale[k], pay[shift + k], k >= end) for k in range(start, len(scale))]
    own = later = inf
    for (x, p, a), (y, q, b) in product(points, points):
        if x < z < y:
            cost = (p * (y - z) + q * (z - x)) / (y - x)
            if a or b:
                later = min(later, cost)
            else:
                own = min(own, cost)
    return own, later
