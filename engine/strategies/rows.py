"""One row of a chain: what families of one strike share."""

from __future__ import annotations

from engine.strategies.candidates import CandidateTable, Template
from engine.strategies.view import View


def add_rows(
    view: View, table: CandidateTable, template: Template, hits: int, best: int, best_edge: float
) -> None:
    """Add the rows that a kernel of one row per combo has just found."""
    if hits:
        rows, edge = view.indices("rows", view.chain.n_rows), view.rows("edge")
        found = view.column("hit edges", view.chain.n_rows)
        for h in range(hits):
            found[h] = edge[rows[h]]
        table.add(template, hits, rows, rows, rows, found, view.condition)
    elif best >= 0:
        table.add_near(template, best, best, best, best_edge)
