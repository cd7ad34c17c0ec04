"""Jelly rolls: the synthetic of one expiry against the same strike of a later one."""

from __future__ import annotations

from array import array

from engine.strategies.candidates import BORROW, EARLY, HIGH, LOW, CandidateTable, Template
from engine.strategies.view import Hits, View, all_hits

LONG_ROLL = Template(
    "jelly_roll",
    ((HIGH, "C", 1), (HIGH, "P", -1), (LOW, "C", -1), (LOW, "P", 1)),
    condition=BORROW,
)
SHORT_ROLL = Template(
    "jelly_roll", ((HIGH, "C", -1), (HIGH, "P", 1), (LOW, "C", 1), (LOW, "P", -1))
)


def find_jelly_rolls(view: View, table: CandidateTable) -> None:
    """Add every roll, long and short. O(rows x expiries)."""
    chain, into, out = view.chain, view.terms.receipts, view.terms.payments
    n, kernels = len(chain.expiries), view.backend.rolls

    def search(hits: Hits) -> tuple[int, ...]:
        arguments = (
            chain.first, chain.strike, view.receive, view.pay,
            into.first, into.order, into.discount, into.div_in, into.owed,
            out.first, out.order, out.discount, out.div_in, out.owed,
            view.floor, hits.low, hits.high, hits.middle, hits.edge,
        )  # fmt: skip
        answer: tuple[int, ...]
        if table.wants_near:
            answer = kernels.roll_hits(*arguments)
        else:
            names = ("rolls sold", "rolls bought", "rolls now")
            work = (view.column(name, n) for name in names)
            answer = kernels.screened_roll_hits(*arguments, *work)
        return answer

    hits, (count, *best) = all_hits(view, search)
    early = 0 if chain.is_european else EARLY
    for sign, template in ((1, LONG_ROLL), (-1, SHORT_ROLL)):
        rows = [h for h in range(count) if hits.middle[h] == sign]
        if rows:
            low = array("l", (hits.low[h] for h in rows))
            high = array("l", (hits.high[h] for h in rows))
            edge = array("d", (hits.edge[h] for h in rows))
            condition = view.condition + (early if sign < 0 else 0)
            table.add(template, len(rows), low, low, high, edge, condition)
    if not table.wants_near:
        return
    near, far, side, bound = best
    if count == 0 and near >= 0:
        template = LONG_ROLL if side > 0 else SHORT_ROLL
        table.add_near(template, near, near, far, bound)
