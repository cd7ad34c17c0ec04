"""Who is assigned early: what a rational holder does, the worst night, and nobody."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.backtesting.options.assignment import pays_early
from engine.backtesting.options.package import Package
from engine.backtesting.options.result import OptionsResult
from engine.backtesting.options.run import run
from engine.backtesting.options.sight import Model
from engine.backtesting.options.terms import NEVER, NO_MARGIN, RATIONAL, WORST, Terms
from engine.market.calendar import US
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.combo import Combo
from engine.market.fees import FREE
from tests.options.markets import MONDAY, Script, at, chain_at, combo, later, option, recording

EVE = MONDAY
EX = US.next_session(EVE)
NINE_DAYS = later(9)
VOL = 0.25


def carry_of(dividend: float, rate: float) -> Carry:
    curve = RateCurve.flat(rate)
    paid = Dividend(EX, EX + timedelta(days=21), dividend)
    return Carry(curve, curve, dividends=(paid,) if dividend else ())


def model(spot: float, dividend: float, rate: float, hours: float = 0.0, **style: Any) -> Model:
    chain = chain_at(at(EVE, hours), spot, [NINE_DAYS], **style)
    return Model(chain, carry_of(dividend, rate))


@pytest.mark.parametrize(
    ("strike", "is_exercised"),
    [(85.0, True), (90.0, True), (92.5, True), (94.0, False), (95.0, False), (96.0, False)],
)
def test_calls_are_exercised_for_a_dividend_where_little_time_value_is_left(
    strike: float, is_exercised: bool
) -> None:
    settles = US.settlement_ns(NINE_DAYS)
    assert pays_early(model(95.0, 0.47, 0.005), 1, strike, settles, 0.18) is is_exercised
    assert not pays_early(model(95.0, 0.0, 0.005), 1, strike, settles, 0.18)


@pytest.mark.parametrize(
    ("strike", "rate", "dividend", "is_exercised"),
    [
        (150.0, 0.05, 0.0, True), (101.0, 0.05, 0.0, False), (150.0, 0.0, 0.0, False),
        (150.0, 0.05, 0.47, False), (90.0, 0.05, 0.0, False),
    ],
)  # fmt: skip
def test_puts_are_exercised_for_the_interest_on_the_strike(
    strike: float, rate: float, dividend: float, is_exercised: bool
) -> None:
    settles = US.settlement_ns(NINE_DAYS)
    assert pays_early(model(95.0, dividend, rate), -1, strike, settles, VOL) is is_exercised


def test_european_options_are_never_assigned_early() -> None:
    result = held(combo((-1, option(NINE_DAYS, "C", 80.0))), style="european")
    assert not any(one.was_assigned for one in result.packages)


def test_a_holder_agrees_with_quantlib_on_what_holding_is_worth() -> None:
    """Exercise is best where the value without tonight's dividend is below the intrinsic value."""
    ql = pytest.importorskip("QuantLib", reason="QuantLib has no wheel for this runtime")
    rate, dividend, spot, vol = 0.03, 0.60, 100.0, 0.22
    one = model(spot, dividend, rate)
    settles = US.settlement_ns(NINE_DAYS)
    tau = (settles - one.chain.ts_ns) / 1e9 / 86400 / 365.0
    today = ql.Date(2, 3, 2026)
    ql.Settings.instance().evaluationDate = today
    day_count = ql.Actual365Fixed()
    flat = ql.YieldTermStructureHandle(ql.FlatForward(today, rate, day_count))
    none = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.0, day_count))
    opens = (US.open_ns(EX) - one.chain.ts_ns) / 1e9 / 86400 / 365.0
    free = spot - dividend * math.exp(-rate * opens)
    for strike in (80.0, 88.0, 92.0, 95.0, 97.0, 99.0):
        start = ql.QuoteHandle(ql.SimpleQuote(free))
        surface = ql.BlackVolTermStructureHandle(
            ql.BlackConstantVol(today, ql.NullCalendar(), vol, day_count)
        )
        process = ql.BlackScholesMertonProcess(start, none, flat, surface)
        exercise = ql.AmericanExercise(today, today + round(tau * 365))
        priced = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Call, strike), exercise)
        priced.setPricingEngine(ql.BinomialVanillaEngine(process, "lr", 801))
        holding = priced.NPV()
        assert pays_early(one, 1, strike, settles, vol) is (holding < spot - strike), strike


