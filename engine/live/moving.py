"""A market that this process moves by itself: its clock, and the task that lets time pass."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from engine.clock import Clock
from engine.live.source import Failed, OnRead


@dataclass(slots=True)
class MarketClock:
    """The machine's clock, moved to the day of a simulated market."""

    machine: Clock
    offset_ns: int = 0

    def now_ns(self) -> int:
        """Return UTC nanoseconds of the market."""
        return self.machine.now_ns() + self.offset_ns

    def monotonic_ns(self) -> int:
        """Return nanoseconds of a clock that never goes back."""
        return self.machine.monotonic_ns()


def nobody(symbols: object, now_ns: int) -> None:
    """Take a read that nobody waits for."""


class Moving(ABC):
    """What sources that move by a task share; `failed` takes what went wrong in it."""

    def __init__(self, clock: Clock, begins_ns: int, failed: Failed | None) -> None:
        self.on_read: OnRead = nobody
        self.failed = failed
        self.alert: Callable[[str], None] | None = None
        self.clock = MarketClock(clock, begins_ns - clock.now_ns())
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to move."""
        self._task = asyncio.get_running_loop().create_task(self._move())
        self._task.add_done_callback(self._done)

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.remove_done_callback(self._done)
            self._task.cancel()

    @abstractmethod
    async def _move(self) -> None:
        """Let time pass until cancelled."""

    def _done(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and self.failed is not None:
            self.failed(error)
