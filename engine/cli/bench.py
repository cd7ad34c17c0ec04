"""``parity bench``: the benchmarks of the checkout, or (``--advise``) which runtime to use here."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict

from engine.cli.scan_arguments import positive
from engine.cli.stderr import note
from engine.errors import OK, UnavailableError, UsageError
from engine.runtime import advice
from engine.runtime.advice import Measured
from engine.runtime.interpreters import ROOT

CONTRACTS, CHAINS = 2000, 100
# What is measured when it is asked for, and what a process does with so many of them.
ON_DEMAND = {advice.BARS: "backtests {} bars", advice.TICKS: "takes {} ticks one at a time"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Run the benchmarks of this checkout on every runtime: answers are compared first. "
        "With --advise: measure this machine for less than 20 seconds (bars and ticks: some more) "
        "and say which runtime and backend to use."
    )
    add = parser.add_argument_group("the benchmarks").add_argument
    add("--quick", action="store_true", help="the most telling, a few runs of each")
    add("--only", action="append", metavar="NAME", help="what has NAME in its name")
    add = parser.add_argument_group("advice").add_argument
    add("--advise", action="store_true", help="which runtime and backend to use at your sizes")
    add("--contracts", type=_size, metavar="N", help=f"contracts of a chain ({CONTRACTS})")
    add("--chains", type=_size, metavar="N", help=f"chains that a process scans ({CHAINS})")
    add("--bars", type=_size, metavar="N", help="also: bars that a process backtests")
    add("--ticks", type=_size, metavar="N", help="also: ticks that a process takes one at a time")
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
    for name in ("contracts", "chains", *ON_DEMAND, "json"):
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
    if not measured:
        raise UnavailableError("nothing could be measured: " + "; ".join(missing))
    advice.save(measured, contracts, chains)
    further: dict[str, tuple[int, list[Measured]]] = {}
    for work in ON_DEMAND:
        size = getattr(args, work)
        if size:
            found, absent = advice.measure(size, work)
            missing += [f"{work}: {line}" for line in absent if line not in missing]
            if found:
                further[work] = size, found
    seconds = time.perf_counter() - start
    if args.json:
        print(json.dumps(document(measured, missing, contracts, chains, further), indent=2))
        return OK
    if missing:
        print("Of what could be measured here, see the end for what could not:")
    print(report(measured, contracts, chains))
    for work, (size, found) in further.items():
        print("\n" + report_of(work, size, found))
    for line in missing:
        print(f"not measured: {line}")
    print(_when(seconds))
    return OK


def _when(seconds: float) -> str:
    """Return how long it took and how busy the machine was."""
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    told = f"Measured in {seconds:.0f} s at a load average of {load:.1f}."
    # These measurements keep one processor busy themselves.
    if load > processors:
        told += f" {processors} processors were too few: measure again when they are idle."
    return told


def report(measured: list[Measured], contracts: int, chains: int) -> str:
    """Return the advice with the numbers behind it."""
    columns = ["", "start", "first scan", "warm scan", f"{chains:,} scans", "memory"]
    size = f"chains of {contracts:,} contracts"
    return "\n".join([
        *_winners(measured, contracts, chains, f"scans {chains:,} {size}", f"scanning {size}"),
        "",
        *_lines(measured, contracts, chains, columns),
        "",
        *([_scaled(contracts)] if contracts > measured[0].contracts else []),
    ]).rstrip()  # fmt: skip


def report_of(work: str, size: int, measured: list[Measured]) -> str:
    """Return the advice for bars or ticks with the numbers behind it."""
    piece, count = advice.pieces(work, size)
    columns = ["", "start", f"first {piece:,}", f"warm {piece:,}", f"{size:,} {work}", "memory"]
    does = ON_DEMAND[work].format(f"{size:,}")
    return "\n".join([
        *_winners(measured, piece, count, does, f"with {work}"),
        "",
        *_lines(measured, piece, count, columns),
    ])  # fmt: skip


def _winners(
    measured: list[Measured], contracts: int, chains: int, does: str, doing: str
) -> list[str]:
    best = advice.once(measured, contracts, chains)[0]
    warm = advice.living(measured, contracts)[0]
    return [
        f"A process that {does} and ends: {best.name}.",
        f"A process that goes on {doing}: {warm.name}.",
    ]


def _lines(measured: list[Measured], contracts: int, chains: int, columns: list[str]) -> list[str]:
    """Return a table of all choices, the fastest first."""
    rows = [
        [
            one.name, _duration(one.start_s), _duration(one.calls_s[0]),
            _duration(one.each_s(contracts)), _duration(one.total_s(contracts, chains)),
            f"{one.memory / 1e6:.0f} MB" if one.memory else "-",
        ]
        for one in advice.once(measured, contracts, chains)
    ]  # fmt: skip
    widths = [max(len(row[k]) for row in [columns, *rows]) for k in range(len(columns))]
    return [
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [columns, *rows]
    ]


def _scaled(contracts: int) -> str:
    most = advice.MOST_CONTRACTS
    return f"Scans of {contracts:,} contracts: taken from {most:,}, the same for each contract."


def _duration(seconds: float) -> str:
    if seconds < 0.9995e-3:
        return f"{1e6 * seconds:.0f} us"
    return f"{1e3 * seconds:.3g} ms" if seconds < 0.9995 else f"{seconds:,.1f} s"


def document(
    measured: list[Measured],
    missing: list[str],
    contracts: int,
    chains: int,
    further: Mapping[str, tuple[int, list[Measured]]],
) -> dict[str, object]:
    """Return the advice as one JSON object; bars and ticks where they were asked for."""
    return {
        "schema_version": 1,
        **_ranked(measured, contracts, chains, {"contracts": contracts, "chains": chains}),
        **{
            work: _ranked(found, *advice.pieces(work, size), {work: size})
            for work, (size, found) in further.items()
        },
        "not_measured": missing,
        "load_average": os.getloadavg()[0],
    }


def _ranked(
    measured: list[Measured], contracts: int, chains: int, sizes: dict[str, int]
) -> dict[str, object]:
    def named(one: Measured) -> dict[str, str]:
        return {"runtime": one.kind, "backend": one.backend, "python": one.python}

    return {
        "sizes": sizes,
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
    }
