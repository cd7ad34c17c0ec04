"""NumPy: whole columns at a time, every pair of strikes by broadcasting."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from baselines import BOX, PARITY, Answer, baseline, candidates_above, european
from tasks import Task

from engine.backend import Backend
from engine.strategies.view import View


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


def _columns(view: View) -> tuple[Any, Any, Any]:
    import numpy as np

    strike, receive, pay = map(np.frombuffer, (view.chain.strike, view.receive, view.pay))
    return strike, receive, pay


BASELINES = {PARITY: parity, BOX: boxes}
