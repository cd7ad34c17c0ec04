"""Result files: what pyperf measured, with what it was measured on, without what is private."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure.runtimes import ROOT

# Nothing else is kept: pyperf also notes names of machines, users' paths and command lines.
KEPT = (
    "name", "unit", "loops", "inner_loops", "per", "per_count", "backend", "python_build",
    "python_implementation", "python_version", "cpu_model_name", "cpu_count", "platform",
    "perf_version", "timer", "load_avg_1min", "date", "duration", "mem_max_rss",
    "command_max_rss", "calibrate_loops", "recalibrate_loops", "calibrate_warmups",
    "recalibrate_warmups", "round",
)  # fmt: skip
MEASURED = ("engine", "kernels_pure", "kernels_numba", "benchmarks")
Json = dict[str, Any]


def source_state() -> dict[str, str]:
    """Return a digest of everything that is measured, and the commit it belongs to."""
    found = hashlib.sha256()
    for package in MEASURED:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".c"):
                found.update(f"\0{path.relative_to(ROOT)}\0".encode())
                found.update(path.read_bytes())
    commit = _git("rev-parse", "--short=12", "HEAD")
    # A result that has just been written changes nothing that is measured.
    if commit and _git("status", "--porcelain", "--", *MEASURED, ":!benchmarks/results"):
        commit += " with changes"
    return {"sources": found.hexdigest()[:16], "commit": commit or "not known"}


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip()


def write_record(
    parts: Sequence[tuple[int, Path]], path: Path, facts: Mapping[str, object]
) -> None:
    """Write the benchmarks of several pyperf files as one, with `facts` as metadata of all.

    A part is the number of its round, from 0, and its file. What was measured in several rounds is
    one benchmark with the runs of all, which know their round.
    """
    found: dict[str, Json] = {}
    for number, part in parts:
        content = json.loads(part.read_text())
        for benchmark in content["benchmarks"]:
            # pyperf lifts what all benchmarks of a file share; here files meet.
            about = _kept({**content["metadata"], **benchmark.get("metadata", {})})
            for run in benchmark["runs"]:
                run["metadata"] = {**_kept(run.get("metadata", {})), "round": number}
            first = found.setdefault(about["name"], {**benchmark, "metadata": about, "runs": []})
            own = {key: about[key] for key in about if first["metadata"].get(key) != about[key]}
            for run in benchmark["runs"]:
                run["metadata"] = {**own, **run["metadata"]}
            first["runs"] += benchmark["runs"]
    benchmarks = list(found.values())
    shared = {
        key: value
        for key, value in benchmarks[0]["metadata"].items()
        if all(benchmark["metadata"].get(key) == value for benchmark in benchmarks)
    }
    for benchmark in benchmarks:
        for key in shared:
            del benchmark["metadata"][key]
    lines = ",\n".join(json.dumps(benchmark, sort_keys=True) for benchmark in benchmarks)
    metadata = json.dumps({**shared, **facts}, sort_keys=True)
    _write(path, f'{{"benchmarks": [\n{lines}\n],\n"metadata": {metadata},\n"version": "1.0"}}\n')


def write_json(path: Path, content: Json) -> None:
    """Write an object whose values are objects, or lists of them, one to a line."""
    parts = []
    for name, value in content.items():
        text = json.dumps(value, sort_keys=True)
        if isinstance(value, list):
            rows = ",\n".join(json.dumps(row, sort_keys=True) for row in value)
            text = f"[\n{rows}\n]"
        parts.append(f'"{name}": {text}')
    _write(path, "{" + ",\n".join(parts) + "}\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(text)
    os.replace(unfinished, path)


def _kept(metadata: Json) -> Json:
    return {key: value for key, value in metadata.items() if key in KEPT}
