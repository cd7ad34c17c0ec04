"""One process of crossover.py: import, prepare, work, and print as JSON what each took.

    work_process.py WORK SIZE FOLDER               the work once
    work_process.py WORK SIZE FOLDER --answer      and the digest of what it found, which costs more
    work_process.py WORK SIZE FOLDER --seconds S   again and again for S seconds, each call timed

The garbage collector is left as it is, its pauses are part of what is measured, or set as
``--collector`` says once the work is prepared.
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import argparse  # noqa: E402
import gc  # noqa: E402
import json  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from benchmarks.measure.works import WORKS  # noqa: E402
from engine.backend import select  # noqa: E402


def most_memory() -> int:
    """Return the most memory that this process held, in bytes."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def main() -> None:
    """Do the work and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("size", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--answer", action="store_true")
    parser.add_argument("--collector", choices=("disable", "freeze"))
    args = parser.parse_args()
    now = time.perf_counter
    backend = select()
    imported = now()
    run, answer = WORKS[args.work].prepare(backend, args.size, args.folder)
    if args.collector == "disable":
        gc.disable()
    elif args.collector == "freeze":
        gc.freeze()
    prepared = now()
    run()
    worked = now()
    report: dict[str, Any] = {
        "import_s": imported - STARTED,
        "prepare_s": prepared - imported,
        "work_s": worked - prepared,
        "backend": str(backend),
    }
    if args.answer:
        report["answer"] = answer()
    if args.seconds is not None:
        calls = [worked - prepared]
        end = now() + args.seconds
        before = now()
        while before < end:
            run()
            after = now()
            calls.append(after - before)
            before = after
        report["calls"] = calls
    report["memory"] = most_memory()
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
