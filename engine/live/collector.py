"""When garbage is collected: not while a package is open, and not for little.

PyPy's major collections take milliseconds, at moments of their own. So they are switched off, and
done in steps while nothing is open; one step in each looks at everything that may refer to objects
and takes tens of milliseconds, however little there is to collect. So none is begun before the heap
has grown by `growth`. A heap above its ceiling is collected at once, and said.
CPython's collector is told to leave alone what was there after the warm-up.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

MEBIBYTE = 1024 * 1024


class Collector:
    """The policy; call `rest` when idle.

    `n_forced` counts collections that the ceiling asked for.
    """

    def __init__(self, ceiling_mib: int = 1024, growth_mib: int = 64) -> None:
        self.ceiling, self.growth = ceiling_mib * MEBIBYTE, growth_mib * MEBIBYTE
        self._due = 0  # the heap from which on a collection is worth its steps
        self.n_forced = self.n_steps = 0
        self._gc: Any = gc
        self._is_pypy = sys.implementation.name == "pypy"

    def begin(self) -> None:
        """Take over, after everything has been imported and warmed up."""
        gc.collect()
        self._due = self.heap() + self.growth
        if self._is_pypy:
            gc.disable()
        else:
            gc.freeze()

    def rest(self, *, is_open: bool) -> None:
        """Use an idle moment; with a package open nothing is done but for the ceiling."""
        if not self._is_pypy:
            return
        heap = self.heap()
        if heap > self.ceiling:
            self.n_forced += 1
            gc.collect()
            self._due = self.heap() + self.growth
        elif not is_open and heap > self._due:
            self.n_steps += 1
            if self._gc.collect_step().major_is_done:
                self._due = self.heap() + self.growth

    def heap(self) -> int:
        """Return the bytes of PyPy's heap; 0 on CPython."""
        if not self._is_pypy:
            return 0
        return int(self._gc.get_stats(memory_pressure=False)._s.total_gc_memory)

    def end(self) -> None:
        """Give it back."""
        if self._is_pypy:
            gc.enable()
        else:
            gc.unfreeze()
