"""The audit: what a scan found of what was planted, and what it should not have reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from engine.config import ScanSettings
from engine.market.chain import OptionChain
from engine.market.combo import OPTION
from engine.scoring.opportunity import CONDITIONAL, LOCKED, Opportunity, ScanResult

Label = Mapping[str, object]
"""What a source says about a chain: see `engine.feeds.demo`."""


class Labelled(Protocol):
    """A chain with labels, as a feed gives it (`engine.feeds.protocol.Loaded`)."""

    @property
    def labels(self) -> tuple[Label, ...]:
        """What was planted."""
        ...


_Contract = tuple[str, float, str, int]
"""Right, strike, expiry as an ISO date, side."""

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Audit:
    """Counts over one or more chains.

    Attributes
    ----------
    n_labels, n_found
        Planted arbitrages that were asked for, and those of them whose quote some opportunity
        trades as it should.
    n_reported, n_caused
        Opportunities reported LOCKED or CONDITIONAL, and those that trade a planted quote.
    n_exact
        Planted arbitrages reported with exactly the legs and the family of the label.
    false_locked
        Graded LOCKED although the verifier or the profit programme refutes it. What the verifier
        does not reproduce is never shown, and counts all the same.
    edge_error
        Largest difference, per share, between an edge and its label's, over `n_exact` and what the
        verifier does not reproduce; of the latter also what their proofs fall short of the edge.
    missed, misgraded, fooled
        The labels not found; found exactly but with another grade; decoys that were reported.
    """

    n_labels: int = 0
    n_found: int = 0
    n_reported: int = 0
    n_caused: int = 0
    n_exact: int = 0
    false_locked: int = 0
    edge_error: float = 0.0
    missed: tuple[Label, ...] = ()
    misgraded: tuple[Label, ...] = ()
    fooled: tuple[Label, ...] = ()

    @property
    def recall(self) -> float:
        """Share of the planted arbitrages that was found; 1 when nothing was planted."""
        return self.n_found / self.n_labels if self.n_labels else 1.0

    @property
    def precision(self) -> float:
        """Share of the reported opportunities that was planted; 1 when nothing was reported."""
        return self.n_caused / self.n_reported if self.n_reported else 1.0

    def figures(self) -> dict[str, object]:
        """Return the figures that a report shows."""
        return {
            "recall": self.recall,
            "precision": self.precision,
            "false_locked": self.false_locked,
            "edge_error": self.edge_error,
        }


def audit(
    loaded: Labelled,
    result: ScanResult,
    programme: Callable[[int], float] | None = None,
    settings: ScanSettings | None = None,
) -> Audit:
    """Return how `result` compares with the labels of `loaded`. O(labels x opportunities).

    The scan must not have cut its list short (`ScanSettings.top`). An opportunity graded LOCKED,
    shown or among the mismatches, counts as false if its proof does not bear out its edge; with
    `programme`, the largest locked profit by expiry index, also if it is of one European expiry
    that the programme finds nothing in. Of `settings`, what was not asked for cannot be missed:
    labels of other families, and those with less than the least edge.

    Source: SCANNER section 8, matching rule.
    """
    # One expiry answers for all its opportunities.
    judge = None if programme is None else cache(programme)
    reported = [o for o in result.opportunities if o.grade in (LOCKED, CONDITIONAL)]
    refuted = [o for o in result.mismatches if o.grade in (LOCKED, CONDITIONAL)]
    traded = [_contracts(o) for o in reported]
    every = [label for label in loaded.labels if label["kind"] == "arbitrage"]
    causes = {_cause(label) for label in every}
    planted = [
        label for label in every if settings is None or _is_asked(label, result.chain, settings)
    ]
    missed, misgraded = [], []
    n_exact = 0
    errors = [o.edge - o.proof.minimum for o in refuted if o.proof is not None]
    for label in planted:
        cause = _cause(label)
        if not any(
            cause in legs and o.edge > 0.0 for o, legs in zip(reported, traded, strict=True)
        ):
            missed.append(label)
        for exact in (o for o in reported if _is_exactly(o, label)):
            n_exact += 1
            if exact.grade != label["grade"]:
                misgraded.append(label)
        errors += [
            abs(o.edge - _number(label["edge"]))
            for o in (*reported, *refuted)
            if _is_exactly(o, label)
        ]
    return Audit(
        n_labels=len(planted),
        n_found=len(planted) - len(missed),
        n_reported=len(reported),
        n_caused=sum(1 for legs in traded if causes & legs.keys()),
        n_exact=n_exact,
        false_locked=sum(1 for o in (*reported, *refuted) if _is_false(o, result.chain, judge)),
        edge_error=max(errors, default=0.0),
        missed=tuple(missed),
        misgraded=tuple(misgraded),
        fooled=tuple(
            label
            for label in loaded.labels
            if label["kind"] == "decoy" and _is_fooled(label, reported, traded)
        ),
    )


def combine(audits: Iterable[Audit]) -> Audit:
    """Return the audit of all chains together."""
    every = list(audits)
    return Audit(
        n_labels=sum(a.n_labels for a in every),
        n_found=sum(a.n_found for a in every),
        n_reported=sum(a.n_reported for a in every),
        n_caused=sum(a.n_caused for a in every),
        n_exact=sum(a.n_exact for a in every),
        false_locked=sum(a.false_locked for a in every),
        edge_error=max((a.edge_error for a in every), default=0.0),
        missed=tuple(label for a in every for label in a.missed),
        misgraded=tuple(label for a in every for label in a.misgraded),
        fooled=tuple(label for a in every for label in a.fooled),
    )


def _is_asked(label: Label, chain: OptionChain, settings: ScanSettings) -> bool:
    is_large = _number(label["edge"]) * chain.dollars >= settings.gates.min_edge
    return label["family"] in settings.families and is_large


def _contracts(opportunity: Opportunity) -> dict[_Contract, int]:
    """Return the option legs with their ratios."""
    return {
        (leg.right, leg.strike, leg.expiry.isoformat() if leg.expiry else "", leg.side): leg.ratio
        for leg in opportunity.legs
        if leg.kind == OPTION
    }


def _cause(label: Label) -> _Contract:
    cause = label["cause"]
    assert isinstance(cause, Mapping)
    side = -1 if cause["side"] == "bid" else 1
    return str(cause["right"]), float(cause["strike"]), str(cause["expiry"]), side


def _labelled(label: Label) -> dict[_Contract, int]:
    legs = label["legs"]
    assert isinstance(legs, (list, tuple))
    return {
        (leg["right"], leg["strike"], leg["expiry"], leg["side"]): leg["ratio"]
        for leg in legs
        if leg["kind"] == OPTION
    }


def _is_exactly(opportunity: Opportunity, label: Label) -> bool:
    return opportunity.family == label["family"] and _contracts(opportunity) == _labelled(label)


def _is_fooled(
    label: Label, reported: list[Opportunity], traded: list[dict[_Contract, int]]
) -> bool:
    if label["reason"] in ("age", "size", "crossed"):
        cause = _cause(label)
        return any(cause in legs for legs in traded)
    # Its quotes are good; only this very position is not.
    return any(_is_exactly(o, label) for o in reported)


def _is_false(
    opportunity: Opportunity, chain: OptionChain, programme: Callable[[int], float] | None
) -> bool:
    if opportunity.grade != LOCKED:
        return False
    proof = opportunity.proof
    if proof is None or not proof.minimum >= max(0.0, opportunity.edge) - TOLERANCE:
        return True
    if programme is None or not chain.is_european:
        return False
    settles = {leg.settles_ns for leg in opportunity.legs if leg.kind == OPTION}
    expiries = [e for e, expiry in enumerate(chain.expiries) if expiry.settles_ns in settles]
    # A position of several expiries is outside what the programme of one can judge.
    return len(expiries) == 1 and not programme(expiries[0]) > 0.0


def _number(value: object) -> float:
    assert isinstance(value, (int, float))
    return float(value)
