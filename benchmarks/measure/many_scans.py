"""Scan the chain of a CSV file again and again: what a process costs that lives for N scans."""

from __future__ import annotations

import sys

from benchmarks.workloads.markets import settings_of
from engine.api import load
from engine.backend import select
from engine.scanner.pipeline import scan_chain


def main(path: str, times: str) -> None:
    """Load the one chain of `path` and scan it `times` times."""
    backend = select()
    chain = load(f"csv:{path}").chain
    settings = settings_of(chain.style)
    for _ in range(int(times)):
        scan_chain(chain, settings, backend)


if __name__ == "__main__":
    main(*sys.argv[1:])
