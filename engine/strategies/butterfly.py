"""Butterflies of one expiry and right: the wings cost less than the body brings."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from typing import Any

from engine.strategies.candidates import HIGH, LOW, MIDDLE, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import no_margin
from engine.strategies.mixture import Mixture, add_mixture, cheapest_mixtures, whole_mixture
from engine.strategies.notice import apart, distance, late_notice
from engine.strategies.view import CAPACITY, Hits, View, all_hits

CALLS = Template("butterfly", ((LOW, "C", 1), (MIDDLE, "C", -1), (HIGH, "C", 1)))
PUTS = Template("butterfly", ((LOW, "P", 1), (MIDDLE, "P", -1), (HIGH, "P", 1)))


def find_butterflies(view: View, table: CandidateTable) -> None:
    """Add the best butterfly of every quote that can be the body of one."""
    n = view.chain.n_rows
    for right, shift, template in (("C", 0, CALLS), ("P", n, PUTS)):

        def search(
            receive: array[float], pay: array[float], lots: float, right: str = right
        ) -> Iterator[Mixture]:
            return _search(view, right, receive, pay, lots)

        for mixture in cheapest_mixtures(view, shift, search):
            add_mixture(view, table, template, mixture)


def highest_body(view: View, shift: int) -> float:
    """Return how far the dearest body stands above its cheapest wings, in parts of contracts too.

    Only bodies above the screen count, for which it is exact; -inf without any.
    """
    if not view.uncovered(shift):
        return -math.inf
    chain, first = view.chain, view.around(shift)
    hits = Hits.of(view, CAPACITY)
    _, _, best = view.backend.surface.butterfly_hits(
        first, chain.strike, shift, view.receive, view.pay,
        _late_notice(view, "P" if shift else "C", first), chain.bid_size, chain.ask_size, 0.0,
        math.inf, hits.low, hits.middle, hits.high, hits.edge,
        view.column("hull", 2 * chain.n_rows), view.indices("hull vertices", chain.n_rows),
    )  # fmt: skip
    return float(best)


def _search(
    view: View, right: str, receive: array[float], pay: array[float], lots: float
) -> Iterator[Mixture]:
    """Yield the best butterfly of every body in one set of quotes."""
    chain, strike = view.chain, view.chain.strike
    shift = 0 if right == "C" else chain.n_rows
    first = view.around(shift)
    deduct = _late_notice(view, right, first)

    def search(hits: Hits) -> tuple[int, ...]:
        answer: tuple[Any, ...] = view.backend.surface.butterfly_hits(
            first, chain.strike, shift, receive, pay, deduct,
            chain.bid_size, chain.ask_size, lots, view.floor,
            hits.low, hits.middle, hits.high, hits.edge,
            view.column("hull", 2 * chain.n_rows), view.indices("hull vertices", chain.n_rows),
        )  # fmt: skip
        return answer

    hits, (count, _, _) = all_hits(view, search)
    for h in range(count):
        i, body, j = hits.low[h], hits.middle[h], hits.high[h]
        weight = (strike[j] - strike[body]) / (strike[j] - strike[i])
        brings = receive[shift + body] - deduct[body]
        if not chain.is_european:
            away = distance(strike[i], strike[body], strike[j])
            brings -= away * view.terms.late.apart[chain.expiry_of(body)]
        if right == "C":
            prices = pay[i], pay[j]
            rows = i, body, j
            ratio, edge = whole_mixture(view, shift, rows, weight, brings, prices, lots)
        else:
            prices = pay[shift + j], pay[shift + i]
            rows = j, body, i
            ratio, edge = whole_mixture(view, shift, rows, 1.0 - weight, brings, prices, lots)
            ratio = ratio[::-1]
        yield Mixture((i, body, j), ratio, edge)


def _late_notice(view: View, right: str, first: array[int]) -> array[float]:
    """Return by row what late notice may cost a short option that its own expiry covers."""
    late, zeros = view.terms.late, view.zeros
    if right == "C":
        return view.line("late C", zeros, late.call, first)
    return view.line("late P", late.put, zeros, first)


def _worth(facts: Facts) -> list[Line]:
    body = next(leg for leg in facts.options if leg.side < 0)
    return [
        ("late notice", -late_notice(facts, body)),
        ("wings used on different days", -apart(facts, facts.expiry[0])),
    ]


FAMILY = Family(
    "butterfly", _worth, no_margin, find_butterflies, (CALLS, PUTS), needs_stock=False,
    is_for_coins=True, is_covered=True, has_near=False,
)  # fmt: skip
