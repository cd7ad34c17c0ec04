"""When garbage is collected: not while a package is open.

PyPy's major collections take milliseconds, at moments of their own. So they are switched off, and
done in steps while nothing is open; a heap above its ceiling is collected at once, and said.
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

    def __init__(self, ceiling_mib: int = 1024) -> None:
        self.ceiling = ceiling_mib * MEBIBYTE
        self.n_forced = self.n_steps = 0
        self._gc: Any = gc
        self._is_pypy = sys.implementation.name == "pypy"

    def begin(self) -> None:
        """Take over, after everything has been imported and warmed up."""
        gc.collect()
        if self._is_pypy:
            gc.disable()
        else:
            gc.freeze()

    def rest(self, *, is_open: bool) -> None:
        """Use an idle moment; with a package open nothing is done but for the ceiling."""
        if not self._is_pypy:
            return
        if self.heap() > self.ceiling:
            self.n_forced += 1
            gc.collect()
        elif not is_open:
            self.n_steps += 1
            self._gc.collect_step()

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
