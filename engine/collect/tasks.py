"""What is to be fetched, cut into pieces with borders that never move: each is fetched once.

A task is named by what it is of, not by who delivers it: another source may take it over, and a
run that was interrupted knows what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.clock import NS_PER_SECOND, Clock
from engine.collect.client import Client
from engine.session.recording import Message

BARS, QUOTE, CHAIN, NUMBERS = "bars", "quote", "chain", "numbers"
KINDS = (BARS, QUOTE, CHAIN, NUMBERS)
COMPLETE, PARTIAL, FAILED = "complete", "partial", "failed"


@dataclass(frozen=True, slots=True)
class Task:
    """One piece: bars of `seconds` in a window, or what is there at an instant.

    Times are UTC nanoseconds; of an instant the window is the time until the next one is due.
    `expected` is how many values a whole answer has, 0 where nobody knows.
    """

    kind: str
    symbol: str
    seconds: int
    start_ns: int
    end_ns: int
    expected: int = 0

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What names it in the table of coverage."""
        return (self.symbol, self.kind, self.seconds, self.start_ns)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a source had for a task: messages as a session holds them, and what it left out."""

    messages: tuple[Message, ...]
    received: int
    state: str = COMPLETE
    note: str = ""


class Source(Protocol):
    """One place that publishes market values."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def kinds(self) -> tuple[str, ...]: ...  # noqa: D102

    def has(self, kind: str, symbol: str) -> bool:
        """Tell whether a symbol of this form can be asked for."""
        ...

    async def fetch(self, client: Client, task: Task, clock: Clock) -> Delivery:
        """Return what there is.

        Raises
        ------
        FetchError
            If there was no answer, or one that is not what the source is documented to send.
        """
        ...


def bar_tasks(symbol: str, seconds: int, since_ns: int, until_ns: int, most: int) -> Iterator[Task]:
    """Yield the windows of `most` bars each that touch ``since <= time < until``."""
    step = seconds * NS_PER_SECOND
    window = step * most
    start = since_ns // window * window
    while start < until_ns:
        yield Task(BARS, symbol, seconds, start, start + window, most)
        start += window


def slot_of(now_ns: int, every_s: int) -> tuple[int, int]:
    """Return the slot of ``--every`` that an instant lies in: its start and its end."""
    step = every_s * NS_PER_SECOND
    start = now_ns // step * step
    return start, start + step


def left_of(tasks: Sequence[Task], done: dict[tuple[str, str, int, int], str]) -> list[Task]:
    """Return the tasks that are not complete yet, each once, in their order."""
    left: dict[tuple[str, str, int, int], Task] = {}
    for task in tasks:
        if done.get(task.key) != COMPLETE:
            left.setdefault(task.key, task)
    return list(left.values())
