"""Which runtime and backend to use for work of given sizes: measured here, and chosen by numbers.

A process costs its start once, warm-up or compiler over its first scans, and from then on the same
for every scan. `measure` starts one process for each choice; `once` and `living` add up. Bars and
ticks are measured like scans: what is said of chains holds of pieces of them, and of contracts for
bars and ticks.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from engine import __version__
from engine.runtime.interpreters import CPYTHON, KINDS, PYPY, ROOT, Interpreter, environment, find

SCAN, BARS, TICKS = "scan", "bars", "ticks"
# Larger chains cost the same per contract; measuring them would take long. Of bars and ticks this
# many are a piece.
MOST_CONTRACTS = 4000
LARGEST_PIECE = {SCAN: MOST_CONTRACTS, BARS: 20_000, TICKS: 5000}
# PyPy compiles a scan branch by branch, and needs longer until it is warm.
SECONDS = {CPYTHON: 1.5, PYPY: 4.0}
# Of the seconds of a scan: a loop of one kernel is warm sooner.
SHARE_OF_SECONDS = {SCAN: 1.0, BARS: 0.3, TICKS: 0.3}
# Only a backend that has to compile everything first takes longer.
TIMEOUT = 12.0
STEADY_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class Measured:
    """What one choice took on this machine.

    Attributes
    ----------
    kind, version, python, backend
        The choice: an interpreter and a set of kernels.
    start_s
        Seconds of a process that scans nothing.
    calls_s
        Seconds of the first scans, in order.
    contracts
        How many contracts the scanned chain had.
    memory
        The most memory of the process, in bytes; 0 where it is not known.
    """

    kind: str
    version: str
    python: str
    backend: str
    start_s: float
    calls_s: tuple[float, ...]
    contracts: int
    memory: int

    @property
    def name(self) -> str:
        """What a person calls it: ``CPython 3.11.7, numba``."""
        return f"{self.kind} {self.version}, {self.backend}"

    @property
    def steady_s(self) -> float:
        """Seconds of a scan once warm: the middle of the last third."""
        return median(self.calls_s[-max(1, round(STEADY_SHARE * len(self.calls_s))) :])

    def each_s(self, contracts: int) -> float:
        """Return the seconds of a warm scan of a chain of `contracts`: as many times more."""
        return self.steady_s * contracts / self.contracts

    def total_s(self, contracts: int, chains: int) -> float:
        """Return the seconds of a process that scans `chains` chains and ends."""
        first = self.calls_s[:chains]
        warm_up = max(0.0, sum(first) - len(first) * self.steady_s)
        return self.start_s + warm_up + chains * self.each_s(contracts)


def once(measured: Sequence[Measured], contracts: int, chains: int) -> list[Measured]:
    """Return the choices for a process that scans `chains` chains and ends, the fastest first."""
    return sorted(measured, key=lambda one: one.total_s(contracts, chains))


def living(measured: Sequence[Measured], contracts: int) -> list[Measured]:
    """Return the choices for a process that goes on, the fastest first."""
    return sorted(measured, key=lambda one: one.each_s(contracts))


def pieces(work: str, size: int) -> tuple[int, int]:
    """Return the size of a piece of bars or ticks, and how many of them `size` is.

    >>> pieces(BARS, 1_000_000), pieces(TICKS, 300)
    ((20000, 50), (300, 1))
    """
    piece = min(size, LARGEST_PIECE[work])
    return piece, -(-size // piece)


def measure(size: int, work: str = SCAN) -> tuple[list[Measured], list[str]]:
    """Return what every interpreter and backend of this machine takes, and what was not measured.

    `size` is that of a chain, or the number of bars or ticks. Scans take less than 20 seconds: a
    backend that is not ready by then is named instead.
    """
    measured: list[Measured] = []
    missing: list[str] = []
    for kind in KINDS:
        interpreter = find(kind)
        if interpreter is None:
            where = "scripts/environments.sh " + ("cpython" if kind == CPYTHON else "pypy")
            missing.append(f"{kind}: none on this machine can run the engine: {where}")
            continue
        for backend in ("pure", "numba") if interpreter.has_numba else ("pure",):
            found = _probe(interpreter, backend, min(size, LARGEST_PIECE[work]), work)
            if isinstance(found, Measured):
                measured.append(found)
            else:
                missing.append(found)
        if kind == CPYTHON and not interpreter.has_numba:
            missing.append(f"Numba: {interpreter} does not have it")
    return measured, missing


def _probe(
    interpreter: Interpreter, backend: str, contracts: int, work: str = SCAN
) -> Measured | str:
    """Return what one choice takes, or a line that says why it was not measured."""
    name = f"{interpreter}, {backend}"
    seconds = SHARE_OF_SECONDS[work] * SECONDS[interpreter.kind]
    command = [
        interpreter.path, "-m", "engine.runtime.advice_probe", work, str(contracts), str(seconds)
    ]  # fmt: skip
    start = time.perf_counter()
    try:
        # From the engine's own folder: Python looks for modules there first.
        done = subprocess.run(
            command, cwd=ROOT, env=environment(ENGINE_BACKEND=backend), capture_output=True,
            text=True, timeout=TIMEOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        why = (
            "its kernels may not be compiled yet: parity backend --warm"
            if backend == "numba"
            else ""
        )
        return f"{name}: not ready in {TIMEOUT:g} s{'; ' if why else ''}{why}"
    wall = time.perf_counter() - start
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"{name}: ended with {done.returncode}: {last}"
    report = json.loads(done.stdout)
    calls = tuple(report["calls_s"])
    return Measured(
        interpreter.kind, interpreter.version, interpreter.path, backend,
        max(0.0, wall - report["prepare_s"] - sum(calls)), calls, contracts, report["memory"],
    )  # fmt: skip


def path() -> Path:
    """Return where the last advice of this environment is kept for ``scan --runtime auto``.

    Another environment may have other kernels: what was measured here says nothing of it.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    environment_id = hashlib.sha256(os.fsencode(sys.prefix)).hexdigest()[:12]
    return Path(cache) / "parity-engine" / f"advice-{environment_id}.json"


def save(measured: Sequence[Measured], contracts: int, chains: int) -> None:
    """Keep what was measured; silently not, where there is nowhere to keep it."""
    document = {
        "version": __version__,
        "contracts": contracts,
        "chains": chains,
        "measured": [asdict(one) for one in measured],
    }
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        path().write_text(json.dumps(document), encoding="utf-8")
    except OSError:
        return


def saved() -> tuple[list[Measured], int, int] | None:
    """Return what was measured last, with its sizes; None if nothing was, or by another version."""
    try:
        document: dict[str, Any] = json.loads(path().read_text(encoding="utf-8"))
        if document["version"] != __version__:
            return None
        rows = [{**row, "calls_s": tuple(row["calls_s"])} for row in document["measured"]]
        found = [Measured(**row) for row in rows]
        sizes = int(document["contracts"]), int(document["chains"])
        is_sound = min(sizes) > 0 and all(
            one.calls_s and one.contracts > 0 and math.isfinite(one.start_s + sum(one.calls_s))
            for one in found
        )
        there = [one for one in found if Path(one.python).exists()]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (there, *sizes) if there and is_sound else None
