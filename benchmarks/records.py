"""Result files: what pyperf measured, with what it was measured on, without what is private."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from runtimes import ROOT

# Of the machine and its owner, or of one run only.
DROPPED = (
    "hostname", "python_executable", "python_cflags", "command", "boot_time", "uptime", "aslr",
    "cpu_affinity", "runnable_threads", "python_hash_seed", "python_config",
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
    if commit and _git("status", "--porcelain", "--", *MEASURED):
        commit += " with changes"
    return {"sources": found.hexdigest()[:16], "commit": commit or "not known"}


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip()


def write_record(parts: list[Path], path: Path, facts: dict[str, str]) -> None:
    """Write the benchmarks of several pyperf files as one, with `facts` as metadata of all."""
    benchmarks: list[Json] = []
    for part in parts:
        content = json.loads(part.read_text())
        for benchmark in content["benchmarks"]:
            # pyperf lifts what all benchmarks of a file share; here files meet.
            benchmark["metadata"] = {**content["metadata"], **benchmark.get("metadata", {})}
            benchmarks.append(benchmark)
    for benchmark in benchmarks:
        benchmark["metadata"] = _kept(benchmark["metadata"])
        for run in benchmark["runs"]:
            run["metadata"] = _kept(run.get("metadata", {}))
    shared = {
        key: value
        for key, value in benchmarks[0]["metadata"].items()
        if all(benchmark["metadata"].get(key) == value for benchmark in benchmarks)
    }
    for benchmark in benchmarks:
        for key in shared:
            del benchmark["metadata"][key]
    content = {"benchmarks": benchmarks, "metadata": {**shared, **facts}, "version": "1.0"}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    os.replace(unfinished, path)


def _kept(metadata: Json) -> Json:
    return {key: value for key, value in metadata.items() if key not in DROPPED}
