"""Verticals sold for more than their width."""

from __future__ import annotations

from array import array
from operator import neg

from engine.market.combo import Leg
from engine.strategies.candidates import HIGH, LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import width_of
from engine.strategies.notice import spread_called, spread_put
from engine.strategies.pairs import add_pairs
from engine.strategies.view import View
from kernels_pure import screen
from kernels_pure.capital import WIDTH
from kernels_pure.notice import WIDTH_CALL, WIDTH_PUT

CALL = Template("vertical_width", ((LOW, "C", -1), (HIGH, "C", 1)))
PUT = Template("vertical_width", ((HIGH, "P", -1), (LOW, "P", 1)))


def find_vertical_widths(view: View, table: CandidateTable) -> None:
    """Add every vertical sold for more than its width."""
    chain, terms, kernels = view.chain, view.terms, view.backend.verticals
    low, high, discount = view.rows("low"), view.rows("high"), terms.width_pay
    first = chain.first if table.wants_near else view.flagged(screen.VERTICAL_WIDTH)
    # Late notice is counted where a pair is found.
    guess = array("d", map(neg, discount))
    for template, write, kind in (
        (CALL, kernels.width_call_columns, WIDTH_CALL),
        (PUT, kernels.width_put_columns, WIDTH_PUT),
    ):
        write(first, chain.strike, view.receive, view.pay, discount, view.zeros, low, high)
        add_pairs(view, table, template, first=first, kind=kind, guess=guess)


def _worth(facts: Facts) -> list[Line]:
    width, short = width_of(facts.legs), next(leg for leg in facts.options if leg.side < 0)
    if short.right == "C":
        assigned = spread_called(facts, -width)
    else:
        assigned = spread_put(facts, -width, short.strike)
    end = ("width to pay at expiry", -facts.terms.lend[facts.expiry[0]] * width)
    return [min(end, ("width to pay when assigned, with late notice", assigned), key=_amount)]


def _amount(line: Line) -> float:
    return line[1]


def _margin(legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    return width_of(legs)


FAMILY = Family(
    "vertical_width", _worth, _margin, find_vertical_widths, (CALL, PUT), needs_stock=False,
    is_pair=True,
    margin_code=WIDTH, flag=screen.VERTICAL_WIDTH,
)  # fmt: skip
