"""Which families a chain has nothing for, told in a few passes over its rows.

A clean chain has candidates of hardly any family. The screens bound every family's best edge from
above; a family that they rule out is searched only where its best position is wanted anyway, as a
near miss. Pairs of strikes are searched between the first and the last expiry flagged for them.
"""

from __future__ import annotations

from collections.abc import Collection

from engine.strategies.registry import REGISTRY
from engine.strategies.upper_bound import call_bound
from engine.strategies.view import View

FLAGS = {name: family.flag for name, family in REGISTRY.items() if family.flag}
"""The flag of each family that the screen kernel judges."""
_COVERED = frozenset(name for name, family in REGISTRY.items() if family.is_covered)
_NOT_FOR_COINS = frozenset(name for name, family in REGISTRY.items() if family.is_apart_for_coins)


def ruled_out_families(view: View, asked: Collection[str]) -> set[str]:
    """Return those of the families `asked` for that have no candidate in `view`."""
    judged = [name for name in asked if name in FLAGS or name in _COVERED]
    if not view.chain.quoting.is_linear:
        judged = [name for name in judged if name not in _NOT_FOR_COINS]
    flags = _screen(view) if any(name in FLAGS for name in judged) else 0
    ruled_out = {name for name in judged if not flags & FLAGS.get(name, 0)}
    covered = ruled_out & _COVERED
    if covered and (view.uncovered(0) or view.uncovered(view.chain.n_rows)):
        ruled_out -= covered
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
