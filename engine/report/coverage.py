"""What was collected, as a calendar: a line for each month of a symbol, a mark for each day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from engine.clock import NS_PER_DAY, from_ns

NONE, SOME, MOST, ALL = "·", "░", "▓", "█"


class Window(Protocol):
    """A stretch of time of one series, and whether it is whole."""

    @property
    def symbol(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def seconds(self) -> int: ...  # noqa: D102
    @property
    def start_ns(self) -> int: ...  # noqa: D102
    @property
    def end_ns(self) -> int: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class DayCover:
    """The part of a day, 0 to 1, of which a series is whole. Days are UTC's."""

    symbol: str
    kind: str
    seconds: int
    day: date
    part: float


def by_day(windows: Iterable[Window]) -> list[DayCover]:
    """Return every day from the first window of a series to its last, in order. O(days)."""
    series: dict[tuple[str, str, int], dict[int, int]] = {}
    for one in windows:
        days = series.setdefault((one.symbol, one.kind, one.seconds), {})
        start = one.start_ns
        while start < one.end_ns:
            day = start // NS_PER_DAY
            end = min(one.end_ns, (day + 1) * NS_PER_DAY)
            days[day] = days.get(day, 0) + (end - start if one.state == "complete" else 0)
            start = end
    found = []
    for (symbol, kind, seconds), days in sorted(series.items()):
        for day in range(min(days), max(days) + 1):
            part = min(days.get(day, 0) / NS_PER_DAY, 1.0)
            found.append(DayCover(symbol, kind, seconds, from_ns(day * NS_PER_DAY).date(), part))
    return found


def calendar_lines(days: Iterable[DayCover]) -> Iterator[str]:
    """Yield the calendar as lines of at most 79 letters."""
    months: dict[tuple[str, str, int, str], dict[int, float]] = {}
    for one in days:
        key = (one.symbol, one.kind, one.seconds, f"{one.day:%Y-%m}")
        months.setdefault(key, {})[one.day.day] = one.part
    before = None
    for (symbol, kind, seconds, month), parts in months.items():
        if (symbol, kind, seconds) != before:
            before = (symbol, kind, seconds)
            yield f"{symbol} {kind} {_span(seconds)}"
        marks = "".join(_mark(parts.get(day)) for day in range(1, 32))
        whole = sum(part >= 1.0 for part in parts.values())
        yield f"  {month}  {marks}  {whole} of {len(parts)} days whole"
    if before is not None:
        yield f"one mark a day: {ALL} whole, {MOST} half or more, {SOME} less, {NONE} nothing"


def _mark(part: float | None) -> str:
    if part is None:
        return " "
    if part <= 0.0:
        return NONE
    return ALL if part >= 1.0 else MOST if part >= 0.5 else SOME


def _span(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
