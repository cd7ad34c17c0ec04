"""Which families a chain has nothing for, told in a few passes over its rows.

A clean chain has candidates of hardly any family. The screens bound every family's best edge from
above; a family that they rule out is searched only where its best position is wanted anyway, as a
near miss.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection

from engine.strategies.upper_bound import call_bound
from engine.strategies.view import View
from kernels_pure import screen as slots

_BY_ROW = {
    "conversion": slots.CONVERSION,
    "reversal": slots.REVERSAL,
    "intrinsic": slots.INTRINSIC,
    "upper_bound": slots.UPPER_BOUND,
}
_BY_PAIR = {
    "box": slots.BOX,
    "collar": slots.COLLAR,
    "reverse_collar": slots.REVERSE_COLLAR,
    "vertical_width": slots.VERTICAL_WIDTH,
}
_ROLLS = ("jelly_roll",)
_COVERS = ("vertical", "butterfly", "calendar", "calendar_butterfly")


def silent_families(view: View, asked: Collection[str]) -> set[str]:
    """Return those of the families `asked` for that have no candidate in `view`."""
    silent: set[str] = set()
    hits = view.indices("screen", slots.N_SCREENS)
    for screen, places in ((_screen_rows, _BY_ROW), (_screen_pairs, _BY_PAIR)):
        names = [name for name in places if name in asked]
        if names:
            screen(view, hits)
            silent.update(name for name in names if hits[places[name]] == 0)
    if any(name in asked for name in _ROLLS) and not _may_roll(view):
        silent.update(_ROLLS)
    # A calendar of a coin-settled chain is covered by another rule (`coin_calendar`).
    apart = "" if view.chain.quoting.is_linear else "calendar"
    names = [name for name in _COVERS if name in asked and name != apart]
    if names and not view.uncovered(0) and not view.uncovered(view.chain.n_rows):
        silent.update(names)
    return silent


def _screen_rows(view: View, hits: array[int]) -> None:
    chain, terms = view.chain, view.terms
    owe, take, give = terms.owe, terms.take, terms.give
    view.backend.screen.screen_rows(
        chain.first, chain.strike, view.receive, view.pay, terms.stock_pay, terms.stock_receive,
        terms.lend, terms.borrow, terms.div_in, terms.div_out, terms.stock_borrow,
        owe.first, owe.discount, owe.value, take.first, take.discount, take.value,
        give.first, give.discount, give.value, call_bound(view), terms.width_pay,
        view.floor, hits,
    )  # fmt: skip


def _screen_pairs(view: View, hits: array[int]) -> None:
    chain, terms, owe = view.chain, view.terms, view.terms.owe
    view.backend.screen.screen_pairs(
        chain.first, chain.strike, view.receive, view.pay, terms.stock_pay, terms.stock_receive,
        terms.lend, terms.borrow, terms.div_in, terms.div_out, terms.stock_borrow,
        terms.late_call, terms.night, owe.first, owe.discount, owe.value, terms.width_pay,
        int(chain.is_european), view.floor, hits,
    )  # fmt: skip


def _may_roll(view: View) -> bool:
    chain, into, out = view.chain, view.terms.receipts, view.terms.payments
    count: int = view.backend.screen.screen_rolls(
        chain.first, chain.strike, view.receive, view.pay,
        into.first, into.discount, into.div_in, into.owed,
        out.first, out.discount, out.div_in, out.owed, view.floor,
    )  # fmt: skip
    return count > 0
