"""The verifier against forward cash flows of every path."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from oracles.verifier_cash_flows import follow, instants, schedules
from oracles.verifier_desk import NOW

from engine.market.carry import RateCurve
from engine.market.chain import AMERICAN, EUROPEAN
from engine.market.combo import Leg
from tests.properties.random_positions import EXACT, SHAPES, box, prove, random_carry, several


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
    game may find more than the paths where stock stays open beside them. Two legs that can be
    assigned on different days are followed over the events only, at flat rates without a fee.
    """
    random = Random(f"{shape.__name__} american")
    checked = 0
    is_joint = shape in (box, several)
    while checked < 10:
        legs, terms = shape(random), random_carry(random)
        if is_joint:
            lend, borrow = (RateCurve.flat(c.rates[0]) for c in (terms.lend, terms.borrow))
            terms = replace(terms, lend=lend, borrow=borrow, borrow_fee=0.0)
        if all(leg.side > 0 for leg in legs if leg.right):
            continue
        checked += 1
        proof = prove(AMERICAN, legs, terms)
        worst = min(
            follow(legs, terms, NOW, 100.0, spot, assigned)
            for assigned in schedules(legs, terms, NOW, quiet_days=not is_joint)
            for spot in ends(legs)
        )
        if proof.minimum == -math.inf:
            assert worst < -100.0
        elif shape is several:
            assert proof.minimum >= worst - EXACT
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
