"""The tables of the performance pages, made from result files alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.page.results import Record, Timing
from benchmarks.page.targets import NUMBA, NUMPY, PURE, PYPY, C

PLAIN, PYPY_PLAIN = "cpython-plain", "pypy-plain"
NAMES = {
    PLAIN: "plain Python",
    PYPY_PLAIN: "plain Python on PyPy",
    NUMPY: "NumPy",
    PURE: "CPython",
    PYPY: "PyPy",
    NUMBA: "CPython + Numba",
    C: "C",
}
ENGINES = (PURE, PYPY, NUMBA)
ABSENT = "–"
# The group of workloads that are a kernel's on two threads, which Numba alone runs.
THREADS = "threads/"

Records = dict[str, Record]


def duration(seconds: float) -> str:
    """Return a duration with three digits.

    >>> duration(0.0000123), duration(1.5)
    ('12.3 µs', '1.50 s')
    """
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"), (1e-12, "ps")):
        if seconds >= 0.9995 * unit or name == "ps":
            value = seconds / unit
            break
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f} {name}"


def factor(value: float) -> str:
    """Return a ratio as it is read: ``12.3x``."""
    return (
        f"{value:.0f}x" if value >= 99.5 else f"{value:.1f}x" if value >= 9.95 else f"{value:.2f}x"
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; every column but the first is aligned right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def about(records: Records) -> str:
    """Return on what and when the numbers were measured."""
    one = next(iter(records.values()))
    loads = sorted(load for record in records.values() for load in record.loads)
    dates = sorted(date for record in records.values() for date in record.dates)
    lines = [
        ("machine", f"{one.about['cpu_model_name']}, {one.about['cpu_count']} cores"),
        ("platform", one.about["platform"]),
        ("commit", f"{one.about['commit']} (sources {one.about['sources']})"),
        ("measured", f"{dates[0][:16]} to {dates[-1][:16]}, pyperf {one.about['perf_version']}"),
        ("load average", f"{loads[0]:.1f} to {loads[-1]:.1f}, median {loads[len(loads) // 2]:.1f}"),
        ("rounds", _rounds(records)),
        *((NAMES[key], _described(records[key])) for key in NAMES if key in records),
    ]
    return table(("", ""), [(name, text) for name, text in lines]).replace("---:", "---")


def _rounds(records: Records) -> str:
    counts = [
        len(timing.rounds) for record in records.values() for timing in record.timings.values()
    ]
    most = max(counts, default=1)
    return f"{most} of {sum(n == most for n in counts)} of the {len(counts)} measurements"


def _described(record: Record) -> str:
    build = record.about.get("python_build", "")
    return record.backend if build in record.backend else f"{record.backend}; {build}"


def scans(records: Records) -> str:
    """Return whole scans of single chains: least and median, and ratios of the least."""
    return _compared(records, ("scan/american", "scan/european", "scan/few", "scan/busy"))


def phases(records: Records) -> str:
    """Return where the time of a scan goes."""
    return _compared(records, ("phase/",))


def processes(records: Records) -> str:
    """Return whole processes."""
    return _compared(records, ("process/",))


def _compared(records: Records, prefixes: tuple[str, ...]) -> str:
    engines = [key for key in ENGINES if key in records]
    others = [key for key in engines if key != PURE]
    header = ["", *(NAMES[key] for key in engines)]
    header += [f"{NAMES[key]} against CPython" for key in others]
    rows = []
    for name in _names(records, prefixes):
        found = [records[key].timings.get(name) for key in engines]
        row = [_title(name), *map(_least_and_middle, found)]
        pure = records[PURE].timings.get(name) if PURE in records else None
        row += [_ratio(pure, records[key].timings.get(name)) for key in others]
        rows.append(row)
    return table(header, rows)


def _ratio(slow: Timing | None, fast: Timing | None) -> str:
    """Return how many times faster, in the words of pyperf's compare_to."""
    if slow is None or fast is None:
        return ABSENT
    share = slow.least / fast.least
    return f"{factor(share)} faster" if share >= 1.0 else f"**{factor(1.0 / share)} slower**"


def _least_and_middle(timing: Timing | None) -> str:
    if timing is None:
        return ABSENT
    return f"{duration(timing.least)} ({duration(timing.middle)})"


