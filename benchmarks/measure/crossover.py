"""Whole processes against the size of their work, and calls that repeat: for one runtime.

Started by run.py for each runtime of the engine. A process is start-up, import, compiler or
warm-up, input and work; at which size one runtime overtakes another follows from these totals. In
a process that goes on, every call is timed: what it takes once warm, at the 99th of a hundred,
and how long until it is warm; also with other settings of the garbage collector.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.measure.records import write_json
from benchmarks.measure.runtimes import ROOT, Runtime, machine
from benchmarks.measure.works import WORKS, Work

HERE = Path(__file__).resolve().parent
REPEATS = 3
# Sizes are raised as long as a process would not take longer than the first; repeats of a size end
# when the second is spent.
MOST_S, MOST_S_QUICK = 10.0, 2.0
SPENT_S = 3.0
# PyPy compiles on while sizes grow: what comes next costs less than the last two sizes foretell.
SLACK_PYPY = 2.0
CALLS_S_QUICK = 1.0
# What takes so many times longer than foreseen hangs.
HANGS = 10.0
# Calls at the end that count as the steady state, as a share of all, and how near is warm.
STEADY_SHARE, WARM = 1 / 3, 0.9
# As many calls together are looked at: a single one may have met a pause.
WINDOW = 11

# Settings of the collectors that are compared, by the words of the table: what is in the
# environment of a process, or what it does once it is prepared.
DEFAULT = "default"
Setting = Mapping[str, str]
OFF: dict[str, Setting] = {"gc.disable()": {"--collector": "disable"}}
# A limit above what the work holds: what it seems to change is noise.
NEVER_MET, NEVER_MET_BYTES = "at most 200 MB", 200e6
PYPY: dict[str, Setting] = {
    "nursery of 1 MB": {"PYPY_GC_NURSERY": "1MB"},
    "nursery of 32 MB": {"PYPY_GC_NURSERY": "32MB"},
    "major collection at 1.3 times": {"PYPY_GC_MAJOR_COLLECT": "1.3"},
    NEVER_MET: {"PYPY_GC_MAX": "200MB"},
    **OFF,
}
CPYTHON: dict[str, Setting] = {"gc.freeze()": {"--collector": "freeze"}, **OFF}
Json = dict[str, Any]
Tell = Callable[[str], None]


class ProcessFailedError(Exception):
    """A process of the crossovers ended with an error; the message is its last line."""


def settings(runtime: Runtime, work: Work) -> dict[str, Setting]:
    """Return the settings of the collector that repeated calls are measured with."""
    if not work.makes_garbage:
        return {DEFAULT: {}}
    return {DEFAULT: {}, **(PYPY if runtime.is_pypy else CPYTHON)}


def steps(works: Sequence[str]) -> int:
    """Return how many things `measure` tells of."""
    return 2 * len(works)


def process(
    runtime: Runtime, work: str, size: int, folder: Path, *flags: str, **environ: str
) -> Json:
    """Start one process, return its report and the seconds from start to end.

    Raises
    ------
    ProcessFailedError
        If it does not end with 0, or not at all.
    """
    command = [
        str(runtime.python), str(HERE / "work_process.py"), work, str(size), str(folder), *flags
    ]  # fmt: skip
    start = perf_counter()
    what = f"{runtime.key}: {work} of {size}"
    try:
        done = subprocess.run(
            command, env={**runtime.environment, **environ}, cwd=ROOT, capture_output=True,
            text=True, timeout=HANGS * MOST_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ProcessFailedError(f"{what}: not done in {HANGS * MOST_S:g} s") from None
    total = perf_counter() - start
    if done.returncode:
        ended = f"ended with {done.returncode}"
        last = (done.stderr.strip().splitlines() or [ended])[-1]
        raise ProcessFailedError(f"{what}: {last}")
    return {**json.loads(done.stdout), "total_s": total}


def answers(runtime: Runtime, folder: Path, works: Sequence[str]) -> dict[str, str]:
    """Return the answers at the smallest size, which also fills Numba's cache."""
    return {
        f"crossover/{name}": process(runtime, name, WORKS[name].sizes[0], folder, "--answer")[
            "answer"
        ]
        for name in works
    }


def totals(runtime: Runtime, work: Work, folder: Path, *, is_quick: bool) -> list[Json]:
    """Return what processes take by size, until one would take too long.

    Sizes are gone through in rounds, so that what disturbs the machine for a while meets them all.
    """
    most, rounds = (MOST_S_QUICK, 1) if is_quick else (MOST_S, REPEATS)
    most *= SLACK_PYPY if runtime.is_pypy else 1.0
    found: dict[int, list[Json]] = {}
    failed: list[Json] = []
    before, took = 0, 0.0
    for size, following in zip(work.sizes, [*work.sizes[1:], 0], strict=True):
        try:
            found[size] = [process(runtime, work.name, size, folder)]
        except ProcessFailedError as error:
            failed.append({"work": work.name, "size": size, "failed": str(error)})
            break
        now = float(found[size][0]["total_s"])
        # The smallest is all start-up and compiler: how it grows is known from the second on.
        if before:
            slope = max(0.0, now - took) / (size - before)
            if now + slope * (following - size) > most:
                break
        before, took = size, now
    for _ in range(rounds - 1):
        for size, reports in found.items():
            if sum(one["total_s"] for one in reports) < SPENT_S:
                reports.append(process(runtime, work.name, size, folder))
    return [*(_total(work, size, reports) for size, reports in found.items()), *failed]


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

    Of two rounds through all settings the one with the lesser middle counts; the middles of both
    are noted, since how far they are apart is what says nothing about a setting.
    """
    seconds, rounds = (CALLS_S_QUICK, 1) if is_quick else (work.seconds, 2)
    found: dict[str, Json] = {}
    middles: dict[str, list[float]] = {}
    for _ in range(rounds):
        for setting, how in settings(runtime, work).items():
            row = _calls(runtime, work, folder, seconds, setting, how)
            before = found.get(setting, row)
            found[setting] = min(before, row, key=lambda one: float(one.get("p50_s", math.inf)))
            if "p50_s" in row:
                middles.setdefault(setting, []).append(row["p50_s"])
    return [{**row, "p50_rounds_s": middles.get(setting, [])} for setting, row in found.items()]


def _calls(
    runtime: Runtime,
    work: Work,
    folder: Path,
    seconds: float,
    setting: str,
    how: Setting,
) -> Json:
    about = {"work": work.name, "size": work.calls, "setting": setting}
    flags = ["--seconds", str(seconds)]
    flags += [word for name in how if name.startswith("-") for word in (name, how[name])]
    environ = {name: value for name, value in how.items() if not name.startswith("-")}
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
        "warm_calls": len(warm),
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
    facts: Mapping[str, object],
    *,
    is_quick: bool,
    tell: Tell = lambda text: None,
) -> None:
    """Measure works on one runtime and write its file."""
    load = os.getloadavg()[0]
    found: list[Json] = []
    calls: list[Json] = []
    for name in works:
        found += totals(runtime, WORKS[name], folder, is_quick=is_quick)
        tell(f"{name} by size")
        calls += repeated(runtime, WORKS[name], folder, is_quick=is_quick)
        tell(f"{name} again and again")
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
