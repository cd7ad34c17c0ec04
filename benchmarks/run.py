"""Measure the engine on every runtime of this machine: parity first, then pyperf.

    python benchmarks/run.py             everything, into benchmarks/results/HOST-KEY/
    python benchmarks/run.py --quick     the most telling, a few runs, into build/benchmarks/
    python benchmarks/run.py --only box  what has "box" in its name, into build/benchmarks/
    python benchmarks/run.py --only crossover --quick   whole processes by the size of their work
    python benchmarks/run.py --runtime pypy-pure   one runtime, into build/benchmarks/
    python benchmarks/run.py --parity    compare the answers of all runtimes, time nothing

Ends with 70, and times nothing, if the runtimes' answers differ. Any two of the files it writes
can be compared: python -m pyperf compare_to ONE OTHER.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import crossover
from processes import Process, processes
from records import source_state, write_record
from results import CROSSOVER
from runtimes import INHERITED, ROOT, Runtime, find_runtimes, host_key, install
from works import WORKS

HERE = Path(__file__).resolve().parent
OK, UNAVAILABLE, PARITY_BROKEN, SOURCES_CHANGED = 0, 69, 70, 75
# Seconds before the first value. PyPy compiles a scan, branch by branch, for that long.
WARM_UP_SCAN, WARM_UP_KERNEL, WARM_UP_QUICK = 5.0, 1.0, 2.0
# One run of these takes long enough for few to do.
LARGE = 20_000
# Plain CPython would take minutes over one run of more.
MOST_ON_PURE_CPYTHON = 20_000

# Options of pyperf: processes, values of each, runs to warm up, seconds of a value at least. Values
# are many and short, so that on a shared machine some of them are measured undisturbed.
Options = dict[str, float]
FULL: Options = {"p": 1, "n": 15, "w": 1, "min-time": 0.005}
QUICK: Options = {"p": 1, "n": 20, "w": 1, "min-time": 0.005}
FEW: Options = {"p": 1, "n": 3, "w": 1, "min-time": 0.005}
STARTS: Options = {"p": 1, "n": 3, "w": 0, "l": 1}
FEW_STARTS: Options = {"p": 1, "n": 2, "w": 0, "l": 1}


def say(text: str) -> None:
    """Tell a person how far it is."""
    print(f"run: {text}", file=sys.stderr, flush=True)


def say_that_sources_changed() -> int:
    """Say that nothing can be made of these results, and return the exit code."""
    say("the sources changed while they were measured: these results mean nothing")
    return SOURCES_CHANGED


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the most telling, a few runs of each")
    parser.add_argument("--parity", action="store_true", help="compare the answers, time nothing")
    parser.add_argument("--install", action="store_true", help="install pyperf first, pinned")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--runtime", action="append", default=[], metavar="KEY")
    parser.add_argument("--output", type=Path, help="folder of the result files")
    parser.add_argument("--cpython", type=Path, help="default: this one, or .venv/bin/python")
    parser.add_argument("--pypy", type=Path, help="default: .venv-pypy/bin/python")
    return parser.parse_args(argv)


class Session:
    """One call of run.py: what to measure, on what, and where it goes."""

    def __init__(self, args: argparse.Namespace, runtimes: list[Runtime], folder: Path) -> None:
        self._is_quick = args.quick
        self._only = args.only
        self.runtimes = runtimes
        self._folder = folder
        self._catalogue = self._catalogue_of(runtimes[0])

    def compare(self) -> dict[str, dict[str, str]]:
        """Return the answers of every workload on which the runtimes differ."""
        given: dict[str, dict[str, str]] = {}
        for runtime in self.runtimes:
            names = self.workloads(runtime)
            say(f"{runtime.key}: the answers of {len(names)} workloads")
            found = self._answers_of(runtime, names)
            # The baselines are compared with the kernels where they are built.
            if runtime.what == "kernels":
                found.update(self._crossover_answers(runtime))
                for name, answer in found.items():
                    given.setdefault(name, {})[runtime.key] = answer
        return {name: by for name, by in given.items() if len(set(by.values())) > 1}

    def crossovers(self, runtime: Runtime) -> list[str]:
        """Return the works whose whole processes are measured on this runtime."""
        if runtime.what != "kernels":
            return []
        return [name for name in WORKS if self._is_wanted(f"crossover/{name}", False)]

    def cross(self, runtime: Runtime, path: Path, facts: dict[str, str]) -> None:
        """Measure the crossovers of one runtime."""
        names = self.crossovers(runtime)
        crossover.measure(runtime, names, self._folder, path, facts, is_quick=self._is_quick)

    def _crossover_answers(self, runtime: Runtime) -> dict[str, str]:
        names = self.crossovers(runtime)
        if names:
            self._write_chains(runtime)
        return crossover.answers(runtime, self._folder, names)

    def workloads(self, runtime: Runtime) -> list[str]:
        """Return the names of the workloads that this runtime is measured on."""
        return [
            one["name"]
            for one in self._catalogue
            if runtime.what in one["what"]
            and self._is_wanted(one["name"], one["is_quick"])
            and not (runtime.key == "cpython-pure" and one["contracts"] > MOST_ON_PURE_CPYTHON)
        ]

    def measure(self, runtime: Runtime) -> list[Path]:
        """Return the files that pyperf wrote of one runtime."""
        groups: dict[tuple[bool, bool], list[str]] = {}
        large = {one["name"] for one in self._catalogue if one["contracts"] >= LARGE}
        for name in self.workloads(runtime):
            groups.setdefault((name in large, name.startswith("kernel/")), []).append(name)
        jobs: list[tuple[Options, list[str]]] = []
        for (is_large, is_kernel), names in groups.items():
            options = FEW if is_large else QUICK if self._is_quick else FULL
            if is_kernel and runtime.key == "cpython-pure":
                # A run takes seconds, and one is as good as another without a compiler.
                options = FEW
            warm_up = WARM_UP_QUICK if self._is_quick else WARM_UP_SCAN
            if runtime.is_pypy:
                options = {**options, "w": 5}
            named = [argument for name in names for argument in ("--workload", name)]
            if runtime.is_pypy:
                named += ["--warm-up", str(WARM_UP_KERNEL if is_kernel else warm_up)]
            jobs.append((options, ["--what", runtime.what, *named]))
        if runtime.what == "kernels":
            for process in self._processes(runtime):
                options = FEW_STARTS if process.is_slow or self._is_quick else STARTS
                jobs.append((options, ["--command", process.name, *process.command]))
        return [self._pyperf(runtime, number, *job) for number, job in enumerate(jobs)]

    def _processes(self, runtime: Runtime) -> list[Process]:
        wanted = [
            process
            for process in processes(runtime, self._folder)
            if self._is_wanted(process.name, process.is_quick)
        ]
        if wanted:
            self._write_chains(runtime)
        return wanted

    def _write_chains(self, runtime: Runtime) -> None:
        if not list(self._folder.glob("*.csv")):
            self._python(runtime, "write_csv.py", str(self._folder))

    def _is_wanted(self, name: str, is_quick: bool) -> bool:
        if self._only:
            return any(part in name for part in self._only)
        return is_quick or not self._is_quick

    def _catalogue_of(self, runtime: Runtime) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._python(runtime, "answers.py", "--list"))
        return found

    def _answers_of(self, runtime: Runtime, names: list[str]) -> dict[str, str]:
        arguments = ("--what", runtime.what, *names)
        found: dict[str, str] = json.loads(self._python(runtime, "answers.py", *arguments))
        return found

    def _python(self, runtime: Runtime, script: str, *arguments: str) -> str:
        command = [str(runtime.python), str(HERE / script), *arguments]
        done = subprocess.run(
            command,
            env=runtime.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def _pyperf(self, runtime: Runtime, number: int, options: Options, rest: list[str]) -> Path:
        path = self._folder / f"{runtime.key}-{number}.json"
        flags = [
            f"-{name}{value}" if len(name) == 1 else f"--{name}={value}"
            for name, value in options.items()
        ]
        command = [
            str(runtime.python), str(HERE / "bench.py"), "--quiet", f"-o{path}",
            f"--inherit-environ={','.join(INHERITED)}", *flags, *rest,
        ]  # fmt: skip
        subprocess.run(command, env=runtime.environment, cwd=ROOT, stdout=sys.stderr, check=True)
        return path


def main(argv: Sequence[str] | None = None) -> int:
    """Find, compare, measure, write; print where the results are."""
    args = arguments(argv)
    if args.install:
        install(args.cpython, args.pypy)
    runtimes, missing = find_runtimes(args.cpython, args.pypy)
    for line in missing:
        say(f"missing: {line}")
    if args.runtime:
        runtimes = [runtime for runtime in runtimes if runtime.key in args.runtime]
    if not runtimes:
        say("there is nothing to measure")
        return UNAVAILABLE
    is_partial = bool(args.quick or args.only or args.runtime)
    output: Path = args.output or (
        ROOT / "build/benchmarks" if is_partial else HERE / "results" / host_key()
    )
    before, began = source_state(), time.monotonic()
    with TemporaryDirectory(prefix="parity-bench-") as name:
        session = Session(args, runtimes, Path(name))
        differing = session.compare()
        for workload, answers in differing.items():
            say(f"DIFFERENT ANSWERS: {workload}: {answers}")
        if differing:
            return PARITY_BROKEN
        say("all runtimes give the same answers")
        if args.parity:
            return OK
        for runtime in runtimes:
            load = os.getloadavg()[0]
            say(f"{runtime.key}: measuring, load average {load:.1f}")
            parts = session.measure(runtime)
            if source_state() != before:
                return say_that_sources_changed()
            if parts:
                path = output / f"{runtime.key}.json"
                write_record(parts, path, {**before, "runtime": runtime.key})
                print(path)
            if session.crossovers(runtime):
                say(f"{runtime.key}: whole processes by the size of their work")
                path = output / f"{CROSSOVER}{runtime.key}.json"
                session.cross(runtime, path, {**before, "runtime": runtime.key})
                if source_state() != before:
                    path.unlink()
                    return say_that_sources_changed()
                print(path)
    say(f"done in {(time.monotonic() - began) / 60.0:.0f} minutes")
    return OK


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        say(f"{Path(error.cmd[1]).name} ended with exit code {error.returncode}, see above")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
