"""Bounds of a single option: its intrinsic value below, stock or strike above."""

from __future__ import annotations

from array import array
from operator import sub

from engine.strategies.candidates import BORROW, LOW, CandidateTable, Template
from engine.strategies.conversion import add_rows
from engine.strategies.view import View

INTRINSIC_CALL = Template("intrinsic", ((LOW, "C", 1),), stock=-1, condition=BORROW)
INTRINSIC_PUT = Template("intrinsic", ((LOW, "P", 1),), stock=1)
CALL_BOUND = Template("upper_bound", ((LOW, "C", -1),), stock=1)
PUT_BOUND = Template("upper_bound", ((LOW, "P", -1),))


def find_intrinsic(view: View, table: CandidateTable) -> None:
    """Add every option that costs less than exercising it brings. O(rows)."""
    chain, terms = view.chain, view.terms
    rows, edge = view.indices("rows", chain.n_rows), view.rows("edge")
    hits, best, best_edge = view.backend.parity.intrinsic_call_hits(
        chain.first, chain.strike, view.pay, terms.stock_receive, terms.lend, terms.div_out,
        terms.stock_borrow, terms.take.first, terms.take.discount, terms.take.value,
        view.floor, rows, edge,
    )  # fmt: skip
    add_rows(view, table, INTRINSIC_CALL, hits, best, best_edge)
    hits, best, best_edge = view.backend.parity.intrinsic_put_hits(
        chain.first, chain.strike, view.pay, terms.stock_pay, terms.borrow, terms.div_in,
        terms.give.first, terms.give.discount, terms.give.value, view.floor, rows, edge,
    )  # fmt: skip
    add_rows(view, table, INTRINSIC_PUT, hits, best, best_edge)


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
        add_rows(view, table, CALL_BOUND, hits, best, best_edge)
    hits, best, best_edge = view.backend.parity.put_bound_hits(
        chain.first, chain.strike, view.receive, view.terms.width_pay, view.floor, rows, edge
    )
    add_rows(view, table, PUT_BOUND, hits, best, best_edge)


def call_bound(view: View) -> array[float]:
    """Return what a sold call may bring by expiry before stock covers it for less."""
    if view.chain.is_european:
        return array("d", map(sub, view.terms.stock_pay, view.terms.div_in))
    return view.terms.stock_pay
