"""``parity bench``: the benchmarks of the checkout, or (``--advise``) which runtime to use here."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict

from engine import advice
from engine.advice import Measured
from engine.cli.notes import note
from engine.cli.scan_arguments import positive
from engine.errors import OK, UnavailableError, UsageError
from engine.interpreters import ROOT

CONTRACTS, CHAINS = 2000, 100
# What there is nothing to measure of: kernels for these are not in this version.
LATER = ("bars", "ticks")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Run the benchmarks of this checkout on every runtime: answers are compared first. "
        "With --advise: measure this machine for less than 20 seconds and say which runtime "
        "and backend to use."
    )
    add = parser.add_argument_group("the benchmarks").add_argument
    add("--quick", action="store_true", help="the most telling, a few runs of each")
    add("--only", action="append", metavar="NAME", help="what has NAME in its name")
    add = parser.add_argument_group("advice").add_argument
    add("--advise", action="store_true", help="which runtime and backend to use at your sizes")
    add("--contracts", type=_size, metavar="N", help=f"contracts of a chain ({CONTRACTS})")
    add("--chains", type=_size, metavar="N", help=f"chains that a process scans ({CHAINS})")
    for name in LATER:
        add(f"--{name}", type=_size, metavar="N", help=f"{name}: not in this version yet")
    add("--json", action="store_true", help="one JSON object on stdout")


def run(args: argparse.Namespace) -> int:
    """Measure and print.

    Raises
    ------
    UsageError
        If options of the two do not go together.
    UnavailableError
        If the benchmarks are not there, or nothing can be measured.
    """
    if args.advise:
        if args.quick or args.only:
            raise UsageError("--advise measures on its own: leave out --quick and --only")
        return _advise(args)
    for name in ("contracts", "chains", *LATER, "json"):
        if getattr(args, name):
            raise UsageError(f"--{name} belongs to --advise")
    script = ROOT / "benchmarks" / "run.py"
    if not script.exists():
        raise UnavailableError(
            "the benchmarks come with a checkout, not with the installed package; "
            "`parity bench --advise` works everywhere"
        )
    flags = ["--quick"] if args.quick else []
    flags += [word for name in args.only or () for word in ("--only", name)]
    return subprocess.run([sys.executable, str(script), *flags]).returncode


def _size(text: str) -> int:
    try:
        return positive(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _advise(args: argparse.Namespace) -> int:
    contracts, chains = args.contracts or CONTRACTS, args.chains or CHAINS
    note("note: measuring every runtime of this machine for a few seconds each")
    start = time.perf_counter()
    measured, missing = advice.measure(contracts)
    missing += [f"{name}: not in this version yet" for name in LATER if getattr(args, name)]
    if not measured:
        raise UnavailableError("nothing could be measured: " + "; ".join(missing))
    advice.save(measured, contracts, chains)
    seconds = time.perf_counter() - start
    if args.json:
        print(json.dumps(document(measured, missing, contracts, chains), indent=2))
        return OK
    print(report(measured, contracts, chains))
    for line in missing:
        print(f"not measured: {line}")
    load = os.getloadavg()[0]
    print(f"Measured in {seconds:.0f} s at a load average of {load:.1f}.")
    return OK


def report(measured: list[Measured], contracts: int, chains: int) -> str:
    """Return the advice with the numbers behind it."""
    ranked = advice.once(measured, contracts, chains)
    best, warm = ranked[0], advice.living(measured, contracts)[0]
    columns = ["", "start", "first scan", "warm scan", f"{chains:,} scans", "memory"]
    rows = [
        [
            one.name, _duration(one.start_s), _duration(one.calls_s[0]),
            _duration(one.each_s(contracts)), _duration(one.total_s(contracts, chains)),
            f"{one.memory / 1e6:.0f} MB" if one.memory else "-",
        ]
        for one in ranked
    ]  # fmt: skip
    widths = [max(len(row[k]) for row in [columns, *rows]) for k in range(len(columns))]
    lines = [
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [columns, *rows]
    ]
    size = f"chains of {contracts:,} contracts"
    return "\n".join([
        f"A process that scans {chains:,} {size} and ends: {best.name}.",
        f"A process that goes on scanning {size}: {warm.name}.",
        "",
        *lines,
        "",
        *([_scaled(contracts)] if contracts > measured[0].contracts else []),
    ]).rstrip()  # fmt: skip


def _scaled(contracts: int) -> str:
    most = advice.MOST_CONTRACTS
    return f"Scans of {contracts:,} contracts: taken from {most:,}, the same for each contract."


def _duration(seconds: float) -> str:
    if seconds < 0.9995e-3:
        return f"{1e6 * seconds:.0f} us"
    return f"{1e3 * seconds:.3g} ms" if seconds < 0.9995 else f"{seconds:,.1f} s"


def document(
    measured: list[Measured], missing: list[str], contracts: int, chains: int
) -> dict[str, object]:
    """Return the advice as one JSON object."""

    def named(one: Measured) -> dict[str, str]:
        return {"runtime": one.kind, "backend": one.backend, "python": one.python}

    return {
        "schema_version": 1,
        "sizes": {"contracts": contracts, "chains": chains},
        "process_that_ends": named(advice.once(measured, contracts, chains)[0]),
        "process_that_lives": named(advice.living(measured, contracts)[0]),
        "measured": [
            {
                **asdict(one),
                "steady_s": one.steady_s,
                "each_s": one.each_s(contracts),
                "total_s": one.total_s(contracts, chains),
            }
            for one in advice.once(measured, contracts, chains)
        ],
        "not_measured": missing,
        "load_average": os.getloadavg()[0],
    }
