"""Late notice in corners: an assignment today, one cover used up, both spreads of a box at once."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace
from datetime import date

import pytest
from oracles.american_judge import worst

from engine.backend import Backend
from engine.clock import NS_PER_SECOND
from engine.market.calendar import US
from engine.proof import verifier
from engine.scanner.search import make_view
from engine.scoring.gating import check_combo
from kernels_pure.notice import LONG_BOX
from tests.unit.chains import carry as plain_carry
from tests.unit.chains import chain as quoted
from tests.unit.chains import settings
from tests.unit.test_american_golden import BID, NOW, carry, chain, legs_of, options_of


def test_an_assignment_today_before_a_weekend_costs_its_three_nights() -> None:
    thursday = US.open_ns(date(2026, 3, 5)) + 1800 * NS_PER_SECOND
    on = replace(chain(), ts_ns=thursday)
    proof = verifier.verify(
        on, legs_of("-1P105 +1P100"), 1, carry(0.0, pays=False), count_projected=False
    )
    assert proof.minimum == pytest.approx(-5.0 - 105.0 * math.expm1(0.055 * 3 / 365), abs=1e-9)
    assert proof.worst.event.startswith("short P 105 assigned today")


def test_many_contracts_are_assigned_until_one_cover_is_used_up() -> None:
    words, terms = "+5C95 -6C100 +1C125", carry(0.0, pays=False)
    options, _ = options_of(words)
    proof = verifier.verify(chain(), legs_of(words), 1, terms, count_projected=False)
    assert proof.minimum == pytest.approx(worst(options, NOW, terms, BID), abs=1e-9)
    # Five bring 25 dollars long before the sixth costs them.
    assert proof.minimum < -0.04


def test_a_narrow_box_may_lose_on_both_spreads(backend: Backend) -> None:
    """One dollar at 6,000: a night costs a thousandth of the strike of the puts, 1.5 for calls."""
    first = array("l", [0, 1])
    days = array("d", [0.99]), array("d", [1.0])
    found = backend.notice.pair_worth(
        LONG_BOX, 5999.0, 6000.0, 0, 0.98, 0.99, first, *days, array("d", [1.5]),
        first, *days, array("d", [0.001]),
    )  # fmt: skip
    assert found == pytest.approx((0.99 - 1.5) + (1.0 - 5.999))


def test_no_more_lots_are_checked_than_may_be_had(backend: Backend) -> None:
    quotes = {(30, 100.0, "C"): (3.0, 3.02), (30, 100.0, "P"): (1.0, 1.02)}
    wanted = settings(plain_carry())
    view = make_view(quoted(quotes), wanted, backend)
    legs = [(1, 1), (0, -1)]
    assert check_combo(view, legs, 1, 1, 30.0, 1.5, wanted)[:2] == (0, 100.0)
    assert check_combo(view, legs, 1, 1, 30.0, 1.5, wanted, 3.0)[:2] == (0, 3.0)
