"""The simplex against exact vertices, against its own duals, and cases solved by hand.

Weak duality needs no second solver: a feasible portfolio and feasible duals whose values agree
are both optimal. Small programmes are also solved over the rationals by trying every vertex.
"""

from __future__ import annotations

import itertools
import math
import random
from array import array
from fractions import Fraction

import pytest

from engine.backend import Backend

UNLIMITED = 1e300


def solve(
    backend: Backend, rows: list[list[float]], gain: list[float], bound: list[float]
) -> tuple[int, float, list[float], list[float]]:
    n_rows, n_columns = len(rows), len(gain)
    x, dual = array("d", [math.nan] * n_columns), array("d", [math.nan] * n_rows)
    status, value, _ = backend.simplex.simplex(
        n_rows, n_columns, array("d", itertools.chain(*rows)), array("d", gain),
        array("d", bound), x, dual,
        array("d", [0.0] * ((n_rows + 2) * n_columns + 3 * n_rows)),
        array("l", [0] * (n_rows + 2 * n_columns)),
    )  # fmt: skip
    return status, value, list(x), list(dual)


def dot(a: list[float], b: list[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def assert_optimal(
    rows: list[list[float]], gain: list[float], bound: list[float],
    value: float, x: list[float], dual: list[float],
) -> None:  # fmt: skip
    """Check feasibility of both sides and that their values agree to 1e-9."""
    assert all(0.0 <= x_j <= u for x_j, u in zip(x, bound, strict=True))
    size = max([1.0, *x])
    assert all(dot(row, x) >= -1e-9 * size for row in rows)
    assert all(y >= 0.0 for y in dual)
    ceiling = []
    for j, u in enumerate(bound):
        reduced = gain[j] + dot(dual, [row[j] for row in rows])
        if u >= UNLIMITED:
            assert reduced <= 1e-9
        else:
            ceiling.append(u * max(reduced, 0.0))
    assert value == pytest.approx(dot(gain, x), rel=1e-12, abs=1e-12)
    assert value == pytest.approx(math.fsum(ceiling), rel=1e-9, abs=1e-9)


def best_vertex(rows: list[list[float]], gain: list[float], bound: list[float]) -> Fraction:
    """The exact optimum of a small bounded programme, by trying every vertex."""
    n = len(gain)
    facets = [([Fraction(v) for v in row], Fraction(0)) for row in rows]
    for j in range(n):
        unit = [Fraction(int(k == j)) for k in range(n)]
        facets += [(unit, Fraction(0)), ([-v for v in unit], -Fraction(bound[j]))]
    best = Fraction(0)
    for chosen in itertools.combinations(facets, n):
        x = gauss([list(a) for a, _ in chosen], [b for _, b in chosen])
        if x is not None and all(
            sum(a_k * x_k for a_k, x_k in zip(a, x, strict=True)) >= b for a, b in facets
        ):
            best = max(best, sum(Fraction(g) * x_k for g, x_k in zip(gain, x, strict=True)))
    return best


def gauss(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction] | None:
    n = len(right)
    for k in range(n):
        pivot = next((r for r in range(k, n) if matrix[r][k]), None)
        if pivot is None:
            return None
        matrix[k], matrix[pivot] = matrix[pivot], matrix[k]
        right[k], right[pivot] = right[pivot], right[k]
        for r in range(n):
            if r != k and matrix[r][k]:
                factor = matrix[r][k] / matrix[k][k]
                matrix[r] = [a - factor * b for a, b in zip(matrix[r], matrix[k], strict=True)]
                right[r] -= factor * right[k]
    return [right[k] / matrix[k][k] for k in range(n)]


def test_small_programmes_are_exact(backend: Backend) -> None:
    rnd = random.Random(1)
    positive = 0
    for _ in range(120):
        n_rows, n_columns = rnd.randint(1, 3), rnd.randint(1, 4)
        rows = [[float(rnd.randint(-3, 3)) for _ in range(n_columns)] for _ in range(n_rows)]
        gain = [rnd.randint(-8, 8) / 4 for _ in range(n_columns)]
        bound = [float(rnd.randint(0, 5)) for _ in range(n_columns)]
        status, value, x, dual = solve(backend, rows, gain, bound)
        exact = best_vertex(rows, gain, bound)
        assert status == 0
        assert value == pytest.approx(float(exact), rel=1e-12, abs=1e-12)
        if exact == 0:
            assert value == 0.0
        assert_optimal(rows, gain, bound, value, x, dual)
        positive += exact > 0
    assert 40 < positive < 110


def test_larger_programmes_have_no_gap(backend: Backend) -> None:
    rnd = random.Random(2)
    for _ in range(60):
        n_rows, n_columns = rnd.randint(5, 12), rnd.randint(8, 25)
        density = rnd.choice((0.2, 0.6, 1.0))
        rows = [
            [rnd.gauss(0.0, 1.0) if rnd.random() < density else 0.0 for _ in range(n_columns)]
            for _ in range(n_rows)
        ]
        gain = [rnd.gauss(0.0, 1.0) for _ in range(n_columns)]
        bound = [rnd.choice((rnd.random(), 1.0, 10.0, 100.0)) for _ in range(n_columns)]
        status, value, x, dual = solve(backend, rows, gain, bound)
        assert status == 0
        assert_optimal(rows, gain, bound, value, x, dual)


def test_ties_do_not_cycle(backend: Backend) -> None:
    """Small integers, repeated rows and columns: every step ties with many."""
    rnd = random.Random(3)
    for _ in range(60):
        n_rows, n_columns = 10, 24
        base = [[float(rnd.randint(-1, 1)) for _ in range(n_columns // 2)] for _ in range(5)]
        rows = [[*row, *(-v for v in row)] for row in base] * 2
        gain = [float(rnd.randint(-1, 1)) for _ in range(n_columns // 2)]
        gain = [*gain, *(-g for g in gain)]
        status, value, x, dual = solve(backend, rows, gain, [1.0] * n_columns)
        assert status == 0
        assert_optimal(rows, gain, [1.0] * n_columns, value, x, dual)
        assert len(rows) == n_rows


def test_beale_does_not_cycle(backend: Backend) -> None:
    # Beale 1955, the classic on which Dantzig's rule cycles, with its one scale row as a bound.
    rows = [[-0.25, 60.0, 0.04, -9.0], [-0.5, 90.0, 0.02, -3.0]]
    gain, bound = [0.75, -150.0, 0.02, -6.0], [UNLIMITED, UNLIMITED, 1.0, UNLIMITED]
    status, value, x, dual = solve(backend, rows, gain, bound)
    assert status == 0
    assert value == pytest.approx(0.05, rel=1e-12)
    assert_optimal(rows, gain, bound, value, x, dual)


def test_unbounded(backend: Backend) -> None:
    status, value, _, _ = solve(backend, [[1.0, -1.0]], [1.0, -0.5], [UNLIMITED, UNLIMITED])
    assert (status, value) == (1, math.inf)


def test_nothing_to_do(backend: Backend) -> None:
    assert solve(backend, [], [], [])[:2] == (0, 0.0)
    assert solve(backend, [[1.0]], [-1.0], [5.0])[:3] == (0, 0.0, [0.0])
    assert solve(backend, [], [2.0], [3.0])[:3] == (0, 6.0, [3.0])
    assert solve(backend, [[1.0]], [2.0], [0.0])[:3] == (0, 0.0, [0.0])


def test_payoff_rows(backend: Backend) -> None:
    state = array("d", (0.0, 90.0, 110.0))
    kind, side = array("l", (1, -1, 0, 2, 1)), array("d", (1.0, 1.0, -1.0, 1.0, -1.0))
    strike = array("d", (90.0, 110.0, 0.0, 0.0, 110.0))
    rows = array("d", [math.nan] * 20)
    backend.simplex.payoff_rows(3, 5, state, kind, side, strike, 100.0, rows)
    expected = [
        [0.0, 1.1, 0.0, 1.0, 0.0],
        [0.0, 0.2, -0.9, 1.0, 0.0],
        [0.2, 0.0, -1.1, 1.0, 0.0],
        [1.0, 0.0, -1.0, 0.0, -1.0],
    ]
    assert list(rows) == pytest.approx(list(itertools.chain(*expected)))
