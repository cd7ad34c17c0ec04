"""Partial boxes of an American chain: fewer spreads of the right that pays when it is not needed.

A box is worth least when the option is assigned whose late notice costs most. Then its other spread
is not needed, and a part of it is enough for the end at expiry: the two ends then lose the same.
"""

from __future__ import annotations

import math
from array import array
from typing import Any

from engine.strategies.candidates import HIGH, LOW, N_LEGS, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import no_margin, width_of
from engine.strategies.notice import spread_called, spread_put
from engine.strategies.view import Hits, View, all_hits
from kernels_pure import screen

# Far above what the two ways of adding up an edge differ by, far below any edge that counts.
_ROUNDING = 1e-9
TEMPLATE = Template("partial_box", ((LOW, "C", 1), (HIGH, "C", -1), (HIGH, "P", 1), (LOW, "P", -1)))


def find_partial_boxes(view: View, table: CandidateTable) -> None:
    """Add for every sold quote the best box of unequal numbers of spreads, in whole contracts."""
    hits, count, calls, puts = _search(view, view.usable_receive, view.usable_pay, is_divisible=0)
    best: dict[int, int] = {}
    for h in range(count):
        # The option whose spreads are bought in full is the one that is sold too dear.
        sold = hits.high[h] if calls[h] > puts[h] else view.chain.n_rows + hits.low[h]
        if sold not in best or hits.edge[h] > hits.edge[best[sold]]:
            best[sold] = h
    for h in best.values():
        add_contracts(
            view, table, TEMPLATE, (hits.low[h], hits.high[h], hits.high[h]), hits.edge[h],
            (calls[h], -calls[h], puts[h], -puts[h]),
        )  # fmt: skip


def has_part(view: View) -> bool:
    """Tell whether some box has a part with an edge, were contracts divisible: of any sizes."""
    return _search(view, view.receive, view.pay, is_divisible=1)[1] > 0


def _search(
    view: View, receive: array[float], pay: array[float], *, is_divisible: int
) -> tuple[Hits, int, array[int], array[int]]:
    """Return pairs of strikes, how many there are, and the spreads of calls and of puts."""
    chain, terms = view.chain, view.terms
    if chain.is_european:
        return Hits.of(view, 0), 0, array("l"), array("l")
    low, high = view.rows("low"), view.rows("high")
    starts, floor = _expiries(view), view.floor - _ROUNDING
    if _has_credit(view, starts, receive, pay):
        # A part of a box is better than the whole by no more than late notice of it costs.
        floor -= max(terms.late.call, default=0.0)
        floor -= max(terms.late.put, default=0.0) * max(chain.strike, default=0.0)
    view.backend.pairs.box_long_columns(
        starts, chain.strike, receive, pay, terms.borrow, view.zeros, view.zeros, low, high
    )

    def search(hits: Hits) -> tuple[int, ...]:
        answer: tuple[Any, ...] = view.backend.pairs.pair_hits(
            starts, low, high, low, high, floor, hits.low, hits.high, hits.edge
        )
        return answer

    hits, (count, *_) = all_hits(view, search)
    calls, puts = view.indices("part calls", count), view.indices("part puts", count)
    called, put = terms.late.calls, terms.late.puts
    count = view.backend.partial.partial_boxes(
        count, chain.first, chain.strike, receive, pay, chain.bid_size, chain.ask_size,
        terms.borrow, called.first, called.receive, called.pay, called.cost,
        put.first, put.receive, put.pay, put.cost, is_divisible, view.floor,
        hits.low, hits.high, calls, puts, hits.edge,
    )  # fmt: skip
    return hits, count, calls, puts


def _expiries(view: View) -> array[int]:
    """Return `chain.first` with those expiries alone where a part of a box may have an edge.

    Where the box has one at expiry, or a spread is bought for a credit: its sold option is then
    dearer than what covers it.
    """
    sold = [view.uncovered(shift) for shift in (0, view.chain.n_rows)]
    rows = [row for found in sold for row in (found[:1] + found[-1:])]
    return view.flagged(screen.PARTIAL_BOX, *map(view.chain.expiry_of, rows))


def _has_credit(view: View, starts: array[int], receive: array[float], pay: array[float]) -> bool:
    """Tell whether some spread of one right is bought for a credit.

    A part of a box is worth no more than so much of the whole box at expiry, and the rest of the
    spreads that are bought in full costs its price. So a part has an edge only where the box at
    expiry has one, or that price is a credit.
    """
    chain, kernels, none = view.chain, view.backend, array("l")
    low, high = view.rows("low"), view.rows("high")
    early = view.rows("low_early"), view.rows("high_early")
    for write in (kernels.verticals.vertical_call_columns, kernels.verticals.vertical_put_columns):
        write(
            starts, chain.strike, receive, pay, view.terms.borrow, view.zeros,
            low, high, *early,
        )  # fmt: skip
        count, *_ = kernels.pairs.pair_hits(
            starts, low, high, low, high, view.floor - _ROUNDING, none, none, array("d")
        )
        if count:
            return True
    return False


def add_contracts(
    view: View,
    table: CandidateTable,
    template: Template,
    rows: tuple[int, int, int],
    edge: float,
    ratio: tuple[int, ...],
    stock: int = 0,
) -> None:
    """Add one combo of unequal numbers of contracts; its edge is per one of the largest leg."""
    low, middle, high = (array("l", [row]) for row in rows)
    at = table.add(template, 1, low, middle, high, array("d", [edge]), view.condition)
    share = math.gcd(*ratio, stock)
    for leg, contracts in enumerate(ratio):
        table.found.ratio[N_LEGS * at + leg] = contracts // share
    table.found.stock[at] = stock // share
    table.found.unit[at] = max(map(abs, ratio)) // share


def _worth(facts: Facts) -> list[Line]:
    e, width = facts.expiry[0], width_of(facts.legs)
    calls = next(leg.ratio for leg in facts.options if leg.right == "C")
    puts = next(leg.ratio for leg in facts.options if leg.right == "P")
    low = min(leg.strike for leg in facts.options)
    called, put = spread_called(facts, width), spread_put(facts, width, low)
    lines = [
        ("width at expiry", min(calls, puts) * facts.terms.borrow[e] * width),
        ("width when the calls are assigned, and the puts at worst",
         calls * called + puts * min(0.0, put)),
        ("width when the puts are assigned, and the calls at worst",
         puts * put + calls * min(0.0, called)),
    ]  # fmt: skip
    name, amount = min(lines, key=lambda line: line[1])
    return [(name, amount / facts.unit)]


FAMILY = Family(
    "partial_box", _worth, no_margin, find_partial_boxes, (TEMPLATE,), needs_stock=False,
    flag=screen.PARTIAL_BOX, is_covered=True, has_near=False,
)  # fmt: skip
