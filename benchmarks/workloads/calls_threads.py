"""Workloads that run a kernel's rows on several threads, each beside the same call on one.

Only Numba's kernels run so; `python benchmarks/run.py --only threads` measures these alone.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

from benchmarks.page.tables import THREADS
from benchmarks.workloads.calls import CALLS, Call, kernel_of
from benchmarks.workloads.calls_options import OPTIONS
from benchmarks.workloads.calls_series import SERIES
from benchmarks.workloads.tasks import Task, copies, digest
from engine.backend import Backend
from engine.runtime.threads import KERNELS, Threads

N_THREADS = 2


@dataclass(frozen=True, slots=True)
class Threaded:
    """A call of a kernel by parts of its rows."""

    call: Call

    @property
    def name(self) -> str:
        """The name of the call, in a group of its own."""
        return THREADS + self.call.name.partition("/")[2]

    def task(self, backend: Backend) -> Task:
        """Return the task of this call, whose answer is that of the kernel on one thread.

        Raises
        ------
        UnavailableError
            If the backend's kernels are pure ones.
        """
        threads, arguments = Threads(backend, N_THREADS), self.call.arguments(backend)

        def run() -> float:
            threads.run(self.call.kernel, *arguments)
            return 0.0

        def answer() -> str:
            alone = copies(arguments)
            kernel_of(backend, self.call.kernel)(*alone)
            run()
            found, wanted = digest(_columns(arguments)), digest(_columns(alone))
            if found != wanted:
                raise ValueError(f"{self.name}: threads write other bits")
            return found

        return Task(run, answer)


def _columns(arguments: tuple[Any, ...] | list[Any]) -> list[Any]:
    return [value for value in arguments if isinstance(value, array)]


THREADED = tuple(
    Threaded(call)
    for call in (*CALLS, *OPTIONS, *SERIES)
    if isinstance(call, Call) and call.kernel in KERNELS
)
