"""Which families there are and what each needs of a chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.strategies.bounds import find_intrinsic, find_upper_bounds
from engine.strategies.butterfly import find_butterflies
from engine.strategies.calendar import find_calendar_butterflies, find_calendars
from engine.strategies.candidates import CandidateTable
from engine.strategies.conversion import find_conversions, find_reversals
from engine.strategies.jelly_roll import find_jelly_rolls
from engine.strategies.pairs import (
    find_boxes,
    find_collars,
    find_reverse_collars,
    find_vertical_widths,
    find_verticals,
)
from engine.strategies.view import View


@dataclass(frozen=True, slots=True)
class Family:
    """How one family is searched.

    `needs_stock`: only where the underlying trades. `is_for_coins`: also on inverse chains.
    `gets_dividends`: its edge may count a dividend that is only projected.
    """

    find: Callable[[View, CandidateTable], None]
    needs_stock: bool = True
    is_for_coins: bool = False
    gets_dividends: bool = False


REGISTRY = {
    "conversion": Family(find_conversions, is_for_coins=True, gets_dividends=True),
    "reversal": Family(find_reversals, is_for_coins=True),
    "collar": Family(find_collars, gets_dividends=True),
    "reverse_collar": Family(find_reverse_collars),
    "jelly_roll": Family(find_jelly_rolls, gets_dividends=True),
    "box": Family(find_boxes, needs_stock=False, is_for_coins=True),
    "intrinsic": Family(find_intrinsic, is_for_coins=True, gets_dividends=True),
    "upper_bound": Family(find_upper_bounds, needs_stock=False, gets_dividends=True),
    "vertical": Family(find_verticals, needs_stock=False, is_for_coins=True),
    "vertical_width": Family(find_vertical_widths, needs_stock=False),
    "butterfly": Family(find_butterflies, needs_stock=False, is_for_coins=True),
    "calendar": Family(find_calendars, is_for_coins=True, gets_dividends=True),
    "calendar_butterfly": Family(find_calendar_butterflies, gets_dividends=True),
}


def why_not(family: Family, view: View) -> str:
    """Return why `family` is not searched in this chain, or ""."""
    if not view.chain.quoting.is_linear and not family.is_for_coins:
        return "not defined for coin-settled options"
    if family.needs_stock and not view.has_stock:
        if not view.chain.underlying.is_tradable:
            return "the index itself cannot be traded"
        return "the underlying has no quote"
    if not (view.chain.underlying.is_tradable or view.chain.is_european):
        # Every family that is left sells an option.
        return "an option assigned early is paid in cash, and nothing hedges the rest overnight"
    return ""
