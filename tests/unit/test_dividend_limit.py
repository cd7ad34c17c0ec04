"""Up to which dividend a row holds: at the limit the verifier finds no loss, beyond it one."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from engine.backend import Backend
from engine.config import Gates
from engine.market.carry import Dividend
from engine.market.chain import AMERICAN
from engine.proof.verifier import verify
from engine.scanner.pipeline import scan_chain
from engine.scoring.dividend_limit import dividend_limit
from engine.scoring.doubts import DIVIDENDS
from tests.unit.chains import TODAY, carry, chain, settings

QUOTES = {
    "reversal": {(60, 105.0, "C"): (1.0, 1.02), (60, 105.0, "P"): (7.0, 7.02)},
    "three_legs": {
        (60, 95.0, "C"): (7.0, 7.02), (60, 105.0, "C"): (2.2, 2.22), (60, 105.0, "P"): (4.0, 4.02),
    },
    "butterfly": {
        (60, 95.0, "C"): (6.0, 6.02), (60, 100.0, "C"): (4.4, 4.42), (60, 105.0, "C"): (1.0, 1.02),
    },
}  # fmt: skip


@pytest.mark.parametrize("family", QUOTES)
def test_the_limit_is_where_the_edge_ends(family: str, backend: Backend) -> None:
    on = chain(QUOTES[family], style=AMERICAN)
    gates = Gates(max_spread_per_edge=999.0)
    asked = settings(carry(), families=(family,), gates=gates, knows_dividends=False)
    one = next(o for o in scan_chain(on, asked, backend).opportunities if o.family == family)
    assert DIVIDENDS in one.conditions
    assert math.isnan(one.dividend_limit)
    most = dividend_limit(on, one.family, one.legs, one.unit, asked.carry, asked.fees)
    assert 0.0 < most < 50.0

    def minimum(amount: float, days: int) -> float:
        day = TODAY.fromordinal(TODAY.toordinal() + days)
        paid = replace(asked.carry, dividends=(Dividend(day, day, amount),))
        may_carry = "borrow" in one.conditions or "carry-if-assigned" in one.conditions
        return verify(
            on, one.legs, one.unit, paid, count_projected=False, may_carry=may_carry
        ).minimum  # fmt: skip

    days = (1, 10, 30, 45, 60)
    assert min(minimum(most - 1e-3, k) for k in days) >= -1e-6
    assert min(minimum(most + 0.05, k) for k in days) < 0.0
