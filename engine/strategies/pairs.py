"""Two strikes of one expiry: what boxes, collars and verticals share."""

from __future__ import annotations

from array import array
from typing import Any

from engine.strategies.candidates import CandidateTable, Template
from engine.strategies.view import Hits, View, all_hits


def pair_columns(view: View) -> tuple[array[float], ...]:
    """Return the scratch columns of pairs by row: low, high, and both if assigned early."""
    names = ("low", "high", "low early", "high early")
    return tuple(view.rows(name) for name in names)


def add_pairs(
    view: View,
    table: CandidateTable,
    template: Template,
    *,
    ends_early: bool = False,
    first: array[int] | None = None,
) -> None:
    """Search the pairs of the columns just written, for the expiries in `first` only."""
    low, high = view.rows("low"), view.rows("high")
    low_early = view.rows("low early") if ends_early else low
    high_early = view.rows("high early") if ends_early else high
    starts = first or view.chain.first

    def search(hits: Hits) -> tuple[int, ...]:
        answer: tuple[Any, ...] = view.backend.pairs.pair_hits(
            starts, low, high, low_early, high_early, view.floor, hits.low, hits.high, hits.edge
        )
        return answer

    hits, (count, i, j, _) = all_hits(view, search)
    if count:
        table.add(template, count, hits.low, hits.low, hits.high, hits.edge, view.condition)
    elif i >= 0 and j >= 0:
        edge = min(low[i] + high[j], low_early[i] + high_early[j])
        table.add_near(template, i, i, j, edge)
