"""The leg-out loss against the maximum over all subsets, written out."""

from __future__ import annotations

from array import array
from itertools import combinations
from random import Random

import pytest

from engine.backend import Backend


def by_subsets(cost: list[float], delta: list[float], sigma: float) -> float:
    """Return the greatest loss of all proper, non-empty subsets, one after the other."""
    legs = range(len(cost))
    losses = [
        sum(cost[leg] for leg in filled) + sigma * abs(sum(delta[leg] for leg in filled))
        for size in range(1, len(cost))
        for filled in combinations(legs, size)
    ]
    return max(losses, default=0.0)


@pytest.mark.parametrize("legs", range(1, 13))
def test_leg_out_loss_is_that_of_the_worst_subset(backend: Backend, legs: int) -> None:
    draw = Random(legs)
    for _ in range(20):
        cost = [draw.choice((0.0, draw.random(), 9.0 * draw.random())) for _ in range(legs)]
        # All of one sign, mixed, or without weight beside the cost.
        low, high = draw.choice(((0.0, 9.0), (-9.0, 0.0), (-9.0, 9.0), (-0.1, 0.1)))
        delta = [draw.uniform(low, high) for _ in range(legs)]
        sigma = draw.choice((0.0, 0.05, 2.0))
        found = backend.scoring.leg_out_loss(legs, array("d", cost), array("d", delta), sigma)
        assert found == pytest.approx(by_subsets(cost, delta, sigma), rel=1e-12)


def test_leg_out_loss_of_a_conversion_by_hand(backend: Backend) -> None:
    """Costs 5, 4, 2 and deltas -40, -60, 100, a move of 0.1: stock and call, or put and call.

    Of the pairs, 9 + 10 (put and call), 7 + 6, 6 + 4; the stock alone 2 + 10.
    """
    cost, delta = array("d", [5.0, 4.0, 2.0]), array("d", [-40.0, -60.0, 100.0])
    assert backend.scoring.leg_out_loss(3, cost, delta, 0.1) == pytest.approx(19.0)


def test_leg_out_loss_of_many_legs_leaves_out_the_least(backend: Backend) -> None:
    """Sixty legs whose costs outweigh their deltas: all but the one that adds least."""
    cost = array("d", [1.0 + 0.01 * leg for leg in range(60)])
    delta = array("d", [0.1] * 60)
    found = backend.scoring.leg_out_loss(60, cost, delta, 1.0)
    assert found == pytest.approx(sum(cost) + 6.0 - 1.1)
