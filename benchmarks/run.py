"""Measure the engine on every runtime of this machine: parity first, then pyperf.

    python benchmarks/run.py             everything, into benchmarks/results/HOST-KEY/
    python benchmarks/run.py --rounds 3  the same, and what the targets rest on in three rounds
    python benchmarks/run.py --quick     the most telling, a few runs, into build/benchmarks/
    python benchmarks/run.py --only box  what has "box" in its name, into build/benchmarks/
    python benchmarks/run.py --only crossover --quick   whole processes by the size of their work
    python benchmarks/run.py --runtime pypy-pure   one runtime, into build/benchmarks/
    python benchmarks/run.py --parity    compare the answers of all runtimes, time nothing

Any two of the files it writes can be compared: python -m pyperf compare_to --table ONE OTHER. They
are put in their folder when all is measured: a run that is broken off changes nothing there.

Ends with

  0    if everything asked for was compared and measured
  1    if a process that it started failed; the line names it
  2    if a flag names what there is not, or results of another machine or build would be replaced
  69   if a runtime that was asked for is missing, or there is nothing to compare or measure
  70   if the runtimes' answers differ: then nothing is timed
  74   if results cannot be written where they should go; 77 if that is not permitted
  75   if the sources changed meanwhile
  130  if it was interrupted
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

if __name__ == "__main__":
    # A script finds its own folder, not the package that it belongs to.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.measure import stored
from benchmarks.measure.crossover import ProcessFailedError
from benchmarks.measure.progress import Progress
from benchmarks.measure.records import source_state, write_record
from benchmarks.measure.runtimes import (
    KEYS,
    ROOT,
    Runtime,
    StepFailedError,
    find_runtimes,
    host_key,
    install,
    machine,
    told,
)
from benchmarks.measure.session import Session
from benchmarks.page.results import CROSSOVER, RESULTS

# What is measured in part goes here; it may be replaced at any time.
SCRATCH = ROOT / "build" / "benchmarks"
OK, FAILED, USAGE, UNAVAILABLE, PARITY_BROKEN = 0, 1, 2, 69, 70
IO_ERROR, SOURCES_CHANGED, NOT_PERMITTED, INTERRUPTED = 74, 75, 77, 130


class EndedError(Exception):
    """It cannot go on; the message says why, `code` is what it ends with."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


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
    parser.add_argument(
        "--require", type=lambda text: text.split(","), default=[], metavar="KEY,KEY",
        help="end with 69 if one of these runtimes is missing here",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, help="folder of the result files")
    parser.add_argument(
        "--replace", action="store_true", help="also results of another machine or build"
    )
    parser.add_argument("--cpython", type=Path, help="default: this one, or .venv/bin/python")
    parser.add_argument("--pypy", type=Path, help="default: .venv-pypy/bin/python")
    args = parser.parse_args(argv)
    if not 1 <= args.rounds <= 9:
        parser.error("--rounds: expected 1 to 9")
    return args


def chosen(args: argparse.Namespace, progress: Progress) -> list[Runtime]:
    """Return the runtimes that are measured.

    Raises
    ------
    EndedError
        If one that was asked for is unknown or missing here, or there is none at all.
    """
    found, missing = find_runtimes(args.cpython, args.pypy)
    known = list(dict.fromkeys([*KEYS, *(runtime.key for runtime in found)]))
    for flag, keys in (("--runtime", args.runtime), ("--require", args.require)):
        unknown = [key for key in keys if key not in known]
        if unknown:
            raise EndedError(USAGE, f"{flag} {unknown[0]}: there are {', '.join(known)}")
    for line in missing:
        progress.say(f"missing: {line}")
    here = {runtime.key for runtime in found}
    absent = [key for key in dict.fromkeys([*args.runtime, *args.require]) if key not in here]
    if absent:
        raise EndedError(UNAVAILABLE, f"{', '.join(absent)}: asked for and missing")
    if args.runtime:
        found = [runtime for runtime in found if runtime.key in args.runtime]
    n_engines = sum(runtime.what == "kernels" for runtime in found)
    if args.parity and n_engines < 2:
        raise EndedError(UNAVAILABLE, f"--parity: {n_engines} of the runtimes run the engine")
    if not found:
        raise EndedError(UNAVAILABLE, "there is nothing to measure")
    return found


