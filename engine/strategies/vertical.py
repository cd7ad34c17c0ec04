"""Verticals sold for a credit that can only bring more."""

from __future__ import annotations

from engine.strategies.candidates import HIGH, LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import no_margin, width_of
from engine.strategies.notice import spread_called, spread_put
from engine.strategies.pairs import add_pairs, pair_columns
from engine.strategies.view import View
from kernels_pure.notice import VERTICAL_CALL, VERTICAL_PUT

CALL = Template("vertical", ((LOW, "C", 1), (HIGH, "C", -1)))
PUT = Template("vertical", ((HIGH, "P", 1), (LOW, "P", -1)))


def find_verticals(view: View, table: CandidateTable) -> None:
    """Add every vertical sold for a credit that can only bring more."""
    chain, terms, kernels = view.chain, view.terms, view.backend.verticals
    columns, zeros = pair_columns(view), view.zeros
    for template, shift, write, kind in (
        (CALL, 0, kernels.vertical_call_columns, VERTICAL_CALL),
        (PUT, chain.n_rows, kernels.vertical_put_columns, VERTICAL_PUT),
    ):
        first = chain.first
        if not table.wants_near:
            if not view.uncovered(shift):
                continue
            first = view.around(shift)
        write(first, chain.strike, view.receive, view.pay, terms.width_receive, zeros, *columns)
        add_pairs(view, table, template, first=first, kind=kind, guess=zeros)


def _worth(facts: Facts) -> list[Line]:
    width, short = width_of(facts.legs), next(leg for leg in facts.options if leg.side < 0)
    if short.right == "C":
        left = spread_called(facts, width)
    else:
        left = spread_put(facts, width, short.strike)
    return [("width when assigned, less what late notice costs", min(0.0, left))]


FAMILY = Family(
    "vertical", _worth, no_margin, find_verticals, (CALL, PUT), needs_stock=False,
    is_for_coins=True, is_pair=True, is_covered=True,
)  # fmt: skip
