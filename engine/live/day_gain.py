"""What strategies have gained on this day of the exchange, over restarts: the journal has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import fsum
from typing import NamedTuple, Protocol

from engine.clock import NS_PER_SECOND
from engine.execution import entries
from engine.execution.days import day_of
from engine.execution.entries import Log, Written

# A loss that nobody has written down for so long is as good as unknown after a restart.
_EVERY_NS = 60 * NS_PER_SECOND


class Gains(NamedTuple):
    """What a journal tells of a day: gains in dollars by strategy, at its start and last."""

    day: date
    start: dict[str, float]
    now: dict[str, float]


NO_GAINS = Gains(date.min, {}, {})


def gains_of(entry: Written) -> Gains | None:
    """Return what an entry tells, None where it is none of this kind."""
    data = entry.data
    told, first, last = data.get("day"), data.get("start"), data.get("now")
    if entry.kind != entries.GAINS or not isinstance(told, str):
        return None
    if not (isinstance(first, Mapping) and isinstance(last, Mapping)):
        return None
    try:
        day = date.fromisoformat(told)
    except ValueError:
        return None
    start = {str(name): float(gain) for name, gain in first.items()}
    return Gains(day, start, {str(name): float(gain) for name, gain in last.items()})


class Gaining(Protocol):
    """An account whose gain counts."""

    name: str

    @property
    def start_cash(self) -> float:
        """What it began with."""
        ...

    def worth(self) -> float:
        """Return what it is worth now."""
        ...

    def is_priced(self) -> bool:
        """Tell whether all that is held has had a quote."""
        ...


class DayGain:
    """The gain of all seats since the day began; of a seat that is new, since it came.

    Written when a day begins and each minute, so that a restart forgives no loss.
    """

    def __init__(self, log: Log, seats: Sequence[Gaining]) -> None:
        self._log, self._seats = log, seats
        self._day, self._start, _ = last_of(log.entries())
        self._written_ns = 0

    def usd(self, now_ns: int) -> float:
        """Return it in dollars; 0 until all that is held has had a quote."""
        if not all(seat.is_priced() for seat in self._seats):
            return 0.0
        gains = {seat.name: seat.worth() - seat.start_cash for seat in self._seats}
        day = day_of(now_ns)
        if day > self._day:
            self._day, self._start, self._written_ns = day, dict(gains), 0
        for name, gain in gains.items():
            self._start.setdefault(name, gain)
        if now_ns - self._written_ns >= _EVERY_NS:
            self.write(now_ns)
        return fsum(gain - self._start[name] for name, gain in gains.items())

    def write(self, now_ns: int) -> None:
        """Write it down, if it is known."""
        if not self._start or not all(seat.is_priced() for seat in self._seats):
            return
        self._written_ns = now_ns
        gains = {seat.name: seat.worth() - seat.start_cash for seat in self._seats}
        data = {"day": self._day.isoformat(), "start": dict(self._start), "now": gains}
        self._log.append(entries.GAINS, data, is_durable=False)


def last_of(written: Iterable[Written]) -> Gains:
    """Return what a journal tells last."""
    last = NO_GAINS
    for entry in written:
        last = gains_of(entry) or last
    return last


def lost(written: Iterable[Written], now_ns: int) -> float:
    """Return what strategies have lost today by a journal alone, 0.0 for a gain."""
    day, start, now = last_of(written)
    if day != day_of(now_ns):
        return 0.0
    return max(0.0, -fsum(gain - start.get(name, gain) for name, gain in now.items()))
