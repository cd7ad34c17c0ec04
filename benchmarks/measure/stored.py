"""The folder that results go to: can it be written, whose results it holds, and moving into it.

Results of another machine or build are not replaced unasked. A run writes elsewhere and moves all
its files at the end, so that one which is broken off leaves no folder of two states.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

# What makes two results incomparable if it differs; the sources may.
COMPARED = ("cpu_model_name", "cpu_count", "platform", "python_build")
Facts = Mapping[str, object]


def check_writable(folder: Path) -> None:
    """Make a folder to see whether results can go there, and leave none behind.

    Raises
    ------
    OSError
        If they cannot.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    finally:
        # An empty folder would count as a machine that was measured.
        for path in made:
            if path.is_dir():
                path.rmdir()


def others(folder: Path, wanted: Mapping[str, Facts]) -> list[str]:
    """Return a line for each file of a folder that is of another machine or build than `wanted`.

    `wanted` has by name of a file what a new one would say of machine and build.
    """
    lines = []
    for name, facts in wanted.items():
        path = folder / name
        if not path.exists():
            continue
        try:
            before = about(path)
        except ValueError:
            lines.append(f"{name}: no result of a benchmark")
            continue
        lines += [
            f"{name}: {key} was {before[key]}, is {facts[key]}"
            for key in COMPARED
            if key in before and key in facts and before[key] != facts[key]
        ]
    return lines


def about(path: Path) -> dict[str, Any]:
    """Return what a result file of any form says of machine, build and sources.

    Raises
    ------
    ValueError
        If it is no such file.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    found = content.get("metadata", content.get("about")) if isinstance(content, dict) else None
    if not isinstance(found, dict):
        raise ValueError(f"{path.name}: neither metadata nor about")
    return found


def sources(folder: Path) -> dict[str, str]:
    """Return by file the digest of the sources that it measured, whatever its form; "" if none."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found[path.name] = str(about(path).get("sources", ""))
        except ValueError:
            found[path.name] = ""
    return found


def move(written: Path, folder: Path) -> list[Path]:
    """Put all that was written into a folder, each file as a whole; return where they are now."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = {path: folder / f"{path.name}.tmp" for path in sorted(written.glob("*.json"))}
    # They may lie on another disk: only what is beside its place is put there in one go.
    for path, beside in unfinished.items():
        beside.write_bytes(path.read_bytes())
    placed = [(beside, folder / path.name) for path, beside in unfinished.items()]
    for beside, path in placed:
        os.replace(beside, path)
    return [path for _, path in placed]
