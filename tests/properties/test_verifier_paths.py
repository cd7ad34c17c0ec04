"""The verifier against forward cash flows of every path."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from oracles.verifier_cash_flows import follow, instants, schedules
from oracles.verifier_desk import NOW

from engine.market.chain import AMERICAN, EUROPEAN
from engine.market.combo import Leg
from tests.properties.random_positions import (
    EXACT,
    SHAPES,
    box,
    butterfly,
    prove,
    random_carry,
    several,
)


def ends(legs: list[Leg]) -> list[float]:
    kinks = sorted({leg.strike for leg in legs if leg.strike == leg.strike})
    middles = [0.5 * (a + b) for a, b in pairwise(kinks)]
    return [0.0, 0.5 * kinks[0], *kinks, *middles, 3.0 * kinks[-1], 1e4]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_european_minimum_is_the_worst_end(shape: Callable[[Random], list[Leg]]) -> None:
    random = Random(f"{shape.__name__} european")
    for _ in range(60):
        legs, terms = shape(random), random_carry(random)
        proof = prove(EUROPEAN, legs, terms)
        values = {spot: follow(legs, terms, NOW, 100.0, spot, {}) for spot in ends(legs)}
        if proof.minimum == -math.inf:
            assert values[1e4] < -100.0
            assert values[1e4] == min(values.values())
        else:
            assert proof.minimum == pytest.approx(min(values.values()), abs=EXACT)
        for _ in range(20):
            spot = 100.0 * random.lognormvariate(0.0, 0.6)
            assert follow(legs, terms, NOW, 100.0, spot, {}) >= proof.minimum - EXACT


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_american_minimum_is_the_worst_of_all_assignments(
    shape: Callable[[Random], list[Leg]],
) -> None:
    """Every schedule of assignment, every end: the game finds the worst, no more and no less.

    Positions in which nothing is sold are left out: there the holder exercises, which these
    paths do not; so do positions that have only bought options left after an assignment, so the
    game may find more than the paths where stock stays open beside them. The paths assign legs as
    a whole: a butterfly may be worth less when its shorts are assigned one after the other, which
    the brute-force judge holds against the game (test_american_judge).
    """
    random = Random(f"{shape.__name__} american")
    checked = 0
    while checked < (2 if shape is box else 10):
        legs, terms = shape(random), random_carry(random)
        if all(leg.side > 0 for leg in legs if leg.right):
            continue
        checked += 1
        proof = prove(AMERICAN, legs, terms)
        worst = min(
            follow(legs, terms, NOW, 100.0, spot, assigned)
            for assigned in schedules(legs, terms, NOW, apart=shape is box)
            for spot in ends(legs)
        )
        if proof.minimum == -math.inf:
            assert worst < -100.0
        elif shape in (several, butterfly):
            # A dollar received before one that is paid is worth a little less.
            assert worst - 0.02 * 60 < proof.minimum
            assert shape is several or proof.minimum <= worst + EXACT
        else:
            assert proof.minimum == pytest.approx(worst, abs=EXACT)


@pytest.mark.parametrize("shape", SHAPES[:-1], ids=lambda shape: shape.__name__)
def test_random_paths_never_pay_less_than_the_minimum(
    shape: Callable[[Random], list[Leg]],
) -> None:
    random = Random(f"{shape.__name__} paths")
    for _ in range(20):
        legs, terms = shape(random), random_carry(random)
        proof = prove(AMERICAN, legs, terms)
        moments = instants(terms, NOW, legs[-1].settles_ns)
        for _ in range(50):
            assigned = {
                leg: random.choice([m for m in moments if leg.right == "P" or m[1] == 0])
                for leg in legs
                if leg.right and leg.side < 0 and random.random() < 0.6
                and (leg.right == "P" or terms.dividends)
            }  # fmt: skip
            spot = 100.0 * random.lognormvariate(0.0, 0.5)
            value = follow(legs, terms, NOW, 100.0, spot, assigned)
            assert value >= proof.minimum - EXACT
