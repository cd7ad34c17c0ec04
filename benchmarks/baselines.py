"""What to compare the kernels with: plain Python as most people write it, and C.

A baseline answers the same question as the workload of its name and is held to the kernels'
answer: as many hits, the best edge within `TOLERANCE` (a C compiler may fuse a product and a sum).
Plain Python tries every pair of strikes; C rejects whole rows, as the kernel does.
"""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
from array import array
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from chains import clean
from tasks import Task, recorded
from workloads import N_OPTIONS, TARGET, options, view_of

from engine.backend import Backend
from engine.market.chain import EUROPEAN
from engine.strategies.candidates import CandidateTable
from engine.strategies.registry import REGISTRY
from engine.strategies.view import View

TOLERANCE = 1e-9
PARITY = f"kernel/conversion and reversal/{TARGET}"
BOX = f"kernel/box/{TARGET}"
HULL = f"kernel/lower hull/{TARGET}"
PRICE = f"kernel/price/{N_OPTIONS}"

SOURCE = Path(__file__).with_name("baseline.c")
FLAGS = ("-O3", "-march=native")

Answer = tuple[float, ...]
Columns = list["array[float] | array[int]"]


def compiler() -> str:
    """Return the C compiler of this machine, or ""."""
    return next((path for name in ("gcc", "cc", "clang") if (path := shutil.which(name))), "")


def compiler_version() -> str:
    """Return the compiler and its flags as they are published."""
    done = subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=True)
    return f"{done.stdout.splitlines()[0]}, {' '.join(FLAGS)}"


def _european(backend: Backend) -> View:
    return view_of(clean(backend, TARGET, EUROPEAN), backend)


def _wanted(view: View, names: tuple[str, ...], kernels: tuple[str, ...]) -> Answer:
    """Return hits and best edge of every call that these families make of these kernels."""
    table = CandidateTable(view.backend, view.chain.n_rows, view.days)

    def find(noting: Backend) -> None:
        for name in names:
            REGISTRY[name].find(replace(view, backend=noting), table)

    answer: list[float] = []
    for kernel, args in recorded(view.backend, find):
        given: Any = kernel(*args)
        if kernel.__name__ in kernels:
            answer += [given[0], given[-1]]
    return tuple(answer)


def _parity_answer(view: View) -> Answer:
    return _wanted(view, ("conversion", "reversal"), ("conversion_hits", "reversal_hits"))


def _box_answer(view: View) -> Answer:
    return _wanted(view, ("box",), ("pair_hits",))


def _checked(answer: Callable[[], Answer], wanted: Answer, run: Callable[[], float]) -> Task:
    """Return the task of a baseline, after a look at its answer.

    Raises
    ------
    ValueError
        If it is not the kernels': then there is nothing to compare.
    """
    found = answer()
    pairs = zip(found, wanted, strict=True)
    if not all(math.isclose(a, b, rel_tol=0.0, abs_tol=TOLERANCE) for a, b in pairs):
        raise ValueError(f"the baseline answers {found}, the kernels {wanted}")
    return Task(run, lambda: repr(found))


def _plain(answer: Callable[[], Answer], wanted: Answer) -> Task:
    def run() -> float:
        answer()
        return 0.0

    return _checked(answer, wanted, run)


def plain_parity(backend: Backend) -> Task:
    """Return conversions and reversals in comprehensions over lists."""
    view = _european(backend)
    quotes = _lists(view)
    terms = view.terms

    def answer() -> Answer:
        conversions, reversals = [], []
        for e, (strikes, call_bid, call_ask, put_bid, put_ask) in enumerate(quotes):
            pay, discount, dividends = terms.stock_pay[e], terms.borrow[e], terms.div_in[e]
            conversions += [
                discount * k + dividends - (pay + put - call)
                for k, call, put in zip(strikes, call_bid, put_ask, strict=True)
            ]
            receive, discount = terms.stock_receive[e], terms.lend[e]
            owed = terms.div_out[e] + terms.stock_borrow[e]
            reversals += [
                receive + put - call - (discount * k + owed)
                for k, call, put in zip(strikes, call_ask, put_bid, strict=True)
            ]
        return (*_hits(conversions), *_hits(reversals))

    return _plain(answer, _parity_answer(view))


def plain_boxes(backend: Backend) -> Task:
    """Return long and short boxes of all pairs of strikes in comprehensions over lists."""
    view = _european(backend)
    quotes = _lists(view)
    terms = view.terms

    def answer() -> Answer:
        longs, shorts = [], []
        for e, (strikes, call_bid, call_ask, put_bid, put_ask) in enumerate(quotes):
            n, receive, pay = len(strikes), terms.borrow[e], terms.lend[e]
            longs += [
                receive * (strikes[j] - strikes[i])
                - (call_ask[i] - call_bid[j] + put_ask[j] - put_bid[i])
                for i in range(n)
                for j in range(i + 1, n)
            ]
            shorts += [
                call_bid[i]
                - call_ask[j]
                + put_bid[j]
                - put_ask[i]
                - pay * (strikes[j] - strikes[i])
                for i in range(n)
                for j in range(i + 1, n)
            ]
        return (*_hits(longs), *_hits(shorts))

    return _plain(answer, _box_answer(view))


