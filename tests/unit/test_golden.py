"""The golden numbers of the specification (docs/SCANNER.md), on every backend."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace
from statistics import NormalDist

import pytest

from engine.backend import Backend
from engine.market.carry import Carry, RateCurve
from engine.market.fees import FREE
from engine.scanner.pipeline import scan_chain
from engine.scanner.search import make_view
from engine.scoring.legs import legs_of
from engine.scoring.rates import implied_rate
from engine.strategies.candidates import CandidateTable
from engine.strategies.registry import REGISTRY
from tests.unit.chains import NOW_NS, carry, chain, dividend, settings


def d_lend(days: float) -> float:
    return math.exp(-0.045 * days / 365)


def d_borrow(days: float) -> float:
    return math.exp(-0.055 * days / 365)


def one(value: float) -> array[float]:
    return array("d", [value])


def test_g1_conversion(backend: Backend) -> None:
    hold = array("d", [d_borrow(20)]), array("d", [0.0])
    edge, rows = one(0.0), array("l", [0])
    kernel = backend.parity.conversion_hits
    receive, pay = array("d", [3.193, math.nan]), array("d", [math.nan, 2.107])
    terms = one(100.025), one(d_borrow(60)), one(0.5 * d_borrow(20))
    strike, first = one(100.0), array("l", [0, 1])
    assert pytest.approx(98.9390) == 100.025 + 2.107 - 3.193
    none = array("l", [0, 0]), array("d"), array("d")
    kernel(first, strike, receive, pay, *terms, *none, 0.0, rows, edge)
    assert edge[0] == pytest.approx(0.6595, abs=5e-5)
    kernel(first, strike, receive, pay, *terms, array("l", [0, 1]), *hold, 0.0, rows, edge)
    assert edge[0] == pytest.approx(0.6595, abs=5e-5)
    # Called away on the eve, the position is worth more, so the branch does not bind.
    assert d_borrow(20) * 100.0 - 98.9390 == pytest.approx(0.7601, abs=5e-5)


def test_g1_implied_lending_rate(backend: Backend) -> None:
    quotes = {(60, 100.0, "P"): (2.05, 2.10), (60, 100.0, "C"): (3.20, 3.25)}
    terms = carry(dividend(20, 0.50))
    result = scan_chain(chain(quotes), settings(terms), backend)
    (found,) = [o for o in result.opportunities if o.family == "conversion"]
    # The ex-date is taken at the open, so not quite 20 days from now.
    assert found.edge == pytest.approx(0.6595, abs=2e-4)
    assert found.implied_rate == pytest.approx(0.09538, abs=5e-6)
    assert found.grade == "LOCKED"


def test_g2_reversal(backend: Backend) -> None:
    owed = 0.5 * d_lend(20)
    receive, pay = array("d", [math.nan, 1.993]), array("d", [3.307, math.nan])
    first, strike, edge, rows = array("l", [0, 1]), one(100.0), one(0.0), array("l", [0])
    start = (first, strike, receive, pay, one(99.995), one(d_lend(60)), one(owed))
    kernel = backend.parity.reversal_hits
    none = array("l", [0, 0]), array("d"), array("d")
    assert pytest.approx(98.6810) == 99.995 + 1.993 - 3.307
    kernel(*start, one(60 / 365), *none, 0.0, rows, edge)
    assert edge[0] == pytest.approx(-1.2452, abs=5e-5)
    now = array("l", [0, 2]), array("d", [1.0, d_lend(20)]), array("d", [0.0, owed + 20 / 365])
    kernel(*start, one(60 / 365), *now, 0.0, rows, edge)
    assert edge[0] == pytest.approx(-1.6263, abs=5e-5)


def test_g3_box(backend: Backend) -> None:
    quotes = {
        (90, 95.0, "C"): (8.00, 8.10),
        (90, 105.0, "C"): (1.90, 1.95),
        (90, 105.0, "P"): (6.00, 6.05),
        (90, 95.0, "P"): (2.40, 2.45),
    }
    european = chain(quotes, style="european", kind="index")
    terms = settings(carry(), families=("box",))
    view = make_view(european, terms, backend)
    table = CandidateTable(backend, european.n_rows, view.days)
    REGISTRY["box"].find(view, table)
    edges = dict(zip(("long", "short"), table.near.edge, strict=True))
    assert edges["long"] == pytest.approx(-0.0127, abs=5e-5)
    assert edges["short"] == pytest.approx(-0.3177, abs=5e-5)
    rates = [implied_rate(view, "box", legs_of(view, table.near, row)) for row in (0, 1)]
    assert rates[0] == pytest.approx(0.04978, abs=5e-6)
    assert rates[1] == pytest.approx(0.1774, abs=5e-5)


def at_5_percent(days: float) -> float:
    return math.exp(-0.05 * days / 365)


def test_g4_jelly_roll_at_one_flat_rate(backend: Backend) -> None:
    d30, d60, d90 = map(at_5_percent, (30, 60, 90))
    order, discount = array("d", [30.0, 90.0]), array("d", [d30, d90])
    dividends = array("d", [0.0, 0.5 * d60])
    dates = (order, discount, dividends, dividends)
    # Short stock in between: the strikes less the dividend owed. Long stock: the opposite.
    long_roll = backend.rolls.roll_floor(100.0, 0, 1, *dates, 1, 2, *dates)
    short_roll = backend.rolls.roll_floor(100.0, 1, 2, *dates, 0, 1, *dates)
    assert long_roll == pytest.approx(0.3193, abs=5e-5)
    assert short_roll == pytest.approx(-0.3193, abs=5e-5)


def test_g5_butterfly(backend: Backend) -> None:
    quotes = {
        (90, 95.0, "C"): (7.1, 7.2),
        (90, 100.0, "C"): (5.3, 5.4),
        (90, 110.0, "C"): (1.0, 1.1),
    }
    terms = replace(settings(carry(), families=("butterfly",)), fees=FREE)
    (found,) = scan_chain(chain(quotes, style="european"), terms, backend).opportunities
    assert found.edge == pytest.approx(0.1333, abs=5e-5)
    assert [leg.side * leg.ratio for leg in found.legs] == [2, -3, 1]
    assert found.unit == 3
    assert found.proof is not None
    assert found.proof.minimum == pytest.approx(found.edge)


def black_scholes(strike: float, right: str) -> float:
    tau = 50 / 365
    spread = 0.25 * math.sqrt(tau)
    d1 = (math.log(100.0 / strike) + 0.05 * tau) / spread + 0.5 * spread
    cdf = NormalDist().cdf
    call = 100.0 * cdf(d1) - strike * math.exp(-0.05 * tau) * cdf(d1 - spread)
    return call if right == "C" else call - 100.0 + strike * math.exp(-0.05 * tau)


def test_g6_collar_that_earns_interest_only(backend: Backend) -> None:
    call, put = black_scholes(111.0, "C") - 0.005, black_scholes(110.0, "P") + 0.01
    quotes = {(50, 111.0, "C"): (call, call + 0.01), (50, 110.0, "P"): (put - 0.01, put)}
    one_rate = Carry(RateCurve.flat(0.05), RateCurve.flat(0.05), as_of_ns=NOW_NS)
    terms = replace(settings(one_rate, families=("collar",), show_carry=True), fees=FREE)
    chain_ = chain(quotes, (99.99, 100.0), style="european")
    result = scan_chain(chain_, terms, backend)
    assert not result.opportunities
    (found,) = result.carry
    assert found.grade == "CARRY"
    assert found.plain == pytest.approx(0.5902, abs=5e-5)
    assert found.edge == pytest.approx(-0.1607, abs=5e-5)
    assert found.best == pytest.approx(found.edge + math.exp(-0.05 * 50 / 365))


def test_g7_no_assignment_is_expected_below_the_threshold(backend: Backend) -> None:
    threshold = backend.scoring.exercise_threshold(0.20, 100.0, 0.045, 40 / 365)
    assert threshold == pytest.approx(0.6919, abs=5e-5)
    assert threshold > 0.50


def test_g8_a_calendar_at_equal_moneyness_is_not_reported(backend: Backend) -> None:
    # Against 100/95 of the later call the sold one looks dear; the dividend takes it all back.
    assert 39.93 > 37.93 / 0.95
    quotes = {
        (30, 60.0, "C"): (39.93, 39.95),
        (90, 57.0, "C"): (37.91, 37.93),
    }
    no_rates = Carry(dividends=(dividend(60, 5.0),), as_of_ns=NOW_NS)
    families = ("calendar", "calendar_butterfly")
    terms = replace(settings(no_rates, families=families), fees=FREE)
    result = scan_chain(chain(quotes, style="european"), terms, backend)
    assert result.funnel.candidates == 0
    (near,) = [miss for miss in result.near_misses if miss.legs[0].right == "C"]
    assert near.edge == pytest.approx(0.0, abs=1e-9)
