"""Calendar butterflies: a short option covered by two, at least one of them later."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from engine.strategies.calendar import MOST_SINGLE, cover_scale, worth_of_cover
from engine.strategies.candidates import (
    BORROW,
    FUNDING,
    HIGH,
    LOW,
    MIDDLE,
    CandidateTable,
    Template,
)
from engine.strategies.family import Family
from engine.strategies.later import frontier
from engine.strategies.margins import no_margin
from engine.strategies.mixture import Mixture, add_mixture, cheapest_mixtures, whole_mixture
from engine.strategies.notice import distance
from engine.strategies.view import Hits, View, all_hits

# Where whole contracts keep less of the edge of the cheapest mixture, others are tried.
_WHOLE_ENOUGH = 0.9


@lru_cache(maxsize=16)
def _mixture(right: str, condition: int) -> Template:
    legs = ((LOW, right, 1), (MIDDLE, right, -1), (HIGH, right, 1))
    return Template("calendar_butterfly", legs, condition=condition)


def find_calendar_butterflies(view: View, table: CandidateTable) -> None:
    """Add for every sold quote the cheapest two longs around it, one at least later."""
    for right, shift in (("C", 0), ("P", view.chain.n_rows)):
        rows = view.uncovered(shift)
        if not rows:
            continue
        first = view.around(shift, later=True)
        scale, deduct, condition = cover_scale(view, right, first)
        if len(rows) <= MOST_SINGLE and not _may_mix(view, shift, rows, scale):
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
        answer: tuple[Any, ...] = view.backend.calendars.calendar_butterfly_hits(
            first, scale, shift, side, receive, pay, deduct, view.floor,
            hits.low, hits.middle, hits.high, hits.edge, *frontier(view),
        )  # fmt: skip
        return answer

    def whole(low: int, sold: int, high: int) -> Mixture:
        weight = (scale[high] - scale[sold]) / (scale[high] - scale[low])
        brings, prices = receive[shift + sold] - deduct[sold], (pay[shift + low], pay[shift + high])
        if not chain.is_european:
            away = distance(chain.strike[low], chain.strike[sold], chain.strike[high])
            brings -= away * view.terms.late.apart[chain.expiry_of(sold)]
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


FAMILY = Family(
    "calendar_butterfly", worth_of_cover, no_margin, find_calendar_butterflies,
    tuple(_mixture(right, condition) for right, condition in (("C", BORROW), ("P", FUNDING))),
    gets_dividends=True, is_covered=True, has_near=False,
)  # fmt: skip
