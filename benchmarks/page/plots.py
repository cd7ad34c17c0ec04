"""The plots of the performance pages, made from result files alone."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.page.crossings import Crossings
from benchmarks.page.results import Record, cost
from benchmarks.page.svg import Series, bars, curves
from benchmarks.page.tables import ENGINES, NAMES, PLAIN, PYPY_PLAIN
from benchmarks.page.targets import NUMPY, C

Records = dict[str, Record]
Plot = Callable[[Records, Crossings], str]
# A runtime has the same colour in every plot.
COLOUR = {key: k for k, key in enumerate((*ENGINES, NUMPY, PLAIN, PYPY_PLAIN))}


def _named(key: str) -> tuple[str, int]:
    return NAMES[key], COLOUR[key]


def ratio_to_c(records: Records, _crossings: Crossings) -> str:
    """Return bars of the cost of kernels, in multiples of C; "" where C was not measured."""
    keys = [key for key in (*ENGINES, NUMPY, PLAIN, PYPY_PLAIN) if key in records]
    limit = records.get(C)
    names = [name for name in limit.timings if name.startswith("kernel/")] if limit else []
    rows = []
    for name in names:
        base = cost(limit, name)
        found = [(cost(records[key], name) or 0.0) / base if base else 0.0 for key in keys]
        rows.append((name.split("/")[1], [value or None for value in found]))
    if not rows:
        return ""
    unit = "times the cost of the same work in C, same run; a bar that is not there: not measured"
    return bars("Kernels against C", [_named(key) for key in keys], rows, unit)


def ratio_to_cpython(records: Records, _crossings: Crossings) -> str:
    """Return bars of how many times faster PyPy and Numba scan than CPython, warm."""
    pure = records.get("cpython-pure")
    keys = [key for key in ENGINES if key in records and key != "cpython-pure"]
    rows = []
    for name in sorted(pure.timings, key=_order) if pure else ():
        base = cost(pure, name)
        if not base or not name.startswith(("scan/", "phase/")):
            continue
        found = [cost(records[key], name) for key in keys]
        if any(found):
            label = name.replace("/", " ", 1).rpartition("/")[0]
            label = label if label != "scan clean" else f"scan clean {name.split('/')[2]}"
            rows.append((label, [base / value if value else None for value in found]))
    if not rows:
        return ""
    unit = "times faster than CPython without Numba, warm; left of 1: slower"
    return bars("Scans against CPython", [_named(key) for key in keys], rows, unit)


def _order(name: str) -> tuple[bool, list[int]]:
    """Return what sorts scans before their phases and clean chains by size, the rest as it was."""
    size = name.rpartition("/")[2].split("x") if "/clean/" in name else []
    return not name.startswith("scan/"), [int(number) for number in size]


def _crossover(work: str) -> Plot:
    def plot(_records: Records, crossings: Crossings) -> str:
        keys = [key for key in ENGINES if crossings.points(key, work)]
        if not keys:
            return ""
        series = [Series(NAMES[key], crossings.points(key, work), COLOUR[key]) for key in keys]
        title = f"Whole processes: {work}, start-up and compiler or warm-up included"
        return curves(title, series, crossings.unit(work), "seconds from start to end, least")

    return plot


PLOTS: dict[str, Plot] = {
    "ratio_to_c": ratio_to_c,
    "ratio_to_cpython": ratio_to_cpython,
    "crossover_price": _crossover("price"),
    "crossover_scan": _crossover("scan"),
    "crossover_bars": _crossover("bars"),
    "crossover_ticks": _crossover("ticks"),
}
