"""Verticals sold for a credit that can only bring more."""

from __future__ import annotations

from engine.strategies.candidates import HIGH, LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import no_margin, width_of
from engine.strategies.notice import late_notice
from engine.strategies.pairs import add_pairs, pair_columns
from engine.strategies.view import View

CALL = Template("vertical", ((LOW, "C", 1), (HIGH, "C", -1)))
PUT = Template("vertical", ((HIGH, "P", 1), (LOW, "P", -1)))


def find_verticals(view: View, table: CandidateTable) -> None:
    """Add every vertical sold for a credit that can only bring more."""
    chain, terms, kernels = view.chain, view.terms, view.backend.verticals
    columns, is_american = pair_columns(view), not chain.is_european
    for template, shift, write, late in (
        (CALL, 0, kernels.vertical_call_columns, terms.late_call),
        (PUT, chain.n_rows, kernels.vertical_put_columns, terms.night),
    ):
        first = chain.first
        if not table.wants_near:
            if not view.uncovered(shift):
                continue
            first = view.around(shift)
        write(
            first, chain.strike, view.receive, view.pay, terms.width_receive, late, *columns
        )  # fmt: skip
        add_pairs(view, table, template, ends_early=is_american, first=first)


def _worth(facts: Facts) -> list[Line]:
    if facts.is_european:
        return []
    short = next(leg for leg in facts.options if leg.side < 0)
    worth = facts.terms.width_receive[facts.expiry[0]] * width_of(facts.legs)
    late = late_notice(facts, short)
    if worth >= late:
        return []
    return [("width when assigned early", worth), ("late notice", -late)]


FAMILY = Family(
    "vertical", _worth, no_margin, find_verticals, (CALL, PUT), needs_stock=False,
    is_for_coins=True, is_pair=True,
)  # fmt: skip
