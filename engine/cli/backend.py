"""``parity backend``: which kernels run and why; ``--warm`` compiles them ahead."""

from __future__ import annotations

import argparse
import json
import time
from importlib import import_module

from engine.backend import NAMES, VARIABLE, Backend, numba_version, runtime, select
from engine.errors import OK, UsageError
from engine.nearest import hint
from kernels_pure import MODULES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Say which kernels run and why. "
        f"`auto` takes Numba where it imports; {VARIABLE} says what --backend does not."
    )
    parser.add_argument("--backend", metavar="NAME", help="auto (default), pure or numba")
    parser.add_argument("--warm", action="store_true", help="compile every kernel now")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(args: argparse.Namespace) -> int:
    """Print the chosen backend, where its machine code is kept, and what `--warm` did.

    Raises
    ------
    UsageError
        If no backend has the name given.
    """
    if args.backend is not None and args.backend not in NAMES:
        meant = hint(args.backend, NAMES)
        raise UsageError(f"--backend: unknown backend {args.backend!r}: {meant}")
    chosen = select(args.backend)
    warmed = _warmed(chosen) if args.warm else None
    folder, problem = _cache(chosen)
    if args.json:
        print(json.dumps(_document(chosen, folder, problem, warmed), indent=2))
        return OK
    print(chosen)
    if chosen.name == "numba":
        print(f"compiled kernels: {folder}" if folder else f"compiled kernels: not kept: {problem}")
    if warmed is not None:
        kernels, compiled, seconds = warmed
        print(_warm_line(chosen, kernels, compiled, seconds))
    return OK


def _warmed(chosen: Backend) -> tuple[int, int, float]:
    """Return how many kernels there are, how many had to be compiled, and the seconds it took."""
    start = time.perf_counter()
    if chosen.name != "numba":
        return 0, 0, 0.0
    kernels, compiled = import_module("kernels_numba._warm").warm()
    return kernels, compiled, time.perf_counter() - start


def _warm_line(chosen: Backend, kernels: int, compiled: int, seconds: float) -> str:
    if chosen.name != "numba":
        return "nothing to compile: pure kernels run as they are"
    return f"{kernels} kernels ready in {seconds:.1f} s, {compiled} of them newly compiled"


def _cache(chosen: Backend) -> tuple[str, str]:
    if chosen.name != "numba":
        return "", ""
    cache = import_module("kernels_numba._cache")
    return cache.FOLDER, cache.PROBLEM


def _document(
    chosen: Backend, folder: str, problem: str, warmed: tuple[int, int, float] | None
) -> dict[str, object]:
    document: dict[str, object] = {
        "schema_version": 1,
        "backend": chosen.name,
        "why": chosen.reason,
        "runtime": runtime(),
        "numba": numba_version() if chosen.name == "numba" else None,
        "modules": list(MODULES),
        "cache": folder or None,
        "cache_problem": problem or None,
    }
    if warmed is not None:
        kernels, compiled, seconds = warmed
        document["warm"] = {
            "kernels": kernels,
            "compiled": compiled,
            "seconds": round(seconds, 3),
        }
    return document
