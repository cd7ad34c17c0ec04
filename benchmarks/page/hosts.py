"""The table of all machines side by side, and what pyperf says of two runtimes of one machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.page.results import Record, cost, read_host
from benchmarks.page.tables import ABSENT, ENGINES, NAMES, duration, table
from benchmarks.page.targets import NUMBA, PURE, PYPY, TARGETS

# What a runtime gains over another, as one reads it: the first is what the second is compared with.
PAIRS = ((PURE, NUMBA), (PURE, PYPY), (NUMBA, PYPY))
REPORT = "compare_to.md"


def hosts(results: Path) -> str:
    """Return what the targets' workloads take on every machine of a folder of results."""
    measured = {path: read_host(path) for path in sorted(results.iterdir()) if path.is_dir()}
    columns = [
        (f"{_name(records)}: {NAMES[key]}", records[key])
        for records in measured.values()
        for key in ENGINES
        if key in records
    ]
    names = dict.fromkeys(target.name for target in TARGETS)
    rows = [
        (name, *cells)
        for name in names
        if set(cells := [_cell(record, name) for _, record in columns]) - {ABSENT}
    ]
    return table(("per unit", *(title for title, _ in columns)), rows)


def _name(records: dict[str, Record]) -> str:
    about = next(iter(records.values())).about
    return f"{about['cpu_model_name']}, {about['cpu_count']} cores"


def _cell(record: Record, name: str) -> str:
    found = cost(record, name)
    return ABSENT if found is None else duration(found)


def compared(host: Path, *files: str) -> str:
    """Return the table that ``pyperf compare_to`` makes of result files of one machine."""
    command = ["-m", "pyperf", "compare_to", "--quiet", "--table", "--table-format=md", *files]
    done = subprocess.run(
        [sys.executable, *command], cwd=host, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def write_report(host: Path) -> Path:
    """Write `REPORT` beside the results of a machine: its runtimes, two by two.

    Raises
    ------
    FileNotFoundError
        If one of the three was not measured there.
    """
    parts = [f"# {_name(read_host(host))}: `pyperf compare_to`, two runtimes at a time"]
    for base, other in PAIRS:
        files = [f"{key}.json" for key in (base, other)]
        for file in files:
            (host / file).stat()
        parts.append(f"## {NAMES[other]} against {NAMES[base]}\n\n{compared(host, *files)}")
    path = host / REPORT
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path
