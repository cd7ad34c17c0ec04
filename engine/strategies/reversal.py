"""Reversals: short stock against the synthetic of one strike."""

from __future__ import annotations

from engine.market.combo import Leg
from engine.strategies.candidates import BORROW, LOW, CandidateTable, Template
from engine.strategies.conversion import rate_between
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import stock_margin
from engine.strategies.rows import add_rows
from engine.strategies.view import View
from kernels_pure import screen

TEMPLATE = Template("reversal", ((LOW, "C", 1), (LOW, "P", -1)), stock=-1, condition=BORROW)


def find_reversals(view: View, table: CandidateTable) -> None:
    """Add every reversal with a positive edge. O(rows)."""
    chain, terms = view.chain, view.terms
    rows, edge = view.indices("rows", chain.n_rows), view.rows("edge")
    hits, best, best_edge = view.backend.parity.reversal_hits(
        chain.first, chain.strike, view.receive, view.pay, terms.stock_receive, terms.lend,
        terms.div_out, terms.stock_borrow, terms.owe.first, terms.owe.discount, terms.owe.value,
        view.floor, rows, edge,
    )  # fmt: skip
    add_rows(view, table, TEMPLATE, hits, best, best_edge)


def _worth(facts: Facts) -> list[Line]:
    e, k, terms = facts.expiry[0], facts.options[0].strike, facts.terms
    name = "strike, dividends and borrow fee"
    expiry = (f"{name} at expiry", terms.lend[e] * k + facts.owed(e))
    (line,) = facts.worst(terms.owe, k, expiry, greatest=True, name=f"{name} when assigned")
    return [(line[0], -line[1])]


def _rate(facts: Facts) -> float:
    """Return the rate it borrows at; what short stock owes is compounded to expiry."""
    e, terms = facts.expiry[0], facts.terms
    amount = facts.options[0].strike + facts.owed(e) / terms.lend[e]
    return rate_between(abs(facts.cost), amount, terms.tau[e])


def _receives(legs: tuple[Leg, ...]) -> bool:
    return False


FAMILY = Family(
    "reversal", _worth, stock_margin, find_reversals, (TEMPLATE,), is_for_coins=True,
    receives=_receives, rate=_rate, has_plain_edge=True, flag=screen.REVERSAL,
)  # fmt: skip
