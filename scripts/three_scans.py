"""Run the demo scan on CPython with Numba, on CPython alone and on PyPy, and compare the lists.

Everything but `timing` and `engine` must be the same, to the last digit. Ends with 1 if it is not.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RUNTIMES = (
    ("CPython with Numba", ".venv/bin/python", "numba"),
    ("CPython", ".venv/bin/python", "pure"),
    ("PyPy", ".venv-pypy/bin/python", "pure"),
)
# PyPy does not start under a locale that the machine does not have.
ENVIRONMENT = {**os.environ, "LC_ALL": "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"}
OF_THE_RUN = ("timing", "engine")
SHOWN = 10


@dataclass(frozen=True)
class Run:
    """One scan: the object it printed and the wall time of its whole process."""

    name: str
    report: dict[str, Any]
    seconds: float


def scan(name: str, python: str, backend: str) -> Run:
    """Run the demo scan in one runtime."""
    command = [str(ROOT / python), "-m", "engine", "scan", "--source", "demo", "--json"]
    began = time.monotonic()
    command += ["--backend", backend]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    seconds = time.monotonic() - began
    if done.returncode:
        sys.exit(f"three_scans: the scan on {name} ended with exit code {done.returncode}")
    return Run(name, json.loads(done.stdout), seconds)


def differences(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """Name each place where two JSON values differ; a float must be equal to the last bit."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if key not in one or key not in other:
                yield f"{where}.{key}: only in the {'second' if key in other else 'first'}"
            else:
                yield from differences(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            yield f"{where}: {len(one)} entries against {len(other)}"
        for index, pair in enumerate(zip(one, other, strict=False)):
            yield from differences(*pair, f"{where}[{index}]")
    elif one != other or type(one) is not type(other):
        yield f"{where}: {one!r} against {other!r}"


def comparable(report: dict[str, Any]) -> dict[str, Any]:
    """Leave out what belongs to the run, not to its result."""
    return {key: value for key, value in report.items() if key not in OF_THE_RUN}


def main() -> int:
    """Scan three times, print each one's time, and say whether the lists are identical."""
    print("three_scans: the demo market, scanned by three runtimes", flush=True)
    runs = []
    for name, python, backend in RUNTIMES:
        runs.append(scan(name, python, backend))
        found = len(runs[-1].report["opportunities"])
        print(f"  {name:20} {found:4} opportunities {runs[-1].seconds:8.2f} s", flush=True)
    first = comparable(runs[0].report)
    differ = False
    for run in runs[1:]:
        places = list(differences(first, comparable(run.report)))
        for place in places[:SHOWN]:
            print(f"  {runs[0].name} and {run.name} differ at {place.lstrip('.')}")
        if len(places) > SHOWN:
            print(f"  and at {len(places) - SHOWN} more places")
        differ = differ or bool(places)
    found = len(runs[0].report["opportunities"])
    print(f"the three lists of {found} opportunities {'DIFFER' if differ else 'are identical'}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
