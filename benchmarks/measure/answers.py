"""Print as JSON what there is to measure, or the digests of one runtime's answers.

run.py, which knows nothing of the engine, asks for both before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks.measure.bench import WHAT, makers
from benchmarks.workloads.named import WORKLOADS
from engine.backend import select


def main() -> None:
    """Print the list, or answer the workloads named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--what", choices=WHAT, default=WHAT[0])
    parser.add_argument("workload", nargs="*")
    args = parser.parse_args()
    if args.list:
        json.dump(
            [
                {
                    "name": workload.name,
                    "is_quick": workload.is_quick,
                    "contracts": workload.contracts,
                    "needs": workload.needs,
                    "what": [what for what in WHAT if workload.name in makers(what)],
                }
                for workload in WORKLOADS.values()
            ],
            sys.stdout,
        )
        return
    backend, make = select(), makers(args.what)
    json.dump({name: make[name](backend).answer() for name in args.workload}, sys.stdout)


if __name__ == "__main__":
    main()
