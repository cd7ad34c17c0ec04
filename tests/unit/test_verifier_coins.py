"""The verifier on inverse chains (dollars in strikes and futures, else coins), and on futures."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from oracles.verifier_desk import carry, chain, cost, future, index, option

from engine.market.chain import EUROPEAN
from engine.market.quoting import IN_COIN
from engine.proof.verifier import recompute_cost
from tests.unit.verified_positions import dl, prove

COINS = carry(lend=0.0, borrow=0.0)


def test_inverse_conversion_is_parity_in_coins() -> None:
    on = chain(EUROPEAN, bid=99.0, ask=101.0, quoting=IN_COIN)
    legs = [
        option(1, 1, "P", 90, 0.02, 60, 0.0003),
        option(-1, 1, "C", 90, 0.14, 60, 0.0003),
        future(1, 100.0, 90.0, 60, fee=0.0005),
    ]
    expected = 0.14 - 0.02 - 0.0006 - 0.0005 - (1 - 90 / 100)
    proof = prove(on, legs, COINS)
    assert proof.minimum == pytest.approx(expected, abs=1e-12)
    assert {round(state.pv, 12) for state in proof.states} == {round(expected, 12)}
    assert recompute_cost(tuple(legs)) == pytest.approx(0.02 - 0.14 + 0.0011)
    # Without the future only a fall of the coin is feared; the other way round, a rise.
    assert prove(on, legs[:2], COINS).minimum == pytest.approx(0.12 - 0.0006 - 1.0, abs=1e-12)
    turned = [replace(leg, side=-leg.side) for leg in legs[:2]]
    worst = prove(on, turned, COINS)
    assert worst.minimum == -math.inf
    assert worst.worst.spot == 0.0


def test_inverse_box_locks_only_with_a_future_of_its_width() -> None:
    on = chain(EUROPEAN, quoting=IN_COIN)
    legs = [
        option(1, 1, "C", 90, 0.13, 60, 0.0),
        option(-1, 1, "C", 110, 0.04, 60, 0.0),
        option(1, 1, "P", 110, 0.13, 60, 0.0),
        option(-1, 1, "P", 90, 0.04, 60, 0.0),
    ]
    alone = prove(on, legs, COINS)
    assert alone.minimum == pytest.approx(-0.18, abs=1e-12)
    assert alone.worst.spot == math.inf
    locked = prove(on, [*legs, future(1, 100.0, 20.0, 60)], COINS)
    assert locked.minimum == pytest.approx(20 / 100 - 0.18, abs=1e-12)


def test_inverse_calendar_is_hedged_in_dollars() -> None:
    on = chain(EUROPEAN, quoting=IN_COIN)

    def calls(near: float, far: float) -> float:
        legs = [option(-1, 1, "C", near, 0.06, 30, 0.0), option(1, 1, "C", far, 0.05, 90, 0.0)]
        return prove(on, legs, COINS).minimum

    assert calls(100, 100) == pytest.approx(0.01, abs=1e-12)
    assert calls(100, 90) == pytest.approx(0.01, abs=1e-12)
    assert calls(100, 110) == pytest.approx(0.01 - (1 - 100 / 110), abs=1e-12)


def test_future_of_a_plain_chain_pays_the_difference() -> None:
    # A conversion against a future bought at 101 locks strike less price.
    legs = [
        option(1, 1, "P", 100, 2.0, 60),
        option(-1, 1, "C", 100, 3.5, 60),
        future(1, 101.0, math.nan, 60),
    ]
    proof = prove(index(EUROPEAN), legs)
    assert proof.minimum == pytest.approx(-1.0 * dl(60) - cost(legs), abs=1e-9)
