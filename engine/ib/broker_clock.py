"""The time of day by the broker's clock: a simulated market has a day of its own."""

from __future__ import annotations

from engine.clock import NS_PER_SECOND, Clock

# The broker says its time in whole seconds, and the answer takes a while.
_TOLERANCE_NS = 2 * NS_PER_SECOND


class BrokerClock:
    """A clock of the machine, moved by what the broker says when that is seconds off.

    Of a real TWS the two agree and this is the machine's clock; of the simulated gateway it is the
    market's. Monotonic time is the machine's.
    """

    def __init__(self, clock: Clock) -> None:
        self.offset_ns = 0
        self.n_moves = 0
        self._clock = clock

    def now_ns(self) -> int:
        """Return UTC nanoseconds since 1970, by the broker's clock."""
        return self._clock.now_ns() + self.offset_ns

    def monotonic_ns(self) -> int:
        """Return nanoseconds of a clock that never goes back."""
        return self._clock.monotonic_ns()

    def heard(self, seconds: int) -> bool:
        """Take the broker's time; return whether this clock was moved to it."""
        there = seconds * NS_PER_SECOND + NS_PER_SECOND // 2
        gap = there - self.now_ns()
        if abs(gap) <= _TOLERANCE_NS:
            return False
        self.offset_ns += gap
        self.n_moves += 1
        return True
