"""Packages of the profit programme are asked what single positions are asked."""

from __future__ import annotations

import math
import random
from array import array
from dataclasses import replace
from datetime import date
from statistics import NormalDist
from typing import Any

import pytest

from engine.backend import Backend
from engine.clock import NS_PER_DAY
from engine.config import Gates
from engine.feeds.demo import DemoFeed
from engine.market.chain import EUROPEAN, OptionChain
from engine.scanner.pipeline import scan_chain
from engine.scanner.search import make_view
from engine.scoring.breakdown import breakdown
from engine.scoring.opportunity import CONDITIONAL, LOCKED, ScanResult
from tests.unit.chains import NOW_NS, carry, chain, dividend, settings

# The short box brings 8.00 - 1.52 + 6.50 - 1.52 less four fees of 0.007, and owes 10 in 30 days.
QUOTES = {
    (30, 95.0, "C"): (8.0, 8.02), (30, 105.0, "C"): (1.5, 1.52),
    (30, 105.0, "P"): (6.5, 6.52), (30, 95.0, "P"): (1.5, 1.52),
}  # fmt: skip
EDGE = 11.46 - 0.028 - 10.0 * math.exp(-0.045 * 30.0 / 365.0)
CHAIN = chain(QUOTES, style=EUROPEAN)
NOTHING_TRADED = array("d", [0.0]) * len(CHAIN.bid)


def scan(backend: Backend, of: OptionChain = CHAIN, days: int = 0, **changes: Any) -> ScanResult:
    """Scan with rates that are `days` old."""
    rates = replace(carry(), as_of_ns=NOW_NS - days * NS_PER_DAY)
    return scan_chain(of, settings(rates, **changes), backend)


def noisy(strikes: int, noise: float, size: float = 50.0) -> OptionChain:
    """Return a European chain around Black-Scholes prices, each quote off by itself."""
    cdf, draw, quotes = NormalDist().cdf, random.Random(0), {}
    spread = 0.25 * math.sqrt(30.0 / 365.0)
    discount = math.exp(-0.05 * 30.0 / 365.0)
    for place in range(strikes):
        k = 100.0 + 2.0 * (place - strikes // 2)
        d1 = math.log(100.0 / (k * discount)) / spread + 0.5 * spread
        call = 100.0 * cdf(d1) - k * discount * cdf(d1 - spread)
        for right, fair in (("C", call), ("P", call - 100.0 + k * discount)):
            middle = max(fair + draw.gauss(0.0, noise), 0.05)
            quotes[(30, k, right)] = (round(middle - 0.01, 2), round(middle + 0.01, 2))
    return chain(quotes, (99.99, 100.01), style=EUROPEAN, size=size)


def test_a_package_that_passes_has_its_edge_lots_and_place_in_the_funnel(backend: Backend) -> None:
    result = scan(backend, families=("package",))
    (found,) = result.opportunities
    assert (found.family, found.grade, found.lots, found.unit) == ("package", LOCKED, 100, 1)
    assert found.edge == pytest.approx(EDGE, abs=1e-9)
    # The fee of an option is 0.65 a contract; no order minimum bites at 100 lots.
    assert found.edge_usd == pytest.approx(EDGE * 100.0 * 100.0, abs=1e-6)
    funnel = result.funnel
    assert (funnel.candidates, funnel.passed, funnel.by_family) == (1, 1, {"package": 1})


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("delayed", {"of": replace(CHAIN, is_delayed=True)}),
    ("deliverable", {"of": replace(CHAIN, is_halted=True)}),
    ("rates", {"days": 10}),
    ("capital", {"gates": Gates(max_capital=1.0)}),
    ("spread_sum", {"gates": Gates(max_spread_per_edge=0.05)}),
    ("days", {"gates": Gates(min_days=31.0)}),
    ("edge", {"gates": Gates(min_edge=2.0)}),
    ("edge_usd", {"gates": Gates(min_edge_usd=20_000.0)}),
    ("skew", {"of": replace(CHAIN, ask_age=array("d", [1.5]) * len(CHAIN.ask))}),
]


