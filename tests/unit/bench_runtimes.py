"""A runtime for the benchmarks to measure, that nothing has looked for."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

# The benchmarks are scripts: each imports its neighbours.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
runtimes = import_module("runtimes")


def runtime(key="cpython-pure", what="kernels"):
    return runtimes.Runtime(key, Path(sys.executable), key.partition("-")[2], what)
