"""NumPy: whole columns at a time, every pair of strikes by broadcasting."""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import Any

from benchmarks.baselines.shared import (
    BOX,
    LOW_FLOOR,
    PARITY,
    PRICE,
    Answer,
    baseline,
    candidates_above,
    european,
    mean_price,
)
from benchmarks.workloads.calls import options
from benchmarks.workloads.markets import clean
from benchmarks.workloads.named import TARGET, view_of
from benchmarks.workloads.tasks import Task
from engine.backend import Backend
from engine.strategies.view import View
from kernels_pure import normal

BUTTERFLY = f"kernel/butterfly/{TARGET}"


def parity(backend: Backend) -> Task:
    """Return conversions and reversals of the whole chain at once."""
    import numpy as np

    view = european(backend)
    (strike, receive, pay), terms, n = _columns(view), view.terms, view.chain.n_rows
    sizes = np.diff(np.frombuffer(view.chain.first, dtype=np.int64))

    def by_row(column: Any) -> Any:
        return np.repeat(np.frombuffer(column), sizes)

    borrow, lend, dividends = by_row(terms.borrow), by_row(terms.lend), by_row(terms.div_in)
    stock_pay, stock_receive = by_row(terms.stock_pay), by_row(terms.stock_receive)
    owed = by_row(terms.div_out) + by_row(terms.stock_borrow)

    def answer(floor: float) -> Answer:
        conversions = borrow * strike + dividends - (stock_pay + pay[n:] - receive[:n])
        reversals = stock_receive + receive[n:] - pay[:n] - (lend * strike + owed)
        hits = np.count_nonzero(conversions > floor) + np.count_nonzero(reversals > floor)
        return int(hits), float(max(np.fmax.reduce(conversions), np.fmax.reduce(reversals)))

    return baseline(answer, candidates_above(view, "conversion", "reversal"))


def boxes(backend: Backend) -> Task:
    """Return long and short boxes, one expiry at a time."""
    import numpy as np

    view = european(backend)
    (strike, receive, pay), terms, n = _columns(view), view.terms, view.chain.n_rows
    expiries: list[tuple[slice, slice, Any]] = [
        (slice(start, stop), slice(n + start, n + stop), ~np.tri(stop - start, dtype=bool))
        for start, stop in pairwise(view.chain.first)
    ]

    def answer(floor: float) -> Answer:
        hits, best = 0, -np.inf
        for side, discount in ((1, terms.borrow), (-1, terms.lend)):
            for e, (calls, puts, is_pair) in enumerate(expiries):
                worth = discount[e] * strike[calls]
                call, put = receive[calls] - pay[puts] + worth, receive[puts] - pay[calls] - worth
                low, high = (put, call) if side > 0 else (call, put)
                edge = (low[:, None] + high)[is_pair]
                hits += np.count_nonzero(edge > floor)
                best = max(best, np.fmax.reduce(edge))
        return int(hits), float(best)

    return baseline(answer, candidates_above(view, "box"))


def butterflies(backend: Backend) -> Task:
    """Return how far quotes bring more than their cheapest wings cost, over all triples.

    The kernel goes on to whole contracts where they do; on this chain that is nowhere.
    """
    import numpy as np

    view = view_of(clean(backend, TARGET), backend)
    n, terms, first = view.chain.n_rows, view.terms, view.chain.first
    late_calls, late_puts, zeros = terms.late.call, terms.late.put, view.zeros
    sides = [
        (shift, array("d", view.line(name, slope, value)))
        for name, shift, slope, value in (
            ("of calls", 0, zeros, late_calls), ("of puts", n, late_puts, zeros)
        )
    ]  # fmt: skip
    (strikes, receive, pay), work = _columns(view), array("d", view.chain.ask)
    vertex, heights = array("l", bytes(8 * n)), []
    for shift, deduct in sides:
        for start, stop in pairwise(first):
            backend.hull.lower_hull(view.chain.strike, view.pay, shift, start, stop, work, vertex)
            heights += [
                view.receive[shift + row] - deduct[row] - work[shift + row]
                for row in range(start + 1, stop - 1)
            ]

    def answer(floor: float) -> Answer:
        hits, best = 0, -np.inf
        for shift, deduct in sides:
            for start, stop in pairwise(first):
                strike, side = strikes[start:stop], slice(shift + start, shift + stop)
                asks, bids = pay[side], receive[side] - np.frombuffer(deduct)[start:stop]
                for body in range(1, stop - start - 1):
                    low, high = slice(0, body), slice(body + 1, stop - start)
                    rise = (asks[None, high] - asks[low, None]) / (
                        strike[None, high] - strike[low, None]
                    )
                    cost = asks[low, None] + rise * (strike[body] - strike[low, None])
                    height = bids[body] - min(np.fmin.reduce(cost, axis=None), asks[body])
                    hits += height > floor
                    best = max(best, height)
        return int(hits), float(best)

    return baseline(answer, (sum(height > LOW_FLOOR for height in heights), max(heights)))


def prices(backend: Backend) -> Task:
    """Return Black-Scholes prices, with the tail of the kernel: NumPy has none of its own."""
    import numpy as np

    spot, strike, tau, rate, div, vol, right = map(np.asarray, options())
    found = vars(normal)
    top = [found[f"A{power}"] for power in range(10, -1, -1)]
    low = [*(found[f"B{power}"] for power in range(11, 0, -1)), 1.0]

    def below(x: Any) -> Any:
        size = np.abs(x)
        tail = np.exp(-0.5 * x * x) * _polynomial(top, size) / _polynomial(low, size)
        return np.where(x > 0.0, 1.0 - tail, tail)

    def answer(_floor: float) -> Answer:
        deviation = vol * np.sqrt(tau)
        d1 = (np.log(spot / strike) + (rate - div + 0.5 * vol * vol) * tau) / deviation
        held = spot * np.exp(-div * tau) * below(right * d1)
        owed = strike * np.exp(-rate * tau) * below(right * (d1 - deviation))
        return 0, float(np.mean(right * (held - owed)))

    return baseline(answer, mean_price(backend))


def _polynomial(coefficients: list[float], x: Any) -> Any:
    """Return ``numpy.polyval`` without a new column for each step."""
    value = x * coefficients[0]
    for coefficient in coefficients[1:-1]:
        value += coefficient
        value *= x
    value += coefficients[-1]
    return value


def _columns(view: View) -> tuple[Any, Any, Any]:
    import numpy as np

    strike, receive, pay = map(np.frombuffer, (view.chain.strike, view.receive, view.pay))
    return strike, receive, pay


BASELINES = {PARITY: parity, BOX: boxes, BUTTERFLY: butterflies, PRICE: prices}
