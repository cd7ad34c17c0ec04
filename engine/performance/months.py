"""Returns by calendar month and year, in UTC. A bar belongs to the month in which it ran."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from math import nan

from engine.clock import from_ns, to_ns


@dataclass(frozen=True, slots=True)
class Year:
    """The returns of a year: twelve months, nan where there is no bar, and the whole."""

    year: int
    months: tuple[float, ...]
    total: float


def monthly(equity: Sequence[float], time_ns: Sequence[int]) -> list[Year]:
    """Return the years of an equity column, in order.

    A month's return is on the last value before it. A bar that closes at midnight belongs to the
    day that ends; the first value is where it all begins and belongs to no month. Years without a
    bar are left out. O(months log n).
    """
    if len(equity) < 2:
        return []
    last = from_ns(time_ns[len(time_ns) - 1] - 1)
    first = from_ns(time_ns[0])
    year, month = first.year, first.month
    found: dict[int, list[float]] = {}
    begin: dict[int, float] = {}
    end: dict[int, float] = {}
    before, row = equity[0], 1
    while (year, month) <= (last.year, last.month):
        months = found.setdefault(year, [nan] * 12)
        begin.setdefault(year, before)
        follows = (year + 1, 1) if month == 12 else (year, month + 1)
        stop = bisect_right(time_ns, to_ns(datetime(*follows, 1, tzinfo=timezone.utc)))
        if stop > row:
            months[month - 1] = _gain(before, equity[stop - 1])
            before, row = equity[stop - 1], stop
        end[year] = before
        year, month = follows
    return [
        Year(year, tuple(months), _gain(begin[year], end[year]))
        for year, months in found.items()
        if any(month == month for month in months)
    ]


def _gain(before: float, after: float) -> float:
    return after / before - 1.0 if before > 0.0 else nan
