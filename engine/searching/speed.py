"""How fast this machine's interpreters run trials, after they have been found to agree.

Each is measured in worker processes of its own, in CPU time, at two numbers of trials: the
difference is what trials take, the rest is the start. Wall time is for several workers alone.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from time import perf_counter

from engine.errors import VerifierMismatchError
from engine.runtime.interpreters import CPYTHON, PYPY, Interpreter, find
from engine.searching.board import Board
from engine.searching.choice import COSTS, NUMBA, Choice, Cost, opened, this_interpreter
from engine.searching.proposals import AtRandom
from engine.searching.scoring import BY_BAR, Scorer
from engine.searching.search import search
from engine.searching.task import Task

# Seconds of CPU that the longer measurement should take, by what is known of such machines.
_SECONDS = 1.5
_SHORTER = 8
_AGREE = 24
REFERENCE_BARS = 720
_WORKS = tuple(10_000 * 10 ** (k / 20) for k in range(141))  # to 100,000 million bars


@dataclass(frozen=True, slots=True)
class Speed:
    """One way to run trials: `start` in seconds, `per_bar` in nanoseconds, of CPU."""

    workers: str
    way: str  # "kernel", or "bar by bar"
    interpreter: str
    start: float
    per_bar: float
    n_trials: int

    @property
    def per_second(self) -> float:
        """Return the backtests of 720 bars that a second of CPU runs."""
        return 1e9 / (self.per_bar * REFERENCE_BARS)


@dataclass(frozen=True, slots=True)
class Processes:
    """How much sooner `jobs` workers are done than one, by the clock."""

    workers: str
    jobs: int
    one_s: float
    all_s: float

    @property
    def gain(self) -> float:
        """Return the time of one over that of all."""
        return self.one_s / self.all_s


def speeds(task: Task) -> tuple[list[Speed], list[str]]:
    """Return the speeds of all interpreters that there are, and what is not there.

    Raises
    ------
    VerifierMismatchError
        If two of them give other bytes.
    """
    has_kernel = Scorer(task).has_kernel
    found: list[Speed] = []
    missing: list[str] = []
    digests: dict[str, str] = {}
    for kind, backends in ((CPYTHON, ("pure", "numba")), (PYPY, ("pure",))):
        own = this_interpreter()
        interpreter = own if own.kind == kind else find(kind)
        if interpreter is None:
            missing.append(f"no {kind} on this machine can run the engine")
            continue
        for backend in backends:
            if backend == "numba" and not interpreter.has_numba:
                missing.append(f"{interpreter} has no Numba")
                continue
            name = "numba" if backend == "numba" else kind.lower()
            ways = [backend] if has_kernel else []
            if backend == "pure":
                ways.append(BY_BAR)
            for way in ways:
                digests[f"{name}, {_way(way)}"] = _digest(task, interpreter, way)
                found.append(_speed(task, name, interpreter, way))
    if len(set(digests.values())) > 1:
        raise VerifierMismatchError(
            "runtimes disagree on the same trials: "
            + ", ".join(f"{name} {digest[:8]}" for name, digest in digests.items())
        )
    return found, missing


def processes(task: Task, best: Speed, jobs: int) -> Processes:
    """Return how `jobs` workers of the kind of `best` do against one, on the same trials."""
    interpreter = _interpreter_of(best.workers)
    backend = "numba" if best.workers == "numba" else "pure"
    way = backend if best.way == "kernel" else BY_BAR
    n_trials = max(jobs * 8, min(20_000, int(2.5e9 / (best.per_bar * task.n_bars))))
    times = [
        _run(task, Choice(best.workers, interpreter, way, count), n_trials, warm=jobs * 4)[1]
        for count in (1, jobs)
    ]
    return Processes(best.workers, jobs, *times)


def rule(found: Sequence[Speed], kind: str) -> list[tuple[float, str]]:
    """Return up to how many bars of trials which workers are fastest, from a front of `kind`.

    The last has no limit: inf.
    """
    ways = {one.workers: one for one in sorted(found, key=lambda one: -one.per_bar)}
    names: list[str] = []
    limits: list[float] = []
    for work in _WORKS:
        name = min(ways, key=lambda name: _seconds(ways[name], work, kind))
        if not names or names[-1] != name:
            names.append(name)
            limits.append(work)
    return [
        (limits[k + 1] if k + 1 < len(names) else float("inf"), name)
        for k, name in enumerate(names)
    ]


def _seconds(one: Speed, work: float, kind: str) -> float:
    is_here = one.workers == kind.lower()
    return (0.0 if is_here else one.start) + work * one.per_bar * 1e-9


def _way(backend: str) -> str:
    return "bar by bar" if backend == BY_BAR else "kernel"


def _interpreter_of(workers: str) -> Interpreter:
    kind = PYPY if workers == "pypy" else CPYTHON
    own = this_interpreter()
    found = own if own.kind == kind else find(kind)
    assert found is not None
    return found


def _speed(task: Task, name: str, interpreter: Interpreter, backend: str) -> Speed:
    cost: Cost = NUMBA if backend == "numba" else COSTS["child"][interpreter.kind]
    per_bar = cost.by_bar if backend == BY_BAR else cost.kernel
    long = max(_SHORTER, min(200_000, int(_SECONDS * 1e9 / (per_bar * task.n_bars))))
    short = max(1, long // _SHORTER)
    choice = Choice(name, interpreter, backend, 1)
    less, more = (_run(task, choice, count)[0] for count in (short, long))
    measured = max(1e-3, (more - less) / ((long - short) * task.n_bars) * 1e9)
    start = max(0.0, less - measured * 1e-9 * short * task.n_bars)
    return Speed(name, _way(backend), str(interpreter), start, measured, long)


def _run(task: Task, choice: Choice, n_trials: int, warm: int = 0) -> tuple[float, float]:
    """Return the CPU seconds of the workers, and the wall seconds after a warm start."""
    before = os.times()
    space = task.space()
    with opened(choice, task) as host:
        if warm:
            search(
                AtRandom(space, warm, 1), Board(space, ["sharpe"], warm), host, n_bars=task.n_bars
            )
        began = perf_counter()
        search(
            AtRandom(space, n_trials, 2), Board(space, ["sharpe"], n_trials), host,
            n_bars=task.n_bars,
        )  # fmt: skip
        wall = perf_counter() - began
    after = os.times()
    cpu = after.children_user + after.children_system
    return cpu - before.children_user - before.children_system, wall


def _digest(task: Task, interpreter: Interpreter, backend: str) -> str:
    """Return a digest of the scores of a few trials, at most of their first bars."""
    digest = sha256()

    class Told:
        def take(self, first: int, columns: Sequence[array[float]], scores: array[float]) -> None:
            digest.update(scores.tobytes())

    space = task.space()
    few = replace(task, tests=task.tests[:2])
    with opened(Choice("", interpreter, backend, 1), few) as host:
        board = Board(space, ["sharpe"], _AGREE)
        search(AtRandom(space, _AGREE, 3), board, host, n_bars=few.n_bars, sinks=[Told()])
    return digest.hexdigest()
