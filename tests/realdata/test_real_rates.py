"""Rates through options of real days, beside the policy rate and Treasury bills of those days."""

from __future__ import annotations

import csv
import gzip
import math
from pathlib import Path

import pytest

import engine
from engine.scoring.financing import RateQuote

pytestmark = pytest.mark.realdata


def rates_of(data_root: Path, name: str) -> tuple[RateQuote, ...]:
    source = f"csv:{data_root / 'options_normalised' / name}"
    return engine.rates(source, backend="pure", assume_synchronous=True)


def primary_credit(data_root: Path, day: str) -> float:
    """Return the Federal Reserve's primary credit rate in force on a day."""
    path = data_root / "lean/Data/alternative/interest-rate/usa/interest-rate.csv"
    with path.open(newline="") as stream:
        rows = [row for row in csv.reader(stream) if row and row[0][:2] == "20"]
    return float([rate for date, rate in rows if date <= day][-1]) / 100.0


def bill_return(data_root: Path, month: str) -> float:
    """Return what a Treasury bill of one month returned in a month, per year."""
    with gzip.open(data_root / "rates/arch_frenchdata.csv.gz", "rt") as stream:
        return next(12.0 * float(row[-1]) / 100.0 for row in csv.reader(stream) if row[0] == month)


def test_goog_lends_about_the_policy_rate(data_root: Path) -> None:
    found = rates_of(data_root, "goog_20151224.csv.gz")
    assert all(one.policy == 0.005 for one in found)
    # The discount window is half a point above the upper end of the target.
    assert primary_credit(data_root, "2015-12-24") == pytest.approx(found[0].policy + 0.005)
    bill = bill_return(data_root, "201512")
    assert bill == pytest.approx(0.0012)
    january = {one.kind: one for one in found if f"{one.expiry}" == "2016-01-15"}
    lends, owes = january["conversion"], january["reversal"]
    assert lends.rate < lends.mid_rate
    assert owes.mid_rate < owes.rate
    # Between bills and what the stock costs to fund: within half a point of the target.
    for middle in (lends.mid_rate, owes.mid_rate):
        assert bill < middle < 0.005 + 0.005
    assert lends.rate < bill < owes.rate
    assert not any(one.kind == "box" and one.side == "borrow" for one in found)


def test_the_index_samples_are_no_market_to_lend_in(data_root: Path) -> None:
    found = rates_of(data_root, "spxw_20210104.csv")
    sides = {one.side: one for one in found if f"{one.expiry}" == "2021-01-08"}
    assert sides["lend"].policy == 0.0025
    assert sides["lend"].rate < 0.0025 < sides["borrow"].rate
    # A hundred points for four days: the spread is more than any rate.
    assert sides["borrow"].rate - sides["lend"].rate > 0.5
    assert math.isfinite(sides["lend"].mid_rate)
    assert rates_of(data_root, "spx_20210104.csv") == ()
