"""Calendars: a short option covered by a later one."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from functools import lru_cache
from operator import truediv
from typing import Any

from engine.market.combo import Leg
from engine.market.terms import Terms
from engine.strategies.candidates import (
    BORROW,
    FUNDING,
    HIGH,
    LOW,
    CandidateTable,
    Template,
)
from engine.strategies.coin_calendar import coin_advanced, find_coin_calendars
from engine.strategies.family import Facts, Family, Line
from engine.strategies.later import add_calendars, frontier
from engine.strategies.margins import no_margin
from engine.strategies.mixture import only
from engine.strategies.notice import apart
from engine.strategies.view import Hits, View, all_hits

# Up to this many sold quotes are searched one by one; with more, the whole surface is searched.
MOST_SINGLE = 8


@lru_cache(maxsize=16)
def _calendar(right: str, condition: int) -> Template:
    return Template("calendar", ((LOW, right, -1), (HIGH, right, 1)), condition=condition)


def find_calendars(view: View, table: CandidateTable) -> None:
    """Add for every sold quote the cheapest later option that covers it."""
    if not view.chain.quoting.is_linear:
        find_coin_calendars(view, table)
        return
    for right, shift in (("C", 0), ("P", view.chain.n_rows)):
        rows = view.uncovered(shift)
        if not rows and not table.wants_near:
            continue
        first = view.chain.first if table.wants_near else view.around(shift, later=True)
        scale, deduct, condition = cover_scale(view, right, first)
        search = _calendar_search(view, shift, scale, deduct, first)
        template = _calendar(right, condition)
        taken: set[int] = set()
        near = (-1, -1, -math.inf)
        is_quick = not table.wants_near and not view.chain.is_european and len(rows) <= MOST_SINGLE
        # A cover must be whole, and what may not be traded covers for no more than the rest.
        if is_quick and not view.backend.mixture.covered_later(
            len(rows), rows, view.chain.first, scale, shift, -1 if shift else 1,
            view.receive, view.pay, deduct, view.floor,
        ):  # fmt: skip
            continue
        if rows:
            receive, pay = view.timely_quotes
            hits, answer = search(only(rows, shift, receive), pay)
            add_calendars(view, table, template, hits, answer[0], taken)
        if table.wants_near and not taken:
            hits, (count, *best, edge) = search(view.receive, view.pay)
            near = best[0], best[1], edge
            add_calendars(view, table, template, hits, count, taken)
        elif len(taken) < len(rows):
            hits, answer = search(only(rows, shift, view.receive), view.pay)
            add_calendars(view, table, template, hits, answer[0], taken)
        if not taken and near[0] >= 0:
            table.add_near(template, near[0], near[0], near[1], near[2])


def _calendar_search(
    view: View, shift: int, scale: array[float], deduct: array[float], first: array[int]
) -> Callable[[array[float], array[float]], tuple[Hits, tuple[int, ...]]]:
    """Return the search of one right among net quotes: from (receive, pay) to hits."""
    chain, terms = view.chain, view.terms
    excess = array("d", [math.inf] * len(chain.expiries))
    if chain.is_european:
        excess = array("d", map(truediv, terms.lend, terms.borrow))
        if shift == 0:
            excess = array("d", [1.0] * len(chain.expiries))
    side = -1 if shift else 1

    def among(receive: array[float], pay: array[float]) -> tuple[Hits, tuple[int, ...]]:
        def search(hits: Hits) -> tuple[int, ...]:
            answer: tuple[Any, ...] = view.backend.calendars.calendar_hits(
                first, scale, shift, side, receive, pay, deduct, excess, view.floor,
                hits.low, hits.high, hits.edge, *frontier(view),
            )  # fmt: skip
            return answer

        return all_hits(view, search)

    return among


def cover_scale(
    view: View, right: str, first: array[int]
) -> tuple[array[float], array[float], int]:
    """Return the scale z and the late-notice deduction by row, and what the cover depends on."""
    chain, terms, zeros = view.chain, view.terms, view.zeros
    if not chain.is_european:
        if right == "C":
            return chain.strike, view.line("late roll C", zeros, terms.late.roll, first), 0
        return chain.strike, view.line("late roll P", terms.late.put, zeros, first), 0
    nothing = view.line("late roll none", zeros, zeros, first)
    if right == "P":
        return view.line("scale P", terms.borrow, terms.div_in, first), nothing, FUNDING
    owed = array("d", (d + b for d, b in zip(terms.div_out, terms.stock_borrow, strict=True)))
    return view.line("scale C", terms.lend, owed, first), nothing, BORROW


def worth_of_cover(facts: Facts) -> list[Line]:
    """Return what a sold option costs at worst when later ones cover it."""
    terms = facts.terms
    options = facts.options
    sold = next(k for k in range(len(options)) if options[k].side < 0)
    e, short = facts.expiry[sold], options[sold]
    if not facts.quoting.is_linear:
        # A sold put brings a coin before the bought one takes it.
        paid = coin_advanced(terms, e, max(facts.expiry)) if short.right == "C" else 0.0
        return [("a coin paid before it is received", -paid)]
    if not facts.is_european:
        late = terms.late.roll[e] if short.right == "C" else terms.late.put[e] * short.strike
        lines = [("late notice", -late)]
        if len(options) > 2:
            lines.append(("longs used on different days", -apart(facts, e)))
        return lines
    gap = math.fsum(
        leg.ratio / facts.unit * _today(terms, facts.expiry[k], leg)
        for k, leg in enumerate(options)
        if leg.side > 0
    ) - _today(terms, e, short)
    if short.right == "P":
        gap = -gap * terms.lend[e] / terms.borrow[e]
    return [("what the cover lacks", -max(0.0, gap))]


def _today(terms: Terms, e: int, leg: Leg) -> float:
    """Return a strike on the scale on which expiries compare."""
    if leg.right == "C":
        return terms.lend[e] * leg.strike + terms.div_out[e] + terms.stock_borrow[e]
    return terms.borrow[e] * leg.strike + terms.div_in[e]


FAMILY = Family(
    "calendar", worth_of_cover, no_margin, find_calendars,
    tuple(_calendar(right, condition) for right, condition in (("C", BORROW), ("P", FUNDING))),
    is_for_coins=True, gets_dividends=True, is_covered=True, is_apart_for_coins=True,
)  # fmt: skip
