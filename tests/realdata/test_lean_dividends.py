"""Dividends, rates and tickers of the LEAN sample: what the companies paid and were called."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import pytest
from lean_chains import at, chain_at

from engine.feeds.lean_carry import (
    ANNOUNCED_DAYS,
    carry_at,
    dividends_of,
    rate_in_force,
    read_factors,
    read_rates,
)
from engine.feeds.lean_layout import Folder
from engine.market.calendar import US
from engine.market.carry import DECLARED, PROJECTED
from tests.realdata.lean_rows import no_problem

pytestmark = pytest.mark.realdata
AAPL_PAID = {
    "2014-05-08": 3.29, "2014-08-07": 0.47, "2014-11-06": 0.47, "2015-02-05": 0.47,
    "2015-05-07": 0.52, "2015-08-06": 0.52, "2015-11-05": 0.52,
}  # fmt: skip
IBM_PAID = {
    "2013-08-07": 0.95, "2013-11-06": 0.95, "2014-02-06": 0.95, "2014-05-07": 1.10,
}  # fmt: skip


def test_dividends_are_those_the_companies_paid(lean_root: Path) -> None:
    folder = lean_root / "equity/usa/factor_files"
    aapl = read_factors(folder / "aapl.csv", no_problem)
    found = dividends_of(aapl, US, date(2014, 6, 9), date(2016, 1, 15))
    paid = {day: amount for day, amount in AAPL_PAID.items() if day > "2014-06-09"}
    assert {str(d.ex_date): d.amount for d in found} == paid
    # Seen from before the split, in shares of then: the six dividends of 3.29 and of 3.64.
    found = dividends_of(aapl, US, date(2014, 3, 3), date(2016, 1, 15))
    scale = {day: 1 if day < "2014-06-09" else 7 for day in AAPL_PAID}
    expected = {day: pytest.approx(amount * scale[day]) for day, amount in AAPL_PAID.items()}
    assert {str(d.ex_date): d.amount for d in found} == expected
    ibm = read_factors(folder / "ibm.csv", no_problem)
    found = dividends_of(ibm, US, date(2013, 6, 3), date(2014, 6, 2))
    assert {str(d.ex_date): d.amount for d in found} == IBM_PAID


def test_hindsight_is_marked_projected(lean_root: Path) -> None:
    factors = read_factors(lean_root / "equity/usa/factor_files/aapl.csv", no_problem)
    ex_date = date(2014, 8, 7)
    for days, status in ((ANNOUNCED_DAYS, DECLARED), (ANNOUNCED_DAYS + 1, PROJECTED)):
        day = ex_date - timedelta(days=days)
        first, second, *_ = dividends_of(factors, US, day, date(2015, 1, 1))
        assert (first.ex_date, first.status) == (ex_date, status)
        assert second.status == PROJECTED
    # On the ex-date itself the stock already trades without it.
    assert dividends_of(factors, US, ex_date, date(2014, 10, 1)) == ()


def test_a_chain_comes_with_its_dividends_and_rate(lean_root: Path) -> None:
    carry = chain_at(lean_root, "AAPL", "2014-06-06T17:00:00").carry
    assert carry is not None
    assert [d.amount for d in carry.dividends] == pytest.approx([3.29] * 3 + [3.64] * 3)
    assert carry.lend == carry.borrow
    assert carry.lend.rates == (math.log1p(0.0075),)
    assert carry.rate_age_days(at("2014-06-06T17:00:00")) == 0.0
    goog = chain_at(lean_root, "GOOG", "2015-12-24T17:00:00").carry
    assert goog is not None
    assert goog.dividends == ()
    assert goog.lend.rates == (math.log1p(0.01),)


def test_the_rate_is_the_one_in_force(lean_root: Path) -> None:
    path = lean_root / "alternative/interest-rate/usa/interest-rate.csv"
    rates = read_rates(path, no_problem)
    for day, percent in (("2015-12-16", 0.75), ("2015-12-17", 1.0), ("2021-01-04", 0.25)):
        ts_ns = at(f"{day}T17:00:00")
        assert rate_in_force(rates, US, ts_ns) == (math.log1p(percent / 100), ts_ns)
    # After its last row the file is no fresher than that row.
    late = carry_at((), rates, US, at("2024-01-08T17:00:00"), date(2024, 2, 1))
    assert late.rate_age_days(at("2024-01-08T17:00:00")) > 150
    assert rate_in_force(rates, US, at("1999-01-04T17:00:00")) == (0.0, 0)


def test_a_symbol_is_found_under_the_ticker_of_the_day(lean_root: Path) -> None:
    folder = Folder(lean_root)
    assert folder.ticker("GOOG", date(2014, 3, 28)) == "goocv"
    assert folder.ticker("GOOG", date(2014, 4, 2)) == "goocv"
    assert folder.ticker("GOOG", date(2014, 4, 3)) == "goog"
    assert folder.ticker("AAPL", date(2014, 4, 2)) == "aapl"
