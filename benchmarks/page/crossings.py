"""The files of crossover.py as values, and the sizes at which one runtime overtakes another."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.measure.works import WORKS
from benchmarks.page.results import CROSSOVER

Json = dict[str, Any]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Crossings:
    """The crossover files of one machine, by runtime."""

    files: dict[str, Json]

    def points(self, key: str, work: str) -> list[Point]:
        """Return size and least seconds of whole processes."""
        rows = self.files.get(key, {}).get("totals", ())
        return [
            (float(row["size"]), min(row["total_s"]))
            for row in rows
            if row["work"] == work and "failed" not in row
        ]

    def rows(self, kind: str, work: str) -> list[tuple[str, Json]]:
        """Return the rows of all runtimes: ``totals`` or ``calls``."""
        return [
            (key, row) for key, file in self.files.items() for row in file[kind]
            if row["work"] == work and (kind == "calls" or "failed" not in row)
        ]  # fmt: skip

    def unit(self, work: str) -> str:
        """Return what the size of a work counts."""
        return WORKS[work].unit if work in WORKS else work

    @property
    def works(self) -> list[str]:
        """The works that were measured, in their order."""
        found = {row["work"] for file in self.files.values() for row in file["totals"]}
        return [*(name for name in WORKS if name in found), *sorted(found - set(WORKS))]


def read_crossings(folder: Path) -> Crossings:
    """Return what crossover.py measured on one machine; empty where it did not."""
    paths = sorted(folder.glob(f"{CROSSOVER}*.json"))
    return Crossings(
        {path.stem.removeprefix(CROSSOVER): json.loads(path.read_text()) for path in paths}
    )


def overtaken(slow: Sequence[Point], fast: Sequence[Point]) -> float | None:
    """Return the size from which on `fast` takes less than `slow`; 0 if at every size.

    Between the sizes that both were measured at, seconds are drawn as straight lines on log
    scales. None if `fast` does not overtake at the sizes measured.

    >>> overtaken([(1.0, 1.0), (100.0, 100.0)], [(1.0, 10.0), (100.0, 10.0)])
    10.0
    """
    known = dict(fast)
    gaps = [(size, math.log(known[size] / taken)) for size, taken in slow if size in known]
    if not gaps or gaps[-1][1] >= 0.0:
        return None
    for (left, before), (right, after) in reversed(list(pairwise(gaps))):
        if before >= 0.0 > after:
            share = before / (before - after)
            return float(f"{left * (right / left) ** share:.3g}")
    return 0.0
