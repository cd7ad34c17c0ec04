"""Conversions: long stock against the synthetic of one strike."""

from __future__ import annotations

import math

from engine.market.combo import Leg
from engine.strategies.candidates import LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import stock_margin
from engine.strategies.rows import add_rows
from engine.strategies.view import View
from kernels_pure import screen

TEMPLATE = Template("conversion", ((LOW, "P", 1), (LOW, "C", -1)), stock=1)


def find_conversions(view: View, table: CandidateTable) -> None:
    """Add every conversion with a positive edge. O(rows)."""
    chain, terms = view.chain, view.terms
    rows, edge = view.indices("rows", chain.n_rows), view.rows("edge")
    hits, best, best_edge = view.backend.parity.conversion_hits(
        chain.first, chain.strike, view.receive, view.pay, terms.stock_pay, terms.borrow,
        terms.div_in, terms.hold.first, terms.hold.discount, terms.hold.value,
        view.floor, rows, edge,
    )  # fmt: skip
    add_rows(view, table, TEMPLATE, hits, best, best_edge)


def _worth(facts: Facts) -> list[Line]:
    e, k, terms = facts.expiry[0], facts.options[0].strike, facts.terms
    expiry = ("strike and dividends at expiry", terms.borrow[e] * k + terms.div_in[e])
    return facts.worst(terms.hold, k, expiry, greatest=False, name="strike on an eve of ex-date")


def _rate(facts: Facts) -> float:
    """Return the rate it lends at, dividends compounded to expiry; inf when it costs nothing."""
    e, cost = facts.expiry[0], facts.cost
    amount = facts.options[0].strike + facts.terms.div_future[e]
    if cost <= 0.0:
        return math.inf
    return rate_between(cost, amount, facts.terms.tau[e])


def rate_between(paid: float, amount: float, tau: float) -> float:
    """Return the rate at which `paid` grows to `amount`; nan where there is none."""
    if paid == 0.0 or amount <= 0.0 or tau <= 0.0:
        return math.nan
    return math.log(amount / paid) / tau


def _receives(legs: tuple[Leg, ...]) -> bool:
    return True


FAMILY = Family(
    "conversion", _worth, stock_margin, find_conversions, (TEMPLATE,), is_for_coins=True,
    gets_dividends=True, receives=_receives, rate=_rate, has_plain_edge=True,
    flag=screen.CONVERSION,
)  # fmt: skip
