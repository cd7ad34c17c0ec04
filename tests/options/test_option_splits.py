"""A split changes contracts and no money: seven for one, three for two, one for ten."""

from __future__ import annotations

from datetime import date

import pytest

from engine.backtesting.data import Split
from engine.backtesting.options.run import run
from engine.backtesting.options.terms import NEVER, NO_MARGIN, Terms
from engine.feeds.lean_carry import Factor
from engine.feeds.lean_history import splits_of
from engine.market.calendar import US
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

EXPIRY, EX = later(18), US.next_session(MONDAY)
TERMS = Terms(fees=FREE, margin=NO_MARGIN, assignment=NEVER)


def held(ratio: float, *legs: tuple[int, object]) -> object:
    strikes = (90.0, 95.0, 100.0)
    before = chain_at(at(MONDAY), 95.0, [EXPIRY], strikes=strikes)
    after = chain_at(
        at(EX), 95.0 / ratio, [EXPIRY], strikes=[round(k / ratio, 2) for k in strikes],
        half=0.05 / ratio,
    )  # fmt: skip
    split = Split("XYZ", US.open_ns(EX), ratio)
    # What happened before the first chain is in its strikes already.
    old = Split("XYZ", US.open_ns(MONDAY), 2.0)
    wanted = combo(*legs)  # type: ignore[arg-type]
    there = recording([before, after], splits=(split, old))
    return run(lambda: Script({0: [(wanted, 1)]}, {1: [1]}), there, TERMS), before, after


def test_a_whole_ratio_multiplies_contracts_and_divides_strikes() -> None:
    spread = ((1, option(EXPIRY, "C", 95.0)), (-1, option(EXPIRY, "C", 100.0)), (1, stock()))
    result, _, after = held(7.0, *spread)  # type: ignore[misc]
    (one,) = result.packages
    sold = {fill.symbol: fill.units for fill in result.account.fills if fill.time_ns == at(EX)}
    low, high = option(EXPIRY, "C", 13.57), option(EXPIRY, "C", 14.29)
    assert sold == {low.name: -7.0, high.name: 7.0, "XYZ": -700.0}
    back = 700.0 * (quote(after, low)[0] - quote(after, high)[1] + after.underlying.bid)
    assert one.gain == pytest.approx(back - one.premium)
    changes = [(e.contract, e.quantity) for e in one.entries if e.what == "split"]
    assert (option(EXPIRY, "C", 95.0).name, -1.0) in changes
    assert (low.name, 7.0) in changes
    assert all(e.amount == 0.0 for e in one.entries if e.what == "split")


def test_equity_does_not_jump_over_a_split() -> None:
    for ratio in (2.0, 7.0):
        result, _, _ = held(ratio, (1, stock()))  # type: ignore[misc]
        account = result.account
        assert account.equity[1] == pytest.approx(account.equity[0], abs=0.02 * 100 * ratio)


def test_another_ratio_changes_what_a_contract_delivers_and_finds_no_quote() -> None:
    result, _, _ = held(1.5, (1, option(EXPIRY, "C", 95.0)))  # type: ignore[misc]
    (one,) = result.packages
    (contract, quantity) = one.lines()[0]
    assert (contract.strike, contract.multiplier, quantity) == (63.33, 150.0, 1.0)
    assert one.closed_ns == 0


def test_a_factor_file_tells_splits_and_not_dividends() -> None:
    rows = (
        Factor(date(2014, 5, 7), 0.99, 0.142857, 592.0),
        Factor(date(2014, 6, 6), 1.0, 0.142857, 645.0),
        Factor(date(2014, 8, 6), 1.0, 1.0, 94.0), Factor(date(2050, 12, 31), 1.0, 1.0, 0.0),
    )  # fmt: skip
    (found,) = splits_of(rows)
    assert (found.ex_date, found.ratio) == (date(2014, 6, 9), 7.0)
    reverse = (Factor(date(2014, 6, 6), 1.0, 10.0, 1.0), Factor(date(2050, 1, 1), 1.0, 1.0, 0.0))
    assert splits_of(reverse)[0].ratio == 0.1
