"""A runtime for the benchmarks to measure, that nothing has looked for."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import runtimes


def runtime(key="cpython-pure", what="kernels"):
    return runtimes.Runtime(key, Path(sys.executable), key.partition("-")[2], what)
