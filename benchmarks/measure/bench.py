"""The script that pyperf runs, in one runtime: time the named workloads, or whole processes.

Started by run.py, which hands down ENGINE_BACKEND and PYTHONPATH.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module

from benchmarks.baselines import c as baseline_c
from benchmarks.baselines import numpy_columns as baseline_numpy
from benchmarks.baselines import plain as baseline_plain
from benchmarks.measure.interpreter import python_build
from benchmarks.workloads.named import WORKLOADS
from benchmarks.workloads.tasks import Task
from engine.backend import Backend, select

BASELINES: dict[str, Mapping[str, Callable[[Backend], Task]]] = {
    "plain": baseline_plain.BASELINES,
    "numpy": baseline_numpy.BASELINES,
    "c": baseline_c.BASELINES,
}
WHAT = ("kernels", *BASELINES)


# A value is made of as many runs as take so long, so that the clock is no part of it.
LEAST_VALUE_S = 0.005


class Timer:
    """What pyperf calls with a number of loops; builds and warms up its task at the first call.

    The last run of the warm-up says how many runs make a value: pyperf would start a process more
    for each workload to find that out, and warm it up as long.
    """

    def __init__(self, make: Callable[[], Task], warm_up_s: float) -> None:
        self._make = make
        self._warm_up_s = warm_up_s
        self._task: Task | None = None
        self._runs = 1

    def __call__(self, loops: int) -> float:
        """Return the seconds of `loops` runs."""
        if self._task is None:
            self._task = self._make()
            last = self._task.warm_up(self._warm_up_s)
            self._runs = max(1, math.ceil(LEAST_VALUE_S / max(last, 1e-9)))
        return self._task.seconds(loops * self._runs) / self._runs


def makers(what: str) -> Mapping[str, Callable[[Backend], Task]]:
    """Return how to build each benchmark: with the engine's kernels, or a baseline's."""
    if what in BASELINES:
        return BASELINES[what]
    return {name: workload.make for name, workload in WORKLOADS.items()}


def description(what: str, backend: Backend) -> str:
    """Return what computes: the engine's own words, or the baseline's."""
    if what == "kernels":
        return str(backend)
    if what == "c":
        return baseline_c.compiler_version()
    if what == "numpy":
        return f"NumPy {import_module('numpy').__version__} on {python_build()}"
    return f"lists and comprehensions on {python_build()}"


def _forward(command: list[str], args: argparse.Namespace) -> None:
    command += ["--what", args.what, "--warm-up", str(args.warm_up)]
    for name in args.workload:
        command += ["--workload", name]
    if args.command:
        command += ["--command", *args.command]


def main() -> None:
    """Hand every benchmark asked for to pyperf."""
    # Only here: the tests run every workload without pyperf.
    runner = import_module("pyperf").Runner(add_cmdline_args=_forward)
    parser = runner.argparser
    parser.add_argument("--what", choices=WHAT, default=WHAT[0])
    parser.add_argument("--warm-up", type=float, default=0.0, help="seconds before the first value")
    parser.add_argument("--workload", action="append", default=[])
    parser.add_argument("--command", nargs=argparse.REMAINDER, help="NAME PROGRAM ARGUMENT...")
    args = runner.parse_args()
    runner.metadata["python_build"] = python_build()
    if args.command:
        runner.metadata["backend"] = "whole process"
        name, *command = args.command
        runner.bench_command(name, command)
        return
    backend = select()
    runner.metadata["backend"] = description(args.what, backend)
    for name in args.workload:
        timer = Timer(partial(makers(args.what)[name], backend), args.warm_up)
        workload = WORKLOADS[name]
        per = {"per": workload.unit, "per_count": workload.units}
        runner.bench_time_func(name, timer, metadata=per)


if __name__ == "__main__":
    main()
