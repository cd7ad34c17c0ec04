"""Conversions and reversals: stock against the synthetic of one strike."""

from __future__ import annotations

from engine.strategies.candidates import BORROW, LOW, CandidateTable, Template
from engine.strategies.view import View

CONVERSION = Template("conversion", ((LOW, "P", 1), (LOW, "C", -1)), stock=1)
REVERSAL = Template("reversal", ((LOW, "C", 1), (LOW, "P", -1)), stock=-1, condition=BORROW)


def find_conversions(view: View, table: CandidateTable) -> None:
    """Add every conversion with a positive edge. O(rows)."""
    chain, terms = view.chain, view.terms
    rows, edge = view.indices("rows", chain.n_rows), view.rows("edge")
    hits, best, best_edge = view.backend.parity.conversion_hits(
        chain.first, chain.strike, view.receive, view.pay, terms.stock_pay, terms.borrow,
        terms.div_in, terms.hold.first, terms.hold.discount, terms.hold.value,
        view.floor, rows, edge,
    )  # fmt: skip
    add_rows(view, table, CONVERSION, hits, best, best_edge)


def find_reversals(view: View, table: CandidateTable) -> None:
    """Add every reversal with a positive edge. O(rows)."""
    chain, terms = view.chain, view.terms
    rows, edge = view.indices("rows", chain.n_rows), view.rows("edge")
    hits, best, best_edge = view.backend.parity.reversal_hits(
        chain.first, chain.strike, view.receive, view.pay, terms.stock_receive, terms.lend,
        terms.div_out, terms.stock_borrow, terms.owe.first, terms.owe.discount, terms.owe.value,
        view.floor, rows, edge,
    )  # fmt: skip
    add_rows(view, table, REVERSAL, hits, best, best_edge)


def add_rows(
    view: View, table: CandidateTable, template: Template, hits: int, best: int, best_edge: float
) -> None:
    """Add the rows that a kernel of one row per position has just found."""
    if hits:
        rows, edge = view.indices("rows", view.chain.n_rows), view.rows("edge")
        found = view.column("hit edges", view.chain.n_rows)
        for h in range(hits):
            found[h] = edge[rows[h]]
        table.add(template, hits, rows, rows, rows, found, view.condition)
    elif best >= 0:
        table.add_near(template, best, best, best, best_edge)