@pytest.mark.parametrize("family", ["package", "box"])
@pytest.mark.parametrize(("reason", "changes"), BROKEN, ids=[name for name, _ in BROKEN])
def test_a_package_dies_at_the_gate_at_which_the_same_box_dies(
    backend: Backend, family: str, reason: str, changes: dict[str, Any]
) -> None:
    result = scan(backend, families=(family,), **changes)
    assert result.opportunities == ()
    assert result.funnel.rejected == {reason: 1}
    assert (result.funnel.candidates, result.funnel.passed) == (1, 0)


@pytest.mark.parametrize("column", ["volume", "open_interest"])
def test_what_nobody_trades_makes_no_package(backend: Backend, column: str) -> None:
    dead: dict[str, Any] = {column: NOTHING_TRADED}
    limit: dict[str, Any] = {f"min_{column}": 5.0}
    of, gates = replace(CHAIN, **dead), Gates(**limit)
    result = scan(backend, of, gates=gates, families=("package",))
    assert result.opportunities == ()


def test_when_a_gate_kills_every_single_no_package_takes_its_place(backend: Backend) -> None:
    for reason, changes in BROKEN[:4]:
        result = scan(backend, **changes)
        assert result.opportunities == ()
        assert result.funnel.rejected == {reason: result.funnel.candidates}


def test_flags_are_those_of_singles(backend: Backend) -> None:
    locked = chain({**QUOTES, (30, 95.0, "C"): (8.0, 8.0)}, style=EUROPEAN)
    for family in ("package", "box"):
        (found,) = scan(backend, locked, families=(family,)).opportunities
        assert found.flags == ("locked-market",)
    unknown = chain(QUOTES, style=EUROPEAN, size=math.nan, age=math.nan)
    for family in ("package", "box"):
        (found,) = scan(backend, unknown, families=(family,)).opportunities
        assert found.flags == ("age-unknown", "size-unknown")
        assert (found.grade, found.lots) == (CONDITIONAL, 1)


def test_a_position_that_a_family_found_is_not_a_package_too(backend: Backend) -> None:
    result = scan(backend)
    assert [o.family for o in result.opportunities if len(o.legs) == 4] == ["box"]
    assert "package" not in result.funnel.by_family


def test_the_funnel_counts_every_package(backend: Backend) -> None:
    result = scan(backend, noisy(9, 0.05))
    packages = [o for o in result.opportunities if o.family == "package"]
    assert len(packages) == result.funnel.by_family["package"] == 1
    assert len(packages[0].legs) > 4
    funnel = result.funnel
    assert funnel.candidates == sum(funnel.rejected.values()) + funnel.passed
    assert funnel.candidates == sum(funnel.by_family.values())
    halted = scan(backend, replace(noisy(9, 0.05), is_halted=True)).funnel
    assert halted.by_family["package"] == 1
    assert (halted.candidates, halted.passed) == (funnel.candidates, 0)


# Where the optimum of the programme is not whole, or a jelly roll or a calendar, planted by itself,
# trades a quote that the package trades too and pays more.
@pytest.mark.parametrize("seed", [3, 63, 70, 105])
def test_a_planted_package_is_found_whatever_else_is_there(seed: int, backend: Backend) -> None:
    (loaded,) = DemoFeed(seed, ["ZETF"], compact=seed % 4 > 0).chains("ZETF")
    (label,) = (x for x in loaded.labels if x["family"] == "package")
    cause: Any = label["cause"]
    expires = date.fromisoformat(cause["expiry"])
    sold = (cause["right"], cause["strike"], expires, -1)
    result = scan_chain(loaded.chain, settings(loaded.carry), backend)
    assert [
        opportunity.grade
        for opportunity in result.opportunities
        if opportunity.family == "package"
        and sold in {(leg.right, leg.strike, leg.expiry, leg.side) for leg in opportunity.legs}
    ] == [LOCKED]


def test_shares_to_sell_short_limit_the_lots_of_a_package(backend: Backend) -> None:
    """A reversal: credit 2.50 - 1.10 + 100 for 100 in 30 days, 250 shares to be had."""
    quotes = {(30, 100.0, "C"): (1.0, 1.1), (30, 100.0, "P"): (2.5, 2.6)}
    rates = replace(carry(), shortable=250.0)
    changes: dict[str, Any] = {"families": ("package",), "gates": Gates(max_spread_per_edge=9.0)}
    of = chain(quotes, style=EUROPEAN)
    (found,) = scan_chain(of, settings(rates, **changes), backend).opportunities
    assert (found.grade, found.lots, found.conditions) == (CONDITIONAL, 2, ("borrow",))
    edge = 1.4 - 0.014 + 100.0 - 0.005 - 100.0 * math.exp(-0.045 * 30.0 / 365.0)
    assert found.edge == pytest.approx(edge, abs=1e-9)
    # 200 shares at half a cent pay the stock's minimum of 1; two orders of 2 x 0.65 theirs.
    assert found.edge_usd == pytest.approx(edge * 200.0, abs=1e-6)
    changes["gates"] = Gates(max_spread_per_edge=9.0, lots=3)
    result = scan_chain(of, settings(rates, **changes), backend)
    assert (result.opportunities, result.funnel.passed) == ((), 0)


