"""A sold quote and the two longs that cover it together, in whole contracts."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from engine.strategies.candidates import N_LEGS, CandidateTable, Template
from engine.strategies.view import View
from kernels_pure.limits import LOTS


@dataclass(frozen=True, slots=True)
class Mixture:
    """Rows of the lower long, the sold quote and the upper long, contracts, edge per short."""

    rows: tuple[int, int, int]
    ratio: tuple[int, int, int]
    edge: float


Search: TypeAlias = "Callable[[array[float], array[float], float], Iterable[Mixture]]"
"""Finds mixtures among net quotes: (receive, pay, lots) to one for each sold quote at most.

A ratio must fit `lots` times into the sizes shown; 0 is no limit.
"""


def lots_of(view: View) -> float:
    """Return how often a ratio must fit into the sizes shown, as the gates require."""
    return view.limits[LOTS] if view.limits else 0.0


def whole_mixture(
    view: View,
    shift: int,
    rows: tuple[int, int, int],
    weight: float,
    brings: float,
    prices: tuple[float, float],
    lots: float,
) -> tuple[tuple[int, int, int], float]:
    """Return (ratio, edge per short) of covering a sold quote that `brings` so much by two longs.

    `rows` are those of the long whose share is `weight` at least, of the sold quote and of the
    other long; `prices` what the two longs cost; `shift` is that of the right. The shorts are 0
    if there is no whole cover.
    """
    first, sold, second = (shift + row for row in rows)
    bids, asks, per = view.chain.bid_size, view.chain.ask_size, math.nan
    if lots > 0.0:
        per = 1.0 / lots
    firsts, shorts, edge = view.backend.mixture.whole_cover(
        weight, brings, *prices, asks[first] * per, bids[sold] * per, asks[second] * per
    )
    return (firsts, -shorts, shorts - firsts), edge


def cheapest_mixtures(view: View, shift: int, search: Search) -> list[Mixture]:
    """Return the best cover of every sold quote that `search` finds one for.

    Usable quotes in ratios that fit come first; quotes that fail a gate, and ratios that do not
    fit, come last, for the funnel. Only quotes above their cheapest cover are sold at all.
    """
    rows = view.uncovered(shift)
    if not rows:
        return []
    receive, pay = view.timely_quotes
    found = {m.rows[1]: m for m in search(only(rows, shift, receive), pay, lots_of(view))}
    if len(found) < len(rows):
        for mixture in search(only(rows, shift, view.receive), view.pay, 0.0):
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
    low, middle, high = (array("l", [row]) for row in mixture.rows)
    edge = array("d", [mixture.edge])
    at = table.add(template, 1, low, middle, high, edge, view.condition)
    for leg, contracts in enumerate(mixture.ratio):
        table.found.ratio[N_LEGS * at + leg] = contracts
    table.found.unit[at] = -mixture.ratio[1]
