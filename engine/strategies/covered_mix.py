"""Covered mixes of an American chain: stock, a sold call, and two puts that share its cover.

If the call is assigned before a dividend the puts are wasted, so the cheap lower one is better; if
it never is, the higher one. In the right numbers both ends are worth the same.
"""

from __future__ import annotations

import math

from engine.market.combo import STOCK
from engine.strategies.candidates import HIGH, LOW, MIDDLE, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import stock_margin
from engine.strategies.partial_box import add_contracts
from engine.strategies.view import View
from kernels_pure import screen

TEMPLATE = Template("covered_mix", ((HIGH, "C", -1), (MIDDLE, "P", 1), (LOW, "P", 1)), stock=1)


def find_covered_mixes(view: View, table: CandidateTable) -> None:
    """Add for every sold call the best two puts for its stock, in whole contracts."""
    n, hits = view.chain.n_rows, _search(view, is_divisible=0)
    sold, low, high = (view.indices(f"mix {name}", n) for name in ("sold", "low", "high"))
    lows, highs = view.indices("mix lows", n), view.indices("mix highs", n)
    edge = view.column("mix edge", n)
    for h in range(hits):
        whole = lows[h] + highs[h]
        add_contracts(
            view, table, TEMPLATE, (low[h], high[h], sold[h]), edge[h],
            (-whole, highs[h], lows[h]), whole,
        )  # fmt: skip


def has_mix(view: View) -> bool:
    """Tell whether some mixture has an edge, were contracts divisible: of any sizes."""
    return _search(view, is_divisible=1) > 0


def _search(view: View, *, is_divisible: int) -> int:
    """Write the mixtures of `view` to its columns; return how many there are."""
    chain, terms, n = view.chain, view.terms, view.chain.n_rows
    if chain.is_european or not len(terms.hold.discount):
        return 0
    receive, pay = view.receive, view.pay
    if not is_divisible:
        receive, pay = view.usable_receive, view.usable_pay
    sold, low, high = (view.indices(f"mix {name}", n) for name in ("sold", "low", "high"))
    return view.backend.partial.covered_mixes(
        view.flagged(screen.COVERED_MIX), chain.strike, receive, pay,
        chain.bid_size, chain.ask_size, terms.stock_pay, terms.borrow, terms.div_in,
        terms.hold.first, terms.hold.discount, terms.hold.value, is_divisible, view.floor,
        sold, low, high, view.indices("mix lows", n), view.indices("mix highs", n),
        view.column("mix edge", n),
    )  # fmt: skip


def _worth(facts: Facts) -> list[Line]:
    e, terms, unit = facts.expiry[0], facts.terms, facts.unit
    call = next(leg for leg in facts.options if leg.right == "C")
    held = sum(int(leg.ratio) for leg in facts.legs if leg.kind == STOCK) / unit
    kept = math.fsum(
        leg.ratio / unit * terms.borrow[e] * leg.strike for leg in facts.options if leg.side > 0
    )
    expiry = ("put strikes and dividends at expiry", kept + held * terms.div_in[e])
    name = "call strike on an eve of ex-date"
    return facts.worst(terms.hold, call.strike, expiry, greatest=False, name=name)


FAMILY = Family(
    "covered_mix", _worth, stock_margin, find_covered_mixes, (TEMPLATE,), gets_dividends=True,
    flag=screen.COVERED_MIX, has_near=False,
)  # fmt: skip
