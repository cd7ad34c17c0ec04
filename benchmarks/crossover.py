"""Whole processes against the size of their work, and calls that repeat: for one runtime.

Started by run.py for each runtime of the engine. A process is start-up, import, compiler or
warm-up, input and work; at which size one runtime overtakes another follows from these totals. In
a process that goes on, every call is timed: what it takes once warm, at the 99th of a hundred,
and how long until it is warm. PyPy is also measured with other settings of its collector.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from records import write_json
from runtimes import ROOT, Runtime, machine
from works import WORKS, Work

HERE = Path(__file__).resolve().parent
REPEATS = 3
# Sizes are raised as long as a process would not take longer; repeats end when it is spent.
MOST_S, MOST_S_QUICK = 20.0, 3.0
CALLS_S, CALLS_S_QUICK = 15.0, 2.0
# Calls at the end that count as the steady state, as a share of all, and how near is warm.
STEADY_SHARE, WARM = 1 / 3, 0.9
# As many calls together are looked at: a single one may have met a pause.
WINDOW = 11

# Settings of PyPy's collector that are compared, by the words of the table.
COLLECTOR: dict[str, dict[str, str]] = {
    "nursery of 1 MB": {"PYPY_GC_NURSERY": "1MB"},
    "nursery of 32 MB": {"PYPY_GC_NURSERY": "32MB"},
    "major collection at 1.3 times": {"PYPY_GC_MAJOR_COLLECT": "1.3"},
    "at most 200 MB": {"PYPY_GC_MAX": "200MB"},
}
DEFAULT = "default"
Json = dict[str, Any]


class ProcessFailedError(Exception):
    """A process of the crossovers ended with an error; the message is its last line."""


def process(
    runtime: Runtime, work: str, size: int, folder: Path, *flags: str, **environ: str
) -> Json:
    """Start one process, return its report and the seconds from start to end.

    Raises
    ------
    ProcessFailedError
        If it does not end with 0.
    """
    command = [
        str(runtime.python), str(HERE / "work_process.py"), work, str(size), str(folder), *flags
    ]  # fmt: skip
    start = perf_counter()
    done = subprocess.run(
        command, env={**runtime.environment, **environ}, cwd=ROOT, capture_output=True, text=True
    )
    total = perf_counter() - start
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ProcessFailedError(f"{runtime.key}: {work} of {size}: {last}")
    return {**json.loads(done.stdout), "total_s": total}


def answers(runtime: Runtime, folder: Path, works: Sequence[str]) -> dict[str, str]:
    """Return the answers at the smallest size, which also fills Numba's cache."""
    return {
        f"crossover/{name}": process(runtime, name, WORKS[name].sizes[0], folder)["answer"]
        for name in works
    }


def totals(runtime: Runtime, work: Work, folder: Path, *, is_quick: bool) -> list[Json]:
    """Return what processes take by size, until one would take too long.

    Sizes are gone through in rounds, so that what disturbs the machine for a while meets them all.
    """
    most, rounds = (MOST_S_QUICK, 1) if is_quick else (MOST_S, REPEATS)
    found: dict[int, list[Json]] = {}
    for size in work.sizes:
        found[size] = [process(runtime, work.name, size, folder)]
        # The smallest is all start-up and compiler; what is above that grows with the size.
        above = found[size][0]["total_s"] - found[work.sizes[0]][0]["total_s"]
        following = next((more for more in work.sizes if more > size), size)
        if above * following / size > most:
            break
    for _ in range(rounds - 1):
        for size, reports in found.items():
            if sum(one["total_s"] for one in reports) < most:
                reports.append(process(runtime, work.name, size, folder))
    return [_total(work, size, reports) for size, reports in found.items()]


def _total(work: Work, size: int, reports: Sequence[Json]) -> Json:
    best = min(reports, key=lambda report: float(report["total_s"]))
    return {
        "work": work.name,
        "size": size,
        "total_s": [report["total_s"] for report in reports],
        **{part: best[part] for part in ("import_s", "prepare_s", "work_s", "memory")},
    }


def repeated(runtime: Runtime, work: Work, folder: Path, *, is_quick: bool) -> list[Json]:
    """Return what calls take in a process that goes on, by setting of the collector.

    Of two rounds through all settings the one with the lesser middle counts.
    """
    settings: Mapping[str, Mapping[str, str]] = {DEFAULT: {}}
    if runtime.is_pypy and work.makes_garbage:
        settings = {**settings, **COLLECTOR}
    seconds, rounds = (CALLS_S_QUICK, 1) if is_quick else (CALLS_S, 2)
    found: dict[str, Json] = {}
    for _ in range(rounds):
        for setting, environ in settings.items():
            row = _calls(runtime, work, folder, seconds, setting, environ)
            before = found.get(setting, row)
            found[setting] = min(before, row, key=lambda one: float(one.get("p50_s", math.inf)))
    return list(found.values())


def _calls(
    runtime: Runtime,
    work: Work,
    folder: Path,
    seconds: float,
    setting: str,
    environ: Mapping[str, str],
) -> Json:
    about = {"work": work.name, "size": work.calls, "setting": setting}
    flags = ("--seconds", str(seconds))
    try:
        report = process(runtime, work.name, work.calls, folder, *flags, **environ)
    except ProcessFailedError as error:
        # A limit that is too low ends the process: that is a result too.
        return {**about, "failed": str(error)}
    kept = {key: report[key] for key in ("memory", "backend")}
    return {**about, **kept, **summary(report["calls"])}


def summary(calls: Sequence[float]) -> Json:
    """Return how long calls take once warm, and how long it was until then.

    Steady is the middle of the last third. Warm is the first window of calls whose middle is at
    most that over 0.9, so that the rate is nine tenths of the steady one; what it took to get
    there counts from the first call. Percentiles are of all calls from there on, pauses of the
    garbage collector included.
    """
    steady = median(calls[-max(1, round(STEADY_SHARE * len(calls))) :])
    start = next(
        (
            k
            for k in range(len(calls))
            if median(calls[k : k + WINDOW]) <= steady / WARM
        ),
        len(calls) - 1,
    )  # fmt: skip
    warm = sorted(calls[start:])
    return {
        "calls": len(calls),
        "first_s": calls[0],
        "steady_s": steady,
        "to_warm_s": sum(calls[:start]),
        "p50_s": percentile(warm, 0.50),
        "p99_s": percentile(warm, 0.99),
        "most_s": warm[-1],
    }


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the least value that `share` of all do not exceed.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def measure(
    runtime: Runtime,
    works: Sequence[str],
    folder: Path,
    path: Path,
    facts: Mapping[str, str],
    *,
    is_quick: bool,
) -> None:
    """Measure works on one runtime and write its file."""
    load = os.getloadavg()[0]
    found: list[Json] = []
    calls: list[Json] = []
    for name in works:
        found += totals(runtime, WORKS[name], folder, is_quick=is_quick)
        calls += repeated(runtime, WORKS[name], folder, is_quick=is_quick)
    about = {
        **facts,
        **machine(),
        "backend": next((one["backend"] for one in calls if "backend" in one), ""),
        "load_avg_1min": load,
        "is_quick": is_quick,
        "date": now(),
    }
    write_json(path, {"about": about, "totals": found, "calls": calls})


def now() -> str:
    """Return the date of a measurement as pyperf writes it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
