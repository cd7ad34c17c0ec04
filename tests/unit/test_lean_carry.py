"""Dividends, splits and rates that the LEAN source finds beside the quotes."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import pytest

from engine.feeds.lean_carry import dividends_of, read_factors, read_rates, split_factor
from engine.feeds.record import CellError
from engine.market.calendar import US
from engine.market.carry import DECLARED, PROJECTED, Dividend
from tests.unit.lean_folder import AT_NOON, no_problem, one_symbol, only, write_text


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return one_symbol(tmp_path)


def test_dividends_and_splits_from_factors(tmp_path: Path) -> None:
    # 1.00 on a close of 50, then 2 for 1, then 0.25 on a close of 20, going ex on a Monday.
    last = 1.0
    second = last * (1 - 0.25 / 20)
    first = second * (1 - 1.0 / 50)
    path = write_text(
        tmp_path / "xyz.csv",
        f"20150101,{first:.7f},0.5,1\n20150310,{first:.7f},0.5,50\n20150601,{second:.7f},0.5,45\n"
        f"20150904,{second:.7f},1,20\n20501231,1,1,0\n",
    )
    factors = read_factors(path, no_problem)
    assert [split_factor(factors, date(2015, 6, d)) for d in (1, 2)] == [0.5, 1.0]
    until = date(2016, 1, 1)
    in_old_shares = dividends_of(factors, US, date(2015, 3, 6), until)
    labor_day_skipped = date(2015, 9, 8)
    assert in_old_shares == (
        Dividend(date(2015, 3, 11), date(2015, 4, 1), 1.0, DECLARED),
        Dividend(labor_day_skipped, date(2015, 9, 29), 0.5, PROJECTED),
    )
    (in_new_shares,) = dividends_of(factors, US, date(2015, 6, 2), until)
    assert in_new_shares.amount == 0.25
    assert dividends_of(factors, US, date(2015, 6, 2), date(2015, 9, 7)) == ()
    assert dividends_of((), US, date(2015, 6, 2), until) == ()


def test_bad_factor_and_rate_rows_are_named(tmp_path: Path) -> None:
    problems: list[str] = []

    def refuse(error: CellError) -> None:
        problems.append(str(error))

    factors = write_text(
        tmp_path / "x.csv",
        "20150101,1,1,1\nhello\n20150102,0,1,1\n20150103,1,1,x\n\n20501231,1,1\n",
    )
    assert len(read_factors(factors, refuse)) == 2
    rates = write_text(tmp_path / "r.csv", "DATE,X\n2015-01-01,0.5\n2015-01-02,abc\n2015-13-01,1\n")
    assert read_rates(rates, refuse) == ((date(2015, 1, 1), 0.5),)
    assert [problem.split(",")[0] for problem in problems] == [
        "x.csv:2: expected YYYYMMDD", "x.csv:3: expected YYYYMMDD", "x.csv:4: expected YYYYMMDD",
        "r.csv:3: expected YYYY-MM-DD", "r.csv:4: expected YYYY-MM-DD",
    ]  # fmt: skip
    assert read_rates(tmp_path / "none.csv", refuse) == ()
    loaded_without = read_factors(tmp_path / "none.csv", refuse)
    assert loaded_without == ()


def test_rates_and_dividends_come_with_the_chain(root: Path) -> None:
    write_text(
        root / "equity/usa/factor_files/xyz.csv",
        "20160101,0.99,1,1\n20160609,0.99,1,100\n20501231,1,1,0\n",
    )
    rates = root / "alternative/interest-rate/usa/interest-rate.csv"
    write_text(rates, "DATE,PCREDIT8\n2016-01-04,2.0\n2016-12-15,3.0\n")
    carry = only(root).carry
    assert carry is not None
    assert carry.dividends == (Dividend(date(2016, 6, 10), date(2016, 7, 1), 1.0, DECLARED),)
    assert carry.lend.rates == carry.borrow.rates == (math.log1p(0.02),)
    assert carry.as_of_ns == AT_NOON
    rates.unlink()
    unknown = only(root).carry
    assert unknown is not None
    assert unknown.as_of_ns == 0
