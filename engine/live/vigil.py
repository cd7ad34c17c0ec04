"""Notice that time was lost: the process was stopped, the machine slept, somebody set the clock.

Between two looks the monotonic clock moves on by about as much as the loop waited; if by much more,
nobody looked meanwhile (SIGSTOP, a paused machine, a stalled loop). If the wall clock moves on by
something else, it was set, or the machine slept. After either nothing that is known of quotes is
true any more.
"""

from __future__ import annotations

from engine.clock import NS_PER_SECOND, Clock

GAP_SECONDS = 1.0
STEP_SECONDS = 2.0


class Vigil:
    """Looks at both clocks; call `look` often.

    Parameters
    ----------
    gap, step
        Seconds without a look, and by which the wall clock leaves the monotonic one, that count.
    """

    def __init__(
        self, clock: Clock, *, gap: float = GAP_SECONDS, step: float = STEP_SECONDS
    ) -> None:
        self._clock = clock
        self._gap, self._step = int(gap * NS_PER_SECOND), int(step * NS_PER_SECOND)
        self._monotonic = clock.monotonic_ns()
        self._drift = clock.now_ns() - self._monotonic

    def look(self) -> str:
        """Return what has happened since the last look, "" for nothing."""
        monotonic = self._clock.monotonic_ns()
        gap, self._monotonic = monotonic - self._monotonic, monotonic
        drift = self._clock.now_ns() - monotonic
        moved, self._drift = drift - self._drift, drift
        if gap > self._gap:
            return f"nobody looked for {gap / NS_PER_SECOND:.1f} s: the process was stopped"
        if abs(moved) > self._step:
            return f"the clock was moved by {moved / NS_PER_SECOND:+.1f} s"
        return ""
