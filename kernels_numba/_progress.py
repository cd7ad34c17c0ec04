"""Say on stderr that kernels are being compiled: the first call of each may take a second.

On a terminal one line names the kernel and vanishes when it is done; elsewhere a single line is
said at the first compilation. Kernels that come from the cache say nothing.
"""

from __future__ import annotations

import sys
from typing import Any

from numba.core import event

from kernels_numba._cache import FOLDER


class Progress(event.Listener):  # type: ignore[misc,unused-ignore]
    """Listens to Numba's compilations; `compiled` counts those of our kernels."""

    def __init__(self) -> None:
        self.compiled = 0
        self._depth = 0
        self._is_listening = False

    def listen(self) -> None:
        """Start to say what is compiled; again is nothing more."""
        if not self._is_listening:
            self._is_listening = True
            event.register("numba:compile", self)

    def on_start(self, event: Any) -> None:
        """Name the kernel that a caller waits for, not those inlined into it."""
        kernel = event.data["dispatcher"].py_func
        self._depth += 1
        if self._depth > 1 or not kernel.__module__.startswith("kernels_pure."):
            return
        self.compiled += 1
        if sys.stderr is None:
            return
        if sys.stderr.isatty():
            name = f"{kernel.__module__.partition('.')[2]}.{kernel.__name__}"
            print(f"\r\x1b[Kparity: compiling {name}", end="", file=sys.stderr, flush=True)
        elif self.compiled == 1:
            kept = f"kept in {FOLDER}" if FOLDER else "not kept"
            print(f"parity: compiling kernels with Numba, {kept}", file=sys.stderr)

    def on_end(self, event: Any) -> None:
        """Take the line back."""
        self._depth -= 1
        if self._depth == 0 and sys.stderr is not None and sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


PROGRESS = Progress()
