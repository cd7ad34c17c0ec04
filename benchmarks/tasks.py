"""What is timed: something to run again and again, and its answer for the parity check.

Kernel tasks are not written by hand: they are the calls that the engine makes. `recorded` lets a
part of the engine run on kernels that note each call, and the task makes these calls again.
"""

from __future__ import annotations

import hashlib
import types
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from time import perf_counter
from typing import Any

from markets import Market

from engine.backend import Backend
from engine.pipeline import scan_chain
from kernels_pure import SCAN

Call = tuple[Callable[..., object], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Task:
    """`run` does the work once and returns the seconds of it that do not count."""

    run: Callable[[], float]
    answer: Callable[[], str]

    def warm_up(self, seconds: float) -> None:
        """Run until the time is up, at least once."""
        end = perf_counter() + seconds
        self.run()
        while perf_counter() < end:
            self.run()

    def seconds(self, loops: int) -> float:
        """Return how long `loops` runs take."""
        run, apart = self.run, 0.0
        start = perf_counter()
        for _ in range(loops):
            apart += run()
        return perf_counter() - start - apart


def digest(parts: Iterable[object]) -> str:
    """Return a digest of values: columns by their bytes, everything else as it prints."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part.tobytes() if isinstance(part, array) else repr(part).encode())
    return found.hexdigest()[:16]


def recorded(backend: Backend, action: Callable[[Backend], object]) -> list[Call]:
    """Return the kernel calls that `action` makes when handed a backend."""
    calls: list[Call] = []

    def noting(kernel: Callable[..., object]) -> Callable[..., object]:
        def note(*args: Any) -> object:
            calls.append((kernel, args))
            return kernel(*args)

        return note

    def listening(module: types.ModuleType) -> types.ModuleType:
        twin = types.ModuleType(module.__name__)
        for name, value in vars(module).items():
            if not name.startswith("__"):
                setattr(twin, name, noting(value) if callable(value) else value)
        return twin

    modules: dict[str, Any] = {name: listening(getattr(backend, name)) for name in SCAN}
    action(replace(backend, **modules))
    return calls


def kernel_task(backend: Backend, action: Callable[[Backend], object]) -> Task:
    """Return the task of making the kernel calls of `action` again."""
    calls = recorded(backend, action)
    if not calls:
        raise ValueError("the action makes no kernel call")

    def run() -> float:
        for kernel, args in calls:
            kernel(*args)
        return 0.0

    def answer() -> str:
        return digest(part for kernel, args in calls for part in (kernel(*args), *args))

    return Task(run, answer)


def call_task(kernel: Callable[..., object], *args: Any) -> Task:
    """Return the task of one kernel call."""

    def run() -> float:
        kernel(*args)
        return 0.0

    return Task(run, lambda: digest((kernel(*args), *args)))


def python_task(action: Callable[[], object]) -> Task:
    """Return the task of running a part of the engine that returns columns or frozen values."""

    def run() -> float:
        action()
        return 0.0

    return Task(run, lambda: digest((action(),)))


def scan_task(
    backend: Backend, markets: Sequence[Market], times: int = 1, phases: Sequence[str] = ()
) -> Task:
    """Return the task of scanning every market `times` times.

    With `phases`, names in `ScanResult.timing`, only the time spent in these counts.
    """
    queue = list(markets) * times

    def run() -> float:
        apart = 0.0
        for market in queue:
            result = scan_chain(market.chain, market.settings, backend)
            if phases:
                timing = result.timing
                apart += sum(timing[name] for name in timing if name not in phases)
        return apart

    def answer() -> str:
        results = [scan_chain(m.chain, m.settings, backend) for m in markets]
        return digest(
            (field.name, getattr(result, field.name))
            for result in results
            for field in fields(result)
            if field.name not in ("timing", "chain")
        )

    return Task(run, answer)
