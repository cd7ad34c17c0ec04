"""Calendars and calendar butterflies: a short option covered by later ones."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from operator import truediv

from engine.strategies.candidates import (
    BORROW,
    FUNDING,
    HIGH,
    LOW,
    MIDDLE,
    CandidateTable,
    Template,
)
from engine.strategies.coin_calendar import find_coin_calendars
from engine.strategies.later import add_calendars, frontier
from engine.strategies.mixture import Mixture, add_mixture, cheapest_mixtures, only, whole_mixture
from engine.strategies.view import Hits, View, all_hits

# Where whole contracts keep less of the edge of the cheapest mixture, others are tried.
_WHOLE_ENOUGH = 0.9
# So many sold quotes are looked at one by one before the whole surface is searched for them.
_FEW = 8


def _calendar(right: str, condition: int) -> Template:
    return Template("calendar", ((LOW, right, -1), (HIGH, right, 1)), condition=condition)


def _mixture(right: str, condition: int) -> Template:
    legs = ((LOW, right, 1), (MIDDLE, right, -1), (HIGH, right, 1))
    return Template("calendar_butterfly", legs, condition=condition)


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
        scale, deduct, condition = _scale(view, right, first)
        search = _calendar_search(view, shift, scale, deduct, first)
        template = _calendar(right, condition)
        taken: set[int] = set()
        near = (-1, -1, -math.inf)
        is_quick = not table.wants_near and not view.chain.is_european and len(rows) <= _FEW
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
            answer: tuple[int, ...] = view.backend.calendars.calendar_hits(
                first, scale, shift, side, receive, pay, deduct, excess, view.floor,
                hits.low, hits.high, hits.edge, *frontier(view),
            )  # fmt: skip
            return answer

        return all_hits(view, search)

    return among


def find_calendar_butterflies(view: View, table: CandidateTable) -> None:
    """Add for every sold quote the cheapest two longs around it, one at least later."""
    for right, shift in (("C", 0), ("P", view.chain.n_rows)):
        rows = view.uncovered(shift)
        if not rows:
            continue
        first = view.around(shift, later=True)
        scale, deduct, condition = _scale(view, right, first)
        if len(rows) <= _FEW and not _may_mix(view, shift, rows, scale):
            continue
        template = _mixture(right, condition)

        def search(
            receive: array[float],
            pay: array[float],
            lots: float,
            shift: int = shift,
            first: array[int] = first,
            scale: array[float] = scale,
            deduct: array[float] = deduct,
        ) -> Iterator[Mixture]:
            return _mixtures(view, shift, first, scale, deduct, receive, pay, lots)

        for mixture in cheapest_mixtures(view, shift, search):
            add_mixture(view, table, template, mixture)


def _may_mix(view: View, shift: int, rows: array[int], scale: array[float]) -> bool:
    """Tell whether a later option may help to cover any of the rows, however it is quoted."""
    _, usable = view.timely_quotes
    return any(
        view.backend.mixture.mixed_later(
            len(rows), rows, view.chain.first, scale, shift, -1 if shift else 1, pay
        )
        for pay in ((usable,) if usable is view.pay else (usable, view.pay))
    )


def _mixtures(
    view: View,
    shift: int,
    first: array[int],
    scale: array[float],
    deduct: array[float],
    receive: array[float],
    pay: array[float],
    lots: float,
) -> Iterator[Mixture]:
    """Yield the best calendar butterfly of every sold quote in one set of quotes."""
    chain, side = view.chain, -1 if shift else 1

    def search(hits: Hits) -> tuple[int, ...]:
        answer: tuple[int, ...] = view.backend.calendars.calendar_butterfly_hits(
            first, scale, shift, side, receive, pay, deduct, view.floor,
            hits.low, hits.middle, hits.high, hits.edge, *frontier(view),
        )  # fmt: skip
        return answer

    def whole(low: int, sold: int, high: int) -> Mixture:
        weight = (scale[high] - scale[sold]) / (scale[high] - scale[low])
        brings, prices = receive[shift + sold] - deduct[sold], (pay[shift + low], pay[shift + high])
        rows = low, sold, high
        ratio, edge = whole_mixture(view, shift, rows, weight, brings, prices, lots)
        return Mixture(rows, ratio, edge)

    hits, (count, _, _) = all_hits(view, search)
    found = [(hits.low[h], hits.middle[h], hits.high[h], hits.edge[h]) for h in range(count)]
    for low, sold, high, exact in found:
        mixture = whole(low, sold, high)
        if not mixture.edge > max(view.floor, _WHOLE_ENOUGH * exact):
            rows = chain.rows(chain.expiry_of(sold))
            low, high, _ = view.backend.mixture.best_mixture(
                sold, rows.start, rows.stop, scale, shift, side, receive, pay, deduct,
                chain.bid_size, chain.ask_size, lots, max(view.floor, mixture.edge),
            )  # fmt: skip
            if low >= 0:
                mixture = whole(low, sold, high)
        if mixture.edge > view.floor:
            yield mixture


def _scale(view: View, right: str, first: array[int]) -> tuple[array[float], array[float], int]:
    """Return the scale z and the late-notice deduction by row, and what the cover depends on."""
    chain, terms, zeros = view.chain, view.terms, view.zeros
    if not chain.is_european:
        if right == "C":
            return chain.strike, view.line("late roll C", zeros, terms.late_roll, first), 0
        return chain.strike, view.line("late roll P", terms.night, zeros, first), 0
    nothing = view.line("late roll none", zeros, zeros, first)
    if right == "P":
        return view.line("scale P", terms.borrow, terms.div_in, first), nothing, FUNDING
    owed = array("d", (d + b for d, b in zip(terms.div_out, terms.stock_borrow, strict=True)))
    return view.line("scale C", terms.lend, owed, first), nothing, BORROW
