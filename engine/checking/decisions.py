"""What a strategy decided, event by event, and where two runs of it part.

A decision belongs to the event in which it was made: the close of a bar, a fill, a timer. Two
decisions are the same when every bit of them is.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

TARGET, ORDER, CANCEL, WAKE, RAISED = "target", "order", "cancel", "wake", "error"
FIELDS: dict[str, tuple[str, ...]] = {
    TARGET: ("target",),
    ORDER: ("units", "limit", "stop", "stop loss", "take profit", "time in force"),
    CANCEL: ("order to cancel",),
    WAKE: ("time to wake",),
    RAISED: ("error",),
}
NOTHING = "nothing"
Value = float | int | str


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that a strategy asked of its account; `values` are those of `FIELDS[kind]`."""

    kind: str
    symbol: str
    values: tuple[Value, ...]

    @property
    def bits(self) -> tuple[object, ...]:
        """Return what must be equal: floats by their bits, so that a nan is itself."""
        numbers = (one.hex() if isinstance(one, float) else one for one in self.values)
        return (self.kind, self.symbol, *numbers)


@dataclass(frozen=True, slots=True)
class Event:
    """When decisions were made: the time, the bar's symbol, and its row among those of the symbol.

    The row counts from 1; it is 0 at the start, before the first bar.
    """

    time_ns: int
    symbol: str
    row: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two runs part: `was` in the full run, `became` in the other.

    `is_rounding` where both are numbers within a billionth of each other.
    """

    event: Event
    symbol: str
    field: str
    was: Value
    became: Value

    @property
    def is_rounding(self) -> bool:
        """Tell whether it may be no more than another order of additions."""
        was, became = self.was, self.became
        if not (isinstance(was, float) and isinstance(became, float)):
            return False
        return abs(was - became) <= 1e-9 * max(abs(was), abs(became))


@dataclass(frozen=True, slots=True)
class Column:
    """The targets of one symbol, a row for each of its bars."""

    time_ns: array[int]
    target: array[float]


@dataclass(slots=True)
class Log:
    """The decisions of one run in order, each with the event that it was made in.

    Of a function that returns columns they are kept too, and compared at once.
    """

    events: list[Event] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    columns: dict[str, Column] | None = None

    def add(self, event: Event, decision: Decision) -> None:
        """Note a decision of `event`."""
        self.events.append(event)
        self.decisions.append(decision)

    def __len__(self) -> int:
        return len(self.decisions)

    def until(self, time_ns: int) -> int:
        """Return how many decisions were made at or before `time_ns`. O(log decisions)."""
        return bisect_right(self.events, time_ns, key=lambda event: event.time_ns)

    def by_event(self) -> dict[tuple[int, str], list[Decision]]:
        """Return the decisions of each event that has some."""
        found: dict[tuple[int, str], list[Decision]] = {}
        for event, decision in zip(self.events, self.decisions, strict=True):
            found.setdefault((event.time_ns, event.symbol), []).append(decision)
        return found

    def changes(self) -> list[Event]:
        """Return the events at which something else was decided than before, of each symbol."""
        last: dict[str, tuple[object, ...]] = {}
        found: list[Event] = []
        for event, decision in zip(self.events, self.decisions, strict=True):
            bits = decision.bits
            if last.get(decision.symbol) != bits and (not found or found[-1] != event):
                found.append(event)
            last[decision.symbol] = bits
        return found


def first_difference(full: Log, other: Log, until_ns: int) -> Difference | None:
    """Return where `other` parts from `full` among what was decided up to `until_ns`.

    O(decisions).
    """
    if full.columns is not None and other.columns is not None:
        return _columns_apart(full.columns, other.columns, until_ns)
    n_full, n_other = full.until(until_ns), other.until(until_ns)
    for place in range(min(n_full, n_other)):
        was, became = full.decisions[place], other.decisions[place]
        event, other_event = full.events[place], other.events[place]
        if event != other_event:
            if (event.time_ns, event.row) < (other_event.time_ns, other_event.row):
                return _missing(event, was)
            return _added(other_event, became)
        if was.bits != became.bits:
            return _apart(event, was, became)
    if n_full > n_other:
        return _missing(full.events[n_other], full.decisions[n_other])
    if n_other > n_full:
        return _added(other.events[n_full], other.decisions[n_full])
    return None


def _columns_apart(
    full: dict[str, Column], other: dict[str, Column], until_ns: int
) -> Difference | None:
    found: list[Difference] = []
    for symbol, was in full.items():
        became = other[symbol]
        n = bisect_right(was.time_ns, until_ns)
        if was.target[:n].tobytes() == became.target[:n].tobytes():
            continue
        for row in range(n):
            one, two = was.target[row], became.target[row]
            if one.hex() != two.hex():
                event = Event(was.time_ns[row], symbol, row + 1)
                found.append(Difference(event, symbol, TARGET, one, two))
                break
    return min(found, key=lambda one: one.event.time_ns, default=None)


def _apart(event: Event, was: Decision, became: Decision) -> Difference:
    if (was.kind, was.symbol) != (became.kind, became.symbol):
        return Difference(event, was.symbol, was.kind, words(was), words(became))
    pairs: Iterable[tuple[str, Value, Value]] = zip(
        FIELDS[was.kind], was.values, became.values, strict=True
    )
    name, before, after = next(
        (name, one, two) for name, one, two in pairs if _bits(one) != _bits(two)
    )
    return Difference(event, was.symbol, name, before, after)


def _bits(value: Value) -> object:
    return value.hex() if isinstance(value, float) else value


def _missing(event: Event, was: Decision) -> Difference:
    return Difference(event, was.symbol, FIELDS[was.kind][0], was.values[0], NOTHING)


def _added(event: Event, became: Decision) -> Difference:
    return Difference(event, became.symbol, FIELDS[became.kind][0], NOTHING, became.values[0])


def words(decision: Decision) -> str:
    """Return a decision for a person: ``order SPY units 10, limit 99.5``."""
    said = (
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in zip(FIELDS[decision.kind], decision.values, strict=True)
        if value not in (0.0, "")
    )
    return f"{decision.kind} {decision.symbol} {', '.join(said)}".rstrip()
