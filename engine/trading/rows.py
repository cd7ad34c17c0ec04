"""Rows of a source on their way to bars: checked one by one, put in order, each time once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from math import inf

from engine.market.bars import Bars
from engine.plural import plural

MOST_ROWS = 20_000_000
MOST_PRICE = 1e12
# An extreme this near to open or close is a rounding of the source.
_ROUNDING = 1.0 + 1e-6


class Complaints:
    """What was wrong with rows: each kind once, with the first place and how many there are."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def add(self, kind: str, place: str) -> None:
        """Count one row; `place` says which and what."""
        self._first.setdefault(kind, place)
        self._counts[kind] = self._counts.get(kind, 0) + 1

    def lines(self) -> tuple[str, ...]:
        """Return a line per kind."""
        return tuple(
            f"{plural(count, 'row')} {kind}: {self._first[kind]}" if count == 1
            else f"{plural(count, 'row')} {kind}, the first {self._first[kind]}"
            for kind, count in self._counts.items()
        )  # fmt: skip


class Rows:
    """The rows of one symbol, in the order in which they come."""

    def __init__(self) -> None:
        self.time_ns = array("q")
        self.columns = tuple(array("d") for _ in range(5))

    def __len__(self) -> int:
        return len(self.time_ns)

    def add(
        self, time_ns: int, open: float, high: float, low: float, close: float, volume: float
    ) -> str:
        """Take a row, or return what is wrong with it."""
        wrong = fault(open, high, low, close, volume)
        if wrong:
            return wrong
        if len(self.time_ns) >= MOST_ROWS:
            return f"more than {MOST_ROWS:,} rows of one symbol"
        self.time_ns.append(time_ns)
        # Open and close were traded: the extremes are not inside of them.
        prices = open, max(high, open, close), min(low, open, close), close
        for column, value in zip(self.columns, (*prices, volume), strict=True):
            column.append(value)
        return ""

    def ordered(self, place: str, tell: Complaints) -> Rows:
        """Return the rows by rising time; of several with one time the first that came."""
        stamps = self.time_ns
        if all(stamps[row] > stamps[row - 1] for row in range(1, len(stamps))):
            return self
        order = sorted(range(len(stamps)), key=stamps.__getitem__)  # keeps the order of equals
        kept = Rows()
        for row in order:
            if kept.time_ns and stamps[row] == kept.time_ns[-1]:
                if any(column[row] != mine[-1] for column, mine in self._beside(kept)):
                    tell.add("of a time that was there with other prices", place)
                continue
            kept.time_ns.append(stamps[row])
            for column, mine in self._beside(kept):
                mine.append(column[row])
        return kept

    def _beside(self, other: Rows) -> list[tuple[array[float], array[float]]]:
        return list(zip(self.columns, other.columns, strict=True))

    def step(self) -> int:
        """Return the commonest distance between the times of rows in order; 0 without two."""
        counts: dict[int, int] = {}
        for row in range(1, len(self.time_ns)):
            gap = self.time_ns[row] - self.time_ns[row - 1]
            counts[gap] = counts.get(gap, 0) + 1
        return min(counts, key=lambda gap: (-counts[gap], gap)) if counts else 0

    def bars(self, closes: Callable[[Sequence[int]], array[int]]) -> Bars:
        """Return bars, whose stamps `closes` makes of the times of the rows."""
        opened, high, low, close, volume = self.columns
        return Bars(closes(self.time_ns), opened, high, low, close, volume)


def fault(open: float, high: float, low: float, close: float, volume: float) -> str:
    """Return what is wrong with a bar, or nothing.

    >>> fault(10.0, 11.0, 9.0, 10.5, 0.0), fault(10.0, 10.0, 9.0, 10.5, 0.0)
    ('', 'high 10 is below its close 10.5')
    """
    for name, value in (("open", open), ("high", high), ("low", low), ("close", close)):
        if not 0.0 < value <= MOST_PRICE:
            return f"{name} {value:g} is no price"
    if not 0.0 <= volume < inf:
        return f"volume {volume:g} is no number of units"
    for name, value in (("open", open), ("close", close)):
        if high * _ROUNDING < value:
            return f"high {high:g} is below its {name} {value:g}"
        if low > value * _ROUNDING:
            return f"low {low:g} is above its {name} {value:g}"
    return ""
