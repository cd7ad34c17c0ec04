"""Butterflies of one expiry and right: the wings cost less than the body brings."""

from __future__ import annotations

from array import array

from engine.strategies.candidates import HIGH, LOW, MIDDLE, N_LEGS, CandidateTable, Template
from engine.strategies.ratios import whole_ratio
from engine.strategies.view import Hits, View, all_hits

CALLS = Template("butterfly", ((LOW, "C", 1), (MIDDLE, "C", -1), (HIGH, "C", 1)))
PUTS = Template("butterfly", ((LOW, "P", 1), (MIDDLE, "P", -1), (HIGH, "P", 1)))


def find_butterflies(view: View, table: CandidateTable) -> None:
    """Add the best butterfly of every quote that can be the body of one."""
    for right, template in (("C", CALLS), ("P", PUTS)):
        taken: set[int] = set()
        for receive, pay in view.quote_sets:
            _search(view, table, template, right, receive, pay, taken)


def _search(
    view: View,
    table: CandidateTable,
    template: Template,
    right: str,
    receive: array[float],
    pay: array[float],
    taken: set[int],
) -> None:
    """Search one set of quotes; bodies in `taken` are done."""
    chain = view.chain
    shift = 0 if right == "C" else chain.n_rows
    deduct = late_notice(view, right)

    def search(hits: Hits) -> tuple[int, ...]:
        answer: tuple[int, ...] = view.backend.surface.butterfly_hits(
            chain.first, chain.strike, shift, receive, pay, deduct, view.floor,
            hits.low, hits.middle, hits.high, hits.edge,
            view.column("hull", 2 * chain.n_rows), view.indices("hull vertices", chain.n_rows),
        )  # fmt: skip
        return answer

    hits, (count, _, _) = all_hits(view, search)
    strike = chain.strike
    for h in range(count):
        i, body, j = hits.low[h], hits.middle[h], hits.high[h]
        if body in taken:
            continue
        weight = (strike[j] - strike[body]) / (strike[j] - strike[i])
        if right == "C":
            lows, shorts, cost = whole_ratio(weight, pay[i], pay[j])
        else:
            highs, shorts, cost = whole_ratio(1.0 - weight, pay[shift + j], pay[shift + i])
            lows = shorts - highs
        edge = receive[shift + body] - cost - deduct[body]
        if shorts and edge > view.floor:
            taken.add(body)
            add_mixture(view, table, template, (i, body, j), (lows, shorts), edge)


def add_mixture(
    view: View,
    table: CandidateTable,
    template: Template,
    rows: tuple[int, int, int],
    ratio: tuple[int, int],
    edge: float,
) -> None:
    """Add one position of `ratio` = (lows, shorts) contracts around a sold quote."""
    low, middle, high = (array("q", [row]) for row in rows)
    at = table.add(template, 1, low, middle, high, array("d", [edge]), view.condition)
    lows, shorts = ratio
    found = table.found
    for leg, contracts in enumerate((lows, -shorts, shorts - lows)):
        found.ratio[N_LEGS * at + leg] = contracts
    found.unit[at] = shorts


def late_notice(view: View, right: str) -> array[float]:
    """Return by row what late notice may cost a short option that its own expiry covers."""
    terms, zeros = view.terms, view.zeros
    if right == "C":
        return view.line("late C", zeros, terms.late_call)
    return view.line("late P", terms.night, zeros)
