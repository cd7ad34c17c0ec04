"""What is timed: something to run again and again, and its answer for the parity check.

Kernel tasks are not written by hand: they are the calls that the engine makes. `recorded` lets a
part of the engine run on kernels that note each call, and the task makes these calls again.
"""

from __future__ import annotations

import hashlib
import math
import sys
import types
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from importlib import import_module
from time import perf_counter
from typing import Any

from benchmarks.workloads.markets import Market
from engine.backend import Backend
from engine.scanner.pipeline import scan_chain
from kernels_pure import SCAN

# Numbers this near are the same to whoever looks at them; this share of the rows may be off.
NEAR, MOST_OFF = 1e-9, 0.01

# A first run shorter than that is not taken for the length of a run.
SHORT_S = 2.0

Call = tuple[Callable[..., object], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Task:
    """`run` does the work once and returns the seconds of it that do not count."""

    run: Callable[[], float]
    answer: Callable[[], str]

    def warm_up(self, seconds: float) -> float:
        """Run until the time is up, at least once; return the seconds of the last run.

        A run that is over at once may have compiled or loaded what it calls: it is run again.
        """
        start = perf_counter()
        end = start + seconds
        self.run()
        before, now = start, perf_counter()
        while now < end or (before == start and now - start < SHORT_S):
            self.run()
            before, now = now, perf_counter()
        return now - before

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
    """Return the task of one kernel call.

    The answer of a twin that is not bit-equal is that of its kernel, after both have been compared.
    """

    def run() -> float:
        kernel(*args)
        return 0.0

    def answer() -> str:
        exact = kernel_of_twin(kernel)
        if exact is None:
            return digest((kernel(*args), *args))
        near = copies(args)
        kernel(*near)
        result = digest((exact(*args), *args))
        check_near(near, args)
        return result

    return Task(run, answer)


def kernel_of_twin(twin: Callable[..., object]) -> Callable[..., object] | None:
    """Return the kernel of a twin listed in `kernels_numba.DIFFERS`, None for all others."""
    twins = sys.modules.get("kernels_numba")
    for name in twins.DIFFERS if twins else ():
        module, _, kernel = name.partition(".")
        if getattr(import_module(f"kernels_numba.{module}"), kernel) is twin:
            found: Callable[..., object] = getattr(import_module(f"kernels_pure.{module}"), kernel)
            return found
    return None


def copies(args: Iterable[Any]) -> list[Any]:
    """Return arguments with columns of their own."""
    return [array(a.typecode, a) if isinstance(a, array) else a for a in args]


def check_near(near: Iterable[Any], exact: Iterable[Any]) -> None:
    """Compare the columns that a twin and its kernel wrote.

    Their bounds are tested elsewhere, row by row. Here a twin that computes something else is
    found: a volatility may be known to a few digits only, but not in many rows.

    Raises
    ------
    ValueError
        If they are not near each other.
    """
    for column, wanted in zip(near, exact, strict=True):
        if not isinstance(wanted, array):
            continue
        off = [
            (value, other)
            for value, other in zip(column, wanted, strict=True)
            if not math.isclose(value, other, rel_tol=NEAR, abs_tol=NEAR) and other == other
        ]
        if len(off) > MOST_OFF * len(wanted):
            raise ValueError(f"a twin is far from its kernel: {off[:3]}, {len(off)} rows")


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
