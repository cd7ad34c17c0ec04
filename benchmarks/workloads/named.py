"""The workloads by name: the same names, seeds and sizes on every backend.

A name is ``group/what/size``. Groups: ``scan`` is `scan_chain` on chains that are in memory;
``phase`` is a part of it, ``step`` a step of a `Scanner` that keeps terms; ``kernel`` are the
kernel calls of a part, without the Python around them; ``threads`` are some of these by parts of
their rows on two threads, with Numba alone; ``engine`` are parts of the engine that are no scan.
Sizes are contracts, or what else the unit of a workload counts; ``2000x10`` is ten chains of 2 000.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from benchmarks.workloads.calls import CALLS
from benchmarks.workloads.calls_events import EVENTS
from benchmarks.workloads.calls_options import OPTIONS
from benchmarks.workloads.calls_series import SERIES
from benchmarks.workloads.calls_sources import SOURCES
from benchmarks.workloads.calls_threads import THREADED
from benchmarks.workloads.markets import N_EXPIRIES, SEED, Market, busy, clean, noise, with_few_hits
from benchmarks.workloads.steps import STEPS
from benchmarks.workloads.tasks import Task, kernel_task, python_task, scan_task
from engine.backend import Backend
from engine.market.chain import AMERICAN, EUROPEAN
from engine.scanner.search import make_view, search
from engine.strategies.candidates import CandidateTable
from engine.strategies.registry import REGISTRY
from engine.strategies.surface_screen import POINT, screen_surface
from engine.strategies.view import View

# The chain of the targets: ten expiries of 200 strikes.
TARGET = 4000
SIZES = (200, 2000, 20_000)
COUNTS = (1, 10, 100)
# As many different chains as hold this many contracts; beyond that they come round again.
DIFFERENT = 80_000
N_NOISE = 2_000_000

# Families whose kernels are timed on the chain of the targets, with what a cost is given per.
ROWS = TARGET // 2
PER_EXPIRY = ROWS // N_EXPIRIES
PAIRS = N_EXPIRIES * PER_EXPIRY * (PER_EXPIRY - 1) // 2


@dataclass(frozen=True, slots=True)
class Workload:
    """One thing to time.

    Attributes
    ----------
    name
        The benchmark's name.
    unit, units
        What a cost is given per, and how many of them one run works through.
    make
        Builds it for a backend; not timed.
    is_quick
        Whether ``--quick`` runs it.
    contracts
        How many contracts one run scans; 0 for kernels and phases.
    needs
        The backend without which there is no such workload; "" runs on all.
    """

    name: str
    unit: str
    units: int
    make: Callable[[Backend], Task]
    is_quick: bool = False
    contracts: int = 0
    needs: str = ""


def view_of(market: Market, backend: Backend) -> View:
    """Return the chain of a market as the families see it."""
    return make_view(market.chain, market.settings, backend)


def _ladder(contracts: int, n_chains: int, backend: Backend) -> Task:
    different = min(n_chains, DIFFERENT // contracts)
    markets = [clean(backend, contracts, seed=SEED + k) for k in range(different)]
    return scan_task(backend, markets, n_chains // different)


def _target(style: str, phases: tuple[str, ...], backend: Backend) -> Task:
    return scan_task(backend, [clean(backend, TARGET, style)], phases=phases)


def _few(phases: tuple[str, ...], backend: Backend) -> Task:
    return scan_task(backend, [with_few_hits(clean(backend, TARGET))], phases=phases)


def _few_searched(backend: Backend) -> Task:
    """Return the search and the scores alone: nobody wants near misses."""
    market = with_few_hits(clean(backend, TARGET))
    settings = replace(market.settings, near_misses=0)
    return scan_task(backend, [replace(market, settings=settings)], phases=("search_s", "score_s"))


def _busy(phases: tuple[str, ...], backend: Backend) -> Task:
    return scan_task(backend, [busy()], phases=phases)


def _view_columns(backend: Backend) -> Task:
    market = clean(backend, TARGET)
    return python_task(lambda: view_of(market, backend).terms)


def _view_kernels(backend: Backend) -> Task:
    market = clean(backend, TARGET)
    return kernel_task(backend, partial(view_of, market))


def _search(style: str, backend: Backend) -> Task:
    market = clean(backend, TARGET, style)
    view = view_of(market, backend)
    return python_task(lambda: search(view, None, market.settings)[0].found.count)


def _search_kernels(market: Callable[[Backend], Market], backend: Backend) -> Task:
    """Return the kernel calls of the search of a clean chain."""
    chosen = market(backend)
    view = view_of(chosen, backend)
    return kernel_task(
        backend, lambda noting: search(replace(view, backend=noting), None, chosen.settings)
    )


def _families(
    market: Callable[[Backend], Market], names: tuple[str, ...], backend: Backend
) -> Task:
    """Return the kernel calls that families make on a chain."""
    chosen = market(backend)
    view = view_of(chosen, backend)

    def find(noting: Backend) -> None:
        table = CandidateTable(backend, chosen.chain.n_rows, view.days)
        for name in names:
            REGISTRY[name].find(replace(view, backend=noting), table)

    return kernel_task(backend, find)


def _noise(_backend: Backend) -> Market:
    return noise(N_NOISE)


def _american(backend: Backend) -> Market:
    return clean(backend, TARGET)


def _european(backend: Backend) -> Market:
    return clean(backend, TARGET, EUROPEAN)


def _screen(backend: Backend) -> Task:
    view = view_of(_european(backend), backend)
    return kernel_task(backend, lambda noting: screen_surface(replace(view, backend=noting), POINT))


def _hulls(market: Callable[[Backend], Market], backend: Backend) -> Task:
    """Return the lower hull of the calls of every expiry."""
    chain = market(backend).chain
    value = array("d", bytes(8 * len(chain.ask)))
    vertex = array("l", bytes(8 * chain.n_rows))

    def hulls(noting: Backend) -> None:
        for e in range(len(chain.expiries)):
            noting.hull.lower_hull(
                chain.strike, chain.ask, 0, chain.first[e], chain.first[e + 1], value, vertex
            )

    return kernel_task(backend, hulls)


def _table() -> tuple[Workload, ...]:
    whole: tuple[str, ...] = ()
    apart = ("search_s", "score_s")
    scans = [
        Workload(f"scan/american/{TARGET}", "scan", 1, partial(_target, AMERICAN, whole), True),
        Workload(f"scan/european/{TARGET}", "scan", 1, partial(_target, EUROPEAN, whole), True),
        Workload(f"scan/few hits/{TARGET}", "scan", 1, partial(_few, whole), True),
        Workload(f"scan/few hits, search and score/{TARGET}", "scan", 1, _few_searched, True),
        Workload("scan/busy/demo", "scan", 1, partial(_busy, whole)),
        Workload("scan/busy, search and score/demo", "scan", 1, partial(_busy, apart)),
    ]
    scans += [
        Workload(
            f"scan/clean/{size}x{count}", "contract", size * count, partial(_ladder, size, count),
            is_quick=count == 1 and size == SIZES[0], contracts=size * count,
        )
        for size in SIZES
        for count in COUNTS
    ]  # fmt: skip
    phases = [
        Workload(f"phase/view/{TARGET}", "scan", 1, _view_columns, True),
        Workload(f"phase/search/{TARGET}", "scan", 1, partial(_search, AMERICAN), True),
        Workload(f"phase/score/{TARGET}", "scan", 1, partial(_few, ("score_s",))),
        Workload(f"phase/proof/{TARGET}", "scan", 1, partial(_few, ("proof_s",))),
        Workload(f"phase/rest/{TARGET}", "scan", 1, partial(_target, AMERICAN, ("rest_s",)), True),
    ]
    phases += [Workload(name, "scan", 1, make) for name, make in STEPS.items()]
    parity = ("conversion", "reversal")
    kernels = [
        Workload(f"kernel/net quotes/{TARGET}", "contract", TARGET, _view_kernels),
        Workload(
            f"kernel/search of a clean chain, American/{TARGET}", "strike", ROWS,
            partial(_search_kernels, _american), True,
        ),
        Workload(
            f"kernel/search of a clean chain/{TARGET}", "strike", ROWS,
            partial(_search_kernels, _european),
        ),
        Workload(
            f"kernel/conversion and reversal/{TARGET}", "strike", ROWS,
            partial(_families, _european, parity), True,
        ),
        Workload(
            f"kernel/conversion and reversal, American/{TARGET}", "strike", ROWS,
            partial(_families, _american, parity),
        ),
        Workload(
            f"kernel/conversion and reversal, noise/{N_NOISE}", "strike", N_NOISE // 2,
            partial(_families, _noise, parity),
        ),
        Workload(
            f"kernel/box/{TARGET}", "box", 2 * PAIRS, partial(_families, _european, ("box",)), True
        ),
        *(
            Workload(
                f"kernel/{name.replace('_', ' ')}/{TARGET}", "strike", ROWS,
                partial(_families, _american, (name,)),
            )
            for name in REGISTRY
            if name not in (*parity, "box")
        ),
        Workload(f"kernel/lower hull/{TARGET}", "strike", ROWS, partial(_hulls, _european), True),
        Workload(
            f"kernel/lower hull, noise/{N_NOISE}", "strike", N_NOISE // 2, partial(_hulls, _noise)
        ),
        Workload(f"kernel/surface screen/{TARGET}", "strike", ROWS, _screen),
    ]  # fmt: skip
    calls = [
        Workload(call.name, call.unit, call.units, call.task, call.is_quick)
        for call in (*CALLS, *OPTIONS, *SERIES, *EVENTS, *SOURCES)
    ]
    threaded = [
        Workload(one.name, one.call.unit, one.call.units, one.task, needs="numba")
        for one in THREADED
    ]
    return (*scans, *phases, *kernels, *calls, *threaded)


WORKLOADS = {workload.name: workload for workload in _table()}
