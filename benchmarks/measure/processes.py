"""Whole processes: from start-up to the printed result, and what a process costs that scans on.

Each is a command that pyperf starts again and again; nothing is warm but the disk and, unless the
name says cold, Numba's cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure.runtimes import ROOT, Runtime

FIRST_SCAN = 200
REPEATED = 2000
REPEATS = (1, 10, 100, 1000)
# Exchanges of six chains, to see what a second worker is good for.
AUDITED = 1
# Scanning so often takes plain CPython most of a minute.
MOST_REPEATS_PURE_CPYTHON = 100


@dataclass(frozen=True, slots=True)
class Process:
    """A command to time, started `starts` times: fewer where it takes long."""

    name: str
    command: tuple[str, ...]
    starts: int
    is_quick: bool = False


def csv_paths(folder: Path) -> dict[int, Path]:
    """Return where the chains of each size lie, as files."""
    return {size: folder / f"clean{size}.csv" for size in (FIRST_SCAN, REPEATED)}


def processes(runtime: Runtime, folder: Path) -> list[Process]:
    """Return the commands of one runtime; `folder` holds the chains and takes cold caches."""
    is_plain = runtime.key == "cpython-pure"
    python, paths = str(runtime.python), csv_paths(folder)
    scan = (python, "-m", "engine", "scan", "--json", "--source")
    first = (*scan, f"csv:{paths[FIRST_SCAN]}")
    found = [
        Process(f"process/first scan/{FIRST_SCAN}", first, 5, is_quick=True),
        Process("process/first scan/demo", (*scan, "demo"), 1 if is_plain else 2),
    ]
    if runtime.backend == "numba":
        # A folder of its own for every start: the compiler has to do all of it.
        cold = ("sh", "-c", 'NUMBA_CACHE_DIR=$(mktemp -d "$0/XXXXXX") exec "$@"', str(folder))
        found.append(Process(f"process/first scan, cold cache/{FIRST_SCAN}", (*cold, *first), 1))
    if not is_plain:
        jobs_2 = (*scan, "demo", "--jobs", "2")
        found.append(Process("process/first scan, 2 jobs/demo", jobs_2, 2))
    # Plain CPython would take minutes over them.
    for jobs in () if is_plain else (1, 2):
        audit = (python, "-m", "engine", "scan", "--source", "demo", "--json", "--audit")
        command = (*audit, "--seeds", str(AUDITED), "--jobs", str(jobs))
        found.append(Process(f"process/{AUDITED} audits, {jobs} jobs/demo", command, 2))
    many = (python, str(ROOT / "benchmarks/measure/many_scans.py"), str(paths[REPEATED]))
    for times in REPEATS:
        if is_plain and times > MOST_REPEATS_PURE_CPYTHON:
            continue
        name = f"process/{times} scans/{REPEATED}"
        found.append(Process(name, (*many, str(times)), 3 if times < REPEATS[2] else 1))
    return found
