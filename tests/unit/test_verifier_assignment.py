"""The verifier on what may be assigned or exercised early, and what that costs at the worst."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest
from oracles.verifier_desk import (
    BORROW,
    TODAY,
    carry,
    chain,
    cost,
    dividend,
    index,
    option,
    stock,
)

from engine.market.chain import AMERICAN, EUROPEAN
from engine.proof.states import Proof
from engine.proof.verifier import verify
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


def test_conversion_lists_the_eve_on_which_its_call_may_be_assigned() -> None:
    proof = prove(chain(), conversion(), DIVIDEND)
    eve = next(s for s in proof.states if "eve" in s.event)
    assert eve.event == "short C 100 assigned on the eve of 2015-11-29"
    # Strike dated at the ex-date, both dividends and interest lost: X is 98.939.
    assert eve.pv == pytest.approx(100 * db(20) - 98.939, abs=1e-9)
    assert eve.pv > proof.minimum


def test_reversal_is_worst_when_its_put_is_assigned_after_the_dividend() -> None:
    worst = prove(chain(), reversal(), DIVIDEND).worst
    assert worst.event == "short P 100 assigned on ex-date 2015-11-29"


def test_american_jelly_roll_must_be_carried_through_early_assignment() -> None:
    legs = [
        option(1, 1, "C", 100, 5.0, 90),
        option(-1, 1, "P", 100, 4.0, 90),
        option(-1, 1, "C", 100, 3.0, 30),
        option(1, 1, "P", 100, 2.5, 30),
    ]
    european = prove(chain(EUROPEAN), legs).minimum
    kept = verify(chain(AMERICAN), tuple(legs), 1, carry(), count_projected=False, may_carry=True)
    # The far put's strike may be paid today at the earliest, delivered at the near expiry.
    assert 100 * (db(30) - 1.0) - cost(legs) - 1e-9 <= kept.minimum <= european
    # Where stock may not be carried on, an assigned call costs the far call.
    assert prove(chain(AMERICAN), legs).minimum < european - 1.0


def test_american_short_box_loses_twice_its_width() -> None:
    proof = prove(chain(), box(-1))
    # 10 at once for the calls, then 10 for the puts and the interest of the first weekend.
    night = 105 * math.expm1(BORROW * 3 / 365)
    lost = 10 + (10 + night) * dl(4)
    assert proof.minimum == pytest.approx(-lost - cost(box(-1)), abs=1e-9)
    assert proof.worst.event == (
        "short C 95 assigned today, exercised C 105 late, "
        "short P 105 assigned on 2015-11-13, exercised P 95 late"
    )


def test_short_box_that_may_carry_stock_loses_its_width_and_interest() -> None:
    proof = verify(chain(), tuple(box(-1)), 1, carry(), count_projected=False, may_carry=True)
    # 105 is paid at once; stock, put and sold call bring 95 at expiry.
    assert proof.minimum == pytest.approx(-105 + 95 * db(90) - cost(box(-1)), abs=1e-9)
    assert proof.worst.event == "short P 105 assigned today, then long 1 stock"


def test_american_long_box_pays_the_dividend_of_a_call_assigned_on_the_eve() -> None:
    terms = carry(dividend(20, 0.50), dividend(80, 0.40))
    proof = prove(chain(), box(1), terms)
    assert proof.worst.event == (
        "short C 105 assigned on the eve of 2015-11-29, exercised C 95 late"
    )
    early = 10 * db(20) - 0.5 * dl(20) - cost(box(1))
    assert proof.minimum == pytest.approx(early, abs=1e-9)
    # The family charges the full term, every dividend's maximum and a night besides.
    family = 10 * db(90) - 0.5 * dl(20) - 95 * math.expm1(BORROW * 4 / 365) - cost(box(1))
    assert proof.minimum > family


def test_night_of_a_put_assigned_before_a_long_weekend_costs_four_days_interest() -> None:
    # Strikes change hands on 24 December, a Thursday, and late exercise settles on the 28th.
    legs = [option(-1, 1, "P", 95, 2.0, 90, 0.0), option(1, 1, "P", 95.01, 2.0, 90, 0.0)]
    proof = prove(chain(), legs)
    christmas = (date(2015, 12, 24) - TODAY).days
    assert proof.worst.event.startswith("short P 95 assigned on 2015-12-24")
    night = 95 * math.expm1(BORROW * 4 / 365)
    assert proof.minimum == pytest.approx((0.01 - night) * dl(christmas), abs=1e-9)


def value_of(proof: Proof, start: str) -> float:
    return next(state.pv for state in proof.states if state.event.startswith(start))


def test_the_best_of_several_bought_options_answers_an_assignment() -> None:
    legs = [
        option(-1, 1, "C", 100, 9.0, 60),
        option(1, 1, "C", 110, 1.0, 60),
        option(1, 1, "C", 105, 1.0, 60),
    ]
    proof = prove(chain(), legs)
    start = "short C 100 assigned today, exercised C 105 late"
    assert value_of(proof, start) == pytest.approx(-5.0 - cost(legs), abs=1e-9)
    legs = [replace(leg, right="P", strike=200 - leg.strike) for leg in legs]
    proof = prove(chain(), legs)
    start = "short P 100 assigned today, exercised P 95 late"
    night = 100 * math.expm1(BORROW / 365)
    assert value_of(proof, start) == pytest.approx(-5.0 - night - cost(legs), abs=1e-9)


def test_only_puts_beyond_the_short_stock_cost_a_nights_interest() -> None:
    legs = [
        stock(-1, 100.0),
        option(-1, 2, "P", 95, 1.0, 60),
        option(1, 1, "P", 105, 7.0, 60),
        option(1, 1, "C", 100, 3.0, 60),
    ]
    night = 95 * math.expm1(BORROW / 365)
    assert value_of(prove(chain(), legs), "short P 95 assigned today") == pytest.approx(
        -2 * 95 + 105 - night - cost(legs), abs=1e-9
    )


def test_stock_that_was_short_before_an_assignment_stays_short() -> None:
    legs = [
        stock(-1, 100.0, ratio=2),
        option(-1, 1, "C", 110, 1.0, 60),
        option(1, 3, "C", 100, 3.0, 60),
    ]
    start = "short C 110 assigned today, exercised C 100 late, then short 2 stock"
    assert value_of(prove(chain(), legs), start) == pytest.approx(
        110 - 100 - 2 * 100 * dl(60) - cost(legs), abs=1e-9
    )


def test_american_butterfly_pays_one_dividend_per_sold_call() -> None:
    terms = carry(dividend(20, 0.50))
    proof = prove(chain(), butterfly(), terms, unit=3)
    assert proof.minimum == pytest.approx(0.4 / 3 - 0.5 * dl(20), abs=1e-9)
    assert proof.worst.event.endswith("exercised C 95 and C 110 late")


def test_sold_put_is_worst_assigned_today_on_american_options() -> None:
    legs = [option(-1, 1, "P", 100, 100.5, 60)]
    assert prove(chain(EUROPEAN), legs).minimum == pytest.approx(100.493 - 100 * dl(60), abs=1e-9)
    american = prove(chain(AMERICAN), legs)
    assert american.minimum == pytest.approx(0.493, abs=1e-9)
    assert american.worst.event == "short P 100 assigned today"


def test_call_against_short_stock_is_exercised_before_a_large_dividend() -> None:
    legs = [stock(-1, 100.0), option(1, 1, "C", 90, 9.0, 60)]
    terms = carry(dividend(20, 3.0), fee=0.02)
    held = -90 * dl(60) - 3.0 * dl(20) - 0.02 * 100 * 60 / 365
    exercised = -90 * dl(20) - 0.02 * 100 * 20 / 365
    assert exercised > held
    assert prove(chain(EUROPEAN), legs, terms).minimum == pytest.approx(held - cost(legs), abs=1e-9)
    proof = prove(chain(AMERICAN), legs, terms)
    assert proof.minimum == pytest.approx(exercised - cost(legs), abs=1e-9)
    assert proof.worst.event.startswith("exercised C 90 on the eve of 2015-11-29, expiry")


def test_put_on_long_stock_is_exercised_after_the_dividend_when_rates_are_high() -> None:
    legs = [stock(1, 100.02), option(1, 1, "P", 110, 9.0, 60)]
    terms = carry(dividend(20, 3.0), lend=0.2, borrow=0.3)
    proof = prove(chain(AMERICAN), legs, terms)
    taken = 110 * db(20, 0.3) + 3.0 * db(20, 0.3)
    assert taken > max(110, 110 * db(60, 0.3) + 3.0 * db(20, 0.3))
    assert proof.minimum == pytest.approx(taken - cost(legs), abs=1e-9)


def test_american_calendar_needs_nothing_but_late_exercise() -> None:
    legs = [option(-1, 1, "C", 100, 3.0, 30), option(1, 1, "C", 100, 2.9, 90)]
    plain = prove(chain(AMERICAN), legs)
    assert plain.minimum == pytest.approx(-cost(legs), abs=1e-9)
    with_dividend = prove(chain(AMERICAN), legs, carry(dividend(20, 0.5), dividend(60, 4.0)))
    assert with_dividend.minimum == pytest.approx(-cost(legs) - 0.5 * dl(20), abs=1e-9)
    # A European holder cannot exercise at T1 and pays the second dividend on the hedge.
    european = prove(chain(EUROPEAN), legs, carry(dividend(20, 0.5), dividend(60, 4.0)))
    assert european.minimum < -1.0


def test_cash_settled_american_call_is_unhedged_once_assigned() -> None:
    legs = [option(-1, 1, "C", 100, 9.0, 30), option(1, 1, "C", 90, 2.9, 30)]
    assert prove(chain(AMERICAN), legs).minimum > 0.0
    assert prove(index(AMERICAN), legs).minimum == -math.inf
    assert prove(index(EUROPEAN), legs).minimum > 0.0
