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
    kind: int = -1,
    guess: array[float] | None = None,
    beats_box: bool = False,
) -> None:
    """Search the pairs of the columns just written, for the expiries in `first` only.

    The columns may hold ``guess[e]`` per unit of width for what a pair of `kind` is worth, at most:
    on American chains the pairs that are found are then valued with the late notice of
    assignments (`kernels_pure.notice`). With `beats_box` only those are added that are worth more
    than the box of their strikes.
    """
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
    if count and kind >= 0 and not view.chain.is_european:
        chain, terms, guess = view.chain, view.terms, guess or view.zeros
        called, put = terms.late.calls, terms.late.puts
        count = view.backend.notice.late_pairs(
            kind, count, chain.first, chain.strike, guess, terms.borrow, terms.lend,
            called.first, called.receive, called.pay, called.cost,
            put.first, put.receive, put.pay, put.cost, view.floor, hits.low, hits.high, hits.edge,
        )  # fmt: skip
        if beats_box:
            count = view.backend.notice.without_boxes(
                kind, count, chain.first, chain.strike, view.usable_receive, terms.borrow,
                called.first, called.receive, called.pay, called.cost,
                put.first, put.receive, put.pay, put.cost, hits.low, hits.high, hits.edge,
            )  # fmt: skip
    if count:
        table.add(template, count, hits.low, hits.low, hits.high, hits.edge, view.condition)
    elif i >= 0 and j >= 0:
        edge = min(low[i] + high[j], low_early[i] + high_early[j])
        table.add_near(template, i, i, j, edge)
