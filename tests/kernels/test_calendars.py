"""Calendars against every pair of options, where what a missing unit costs differs by expiry."""

from __future__ import annotations

import math
from array import array
from random import Random

import pytest

from engine.backend import Backend

N_EXPIRIES, PER_EXPIRY = 4, 6


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("steepness", [0.0, 0.3])
def test_every_sold_quote_gets_its_cheapest_cover(
    side: int, steepness: float, backend: Backend
) -> None:
    random = Random(7 + side)
    n = N_EXPIRIES * PER_EXPIRY
    first = array("l", range(0, n + 1, PER_EXPIRY))
    for _ in range(150):
        scale = array("d")
        for _ in range(N_EXPIRIES):
            scale.extend(sorted(90.0 + 20.0 * random.random() for _ in range(PER_EXPIRY)))
        excess = array("d", (1.0 + steepness * random.random() for _ in range(N_EXPIRIES)))
        quotes = [array("d", (6.0 * random.random() for _ in range(2 * n))) for _ in range(2)]
        for column in quotes:
            column[random.randrange(2 * n)] = math.nan
        receive, pay = quotes
        shift, deduct = (0 if side > 0 else n), array("d", bytes(8 * n))
        out = [array("l", bytes(8 * n)) for _ in range(2)]
        edge = array("d", bytes(8 * n))
        work = [array(code, bytes(8 * n)) for code in "ddqddq"]
        count, best_sold, _, best = backend.calendars.calendar_hits(
            first, scale, shift, side, receive, pay, deduct, excess, 0.0, *out, edge, *work
        )
        found = {out[0][h]: edge[h] for h in range(count)}
        expected = {}
        for e in range(N_EXPIRIES - 1):
            for sold in range(first[e], first[e + 1]):
                edges = [
                    receive[shift + sold]
                    - pay[shift + bought]
                    - excess[e] * max(0.0, side * (scale[bought] - scale[sold]))
                    for bought in range(first[e + 1], n)
                ]
                expected[sold] = max((x for x in edges if x == x), default=-math.inf)
        assert found == pytest.approx({row: x for row, x in expected.items() if x > 0.0})
        assert best == pytest.approx(expected[best_sold]) == max(expected.values())