def plain_prices(backend: Backend) -> Task:
    """Return Black-Scholes prices with `math.erf` in one comprehension."""
    columns = options()
    rows = list(zip(*columns, strict=True))
    price = array("d", bytes(8 * N_OPTIONS))
    backend.pricing.price_chain(*columns, price)
    wanted = (math.fsum(price) / N_OPTIONS,)

    def answer() -> Answer:
        return (sum([_black_scholes(*row) for row in rows]) / N_OPTIONS,)

    return _plain(answer, wanted)


def _black_scholes(
    spot: float, strike: float, tau: float, rate: float, div: float, vol: float, right: int
) -> float:
    deviation = vol * math.sqrt(tau)
    d1 = (math.log(spot / strike) + (rate - div + 0.5 * vol * vol) * tau) / deviation
    n1 = 0.5 * (1.0 + math.erf(right * d1 / math.sqrt(2.0)))
    n2 = 0.5 * (1.0 + math.erf(right * (d1 - deviation) / math.sqrt(2.0)))
    return right * (spot * math.exp(-div * tau) * n1 - strike * math.exp(-rate * tau) * n2)


def _hits(edges: list[float]) -> tuple[int, float]:
    return len([edge for edge in edges if edge > 0.0]), max(e for e in edges if e == e)


def _lists(view: View) -> list[tuple[list[float], ...]]:
    """Return by expiry strikes, call bids, call asks, put bids, put asks, net of fees."""
    n = view.chain.n_rows
    return [
        tuple(
            column[start + shift : stop + shift].tolist()
            for column, shift in (
                (view.chain.strike, 0), (view.receive, 0), (view.pay, 0),
                (view.receive, n), (view.pay, n),
            )
        )
        for start, stop in pairwise(view.chain.first)
    ]  # fmt: skip


@cache
def _library() -> ctypes.CDLL:
    """Compile the C file and load it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "baseline.so"
        command = [compiler(), *FLAGS, "-shared", "-fPIC", "-o", str(path), str(SOURCE), "-lm"]
        subprocess.run(command, check=True)
        library = ctypes.CDLL(str(path))
    for name in ("conversions_reversals", "boxes", "lower_hulls"):
        getattr(library, name).restype = ctypes.c_double
    return library


def _c(name: str, view: View, columns: Columns, wanted: Answer) -> Task:
    """Return the task of a C function; it takes its own time, so that calling it costs nothing."""
    function = getattr(_library(), name)
    result = array("d", bytes(8 * len(wanted)))
    # Views, not addresses: they keep the columns alive.
    views = [
        (ctypes.c_char * (column.itemsize * len(column))).from_buffer(column)
        for column in (*columns, result)
    ]
    arguments = (ctypes.c_int64(1), ctypes.c_int64(len(view.chain.expiries)), *views)

    def answer() -> Answer:
        function(*arguments)
        return tuple(result)

    def run() -> float:
        start = perf_counter()
        inside: float = function(*arguments)
        return perf_counter() - start - inside

    return _checked(answer, wanted, run)


def c_parity(backend: Backend) -> Task:
    """Return conversions and reversals in C."""
    view = _european(backend)
    chain, terms = view.chain, view.terms
    owed = array("d", map(float.__add__, terms.div_out, terms.stock_borrow))
    edge = array("d", bytes(8 * chain.n_rows))
    columns: Columns = [
        chain.first, chain.strike, view.receive, view.pay, terms.stock_pay, terms.stock_receive,
        terms.borrow, terms.lend, terms.div_in, owed, edge,
    ]  # fmt: skip
    return _c("conversions_reversals", view, columns, _parity_answer(view))


def c_boxes(backend: Backend) -> Task:
    """Return long and short boxes in C."""
    view = _european(backend)
    chain, terms = view.chain, view.terms
    low, high = (array("d", bytes(8 * chain.n_rows)) for _ in range(2))
    columns: Columns = [
        chain.first, chain.strike, view.receive, view.pay, terms.borrow, terms.lend, low, high
    ]  # fmt: skip
    return _c("boxes", view, columns, _box_answer(view))


def c_hulls(backend: Backend) -> Task:
    """Return the lower hulls of the calls' asks in C."""
    view = _european(backend)
    chain = view.chain
    value = array("d", bytes(8 * len(chain.ask)))
    vertex = array("q", bytes(8 * chain.n_rows))
    wanted = sum(
        backend.envelope.lower_hull(chain.strike, chain.ask, 0, start, stop, value, vertex)
        for start, stop in pairwise(chain.first)
    )
    columns: Columns = [chain.first, chain.strike, chain.ask, value, vertex]
    return _c("lower_hulls", view, columns, (float(wanted),))


PLAIN = {PARITY: plain_parity, BOX: plain_boxes, PRICE: plain_prices}
C = {PARITY: c_parity, BOX: c_boxes, HULL: c_hulls}
