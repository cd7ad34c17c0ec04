"""Three legs of an American chain: a box without the sold option that brings too little.

A bought call spread with the put of its upper strike, or a bought put spread with the call of its
lower one. Worth the width at expiry at least; the sold option that a box has besides would add its
price, but nobody may bid for it, and it could be assigned.
"""

from __future__ import annotations

from engine.strategies.candidates import HIGH, LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import no_margin, width_of
from engine.strategies.notice import spread_called, spread_put
from engine.strategies.pairs import add_pairs
from engine.strategies.view import View
from kernels_pure import screen
from kernels_pure.notice import CALL_SPREAD_AND_PUT, PUT_SPREAD_AND_CALL

CALL_SPREAD = Template("three_legs", ((LOW, "C", 1), (HIGH, "C", -1), (HIGH, "P", 1)))
PUT_SPREAD = Template("three_legs", ((HIGH, "P", 1), (LOW, "P", -1), (LOW, "C", 1)))


def find_three_legs(view: View, table: CandidateTable) -> None:
    """Add the pairs of strikes whose box is worth less; of American chains alone.

    European ones are judged by the profit programme.
    """
    _add(view, table, beats_box=True)


def has_three_legs(view: View) -> bool:
    """Tell whether three legs have an edge, whatever their box is worth."""
    table = CandidateTable(view.backend, view.chain.n_rows, view.days, wants_near=False)
    _add(view, table, beats_box=False)
    return table.found.count > 0


def _add(view: View, table: CandidateTable, *, beats_box: bool) -> None:
    chain, guess = view.chain, view.terms.width_receive
    if chain.is_european:
        return
    first = chain.first if table.wants_near else view.flagged(screen.THREE_LEGS)
    low, high = view.rows("low"), view.rows("high")
    for template, kind in ((CALL_SPREAD, CALL_SPREAD_AND_PUT), (PUT_SPREAD, PUT_SPREAD_AND_CALL)):
        view.backend.notice.spread_and_option_columns(
            kind, first, chain.strike, view.receive, view.pay, guess, low, high
        )
        add_pairs(view, table, template, first=first, kind=kind, guess=guess, beats_box=beats_box)


def _worth(facts: Facts) -> list[Line]:
    e, width = facts.expiry[0], width_of(facts.legs)
    short = next(leg for leg in facts.options if leg.side < 0)
    end = ("width at expiry", facts.terms.borrow[e] * width)
    if short.right == "C":
        assigned = spread_called(facts, width)
    else:
        assigned = spread_put(facts, width, short.strike)
    return [min(end, ("width when assigned, with late notice", assigned), key=_amount)]


def _amount(line: Line) -> float:
    return line[1]


FAMILY = Family(
    "three_legs", _worth, no_margin, find_three_legs, (CALL_SPREAD, PUT_SPREAD),
    needs_stock=False, flag=screen.THREE_LEGS,
)  # fmt: skip
