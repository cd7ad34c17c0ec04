"""What options bring when they settle: exercise by exception, one price, cash or stock, the pin."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtesting.options.package import Holding
from engine.backtesting.options.result import OptionsResult
from engine.backtesting.options.run import run
from engine.backtesting.options.settlement import Level, pin_range
from engine.backtesting.options.terms import NEVER, NO_MARGIN, Terms
from engine.market.calendar import US
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.combo import Combo
from engine.market.contract import Contract
from engine.market.fees import FREE
from tests.options.markets import (
    MONDAY,
    Script,
    at,
    chain_at,
    combo,
    later,
    option,
    quote,
    recording,
    stock,
)

FRIDAY = later(18)
NO_CARRY = Carry()
TERMS = Terms(fees=FREE, margin=NO_MARGIN, assignment=NEVER)
AFTER = US.next_session(FRIDAY)


def settled(
    wanted: Combo, level: float, *, terms: Terms = TERMS, carry: Carry = NO_CARRY, **changes: object
) -> OptionsResult:
    """Hold a package over a close at `level`; the next chain stands at 110."""
    instants = ((at(MONDAY), 100.0), (at(FRIDAY, 0.0), level), (at(AFTER, 3.0), 110.0))
    chains = [
        chain_at(ts, spot, [FRIDAY, later(46)], spot_half=0.0, **changes)  # type: ignore[arg-type]
        for ts, spot in instants
    ]
    return run(lambda: Script({0: [(wanted, 1)]}), recording(chains, carry), terms)


@pytest.mark.parametrize(
    ("right", "side", "level", "what"),
    [
        ("C", 1, 100.0, "expired"), ("C", 1, 100.009, "expired"), ("C", 1, 100.01, "exercise"),
        ("C", -1, 100.01, "assignment"), ("C", -1, 99.0, "expired"),
        ("P", 1, 100.0, "expired"), ("P", 1, 99.991, "expired"), ("P", 1, 99.99, "exercise"),
        ("P", -1, 99.99, "assignment"), ("P", -1, 101.0, "expired"),
    ],
)  # fmt: skip
def test_a_cent_in_the_money_is_exercised(right: str, side: int, level: float, what: str) -> None:
    result = settled(combo((side, option(FRIDAY, right, 100.0))), level)
    (one,) = result.packages
    words = [entry.what for entry in one.entries[1:]]
    assert words[0] == what
    shares = [entry.quantity for entry in one.entries if entry.contract == "XYZ"]
    sign = side * (1 if right == "C" else -1)
    assert shares == ([] if what == "expired" else [100.0 * sign, -100.0 * sign])


def test_stock_of_an_exercise_is_traded_at_the_next_quotes() -> None:
    result = settled(combo((1, option(FRIDAY, "C", 100.0))), 103.0)
    (one,) = result.packages
    assert one.entries[-1].time_ns == at(AFTER, 3.0)
    assert one.gain == pytest.approx(100.0 * (110.0 - 100.0) - one.premium)
    assert one.reason == "expiry"


def test_held_packages_trade_what_is_left_in_the_closing_auction() -> None:
    terms = replace(TERMS, holds=True)
    result = settled(combo((1, option(FRIDAY, "C", 100.0))), 103.0, terms=terms)
    (one,) = result.packages
    assert one.closed_ns == US.close_ns(FRIDAY)
    assert one.gain == pytest.approx(100.0 * (103.0 - 100.0) - one.premium)


def test_all_legs_of_an_instant_settle_at_one_price() -> None:
    box = combo(
        (1, option(FRIDAY, "C", 95.0)), (-1, option(FRIDAY, "C", 105.0)),
        (-1, option(FRIDAY, "P", 95.0)), (1, option(FRIDAY, "P", 105.0)),
    )  # fmt: skip
    # At a strike one leg alone delivers stock, which the closing auction takes.
    terms = replace(TERMS, holds=True)
    for level in (80.0, 95.0, 99.995, 105.0, 123.45):
        (one,) = settled(box, level, terms=terms).packages
        assert one.gain == pytest.approx(1000.0 - one.premium, abs=1e-6)
        assert one.stock == 0.0
        assert one.n_pinned == 0


def test_an_index_pays_cash_and_leaves_nothing() -> None:
    spread = combo((1, option(FRIDAY, "C", 95.0)), (-1, option(FRIDAY, "C", 105.0)))
    result = settled(spread, 103.25, kind="index", style="european")
    (one,) = result.packages
    found = {entry.contract: (entry.what, entry.amount) for entry in one.entries[2:]}
    assert found["XYZ260320C95"] == ("cash_settled", pytest.approx(825.0))
    assert found["XYZ260320C105"] == ("expired", 0.0)
    assert one.closed_ns == US.close_ns(FRIDAY)


def test_what_settles_in_the_morning_takes_the_first_chain_after() -> None:
    instants = ((at(MONDAY), 100.0), (at(FRIDAY, 6.75), 90.0), (at(FRIDAY, 6.0), 104.0),
                (at(FRIDAY, 1.0), 90.0))  # fmt: skip
    chains = [
        chain_at(ts, spot, [FRIDAY], kind="index", style="european", settlement="AM", spot_half=0.0)
        for ts, spot in instants
    ]
    wanted = combo((1, option(FRIDAY, "C", 100.0)))
    result = run(lambda: Script({0: [(wanted, 1)]}), recording(chains), TERMS)
    (one,) = result.packages
    # 6.75 hours before the close is a quarter of an hour before the open.
    assert one.entries[-1].amount == pytest.approx(400.0)
    assert one.entries[-1].time_ns == US.open_ns(FRIDAY)


def test_an_official_close_wins_over_the_last_quote() -> None:
    chains = [chain_at(at(MONDAY), 100.0, [FRIDAY]), chain_at(at(FRIDAY), 99.0, [FRIDAY]),
              chain_at(at(AFTER), 110.0, [later(46)])]  # fmt: skip
    wanted = combo((1, option(FRIDAY, "C", 100.0)))
    there = recording(chains, closes={("XYZ", FRIDAY): 101.0})
    (one,) = run(lambda: Script({0: [(wanted, 1)]}), there, TERMS).packages
    assert one.entries[1].what == "exercise"
    without = run(lambda: Script({0: [(wanted, 1)]}), recording(chains), TERMS)
    assert without.packages[0].entries[1].what == "expired"
    assert without.account.notes == ("XYZ: settled on 2026-03-20 at quotes 60 minutes old",)


def test_nothing_settles_that_the_recording_does_not_reach() -> None:
    chains = [chain_at(at(MONDAY), 100.0, [FRIDAY]), chain_at(at(FRIDAY), 105.0, [FRIDAY])]
    wanted = combo((1, option(FRIDAY, "C", 100.0)))
    result = run(lambda: Script({0: [(wanted, 1)]}), recording(chains), TERMS)
    (one,) = result.packages
    assert one.closed_ns == 0
    assert one.holdings[0].quantity == 1.0
    assert result.account.equity[-1] == pytest.approx(1e5 + one.gain)


def brute_pin(due: list[Holding], level: Level, *, is_cash: bool) -> tuple[float, float]:
    """Try every half cent of the band."""
    n = round((level.high - level.low) * 200)
    found = []
    for k in range(n + 1):
        seen = level.low + k / 200
        total = 0.0
        for one in due:
            sign = 1.0 if one.contract.right == "C" else -1.0
            inside = sign * (seen - one.contract.strike)
            if inside >= 0.01 - 1e-9:
                brings = inside if is_cash else sign * (level.price - one.contract.strike)
                total += 100.0 * one.quantity * brings
        found.append(total)
    price = found[round((level.price - level.low) * 200)]
    return min(found) - price, max(found) - price


@given(
    st.lists(
        st.tuples(st.sampled_from("CP"), st.sampled_from([99.9, 99.95, 100.0, 100.03, 101.0]),
                  st.sampled_from([-2.0, -1.0, 1.0, 3.0])),
        min_size=1, max_size=5,
    ),
    st.integers(0, 40), st.integers(0, 40), st.booleans(),
)  # fmt: skip
def test_the_pin_band_is_all_levels_between(
    legs: list[tuple[str, float, float]], below: int, above: int, is_cash: bool
) -> None:
    due = [Holding(option(FRIDAY, right, strike), n, 0) for right, strike, n in legs]
    level = Level(100.0, 100.0 - below / 200, 100.0 + above / 200)
    low, high = pin_range(due, level, is_cash=is_cash, least=0.01)
    wanted_low, wanted_high = brute_pin(due, level, is_cash=is_cash)
    assert low == pytest.approx(wanted_low, abs=1e-6)
    assert high == pytest.approx(wanted_high, abs=1e-6)
    assert low <= 0.0 <= high


def test_a_pinned_settlement_is_an_interval_of_equity() -> None:
    chains = [
        chain_at(at(MONDAY), 100.0, [FRIDAY], kind="index", style="european"),
        chain_at(at(FRIDAY, 0.0), 100.02, [FRIDAY], kind="index", style="european", spot_half=0.1),
        chain_at(at(AFTER), 110.0, [later(46)], kind="index", style="european"),
    ]
    wanted = combo((1, option(FRIDAY, "C", 100.0)))
    result = run(lambda: Script({0: [(wanted, 1)]}), recording(chains), TERMS)
    (one,) = result.packages
    assert (one.pin_low, one.pin_high) == (pytest.approx(-2.0), pytest.approx(10.0))
    account = result.account
    assert account.n_ambiguous == 1
    assert account.high_equity[-1] - account.equity[-1] == pytest.approx(12.0)
    assert account.equity[-1] == pytest.approx(1e5 + one.gain - 2.0)


def test_dividends_are_paid_on_stock_and_owed_on_stock_sold_short() -> None:
    ex, pays = US.next_session(FRIDAY), later(24)
    carry = Carry(dividends=(Dividend(ex, pays, 0.50),), withholding=0.15, borrow_fee=0.10)
    chains = [chain_at(at(day), 100.0, [later(46)]) for day in (MONDAY, FRIDAY, ex, later(25))]
    for side, dividend in ((1, 42.5), (-1, -50.0)):
        wanted = combo((side, stock()))
        there = recording(chains, carry)
        (one,) = run(lambda w=wanted: Script({0: [(w, 1)]}), there, TERMS).packages  # type: ignore[misc]
        paid = [entry for entry in one.entries if entry.what == "dividend"]
        assert [(entry.time_ns, entry.amount) for entry in paid] == [(US.open_ns(pays), dividend)]
        # From the close of this Monday to that of the day before the last chain.
        nights = (later(25) - MONDAY).days
        fee = 100.0 * 100.0 * 0.10 * nights / 365.0 if side < 0 else 0.0
        assert one.borrow_fees == pytest.approx(fee)


def test_equity_has_a_dividend_from_the_ex_date_on() -> None:
    ex, pays = US.next_session(MONDAY), later(24)
    carry = Carry(dividends=(Dividend(ex, pays, 2.0),))
    chains = [chain_at(at(MONDAY), 100.0, [later(46)]), chain_at(at(ex), 98.0, [later(46)])]
    result = run(lambda: Script({0: [(combo((1, stock())), 1)]}), recording(chains, carry), TERMS)
    assert result.account.equity[1] == pytest.approx(result.account.equity[0])
    assert result.account.cash[1] == result.account.cash[0]


def test_cash_earns_and_debt_pays_by_night() -> None:
    curves = Carry(RateCurve.flat(0.04), RateCurve.flat(0.06))
    days = [MONDAY, US.next_session(MONDAY), FRIDAY, AFTER]
    chains = [chain_at(at(day), 100.0, [later(46)]) for day in days]
    terms = replace(TERMS, has_interest=True, cash=10_000.0)
    idle = run(lambda: Script({}), recording(chains, curves), terms)
    nights = (AFTER - MONDAY).days
    assert idle.interest == pytest.approx(10_000.0 * (math.exp(0.04 * nights / 365.0) - 1.0))
    shares = combo((3, stock()))
    owing = run(lambda: Script({0: [(shares, 1)]}), recording(chains, curves), terms)
    debt = 300.0 * quote(chains[0], stock())[1] - 10_000.0
    assert owing.interest == pytest.approx(-debt * (math.exp(0.06 * nights / 365.0) - 1.0))


def test_a_contract_listed_for_a_saturday_lasts_until_friday() -> None:
    listed = date(2014, 6, 21)
    friday = US.last_trading_day(listed)
    assert friday == date(2014, 6, 20)
    monday = US.next_session(friday)
    instants = ((at(date(2014, 6, 9)), 100.0), (at(friday, 0.0), 103.0), (at(monday), 103.0))
    chains = [chain_at(ts, spot, [friday, date(2014, 7, 18)]) for ts, spot in instants]
    wanted = combo((1, Contract("option", "XYZ", "", friday, "C", 100.0)))
    (one,) = run(lambda: Script({0: [(wanted, 1)]}), recording(chains), TERMS).packages
    assert one.entries[1].time_ns == US.close_ns(friday)
