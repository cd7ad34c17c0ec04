"""Calendars of a coin-settled chain: a sold option covered by a later one, both paid in coins.

A call pays ``(1 - K / S)+`` coins. When the near one settles at S, the far one is worth no less
than what its holder locks in with the far future F: ``1 - K / F``. So it covers if its strike is
no higher over the far future than the sold one is over the spot; puts the other way round. What
the future will be over the spot then is not known today: it covers at today's ratio of the two
futures and at none, and is CONDITIONAL on it staying between.

Source: SCANNER sections 2 and 3; docs/adr/0003-verifier.md (inverse chains).
"""

from __future__ import annotations

import math
from array import array
from itertools import accumulate
from operator import sub
from typing import Any

from engine.market.terms import Terms
from engine.strategies.candidates import FUNDING, HIGH, LOW, CandidateTable, Template
from engine.strategies.later import add_calendars, frontier
from engine.strategies.view import Hits, View, all_hits

_TEMPLATES = {
    right: Template("calendar", ((LOW, right, -1), (HIGH, right, 1)), condition=FUNDING)
    for right in "CP"
}


def find_coin_calendars(view: View, table: CandidateTable) -> None:
    """Add for every sold quote the cheapest later option that covers it whole."""
    for right, template in _TEMPLATES.items():
        taken: set[int] = set()
        near = (-1, -1, -math.inf)
        for receive, pay in (view.timely_quotes, (view.receive, view.pay)):
            hits, count, near = _search(view, right, receive, pay)
            add_calendars(view, table, template, hits, count, taken)
        if not taken and near[0] >= 0:
            table.add_near(template, near[0], near[0], near[1], near[2])


def coin_advanced(terms: Terms, near: int, far: int) -> float:
    """Return what it costs today to pay a coin at expiry `near` and receive one at `far`."""
    return terms.stock_pay[near] - _coin_received(terms)[far]


def _search(
    view: View, right: str, receive: array[float], pay: array[float]
) -> tuple[Hits, int, tuple[int, int, float]]:
    chain, terms, n = view.chain, view.terms, view.chain.n_rows
    shift, side = (0, 1) if right == "C" else (n, -1)
    scale = view.line("coin scale", _strike_scale(view, side), view.zeros)
    sold, bought = receive[shift : shift + n], pay[shift : shift + n]
    if right == "C":
        # In the money a call pays a coin less the strike: the sold one first.
        zeros = view.zeros
        sold = array("d", map(sub, sold, view.line("coin paid", zeros, terms.stock_pay)))
        kept = view.line("coin received", zeros, _coin_received(terms))
        bought = array("d", map(sub, bought, kept))
    for e in range(len(chain.expiries)):
        if not _has_future(view, e):
            for row in chain.rows(e):
                sold[row] = bought[row] = math.nan
    nothing = view.line("coin deduct", view.zeros, view.zeros)
    whole_only = array("d", [math.inf]) * len(chain.expiries)

    def search(hits: Hits) -> tuple[int, ...]:
        answer: tuple[Any, ...] = view.backend.calendars.calendar_hits(
            chain.first, scale, 0, side, sold, bought, nothing, whole_only, view.floor,
            hits.low, hits.high, hits.edge, *frontier(view),
        )  # fmt: skip
        return answer

    hits, (count, row, other, edge) = all_hits(view, search)
    return hits, count, (row, other, edge)


def _strike_scale(view: View, side: int) -> array[float]:
    """Return by expiry what strikes are multiplied with, so that a cover compares with the sold.

    From one expiry to the next calls may count for less by the fall of the future, puts for less
    by its rise, never for more: bought at the dearer side, sold at the cheaper. A coin owed later
    weighs more on puts where rates are negative.
    """
    bids, asks, owed = view.chain.forward_bid, view.chain.forward_ask, view.terms.stock_pay
    scale, factor, last = array("d"), 1.0, -1
    for e in range(len(view.chain.expiries)):
        if _has_future(view, e):
            if last >= 0 and side > 0:
                factor *= max(1.0, asks[last] / bids[e])
            elif last >= 0:
                factor /= max(1.0, asks[e] / bids[last]) * max(1.0, owed[e] / owed[last])
            last = e
        scale.append(factor)
    return scale


def _has_future(view: View, e: int) -> bool:
    return view.chain.forward_bid[e] > 0.0 and view.chain.forward_ask[e] > 0.0


def _coin_received(terms: Terms) -> array[float]:
    """Return by expiry what a coin received is worth: no more than any paid before."""
    return array("d", map(min, terms.stock_receive, accumulate(terms.stock_pay, min)))
