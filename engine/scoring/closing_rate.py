"""The change of a rate that gives a position the edge it lacks."""

from __future__ import annotations

import math

from engine.market.carry import Carry
from engine.market.combo import OPTION, Leg
from engine.strategies.family import Facts, cost
from engine.strategies.registry import family_named
from engine.strategies.view import View


def rate_change(
    view: View, family: str, legs: tuple[Leg, ...], edge: float, carry: Carry
) -> tuple[str, float]:
    """Return which rate has to move, and by how much a year, for a position to have `edge`.

    ("", nan) if no rate does it. A position that receives its strikes wants to borrow for less,
    one that pays them to lend for more: the least change that is enough on every date on which
    they may change hands. Beyond the other curve both must move. Dividends are left as they are,
    which errs on the safe side. Rounded up to a hundredth of a percent. O(dates).
    """
    kind = family_named(family)
    if not view.chain.quoting.has_carry or kind.receives is None:
        return "", math.nan
    options = [leg for leg in legs if leg.kind == OPTION]
    e = view.chain.expiry_of(view.chain.row_of(options[0].quote))
    terms, low = view.terms, min(leg.strike for leg in options)
    tau, width = terms.tau[e], max(leg.strike for leg in options) - low
    put = next(leg.strike for leg in options if leg.right == "P")
    call = next(leg.strike for leg in options if leg.right == "C")
    needed, late = cost(legs, 1) + edge, 0.0
    is_receiving = kind.receives(legs)
    # Years, what a strike paid then is worth today, and what comes with it.
    dates: list[tuple[float, float, float]] = []
    if kind.fixes_width:
        worth = kind.worth(Facts.of(view, legs))[0][1]
        late = max(0.0, terms.borrow[e] * width - worth) if is_receiving else 0.0
        dates.append((tau, (terms.borrow if is_receiving else terms.lend)[e] * width, -late))
    elif is_receiving:
        into = terms.receipts
        dates.append((tau, terms.borrow[e] * put, terms.div_in[e]))
        for k in range(into.first[e], into.first[e + 1] - 1):
            if into.order[k] > 0.0:
                dates.append((into.order[k], into.discount[k] * call, into.div_in[k]))
    else:
        out = terms.payments
        dates.append((tau, terms.lend[e] * call, terms.div_out[e] + terms.stock_borrow[e]))
        for k in range(out.first[e], out.first[e + 1] - 1):
            dates.append((out.order[k], out.discount[k] * put, out.owed[k]))
    change = 0.0
    for years, worth, besides in dates:
        left = needed - besides if is_receiving else -needed - besides
        ratio = left / worth if is_receiving else worth / left if left > 0.0 else math.inf
        if ratio > 1.0:
            change = max(change, math.log(ratio) / years if years > 0.0 else math.inf)
    if not 0.0 < change < math.inf:
        return "", math.nan
    return _named(carry, is_receiving, math.ceil(change * 1e4 - 1e-9) / 1e4, late)


def _named(carry: Carry, is_receiving: bool, change: float, late: float) -> tuple[str, float]:
    """Return which rates move, so that lending never pays more than borrowing costs."""
    days = sorted({*carry.lend.days, *carry.borrow.days})
    gap = min(carry.borrow.rate(day / 365.0) - carry.lend.rate(day / 365.0) for day in days)
    if change <= gap:
        return ("a borrowing rate lower" if is_receiving else "a lending rate higher"), change
    if not is_receiving:
        return "both rates higher", change
    # Dearer dividends of late notice, or negative rates, would spoil what is gained.
    if late > 0.0 or min(carry.lend.rates) < change:
        return "", math.nan
    return "both rates lower", change
