"""Result files as values: what one runtime took for each workload.

Read with the standard library alone, so that the page can be checked where pyperf is not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "results"
# Files of crossover.py and peers.py lie beside those of pyperf and have forms of their own.
CROSSOVER = "crossover-"
PEERS = "peers.json"


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one run of a workload, over all values of all processes.

    `per` is what a cost is given per and `count` how many of them a run works through; `rss` the
    most memory of a process, in bytes, 0 where it was not noted; `rounds` the least of each round.
    """

    name: str
    values: tuple[float, ...]
    per: str
    count: int
    rss: int
    rounds: tuple[float, ...] = ()

    @property
    def least(self) -> float:
        """The least of the values: what the work takes when nothing disturbs it."""
        return min(self.values)

    @property
    def middle(self) -> float:
        """Their median."""
        return median(self.values)


@dataclass(frozen=True, slots=True)
class Record:
    """One result file."""

    key: str
    about: dict[str, Any]
    timings: dict[str, Timing]
    loads: tuple[float, ...]
    dates: tuple[str, ...]
    backend: str


def newest_host(results: Path = RESULTS) -> Path:
    """Return the folder of the machine measured last."""
    folders = [folder for folder in results.iterdir() if folder.is_dir() and read_host(folder)]
    return max(folders, key=lambda folder: max(r.dates[-1] for r in read_host(folder).values()))


def read_host(folder: Path) -> dict[str, Record]:
    """Return every record of one machine, by runtime."""
    return {
        path.stem: read_record(path)
        for path in sorted(folder.glob("*.json"))
        if not path.name.startswith(CROSSOVER) and path.name != PEERS
    }


def read_peers(folder: Path) -> dict[str, Record]:
    """Return what peers.py measured on one machine as records, by peer; empty where it did not."""
    path = folder / PEERS
    content = json.loads(path.read_text()) if path.exists() else {"measured": []}
    found: dict[str, Record] = {}
    for row in content["measured"]:
        date = (content["about"]["date"],)
        loads = (content["about"]["load_avg_1min"],)
        record = found.setdefault(
            row["peer"], Record(row["peer"], content["about"], {}, loads, date, row["version"])
        )
        timing = Timing(row["workload"], (row["least_s"],), "row", row["count"], 0)
        record.timings[timing.name] = timing
    return found


def cost(record: Record | None, name: str) -> float | None:
    """Return the least seconds per unit of a workload, None where it was not measured."""
    timing = record.timings.get(name) if record else None
    return timing.least / timing.count if timing else None


def cost_by_round(record: Record | None, name: str) -> tuple[float, ...]:
    """Return the least seconds per unit of each round, in order; empty where not measured."""
    timing = record.timings.get(name) if record else None
    return tuple(least / timing.count for least in timing.rounds) if timing else ()


def read_record(path: Path) -> Record:
    """Return one result file."""
    content = json.loads(path.read_text())
    shared = content["metadata"]
    timings, loads, dates, backends = {}, [], [], []
    for benchmark in content["benchmarks"]:
        about = {**shared, **benchmark["metadata"]}
        values: list[float] = []
        rounds: dict[int, list[float]] = {}
        rss = about.get("command_max_rss", 0) or about.get("mem_max_rss", 0)
        for run in benchmark["runs"]:
            noted = {**about, **run["metadata"]}
            values += run.get("values", ())
            rounds.setdefault(noted.get("round", 0), []).extend(run.get("values", ()))
            rss = max(rss, run["metadata"].get("command_max_rss", 0) or rss)
            loads.append(noted["load_avg_1min"])
            dates.append(noted["date"])
        if about["backend"] != "whole process":
            backends.append(about["backend"])
        timings[about["name"]] = Timing(
            about["name"], tuple(values), about.get("per", "run"), about.get("per_count", 1), rss,
            tuple(min(found) for _, found in sorted(rounds.items()) if found),
        )  # fmt: skip
    return Record(
        path.stem, shared, timings, tuple(loads), tuple(sorted(dates)), (backends or [""])[0]
    )
