"""Losses from a peak: the worst, and the list of all, with their dates."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from engine.clock import NS_PER_DAY
from kernels_pure.equity import max_drawdown


@dataclass(frozen=True, slots=True)
class Drawdown:
    """One fall from a peak until the peak is reached again.

    `depth` is the greatest loss as a share of the peak, above 0. The peak is the last row at its
    height, the trough the first at its depth. `recovered_ns` is None where it has not come back;
    `days`, of calendar time, then run to the last row.
    """

    depth: float
    peak_ns: int
    trough_ns: int
    recovered_ns: int | None
    days: float


def worst_drawdown(equity: array[float], time_ns: Sequence[int]) -> tuple[float, Drawdown | None]:
    """Return the depth of the greatest drawdown, and the drawdown; (0, None) where there is none.

    (nan, None) where the column begins at or below 0. O(rows).
    """
    depth, peak, trough, recovery = max_drawdown(equity)
    if not depth > 0.0:
        return depth, None
    return depth, _dated(depth, peak, trough, recovery, time_ns)


def list_drawdowns(equity: Sequence[float], time_ns: Sequence[int]) -> list[Drawdown]:
    """Return every drawdown, the deepest first, of equal ones the earlier. O(n log n) in rows.

    None where a value is nan or the first is not above 0, as the greatest is nan there.
    """
    if not equity or not equity[0] > 0.0 or any(value != value for value in equity):
        return []
    found = []
    high, peak, kept, trough = equity[0], 0, 1.0, 0
    for row, value in enumerate(equity):
        if value >= high:
            if kept < 1.0:
                found.append(_dated(1.0 - kept, peak, trough, row, time_ns))
            high, peak, kept = value, row, 1.0
        elif value / high < kept:
            kept, trough = value / high, row
    if kept < 1.0:
        found.append(_dated(1.0 - kept, peak, trough, len(equity), time_ns))
    return sorted(found, key=lambda one: (-one.depth, one.peak_ns))


def _dated(depth: float, peak: int, trough: int, recovery: int, time_ns: Sequence[int]) -> Drawdown:
    is_back = recovery < len(time_ns)
    end = time_ns[recovery] if is_back else time_ns[len(time_ns) - 1]
    days = float(end - time_ns[peak]) / NS_PER_DAY
    return Drawdown(depth, time_ns[peak], time_ns[trough], end if is_back else None, days)
