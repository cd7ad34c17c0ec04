"""Boxes: the width between two strikes, bought or sold."""

from __future__ import annotations

import math

from engine.market.combo import Leg
from engine.strategies.candidates import HIGH, LOW, CandidateTable, Template
from engine.strategies.conversion import rate_between
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import cost_to_close, is_long_box, width_of
from engine.strategies.notice import spread_called, spread_put
from engine.strategies.pairs import add_pairs
from engine.strategies.view import View
from kernels_pure import screen
from kernels_pure.capital import BOX
from kernels_pure.notice import LONG_BOX

LONG = Template("box", ((LOW, "C", 1), (HIGH, "C", -1), (HIGH, "P", 1), (LOW, "P", -1)))
SHORT = Template("box", ((LOW, "C", -1), (HIGH, "C", 1), (HIGH, "P", -1), (LOW, "P", 1)))


def find_boxes(view: View, table: CandidateTable) -> None:
    """Add every box of every pair of strikes; an American short box is refused."""
    chain, terms, kernels = view.chain, view.terms, view.backend.pairs
    low, high = view.rows("low"), view.rows("high")
    first = chain.first if table.wants_near else view.flagged(screen.BOX)
    # Late notice is counted where a pair is found.
    kernels.box_long_columns(
        first, chain.strike, view.receive, view.pay, terms.width_receive, view.zeros, view.zeros,
        low, high,
    )  # fmt: skip
    add_pairs(view, table, LONG, first=first, kind=LONG_BOX, guess=terms.width_receive)
    if chain.is_european:
        kernels.box_short_columns(
            first, chain.strike, view.receive, view.pay, terms.lend, low, high
        )
        add_pairs(view, table, SHORT, first=first)


def _worth(facts: Facts) -> list[Line]:
    e, terms = facts.expiry[0], facts.terms
    low, width = min(leg.strike for leg in facts.options), width_of(facts.legs)
    if not is_long_box(facts.legs):
        return [("width to pay", -terms.lend[e] * width)]
    end = terms.borrow[e] * width
    called, put = spread_called(facts, width), spread_put(facts, width, low)
    lines = [
        ("width at expiry", end),
        ("width when the call is assigned, and the put at worst", called + min(0.0, put)),
        ("width when the put is assigned, and the call at worst", put + min(0.0, called)),
    ]
    return [min(lines, key=lambda line: line[1])]


def _margin(legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    return 0.0 if is_long_box(legs) else max(1.02 * cost_to_close(legs), width_of(legs))


def _rate(facts: Facts) -> float:
    """Return the rate a long box lends at (inf when it costs nothing), a short one borrows at."""
    if facts.cost <= 0.0 and is_long_box(facts.legs):
        return math.inf
    return rate_between(abs(facts.cost), width_of(facts.legs), facts.terms.tau[facts.expiry[0]])


FAMILY = Family(
    "box", _worth, _margin, find_boxes, (LONG, SHORT), needs_stock=False, is_for_coins=True,
    receives=is_long_box, rate=_rate, is_pair=True, fixes_width=True,
    margin_code=BOX, flag=screen.BOX,
)  # fmt: skip
