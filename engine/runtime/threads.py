"""Kernels of many rows on several threads: asked for, never by default, and with the same bits.

The rows are cut into parts; each thread runs Numba's twin on one, with the interpreter's lock
released. Where kernels are not compiled they hold that lock, and threads would only wait for each
other: that is refused. No scan comes by here (`engine.scanner.jobs` spreads those over processes),
and what these kernels compute may be shown and decides nothing (docs/KERNELS.md).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

from engine.backend import Backend
from engine.errors import UnavailableError, UsageError
from engine.nearest import hint
from kernels_pure import SCAN
from kernels_pure.bars import N_ACCOUNT

MOST_THREADS = 256


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of a kernel are cut.

    Every part but the last has a multiple of `step` rows, so that those which the whole loop takes
    together stay together: the last ones, too few for a register, are compiled apart, and nothing
    promises them the same last bit. `counts` names what a column's length counts where that is not
    rows; such columns go to every thread whole.
    """

    step: int
    counts: dict[str, str] = field(default_factory=dict)


# Of vectors: a block of rows that are asked whether they share an expiry, and of whatever registers
# some. Of the sweep: its lanes.
WIDE, LANES = Rows(128), Rows(4, {"open": "bars", "close": "bars", "account": "numbers"})
KERNELS = {
    "pricing.price_chain": WIDE,
    "pricing.greeks_chain": WIDE,
    "implied.iv_chain": WIDE,
    "reprice.reprice_chain": WIDE,
    "second_order.second_order_chain": WIDE,
    "black.black_chain": WIDE,
    "black.black_second_chain": WIDE,
    "sweep.sweep_ma_cross": LANES,
}
"""The kernels that run on threads, ``module.name``."""


class Threads:
    """A pool of threads that run kernels by parts of their rows; use it in a ``with`` statement.

    Several callers may share one. After a fork the child makes its own.

    Parameters
    ----------
    backend
        The selected one, which must be compiled.
    n_threads
        How many threads work, the caller's among them: 1 to 256.

    Raises
    ------
    UnavailableError
        If the kernels are pure ones.
    UsageError
        If `n_threads` is not a number that there can be.
    """

    def __init__(self, backend: Backend, n_threads: int) -> None:
        if backend.name == "pure":
            raise UnavailableError(
                f"threads take turns on {backend}: only Numba's kernels run side by side; "
                "use processes instead (--jobs of a scan, multiprocessing)"
            )
        # A bool is an int, and a slip.
        if type(n_threads) is not int or not 1 <= n_threads <= MOST_THREADS:
            raise UsageError(
                f"n_threads must be a whole number from 1 to {MOST_THREADS}, not {n_threads!r}"
            )
        self._backend = backend
        self._n_threads = n_threads
        self._pool = ThreadPoolExecutor(max(1, n_threads - 1), thread_name_prefix="parity-rows")
        self._process = os.getpid()

    def run(self, kernel: str, *arguments: Any) -> None:
        """Call a kernel of `KERNELS` by its ``module.name`` with its own arguments.

        The columns it writes hold the bits that the backend's kernel writes when it is called
        itself. They are ``array``, or NumPy's arrays of the same types, and must not change
        meanwhile. An exception of any part is raised when all parts have ended.

        Raises
        ------
        UsageError
            If there is no such kernel, the arguments are not what it takes, columns differ in
            length, or the threads were closed or belong to the process that forked this one.
        """
        if self._process != os.getpid():
            raise UsageError("these threads are closed or of another process: make new ones")
        if kernel not in KERNELS:
            raise UsageError(f"{kernel!r} does not run on threads: {hint(kernel, KERNELS)}")
        values, n_rows = _checked(kernel, arguments)
        names = [name for name, _ in _parameters(kernel)]
        rows, twin = KERNELS[kernel], _kernel(self._backend, kernel)

        def run_part(first: int, end: int) -> None:
            twin(*(
                value[first:end] if isinstance(value, memoryview) and name not in rows.counts
                else value
                for name, value in zip(names, values, strict=True)
            ))  # fmt: skip

        # The caller's thread takes the first part instead of waiting for the others.
        own, *others = parts(n_rows, self._n_threads, rows.step)
        running = [self._pool.submit(run_part, *part) for part in others]
        try:
            run_part(*own)
        finally:
            failures = [part.exception() for part in running]
        for failure in failures:
            if failure is not None:
                raise failure

    def close(self) -> None:
        """End the threads; again is nothing more."""
        if self._process == os.getpid():
            self._process = 0
            self._pool.shutdown()

    def __enter__(self) -> Threads:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def parts(n_rows: int, n_threads: int, step: int) -> list[tuple[int, int]]:
    """Return (first, end) of at most `n_threads` parts of about the same size.

    >>> parts(1000, 2, 128), parts(10, 3, 128), parts(0, 2, 128)
    ([(0, 512), (512, 1000)], [(0, 10)], [(0, 0)])
    """
    n_steps = -(-n_rows // step)
    count = max(1, min(n_threads, n_steps))
    return list(pairwise(min(n_rows, n_steps * k // count * step) for k in range(count + 1)))


@cache
def _parameters(kernel: str) -> tuple[tuple[str, str], ...]:
    """Return name and type code of each argument, "" for a number."""
    module, _, name = kernel.partition(".")
    annotations = getattr(import_module(f"kernels_pure.{module}"), name).__annotations__
    return tuple(
        (argument, getattr(kind, "__metadata__", ("",))[0])
        for argument, kind in annotations.items()
        if argument != "return"
    )


def _kernel(backend: Backend, kernel: str) -> Any:
    module, _, name = kernel.partition(".")
    return getattr(getattr(backend, module) if module in SCAN else backend.load(module), name)


def _checked(kernel: str, arguments: tuple[Any, ...]) -> tuple[list[Any], int]:
    """Return the arguments, of columns a view each, and how many rows there are."""
    parameters = _parameters(kernel)
    if len(arguments) != len(parameters):
        names = ", ".join(name for name, _ in parameters)
        raise UsageError(f"{kernel} takes {len(parameters)} arguments ({names})")
    lengths: dict[str, tuple[str, int]] = {}
    values: list[Any] = []
    for (name, code), value in zip(parameters, arguments, strict=True):
        if not code:
            if not isinstance(value, (int, float)):
                raise UsageError(f"{kernel}: {name} must be a number, not {type(value).__name__}")
            values.append(float(value))
            continue
        view = _view(value)
        if view is None or view.format != code:
            kind = type(value).__name__ + (f" of {view.format!r}" if view is not None else "")
            raise UsageError(f"{kernel}: {name} must be a writable array({code!r}), not {kind}")
        counted = KERNELS[kernel].counts.get(name, "rows")
        other, length = lengths.setdefault(counted, (name, len(view)))
        if len(view) != length:
            raise UsageError(f"{kernel}: {name} has {len(view)} {counted}, {other} {length}")
        if name == "account" and length < N_ACCOUNT:
            raise UsageError(f"{kernel}: account has {length} numbers, not {N_ACCOUNT}")
        values.append(view)
    return values, lengths["rows"][1]


def _view(column: object) -> memoryview | None:
    """Return a view of a column without a copy, None if it is none that kernels can write to."""
    try:
        view = memoryview(column)  # type: ignore[arg-type]
    except TypeError:
        return None
    is_column = view.ndim == 1 and view.contiguous and not view.readonly
    return view if is_column else None
