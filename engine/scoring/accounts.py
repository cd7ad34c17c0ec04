"""The account of an edge: every term of it, named, in the order in which money moves.

The legs' prices and fees come first, then what the position is worth at worst. The account is
made from the legs and the terms of the chain, not from the kernel's result, and must sum to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.market.ledger import Branches
from engine.market.quoting import Quoting
from engine.market.terms import Terms
from engine.scoring.capital import worst_payoff
from engine.strategies.coin_calendar import coin_advanced
from engine.strategies.view import View

Line = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Facts:
    """What an account needs of a position: its legs, the terms, and where its expiries stand."""

    legs: tuple[Leg, ...]
    unit: int
    terms: Terms
    is_european: bool
    quoting: Quoting
    expiry: tuple[int, ...]

    @property
    def options(self) -> tuple[Leg, ...]:
        """The option legs."""
        return tuple(leg for leg in self.legs if leg.kind == OPTION)

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


def account(view: View, family: str, legs: tuple[Leg, ...], unit: int) -> tuple[Line, ...]:
    """Return every term of the edge of a position, per share."""
    chain = view.chain
    lines: list[Line] = []
    for leg in legs:
        if leg.kind == FUTURE:
            continue
        name = "stock" if leg.kind == STOCK else f"{leg.right} {leg.strike:g} {leg.expiry}"
        verb = "buy" if leg.side > 0 else "sell"
        lines.append((f"{verb} {leg.ratio} {name}", -leg.side * leg.ratio * leg.price / unit))
        lines.append((f"fees of {name}", -leg.ratio * leg.fee / unit))
    expiries = tuple(chain.expiry_of(chain.row_of(leg.quote)) for leg in legs if leg.kind == OPTION)
    facts = Facts(legs, unit, view.terms, chain.is_european, chain.quoting, expiries)
    if chain.quoting.hedge == FUTURE and family in ("conversion", "reversal", "intrinsic"):
        # Holding the coin is in the future, not among the legs.
        long_future = any(leg.kind == FUTURE and leg.side > 0 for leg in legs)
        e = expiries[0]
        amount = -view.terms.stock_pay[e] if long_future else view.terms.stock_receive[e]
        lines.append(("one coin at expiry", amount))
    lines += WORTH[family](facts)
    return tuple(line for line in lines if line[1] != 0.0 and not math.isnan(line[1]))


def _conversion(facts: Facts) -> list[Line]:
    e, k, terms = facts.expiry[0], facts.options[0].strike, facts.terms
    expiry = ("strike and dividends at expiry", terms.borrow[e] * k + terms.div_in[e])
    return facts.worst(terms.hold, k, expiry, greatest=False, name="strike on an eve of ex-date")


def _reversal(facts: Facts) -> list[Line]:
    e, k, terms = facts.expiry[0], facts.options[0].strike, facts.terms
    owed = terms.div_out[e] + terms.stock_borrow[e]
    expiry = ("strike, dividends and borrow fee at expiry", terms.lend[e] * k + owed)
    name = "strike, dividends and borrow fee when assigned"
    (line,) = facts.worst(terms.owe, k, expiry, greatest=True, name=name)
    return [(line[0], -line[1])]


def _collar(facts: Facts) -> list[Line]:
    e, terms = facts.expiry[0], facts.terms
    low, high = sorted(leg.strike for leg in facts.options)
    expiry = ("put strike and dividends at expiry", terms.borrow[e] * low + terms.div_in[e])
    name = "call strike on an eve of ex-date"
    return facts.worst(terms.hold, high, expiry, greatest=False, name=name)


def _reverse_collar(facts: Facts) -> list[Line]:
    e, terms = facts.expiry[0], facts.terms
    low, high = sorted(leg.strike for leg in facts.options)
    owed = terms.div_out[e] + terms.stock_borrow[e]
    expiry = ("call strike, dividends and borrow fee at expiry", terms.lend[e] * high + owed)
    name = "put strike, dividends and borrow fee when assigned"
    (line,) = facts.worst(terms.owe, low, expiry, greatest=True, name=name)
    return [(line[0], -line[1])]


def _intrinsic(facts: Facts) -> list[Line]:
    e, terms = facts.expiry[0], facts.terms
    (option,) = facts.options
    if option.right == "C":
        owed = terms.div_out[e] + terms.stock_borrow[e]
        expiry = (
            "strike, dividends and borrow fee at expiry",
            terms.lend[e] * option.strike + owed,
        )
        name = "strike, dividends and borrow fee exercised early"
        (line,) = facts.worst(terms.take, option.strike, expiry, greatest=False, name=name)
        return [(line[0], -line[1])]
    expiry = ("strike and dividends at expiry", terms.borrow[e] * option.strike + terms.div_in[e])
    return facts.worst(
        terms.give,
        option.strike,
        expiry,
        greatest=True,
        name="strike and dividends exercised early",
    )


def _upper_bound(facts: Facts) -> list[Line]:
    e, terms = facts.expiry[0], facts.terms
    (option,) = facts.options
    if option.right == "C":
        return [("dividends", terms.div_in[e] if facts.is_european else 0.0)]
    return [("strike to pay", -terms.width_pay[e] * option.strike)]


def _box(facts: Facts) -> list[Line]:
    e, terms = facts.expiry[0], facts.terms
    low, high = sorted({leg.strike for leg in facts.options})
    is_long = any(leg.right == "C" and leg.strike == low and leg.side > 0 for leg in facts.options)
    if not is_long:
        return [("width to pay", -terms.lend[e] * (high - low))]
    return [
        ("width at expiry", terms.width_receive[e] * (high - low)),
        ("late notice of the call", -terms.late_call[e]),
        ("late notice of the put", -terms.night[e] * low),
    ]


def _late(facts: Facts, leg: Leg) -> float:
    e, terms = facts.expiry[0], facts.terms
    return terms.late_call[e] if leg.right == "C" else terms.night[e] * leg.strike


def _vertical(facts: Facts) -> list[Line]:
    if facts.is_european:
        return []
    low, high = sorted(leg.strike for leg in facts.options)
    short = next(leg for leg in facts.options if leg.side < 0)
    worth = facts.terms.width_receive[facts.expiry[0]] * (high - low)
    late = _late(facts, short)
    if worth >= late:
        return []
    return [("width when assigned early", worth), ("late notice", -late)]


def _vertical_width(facts: Facts) -> list[Line]:
    low, high = sorted(leg.strike for leg in facts.options)
    short = next(leg for leg in facts.options if leg.side < 0)
    discount = facts.terms.width_pay[facts.expiry[0]]
    return [("width to pay", -discount * (high - low)), ("late notice", -_late(facts, short))]


def _butterfly(facts: Facts) -> list[Line]:
    body = next(leg for leg in facts.options if leg.side < 0)
    return [("late notice", -_late(facts, body))]


def _calendar(facts: Facts) -> list[Line]:
    terms = facts.terms
    options = facts.options
    sold = next(k for k in range(len(options)) if options[k].side < 0)
    e, short = facts.expiry[sold], options[sold]
    if not facts.quoting.is_linear:
        # A sold put brings a coin before the bought one takes it.
        paid = coin_advanced(terms, e, max(facts.expiry)) if short.right == "C" else 0.0
        return [("a coin paid before it is received", -paid)]
    if not facts.is_european:
        late = terms.late_roll[e] if short.right == "C" else terms.night[e] * short.strike
        return [("late notice", -late)]
    gap = math.fsum(
        leg.ratio / facts.unit * _today(terms, facts.expiry[k], leg)
        for k, leg in enumerate(options)
        if leg.side > 0
    ) - _today(terms, e, short)
    if short.right == "P":
        gap = -gap * terms.lend[e] / terms.borrow[e]
    return [("what the cover lacks", -max(0.0, gap))]


def _today(terms: Terms, e: int, leg: Leg) -> float:
    """Return a strike on the scale on which expiries compare."""
    if leg.right == "C":
        return terms.lend[e] * leg.strike + terms.div_out[e] + terms.stock_borrow[e]
    return terms.borrow[e] * leg.strike + terms.div_in[e]


def _jelly_roll(facts: Facts) -> list[Line]:
    terms, options = facts.terms, facts.options
    strike = options[0].strike
    near, far = min(facts.expiry), max(facts.expiry)
    near_call = next(
        leg for k, leg in enumerate(options) if leg.right == "C" and facts.expiry[k] == near
    )
    receiving, paying = (near, far) if near_call.side < 0 else (far, near)
    into, out = terms.receipts, terms.payments
    worst: tuple[float, float] = (math.inf, 0.0)
    for a in range(into.first[receiving], into.first[receiving + 1]):
        for b in range(out.first[paying], out.first[paying + 1]):
            strikes = strike * (into.discount[a] - out.discount[b])
            if out.order[b] < into.order[a]:
                between = max(0.0, into.div_in[a] - out.div_in[b])
            else:
                between = -max(0.0, out.owed[b] - into.owed[a])
            worst = min(worst, (strikes, between), key=math.fsum)
    return [
        ("strike received less strike paid", worst[0]),
        ("dividends and borrow fee between", worst[1]),
    ]


def _package(facts: Facts) -> list[Line]:
    e, terms = facts.expiry[0], facts.terms
    worst = worst_payoff(facts.legs)
    discount = terms.borrow[e] if worst > 0.0 else terms.lend[e]
    lines = [("worst payoff at expiry", discount * worst / facts.unit)]
    for leg in facts.legs:
        if leg.kind == STOCK and leg.side > 0:
            lines.append(("dividends", leg.ratio * terms.div_in[e] / facts.unit))
        elif leg.kind == STOCK:
            owed = terms.div_out[e] + terms.stock_borrow[e]
            lines.append(("dividends and borrow fee", -leg.ratio * owed / facts.unit))
    return lines


WORTH: dict[str, Callable[[Facts], list[Line]]] = {
    "conversion": _conversion,
    "reversal": _reversal,
    "collar": _collar,
    "reverse_collar": _reverse_collar,
    "jelly_roll": _jelly_roll,
    "box": _box,
    "intrinsic": _intrinsic,
    "upper_bound": _upper_bound,
    "vertical": _vertical,
    "vertical_width": _vertical_width,
    "butterfly": _butterfly,
    "calendar": _calendar,
    "calendar_butterfly": _calendar,
    "package": _package,
}
