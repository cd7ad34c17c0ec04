"""Calendars and calendar butterflies: a short option covered by later ones."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator

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
from engine.strategies.mixture import Mixture, add_mixture, cheapest_mixtures, whole_mixture
from engine.strategies.view import Hits, View, all_hits

_WORK = ("front scale", "front pay", "next scale", "next pay")


def _calendar(right: str, condition: int) -> Template:
    return Template("calendar", ((LOW, right, -1), (HIGH, right, 1)), condition=condition)


def _mixture(right: str, condition: int) -> Template:
    legs = ((LOW, right, 1), (MIDDLE, right, -1), (HIGH, right, 1))
    return Template("calendar_butterfly", legs, condition=condition)


def find_calendars(view: View, table: CandidateTable) -> None:
    """Add for every sold quote the cheapest later option that covers it."""
    if view.chain.is_inverse:
        find_coin_calendars(view, table)
        return
    chain, terms = view.chain, view.terms
    n = len(chain.expiries)
    for right in "CP":
        scale, deduct, condition = _scale(view, right)
        excess = array("d", [math.inf] * n)
        if chain.is_european:
            for e in range(n):
                excess[e] = 1.0 if right == "C" else terms.lend[e] / terms.borrow[e]
        template = _calendar(right, condition)
        side = 1 if right == "C" else -1
        taken: set[int] = set()
        near = (-1, -1, -math.inf)
        for receive, pay in (view.timely_quotes, (view.receive, view.pay)):

            def search(
                hits: Hits,
                receive: array[float] = receive,
                pay: array[float] = pay,
                shift: int = 0 if right == "C" else chain.n_rows,
                side: int = side,
                scale: array[float] = scale,
                deduct: array[float] = deduct,
                excess: array[float] = excess,
            ) -> tuple[int, ...]:
                answer: tuple[int, ...] = view.backend.calendars.calendar_hits(
                    chain.first, scale, shift, side, receive, pay, deduct, excess, view.floor,
                    hits.low, hits.high, hits.edge, *_work(view),
                )  # fmt: skip
                return answer

            hits, (count, sold, bought, edge) = all_hits(view, search)
            near = (sold, bought, edge)
            rows = [h for h in range(count) if hits.low[h] not in taken]
            if rows:
                low = array("q", (hits.low[h] for h in rows))
                high = array("q", (hits.high[h] for h in rows))
                edges = array("d", (hits.edge[h] for h in rows))
                table.add(template, len(rows), low, low, high, edges, view.condition)
                taken.update(low)
        if not taken and near[0] >= 0:
            table.add_near(template, near[0], near[0], near[1], near[2])


def find_calendar_butterflies(view: View, table: CandidateTable) -> None:
    """Add for every sold quote the cheapest two longs around it, one at least later."""
    chain = view.chain
    for right in "CP":
        scale, deduct, condition = _scale(view, right)
        template = _mixture(right, condition)
        shift = 0 if right == "C" else chain.n_rows
        side = 1 if right == "C" else -1

        def search(
            receive: array[float],
            pay: array[float],
            shift: int = shift,
            side: int = side,
            scale: array[float] = scale,
            deduct: array[float] = deduct,
        ) -> Iterator[Mixture]:
            return _mixtures(view, shift, side, scale, deduct, receive, pay)

        for mixture in cheapest_mixtures(view, search):
            add_mixture(view, table, template, mixture)


def _mixtures(
    view: View,
    shift: int,
    side: int,
    scale: array[float],
    deduct: array[float],
    receive: array[float],
    pay: array[float],
) -> Iterator[Mixture]:
    """Yield the cheapest calendar butterfly of every sold quote in one set of quotes."""

    def search(hits: Hits) -> tuple[int, ...]:
        answer: tuple[int, ...] = view.backend.calendars.calendar_butterfly_hits(
            view.chain.first, scale, shift, side, receive, pay, deduct, view.floor,
            hits.low, hits.middle, hits.high, hits.edge, *_work(view),
        )  # fmt: skip
        return answer

    hits, (count, _, _) = all_hits(view, search)
    for h in range(count):
        rows = low, sold, high = hits.low[h], hits.middle[h], hits.high[h]
        weight = (scale[high] - scale[sold]) / (scale[high] - scale[low])
        prices = pay[shift + low], pay[shift + high]
        ratio, cost, extra = whole_mixture(view, shift, rows, weight, prices)
        edge = receive[shift + sold] - cost - deduct[sold]
        if ratio[1] and edge > view.floor:
            yield Mixture(rows, ratio, edge, extra)


def _work(view: View) -> tuple[array[float] | array[int], ...]:
    """Return the scratch columns of the frontier, as the kernels take them."""
    n = view.chain.n_rows
    front_scale, front_pay, next_scale, next_pay = (view.column(name, n) for name in _WORK)
    return (
        front_scale, front_pay, view.indices("front row", n),
        next_scale, next_pay, view.indices("next row", n),
    )  # fmt: skip


def _scale(view: View, right: str) -> tuple[array[float], array[float], int]:
    """Return the scale z and the late-notice deduction by row, and what the cover depends on."""
    chain, terms, zeros = view.chain, view.terms, view.zeros
    if not chain.is_european:
        if right == "C":
            return chain.strike, view.line("late roll C", zeros, terms.late_roll), 0
        return chain.strike, view.line("late roll P", terms.night, zeros), 0
    nothing = view.line("late roll none", zeros, zeros)
    if right == "P":
        return view.line("scale P", terms.borrow, terms.div_in), nothing, FUNDING
    owed = array("d", (d + b for d, b in zip(terms.div_out, terms.stock_borrow, strict=True)))
    return view.line("scale C", terms.lend, owed), nothing, BORROW
