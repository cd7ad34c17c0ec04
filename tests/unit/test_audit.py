from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from engine.config import Gates, ScanSettings
from engine.market.chain import EUROPEAN, ChainBuilder, Expiry, OptionChain, Underlying
from engine.market.combo import OPTION, STOCK, Leg
from engine.market.quoting import IN_COIN
from engine.proof.states import Proof, State
from engine.scoring.audit import Audit, Label, audit, combine
from engine.scoring.opportunity import CARRY, CONDITIONAL, LOCKED, Funnel, Opportunity, ScanResult

NEAR, FAR = Expiry(10**18, date(2026, 3, 20)), Expiry(2 * 10**18, date(2026, 6, 18))


@dataclass(frozen=True)
class Labels:
    labels: tuple[Label, ...]


def chain(style: str = EUROPEAN) -> OptionChain:
    builder = ChainBuilder("XYZ", 0, Underlying("XYZ", 99.9, 100.1))
    for expiry in (NEAR, FAR):
        for right in "CP":
            builder.add(expiry, 100.0, right, 1.0, 1.1)
    return builder.build(style=style)


def leg(right: str, strike: float, side: int, ratio: int = 1, expiry: Expiry = NEAR) -> Leg:
    return Leg(
        OPTION,
        side,
        ratio,
        1.0,
        right=right,
        strike=strike,
        expiry=expiry.date,
        settles_ns=expiry.settles_ns,
    )


def opportunity(*legs: Leg, **changes: Any) -> Opportunity:
    proof = Proof(0.25, (State("at expiry", 100.0, 0.25),), 1)
    plain = Opportunity(
        "id", "vertical", LOCKED, "XYZ", legs, 1, 0.25, 25.0, 1, 100.0, 0.1, 1.0, 16.0, proof=proof
    )
    return replace(plain, **changes)


def result(*found: Opportunity, style: str = EUROPEAN) -> ScanResult:
    return ScanResult(chain(style), found, (), Funnel(len(found), {}, len(found)))


def contract(right: str, strike: float, **more: object) -> dict[str, object]:
    return {"kind": OPTION, "right": right, "strike": strike, "expiry": "2026-03-20", **more}


# The bid of C 105 was raised: buying C 100 and selling it pays.
PLANTED: Label = {
    "kind": "arbitrage",
    "family": "vertical",
    "grade": LOCKED,
    "edge": 0.25,
    "cause": contract("C", 105.0, side="bid"),
    "legs": [contract("C", 100.0, side=1, ratio=1), contract("C", 105.0, side=-1, ratio=1)],
}
EXACT = opportunity(leg("C", 100.0, 1), leg("C", 105.0, -1))
OTHER = opportunity(leg("P", 100.0, 1), leg("P", 95.0, -1))


def test_the_labelled_position_is_found_exact_and_true() -> None:
    figures = audit(Labels((PLANTED,)), result(EXACT), lambda expiry: 0.3 if expiry == 0 else 0.0)
    assert figures == Audit(n_labels=1, n_found=1, n_reported=1, n_caused=1, n_exact=1)
    assert figures.figures() == {
        "recall": 1.0,
        "precision": 1.0,
        "false_locked": 0,
        "edge_error": 0.0,
    }


def test_another_position_with_the_planted_quote_finds_it_too() -> None:
    box = opportunity(leg("C", 95.0, 1), leg("C", 105.0, -1), family="box")
    figures = audit(Labels((PLANTED,)), result(box))
    assert (figures.recall, figures.precision, figures.n_exact) == (1.0, 1.0, 0)


def test_the_quote_must_be_traded_on_its_planted_side_and_for_a_profit() -> None:
    bought = opportunity(leg("C", 105.0, 1), leg("C", 110.0, -1))
    assert audit(Labels((PLANTED,)), result(bought)).missed == (PLANTED,)
    losing = replace(EXACT, edge=-0.1)
    assert audit(Labels((PLANTED,)), result(losing)).recall == 0.0
    elsewhere = opportunity(leg("C", 105.0, -1, expiry=FAR))
    assert audit(Labels((PLANTED,)), result(elsewhere)).recall == 0.0


def test_what_was_not_planted_lowers_precision() -> None:
    figures = audit(Labels((PLANTED,)), result(EXACT, OTHER))
    assert figures.precision == 0.5
    assert figures.recall == 1.0


def test_carry_rows_are_no_findings() -> None:
    figures = audit(Labels((PLANTED,)), result(replace(EXACT, grade=CARRY)))
    assert (figures.n_reported, figures.recall, figures.precision) == (0, 0.0, 1.0)


def test_a_wrong_edge_and_a_wrong_grade_are_seen() -> None:
    wrong = replace(EXACT, edge=0.2501, grade=CONDITIONAL)
    figures = audit(Labels((PLANTED,)), result(wrong))
    assert figures.edge_error == pytest.approx(1e-4)
    assert figures.misgraded == (PLANTED,)


@pytest.mark.parametrize(
    "proof",
    [None, Proof(0.2, (State("", 1.0, 0.2),), 1), Proof(math.nan, (State("", 1.0, math.nan),), 1)],
)
def test_a_locked_edge_that_its_proof_does_not_bear_out_is_false(proof: Proof | None) -> None:
    assert audit(Labels((PLANTED,)), result(replace(EXACT, proof=proof))).false_locked == 1
    conditional = replace(EXACT, proof=proof, grade=CONDITIONAL)
    assert audit(Labels((PLANTED,)), result(conditional)).false_locked == 0


