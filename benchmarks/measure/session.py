"""One call of run.py: what is measured, on which runtimes, and the processes that do it."""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import crossover, plan
from benchmarks.measure.processes import Process, processes
from benchmarks.measure.progress import Progress
from benchmarks.measure.runtimes import INHERITED, ROOT, Runtime, StepFailedError
from benchmarks.measure.works import WORKS

HERE = Path(__file__).resolve().parent
# Whole processes by the size of their work that --quick starts too.
QUICK_WORKS = ("price",)


class Session:
    """What was asked for, and a folder for what lies between."""

    def __init__(
        self,
        args: argparse.Namespace,
        runtimes: list[Runtime],
        folder: Path,
        progress: Progress | None = None,
    ) -> None:
        self._is_quick = args.quick
        self._only = args.only
        self.runtimes = runtimes
        self._folder = folder
        self._progress = progress or Progress()
        self._n_files = 0
        # Workloads that two runtimes at least have answered.
        self.n_compared = 0
        self._catalogue: list[dict[str, Any]] = self._catalogue_of(runtimes[0])

    def compare(self) -> dict[str, dict[str, str]]:
        """Return the answers of every workload on which the runtimes differ."""
        given: dict[str, dict[str, str]] = {}
        self._progress.expect(len(self.runtimes))
        for runtime in self.runtimes:
            names = self.workloads(runtime)
            found = self._answers_of(runtime, names)
            # The baselines are compared with the kernels where they are built.
            if runtime.what == "kernels":
                found.update(self._crossover_answers(runtime))
                for name, answer in found.items():
                    given.setdefault(name, {})[runtime.key] = answer
            self._progress.step(f"{runtime.key}: the answers of {len(names)} workloads")
        self.n_compared = sum(len(by) > 1 for by in given.values())
        return {name: by for name, by in given.items() if len(set(by.values())) > 1}

    def names(self, *, is_parity: bool) -> list[str]:
        """Return everything that --only can name: what is measured, or what has answers."""
        started = () if is_parity else (one for key in self.runtimes for one in self._all_of(key))
        crossed = [f"crossover/{name}" for name in WORKS]
        named = [entry["name"] for entry in self._catalogue]
        return list(dict.fromkeys([*named, *(one.name for one in started), *crossed]))

    def workloads(self, runtime: Runtime) -> list[str]:
        """Return the names of the workloads that this runtime is measured on."""
        return [entry["name"] for entry in self._entries(runtime)]

    def crossovers(self, runtime: Runtime) -> list[str]:
        """Return the works whose whole processes are measured on this runtime."""
        if runtime.what != "kernels":
            return []
        return [name for name in WORKS if self._is_wanted(f"crossover/{name}", name in QUICK_WORKS)]

    def steps(self, rounds: int) -> int:
        """Return how many things `measure` and `cross` will count."""
        return sum(
            len(self._entries(runtime))
            + (rounds - 1) * len(self._entries(runtime, is_again=True))
            + len(self._processes(runtime))
            + crossover.steps(self.crossovers(runtime))
            for runtime in self.runtimes
        )

    def cross(self, runtime: Runtime, path: Path, facts: dict[str, object]) -> None:
        """Measure the crossovers of one runtime."""
        names = self.crossovers(runtime)
        self._write_chains(runtime)

        def tell(text: str) -> None:
            self._progress.step(f"{runtime.key}: {text}")

        crossover.measure(
            runtime, names, self._folder, path, facts, is_quick=self._is_quick, tell=tell
        )

    def measure(self, runtime: Runtime, *, is_again: bool = False) -> list[Path]:
        """Return the files that pyperf wrote of one runtime, in the first round or again."""
        entries = self._entries(runtime, is_again=is_again)
        found = plan.jobs(runtime, entries, is_quick=self._is_quick, is_again=is_again)
        if not is_again:
            for process in self._processes(runtime):
                self._write_chains(runtime)
                starts = min(process.starts, 2) if self._is_quick else process.starts
                command = ["--command", process.name, *process.command]
                found.append((plan.starts(starts), command))
        return [self._pyperf(runtime, *job) for job in found]

    def _entries(self, runtime: Runtime, *, is_again: bool = False) -> list[dict[str, Any]]:
        found = [
            entry
            for entry in self._catalogue
            if plan.is_measured(runtime, entry)
            and self._is_wanted(entry["name"], plan.is_quick(runtime, entry))
        ]
        # What was named is all measured again, else what a target rests on.
        return plan.judged(runtime, found) if is_again and not self._only else found

    def _processes(self, runtime: Runtime) -> list[Process]:
        found = self._all_of(runtime)
        return [process for process in found if self._is_wanted(process.name, process.is_quick)]

    def _all_of(self, runtime: Runtime) -> list[Process]:
        return processes(runtime, self._folder) if runtime.what == "kernels" else []

    def _is_wanted(self, name: str, is_quick: bool) -> bool:
        if self._only:
            return any(part in name for part in self._only)
        return is_quick or not self._is_quick

    def _crossover_answers(self, runtime: Runtime) -> dict[str, str]:
        names = self.crossovers(runtime)
        if names:
            self._write_chains(runtime)
        return crossover.answers(runtime, self._folder, names)

    def _write_chains(self, runtime: Runtime) -> None:
        if not list(self._folder.glob("*.csv")):
            self._python(runtime, "write_csv.py", str(self._folder))

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
            command, env=runtime.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        if done.returncode:
            raise StepFailedError.of(f"{runtime.key}: {script}", done.returncode)
        return done.stdout

    def _pyperf(self, runtime: Runtime, options: plan.Options, rest: list[str]) -> Path:
        path = self._folder / f"{runtime.key}-{self._n_files}.json"
        self._n_files += 1
        command = [
            str(runtime.python), str(HERE / "bench.py"), "--quiet", f"-o{path}",
            f"--inherit-environ={','.join(INHERITED)}",
            *(f"-{name}{value}" for name, value in options.items()), *rest,
        ]  # fmt: skip
        for line in _lines(runtime, command):
            self._progress.step(f"{runtime.key}: {line}")
        return path


def _lines(runtime: Runtime, command: list[str]) -> Iterator[str]:
    """Yield what a call of bench.py prints, line by line, of benchmarks that are done."""
    environ = {**runtime.environment, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "Mean +- std dev" in line:
                yield line.strip().replace("Mean +- std dev: ", "")
    if process.returncode:
        raise StepFailedError.of(f"{runtime.key}: bench.py", process.returncode)
