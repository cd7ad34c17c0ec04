"""``scan --runtime``: go on under the other interpreter where it is asked for or advised."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from engine.cli.stderr import note
from engine.errors import UnavailableError
from engine.runtime import advice
from engine.runtime.advice import Measured
from engine.runtime.interpreters import (
    CPYTHON,
    GUARD,
    KINDS,
    Interpreter,
    command,
    environment,
    find,
    probed,
    this_kind,
)

ADVISE = "`parity bench --advise` measures this machine"


def change(args: argparse.Namespace) -> None:
    """Replace this process by one under the interpreter that `args` ask for; return if it is this.

    Raises
    ------
    UnavailableError
        If an interpreter that was asked for by name is not there.
    """
    if os.environ.get(GUARD):
        return  # this process is the other one already
    if args.runtime == "auto":
        chosen, backend = _advised(args)
    else:
        kind, backend = next(kind for kind in KINDS if kind.lower() == args.runtime), None
        chosen = None if kind == this_kind() else _found(kind)
    words = _without_runtime(args.words)
    if backend and not args.backend:
        words += ["--backend", backend]
        args.backend = backend
    if chosen is None:
        return
    note(f"note: running on {chosen} ({chosen.path}): --runtime {args.runtime}")
    start = command(chosen, "scan", *words)
    os.execve(start[0], start, environment(**{GUARD: "1"}))


def _found(kind: str) -> Interpreter:
    found = find(kind)
    if found is None:
        where = "scripts/environments.sh " + ("cpython" if kind == CPYTHON else "pypy")
        raise UnavailableError(f"--runtime: no {kind} on this machine can run the engine: {where}")
    return found


def _advised(args: argparse.Namespace) -> tuple[Interpreter | None, str | None]:
    """Return the other interpreter, None for this one, and the backend; both None if unknown."""
    known = advice.saved()
    if known is None:
        note(f"note: --runtime auto: nothing is known yet, so it stays as it is; {ADVISE}")
        return None, None
    measured, contracts, chains = known
    chains = len(args.symbols) or chains
    ordered = choices(measured, contracts, chains, args.backend)
    for best in ordered:
        interpreter = _usable(best)
        if interpreter is not None:
            break
    else:
        of = f"of backend {args.backend} " if args.backend else ""
        note(f"note: --runtime auto: nothing {of}that was measured runs here now; {ADVISE}")
        return None, None
    if interpreter.path == sys.executable:
        took = f"{best.total_s(contracts, chains):.1f} s for {chains} of {contracts:,} contracts"
        note(f"note: --runtime auto: stays on {best.name}: about {took}")
        return None, best.backend
    return interpreter, best.backend


def choices(
    measured: Sequence[Measured], contracts: int, chains: int, backend: str | None
) -> list[Measured]:
    """Return the choices of the backend that was asked for, for a process that ends, best first."""
    fit = [one for one in measured if backend in (None, "auto", one.backend)]
    return advice.once(fit, contracts, chains)


def _usable(choice: Measured) -> Interpreter | None:
    """Return the interpreter of a choice if it is still there and still has its backend."""
    needs_numba = choice.backend == "numba"
    if choice.python == sys.executable:
        has_numba = find_spec("numba") is not None
        found = Interpreter(choice.python, this_kind(), choice.version, has_numba)
    else:
        there = probed(choice.python)
        if there is None or there.kind != choice.kind:
            return None
        found = there
    return None if needs_numba and not found.has_numba else found


def _without_runtime(words: Sequence[str]) -> list[str]:
    """Return the words of a command line without ``--runtime`` and its value.

    >>> _without_runtime(["A", "--runtime", "pypy", "--json", "--runtime=auto"])
    ['A', '--json']
    """
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word == "--runtime":
            skip = True
        elif not word.startswith("--runtime="):
            kept.append(word)
    return kept
