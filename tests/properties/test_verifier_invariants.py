"""The verifier's answers when prices, fees, rates or the right to exercise change."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from oracles.verifier_desk import carry

from engine.market.chain import AMERICAN, EUROPEAN
from tests.properties.random_positions import (
    EXACT,
    SHAPES,
    box,
    butterfly,
    conversion,
    prove,
    random_carry,
    reversal,
    vertical,
)


def test_a_worse_price_or_fee_lowers_the_minimum_by_as_much() -> None:
    random = Random("prices")
    for _ in range(60):
        legs, terms = random.choice(SHAPES[:-1])(random), random_carry(random)
        style, worse = random.choice((EUROPEAN, AMERICAN)), random.uniform(0.0, 2.0)
        k = random.randrange(len(legs))
        dearer = list(legs)
        dearer[k] = replace(legs[k], price=legs[k].price + legs[k].side * worse)
        taxed = list(legs)
        taxed[k] = replace(legs[k], fee=legs[k].fee + worse)
        base = prove(style, legs, terms).minimum
        for changed in (dearer, taxed):
            lower = base - worse * legs[k].ratio
            assert prove(style, changed, terms).minimum == pytest.approx(lower, abs=EXACT)


def test_early_assignment_never_helps_and_rates_do_not_help_who_pays_them() -> None:
    random = Random("monotone")
    for _ in range(80):
        shape = random.choice((conversion, reversal, box, vertical, butterfly))
        legs, terms = shape(random), random_carry(random)
        european, american = (prove(s, legs, terms).minimum for s in (EUROPEAN, AMERICAN))
        assert american <= european + EXACT
        dearer = carry(*terms.dividends, lend=0.0, borrow=0.5)
        cheaper = carry(*terms.dividends, lend=0.0, borrow=0.3)
        for style in (EUROPEAN, AMERICAN):
            assert prove(style, legs, dearer).minimum <= prove(style, legs, cheaper).minimum + EXACT
