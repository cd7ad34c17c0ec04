"""Bounded risks: their figures by hand, their gates, and what they are not."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest

from engine.backend import Backend, select
from engine.clock import NS_PER_DAY
from engine.config import Gates
from engine.feeds.demo import DemoFeed
from engine.market.carry import Carry, RateCurve
from engine.market.chain import AMERICAN, EUROPEAN, OptionChain
from engine.market.fees import FREE
from engine.report.document import opportunity_object
from engine.report.explain import render as explain
from engine.report.table import render as render_table
from engine.scanner.many import scan_loaded
from engine.scanner.pipeline import scan_chain
from engine.scanner.survey import Request, Scan, Survey
from engine.scoring.opportunity import CARRY, SYNTHETIC, Opportunity, ScanResult
from tests.unit.chains import NOW_NS, carry, chain, dividend, settings
from tests.unit.surveys import shown

QUOTES = {(30, 95.0, "P"): (1.5, 1.52), (30, 105.0, "C"): (2.0, 2.02)}
SPOT = (99.99, 100.0)
CHAIN = chain(QUOTES, SPOT)
BORROW, LEND = math.exp(-0.055 * 30 / 365), math.exp(-0.045 * 30 / 365)
OUTLAY = 100.005 + 1.527 - 1.993
CREDIT = 99.985 + 1.493 - 2.027


def scan(
    backend: Backend, of: OptionChain = CHAIN, terms: Carry | None = None, **changes: Any
) -> ScanResult:
    wanted = {"families": ("synthetic",), **changes}
    return scan_chain(of, settings(terms or carry(), **wanted), backend)


def of_family(result: ScanResult, family: str) -> Opportunity:
    (one,) = [one for one in result.synthetics if one.family == family]
    return one


def test_the_figures_of_a_collar(backend: Backend) -> None:
    one = of_family(scan(backend), "collar")
    risk, reward = OUTLAY - BORROW * 95.0, BORROW * 105.0 - OUTLAY
    assert (one.grade, one.lots, one.conditions, one.flags) == (SYNTHETIC, 100, (), ())
    assert one.edge == pytest.approx(-risk, abs=1e-9)
    assert one.best == pytest.approx(reward, abs=1e-9)
    assert one.ratio == pytest.approx(reward / risk)
    # No order minimum bites at 100 lots.
    assert one.edge_usd == pytest.approx(-risk * 100.0 * 100.0)
    # 2.00 - 1.52 - (100 - 95), and the width more.
    assert one.plain == pytest.approx(-4.52)
    assert one.max_profit == pytest.approx(5.48)
    assert one.min_roi == pytest.approx(-4.52 / OUTLAY)


def test_the_figures_of_a_reverse_collar(backend: Backend) -> None:
    one = of_family(scan(backend), "reverse_collar")
    risk, reward = LEND * 105.0 - CREDIT, CREDIT - LEND * 95.0
    assert (one.grade, one.conditions, one.flags) == (SYNTHETIC, ("borrow",), ("short-stock",))
    assert one.edge == pytest.approx(-risk, abs=1e-9)
    assert one.best == pytest.approx(reward)
    assert one.ratio == pytest.approx(reward / risk)
    # 99.99 + 1.50 - 2.02 - 105, and the width more.
    assert one.plain == pytest.approx(-5.53)
    assert one.max_profit == pytest.approx(4.47)
    assert one.min_roi == pytest.approx(-5.53 / CREDIT)


STALE = replace(CHAIN, underlying=replace(CHAIN.underlying, bid_age=99.0, ask_age=99.0))


@pytest.mark.parametrize(
    "changes",
    [
        {"of": replace(CHAIN, is_delayed=True)},
        {"of": replace(CHAIN, is_halted=True)},
        {"of": STALE},
        {"of": chain(QUOTES, SPOT, age=1.5)},  # the stock's quote is 0.1 s old
        {"terms": replace(carry(), as_of_ns=NOW_NS - 10 * NS_PER_DAY)},
        {"gates": Gates(min_days=31.0)},
        {"gates": Gates(lots=101)},
        {"gates": Gates(min_edge=5.0)},
        {"gates": Gates(min_edge_usd=50_000.0)},
        {"gates": Gates(max_spread_per_edge=0.01)},
        {"gates": Gates(max_capital=1.0)},
    ],
    ids=["delayed", "halted", "stock age", "skew", "rates", "days", "size", "edge", "edge usd",
         "spread sum", "capital"],
)  # fmt: skip
def test_what_fails_a_gate_is_no_synthetic(backend: Backend, changes: dict[str, Any]) -> None:
    assert len(scan(backend).synthetics) == 2
    assert scan(backend, **changes).synthetics == ()


def test_ages_that_are_not_known_are_said(backend: Backend) -> None:
    for one in scan(backend, chain(QUOTES, SPOT, age=math.nan)).synthetics:
        assert "age-unknown" in one.flags
        assert "ages-unknown" in one.conditions


def test_capital_limits_the_lots(backend: Backend) -> None:
    per_lot = of_family(scan(backend), "collar").capital / 100.0
    one = of_family(scan(backend, gates=Gates(max_capital=1.01 * per_lot)), "collar")
    assert one.lots == 1
    # Shortfalls of a single lot: 0.35 for each option order and 0.50 for the stock.
    assert one.edge_usd == pytest.approx(one.edge * 100.0 - 1.2)


def test_what_is_only_interest_is_carry_and_no_synthetic(backend: Backend) -> None:
    """G6: plain +0.59, after financing -0.16."""
    quotes = {(50, 111.0, "C"): (0.5913, 0.6013), (50, 110.0, "P"): (9.9911, 10.0011)}
    rates = Carry(RateCurve.flat(0.05), RateCurve.flat(0.05), as_of_ns=NOW_NS)
    wanted = replace(settings(rates, families=("collar", "synthetic"), show_carry=True), fees=FREE)
    result = scan_chain(chain(quotes, (99.99, 100.0), style=EUROPEAN), wanted, backend)
    (one,) = result.carry
    assert (one.family, one.grade) == ("collar", CARRY)
    assert one.plain > 0.0 > one.edge
    assert [o.family for o in result.synthetics] == ["reverse_collar"]


def test_a_candidate_is_no_synthetic(backend: Backend) -> None:
    """It pays only if a projected dividend of 1 is paid: CONDITIONAL, not a bounded risk."""
    quotes = {(30, 95.0, "P"): (1.5, 1.52), (30, 105.0, "C"): (6.4, 6.5)}
    terms = carry(dividend(10, 1.0, "projected"))
    of = chain(quotes, SPOT, style=AMERICAN)
    result = scan(backend, of, terms, families=("collar", "synthetic"))
    (one,) = [o for o in result.opportunities if o.family == "collar"]
    assert one.conditions == ("projected-dividend",)
    assert [o for o in result.synthetics if o.family == "collar"] == []
    assert of_family(scan(backend, of), "collar").edge < 0.0  # without the dividend it is one


def test_a_chain_that_is_not_believed_has_no_synthetics(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.scanner.scanner.unusable_sentence", lambda *_: "not believed")
    assert scan(backend).synthetics == ()


@pytest.mark.parametrize("symbol", ["ZETF", "ZDIV", "ZHTB"])
def test_synthetics_of_the_demo_exchange(symbol: str) -> None:
    request = Request(settings=settings(carry(), families=("conversion", "collar", "reversal",
                      "reverse_collar", "synthetic"), show_carry=True))  # fmt: skip
    (loaded,) = DemoFeed(0, [symbol], compact=True).chains(symbol)
    result = scan_loaded(loaded, request, select("pure")).result
    others = {one.legs for one in (*result.opportunities, *result.carry)}
    assert result.synthetics
    for one in result.synthetics:
        assert one.legs not in others
        assert one.edge <= 0.0 < one.best
        assert one.ratio == pytest.approx(one.best / -one.edge)
        assert math.fsum(amount for _, amount in one.terms) == pytest.approx(one.edge, abs=1e-9)
        low, high = sorted(leg.strike for leg in one.legs if leg.right)
        assert one.max_profit - one.plain == pytest.approx(high - low)


def test_the_figures_are_shown(backend: Backend) -> None:
    result = scan(backend)
    one = of_family(result, "collar")
    written = opportunity_object(one)
    assert (written["ratio"], written["min_roi"]) == (one.ratio, one.min_roi)
    assert (written["max_profit"], written["plain"]) == (one.max_profit, one.plain)
    assert written["probability"] is None  # a single strike by right has no slope
    survey = Survey((Scan(result, settings(carry(), families=("synthetic",))),))
    for width in (80, 120):
        assert f"{one.ratio:.2f} : 1" in shown(width, render_table, survey)
    page = shown(120, explain, survey, one.id, backend)
    assert re.search(rf"reward over risk +{one.ratio:.2f}", page)
    assert "+5.4800 a share without financing, at worst -4.54% of the outlay" in page
