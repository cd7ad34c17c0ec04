"""A sold quote and the two longs that cover it together, in whole contracts."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from engine.strategies.candidates import N_LEGS, CandidateTable, Template
from engine.strategies.ratios import MOST_SHORTS, whole_ratio
from engine.strategies.view import View
from kernels_pure.limits import LOTS


@dataclass(frozen=True, slots=True)
class Mixture:
    """Rows of the lower long, the sold quote and the upper long, and contracts of each.

    `edge` is per short; `extra` is what the ratio costs because it must fit the sizes shown, inf
    if they are too small for any.
    """

    rows: tuple[int, int, int]
    ratio: tuple[int, int, int]
    edge: float
    extra: float


Search: TypeAlias = "Callable[[array[float], array[float]], Iterable[Mixture]]"
"""Finds mixtures among net quotes (receive, pay), one for each sold quote at most."""


def whole_mixture(
    view: View, shift: int, rows: tuple[int, int, int], weight: float, prices: tuple[float, float]
) -> tuple[tuple[int, int, int], float, float]:
    """Return (ratio, cost per short, extra) of covering a sold quote by two longs.

    `rows` are those of the long whose share is `weight` at least, of the sold quote and of the
    other long; `prices` what the two longs cost; `shift` is that of the right. The shorts are 0
    if there is no whole cover.
    """
    first, sold, second = (shift + row for row in rows)
    lots = view.limits[LOTS] if view.limits else 0.0
    shown = (math.inf, math.inf, math.inf)
    if lots > 0.0:
        bids, asks = view.chain.bid_size, view.chain.ask_size
        shown = (asks[first] / lots, bids[sold] / lots, asks[second] / lots)
    firsts, shorts, cost, extra = whole_ratio(weight, *prices, shown)
    return (firsts, -shorts, shorts - firsts), cost, extra


def cheapest_mixtures(view: View, shift: int, search: Search) -> list[Mixture]:
    """Return the cheapest cover of every sold quote that `search` finds one for.

    Usable quotes come first. A cover that too few contracts are shown for, or that is dearer for
    it, gives way to a cheaper one by quotes with enough for any ratio. Quotes that fail a gate
    come last, for the funnel. Only quotes above their cheapest cover are sold at all.
    """
    rows = view.uncovered(shift)
    if not rows:
        return []
    receive, pay = only(rows, shift, view.timely_quotes[0]), view.timely_quotes[1]
    found = {mixture.rows[1]: mixture for mixture in search(receive, pay)}
    if any(mixture.extra > 0.0 for mixture in found.values()):
        for mixture in search(receive, _deep(view, pay)):
            rival = found.setdefault(mixture.rows[1], mixture)
            if (mixture.extra < math.inf, mixture.edge) > (rival.extra < math.inf, rival.edge):
                found[mixture.rows[1]] = mixture
    if len(found) < len(rows):
        for mixture in search(only(rows, shift, view.receive), view.pay):
            found.setdefault(mixture.rows[1], mixture)
    return list(found.values())


def only(rows: array[int], shift: int, receive: array[float]) -> array[float]:
    """Return `receive` with no quote but those of `rows` of one right."""
    column = array("d", [math.nan]) * len(receive)
    for row in rows:
        column[shift + row] = receive[shift + row]
    return column


def add_mixture(view: View, table: CandidateTable, template: Template, mixture: Mixture) -> None:
    """Add one position."""
    low, middle, high = (array("q", [row]) for row in mixture.rows)
    edge = array("d", [mixture.edge])
    at = table.add(template, 1, low, middle, high, edge, view.condition)
    for leg, contracts in enumerate(mixture.ratio):
        table.found.ratio[N_LEGS * at + leg] = contracts
    table.found.unit[at] = -mixture.ratio[1]


def _deep(view: View, pay: array[float]) -> array[float]:
    """Return `pay` without the quotes that show fewer contracts than a ratio may need."""
    most = view.limits[LOTS] * MOST_SHORTS
    sizes = view.chain.ask_size
    return array(
        "d",
        (math.nan if size < most else price for price, size in zip(pay, sizes, strict=True)),
    )
