"""Say what became slower between two runs: a gate for a schedule, on ratios within one run.

    python benchmarks/compare.py BASE HEAD [--band 1.5]

BASE and HEAD are folders that run.py wrote, of one machine. Seconds of two runs do not compare:
the machine may have been busy. So the change of each workload is divided by the change of its
reference, which was measured beside it: the C baseline of the same name, else plain Python, else
the change of the machine, the middle one of all that C and plain Python measured. Code of ours is
a reference only where neither of them was measured: what became slower together then looks like a
busier machine, and a line says so.

The band is chosen from what is measured where nothing changed: the rounds of one run
(``run.py --rounds 3``), each compared with each; the table "noise" of report.py shows them.

Ends with

  0   if nothing became slower by more than the band
  1   and a line for each workload that did
  2   if the folders cannot be compared
  69  and a line for each runtime or baseline that BASE measured and HEAD did not
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from statistics import median

if __name__ == "__main__":
    # A script finds its own folder, not the package that it belongs to.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.page.results import Record, cost, read_host

OK, SLOWER, NOT_COMPARABLE, GONE = 0, 1, 2, 69
# Of 135 pairs of rounds in the committed run, where nothing changed, the greatest differs by 2.8.
BAND = 3.0
BASELINES = ("c", "cpython-plain")
# Not ours either, but no reference: NumPy or PyPy may have changed, not the machine.
OTHER_BASELINES = ("-numpy", "-plain")
# A middle of fewer says little; then the whole runtime stands in, and below that nothing is judged.
FEWEST_OTHERS = 3

Records = dict[str, Record]


class NotComparableError(Exception):
    """Two folders of results do not fit together; the message says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """How many times longer a workload takes than before, its reference counted out."""

    runtime: str
    name: str
    factor: float
    reference: str

    def __str__(self) -> str:
        return f"{self.runtime}: {self.name}: {self.factor:.2f}x slower against {self.reference}"


def read(folder: Path) -> Records:
    """Return the records of a folder.

    Raises
    ------
    NotComparableError
        If there is no such folder, nothing in it, or something that run.py did not write.
    """
    if not folder.is_dir():
        raise NotComparableError(f"{folder}: there is no such folder")
    try:
        records = read_host(folder)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise NotComparableError(
            f"{folder}: holds a file that run.py did not write ({type(error).__name__}: {error})"
        ) from None
    if not records:
        raise NotComparableError(f"{folder}: holds no results of run.py")
    return records


def changes(base: Records, head: Records) -> list[Change]:
    """Return the change of every workload that both runs measured and that has a reference.

    Raises
    ------
    NotComparableError
        If the runs are of different machines, or have no workload in common.
    """
    machines = [
        {str(name) for r in run.values() if (name := r.about.get("cpu_model_name"))}
        for run in (base, head)
    ]
    # Older runs on ARM do not tell.
    if all(machines) and machines[0] != machines[1]:
        before, after = (", ".join(sorted(names)) for names in machines)
        raise NotComparableError(f"the machines differ: {before} and {after}")
    found = [
        change
        for key in base
        if key in head and key not in BASELINES and not key.endswith(OTHER_BASELINES)
        for change in _of_runtime(key, base, head)
    ]
    if not found:
        raise NotComparableError("the two runs have no workload in common that has a reference")
    return found


def _of_runtime(key: str, base: Records, head: Records) -> Iterator[Change]:
    raw = dict(_raw(base[key], head[key]))
    against = {
        name: [(other, dict(_raw(base[other], head[other]))) for other in BASELINES
               if other in base and other in head]
        for name in raw
    }  # fmt: skip
    machine = _machine(base, head)
    for name, factor in raw.items():
        beside = [(other, moved[name]) for other, moved in against[name] if name in moved]
        if beside:
            other, moved = beside[0]
            yield Change(key, name, factor / moved, f"{other} in the same run")
            continue
        if machine:
            what = f"the machine, {len(machine)} measurements of C and plain Python"
            yield Change(key, name, factor / median(machine), what)
            continue
        group = name.split("/")[0]
        others = [raw[one] for one in raw if one != name and one.split("/")[0] == group]
        what = f"{group.removesuffix('s')}s"
        if len(others) < FEWEST_OTHERS:
            others, what = [raw[one] for one in raw if one != name], "workloads"
        if len(others) >= FEWEST_OTHERS:
            middle = median(others)
            yield Change(key, name, factor / middle, f"{len(others)} other {what} of the same run")


