"""What the first calls of every kernel give, to compare one machine or runtime with another.

    python -m tests.kernels.first_calls write FILE [KERNEL...]
    python -m tests.kernels.first_calls compare FILE [KERNEL...]

A kernel with columns is called 300 times, one without 6,000 times, which is often enough for PyPy
to compile it; those of American options 300 times. `compare` names each kernel whose calls give
other bits than FILE says, and ends with 1 if there is one; on PyPy for ARM64 it also looks through
the code that PyPy compiles meanwhile (`faulty_code`), and ends with 1 if it finds a faulty pair.
PyPy's comparisons are corrected first, as PARITY_PYPY_COMPARISONS says.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from engine.backend import runtime
from engine.runtime.comparisons import correct
from tests.kernels.inputs import KERNELS, arguments, copies, is_scalar
from tests.kernels.outputs import libm_digest, run

CALLS, SCALAR_CALLS = 300, 6_000
SLOW = ("american", "lattice")
# Of the digest of one call: enough to tell two apart.
DIGITS = 12


def calls(name: str) -> int:
    """Return how often a kernel is called."""
    is_often = is_scalar(name) and not name.startswith(SLOW)
    return SCALAR_CALLS if is_often else CALLS


def digests(name: str) -> Iterator[str]:
    """Yield a digest of each of the first calls of a kernel."""
    for values in islice(arguments(name), calls(name)):
        content = run(KERNELS[name], copies(values)).content
        yield hashlib.sha256(content).hexdigest()[:DIGITS]


def write(path: Path, names: list[str]) -> int:
    found = {name: list(digests(name)) for name in names}
    path.write_text(json.dumps({"libm": libm_digest(), "kernels": found}), encoding="ascii")
    print(f"{len(found)} kernels, {sum(map(len, found.values())):,} calls, on {runtime()}")
    return 0


def compare(path: Path, names: list[str]) -> int:
    recorded = json.loads(path.read_text(encoding="ascii"))
    state, watchman = correct(), None
    if sys.implementation.name == "pypy" and os.uname().machine == "aarch64":
        from tests.kernels.faulty_code import Watchman

        watchman = Watchman()
    print(f"{runtime()} on {os.uname().machine}: comparisons {state}", flush=True)
    if libm_digest() != recorded["libm"]:
        print("exp, log and log10 round differently here: that is no fault of the compiler")
    bad, n_calls, began = 0, 0, time.perf_counter()
    for name in names:
        expected = recorded["kernels"][name]
        found = list(digests(name))
        n_calls += len(found)
        wrong = sum(a != b for a, b in zip(found, expected, strict=True))
        if wrong:
            bad += 1
            print(f"WRONG: {name}: {wrong} of {len(found)} calls", flush=True)
    took = time.perf_counter() - began
    print(f"{bad} of {len(names)} kernels wrong, {n_calls:,} calls, {took:.0f} s")
    if watchman is None:
        return int(bad > 0)
    print(watchman)
    return int(bad > 0 or watchman.faulty > 0)


def main() -> int:
    verb, path, *names = sys.argv[1:]
    return {"write": write, "compare": compare}[verb](Path(path), names or list(KERNELS))


if __name__ == "__main__":
    sys.exit(main())
