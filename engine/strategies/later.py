"""Sold options covered by one later option: what calendars in money and in coins share."""

from __future__ import annotations

from array import array
from typing import TypeAlias

from engine.strategies.candidates import CandidateTable, Template
from engine.strategies.view import Hits, View

Frontier: TypeAlias = (
    "tuple[array[float], array[float], array[int], array[float], array[float], array[int]]"
)
_NAMES = ("front scale", "front pay", "next scale", "next pay")


def add_calendars(
    view: View, table: CandidateTable, template: Template, hits: Hits, count: int, taken: set[int]
) -> None:
    """Add the hits whose sold quote is not among `taken`, and add these to it."""
    found = [h for h in range(count) if hits.low[h] not in taken]
    if found:
        low = array("l", (hits.low[h] for h in found))
        high = array("l", (hits.high[h] for h in found))
        edges = array("d", (hits.edge[h] for h in found))
        table.add(template, len(found), low, low, high, edges, view.condition)
        taken.update(low)


def frontier(view: View) -> Frontier:
    """Return the scratch columns of the frontier, as the kernels take them."""
    n, groups = len(view.chain.strike), view.scratch.groups
    known: Frontier | None = groups.get("frontier")
    if known is None or len(known[0]) < n:
        front_scale, front_pay, next_scale, next_pay = (view.column(name, n) for name in _NAMES)
        known = groups["frontier"] = (
            front_scale, front_pay, view.indices("front row", n),
            next_scale, next_pay, view.indices("next row", n),
        )  # fmt: skip
    return known