def _machine(base: Records, head: Records) -> list[float]:
    """Return the changes of what is not ours: they are the machine's."""
    both = [key for key in BASELINES if key in base and key in head]
    return [change for key in both for _, change in _raw(base[key], head[key])]


def _raw(base: Record, head: Record) -> Iterator[tuple[str, float]]:
    """Yield name and change of the least seconds per unit, nothing counted out."""
    for name in base.timings:
        before, after = cost(base, name), cost(head, name)
        if before and after:
            yield name, after / before


def busy(what: str, records: Records) -> list[str]:
    """Return a line where a run had to share its processors: then noise exceeds any band."""
    loads = sorted(load for record in records.values() for load in record.loads)
    cores = next((int(r.about.get("cpu_count", 0)) for r in records.values()), 0)
    if not loads or not cores or loads[len(loads) // 2] <= cores:
        return []
    load = f"{loads[len(loads) // 2]:.1f} on {cores} processors"
    return [f"{what} was measured at a load average of {load}: what is said of it may be noise"]


def alone(base: Records, head: Records) -> list[str]:
    """Return a line where nothing that is not ours tells how busy the machine was."""
    if _machine(base, head):
        return []
    return ["neither C nor plain Python was measured: what became slower together is not seen"]


def gone(base: Records, head: Records) -> list[str]:
    """Return a line for every runtime or baseline of the base that the head has not."""
    return [f"{key}: not measured in HEAD" for key in base if key not in head]


def missing(base: Records, head: Records) -> list[str]:
    """Return a line for every workload of the base that the same runtime of the head has not."""
    lines = []
    for key in base:
        if key in head:
            left = [name for name in base[key].timings if name not in head[key].timings]
            lines += [f"{key}: {name}: not measured in HEAD" for name in left]
    return lines


def noise(records: Records) -> dict[str, list[Change]]:
    """Return by runtime what seems to have changed between two rounds of one run, all pairs.

    Empty where a run had one round.
    """
    most = max((len(t.rounds) for one in records.values() for t in one.timings.values()), default=0)
    rounds = [_round(records, number, most) for number in range(most)] if most > 1 else []
    found: dict[str, list[Change]] = {}
    for base, head in permutations(rounds, 2):
        try:
            pairs = changes(base, head)
        except NotComparableError:
            continue
        for change in pairs:
            found.setdefault(change.runtime, []).append(change)
    return found


def _round(records: Records, number: int, most: int) -> Records:
    """Return one round of a run as if it were a run, with what was measured in all rounds."""
    return {
        key: replace(
            record,
            timings={
                name: replace(timing, values=(timing.rounds[number],))
                for name, timing in record.timings.items()
                if len(timing.rounds) == most
            },
        )
        for key, record in records.items()
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Compare two folders."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", type=Path, metavar="BASE")
    parser.add_argument("head", type=Path, metavar="HEAD")
    parser.add_argument("--band", type=float, default=BAND, help=f"{BAND} where nothing is said")
    args = parser.parse_args(argv)
    if not args.band > 1.0:
        parser.error("--band: expected a factor above 1")
    try:
        base, head = read(args.base), read(args.head)
        found = changes(base, head)
    except NotComparableError as error:
        print(f"compare: {error}", file=sys.stderr)
        return NOT_COMPARABLE
    told = [*busy("BASE", base), *busy("HEAD", head), *alone(base, head), *missing(base, head)]
    for line in told:
        print(f"compare: {line}", file=sys.stderr)
    slower = sorted(
        (change for change in found if change.factor > args.band), key=lambda one: -one.factor
    )
    absent = gone(base, head)
    for one in [*absent, *slower]:
        print(one)
    verdict = f"{len(slower)} of {len(found)} became slower by more than {args.band:g}x"
    print(f"compare: {verdict}", file=sys.stderr)
    return SLOWER if slower else GONE if absent else OK


if __name__ == "__main__":
    sys.exit(main())
