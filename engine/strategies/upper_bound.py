"""Options that sell for more than what covers them for good: the stock, or their strike."""

from __future__ import annotations

import math
from array import array
from operator import sub

from engine.market.combo import OPTION, STOCK, Leg
from engine.strategies.candidates import LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import stock_margin
from engine.strategies.rows import add_rows
from engine.strategies.view import View
from kernels_pure import screen
from kernels_pure.capital import STRIKES

CALL = Template("upper_bound", ((LOW, "C", -1),), stock=1)
PUT = Template("upper_bound", ((LOW, "P", -1),))


def find_upper_bounds(view: View, table: CandidateTable) -> None:
    """Add every option that sells for more than what covers it for good. O(rows).

    An American call can be assigned before any dividend, so none counts; an American put can be
    assigned now, so its strike is not discounted.
    """
    chain = view.chain
    rows, edge = view.indices("rows", chain.n_rows), view.rows("edge")
    if view.has_stock:
        hits, best, best_edge = view.backend.parity.call_bound_hits(
            chain.first, view.receive, call_bound(view), view.floor, rows, edge
        )
        add_rows(view, table, CALL, hits, best, best_edge)
    hits, best, best_edge = view.backend.parity.put_bound_hits(
        chain.first, chain.strike, view.receive, view.terms.width_pay, view.floor, rows, edge
    )
    add_rows(view, table, PUT, hits, best, best_edge)


def call_bound(view: View) -> array[float]:
    """Return what a sold call may bring by expiry before stock covers it for less."""
    if view.chain.is_european:
        return array("d", map(sub, view.terms.stock_pay, view.terms.div_in))
    return view.terms.stock_pay


def _worth(facts: Facts) -> list[Line]:
    e, terms = facts.expiry[0], facts.terms
    (option,) = facts.options
    if option.right == "C":
        return [("dividends", terms.div_in[e] if facts.is_european else 0.0)]
    return [("strike to pay", -terms.width_pay[e] * option.strike)]


def _margin(legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    if any(leg.kind == STOCK for leg in legs):
        return stock_margin(legs, unit, spot)
    return math.fsum(leg.strike * leg.ratio for leg in legs if leg.kind == OPTION) / unit


FAMILY = Family(
    "upper_bound", _worth, _margin, find_upper_bounds, (CALL, PUT), needs_stock=False,
    gets_dividends=True,
    margin_code=STRIKES, flag=screen.UPPER_BOUND,
)  # fmt: skip
