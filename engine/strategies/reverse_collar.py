"""Collars on short stock: a bought call above a sold put."""

from __future__ import annotations

from array import array

from engine.market.combo import Leg
from engine.strategies.candidates import BORROW, HIGH, LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import stock_margin
from engine.strategies.pairs import add_pairs, pair_columns
from engine.strategies.view import View
from kernels_pure import screen

TEMPLATE = Template("reverse_collar", ((HIGH, "C", 1), (LOW, "P", -1)), stock=-1, condition=BORROW)


def find_reverse_collars(view: View, table: CandidateTable) -> None:
    """Add every collar on short stock that cannot lose."""
    first = view.chain.first if table.wants_near else view.flagged(screen.REVERSE_COLLAR)
    reverse_collar_columns(view, first)
    add_pairs(view, table, TEMPLATE, ends_early=True, first=first)


def reverse_collar_columns(view: View, first: array[int] | None = None) -> tuple[array[float], ...]:
    """Write and return what reverse collars are worth by row, like `collar_columns`."""
    chain, terms = view.chain, view.terms
    columns = pair_columns(view)
    view.backend.pairs.reverse_collar_columns(
        first or chain.first, chain.strike, view.receive, view.pay, terms.stock_receive, terms.lend,
        terms.div_out, terms.stock_borrow, terms.owe.first, terms.owe.discount, terms.owe.value,
        *columns,
    )  # fmt: skip
    return columns


def _worth(facts: Facts) -> list[Line]:
    e, terms = facts.expiry[0], facts.terms
    low, high = sorted(leg.strike for leg in facts.options)
    expiry = (
        "call strike, dividends and borrow fee at expiry",
        terms.lend[e] * high + facts.owed(e),
    )
    name = "put strike, dividends and borrow fee when assigned"
    (line,) = facts.worst(terms.owe, low, expiry, greatest=True, name=name)
    return [(line[0], -line[1])]


def _best(facts: Facts) -> float:
    e = facts.expiry[0]
    floor = min(leg.strike for leg in facts.options)
    return -facts.cost - facts.terms.lend[e] * floor - facts.owed(e)


def _receives(legs: tuple[Leg, ...]) -> bool:
    return False


FAMILY = Family(
    "reverse_collar", _worth, stock_margin, find_reverse_collars, (TEMPLATE,),
    receives=_receives, best=_best, has_plain_edge=True, flag=screen.REVERSE_COLLAR,
)  # fmt: skip
