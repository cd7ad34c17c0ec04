"""How each workload is measured: which values pyperf takes of it, by runtime and by what it costs.

A process per workload and no second one to calibrate: how many runs a value is made of, bench.py
finds out while it warms up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.measure.runtimes import Runtime
from benchmarks.page.targets import TARGETS, C

# Seconds before the first value. PyPy compiles a scan branch by branch, each after a thousand runs.
WARM_UP_SCAN, WARM_UP_QUICK = 20.0, 2.0
WARM_UP = {"kernel": 1.0, "engine": 5.0}
# One run of these takes long enough for few to do.
LARGE = 20_000
# Plain CPython would take minutes over one run of more.
MOST_ON_PURE_CPYTHON = 20_000

# Options of pyperf: processes, values of each, values to warm up, runs of a value. Values are many
# and short, so that on a shared machine some of them are measured undisturbed.
Options = dict[str, int]
# What --quick and many values are taken of in plain Python: the rest takes it too long.
SHORT_PLAIN = ("kernel/conversion and reversal/", "kernel/box/", "kernel/price/")
MANY: Options = {"p": 1, "n": 15, "w": 1, "l": 1}
# A run takes seconds, and without a compiler one is as good as another.
FEW: Options = {"p": 1, "n": 3, "w": 0, "l": 1}
# What a round adds to the first.
AGAIN: Options = {"p": 1, "n": 7, "w": 1, "l": 1}
Job = tuple[Options, list[str]]
Entry = Mapping[str, Any]


def starts(times: int) -> Options:
    """Return the options of a whole process that is started so many times."""
    return {"p": 1, "n": times, "w": 0, "l": 1}


def is_measured(runtime: Runtime, entry: Entry) -> bool:
    """Return whether a workload of the catalogue is measured on a runtime."""
    is_spared = runtime.key == "cpython-pure" and entry["contracts"] > MOST_ON_PURE_CPYTHON
    is_there = entry["needs"] in ("", runtime.backend)
    return runtime.what in entry["what"] and is_there and not is_spared


def is_quick(runtime: Runtime, entry: Entry) -> bool:
    """Return whether ``--quick`` measures a workload on a runtime."""
    return (
        entry["is_quick"]
        and not (runtime.is_pypy and runtime.what == "plain")
        and not _is_long(runtime, entry)
    )


def _is_long(runtime: Runtime, entry: Entry) -> bool:
    return runtime.what == "plain" and not entry["name"].startswith(SHORT_PLAIN)


def jobs(
    runtime: Runtime, entries: Sequence[Entry], *, is_quick: bool, is_again: bool
) -> list[Job]:
    """Return one call of bench.py for all workloads that are measured alike."""
    groups: dict[tuple[bool, float], list[str]] = {}
    for entry in entries:
        is_few = entry["contracts"] >= LARGE or runtime.key == "cpython-pure"
        is_few |= _is_long(runtime, entry) and not runtime.is_pypy
        warm_up = WARM_UP.get(entry["name"].split("/")[0], WARM_UP_SCAN)
        warm_up = min(warm_up, WARM_UP_QUICK) if is_quick else warm_up
        groups.setdefault((is_few, warm_up), []).append(entry["name"])
    found: list[Job] = []
    for (is_few, warm_up), names in groups.items():
        options = FEW if is_few else AGAIN if is_again else MANY
        named = [argument for name in names for argument in ("--workload", name)]
        if runtime.is_pypy:
            named += ["--warm-up", str(warm_up)]
        found.append((options, ["--what", runtime.what, *named]))
    return found


def judged(runtime: Runtime, entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the workloads whose cost on this runtime a target rests on; of C, all of them.

    C stands beside every target of its workloads, whatever that is relative to.
    """
    named = {
        name
        for target in TARGETS
        if not target.is_once and (runtime.key == C or runtime.key in (target.key, target.other))
        for name in (target.name, target.against)
    }
    return [entry for entry in entries if entry["name"] in named]
