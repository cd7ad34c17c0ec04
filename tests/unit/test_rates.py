"""Rates through boxes and stock, and loans: against arithmetic by hand and the verifier."""

from __future__ import annotations

import io
import json
import math
from datetime import date
from typing import Any

import pytest
from rich.console import Console

import engine
from engine.backend import Backend
from engine.cli.main import main
from engine.config import ScanSettings
from engine.errors import UsageError
from engine.market.carry import Carry, RateCurve
from engine.market.chain import AMERICAN, EUROPEAN
from engine.report import rates_table
from engine.scanner.search import make_view
from engine.scoring.financing import BORROW, LEND, rate_quotes
from engine.scoring.loan import make_loan
from engine.settings.spelling import day_or_month
from engine.strategies.view import View
from tests.unit.chains import GOLDEN_FEES, NOW_NS, TODAY, chain, expiry

DAYS = 90
BOX = {
    (DAYS, 95.0, "C"): (8.10, 8.14), (DAYS, 105.0, "C"): (1.88, 1.90),
    (DAYS, 105.0, "P"): (6.00, 6.03), (DAYS, 95.0, "P"): (2.42, 2.44),
}  # fmt: skip
SETTINGS = ScanSettings(
    carry=Carry(RateCurve.flat(0.045), RateCurve.flat(0.055), as_of_ns=NOW_NS), fees=GOLDEN_FEES
)


def view_of(backend: Backend, style: str = EUROPEAN, kind: str = "index", **more: Any) -> View:
    return make_view(chain(BOX, style=style, kind=kind, **more), SETTINGS, backend)


def test_a_box_by_hand(backend: Backend) -> None:
    """Bought for 8.14 - 1.88 + 6.03 - 2.42 = 9.87 and 0.028 of fees; sold for 9.76 less that."""
    lend, borrow = rate_quotes(view_of(backend), SETTINGS)
    tau = DAYS / 365.0
    assert (lend.side, borrow.side) == (LEND, BORROW)
    assert lend.rate == pytest.approx(math.log(10.0 / 9.898) / tau)
    assert borrow.rate == pytest.approx(math.log(10.0 / (8.10 - 1.90 + 6.00 - 2.44 - 0.028)) / tau)
    assert lend.mid_rate == pytest.approx(math.log(10.0 / (9.815 + 0.028)) / tau)
    assert (lend.today, lend.later) == pytest.approx((-989.8, 1000.0))
    assert (borrow.today, borrow.later) == pytest.approx((973.2, -1000.0))
    assert (lend.yours, borrow.yours, lend.lots) == (0.045, 0.055, 100)
    assert lend.rate < lend.mid_rate
    assert borrow.binds.margin >= 1000.0


def test_american_options_have_no_short_box(backend: Backend) -> None:
    found = rate_quotes(view_of(backend, AMERICAN), SETTINGS)
    assert [(one.kind, one.side) for one in found] == [("box", LEND)]
    assert any("early" in risk for risk in found[0].risks)


def test_the_stock_lends_and_borrows(backend: Backend) -> None:
    """At 105: 100.02 + 0.005 + 6.03 - 1.88 + 0.014 = 104.189 becomes 105."""
    found = {one.kind: one for one in rate_quotes(view_of(backend, EUROPEAN, "equity"), SETTINGS)
             if one.kind != "box"}  # fmt: skip
    tau = DAYS / 365.0
    best = max(
        math.log(105.0 / (100.025 + 6.037 - 1.873)) / tau,
        math.log(95.0 / (100.025 + 2.447 - 8.093)) / tau,
    )
    assert found["conversion"].rate == pytest.approx(best)
    assert found["reversal"].today > 0.0 > found["reversal"].later


@pytest.mark.parametrize("side", [LEND, BORROW])
def test_a_loan_owes_its_width_whatever_happens(side: str, backend: Backend) -> None:
    view = view_of(backend)
    loan = make_loan(view, SETTINGS, 9_900.0, TODAY.replace(month=12), side)
    assert loan.opportunity.proof is not None
    proof = loan.opportunity.proof
    assert proof.best == pytest.approx(proof.minimum, abs=1e-12)
    sign = 1.0 if side == LEND else -1.0
    assert loan.later == pytest.approx(sign * 1000.0 * loan.lots)
    assert loan.lots == (10 if side == LEND else 11)
    assert loan.rate == pytest.approx(math.log(abs(loan.later) / abs(loan.today)) / (DAYS / 365.0))
    assert loan.ticket.limit == pytest.approx(loan.ticket.net, abs=0.0101)


@pytest.mark.parametrize("side", [LEND, BORROW])
def test_the_limit_makes_the_rate_that_is_wanted(side: str, backend: Backend) -> None:
    """What is paid at the limit, fees and all, grows to the width at no worse a rate."""
    loan = make_loan(view_of(backend), SETTINGS, 9_900.0, date(2027, 1, 1), side, 0.05)
    assert loan.opportunity.cash is not None
    fees = loan.opportunity.cash.fees / (100.0 * loan.lots)
    paid = loan.ticket.limit + fees
    rate = math.log(10.0 / abs(paid)) / (DAYS / 365.0)
    tick = 0.01 / abs(paid) / (DAYS / 365.0)
    gain = rate - 0.05 if side == LEND else 0.05 - rate
    assert -1e-9 <= gain <= 1.01 * tick


