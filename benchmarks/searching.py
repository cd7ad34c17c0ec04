"""Measure searches: backtests a second of CPU, two workers against one, memory by trials.

    python benchmarks/searching.py [--json FILE] [--seconds 4]

Runs on CPython and starts the workers of other interpreters. The bars are 720 hours of the demo
market, five symbols, of which each is a backtest; every one gives its ten scores. Before anything
is timed, all ways must give the same bytes. CPU is that of workers and of this process together,
from the first trial after a warm start to the last: other load of the machine stretches it too, so
`load` stands beside. *gain* is by the clock, the best of three pairs, and says little where the
machine has no idle processor; *memory* is the most that a search in one process held.
Committed figures are in benchmarks/results, in the folder alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # A script finds its own folder, not the package that it belongs to.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from engine.backtest_batch import bars_per_year
from engine.backtesting.terms import Terms
from engine.runtime.interpreters import CPYTHON, PYPY, find
from engine.searching.board import Board
from engine.searching.choice import Choice, opened
from engine.searching.proposals import AtRandom
from engine.searching.scoring import BY_BAR
from engine.searching.search import search
from engine.searching.space import space_of
from engine.searching.task import Task
from engine.searching.validity import SAMPLED
from engine.trading import SHIPPED
from engine.trading.loading import load_strategy
from engine.trading.sources import open_bars
from engine.trading.trial import only

AGREE, TICKS = 200, os.sysconf("SC_CLK_TCK")
WAYS = (
    ("numba", CPYTHON, "numba"),
    ("pypy", PYPY, "pure"),
    ("pypy, bar by bar", PYPY, BY_BAR),
    ("cpython", CPYTHON, "pure"),
    ("cpython, bar by bar", CPYTHON, BY_BAR),
)


def task_of(strategy: str) -> Task:
    data = open_bars("demo", (), "1h", 30)
    space = space_of(load_strategy(strategy))
    return Task(
        strategy, tuple(axis.name for axis in space.axes), dict(space.fixed),
        tuple(only(data, (one,)) for one in data.symbols),
        Terms(fee_rate=0.0005, slippage_rate=0.0002), bars_per_year(data),
    )  # fmt: skip


def cpu_of(pids: list[int]) -> float:
    """Return the CPU seconds of this process and of others that live."""
    own = time.process_time()
    for pid in pids:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        own += (int(words[11]) + int(words[12])) / TICKS
    return own


class Told:
    def __init__(self) -> None:
        self.digest = sha256()

    def take(self, first: int, columns: Any, scores: Any) -> None:
        self.digest.update(scores.tobytes())


def look(task: Task, host: Any, n_trials: int, seed: int, *sinks: Any) -> None:
    space = task.space()
    board = Board(space, ["sharpe"], n_trials, n_sampled=SAMPLED)
    search(AtRandom(space, n_trials, seed), board, host, n_bars=task.n_bars, sinks=sinks)
    assert board.n_tried == n_trials
    assert board.n_failed == board.n_lost == 0


def pids_of(host: Any) -> list[int]:
    return list(host.processes) if hasattr(host, "processes") else []


def rate(task: Task, choice: Choice, seconds: float) -> dict[str, float]:
    """Return backtests a CPU second, after a warm start, growing until it takes `seconds`."""
    n_trials = 20
    with opened(choice, task) as host:
        look(task, host, 400 if choice.backend != BY_BAR or "pypy" in choice.workers else 20, 1)
        while True:
            before = cpu_of(pids_of(host))
            look(task, host, n_trials, 2)
            spent = cpu_of(pids_of(host)) - before
            if spent >= seconds:
                break
            n_trials = int(n_trials * min(8.0, max(1.5, 1.2 * seconds / max(spent, 1e-3))))
    count = n_trials * len(task.tests)
    per_bar = spent / (n_trials * task.n_bars) * 1e9
    return {
        "trials": n_trials, "backtests_per_cpu_s": round(count / spent),
        "ns_per_bar": round(per_bar, 2), "cpu_s": round(spent, 2),
    }  # fmt: skip


def gain(task: Task, choice: Choice, n_trials: int) -> dict[str, Any]:
    """Return the times of one worker and of two: the pair of which two gain most of three.

    *cpu_gain* is what the clock would say on idle processors: CPU of the front and of one worker,
    over that of the front and of the busier of two, as if the front did nothing beside them.
    """
    pairs = []
    for _ in range(3):
        times, busy = [], []
        for count in (1, 2):
            one = Choice(choice.workers, choice.interpreter, choice.backend, count)
            with opened(one, task) as host:
                look(task, host, 400 * count, 1)
                pids = pids_of(host)
                before = [cpu_of([]), *(cpu_of([pid]) - cpu_of([]) for pid in pids)]
                began = time.perf_counter()
                look(task, host, n_trials, 2)
                times.append(time.perf_counter() - began)
                after = [cpu_of([]), *(cpu_of([pid]) - cpu_of([]) for pid in pids)]
                front, *workers = [b - a for a, b in zip(before, after, strict=True)]
                busy.append(front + max(workers))
        pairs.append((times[0] / times[1], *times, busy[0] / busy[1]))
    ratio, alone, both, cpu = max(pairs)
    return {
        "trials": n_trials, "one_s": round(alone, 2), "two_s": round(both, 2),
        "gain": round(ratio, 2), "cpu_gain": round(cpu, 2),
        "all": [[round(pair[0], 2), round(pair[3], 2)] for pair in pairs],
    }  # fmt: skip


def resident(n_trials: int) -> dict[str, float]:
    """Return the most memory of a search in a process of its own, in MiB."""
    code = (
        "import resource, sys; sys.path.insert(0, sys.argv[1])\n"
        "from benchmarks.searching import *\n"
        "task = task_of('momentum')\n"
        "from dataclasses import replace\n"
        "task = replace(task, tests=task.tests[:1])\n"
        "choice = Choice('numba', find(CPYTHON), 'numba', 0)\n"
        "with opened(choice, task) as host:\n"
        "    look(task, host, int(sys.argv[2]), 2)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    root = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code, root, str(n_trials)],
        capture_output=True, text=True, check=True, cwd=root,
    )  # fmt: skip
    return {"trials": n_trials, "MiB": round(int(done.stdout) / 1024, 1)}


def optuna_cost(method: str) -> dict[str, float] | None:
    """Return the CPU milliseconds that Optuna takes for a trial, without running any."""
    if find_spec("optuna") is None:
        return None
    from engine.searching.study import Study

    space = space_of(load_strategy("ma_crossover"))
    study, n_trials = Study(space, method, 320, 1, 1), 0
    before = time.process_time()
    while (columns := study.ask(32)) is not None:
        study.tell(columns, [(float(column),) for column in columns[0]])
        n_trials += len(columns[0])
    return {"trials": n_trials, "ms": round((time.process_time() - before) / n_trials * 1e3, 2)}


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    choices = {
        name: Choice(name, found, backend, 1)
        for name, kind, backend in WAYS
        if (found := find(kind)) is not None and (backend != "numba" or found.has_numba)
    }
    rows: dict[str, Any] = {}
    for strategy in SHIPPED:
        task, digests = task_of(strategy), {}
        for name, choice in choices.items():
            told = Told()
            with opened(choice, task) as host:
                look(task, host, AGREE, 3, told)
            digests[name] = told.digest.hexdigest()
        assert len(set(digests.values())) == 1, digests
        rows[strategy] = {"sha256": digests.popitem()[1]}
        for name, choice in choices.items():
            rows[strategy][name] = rate(task, choice, given.seconds)
            print(f"{strategy:15} {name:20} {rows[strategy][name]}", flush=True)
    crossing = task_of("ma_crossover")
    whole = {
        "machine": machine(), "python": platform.python_version(),
        "runtimes": {name: str(choice.interpreter) for name, choice in choices.items()},
        "bars": "720 hours of the demo market, a backtest each of five symbols",
        "load_before": [round(load, 1) for load in os.getloadavg()],
        "searches": rows,
        "two_workers": {
            name: gain(crossing, choices[name], count)
            for name, count in (("pypy", 8_000), ("numba", 30_000))
            if name in choices
        },
        "memory": [resident(count) for count in (2_000, 20_000, 200_000)],
        "optuna": {method: optuna_cost(method) for method in ("tpe", "nsga2")},
        "load_after": [round(load, 1) for load in os.getloadavg()],
    }  # fmt: skip
    text = json.dumps(whole, indent=1)
    print(text)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
