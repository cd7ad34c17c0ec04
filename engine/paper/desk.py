"""Many seats at one feed, in one thread: every event is heard by all, in the order of the seats."""

from __future__ import annotations

from collections.abc import Sequence

from engine.paper.bar_maker import BarMaker
from engine.paper.events import Event, Instant, Print, Touch
from engine.paper.seats import Seat
from engine.plural import plural


class Desk:
    """Hand events on: quotes and prints make bars, and a bar is heard before what comes after it.

    With `interval_ns` of 0 bars come from the feed alone.
    """

    def __init__(self, seats: Sequence[Seat], interval_ns: int) -> None:
        self.seats = tuple(seats)
        self._maker = BarMaker(interval_ns) if interval_ns else None
        self.now_ns = 0
        self.n_events = 0
        self.n_bars = 0
        self.touches: dict[str, Touch] = {}

    @property
    def heard(self) -> str:
        """What it has heard, in words."""
        return f"{plural(self.n_events, 'event')}, {plural(self.n_bars, 'bar')}"

    def hear(self, event: Event) -> None:
        """Take one event. O(seats)."""
        self.n_events += 1
        self.pass_time(event.time_ns)
        maker = self._maker
        if isinstance(event, Instant):
            self._close(event)
        elif isinstance(event, Touch):
            self.touches[event.symbol] = event
            for seat in self.seats:
                seat.touch(event)
            if maker is not None:
                maker.touch(event)
        elif isinstance(event, Print) and maker is not None:
            maker.print(event)

    def pass_time(self, time_ns: int) -> None:
        """Close the bars that end at or before `time_ns`, though nothing else has happened."""
        self.now_ns = max(self.now_ns, time_ns)
        if self._maker is not None:
            closed = self._maker.until(self.now_ns)
            if closed is not None:
                self._close(closed)

    def _close(self, instant: Instant) -> None:
        self.n_bars += len(instant.bars)
        for seat in self.seats:
            seat.instant(instant)