def test_what_the_verifier_does_not_reproduce_counts_although_it_is_not_shown() -> None:
    """An edge of 0.75 for a label of 0.25, whose proof falls short by 0.5; another by 1."""
    proof = Proof(0.25, (State("at expiry", 100.0, 0.25),), 1)
    wrong = replace(EXACT, edge=0.75, proof=proof)
    found = replace(result(OTHER), mismatches=(wrong,))
    figures = audit(Labels((PLANTED,)), found)
    assert (figures.false_locked, figures.edge_error) == (1, 0.5)
    # It is not shown: the label is missed, and nothing is exact.
    assert (figures.missed, figures.n_exact, figures.n_reported) == ((PLANTED,), 0, 1)
    elsewhere = replace(OTHER, edge=1.25, proof=proof)
    assert audit(Labels(()), replace(result(), mismatches=(elsewhere,))).edge_error == 1.0
    conditional = replace(wrong, grade=CONDITIONAL)
    figures = audit(Labels((PLANTED,)), replace(result(), mismatches=(conditional,)))
    assert (figures.false_locked, figures.edge_error) == (0, 0.5)
    assert (
        audit(Labels(()), replace(result(), mismatches=(replace(wrong, grade=CARRY),))) == Audit()
    )


def test_a_negative_locked_edge_is_false_even_if_its_proof_agrees() -> None:
    proof = Proof(-0.1, (State("", 1.0, -0.1),), 1)
    bad = replace(EXACT, edge=-0.1, proof=proof)
    assert audit(Labels((PLANTED,)), result(bad)).false_locked == 1


def test_the_programme_judges_european_positions_of_one_expiry_only() -> None:
    asked: list[int] = []

    def nothing(expiry: int) -> float:
        asked.append(expiry)
        return 0.0

    labels = Labels((PLANTED,))
    assert audit(labels, result(EXACT, OTHER), nothing).false_locked == 2
    assert asked == [0]
    assert audit(labels, result(EXACT, style="american"), nothing).false_locked == 0
    roll = opportunity(leg("C", 105.0, -1), leg("C", 100.0, 1, expiry=FAR))
    assert audit(labels, result(roll), nothing).false_locked == 0
    assert audit(labels, result(EXACT), lambda _: math.nan).false_locked == 1


def decoy(reason: str) -> Label:
    return {**PLANTED, "kind": "decoy", "reason": reason}


@pytest.mark.parametrize("reason", ["age", "size", "crossed"])
def test_a_decoys_quote_must_not_be_traded_at_all(reason: str) -> None:
    label = decoy(reason)
    box = opportunity(leg("C", 95.0, 1), leg("C", 105.0, -1), family="box")
    figures = audit(Labels((label,)), result(box))
    assert figures.fooled == (label,)
    assert figures.precision == 0.0
    assert audit(Labels((label,)), result(OTHER)).fooled == ()


@pytest.mark.parametrize("reason", ["CARRY", "dividend", "borrow"])
def test_a_decoy_on_good_quotes_must_not_be_reported_itself(reason: str) -> None:
    label = decoy(reason)
    box = opportunity(leg("C", 95.0, 1), leg("C", 105.0, -1), family="box")
    assert audit(Labels((label,)), result(EXACT)).fooled == (label,)
    assert audit(Labels((label,)), result(box)).fooled == ()


def test_stock_legs_do_not_hide_a_match() -> None:
    stock = Leg(STOCK, 1, 1, 100.1)
    label = {**PLANTED, "legs": [*PLANTED["legs"], {"kind": STOCK, "side": 1, "ratio": 1}]}  # type: ignore[misc]
    found = opportunity(*EXACT.legs, stock)
    assert audit(Labels((label,)), result(found)).n_exact == 1


def test_audits_add_up() -> None:
    good = audit(Labels((PLANTED,)), result(EXACT))
    bad = audit(Labels((PLANTED, decoy("age"))), result(OTHER))
    wrong = audit(Labels((PLANTED,)), result(replace(EXACT, edge=0.26)))
    total = combine([good, bad, wrong])
    assert (total.n_labels, total.n_found, total.n_reported, total.n_caused) == (3, 2, 3, 2)
    assert total.recall == pytest.approx(2 / 3)
    assert total.edge_error == pytest.approx(0.01)
    assert total.missed == (PLANTED,)
    # An edge above what the proof shows is false too.
    assert total.false_locked == 1
    nothing = combine([])
    assert (nothing.recall, nothing.precision) == (1.0, 1.0)


def test_what_was_not_asked_for_is_not_missed() -> None:
    labels = Labels((PLANTED,))
    for asked in (
        ScanSettings(families=("box",)),
        ScanSettings(gates=Gates(min_edge=0.3)),
    ):
        counted = audit(labels, result(), settings=asked)
        assert (counted.n_labels, counted.missed) == (0, ())
        # A quote that was planted stays one, whatever trades it.
        other = audit(labels, result(replace(EXACT, family="box")), settings=asked)
        assert (other.n_labels, other.n_reported, other.n_caused) == (0, 1, 1)
    asked = ScanSettings(families=("box", "vertical"), gates=Gates(min_edge=0.2))
    assert audit(labels, result(), settings=asked).missed == (PLANTED,)


def test_the_least_edge_of_coins_is_in_dollars() -> None:
    coins = replace(
        chain(), quoting=IN_COIN, underlying=Underlying("XYZ", 59_990.0, 60_010.0, kind="coin")
    )
    found = replace(result(), chain=coins)
    label = {**PLANTED, "edge": 0.003}  # 180 dollars
    for least, n_labels in ((179.0, 1), (181.0, 0)):
        settings = ScanSettings(gates=Gates(min_edge=least))
        assert audit(Labels((label,)), found, settings=settings).n_labels == n_labels
