"""The embedded target rate against a published discount rate, which moves with it."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.market.policy_rate import policy_rate

pytestmark = pytest.mark.realdata


def premium(day: date) -> float:
    """What the discount rate was above the target, by the Board's announcements, in per cent."""
    steps = (
        (date(2003, 1, 9), 1.00), (date(2007, 8, 17), 0.50), (date(2008, 3, 17), 0.25),
        (date(2010, 2, 19), 0.50), (date(2020, 3, 16), 0.00),
    )  # fmt: skip
    return [value for start, value in steps if start <= day][-1]


def test_target_is_the_discount_rate_less_its_premium(data_root: Path) -> None:
    path = data_root / "lean/Data/alternative/interest-rate/usa/interest-rate.csv"
    with path.open() as file:
        rows = [(date.fromisoformat(d), float(r)) for d, r in list(csv.reader(file))[1:]]
    rows = [row for row in rows if row[0] >= date(2003, 6, 26)]
    checked = 0
    for day, rate in rows:
        if day == date(2007, 8, 20):
            continue  # the premium alone was halved
        later = day + timedelta(days=1)
        assert policy_rate(later) * 100.0 == pytest.approx(rate - premium(later)), day
        checked += 1
    assert checked > 40
