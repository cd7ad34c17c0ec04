"""Which families a chain has nothing for, told in a few passes over its rows.

A clean chain has candidates of hardly any family. The screens bound every family's best edge from
above; a family that they rule out is searched only where its best position is wanted anyway, as a
near miss. Pairs of strikes are searched between the first and the last expiry flagged for them.
"""

from __future__ import annotations

from collections.abc import Collection

from engine.strategies.upper_bound import call_bound
from engine.strategies.view import View
from kernels_pure import screen as slots

FLAGS = {
    "conversion": slots.CONVERSION,
    "reversal": slots.REVERSAL,
    "intrinsic": slots.INTRINSIC,
    "upper_bound": slots.UPPER_BOUND,
    "box": slots.BOX,
    "collar": slots.COLLAR,
    "reverse_collar": slots.REVERSE_COLLAR,
    "vertical_width": slots.VERTICAL_WIDTH,
    "jelly_roll": slots.JELLY_ROLL,
    "three_legs": slots.THREE_LEGS,
    "partial_box": slots.PARTIAL_BOX,
    "covered_mix": slots.COVERED_MIX,
}
"""The flag of each family that the screen kernel judges."""
_COVERS = ("vertical", "butterfly", "calendar", "calendar_butterfly")


def ruled_out_families(view: View, asked: Collection[str]) -> set[str]:
    """Return those of the families `asked` for that have no candidate in `view`."""
    ruled_out: set[str] = set()
    names = [name for name in FLAGS if name in asked]
    if names:
        flags = _screen(view)
        ruled_out.update(name for name in names if not flags & FLAGS[name])
    # A calendar of a coin-settled chain is covered by another rule (`coin_calendar`).
    apart = "" if view.chain.quoting.is_linear else "calendar"
    covers = [name for name in _COVERS if name in asked and name != apart]
    has_parts = "partial_box" in ruled_out and not view.chain.is_european
    if covers or has_parts:
        if not view.uncovered(0) and not view.uncovered(view.chain.n_rows):
            ruled_out.update(covers)
        elif has_parts:
            # A spread may be bought for a credit, and a part of the other goes with it.
            ruled_out.discard("partial_box")
    return ruled_out


def _screen(view: View) -> int:
    chain, terms = view.chain, view.terms
    hold, owe, take, give = terms.hold, terms.owe, terms.take, terms.give
    into, out = terms.receipts, terms.payments
    flags: int = view.backend.screen.screen_chain(
        chain.first, chain.strike, view.receive, view.pay, terms.stock_pay, terms.stock_receive,
        terms.lend, terms.borrow, terms.div_in, terms.div_out, terms.stock_borrow,
        view.zeros, view.zeros, call_bound(view), terms.width_pay,
        hold.first, hold.discount, hold.value, owe.first, owe.discount, owe.value,
        take.first, take.discount, take.value, give.first, give.discount, give.value,
        into.first, into.discount, into.div_in, into.owed,
        out.first, out.discount, out.div_in, out.owed,
        int(chain.is_european), view.floor, view.flags_to_fill(), *view.roll_columns(),
    )  # fmt: skip
    return flags
