"""Verticals sold for more than their width."""

from __future__ import annotations

from engine.market.combo import Leg
from engine.strategies.candidates import HIGH, LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import width_of
from engine.strategies.notice import late_notice
from engine.strategies.pairs import add_pairs
from engine.strategies.view import View
from kernels_pure import screen
from kernels_pure.capital import WIDTH

CALL = Template("vertical_width", ((LOW, "C", -1), (HIGH, "C", 1)))
PUT = Template("vertical_width", ((HIGH, "P", -1), (LOW, "P", 1)))


def find_vertical_widths(view: View, table: CandidateTable) -> None:
    """Add every vertical sold for more than its width."""
    chain, terms, kernels = view.chain, view.terms, view.backend.verticals
    low, high, discount = view.rows("low"), view.rows("high"), view.terms.width_pay
    first = chain.first if table.wants_near else view.flagged(screen.VERTICAL_WIDTH)
    kernels.width_call_columns(
        first, chain.strike, view.receive, view.pay, discount, terms.late_call, low, high
    )
    add_pairs(view, table, CALL, first=first)
    kernels.width_put_columns(
        first, chain.strike, view.receive, view.pay, discount, terms.night, low, high
    )
    add_pairs(view, table, PUT, first=first)


def _worth(facts: Facts) -> list[Line]:
    short = next(leg for leg in facts.options if leg.side < 0)
    discount = facts.terms.width_pay[facts.expiry[0]]
    return [
        ("width to pay", -discount * width_of(facts.legs)),
        ("late notice", -late_notice(facts, short)),
    ]


def _margin(legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    return width_of(legs)


FAMILY = Family(
    "vertical_width", _worth, _margin, find_vertical_widths, (CALL, PUT), needs_stock=False,
    is_pair=True,
    margin_code=WIDTH,
)  # fmt: skip
