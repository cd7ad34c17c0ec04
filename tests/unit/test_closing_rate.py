"""The change of a rate that gives a short-stock position its edge, early payment included."""

from __future__ import annotations

import math

import pytest

from engine.backend import Backend
from engine.config import ScanSettings
from engine.market.chain import AMERICAN, EUROPEAN
from engine.scanner.search import make_view
from engine.scoring.closing_rate import rate_change
from engine.scoring.legs import option_leg, stock_leg
from engine.strategies.family import cost
from tests.unit.chains import GOLDEN_FEES, carry, chain

# Bought call at 100, sold put at 97.5 and at 100: what is sold brings between the two strikes.
QUOTES = {
    (30, 97.5, "C"): (4.0, 4.02), (30, 97.5, "P"): (1.2, 1.22),
    (30, 100.0, "C"): (3.0, 3.02), (30, 100.0, "P"): (1.2, 1.22),
}  # fmt: skip
REVERSAL, REVERSE_COLLAR = (1, 3), (1, 2)


@pytest.mark.parametrize(
    ("style", "family", "quotes", "is_possible"),
    [
        (EUROPEAN, "reversal", REVERSAL, True),
        # The put may be assigned today: no rate makes less of a strike paid today.
        (AMERICAN, "reversal", REVERSAL, False),
        # Its strike is less than what the position brings.
        (AMERICAN, "reverse_collar", REVERSE_COLLAR, True),
    ],
)
def test_a_strike_that_may_be_paid_today_is_not_discounted(
    style: str, family: str, quotes: tuple[int, int], is_possible: bool, backend: Backend
) -> None:
    on = chain(QUOTES, style=style)
    view = make_view(on, ScanSettings(carry=carry(), fees=GOLDEN_FEES), backend)
    call, put = quotes
    legs = (stock_leg(view, -1), option_leg(view, call, 1), option_leg(view, put, -1))
    brings = -cost(legs, 1)
    assert 97.5 < brings < 100.0
    which, change = rate_change(view, family, legs, 0.0, carry())
    assert bool(which) is is_possible
    if is_possible:
        tau, lent = view.terms.tau[0], view.terms.lend[0]
        needed = math.log(100.0 * lent / (brings - view.terms.stock_borrow[0])) / tau
        assert change == pytest.approx(needed, abs=1e-4)