def ladder(records: Records) -> str:
    """Return the cost per contract of clean chains by size and number."""
    engines = [key for key in ENGINES if key in records]
    rows = []
    for name in _names(records, ("scan/clean/",)):
        size, _, count = name.removeprefix("scan/clean/").partition("x")
        costs = [_cost(records[key].timings.get(name)) for key in engines]
        rows.append((f"{int(size):,}", count, *costs))
    return table(("contracts", "chains", *(NAMES[key] for key in engines)), rows)


def kernels(records: Records) -> str:
    """Return the cost of kernels per unit, beside the baselines."""
    keys = [key for key in NAMES if key in records]
    rows = []
    for name in _names(records, ("kernel/", "engine/")):
        timings = {key: records[key].timings.get(name) for key in keys}
        per = next(timing.per for timing in timings.values() if timing)
        rows.append((f"{_title(name)}, per {per}", *(_cost(timings[key]) for key in keys)))
    return table(("", *(NAMES[key] for key in keys)), rows)


def _cost(timing: Timing | None) -> str:
    return duration(timing.least / timing.count) if timing else ABSENT


def memory(records: Records) -> str:
    """Return the most memory of whole processes."""
    engines = [key for key in ENGINES if key in records]
    rows = []
    for name in _names(records, ("process/",)):
        found = [records[key].timings.get(name) for key in engines]
        rows.append(
            (_title(name), *(f"{t.rss / 1e6:.0f} MB" if t and t.rss else ABSENT for t in found))
        )
    return table(("", *(NAMES[key] for key in engines)), rows)


def threads(records: Records) -> str:
    """Return kernels on two threads beside the same on one, per unit and as a ratio."""
    timings = records[NUMBA].timings if NUMBA in records else {}
    rows = []
    for name in _names(records, (THREADS,)):
        alone, both = timings.get(f"kernel/{name.removeprefix(THREADS)}"), timings[name]
        costs = _cost(alone), _cost(both), _ratio(alone, both)
        rows.append((f"{_title(name)}, per {both.per}", *costs))
    if not rows:
        return "Not measured on this machine yet: `python benchmarks/run.py`."
    return table(("", NAMES[NUMBA], "on two threads", ""), rows)


SITUATIONS = (
    ("one scan of a small file", "process/first scan/200"),
    ("one look at the demo exchange", "process/first scan/demo"),
    ("a process of ten scans", "process/10 scans/2000"),
    ("a process of a hundred scans", "process/100 scans/2000"),
    ("a process of a thousand scans", "process/1000 scans/2000"),
    ("warm, small chain", "scan/clean/200x1"),
    ("warm, middle chain", "scan/clean/2000x1"),
    ("warm, large chain", "scan/clean/20000x1"),
    ("warm, busy chain", "scan/busy/demo"),
    ("pricing and Greeks", "kernel/price and Greeks/50000"),
    ("implied volatilities", "kernel/implied volatility/50000"),
    ("a backtest in a kernel", "kernel/bar backtest/1000000"),
    ("a strategy object", "engine/strategy object/100000"),
    ("ticks one at a time", "kernel/tick, one call/100000"),
    ("ticks in batches", "kernel/ticks, batch/1000000"),
)


def deploy(records: Records) -> str:
    """Return which runtime is fastest for what, and by how much the others are slower."""
    rows = []
    for situation, name in SITUATIONS:
        found = [
            (record.timings[name].least, key)
            for key in ENGINES
            if (record := records.get(key)) and name in record.timings
        ]
        if not found:
            continue
        (best, winner), *others = sorted(found)
        slower = ", ".join(f"{NAMES[key]} {factor(least / best)}" for least, key in others)
        rows.append((situation, f"**{NAMES[winner]}**", duration(best), slower))
    return table(("", "fastest", "takes", "the others take"), rows)


def _names(records: Records, prefixes: tuple[str, ...]) -> list[str]:
    """Return the names of workloads in the order in which they were measured."""
    names = [
        name
        for key in (NUMBA, PYPY, PURE)
        if key in records
        for name in records[key].timings
        if name.startswith(prefixes)
    ]
    return list(dict.fromkeys(names))


def _title(name: str) -> str:
    """Return a workload's name without its group."""
    return name.split("/", 1)[1].replace("/", ", ")


TABLES = {
    "about": about,
    "scans": scans,
    "ladder": ladder,
    "phases": phases,
    "kernels": kernels,
    "threads": threads,
    "processes": processes,
    "memory": memory,
    "deploy": deploy,
}