def test_what_cannot_be_lent_or_borrowed_says_why(backend: Backend) -> None:
    american = view_of(backend, AMERICAN)
    with pytest.raises(UsageError, match="American: a short box may be assigned early"):
        make_loan(american, SETTINGS, 1e5, date(2027, 1, 1), BORROW)
    with pytest.raises(UsageError, match=f"no expiry at or before 2026-03-10.*{expiry(DAYS).date}"):
        make_loan(view_of(backend), SETTINGS, 1e5, date(2026, 3, 10), LEND)
    with pytest.raises(UsageError, match="above 0"):
        make_loan(view_of(backend), SETTINGS, math.nan, date(2027, 1, 1), LEND)


def test_the_command_refuses_to_borrow_through_shares(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["borrow", "100000", "ZDIV", "--until", "2027-01"]) == 2
    assert "American" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["lend", "borrow"])
def test_a_loan_on_the_demo_index_is_proven(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "100k", "ZIDX", "--until", "2027-01", "--explain"]) == 0
    told = capsys.readouterr().out
    assert "worst case" in told
    assert "states played out from the legs alone" in told
    assert "combo" in told
    assert main([verb, "100000", "ZIDX", "--until", "2027-01", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ticket"]["quantity"] == found["lots"]
    assert found["opportunity"]["proof"]["minimum"] == pytest.approx(found["opportunity"]["edge"])


def test_rates_for_machines_and_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rates", "ZIDX", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["chains"]
    assert one["symbol"] == "ZIDX"
    assert {rate["side"] for rate in one["rates"]} == {"lend", "borrow"}
    assert main(["rates", "ZDIV", "--no-color"]) == 0
    assert "No short box" in capsys.readouterr().out


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_rates_fit(width: int, backend: Backend) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    view = view_of(backend)
    rates_table.render_rates(view.chain, rate_quotes(view, SETTINGS), console)
    rates_table.render_loan(
        view.chain, make_loan(view, SETTINGS, 9_900.0, date(2027, 1, 1), BORROW), console
    )
    told = stream.getvalue()
    assert max(map(len, told.splitlines())) <= width
    assert "short box" in told
    assert "95/105" in told


def test_from_python() -> None:
    found = engine.rates("demo", "ZIDX")
    lend = max(found, key=lambda one: one.days if one.side == "lend" else 0.0)
    assert 0.0 < lend.rate < lend.mid_rate + 1e-9
    loan = engine.borrow("demo", 200_000, "2027-01", symbol="ZIDX", rate=0.05)
    assert loan.today >= 200_000.0
    assert engine.lend("demo", 2e5, date(2027, 1, 31), symbol="ZIDX").today >= -2e5


@pytest.mark.parametrize("text", ["2027", "27-01-01", "soon", "2027-13", "2027-02-30"])
def test_a_day_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="expected a day"):
        day_or_month(text)


def test_the_last_month_of_all_has_a_last_day() -> None:
    assert day_or_month("9999-12") == date(9999, 12, 31)
    assert day_or_month("2028-02") == date(2028, 2, 29)


def test_a_roll_is_for_what_comes_due_not_for_the_widest_box(backend: Backend) -> None:
    """1,000 dollars roll into the box of 10: half of four spreads of 0.10, and 0.028 of fees."""
    middles = {(95.0, "C"): 11.80, (95.0, "P"): 4.0, (105.0, "C"): 5.0, (105.0, "P"): 6.95}
    wide = {(125.0, "C"): 2.5, (125.0, "P"): 24.0}
    later = {(180, *key): (middle - 0.05, middle + 0.05) for key, middle in middles.items()}
    later.update({(180, *key): (middle - 0.1, middle + 0.1) for key, middle in wide.items()})
    view = make_view(chain({**BOX, **later}, style=EUROPEAN, kind="index"), SETTINGS, backend)
    until = expiry(DAYS).date
    loan = make_loan(view, SETTINGS, 1000.0, until, LEND)
    assert (loan.later, loan.next_expiry) == (pytest.approx(1000.0), expiry(180).date)
    assert loan.roll == pytest.approx(22.8)


def test_a_loan_says_that_it_is_not_what_was_asked_for(backend: Backend) -> None:
    view = view_of(backend)
    for amount, is_near in ((1000.0, True), (10.0, False)):
        loan = make_loan(view, SETTINGS, amount, expiry(DAYS).date, LEND)
        out = io.StringIO()
        rates_table.render_loan(view.chain, loan, Console(file=out, width=80))
        assert loan.is_near is is_near
        assert ("come no nearer" in out.getvalue()) is not is_near


@pytest.mark.parametrize("width", [80, 100, 160])
def test_what_goes_together_fits(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cli.width.PIPE_WIDTH", width)
    assert main(["scan", "ZIDX", "--select"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "804b0237d9" in "".join(lines)
    assert max(map(len, lines)) <= width
