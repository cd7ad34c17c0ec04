"""The verifier against positions whose worst outcome is known: golden numbers and plain cases."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from oracles.verifier_desk import carry, chain, cost, dividend, index, option, stock

from engine.market.carry import PROJECTED, Carry
from engine.market.chain import AMERICAN, EUROPEAN
from engine.market.combo import Leg
from engine.proof.verifier import reproduces, verify
from tests.unit.verified_positions import (
    DIVIDEND,
    box,
    butterfly,
    conversion,
    db,
    dl,
    prove,
    reversal,
)


@pytest.mark.parametrize(
    ("style", "legs", "terms", "unit", "golden"),
    [
        (EUROPEAN, conversion(), DIVIDEND, 1, 0.6595),
        (AMERICAN, conversion(), DIVIDEND, 1, 0.6595),
        (EUROPEAN, reversal(), DIVIDEND, 1, -1.2452),
        (AMERICAN, reversal(), DIVIDEND, 1, -1.6263),
        (EUROPEAN, box(1), carry(), 1, -0.0127),
        (EUROPEAN, box(-1), carry(), 1, -0.3177),
        (EUROPEAN, butterfly(), carry(), 3, 0.1333),
    ],
    ids=["G1", "G1 American", "G2", "G2 American", "G3 long", "G3 short", "G5"],
)
def test_golden_minimum(
    style: str, legs: list[Leg], terms: Carry, unit: int, golden: float
) -> None:
    proof = prove(chain(style), legs, terms, unit)
    assert proof.minimum == pytest.approx(golden, abs=5e-5)


def test_golden_jelly_roll_is_fair_at_parity() -> None:
    flat = carry(dividend(60, 0.50), lend=0.05, borrow=0.05)
    fair = 0.3193

    def roll(debit: float) -> list[Leg]:
        return [
            option(1, 1, "C", 100, 5.0 + debit, 90, 0.0),
            option(-1, 1, "P", 100, 5.0, 90, 0.0),
            option(-1, 1, "C", 100, 3.0, 30, 0.0),
            option(1, 1, "P", 100, 3.0, 30, 0.0),
        ]

    assert prove(chain(EUROPEAN), roll(fair), flat).minimum == pytest.approx(0.0, abs=5e-5)
    assert prove(chain(EUROPEAN), roll(fair - 0.1), flat).minimum == pytest.approx(0.1, abs=5e-5)


def test_jelly_roll_is_locked_at_todays_rates_for_each_term() -> None:
    legs = [
        option(1, 1, "C", 100, 5.0, 90),
        option(-1, 1, "P", 100, 4.0, 90),
        option(-1, 1, "C", 100, 3.0, 30),
        option(1, 1, "P", 100, 2.5, 30),
    ]
    terms = carry(dividend(60, 0.50), fee=0.01)
    expected = 100 * (db(30) - dl(90)) - 0.5 * dl(60) - 0.01 * 100.0 * 60 / 365 - cost(legs)
    proof = prove(chain(EUROPEAN), legs, terms)
    assert proof.minimum == pytest.approx(expected, abs=1e-9)
    assert "then short 1 stock" in proof.worst.event


def black_scholes(right: int, strike: float) -> float:
    spot, rate, vol, tau = 100.0, 0.05, 0.25, 50 / 365
    spread = vol * math.sqrt(tau)
    d1 = (math.log(spot / strike) + rate * tau) / spread + 0.5 * spread
    below = [0.5 * math.erfc(-right * d / math.sqrt(2)) for d in (d1, d1 - spread)]
    return right * (spot * below[0] - strike * math.exp(-rate * tau) * below[1])


def test_golden_collar_profits_from_interest_only() -> None:
    legs = [
        stock(1, 100.0, fee=0.0),
        option(1, 1, "P", 110, black_scholes(-1, 110) + 0.01, 50, 0.0),
        option(-1, 1, "C", 111, black_scholes(1, 111) - 0.005, 50, 0.0),
    ]
    on = chain(EUROPEAN, ask=100.0)
    assert prove(on, legs, carry(lend=0.05, borrow=0.05)).minimum == pytest.approx(
        -0.1607, abs=5e-5
    )
    assert prove(on, legs, carry(lend=0.0, borrow=0.0)).minimum == pytest.approx(0.5902, abs=5e-5)


def test_golden_calendar_shows_its_loss_beside_the_sold_strike() -> None:
    legs = [option(-1, 95, "C", 60, 0.0, 30, 0.0), option(1, 100, "C", 57, 0.0, 90, 0.0)]
    proof = prove(chain(EUROPEAN), legs, carry(dividend(60, 5.0), lend=0.0, borrow=0.0), 95)
    [at_61] = [state for state in proof.states if state.spot == 61.0]
    assert at_61.pv == pytest.approx(-1.0, abs=1e-9)
    # From 62 on, shorting against the bought call makes good: strike 57 and the dividend 5.
    assert proof.worst.spot == pytest.approx(62.0, abs=1e-9)
    assert proof.minimum == pytest.approx(-2.0, abs=1e-9)


@pytest.mark.parametrize("style", [EUROPEAN, AMERICAN])
def test_covered_call_is_worst_at_spot_zero(style: str) -> None:
    legs = [stock(1, 100.02), option(-1, 1, "C", 50, 101.0, 60)]
    proof = prove(chain(style), legs, carry(dividend(20, 0.50)))
    assert proof.minimum == pytest.approx(0.5 * db(20) - cost(legs), abs=1e-9)
    assert proof.worst.spot == 0.0


def test_calendar_on_an_index_cannot_be_hedged() -> None:
    legs = [option(-1, 1, "C", 100, 3.0, 30), option(1, 1, "C", 90, 2.9, 90)]
    assert prove(chain(EUROPEAN), legs).minimum > 0.0
    assert prove(index(EUROPEAN), legs).minimum == -math.inf


@pytest.mark.parametrize("style", [EUROPEAN, AMERICAN])
@pytest.mark.parametrize(
    "legs",
    [
        [option(-1, 1, "C", 100, 50.0, 60)],
        [option(-1, 3, "C", 100, 50.0, 60), option(1, 2, "C", 90, 1.0, 60)],
        [stock(-1, 100.0), option(1, 1, "P", 100, 1.0, 60)],
        [option(-1, 1, "C", 100, 50.0, 30), option(1, 1, "P", 100, 1.0, 90)],
    ],
    ids=["naked call", "ratio", "short stock", "two expiries"],
)
def test_losses_without_limit_are_minus_infinity(style: str, legs: list[Leg]) -> None:
    proof = prove(chain(style), legs)
    assert proof.minimum == -math.inf
    assert not reproduces(0.0, proof)


def test_projected_dividends_count_when_paid_and_when_asked_for() -> None:
    declared = carry(dividend(20, 0.5), withholding=0.15)
    projected = carry(dividend(20, 0.5, status=PROJECTED), withholding=0.15)
    on, legs = chain(EUROPEAN), tuple(conversion())
    base = verify(on, legs, 1, carry(), count_projected=False).minimum
    received = 0.5 * 0.85 * db(20)
    for terms, counts, gain in (
        (declared, False, received),
        (projected, False, 0.0),
        (projected, True, received),
    ):
        proof = verify(on, legs, 1, terms, count_projected=counts)
        assert proof.minimum == pytest.approx(base + gain, abs=1e-9)
    paid = [
        verify(on, tuple(reversal()), 1, terms, count_projected=False).minimum
        for terms in (carry(), declared, projected)
    ]
    assert paid[1] == paid[2] == pytest.approx(paid[0] - 0.5 * dl(20), abs=1e-9)


def test_a_yield_is_paid_on_short_stock_and_received_only_if_counted() -> None:
    terms = replace(carry(), index_yield=0.02)
    flow = 0.02 * 100.0 * 60 / 365
    on = chain(EUROPEAN)
    long = [verify(on, tuple(conversion()), 1, t, count_projected=c).minimum
            for t, c in ((carry(), False), (terms, False), (terms, True))]  # fmt: skip
    assert long[1] == long[0]
    assert long[2] == pytest.approx(long[0] + flow * db(60), abs=1e-9)
    short = [prove(on, reversal(), t).minimum for t in (carry(), terms)]
    assert short[1] == pytest.approx(short[0] - flow, abs=1e-9)


def test_dividends_count_after_now_and_up_to_settlement() -> None:
    base = prove(chain(EUROPEAN), conversion()).minimum
    for ex, is_counted in ((0, False), (1, True), (60, True), (61, False)):
        proof = prove(chain(EUROPEAN), conversion(), carry(dividend(ex, 0.5, pay=70)))
        gain = 0.5 * db(70) if is_counted else 0.0
        assert proof.minimum == pytest.approx(base + gain, abs=1e-9), ex


def test_short_stock_without_a_bid_is_not_borrowed_for_nothing() -> None:
    on = chain(EUROPEAN, bid=math.nan)
    assert prove(on, reversal(), carry(fee=0.01)).minimum == -math.inf
    assert prove(on, conversion(), carry(fee=0.01)).minimum > 0.0
