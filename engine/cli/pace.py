"""Waiting between recorded instants: as fast as they came, faster, or not at all."""

from __future__ import annotations

import math
import threading

from engine.clock import SYSTEM, Clock


def speed(text: str) -> float:
    """Return how many times as fast; "max" is without waiting.

    >>> speed("10"), speed("max")
    (10.0, inf)
    """
    if text == "max":
        return math.inf
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 < value <= 1e6:
        raise ValueError(f"expected max or a number of times as fast, such as 10, got {text!r}")
    return value


class Pace:
    """Let market time pass at `times` the speed of the clock, from the first instant on."""

    def __init__(self, times: float, clock: Clock = SYSTEM) -> None:
        self._times = times
        self._clock = clock
        self._start: tuple[int, int] | None = None

    def wait_for(self, ts_ns: int) -> None:
        """Return when instant `ts_ns` is due; at once if it is past, or the speed is "max".

        An instant before the first (a clock that stepped back while it was recorded) is past.
        """
        now = self._clock.monotonic_ns()
        if self._start is None:
            self._start = now, ts_ns
        if math.isinf(self._times):
            return
        began, first = self._start
        left = began + (ts_ns - first) / self._times - now
        if left > 0.0:
            threading.Event().wait(left / 1e9)