def check_output(output: Path, runtimes: Sequence[Runtime], *, is_replacing: bool) -> None:
    """See that results can be written where they go, and replace none that they should not.

    Raises
    ------
    EndedError
        If they cannot, or results of another machine or build are there.
    """
    try:
        stored.check_writable(output)
    except OSError as error:
        code = NOT_PERMITTED if isinstance(error, PermissionError) else IO_ERROR
        raise EndedError(code, f"--output {output}: {error.strerror or error}") from None
    if is_replacing or output.resolve() == SCRATCH or not any(output.glob("*.json")):
        return
    facts = {runtime.key: told(runtime) for runtime in runtimes}
    wanted = {f"{part}{key}.json": facts[key] for key in facts for part in ("", CROSSOVER)}
    lines = stored.others(output, wanted)
    if lines:
        more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
        advice = "--replace to replace them, or another --output"
        raise EndedError(USAGE, f"{output.name} has other results: {lines[0]}{more}: {advice}")


def compare(session: Session, args: argparse.Namespace, progress: Progress) -> None:
    """Compare the answers of all runtimes.

    Raises
    ------
    EndedError
        If they differ, if --only names what there is not, or --parity compares nothing.
    """
    names = session.names(is_parity=args.parity)
    for part in args.only:
        if not any(part in name for name in names):
            raise EndedError(USAGE, f"--only {part}: there are {', '.join(names)}")
    if not args.parity and not session.steps(args.rounds):
        raise EndedError(UNAVAILABLE, "nothing of it is measured on these runtimes")
    differing = session.compare()
    for workload, answers in differing.items():
        progress.say(f"DIFFERENT ANSWERS: {workload}: {answers}")
    if differing:
        raise EndedError(PARITY_BROKEN, f"{len(differing)} workloads have different answers")
    if args.parity and not session.n_compared:
        raise EndedError(UNAVAILABLE, "--parity: no workload has the answers of two runtimes")
    n_engines = sum(runtime.what == "kernels" for runtime in session.runtimes)
    many = f"{session.n_compared} workloads have the same answers on {n_engines} runtimes"
    said = many if session.n_compared else "nothing compared: no workload has two answers"
    progress.say(f"{said}, {progress.minutes:.1f} min")


def measure(session: Session, rounds: int, folder: Path, progress: Progress) -> dict[str, str]:
    """Measure everything that was asked for into a folder; return the state of the sources.

    Runtimes take turns in every round, so that what disturbs the machine for minutes does not meet
    one of them alone in all rounds.

    Raises
    ------
    EndedError
        If the sources were edited meanwhile: then the results mean nothing.
    """
    before = source_state()

    def check() -> None:
        if source_state() != before:
            said = "the sources changed while they were measured: results mean nothing"
            raise EndedError(SOURCES_CHANGED, said)

    progress.expect(session.steps(rounds))
    parts: dict[str, list[tuple[int, Path]]] = {}
    for number in range(rounds):
        for runtime in session.runtimes:
            load = os.getloadavg()[0]
            progress.say(f"{runtime.key}: round {number + 1}, load average {load:.1f}")
            found = session.measure(runtime, is_again=number > 0)
            check()
            parts.setdefault(runtime.key, []).extend((number, path) for path in found)
    for key, files in parts.items():
        if files:
            facts = {**machine(), **before, "runtime": key}
            write_record(files, folder / f"{key}.json", facts)
    for runtime in session.runtimes:
        if session.crossovers(runtime):
            progress.say(f"{runtime.key}: whole processes by the size of their work")
            facts = {**told(runtime), **before, "runtime": runtime.key}
            session.cross(runtime, folder / f"{CROSSOVER}{runtime.key}.json", facts)
            check()
    return before


def main(argv: Sequence[str] | None = None) -> int:
    """Find, compare, measure, write; print where the results are."""
    args = arguments(argv)
    progress = Progress()
    try:
        _run(args, progress)
    except EndedError as error:
        progress.say(str(error))
        return error.code
    except (StepFailedError, ProcessFailedError) as error:
        progress.say(str(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return OK


def _run(args: argparse.Namespace, progress: Progress) -> None:
    if args.install:
        install(args.cpython, args.pypy, progress.say)
    runtimes = chosen(args, progress)
    is_partial = bool(args.quick or args.only or args.runtime)
    output: Path = args.output or (SCRATCH if is_partial else RESULTS / host_key())
    if not args.parity:
        check_output(output, runtimes, is_replacing=args.replace)
    with TemporaryDirectory(prefix="parity-bench-") as name:
        session = Session(args, runtimes, Path(name), progress)
        compare(session, args, progress)
        if args.parity:
            return
        written = Path(name) / "written"
        written.mkdir()
        state = measure(session, args.rounds, written, progress)
        for path in stored.move(written, output):
            print(path)
    if output.resolve() != SCRATCH:
        for file, sources in stored.sources(output).items():
            if sources != state["sources"]:
                progress.say(f"{file}: of other sources, not measured now")
    progress.say(f"done in {progress.minutes:.0f} minutes")


if __name__ == "__main__":
    sys.exit(main())
