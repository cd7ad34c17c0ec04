"""What the engine is meant to reach, as limits on the workloads. Seconds, per unit of the workload.

The limits were set on a faster machine (its processor has wider vectors and a higher clock): what
is missed here by less than the machines differ may be met there. A factor says by how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median_high

from benchmarks.page.results import Record, cost, cost_by_round

NS, US = 1e-9, 1e-6
NUMBA, PYPY, PURE, NUMPY, C = (
    "cpython-numba", "pypy-pure", "cpython-pure", "cpython-numpy", "c",
)  # fmt: skip
REPRICE, BACKTEST = "kernel/reprice/50000", "kernel/bar backtest/1000000"
OBJECT, JSON = "engine/strategy object/100000", "kernel/JSON trade/20000"
CACHE, DICT = "engine/cache get/20000", "engine/dict get/20000"
TRIPLES = "kernel/butterfly/4000"
GREEKS, TICKS = "kernel/price and Greeks/50000", "kernel/ticks, batch/1000000"


@dataclass(frozen=True, slots=True)
class Target:
    """A limit on the cost of one workload on one runtime.

    With `other`, `limit` is a multiple of the cost on that runtime, or of that peer, instead of
    seconds; with `against`, of the cost of that workload. `is_once` where noise is nothing beside
    what is judged: then no round measures it again.
    """

    what: str
    name: str
    key: str
    limit: float
    other: str = ""
    against: str = ""
    is_once: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """A target in the round whose share of the limit is the middle one of all rounds.

    Of an even number it is the worse of the two in the middle. Costs are seconds per unit of the
    workload: measured, the limit, and that of C in the same round, None where there is none.
    `shares` are measured over limit, by round; one where nothing was measured again.
    """

    measured: float
    limit: float
    c: float | None
    shares: tuple[float, ...]

    @property
    def share(self) -> float:
        """What is judged: measured over limit."""
        return self.measured / self.limit

    @property
    def n_met(self) -> int:
        """In how many rounds the target was met."""
        return sum(share <= 1.0 for share in self.shares)


# Steps of a scan of 10 x 200 contracts with terms kept: name, workload, microseconds by runtime.
_STEPS = (
    ("find, clean American", "step/find, clean American/4000", 100, 300),
    ("find, clean European", "step/find, clean European/4000", 100, 300),
    ("find, few hits", "step/find, few hits/4000", 300, 600),
    ("find and rank, few hits", "step/find and rank, few hits/4000", 350, 700),
    ("rank 150 rows", "step/rank/150", 50, 120),
    ("packages of a busy index", "step/packages/ZIDX", 8000, 22_000),
)

TARGETS = (
    *(Target(name, work, NUMBA, most * US) for name, work, most, _ in _STEPS),
    *(Target(name, work, PYPY, most * US) for name, work, _, most in _STEPS),
    Target("few hits, search and score", "scan/few hits, search and score/4000", NUMBA, 60 * US),
    Target("few hits, search and score", "scan/few hits, search and score/4000", PYPY, 200 * US),
    Target("conversions and reversals", "kernel/conversion and reversal/4000", NUMBA, 2 * NS),
    Target("conversions and reversals", "kernel/conversion and reversal/4000", PYPY, 2 * NS),
    Target("boxes against NumPy", "kernel/box/4000", NUMBA, 1 / 25, NUMPY),
    Target("boxes against NumPy", "kernel/box/4000", PYPY, 1 / 25, NUMPY),
    *(
        Target("butterflies of all triples against NumPy", TRIPLES, key, 1 / 25, NUMPY)
        for key in (NUMBA, PYPY)
    ),
    Target("lower hull", "kernel/lower hull/4000", PYPY, 10 * NS),
    Target("price against C", "kernel/price/50000", NUMBA, 1.10, C),
    Target("price", "kernel/price/50000", PYPY, 45 * NS),
    Target("price and Greeks", GREEKS, PYPY, 60 * NS),
    Target("price and Greeks against C", GREEKS, NUMBA, 1.10, C),
    Target("implied volatility against C", "kernel/implied volatility/50000", NUMBA, 1.25, C),
    Target("implied volatility", "kernel/implied volatility/50000", PYPY, 260 * NS),
    Target("a chain at a new spot", REPRICE, NUMBA, 1.6 * NS),
    Target("a chain at a new spot", REPRICE, PYPY, 22 * NS),
    Target("sweep of bars", "kernel/sweep/100000x16", NUMBA, 1.5 * NS),
    Target("strategy object", OBJECT, PYPY, 25 * NS),
    Target("a tick, against C", "kernel/tick, one call/100000", PYPY, 2.0, C),
    Target("ticks in a batch, against C", TICKS, NUMBA, 1.5, C),
    Target("ticks in a batch, against C", TICKS, PYPY, 2.0, C),
    *(
        Target(f"{name} against TA-Lib", f"kernel/{name}/1000000", key, limit, "TA-Lib")
        for name, best in (("sma", 1 / 1.4), ("ema", 1 / 1.5), ("rsi", 1 / 1.5),
                           ("bollinger", 1 / 1.5))
        for key, limit in ((NUMBA, best), (PYPY, 1.1))
    ),
    *(
        Target(f"{name} against pandas", f"kernel/{name}/1000000", key, 1 / 10, "pandas")
        for name in ("sma", "ema", "rsi", "bollinger")
        for key in (NUMBA, PYPY)
    ),
    Target("a trade message in JSON", JSON, NUMBA, 50 * NS),
    Target("a trade message in JSON", JSON, PYPY, 55 * NS),
    *(
        Target("a look-up in the cache, against a dictionary", CACHE, key, limit, against=DICT)
        for key, limit in ((NUMBA, 2.5), (PYPY, 1.5))
    ),
    Target("price against fast_vollib", "kernel/price/50000", NUMBA, 1 / 8, "fast_vollib"),
    Target(
        "price against py_vollib_vectorized", "kernel/price/50000", NUMBA, 1 / 60,
        "py_vollib_vectorized",
    ),
    Target("price and Greeks against fast_vollib", GREEKS, NUMBA, 1 / 8, "fast_vollib"),
    Target(
        "price and Greeks against py_vollib_vectorized", GREEKS, NUMBA, 1 / 60,
        "py_vollib_vectorized",
    ),
    Target(
        "implied volatility against fast_vollib", "kernel/implied volatility/50000", NUMBA, 1 / 6,
        "fast_vollib",
    ),
    Target(
        "strategy object against backtesting", OBJECT, PYPY, 1 / 150, "backtesting", BACKTEST
    ),
    *(
        Target(f"a tick against {peer}", "kernel/tick, one call/100000", PYPY, limit, peer)
        for peer, limit in (("hftbacktest", 1 / 9), ("nautilus_trader", 1 / 250))
    ),
    *(
        Target("sweep against vectorbt", "kernel/sweep/100000x16", key, 1 / 100, "vectorbt")
        for key in (NUMBA, PYPY)
    ),
    *(
        Target(f"{what} against {peer}", name, key, limit, peer)
        for what, name, limit, peer in (
            ("a trade message", JSON, 1 / 4, "msgspec"),
            ("a look-up", CACHE, 1 / 10, "cachetools"),
        )
        for key in (NUMBA, PYPY)
    ),
    *(
        Target("50,000 prices in 15 ms, each", "kernel/price/50000", key, 300 * NS)
        for key in (NUMBA, PYPY)
    ),
    # What was promised of PyPy against CPython, on the same source.
    Target("a third of CPython: chain processing", "scan/american/4000", PYPY, 1 / 3, PURE),
    Target("half of CPython: arbitrage detection", "phase/search/4000", PYPY, 1 / 2, PURE),
    Target("half of CPython: a whole scan with hits", "scan/few hits/4000", PYPY, 1 / 2, PURE),
    Target("first useful scan, cached", "process/first scan/200", NUMBA, 1.2),
    Target("first useful scan", "process/first scan/200", PURE, 0.15),
    Target("first useful scan", "process/first scan/200", PYPY, 0.25),
    # Flat from 200 to 200 000: no size costs more per contract than the next.
    *(
        Target(
            "cost per contract, ten times the contracts", "scan/clean/20000x1", key, 1.0,
            against="scan/clean/2000x1",
        )
        for key in (NUMBA, PYPY)
    ),
    *(
        Target(
            f"cost per contract, {what}", f"scan/clean/{name}", key, 1.0,
            against="scan/clean/20000x1", is_once=True,
        )
        for what, name in (
            ("a chain of 200 against one of 20,000", "200x1"),
            ("ten chains of 20,000 against one", "20000x10"),
        )
        for key in (NUMBA, PYPY)
    ),
    # A small chain has its fixed costs: what it may cost at most while it is not flat.
    *(
        Target(
            "cost per contract, a chain of 200 within six times one of 20,000", "scan/clean/200x1",
            key, 6.0, against="scan/clean/20000x1", is_once=True,
        )
        for key in (NUMBA, PYPY)
    ),
    *(
        Target(
            "two workers against one", "process/1 audits, 2 jobs/demo", key, 1 / 1.8,
            against="process/1 audits, 1 jobs/demo",
        )
        for key in (NUMBA, PYPY)
    ),
)  # fmt: skip


def judged(target: Target, records: dict[str, Record]) -> Judgement | None:
    """Return what was measured beside the limit; None if one of them is missing.

    What a limit is relative to was measured in the same round. Peers were not: what they took once
    stands beside every round.
    """
    base = target.other or target.key, target.against or target.name
    measured = _costs(records.get(target.key), target.name)
    limits = (target.limit,) * len(measured)
    if target.other or target.against:
        limits = tuple(target.limit * cost for cost in _costs(records.get(base[0]), base[1]))
        if len(limits) == 1:
            limits *= len(measured)
    shares = tuple(one / limit for one, limit in zip(measured, limits, strict=False))
    if not shares:
        return None
    middle = shares.index(median_high(shares))
    limit_of_machine = _costs(records.get(C), target.name)
    c = limit_of_machine[min(middle, len(limit_of_machine) - 1)] if limit_of_machine else None
    return Judgement(measured[middle], limits[middle], c, shares)


def _costs(record: Record | None, name: str) -> tuple[float, ...]:
    """Return the least cost of each round, or the one that there is; empty where not measured."""
    found, once = cost_by_round(record, name), cost(record, name)
    return found or ((once,) if once is not None else ())
