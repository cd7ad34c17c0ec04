"""Run one peer on our data, in the peer's own environment: knows nothing of the engine.

    child.py PEER FOLDER SECONDS

FOLDER holds columns as raw doubles, written by `benchmarks.peers.measure`. Prints JSON: for each
workload the least seconds of its calls, and by how much the peer's answer differs from ours where
it gives one.
"""

from __future__ import annotations

import json
import math
import sys
from array import array
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

if __name__ == "__main__":
    # Last: a peer meets its own packages first.
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    del sys.path[0]

from benchmarks.peers import events as peer_events
from benchmarks.peers import options as peer_options
from benchmarks.peers import series as peer_series
from benchmarks.peers.adapter import Adapter, Columns

ADAPTERS: dict[str, tuple[Adapter, ...]] = {
    **peer_options.ADAPTERS, **peer_series.ADAPTERS, **peer_events.ADAPTERS,
}  # fmt: skip


def read(folder: Path) -> Columns:
    """Return every column of a folder by name."""
    found: Columns = {}
    for path in folder.glob("*.f64"):
        column = array("d")
        column.frombytes(path.read_bytes())
        found[path.stem] = column
    return found


def measured(peer: str, adapter: Adapter, columns: Columns, seconds: float) -> dict[str, Any]:
    """Return what one workload takes, after its answer was compared."""
    run = adapter.prepare(columns)
    found = run()
    worst = None
    if adapter.answers:
        found = found if adapter.part is None else found[adapter.part]
        pairs = zip(map(float, found), columns[adapter.answers], strict=True)
        worst = max((abs(a - b) for a, b in pairs if a == a and b == b), default=math.nan)
    run()
    values: list[float] = []
    end = perf_counter() + seconds
    while len(values) < 3 or perf_counter() < end:
        start = perf_counter()
        run()
        values.append(perf_counter() - start)
    count = adapter.count
    return {
        "peer": peer,
        "version": version(peer.replace("_", "-")),
        "workload": adapter.workload,
        "least_s": min(values),
        "middle_s": sorted(values)[len(values) // 2],
        "calls": len(values),
        "count": int(count) if count.isdigit() else len(columns[count]),
        "worst_difference": worst,
        "note": adapter.note,
    }


def main(peer: str, folder: str, seconds: str) -> None:
    """Print what the workloads of one peer take; one that fails says so in its place."""
    columns = read(Path(folder))
    rows = []
    for adapter in ADAPTERS[peer]:
        try:
            rows.append(measured(peer, adapter, columns, float(seconds)))
        except Exception as error:  # peers fail in their own ways, and others are still measured
            why = f"{type(error).__name__}: {error}".splitlines()[0]
            rows.append({"peer": peer, "workload": adapter.workload, "failed": why})
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
