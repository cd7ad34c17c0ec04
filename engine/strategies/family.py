"""What a family of combos is: everything that the rest of the program asks of one, in one value.

A family's file has its templates, its search, what it is worth at worst, its margin and its rates;
`engine.strategies.registry` lists the values. To add one: such a file, its line in the registry,
its name in `engine.config.FAMILIES`, and how the demo plants it (`engine.feeds.demo_choice`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from engine.market.combo import FUTURE, OPTION, Leg
from engine.market.ledger import Branches
from engine.market.quoting import Quoting
from engine.market.terms import Terms
from engine.strategies.candidates import CandidateTable, Template
from engine.strategies.view import View

Line = tuple[str, float]
Legs = tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the terms of an edge need of a combo: its legs, the terms, where its expiries stand."""

    legs: Legs
    unit: int
    terms: Terms
    is_european: bool
    quoting: Quoting
    expiry: tuple[int, ...]

    @classmethod
    def of(cls, view: View, legs: Legs, unit: int = 1) -> Facts:
        """Return the facts of a combo in `view`; `expiry` is by option leg."""
        chain = view.chain
        expiries = tuple(
            chain.expiry_of(chain.row_of(leg.quote)) for leg in legs if leg.kind == OPTION
        )
        return cls(legs, unit, view.terms, chain.is_european, chain.quoting, expiries)

    @property
    def options(self) -> Legs:
        """The option legs."""
        return tuple(leg for leg in self.legs if leg.kind == OPTION)

    @property
    def cost(self) -> float:
        """What the legs cost per share, fees included (a future costs nothing today)."""
        return cost(self.legs, self.unit)

    def owed(self, e: int) -> float:
        """Return the dividends and the borrow fee that short stock owes until expiry index `e`."""
        return self.terms.div_out[e] + self.terms.stock_borrow[e]

    def worst(
        self, branches: Branches, strike: float, at_expiry: Line, *, greatest: bool, name: str
    ) -> list[Line]:
        """Return the line of the branch that is worst for the holder (or best, to choose)."""
        e = self.expiry[0]
        pick = max if greatest else min
        lines = [at_expiry] + [
            (
                f"{name} (branch {k - branches.first[e] + 1})",
                branches.discount[k] * strike + branches.value[k],
            )
            for k in range(branches.first[e], branches.first[e + 1])
        ]
        return [pick(lines, key=lambda line: line[1])]


def cost(legs: Legs, unit: int) -> float:
    """Return what the legs cost per share, fees included (a future costs nothing today)."""
    total = 0.0
    for leg in legs:
        if leg.kind != FUTURE:
            total += leg.ratio * (leg.side * leg.price + leg.fee)
    return total / unit


def find_nothing(view: View, table: CandidateTable) -> None:
    """Search nothing: the family comes from elsewhere."""


def no_rate(facts: Facts) -> float:
    """Return nan: the family neither lends nor borrows."""
    return math.nan


@dataclass(frozen=True, slots=True)
class Family:
    """One family of combos.

    Attributes
    ----------
    name
        As in `engine.config.FAMILIES`, settings and reports.
    worth
        What the legs are worth at worst after they are paid for, as named lines per share.
    margin
        Margin per share as brokers state it, of (legs, unit, spot); required: a family without
        one cannot be made.
    find
        Adds the candidates of a view to a table.
    templates
        The shapes that `find` adds.
    needs_stock, is_for_coins
        Only where the underlying trades; also on inverse chains.
    gets_dividends
        Its edge may count a dividend that is only projected.
    receives
        Whether legs receive their strikes at the end (lend) or pay them (borrow); None where they
        exchange no fixed amount.
    rate
        The rate that the combo lends or borrows at.
    best
        The best case per share; nan where it is not bounded or not of interest.
    has_plain_edge
        Scanners without financing know a figure for it; it may be CARRY.
    is_pair
        Two strikes of one expiry: one wrong quote makes few of them.
    flag
        Its bit in what `kernels_pure.screen` flags; 0 where that does not judge it.
    is_covered
        It sells only what lies above the longs of its right (`View.uncovered`): where nothing does,
        and its `flag`, if it has one, is missing, it has no candidate.
    is_apart_for_coins
        On an inverse chain its longs cover by another rule, which no screen judges.
    has_near
        Its search also tells its best position that is no candidate, for near misses.
    margin_code
        Which rule of ``kernels_pure.capital`` gives the same margin, for one of its own.
    fixes_width
        Its future on an inverse chain fixes what a width is worth, and binds nothing itself;
        that of others stands for the coin.
    """

    name: str
    worth: Callable[[Facts], list[Line]]
    margin: Callable[[Legs, int, float], float]
    find: Callable[[View, CandidateTable], None] = find_nothing
    templates: tuple[Template, ...] = ()
    needs_stock: bool = True
    is_for_coins: bool = False
    gets_dividends: bool = False
    receives: Callable[[Legs], bool] | None = None
    rate: Callable[[Facts], float] = no_rate
    best: Callable[[Facts], float] = no_rate
    has_plain_edge: bool = False
    is_pair: bool = False
    fixes_width: bool = False
    margin_code: int | None = None
    flag: int = 0
    is_covered: bool = False
    is_apart_for_coins: bool = False
    has_near: bool = True
