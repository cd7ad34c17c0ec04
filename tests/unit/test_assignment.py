"""Who exercises early, by hand; and the fee at which a reversal ends."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from unit.chains import carry, chain, dividend, settings

from engine.backend import Backend
from engine.config import Gates
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.chain import AMERICAN, EUROPEAN
from engine.report.document import opportunity_object
from engine.scanner.pipeline import scan_chain
from engine.scanner.search import make_view
from engine.scoring.assignment import is_assignment_due
from engine.scoring.curves import closing_fee
from engine.scoring.legs import option_leg

# 130 (1 - exp(-4.5 % x 60 days)) = 0.9582 of interest; with 40 days left 0.6395, with one 0.0160.
PUT = 130.0


@pytest.mark.parametrize(
    ("call_bid", "dividends", "is_due"),
    [
        (0.01, (), True),
        (1.19, (), True),  # 0.8 x 1.19 = 0.952
        (1.20, (), False),  # 0.8 x 1.20 = 0.960
        (0.01, (dividend(20, 1.17),), True),
        (0.60, (dividend(20, 2.0),), True),  # once it is paid: 0.6395 > 0.48
        (0.85, (dividend(20, 2.0),), False),  # neither 0.9582 > 2.27 nor 0.6395 > 0.68
        (0.05, (dividend(59, 2.0),), False),
        (0.05, (dividend(61, 2.0),), True),  # after expiry: not given up
    ],
)
def test_a_put_is_exercised_for_interest(
    call_bid: float, dividends: tuple[Dividend, ...], is_due: bool, backend: Backend
) -> None:
    on = chain({(60, PUT, "C"): (call_bid, call_bid + 0.02), (60, PUT, "P"): (29.9, 29.95)})
    terms = carry(*dividends)
    view = make_view(on, settings(terms), backend)
    assert is_assignment_due(view, option_leg(view, on.n_rows, -1), terms) is is_due


def test_a_put_out_of_the_money_waits(backend: Backend) -> None:
    on = chain({(60, 100.0, "C"): (0.01, 0.02), (60, 100.0, "P"): (0.01, 0.02)})
    view = make_view(on, settings(carry()), backend)
    assert not is_assignment_due(view, option_leg(view, on.n_rows, -1), carry())


@pytest.mark.parametrize(("amount", "is_due"), [(0.56, True), (0.55, False), (0.0, False)])
def test_a_call_is_exercised_for_a_dividend(amount: float, is_due: bool, backend: Backend) -> None:
    """Golden number G7: threshold 0.6919 with 40 days left, the alarm at 0.8 of it 0.5535."""
    on = chain({(60, 100.0, "C"): (5.0, 5.02), (60, 100.0, "P"): (0.20, 0.22)}, (105.0, 105.02))
    terms = carry(dividend(20, amount))
    view = make_view(on, settings(terms), backend)
    assert is_assignment_due(view, option_leg(view, 0, -1), terms) is is_due


def test_a_reversal_says_that_its_put_will_be_assigned(backend: Backend) -> None:
    on = chain({(60, PUT, "C"): (0.01, 0.02), (60, PUT, "P"): (30.9, 30.95)})
    wide = Gates(max_spread_per_edge=math.inf)
    result = scan_chain(on, settings(carry(), families=("reversal",), gates=wide), backend)
    (reversal,) = result.opportunities
    assert "assignment-likely" in reversal.flags


@pytest.mark.parametrize("style", [AMERICAN, EUROPEAN])
@pytest.mark.parametrize("terms", [carry(), carry(dividend(20, 0.5), borrow_fee=0.01)])
def test_the_implied_borrow_fee_ends_a_reversal(style: str, terms: Carry, backend: Backend) -> None:
    on = chain({(60, 100.0, "C"): (1.0, 1.02), (60, 100.0, "P"): (3.0, 3.02)}, style=style)
    result = scan_chain(on, settings(terms, families=("reversal",)), backend)
    (reversal,) = result.opportunities
    fee = reversal.implied_borrow
    # 100 - 0.005 + 2.993 - 1.027 in hand; 100 exp(-0.045 x 60/365) to pay; one year's fee is 100.
    if not terms.dividends and style == EUROPEAN:
        tau = 60 / 365
        assert fee == pytest.approx((101.961 - 100.0 * math.exp(-0.045 * tau)) / (100.0 * tau))
    assert fee > terms.borrow_fee
    for offset, count in ((-1e-6, 1), (1e-6, 0)):
        dearer = settings(
            replace(terms, borrow_fee=fee + offset), families=("reversal",),
            gates=Gates(min_edge=0.0, min_edge_usd=0.0, max_spread_per_edge=math.inf),
        )  # fmt: skip
        assert len(scan_chain(on, dearer, backend).opportunities) == count
    assert opportunity_object(reversal)["implied_borrow"] == fee


def test_only_a_reversal_implies_a_fee(backend: Backend) -> None:
    on = chain({(60, 100.0, "C"): (3.0, 3.02), (60, 100.0, "P"): (1.0, 1.02)})
    result = scan_chain(on, settings(carry(), families=("conversion",)), backend)
    (conversion,) = result.opportunities
    assert math.isnan(conversion.implied_borrow)
    assert opportunity_object(conversion)["implied_borrow"] is None
    view = make_view(on, settings(carry()), backend)
    assert math.isnan(closing_fee(view, "conversion", conversion.legs))


def test_free_rates_end_at_no_fee_but_that_of_the_edge(backend: Backend) -> None:
    """At rates of 0 a put assigned today costs no fee: only later days ask for one."""
    zero = RateCurve.flat(0.0)
    on = chain({(60, 100.0, "C"): (1.0, 1.02), (60, 100.0, "P"): (3.0, 3.02)})
    result = scan_chain(on, settings(Carry(zero, zero), families=("reversal",)), backend)
    (reversal,) = result.opportunities
    assert reversal.implied_borrow == pytest.approx(1.961 / (100.0 * 60 / 365))
