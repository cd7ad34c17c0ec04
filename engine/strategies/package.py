"""Whole lots of what the profit programme found."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from engine.market.combo import OPTION, STOCK, Leg
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import STOCK_INITIAL, cost_to_close, intrinsic, worst_payoff
from engine.strategies.programme import Columns, ProgrammeResult, option_columns, solve_programme
from engine.strategies.view import View

_MAX_RATIO = 100
_INTEGER = 1e-6
# Solutions tried on the way to whole contracts; the search ends at this share of the optimum.
_MOST_SOLUTIONS = 6
_SHARE_OF_OPTIMUM = 0.95


@dataclass(frozen=True, slots=True)
class Package:
    """A position in whole contracts that loses in no state.

    Attributes
    ----------
    expiry
        Index of its expiry.
    legs
        (quote index, signed contracts per package).
    stock
        Signed shares over the multiplier, per package.
    lots
        How many packages the displayed sizes allow.
    value
        Locked profit per package: present value per share of the multiplier.
    """

    expiry: int
    legs: tuple[tuple[int, int], ...]
    stock: int
    lots: int
    value: float


def worst_value(
    view: View, expiry: int, positions: Iterable[tuple[int, float]], stock: float
) -> float:
    """Return the present value of a position at `expiry` in its worst state, after its cost.

    What it must pay is valued with the lending discount, what it is sure to receive with the
    borrowing one. ``-inf`` when it loses without limit. O(positions x strikes).
    """
    chain, terms, n_rows = view.chain, view.terms, view.chain.n_rows
    held = list(positions)
    cost = math.fsum(q * (view.usable_pay if q > 0 else view.usable_receive)[k] for k, q in held)
    if stock > 0.0:
        cost += stock * (terms.stock_pay[expiry] - terms.div_in[expiry])
    elif stock < 0.0:
        brings = terms.stock_receive[expiry] - terms.div_out[expiry] - terms.stock_borrow[expiry]
        cost += stock * brings
    calls = [(chain.strike[k], q) for k, q in held if k < n_rows]
    puts = [(chain.strike[k - n_rows], q) for k, q in held if k >= n_rows]
    if stock + math.fsum(q for _, q in calls) < -1e-9:
        return -math.inf
    worst = min(
        math.fsum(
            (
                stock * s,
                *(q * max(s - k, 0.0) for k, q in calls),
                *(q * max(k - s, 0.0) for k, q in puts),
            )
        )
        for s in (0.0, *(chain.strike[row] for row in chain.rows(expiry)))
    )
    discount = terms.borrow[expiry] if worst > 0.0 else terms.lend[expiry]
    return discount * worst - cost


def whole_package(
    view: View,
    expiry: int,
    *,
    allow_short: bool,
    shortable: float,
    unknown_size: float,
    options: Columns | None = None,
) -> Package | None:
    """Return the best position in whole lots that the profit programme of `expiry` leads to.

    Arguments as in `solve_programme`. Where its optimum does not come out in whole contracts, what
    is fractional may be no more than the whole contracts below, and the programme is solved again,
    a few times: at first options alone, as stock in whole lots often follows from them, then both.
    """
    if options is None:
        options = option_columns(view, expiry, unknown_size)
    solved: dict[tuple[tuple[int, float], ...], ProgrammeResult | None] = {}

    def solve(most: dict[int, float]) -> ProgrammeResult | None:
        key = tuple(sorted(most.items()))
        if key not in solved:
            solved[key] = solve_programme(
                view, expiry, allow_short=allow_short, shortable=shortable,
                unknown_size=unknown_size, most=most, options=options,
            )  # fmt: skip
        return solved[key]

    best, worth = None, 0.0
    for counts_stock in (False, True):
        most: dict[int, float] = {}
        leaves_stock = False
        for _ in range(_MOST_SOLUTIONS):
            result = solve(most)
            if result is None or not result.value > 0.0:
                break
            found = integer_package(view, result)
            if found is not None and found.lots * found.value > worth:
                best, worth = found, found.lots * found.value
            if worth >= _SHARE_OF_OPTIMUM * result.value:
                return best
            parts, stock = _fractional(result.positions), _fractional([(-1, result.stock)])
            if counts_stock or not parts:
                parts |= stock
            elif stock:
                leaves_stock = True
            if not parts:
                break
            most.update(parts)
        # Where no stock was left fractional, the second time would be the first again.
        if best is not None or not leaves_stock:
            break
    return best


def _fractional(amounts: Iterable[tuple[int, float]]) -> dict[int, float]:
    """Return the whole contracts below every amount that is not whole."""
    return {q: math.floor(abs(x)) for q, x in amounts if abs(x - round(x)) > _INTEGER}


def integer_package(view: View, result: ProgrammeResult) -> Package | None:
    """Return `result` in whole lots, or None when rounding down leaves no profit.

    The largest scale at or below the optimum at which every quantity is whole keeps the hedge
    exact; where there is none, quantities are cut to whole ones, the position gets the money it
    then needs, and is kept if it still pays.
    """
    amounts = [quantity for _, quantity in result.positions] + [result.stock]
    largest = max(map(abs, amounts))
    if not (result.value > 0.0 and largest >= 1.0 - _INTEGER):
        return None
    whole = [int(q + math.copysign(_INTEGER, q)) for q in amounts]
    for ratio in range(min(int(largest + _INTEGER), _MAX_RATIO), 0, -1):
        if _are_whole(amounts, ratio, largest):
            times = int(largest / ratio + _INTEGER)
            whole = [times * round(q * ratio / largest) for q in amounts]
            break
    return _package(view, result, whole)


def _are_whole(amounts: list[float], ratio: int, largest: float) -> bool:
    """Tell whether amounts are whole on the scale on which the largest is `ratio`."""
    for amount in amounts:  # a generator costs five times this loop
        scaled = amount * ratio / largest
        if not abs(scaled - round(scaled)) < _INTEGER:
            return False
    return True


def _package(view: View, result: ProgrammeResult, whole: list[int]) -> Package | None:
    lots = math.gcd(*whole)
    if lots == 0:
        return None
    stock = whole[-1] // lots
    quotes = [quote for quote, _ in result.positions]
    legs = tuple((quote, n // lots) for quote, n in zip(quotes, whole[:-1], strict=True) if n)
    value = worst_value(view, result.expiry, legs, float(stock))
    if not value > 0.0:
        return None
    return Package(result.expiry, legs, stock, lots, value)


def _worth(facts: Facts) -> list[Line]:
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


def _margin(legs: tuple[Leg, ...], unit: int, spot: float) -> float:
    """Return the margin of any legs of one expiry. O(legs^2).

    What its worst payoff at expiry owes, long legs netted, and no less than 1.02 times the cost
    to close: what the same legs need as a box or a vertical. Beside stock, what a conversion or
    reversal needs, the proceeds of a short sale being held against what is owed.
    """
    owed = max(0.0, -worst_payoff(legs))
    held = math.fsum(leg.side * leg.ratio for leg in legs if leg.kind == STOCK)
    if not held:
        return max(1.02 * cost_to_close(legs), owed) / unit if owed > 0.0 else 0.0
    in_the_money = math.fsum(
        intrinsic(leg, spot) * leg.ratio for leg in legs if leg.kind == OPTION and leg.side < 0
    )
    proceeds = max(0.0, -held) * spot
    return (STOCK_INITIAL * spot * abs(held) + max(in_the_money, owed - proceeds)) / unit


FAMILY = Family("package", _worth, _margin, has_plain_edge=True)
