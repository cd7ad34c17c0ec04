"""The verifier against positions whose worst outcome is known: golden numbers and plain cases."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from oracles.verifier_desk import (
    BORROW,
    LEND,
    NOW,
    TODAY,
    carry,
    chain,
    cost,
    dividend,
    future,
    index,
    option,
    stock,
)

from engine.clock import NS_PER_DAY
from engine.market.carry import PROJECTED, Carry, Dividend
from engine.market.chain import (
    AMERICAN,
    EUROPEAN,
    ChainBuilder,
    Expiry,
    OptionChain,
    Underlying,
)
from engine.scoring.opportunity import Leg, Proof
from engine.scoring.state_table import MOST_ROWS
from engine.scoring.verifier import recompute_cost, reproduces, verify


def prove(on: OptionChain, legs: list[Leg], with_: Carry | None = None, unit: int = 1) -> Proof:
    return verify(on, tuple(legs), unit, with_ or carry(), count_projected=False)


def conversion(strike: float = 100.0, days: int = 60) -> list[Leg]:
    return [
        stock(1, 100.02),
        option(1, 1, "P", strike, 2.10, days),
        option(-1, 1, "C", strike, 3.20, days),
    ]


def reversal() -> list[Leg]:
    return [stock(-1, 100.0), option(1, 1, "C", 100, 3.30, 60), option(-1, 1, "P", 100, 2.00, 60)]


def box(side: int) -> list[Leg]:
    prices = (8.10, 1.90, 6.05, 2.40) if side > 0 else (8.00, 1.95, 6.00, 2.45)
    kinds = ((side, "C", 95), (-side, "C", 105), (side, "P", 105), (-side, "P", 95))
    return [
        option(s, 1, right, strike, price, 90)
        for (s, right, strike), price in zip(kinds, prices, strict=True)
    ]


def butterfly() -> list[Leg]:
    return [
        option(1, 2, "C", 95, 7.2, 30, 0.0),
        option(-1, 3, "C", 100, 5.3, 30, 0.0),
        option(1, 1, "C", 110, 1.1, 30, 0.0),
    ]


DIVIDEND = carry(dividend(20, 0.50), fee=0.01)


def db(days: float, rate: float = BORROW) -> float:
    return math.exp(-rate * days / 365)


def dl(days: float, rate: float = LEND) -> float:
    return math.exp(-rate * days / 365)


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


def test_american_short_box_loses_twice_its_width() -> None:
    proof = prove(chain(), box(-1))
    # 10 at once and a night's interest, 10 at expiry when the calls end far in the money.
    night = 105 * math.expm1(BORROW / 365)
    lost = 10 + night + 10 * dl(90)
    assert proof.minimum == pytest.approx(-lost - cost(box(-1)), abs=1e-9)
    assert proof.worst.event == "short P 105 assigned today, exercised P 95 late"


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
    # The node of the curve falls on the Friday before Martin Luther King's day, 18 January 2016.
    friday = (date(2016, 1, 15) - TODAY).days
    terms = replace(carry(), lend=replace(carry().lend, days=(0.0, friday), rates=(LEND, LEND)))
    legs = [option(-1, 1, "P", 95, 2.0, 90, 0.0), option(1, 1, "P", 105, 2.0, 90, 0.0)]
    proof = prove(chain(), legs, terms)
    node = next(s for s in proof.states if s.event.startswith("short P 95 assigned on 2016-01-15"))
    night = 95 * math.expm1(BORROW * 4 / 365)
    assert node.pv == pytest.approx((10 - night) * db(friday), abs=1e-9)


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


@pytest.mark.parametrize("style", [EUROPEAN, AMERICAN])
def test_covered_call_is_worst_at_spot_zero(style: str) -> None:
    legs = [stock(1, 100.02), option(-1, 1, "C", 50, 101.0, 60)]
    proof = prove(chain(style), legs, carry(dividend(20, 0.50)))
    assert proof.minimum == pytest.approx(0.5 * db(20) - cost(legs), abs=1e-9)
    assert proof.worst.spot == 0.0


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


def test_calendar_on_an_index_cannot_be_hedged() -> None:
    legs = [option(-1, 1, "C", 100, 3.0, 30), option(1, 1, "C", 90, 2.9, 90)]
    assert prove(chain(EUROPEAN), legs).minimum > 0.0
    assert prove(index(EUROPEAN), legs).minimum == -math.inf


def test_cash_settled_american_call_is_unhedged_once_assigned() -> None:
    legs = [option(-1, 1, "C", 100, 9.0, 30), option(1, 1, "C", 90, 2.9, 30)]
    assert prove(chain(AMERICAN), legs).minimum > 0.0
    assert prove(index(AMERICAN), legs).minimum == -math.inf
    assert prove(index(EUROPEAN), legs).minimum > 0.0


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


# Inverse chains: strikes and futures in dollars, everything else in coins.

COINS = carry(lend=0.0, borrow=0.0)


def test_inverse_conversion_is_parity_in_coins() -> None:
    on = chain(EUROPEAN, bid=99.0, ask=101.0, is_inverse=True)
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
    on = chain(EUROPEAN, is_inverse=True)
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
    on = chain(EUROPEAN, is_inverse=True)

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


# The table, the checks, the errors.


def test_the_table_is_sorted_short_and_starts_at_the_minimum() -> None:
    many = [option((-1) ** k, 1, "C", 50.0 + k, 50.0 - k, 60, 0.0) for k in range(80)]
    proof = prove(chain(EUROPEAN), many)
    values = [state.pv for state in proof.states]
    assert values == sorted(values)
    assert len(values) == MOST_ROWS < proof.n_states
    assert proof.worst.pv == proof.minimum
    assert len({(state.event, state.spot) for state in proof.states}) == MOST_ROWS


def quoted() -> tuple[OptionChain, Leg]:
    settles = NOW + 60 * NS_PER_DAY
    builder = ChainBuilder("XYZ", NOW, Underlying("XYZ", 100.0, 100.02))
    expiry = Expiry(settles, date(2016, 1, 8))
    builder.add(expiry, 95.0, "C", 6.0, 6.1)
    builder.add(expiry, 100.0, "C", 3.0, 3.1)
    built = builder.build(style=EUROPEAN)
    bought = replace(option(1, 1, "C", 95, 6.1, 60), quote=0)
    return built, bought


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"price": 6.0}, "C 95 has ask 6.1: not 6"),
        ({"side": -1}, "C 95 has bid 6: not 6.1"),
        ({"strike": 100.0}, "C 100 is not the contract of quote 0"),
        ({"right": "P"}, "P 95 is not the contract of quote 0"),
        ({"settles_ns": NOW + NS_PER_DAY}, "C 95 is not the contract of quote 0"),
        ({"quote": 2, "right": "P"}, "P 95 has ask 0: not 6.1"),
    ],
)
def test_a_leg_that_the_chain_does_not_offer_proves_nothing(
    change: dict[str, object], phrase: str
) -> None:
    on, bought = quoted()
    assert prove(on, [bought]).minimum == pytest.approx(-6.107)
    assert prove(on, [replace(bought, price=6.2)]).minimum == pytest.approx(-6.207)
    assert prove(on, [replace(bought, settles_ns=0)]).minimum == pytest.approx(-6.107)
    proof = prove(on, [replace(bought, **change)])  # type: ignore[arg-type]
    assert proof.minimum == -math.inf
    assert proof.worst.event == phrase


def test_stock_and_futures_are_not_had_below_their_quote() -> None:
    assert prove(chain(EUROPEAN), [stock(1, 100.0), *conversion()[1:]]).minimum == -math.inf
    on, _ = quoted()
    with_future = replace(on, forward_bid=on.bid[:1], forward_ask=on.ask[:1])
    ask = with_future.forward_ask[0]
    call = option(1, 1, "C", 95, 6.1, 60)
    assert prove(with_future, [call, future(1, ask, math.nan, 60)]).minimum > -math.inf
    coins = prove(chain(EUROPEAN, is_inverse=True), conversion())
    assert coins.minimum == -math.inf
    assert "stock" in coins.worst.event
    bad = prove(with_future, [call, future(1, ask - 0.1, math.nan, 60)])
    assert bad.worst.event == "future has ask 6.1: not 6"


def test_legs_that_make_no_position_are_refused() -> None:
    with pytest.raises(ValueError, match="unit 0"):
        prove(chain(), conversion(), unit=0)
    with pytest.raises(ValueError, match="no leg settles"):
        prove(chain(), [stock(1, 100.02)])
    with pytest.raises(ValueError, match="no settlement instant"):
        prove(chain(), [replace(option(1, 1, "C", 100, 1.0, 60), settles_ns=0)])
    with pytest.raises(ValueError, match="'bond'"):
        prove(chain(), [replace(option(1, 1, "C", 100, 1.0, 60), kind="bond")])


def test_an_edge_is_reproduced_down_to_rounding() -> None:
    proof = Proof(0.5, (), 1)
    assert reproduces(0.5, proof)
    assert reproduces(0.5 + 9e-10, proof)
    assert not reproduces(0.5 + 2e-9, proof)
    assert not reproduces(math.nan, proof)
    assert not reproduces(0.5, Proof(math.nan, (), 1))


def test_rounding_is_relative_to_the_amounts() -> None:
    """At 600,000 a share, numbers are 1.2e-10 apart, and a few dozen of them are added."""
    proof = Proof(0.5, (), 1, 600_000.0)
    assert reproduces(0.5 + 5e-7, proof)
    assert not reproduces(0.5 + 7e-7, proof)
    # Below a thousand it is the tolerance that it was.
    assert not reproduces(0.5 + 2e-9, Proof(0.5, (), 1, 999.0))
    # The strike, and a dividend that may be a slip of the pen.
    assert prove(chain(), conversion(105.0)).scale == 105.0
    slip = Dividend(TODAY + timedelta(days=9), TODAY + timedelta(days=9), 700.0)
    assert prove(chain(), conversion(), Carry(dividends=(slip,))).scale == 700.0
