"""Rows that hold a call and a put: each is two records, which share the columns without a side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import TypeVar

from engine.feeds.record import CellError
from engine.feeds.rows import Columns, Row

SIDES = {"call": "C", "put": "P"}
_Held = TypeVar("_Held", int, str)


def sides_of(columns: Columns, known: Sequence[str]) -> tuple[Columns, ...]:
    """Return the columns as calls and as puts have them; nothing where no column has a side.

    ``call.bid`` is the column `bid` of calls; the side may stand before any of `known`.
    """
    chosen = []
    for side in SIDES:
        own = [name for name in known if f"{side}.{name}" in columns]
        if own:
            chosen.append(_side(columns, side, own))
    return tuple(chosen)


def _side(columns: Columns, side: str, own: list[str]) -> Columns:
    found = copy(columns)
    found.position = _taken(columns.position, side, own)
    found.constant = _taken(columns.constant, side, own)
    found.shown = {**_taken(columns.shown, side, own)}
    for name in own:
        # The file may itself call it so.
        found.shown.setdefault(name, f"{side}.{name}")
    found.position.pop("right", None)
    found.shown.pop("right", None)
    found.constant["right"] = SIDES[side]
    return found


def _taken(every: dict[str, _Held], side: str, own: list[str]) -> dict[str, _Held]:
    kept = {name: value for name, value in every.items() if name not in own}
    kept.update({name: every[f"{side}.{name}"] for name in own if f"{side}.{name}" in every})
    return kept


def split_rows(
    sides: tuple[Columns, ...], rows: Iterator[Row | CellError]
) -> Iterator[Row | CellError]:
    """Yield the call and the put of each row."""
    for row in rows:
        if isinstance(row, CellError):
            yield row
            continue
        for columns in sides:
            yield Row(columns, row.line, row.cells)
