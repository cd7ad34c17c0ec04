"""Fetching many tasks at once from sources that fail: who is asked, when, and who next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.clock import SYSTEM, Clock
from engine.collect.client import Client, FetchError
from engine.collect.pace import Breaker
from engine.collect.tasks import FAILED, Delivery, Source, Task

CONCURRENCY = 10


@dataclass(slots=True)
class Line:
    """A source with its connection and what is known of its health. `name` tells mirrors apart."""

    name: str
    source: Source
    client: Client
    breaker: Breaker = field(default_factory=Breaker)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task: by whom, and why others before did not deliver."""

    task: Task
    delivery: Delivery
    by: str = ""
    failures: tuple[str, ...] = ()


Sink = Callable[[Outcome], None]


class Collector:
    """Asks the first healthy source that has what is wanted, and the next one where it fails.

    Parameters
    ----------
    lines
        By preference.
    sink
        Takes each outcome as it comes, failures too: it stores it whole or raises.
    concurrency
        Tasks at a time, of all sources together.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        sink: Sink,
        *,
        concurrency: int = CONCURRENCY,
        clock: Clock = SYSTEM,
    ) -> None:
        if concurrency < 1:
            raise ValueError(f"{concurrency} tasks at a time fetch nothing")
        self._lines, self._sink, self._clock = tuple(lines), sink, clock
        self._concurrency = concurrency

    async def run(
        self, tasks: Sequence[Task], progress: Callable[[int, int], None] | None = None
    ) -> list[Outcome]:
        """Fetch all tasks and return what became of them, in their order.

        Where the sink raises, what is under way is given up and the exception passed on: what was
        stored by then is whole.
        """
        queue = iter(range(len(tasks)))
        outcomes: list[Outcome | None] = [None] * len(tasks)
        n_done = 0

        async def work() -> None:
            nonlocal n_done
            for place in queue:
                outcome = await self._fetched(tasks[place])
                self._sink(outcome)
                outcomes[place] = outcome
                n_done += 1
                if progress is not None:
                    progress(n_done, len(tasks))

        workers = [asyncio.create_task(work()) for _ in range(min(self._concurrency, len(tasks)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return [outcome for outcome in outcomes if outcome is not None]

    async def close(self) -> None:
        """Close every connection."""
        for line in self._lines:
            await line.client.close()

    async def _fetched(self, task: Task) -> Outcome:
        failures: list[str] = []
        for line in self._lines:
            if not line.source.has(task.kind, task.symbol):
                continue
            if not line.breaker.allows(self._clock.monotonic_ns()):
                failures.append(f"{line.name}: left alone after failures")
                continue
            try:
                delivery = await line.source.fetch(line.client, task, self._clock)
            except FetchError as error:
                # A refusal is an answer: the service lives.
                if error.is_final:
                    line.breaker.succeeded()
                else:
                    line.breaker.failed(self._clock.monotonic_ns())
                failures.append(f"{line.name}: {error}")
                continue
            except BaseException:
                line.breaker.failed(self._clock.monotonic_ns())
                raise
            line.breaker.succeeded()
            return Outcome(task, delivery, line.name, tuple(failures))
        note = "; ".join(failures) or f"no source has {task.kind} of {task.symbol}"
        return Outcome(task, Delivery((), 0, FAILED, note), "", tuple(failures))
