"""Options that cost less than exercising them brings."""

from __future__ import annotations

from engine.strategies.candidates import BORROW, LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import stock_margin
from engine.strategies.rows import add_rows
from engine.strategies.view import View
from kernels_pure import screen

CALL = Template("intrinsic", ((LOW, "C", 1),), stock=-1, condition=BORROW)
PUT = Template("intrinsic", ((LOW, "P", 1),), stock=1)


def find_intrinsic(view: View, table: CandidateTable) -> None:
    """Add every option that costs less than exercising it brings. O(rows)."""
    chain, terms = view.chain, view.terms
    rows, edge = view.indices("rows", chain.n_rows), view.rows("edge")
    hits, best, best_edge = view.backend.parity.intrinsic_call_hits(
        chain.first, chain.strike, view.pay, terms.stock_receive, terms.lend, terms.div_out,
        terms.stock_borrow, terms.take.first, terms.take.discount, terms.take.value,
        view.floor, rows, edge,
    )  # fmt: skip
    add_rows(view, table, CALL, hits, best, best_edge)
    hits, best, best_edge = view.backend.parity.intrinsic_put_hits(
        chain.first, chain.strike, view.pay, terms.stock_pay, terms.borrow, terms.div_in,
        terms.give.first, terms.give.discount, terms.give.value, view.floor, rows, edge,
    )  # fmt: skip
    add_rows(view, table, PUT, hits, best, best_edge)


def _worth(facts: Facts) -> list[Line]:
    e, terms = facts.expiry[0], facts.terms
    (option,) = facts.options
    if option.right == "C":
        name = "strike, dividends and borrow fee"
        owed = (f"{name} at expiry", terms.lend[e] * option.strike + facts.owed(e))
        (line,) = facts.worst(
            terms.take, option.strike, owed, greatest=False, name=f"{name} exercised early"
        )
        return [(line[0], -line[1])]
    name = "strike and dividends"
    expiry = (f"{name} at expiry", terms.borrow[e] * option.strike + terms.div_in[e])
    return facts.worst(
        terms.give, option.strike, expiry, greatest=True, name=f"{name} exercised early"
    )


FAMILY = Family(
    "intrinsic", _worth, stock_margin, find_intrinsic, (CALL, PUT), is_for_coins=True,
    gets_dividends=True, has_plain_edge=True, flag=screen.INTRINSIC,
)  # fmt: skip
