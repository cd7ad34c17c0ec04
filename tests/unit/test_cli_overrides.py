"""Carry: the user over the source over the documented defaults."""

from __future__ import annotations

import math
from datetime import date

import pytest

from engine.errors import UsageError
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.quoting import IN_COIN
from engine.settings.overrides import CarryOverrides, check_dividends
from tests.unit.chains import carry, chain, dividend

flat = RateCurve.flat
MAY = Dividend(date(2024, 5, 10), date(2024, 5, 16), 0.24)
JULY = Dividend(date(2024, 7, 10), date(2024, 7, 16), 0.25)
KNOWN = Carry(flat(0.01), flat(0.02), (MAY,), borrow_fee=0.003, shortable=500.0, as_of_ns=7)
NOW = 1_700_000_000 * 10**9


def test_silence_leaves_the_sources_carry() -> None:
    assert CarryOverrides().carry("XYZ", NOW, KNOWN) == KNOWN


def test_defaults_stand_in_where_nobody_knows_a_rate() -> None:
    undated = Carry(dividends=(MAY,))
    # On that day of November 2023 the target was 5.50 %.
    for known in (None, undated):
        carry = CarryOverrides().carry("XYZ", NOW, known)
        assert (carry.lend, carry.borrow) == (flat(0.0525), flat(0.0625))
        assert carry.as_of_ns == 0
    assert carry.dividends == (MAY,)


def test_a_coin_settled_chain_has_no_rates_unless_somebody_gives_them() -> None:
    """Its futures have the dollar's rate in them: no 5.25 %, whatever source it comes from."""
    for known in (None, Carry()):
        carry = CarryOverrides().carry("ETH", NOW, known, quoting=IN_COIN)
        assert (carry.lend, carry.borrow, carry.as_of_ns) == (flat(0.0), flat(0.0), NOW)
    assert CarryOverrides().carry("ETH", NOW, KNOWN, quoting=IN_COIN).lend == flat(0.01)
    said = CarryOverrides(lend=flat(0.03)).carry("ETH", NOW, quoting=IN_COIN)
    assert said.lend == flat(0.03)


def test_the_users_rates_win_and_are_vouched_for_now() -> None:
    carry = CarryOverrides(lend=flat(0.03), borrow=flat(0.04)).carry("XYZ", NOW, KNOWN)
    assert (carry.lend, carry.borrow, carry.as_of_ns) == (flat(0.03), flat(0.04), NOW)
    dated = CarryOverrides(lend=flat(0.03), borrow=flat(0.04), rates_as_of_ns=5)
    assert dated.carry("XYZ", NOW, KNOWN).as_of_ns == 5


def test_one_end_puts_the_other_at_the_default_spread() -> None:
    lend = CarryOverrides(lend=flat(0.03)).carry("XYZ", NOW, KNOWN)
    borrow = CarryOverrides(borrow=flat(0.03)).carry("XYZ", NOW, KNOWN)
    assert lend.borrow.rates[0] == pytest.approx(0.04, abs=1e-15)
    assert borrow.lend.rates[0] == pytest.approx(0.02, abs=1e-15)
    assert CarryOverrides(borrow=flat(0.005)).carry("XYZ", NOW).lend == flat(0.0)
    assert CarryOverrides(borrow=flat(-0.01)).carry("XYZ", NOW).lend == flat(-0.01)


def test_a_symbol_has_its_own_entry_whatever_its_case() -> None:
    said = CarryOverrides(
        dividends={"ABC": (JULY,)},
        borrow_fee={"ABC": 0.4, "": 0.1},
        shortable={"ABC": 0.0},
        index_yield={"ABC": 0.02},
    )
    own, other = said.carry("abc", NOW, KNOWN), said.carry("XYZ", NOW, KNOWN)
    assert (own.dividends, own.borrow_fee, own.shortable) == ((JULY,), 0.4, 0.0)
    assert own.index_yield == 0.02
    assert (other.dividends, other.borrow_fee, other.shortable) == ((MAY,), 0.1, 500.0)


def test_only_an_index_has_a_yield() -> None:
    """A share has dividends on days: edges and the verifier read a stream differently."""
    said = CarryOverrides(lend=flat(0.03), index_yield={"": 0.014})
    quotes = {(30, 100.0, "C"): (3.0, 3.1)}
    share, index = (said.over(chain(quotes, kind=kind), None) for kind in ("equity", "index"))
    assert (share.carry.index_yield, index.carry.index_yield) == (0.0, 0.014)
    assert index.notes == ()
    assert "XYZ is no index: its yield of 1.40% is not counted" in share.notes[0]


def test_flags_win_over_the_file() -> None:
    file = CarryOverrides(
        lend=flat(0.01),
        borrow=flat(0.02),
        rates_as_of_ns=9,
        withholding=0.15,
        dividends={"ABC": (MAY,)},
        borrow_fee={"ABC": 0.4, "": 0.1},
    )
    flags = CarryOverrides(lend=flat(0.03), borrow=flat(0.04), borrow_fee={"XYZ": 0.2})
    both = file.under(flags)
    assert (both.lend, both.borrow, both.rates_as_of_ns) == (flat(0.03), flat(0.04), 0)
    assert both.borrow_fee == {"ABC": 0.4, "": 0.1, "XYZ": 0.2}
    assert (both.dividends, both.withholding) == ({"ABC": (MAY,)}, 0.15)


def test_a_flag_for_every_symbol_silences_the_files_single_ones() -> None:
    file = CarryOverrides(dividends={"ABC": (MAY,)}, borrow_fee={"ABC": 0.4})
    both = file.under(CarryOverrides(dividends={"": ()}, borrow_fee={"": 0.0}))
    assert both.carry("ABC", NOW, KNOWN).dividends == ()
    assert both.carry("ABC", NOW, KNOWN).borrow_fee == 0.0


def test_all_of_a_carry_is_said_for_every_symbol() -> None:
    assert CarryOverrides.of(KNOWN).carry("XYZ", NOW, Carry(dividends=(JULY,))) == KNOWN
    zero = CarryOverrides.of(Carry()).carry("XYZ", NOW, KNOWN)
    assert (zero.lend, zero.borrow, zero.dividends) == (flat(0.0), flat(0.0), ())


def test_lending_above_borrowing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"you would lend at 6.0000% and borrow at 5.0000%"):
        CarryOverrides(lend=flat(0.06), borrow=flat(0.05)).checked()


@pytest.mark.parametrize(
    ("amount", "days", "is_refused"),
    [(100.03, 20, True), (100.02, 20, False), (1e9, 20, True), (1e9, 31, False), (1e9, -1, False)],
)
def test_a_dividend_above_the_price_is_refused(amount: float, days: int, is_refused: bool) -> None:
    """The stock asks 100.02, its last options expire in 30 days: what they see must be possible."""
    on = chain({(30, 100.0, "C"): (3.0, 3.1)})
    terms = carry(dividend(days, amount))
    if is_refused:
        with pytest.raises(UsageError, match=r"a dividend of .* on 2026-03-22 is more than"):
            check_dividends(on, terms)
    else:
        check_dividends(on, terms)


def test_without_a_price_the_highest_strike_stands_for_it() -> None:
    unquoted = chain({(30, 100.0, "C"): (3.0, 3.1), (30, 120.0, "C"): (1.0, 1.1)}, (math.nan, 0.0))
    check_dividends(unquoted, carry(dividend(20, 119.0)))
    with pytest.raises(UsageError, match="the price of the underlying, 120"):
        check_dividends(unquoted, carry(dividend(20, 121.0)))
