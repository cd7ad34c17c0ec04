"""Default rates follow the day of the chain."""

from __future__ import annotations

import math
from datetime import date

import pytest

from engine.market.carry import Carry
from engine.market.policy_rate import default_rates, policy_rate


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        (date(1999, 1, 4), 0.0100),
        (date(2008, 12, 16), 0.0100),
        (date(2008, 12, 17), 0.0025),
        (date(2015, 12, 16), 0.0025),
        (date(2015, 12, 17), 0.0050),
        (date(2023, 7, 27), 0.0550),
        (date(2030, 1, 2), 0.0375),
    ],
)
def test_target_in_force(day: date, rate: float) -> None:
    assert policy_rate(day) == pytest.approx(rate)


def test_you_never_lend_at_less_than_nothing_or_more_than_you_borrow() -> None:
    for year in range(2000, 2030):
        lend, borrow = default_rates(date(year, 6, 15))
        assert 0.0 <= lend <= borrow - 0.0075


@pytest.mark.parametrize(
    ("day", "lend", "borrow"),
    [(date(2015, 12, 24), 0.0025, 0.0125), (date(2023, 7, 27), 0.0525, 0.0625)],
)
def test_the_default_rates_stand_around_the_target(day: date, lend: float, borrow: float) -> None:
    assert default_rates(day) == pytest.approx((lend, borrow))


def test_the_age_of_rates_is_in_days() -> None:
    day = 86_400 * 10**9
    assert Carry(as_of_ns=day).rate_age_days(day) == 0.0
    assert Carry(as_of_ns=day).rate_age_days(4 * day + day // 2) == 3.5
    assert math.isnan(Carry().rate_age_days(day))