def held(
    wanted: Combo, *, assignment: str = RATIONAL, style: str = "american", dividend: float = 0.9
) -> OptionsResult:
    """Hold a package over the eve of a dividend and the week after, spot falling by it."""
    days = [EVE, EX, *(later(k) for k in range(2, 9))]
    chains = []
    for day in dict.fromkeys(days):
        spot = 95.0 if day == EVE else 95.0 - dividend
        for hours in (5.0, 0.0):
            chains.append(chain_at(at(day, hours), spot, [NINE_DAYS], style=style, vol=0.12))
    terms = Terms(fees=FREE, margin=NO_MARGIN, assignment=assignment)
    return run(
        lambda: Script({0: [(wanted, 1)]}), recording(chains, carry_of(dividend, 0.0)), terms
    )


def assigned_on(one: Package) -> list[int]:
    return [e.time_ns for e in one.entries if e.what == "assignment" and e.contract != "XYZ"]


def test_a_sold_call_is_assigned_on_the_eve_and_owes_the_dividend() -> None:
    spread = combo((-1, option(NINE_DAYS, "C", 85.0)), (1, option(NINE_DAYS, "C", 90.0)))
    (one,) = held(spread).packages
    assert assigned_on(one) == [US.close_ns(EVE)]
    assert one.was_assigned
    # The stock is short over the night, and the whole rest is closed at the next quotes.
    assert one.owed == pytest.approx(-90.0)
    assert not one.holdings
    assert one.stock == 0.0
    (free,) = held(spread, assignment=NEVER).packages
    assert assigned_on(free) == []
    assert free.gain > one.gain


def test_a_sold_call_that_is_worth_more_alive_is_not_assigned() -> None:
    (one,) = held(combo((-1, option(NINE_DAYS, "C", 95.0)))).packages
    assert assigned_on(one) == []


def test_the_worst_night_is_the_worst_of_all_nights_tried_one_by_one() -> None:
    spread = combo((-1, option(NINE_DAYS, "C", 85.0)), (1, option(NINE_DAYS, "C", 90.0)))
    (worst,) = held(spread, assignment=WORST).packages
    (never,) = held(spread, assignment=NEVER).packages
    assert worst.gain < never.gain
    assert assigned_on(worst) == [US.close_ns(EVE)]
    (rational,) = held(spread).packages
    assert worst.gain == pytest.approx(rational.gain)


def test_the_worst_night_of_a_package_that_nobody_can_assign_is_none() -> None:
    long = combo((1, option(NINE_DAYS, "C", 85.0)))
    (worst,) = held(long, assignment=WORST).packages
    (never,) = held(long, assignment=NEVER).packages
    assert worst.gain == never.gain


def test_every_night_is_tried_by_itself() -> None:
    """The spot differs by day, so each night gives another gain; found by forcing each in turn."""
    from engine.backtesting.options.run import Walk

    spread = combo((-1, option(later(18), "P", 105.0)), (1, option(later(18), "P", 100.0)))
    days = [later(k) for k in range(10) if US.is_session(MONDAY + timedelta(days=k))]
    spots = [101.0, 99.0, 103.0, 98.0, 104.0, 97.0, 101.5, 102.0]
    chains = [
        chain_at(at(day, h), spot + 0.3 * h, [later(18)])
        for day, spot in zip(dict.fromkeys(days), spots, strict=True)
        for h in (4.0, 1.0)
    ]
    terms = Terms(fees=FREE, margin=NO_MARGIN, assignment=WORST)
    there = recording(chains)

    def forced(day: Any) -> float:
        nights = {1: day}
        made = Walk(Script({0: [(spread, 1)]}, {15: [1]}), terms, nights=nights)
        for moment in there.moments():
            made.hear(moment)
        made.end()
        (one,) = made.result().packages
        assert assigned_on(one) == [US.close_ns(day)]
        return one.gain

    gains = {day: forced(day) for day in list(dict.fromkeys(days))[:-1]}
    (worst,) = run(lambda: Script({0: [(spread, 1)]}, {15: [1]}), there, terms).packages
    never = replace(terms, assignment=NEVER)
    (free,) = run(lambda: Script({0: [(spread, 1)]}, {15: [1]}), there, never).packages
    assert len({round(gain, 6) for gain in gains.values()}) > 3
    assert worst.gain == pytest.approx(min([*gains.values(), free.gain]))
