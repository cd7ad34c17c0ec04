"""Measure the engine on every runtime of this machine: parity first, then pyperf.

    python benchmarks/run.py             everything, into benchmarks/results/HOST-KEY/
    python benchmarks/run.py --rounds 3  the same, and what the targets rest on in three rounds
    python benchmarks/run.py --quick     the most telling, a few runs, into build/benchmarks/
    python benchmarks/run.py --only box  what has "box" in its name, into build/benchmarks/
    python benchmarks/run.py --only crossover --quick   whole processes by the size of their work
    python benchmarks/run.py --runtime pypy-pure   one runtime, into build/benchmarks/
    python benchmarks/run.py --parity    compare the answers of all runtimes, time nothing

Ends with 70, and times nothing, if the runtimes' answers differ. Any two of the files it writes
can be compared: python -m pyperf compare_to --table ONE OTHER.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from progress import Progress
from records import source_state, write_record
from results import CROSSOVER
from runtimes import ROOT, find_runtimes, host_key, install
from session import Session

HERE = Path(__file__).resolve().parent
OK, UNAVAILABLE, PARITY_BROKEN, SOURCES_CHANGED = 0, 69, 70, 75


class SourcesChangedError(Exception):
    """What was measured was edited meanwhile: the results mean nothing."""


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the most telling, a few runs of each")
    parser.add_argument("--parity", action="store_true", help="compare the answers, time nothing")
    parser.add_argument("--install", action="store_true", help="install pyperf first, pinned")
    parser.add_argument(
        "--rounds", type=int, default=1, metavar="N",
        help="go through all runtimes N times with what a target rests on, or with what --only "
        "names; not with whole processes",
    )  # fmt: skip
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--runtime", action="append", default=[], metavar="KEY")
    parser.add_argument("--output", type=Path, help="folder of the result files")
    parser.add_argument("--cpython", type=Path, help="default: this one, or .venv/bin/python")
    parser.add_argument("--pypy", type=Path, help="default: .venv-pypy/bin/python")
    args = parser.parse_args(argv)
    if not 1 <= args.rounds <= 9:
        parser.error("--rounds: expected 1 to 9")
    return args


def measure(session: Session, rounds: int, output: Path, progress: Progress) -> None:
    """Measure everything that was asked for, and print where it is.

    Runtimes take turns in every round, so that what disturbs the machine for minutes does not meet
    one of them alone in all rounds.

    Raises
    ------
    SourcesChangedError
        If the sources were edited meanwhile.
    """
    before = source_state()

    def check() -> None:
        if source_state() != before:
            raise SourcesChangedError

    progress.expect(session.steps(rounds))
    parts: dict[str, list[tuple[int, Path]]] = {}
    for number in range(rounds):
        for runtime in session.runtimes:
            load = os.getloadavg()[0]
            progress.say(f"{runtime.key}: round {number + 1}, load average {load:.1f}")
            found = session.measure(runtime, is_again=number > 0)
            check()
            parts.setdefault(runtime.key, []).extend((number, path) for path in found)
            if parts[runtime.key]:
                path = output / f"{runtime.key}.json"
                write_record(parts[runtime.key], path, {**before, "runtime": runtime.key})
                if number == 0:
                    print(path)
    for runtime in session.runtimes:
        if session.crossovers(runtime):
            progress.say(f"{runtime.key}: whole processes by the size of their work")
            path = output / f"{CROSSOVER}{runtime.key}.json"
            session.cross(runtime, path, {**before, "runtime": runtime.key})
            try:
                check()
            except SourcesChangedError:
                path.unlink()
                raise
            print(path)


def main(argv: Sequence[str] | None = None) -> int:
    """Find, compare, measure, write; print where the results are."""
    args = arguments(argv)
    progress = Progress()
    if args.install:
        install(args.cpython, args.pypy)
    runtimes, missing = find_runtimes(args.cpython, args.pypy)
    for line in missing:
        progress.say(f"missing: {line}")
    if args.runtime:
        runtimes = [runtime for runtime in runtimes if runtime.key in args.runtime]
    if not runtimes:
        progress.say("there is nothing to measure")
        return UNAVAILABLE
    is_partial = bool(args.quick or args.only or args.runtime)
    output: Path = args.output or (
        ROOT / "build/benchmarks" if is_partial else HERE / "results" / host_key()
    )
    with TemporaryDirectory(prefix="parity-bench-") as name:
        session = Session(args, runtimes, Path(name), progress)
        differing = session.compare()
        for workload, answers in differing.items():
            progress.say(f"DIFFERENT ANSWERS: {workload}: {answers}")
        if differing:
            return PARITY_BROKEN
        progress.say(f"all runtimes give the same answers, {progress.minutes:.1f} min")
        if args.parity:
            return OK
        try:
            measure(session, args.rounds, output, progress)
        except SourcesChangedError:
            progress.say("the sources changed while they were measured: results mean nothing")
            return SOURCES_CHANGED
    progress.say(f"done in {progress.minutes:.0f} minutes")
    return OK


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        script = Path(error.cmd[1]).name
        Progress().say(f"{script} ended with exit code {error.returncode}, see above")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
