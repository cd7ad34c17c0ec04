"""Plain Python: lists and comprehensions, as most people write it. Every pair of strikes is tried.

Options are in `baseline_plain_options`, series and events in `baseline_plain_series`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from benchmarks.baselines import plain_options as baseline_plain_options
from benchmarks.baselines import plain_series as baseline_plain_series
from benchmarks.baselines.shared import BOX, PARITY, Answer, baseline, candidates_above, european
from benchmarks.workloads.tasks import Task
from engine.backend import Backend
from engine.strategies.view import View


def parity(backend: Backend) -> Task:
    """Return conversions and reversals."""
    view = european(backend)
    quotes, terms = _lists(view), view.terms

    def answer(floor: float) -> Answer:
        edges = []
        for e, (strikes, call_bid, call_ask, put_bid, put_ask) in enumerate(quotes):
            pay, discount, dividends = terms.stock_pay[e], terms.borrow[e], terms.div_in[e]
            edges += [
                discount * k + dividends - (pay + put - call)
                for k, call, put in zip(strikes, call_bid, put_ask, strict=True)
            ]
            receive, discount = terms.stock_receive[e], terms.lend[e]
            owed = terms.div_out[e] + terms.stock_borrow[e]
            edges += [
                receive + put - call - (discount * k + owed)
                for k, call, put in zip(strikes, call_ask, put_bid, strict=True)
            ]
        return _above(edges, floor)

    return baseline(answer, candidates_above(view, "conversion", "reversal"))


def boxes(backend: Backend) -> Task:
    """Return long and short boxes."""
    view = european(backend)
    quotes, terms = _lists(view), view.terms

    def answer(floor: float) -> Answer:
        edges = []
        for e, (strikes, call_bid, call_ask, put_bid, put_ask) in enumerate(quotes):
            n, receive, pay = len(strikes), terms.borrow[e], terms.lend[e]
            edges += [
                receive * (strikes[j] - strikes[i])
                - (call_ask[i] - call_bid[j] + put_ask[j] - put_bid[i])
                for i in range(n)
                for j in range(i + 1, n)
            ]
            edges += [
                call_bid[i]
                - call_ask[j]
                + put_bid[j]
                - put_ask[i]
                - pay * (strikes[j] - strikes[i])
                for i in range(n)
                for j in range(i + 1, n)
            ]
        return _above(edges, floor)

    return baseline(answer, candidates_above(view, "box"))


def _above(edges: list[float], floor: float) -> Answer:
    return len([edge for edge in edges if edge > floor]), max(e for e in edges if e == e)


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


BASELINES: dict[str, Callable[[Backend], Task]] = {
    PARITY: parity,
    BOX: boxes,
    **baseline_plain_options.BASELINES,
    **baseline_plain_series.BASELINES,
}