def test_a_package_of_dozens_of_legs_is_ranked_and_proven(backend: Backend) -> None:
    """Every subset of its legs would be too many: 2 to the power of 30 and more."""
    result = scan(backend, noisy(41, 0.05), families=("package",))
    (found,) = result.opportunities
    assert len(found.legs) > 30
    assert result.mismatches == ()
    # Legging out of all but one leg costs at most every spread and every delta.
    spreads = sum(leg.ratio * (leg.ask - leg.bid) for leg in found.legs) * 100.0 * found.lots
    assert 0.9 * spreads < found.leg_out_loss < math.inf


def test_a_chain_that_is_not_believed_makes_no_package(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("the programme was asked")

    monkeypatch.setattr("engine.scanner.scanner.find_packages", asked)
    result = scan(backend, noisy(41, 1.0, size=20.0))
    assert result.unusable
    assert (result.opportunities, "package" in result.funnel.by_family) == ((), False)


def test_the_account_of_a_package_comes_from_its_payoffs(backend: Backend) -> None:
    """The short box owes 10 in 30 days; the lines are not what is left of the edge."""
    (found,) = scan(backend, families=("package",)).opportunities
    terms = dict(found.terms)
    owed = terms.pop("worst payoff at expiry")
    assert owed == pytest.approx(-10.0 * math.exp(-0.045 * 30.0 / 365.0), rel=1e-12)
    assert math.fsum(terms.values()) == pytest.approx(11.46 - 0.028, rel=1e-12)
    view = make_view(CHAIN, settings(carry()), backend)
    # 97 instead of 95: what the put spread owes at most is 8.
    wrong = tuple(replace(leg, strike=97.0) if leg.strike == 95.0 else leg for leg in found.legs)
    assert dict(breakdown(view, "package", wrong, 1))["worst payoff at expiry"] == pytest.approx(
        -8.0 * math.exp(-0.045 * 30.0 / 365.0), rel=1e-12
    )


@pytest.mark.parametrize("side", [1, -1])
def test_the_account_of_a_package_has_dividends_and_the_borrow_fee(
    backend: Backend, side: int
) -> None:
    """A conversion, and a reversal at 2 % a year, over a dividend of 0.50 on day 10."""
    put = (2.0, 2.02) if side > 0 else (4.5, 4.52)
    quotes = {(30, 100.0, "C"): (4.0, 4.02) if side > 0 else (1.0, 1.02), (30, 100.0, "P"): put}
    rates = carry(dividend(10, 0.50), borrow_fee=0.02)
    of = chain(quotes, style=EUROPEAN)
    result = scan_chain(of, settings(rates, families=("package",)), backend)
    (found,) = result.opportunities
    name = "dividends" if side > 0 else "dividends and borrow fee"
    # The ex-date is taken at the open, so not quite 10 days from now.
    received, owed = 0.5 * math.exp(-0.055 * 10 / 365), 0.5 * math.exp(-0.045 * 10 / 365)
    expected = received if side > 0 else -owed - 0.02 * 100.0 * 30 / 365
    assert dict(found.terms)[name] == pytest.approx(expected, abs=1e-4)
    assert math.fsum(dict(found.terms).values()) == pytest.approx(found.edge, abs=1e-12)


def test_the_account_of_every_package_gives_its_edge(backend: Backend) -> None:
    for strikes, noise in ((5, 0.3), (9, 0.05), (21, 0.05), (21, 0.2), (41, 0.05)):
        result = scan(backend, noisy(strikes, noise), families=("package",))
        (found,) = result.opportunities
        assert math.fsum(x for _, x in found.terms) == pytest.approx(found.edge, abs=1e-9)
        assert result.mismatches == ()
