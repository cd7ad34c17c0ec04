"""Near misses: candidates that failed, and the smallest change that would make each pass."""

from __future__ import annotations

import math

from engine.config import ScanSettings
from engine.market.combo import FUTURE, Leg
from engine.scoring.breakdown import breakdown
from engine.scoring.closing_rate import rate_change
from engine.scoring.gate_table import GATES, Gate, Miss, rounded_up, sum_of_spreads
from engine.scoring.gating import Gated, check_combo
from engine.scoring.legs import family_of, legs_of
from engine.scoring.opportunity import NearMiss
from engine.strategies.candidates import Columns
from engine.strategies.view import View

# A rate that would have to move more than this is not the change to name.
MOST_RATE_CHANGE = 0.05
# An edge that passes every gate of edges, and is small enough for the cents of its dollars.
_ANY_EDGE = 1e3


def near_misses(
    view: View, found: Columns, gated: Gated, nearest: Columns, settings: ScanSettings
) -> tuple[NearMiss, ...]:
    """Return the misses worth a look: by each failing gate the best edges, then the best of
    each family without a candidate. At most ``settings.near_misses`` of each kind.
    """
    most = settings.near_misses
    by_gate: dict[int, list[int]] = {}
    for row in range(found.count):
        if gated.gate[row]:
            by_gate.setdefault(gated.gate[row], []).append(row)
    misses = []
    for code in sorted(by_gate):
        rows = sorted(by_gate[code], key=lambda row: (-found.edge[row], row))
        for row in rows[: max(1, most // len(by_gate))]:
            legs = legs_of(view, found, row)
            gate = GATES[code - 1]
            change, amount, unit = gate.change(_miss(view, found, row, legs, gated, settings))
            misses.append(
                NearMiss(
                    family_of(found, row), legs, found.edge[row], gate.name, change, amount, unit
                )
            )
    rows = []
    for row in range(nearest.count):
        # The kernel's bound ignores early assignment; the breakdown does not.
        legs, family = legs_of(view, nearest, row), family_of(nearest, row)
        edge = math.fsum(amount for _, amount in breakdown(view, family, legs, nearest.unit[row]))
        if math.isfinite(edge) and edge <= 0.0:
            nearest.edge[row] = edge
            rows.append(row)
    rows.sort(key=lambda row: (-nearest.edge[row], row))
    for row in rows[:most]:
        legs, family = legs_of(view, nearest, row), family_of(nearest, row)
        change, amount, unit = _price_change(view, nearest, row, legs, settings)
        misses.append(NearMiss(family, legs, nearest.edge[row], "no edge", change, amount, unit))
    return tuple(misses)


def _price_change(
    view: View, table: Columns, row: int, legs: tuple[Leg, ...], settings: ScanSettings
) -> tuple[str, float, str]:
    """Return what a position lacks, in price and, where one would do, in rate or fees."""
    edge, unit = table.edge[row], table.unit[row]
    target, reason = _target(view, table, row, legs, settings)
    lack = target - edge
    text = f"a price better by {rounded_up(lack):.4g}"
    which, change = rate_change(view, family_of(table, row), legs, target, settings.carry)
    if change < MOST_RATE_CHANGE:
        text += f", or {which} by {change:.2%}"
    fees = math.fsum(leg.ratio * leg.fee for leg in legs) / unit
    if rounded_up(lack) <= fees:
        text += f", or fees lower by {rounded_up(lack):.4g} a share"
    if reason is not None:
        text += f" (gate {reason.name} besides)"
    return text, lack, "price"


def _target(
    view: View, table: Columns, row: int, legs: tuple[Leg, ...], settings: ScanSettings
) -> tuple[float, Gate | None]:
    """Return the edge that passes every gate of edges, and a gate that no edge would pass."""
    gates, unit = settings.gates, table.unit[row]
    stock = 0 if view.chain.quoting.hedge == FUTURE else table.stock[row]
    code, lots, usd, _ = check_combo(
        view, table.legs(row), stock, unit, table.days[row], _ANY_EDGE, settings
    )
    target = gates.min_edge / view.chain.dollars
    if lots > 0.0:
        shares = view.chain.contract_value * unit * lots
        target = max(target, _ANY_EDGE - (usd - gates.min_edge_usd) / shares)
    if gates.max_spread_per_edge > 0.0:
        spreads = sum_of_spreads(legs)
        if math.isfinite(spreads):
            target = max(target, spreads / unit / gates.max_spread_per_edge)
    return target, GATES[code - 1] if code else None


def _miss(
    view: View,
    table: Columns,
    row: int,
    legs: tuple[Leg, ...],
    gated: Gated,
    settings: ScanSettings,
) -> Miss:
    """Return a candidate that failed a gate, as the gates measure it."""
    return Miss(
        view, settings, legs, table.unit[row], table.edge[row], table.days[row], gated.usd[row],
        lambda: _target(view, table, row, legs, settings)[0],
    )  # fmt: skip
