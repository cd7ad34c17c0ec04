"""A distribution that adjusts contracts is told where it goes ex within a position's life."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.market.carry import ORDINARY, SPECIAL, SPIN_OFF, Carry, Dividend
from engine.market.combo import OPTION, STOCK, Leg
from engine.scoring.doubts import adjustment_flags
from tests.unit.chains import TODAY, chain

ON = chain({(days, 100.0, right): (4.0, 4.1) for days in (30, 90) for right in "CP"})
STOCK_LEG = Leg(STOCK, 1, 1, 100.0)
NEAR, FAR = (
    Leg(OPTION, -1, 1, 4.0, right="C", strike=100.0, expiry=TODAY + timedelta(days))
    for days in (30, 90)
)


@pytest.mark.parametrize(
    ("legs", "days", "kind", "flags"),
    [
        ((NEAR, FAR), 60, SPECIAL, ["special-dividend"]),
        ((FAR, NEAR), 60, SPIN_OFF, ["spin-off"]),
        ((STOCK_LEG, NEAR), 60, SPECIAL, []),
        ((STOCK_LEG, NEAR), 30, SPECIAL, ["special-dividend"]),
        ((STOCK_LEG, NEAR), 31, SPECIAL, []),
        ((STOCK_LEG, NEAR), 1, SPECIAL, ["special-dividend"]),
        ((STOCK_LEG, NEAR), 0, SPECIAL, []),
        ((NEAR, FAR), 60, ORDINARY, []),
        ((STOCK_LEG,), 1, SPECIAL, []),
    ],
)
def test_what_goes_ex_until_the_last_leg_is_told(
    legs: tuple[Leg, ...], days: int, kind: str, flags: list[str]
) -> None:
    ex = TODAY + timedelta(days)
    assert adjustment_flags(ON, legs, Carry(dividends=(Dividend(ex, ex, 1.0, kind=kind),))) == flags
