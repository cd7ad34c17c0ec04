"""The gates of a coin's future, which is not among the columns that the gate kernels read."""

from __future__ import annotations

from engine.config import ScanSettings
from engine.scoring.gating import Gated, edge_usd
from engine.scoring.legs import legs_of
from engine.scoring.opportunity import FUTURE, Leg
from engine.strategies.candidates import Columns
from engine.strategies.view import View
from kernels_pure import gates


def ask_futures(view: View, found: Columns, gated: Gated, settings: ScanSettings) -> None:
    """Ask the futures of the candidates, as the underlying is asked, for age, skew and size.

    Writes into `gated`; a candidate keeps the first gate it fails. An age or a size that is not
    known passes and sets the flag that it sets for an option. O(candidates).
    """
    if not view.chain.is_inverse:
        return
    for row in range(found.count):
        legs = legs_of(view, found, row)
        if legs[-1].kind == FUTURE:
            _ask(view, found, row, legs, gated, settings)


def _ask(
    view: View,
    found: Columns,
    row: int,
    legs: tuple[Leg, ...],
    gated: Gated,
    settings: ScanSettings,
) -> None:
    limits, future, code = settings.gates, legs[-1], gated.gate[row]
    ages = [leg.age for leg in legs if leg.age >= 0.0]
    is_timed = future.age >= 0.0 and not settings.assume_synchronous
    failed = 0
    if future.bid > future.ask:
        failed = gates.CROSSED
    elif is_timed and future.age > limits.max_stock_age:
        failed = gates.STOCK_AGE
    elif is_timed and max(ages) - min(ages) > limits.max_skew:
        failed = gates.SKEW
    elif future.size < limits.lots:
        failed = gates.SIZE
    if future.size < gated.lots[row]:
        lots = gated.lots[row] = float(int(future.size))
        usd = 0.0
        if lots > 0.0:
            options, unit = found.legs(row), found.unit[row]
            usd = edge_usd(view, options, 0, unit, found.edge[row], lots, settings)
        gated.usd[row] = usd
        if not failed and usd < limits.min_edge_usd:
            failed = gates.EDGE_USD
    if failed and (not code or failed < code):
        gated.gate[row] = failed
    flags = 0 if future.age >= 0.0 else gates.AGE_UNKNOWN
    flags |= 0 if future.size >= 0.0 else gates.SIZE_UNKNOWN
    if future.bid == future.ask:
        flags |= gates.LOCKED_MARKET
    gated.flags[row] |= flags
