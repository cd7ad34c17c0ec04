"""Collars on long stock: a bought put below a sold call."""

from __future__ import annotations

from array import array

from engine.market.combo import Leg
from engine.strategies.candidates import HIGH, LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import stock_margin
from engine.strategies.pairs import add_pairs, pair_columns
from engine.strategies.view import View
from kernels_pure import screen

TEMPLATE = Template("collar", ((LOW, "P", 1), (HIGH, "C", -1)), stock=1)


def find_collars(view: View, table: CandidateTable) -> None:
    """Add every collar on long stock that cannot lose."""
    first = view.chain.first if table.wants_near else view.flagged(screen.COLLAR)
    collar_columns(view, first)
    add_pairs(view, table, TEMPLATE, ends_early=True, first=first)


def collar_columns(view: View, first: array[int] | None = None) -> tuple[array[float], ...]:
    """Write and return what collars are worth by row: low, high, and both if called early."""
    chain, terms = view.chain, view.terms
    columns = pair_columns(view)
    view.backend.pairs.collar_columns(
        first or chain.first, chain.strike, view.receive, view.pay, terms.stock_pay, terms.borrow,
        terms.div_in, terms.hold.first, terms.hold.discount, terms.hold.value, *columns,
    )  # fmt: skip
    return columns


def _worth(facts: Facts) -> list[Line]:
    e, terms = facts.expiry[0], facts.terms
    low, high = sorted(leg.strike for leg in facts.options)
    expiry = ("put strike and dividends at expiry", terms.borrow[e] * low + terms.div_in[e])
    name = "call strike on an eve of ex-date"
    return facts.worst(terms.hold, high, expiry, greatest=False, name=name)


def _best(facts: Facts) -> float:
    e, terms = facts.expiry[0], facts.terms
    top = max(leg.strike for leg in facts.options)
    return terms.borrow[e] * top + terms.div_in[e] - facts.cost


def _receives(legs: tuple[Leg, ...]) -> bool:
    return True


FAMILY = Family(
    "collar", _worth, stock_margin, find_collars, (TEMPLATE,), gets_dividends=True,
    receives=_receives, best=_best, has_plain_edge=True, flag=screen.COLLAR,
)  # fmt: skip
