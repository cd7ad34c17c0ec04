"""The tables of processes by size, repeated calls, the collector, peers, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from textwrap import fill
from typing import Any

from benchmarks import compare
from benchmarks.measure.crossover import DEFAULT, NEVER_MET, NEVER_MET_BYTES, percentile
from benchmarks.page import verdicts
from benchmarks.page.crossings import Crossings, overtaken, read_crossings
from benchmarks.page.hosts import hosts
from benchmarks.page.results import PEERS, RESULTS, Record, cost, read_host, read_peers
from benchmarks.page.tables import ABSENT, ENGINES, NAMES, THREADS, duration, factor, table
from benchmarks.page.targets import NUMBA

Json = dict[str, Any]
NOT_YET = "Not measured on this machine yet: `python benchmarks/run.py --only crossover`."
NO_PEERS = "Not measured on this machine yet: `python -m benchmarks.peers`."


@dataclass(frozen=True, slots=True)
class Host:
    """Everything that was measured on one machine."""

    records: dict[str, Record]
    crossings: Crossings
    peers: dict[str, Any]
    architectures: tuple[str, ...]
    peer_records: dict[str, Record]
    beside: Path = RESULTS


def read(folder: Path) -> Host:
    """Return everything in a folder of results, and what kinds of machines lie beside it."""
    peers = json.loads((folder / PEERS).read_text()) if (folder / PEERS).exists() else {}
    others = [path.name for path in folder.parent.iterdir() if path.is_dir()]
    kinds = tuple(sorted(others))
    records = read_host(folder)
    return Host(records, read_crossings(folder), peers, kinds, read_peers(folder), folder.parent)


def crossovers(host: Host) -> str:
    """Return from which size on which runtime takes less than which, processes as a whole."""
    rows = []
    for work in host.crossings.works:
        for fast, slow in permutations(ENGINES, 2):
            points = host.crossings.points(slow, work), host.crossings.points(fast, work)
            size = overtaken(*points) if all(points) else None
            if size is not None:
                common = max({n for n, _ in points[0]} & {n for n, _ in points[1]})
                start = "every size measured" if size == 0.0 else f"{size:,.0f}"
                rows.append(
                    (work, NAMES[fast], NAMES[slow], start, f"{common:,.0f}",
                     host.crossings.unit(work))
                )  # fmt: skip
    if not rows:
        return NOT_YET
    return table(("work", "takes less", "than", "from", "both measured up to", "counted in"), rows)


def totals(host: Host) -> str:
    """Return what whole processes take by size, and the most memory of each."""
    if not host.crossings.works:
        return NOT_YET
    rows = []
    for work in host.crossings.works:
        found = host.crossings.rows("totals", work)
        for size in sorted({row["size"] for _, row in found}):
            by = {key: row for key, row in found if row["size"] == size}
            cells = [
                f"{duration(min(by[key]['total_s']))}, {by[key]['memory'] / 1e6:.0f} MB"
                if key in by else ABSENT
                for key in ENGINES
            ]  # fmt: skip
            rows.append((f"{work}: {size:,} {host.crossings.unit(work)}", *cells))
    return table(("", *(NAMES[key] for key in ENGINES)), rows)


# Of fewer calls the 99th of a hundred is the longest.
FEWEST_FOR_P99 = 100
# A setting that gains less is not worth setting, whatever the noise.
LEAST_GAIN = 1.1
CALLS = ("p50", "p99", "longest", "first call", "warm after", "calls", "memory")


def calls(host: Host) -> str:
    """Return what repeated calls take once warm, the pauses of the collector included."""
    rows = []
    for work in host.crossings.works:
        for key in ENGINES:
            rows += [
                (f"{work}: {row['size']:,} {host.crossings.unit(work)}", NAMES[key], *_call(row))
                for one, row in host.crossings.rows("calls", work)
                if one == key and row["setting"] == DEFAULT
            ]
    return table(("each call", "on", *CALLS), rows) if rows else NOT_YET


def collector(host: Host) -> str:
    """Return repeated calls by setting of the collector, against the defaults of each runtime."""
    rows, advice = [], []
    for work in host.crossings.works:
        for key in ENGINES:
            found = [row for one, row in host.crossings.rows("calls", work) if one == key]
            base = next((row for row in found if row["setting"] == DEFAULT), None)
            if len(found) < 2 or base is None or "failed" in base:
                continue
            for row in found:
                rows.append((f"{NAMES[key]}: {row['setting']}", *_against(row, base)))
            advice.append(
                fill(f"- {NAMES[key]}: {_advice(found, base)}", 100, subsequent_indent="  ")
            )
    if not rows:
        return NOT_YET
    header = ("setting", *CALLS, "times p50", "times p99", "times memory")
    return "\n".join((table(header, rows), "", *advice))


def _advice(rows: Sequence[Json], base: Json) -> str:
    """Return whether a setting of the collector is worth having, and what that was judged by."""
    rows = [row for row in rows if "failed" not in row]
    noise = max(LEAST_GAIN, *map(_noise, rows), *(_idle(row, base) for row in rows))
    better = [
        f"{row['setting']} ({', '.join(_times(row, base))})"
        for row in rows
        if max(row[name] / base[name] for name in ("p50_s", "p99_s")) < 1.0 / noise
    ]
    if better:
        return f"better by more than {factor(noise)}, times p50, p99, memory: {'; '.join(better)}."
    return (
        "leave the defaults. No setting was better in the middle and at the 99th by more than "
        f"{factor(noise)}, {_judged_by(noise)}."
    )


def _judged_by(noise: float) -> str:
    return "the least that counts" if noise == LEAST_GAIN else "which is noise here"


def _noise(row: Json) -> float:
    """Return how far the processes of one setting are apart."""
    middles = row.get("p50_rounds_s") or [1.0]
    return float(max(middles) / min(middles))


def _idle(row: Json, base: Json) -> float:
    """Return by how much a setting differs from the defaults that cannot do anything."""
    if row["setting"] != NEVER_MET or max(row["memory"], base["memory"]) >= NEVER_MET_BYTES:
        return 1.0
    shares = [row[name] / base[name] for name in ("p50_s", "p99_s")]
    return float(max(*shares, *(1.0 / share for share in shares)))


def _against(row: Json, base: Json) -> tuple[str, ...]:
    if "failed" in row:
        why = row["failed"].rpartition(": ")[2]
        return (*[ABSENT] * len(CALLS), f"ended: {why or 'no reason told'}", ABSENT, ABSENT)
    if row is base:
        return (*_call(row), "", "", "")
    return (*_call(row), *_times(row, base))


def _times(row: Json, base: Json) -> tuple[str, ...]:
    return tuple(factor(row[name] / base[name]) for name in ("p50_s", "p99_s", "memory"))


def _call(row: Json) -> tuple[str, ...]:
    times = [duration(row[name]) for name in ("p50_s", "p99_s", "most_s", "first_s")]
    # Files of before that was noted have only the number of all calls.
    warm = row["warm_calls"] if "warm_calls" in row else row["calls"]
    if warm < FEWEST_FOR_P99:
        times[1] += f" (of {warm})"
    after = duration(row["to_warm_s"]) if row["to_warm_s"] else "the first call"
    return (*times, after, f"{row['calls']:,}", f"{row['memory'] / 1e6:.0f} MB")


def peers(host: Host) -> str:
    """Return what other libraries take for the same data, and what is not like for like."""
    rows = []
    columns = [(host.records.get(key), "", NAMES[key]) for key in ENGINES]
    compiled = host.records.get(NUMBA)
    if compiled and any(name.startswith(THREADS) for name in compiled.timings):
        # Some peers use every core.
        columns.append((compiled, THREADS, "on two threads"))
    for one in host.peers.get("measured", ()):
        versions = f"{one['peer']} {one['version']}"
        costs = (
            cost(record, group + one["workload"].removeprefix("kernel/" if group else ""))
            for record, group, _ in columns
        )
        ours = (ABSENT if found is None else duration(found) for found in costs)
        worst = one.get("worst_difference")
        rows.append((
            one["workload"], versions, duration(one["least_s"] / one["count"]), *ours,
            ABSENT if worst is None else f"{worst:.0e}", one["note"],
        ))  # fmt: skip
    absent = [(one["peer"], one["reason"]) for one in host.peers.get("missing", ())]
    if not rows and not absent:
        return NO_PEERS
    engines = (title for _, _, title in columns)
    header = ("workload", "peer", "per unit", *engines, "differs by up to", "not like for like")
    noted = host.peers["about"]
    parts = [f"Peers: {noted['date'][:16]}, load average {noted['load_avg_1min']:.1f}."]
    parts += [table(header, rows)] if rows else []
    if absent:
        parts.append(table(("peer", "not measured because"), absent).replace("---:", "---"))
    return "\n\n".join(parts)


def not_measured(host: Host) -> str:
    """Return what was not measured."""
    everything = list(dict.fromkeys(
        name for key in ENGINES if key in host.records for name in host.records[key].timings
    ))  # fmt: skip
    rows = []
    for key in ENGINES:
        if key not in host.records:
            rows.append((NAMES[key], "nothing of it"))
            continue
        wanted = [name for name in everything if key == NUMBA or not name.startswith(THREADS)]
        left = [name for name in wanted if name not in host.records[key].timings]
        if left:
            shown = ", ".join(left[:4]) + (f" and {len(left) - 4} more" if len(left) > 4 else "")
            rows.append((NAMES[key], f"{len(left)} of {len(wanted)} workloads: {shown}"))
    if not host.crossings.works:
        rows.append(("whole processes by size", "nothing of it"))
    for file in host.crossings.files.values():
        failed = (row["failed"] for row in file["totals"] if "failed" in row)
        rows += [("whole processes", line) for line in failed]
    if not host.peers:
        rows.append(("peers", "nothing of it"))
    arm = [name for name in host.architectures if "aarch64" in name or "arm64" in name]
    rows.append(("ARM64", f"see results/{arm[0]}" if arm else "no ARM timing has been taken"))
    rows.append(("macOS, Windows", "nothing of it"))
    return table(("of", "not measured"), rows).replace("---:", "---")


def judged(host: Host) -> str:
    """Return every target, those against peers too."""
    return verdicts.targets({**host.records, **host.peer_records})


def met(host: Host) -> str:
    """Return how many targets were met, those against peers too."""
    return verdicts.met({**host.records, **host.peer_records})


def side_by_side(host: Host) -> str:
    """Return what every machine takes that was measured."""
    return hosts(host.beside)


def losers(host: Host) -> str:
    """Return what lost, to peers too."""
    return verdicts.losers(host.records, host.peer_records)


def idiomatic(host: Host) -> str:
    """Return what plain Python gains on PyPy."""
    return verdicts.idiomatic(host.records)


def noise(host: Host) -> str:
    """Return how far two rounds of one run are apart, by the measure of the regression gate."""
    rows = []
    for key, found in compare.noise(host.records).items():
        # Every pair is there both ways round: what seems faster one way seems slower the other.
        slower = sorted(change.factor for change in found if change.factor >= 1.0)
        worst = max(found, key=lambda change: change.factor)
        beyond = sum(factor > compare.BAND for factor in slower)
        rows.append((
            NAMES[key], f"{len(slower):,}", f"{percentile(slower, 0.5):.2f}x",
            f"{percentile(slower, 0.95):.2f}x", f"{worst.factor:.2f}x", worst.name, f"{beyond}",
        ))  # fmt: skip
    if not rows:
        return "Not measured on this machine yet: `python benchmarks/run.py --rounds 3`."
    beyond_band = f"beyond the band of {compare.BAND:g}x"
    header = ("", "pairs", "middle", "19 of 20 within", "greatest", "of", beyond_band)
    return table(header, rows)


HOST_TABLES: dict[str, Callable[[Host], str]] = {
    "crossovers": crossovers,
    "totals": totals,
    "calls": calls,
    "collector": collector,
    "peers": peers,
    "noise": noise,
    "not_measured": not_measured,
    "hosts": side_by_side,
    "targets": judged,
    "met": met,
    "losers": losers,
    "idiomatic": idiomatic,
}
