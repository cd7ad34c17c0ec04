"""Jelly rolls: the synthetic of one expiry against the same strike of a later one."""

from __future__ import annotations

import math
from array import array
from typing import Any

from engine.market.combo import Leg
from engine.strategies.candidates import BORROW, EARLY, HIGH, LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import naked
from engine.strategies.view import Hits, View, all_hits
from kernels_pure import screen
from kernels_pure.capital import NAKED

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
    kernels = view.backend.rolls

    def search(hits: Hits) -> tuple[int, ...]:
        arguments = (
            chain.first, chain.strike, view.receive, view.pay,
            into.first, into.order, into.discount, into.div_in, into.owed,
            out.first, out.order, out.discount, out.div_in, out.owed,
            view.floor, hits.low, hits.high, hits.middle, hits.edge,
        )  # fmt: skip
        if table.wants_near:
            answer: tuple[Any, ...] = kernels.roll_hits(*arguments)
            return answer
        sums = view.roll_columns()
        if view.flags is None:  # else the screen of this view has left them there
            kernels.roll_sums(
                chain.first, chain.strike, view.receive, view.pay, into.first, into.discount,
                out.first, out.discount, out.div_in, *sums,
            )  # fmt: skip
        found: tuple[int, int] = kernels.summed_roll_hits(*arguments, *sums)
        return found

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


def _worth(facts: Facts) -> list[Line]:
    terms, options = facts.terms, facts.options
    strike = options[0].strike
    near, far = min(facts.expiry), max(facts.expiry)
    near_call = next(
        leg for k, leg in enumerate(options) if leg.right == "C" and facts.expiry[k] == near
    )
    receiving, paying = (near, far) if near_call.side < 0 else (far, near)
    into, out = terms.receipts, terms.payments
    worst: tuple[float, float] = (math.inf, 0.0)
    for a in range(into.first[receiving], into.first[receiving + 1]):
        for b in range(out.first[paying], out.first[paying + 1]):
            strikes = strike * (into.discount[a] - out.discount[b])
            if out.order[b] < into.order[a]:
                between = max(0.0, into.div_in[a] - out.div_in[b])
            else:
                between = -max(0.0, out.owed[b] - into.owed[a])
            worst = min(worst, (strikes, between), key=math.fsum)
    return [
        ("strike received less strike paid", worst[0]),
        ("dividends and borrow fee between", worst[1]),
    ]


def _margin(legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    """Return the margin of the far short option alone."""
    return naked(max((leg for leg in legs if leg.side < 0), key=lambda leg: leg.settles_ns), spot)


FAMILY = Family(
    "jelly_roll", _worth, _margin, find_jelly_rolls, (LONG_ROLL, SHORT_ROLL), gets_dividends=True,
    margin_code=NAKED, flag=screen.JELLY_ROLL,
)  # fmt: skip
