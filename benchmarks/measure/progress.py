"""How far a long measurement is: a bar on a terminal, a counted line for each thing elsewhere."""

from __future__ import annotations

import sys
import time

WIDTH = 24
# On a terminal this much of a name is shown.
NAME = 44


class Progress:
    """Says things to a person, and counts what is done of what is expected.

    Things take seconds or minutes: the bar counts them, and the minutes stand beside it.
    """

    def __init__(self) -> None:
        self._total = self._done = 0
        self._began = time.monotonic()
        self._is_drawn = False

    @property
    def minutes(self) -> float:
        """Since it began."""
        return (time.monotonic() - self._began) / 60.0

    def expect(self, total: int) -> None:
        """Count from nothing to `total` from now on."""
        self._total, self._done = total, 0

    def say(self, text: str) -> None:
        """Write a line."""
        if self._is_drawn:
            sys.stderr.write("\r\x1b[K")
            self._is_drawn = False
        print(f"run: {text}", file=sys.stderr, flush=True)

    def step(self, text: str) -> None:
        """Count one more thing as done, and show what it was."""
        self._done = min(self._done + 1, self._total)
        share = self._done / max(1, self._total)
        told = f"{self._done}/{self._total}, {self.minutes:.1f} min"
        if not sys.stderr.isatty():
            self.say(f"[{told}] {text}")
            return
        full = round(WIDTH * share)
        bar = "#" * full + "-" * (WIDTH - full)
        sys.stderr.write(f"\r\x1b[Krun: [{bar}] {told}  {text[:NAME]}")
        sys.stderr.flush()
        self._is_drawn = True
