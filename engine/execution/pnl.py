"""What packages have earned: locked now, whatever the market does until they settle.

*Locked* is cash less fees, and what the whole packages held are worth at worst by their proof. At
the lots planned it is the edge less slippage and less what fees were above those expected.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine.execution.budget import Quotes, no_quotes
from engine.execution.days import day_of
from engine.execution.fills import Executions
from engine.execution.orders import Plan
from engine.execution.plan import leg_of
from engine.execution.state import State
from engine.execution.trade import Trade
from engine.market.combo import STOCK


class Earned(NamedTuple):
    """The money of one package, in currency.

    `cash` is what executions brought in (paid is negative), `fees` those known, `unpaid` how many
    executions have none yet, `pending` what is expected for these. `worst` is what the whole
    packages held are worth at worst, `locked` the sum of all; nan while anything is held beside
    whole packages. `slippage` is what was paid above the touch for the packages held, `detected`
    the edge of these at the touch.
    """

    cash: float
    fees: float
    unpaid: int
    worst: float
    locked: float
    slippage: float
    detected: float
    pending: float = 0.0


def worst_value(plan: Plan) -> float:
    """Return what one package is worth at worst, before what it costs and its fees, in currency."""
    by_contract = math.fsum(leg.fee * leg.ratio for leg in plan.legs)
    return (plan.edge * plan.unit + plan.touch + by_contract) * plan.multiplier


def planned_value(plan: Plan, held: Mapping[str, float]) -> float:
    """Return what contracts of a plan cost at its prices, in currency; sold ones are negative.

    `held` is by contract name, in contracts or shares.
    """
    return math.fsum(
        held.get(contract.name, 0.0)
        * leg_of(plan, place).price
        * (1.0 if contract.kind == STOCK else plan.multiplier)
        for place, (_, contract) in enumerate(plan.combo.legs)
        if held.get(contract.name)
    )


def earned(trade: Trade, executions: Executions) -> Earned:
    """Return what a package has earned. O(its executions)."""
    plan, lots = trade.plan, trade.lots
    cash, fees = executions.cash(trade.sent), executions.fees(trade.sent)
    worst = worst_value(plan) * lots
    pending = pending_fees(plan, executions, trade.sent)
    is_whole = trade.is_hedged and not trade.residual(executions)
    detected = plan.edge * plan.unit * plan.multiplier * lots
    return Earned(
        cash, fees, executions.unpaid(trade.sent), worst,
        cash - fees - pending + worst if is_whole else math.nan,
        -cash - plan.touch * plan.multiplier * lots, detected, pending,
    )  # fmt: skip


def pending_fees(plan: Plan, executions: Executions, refs: Iterable[str]) -> float:
    """Return what is expected for executions of a plan's orders that have no fee yet.

    What a plan expects for order minimums is shared among all its executions alike.
    """
    refs = tuple(refs)
    unpaid = executions.unpaid_fills(refs)
    if not unpaid:
        return 0.0
    each = {}
    for place, (_, contract) in enumerate(plan.combo.legs):
        per_price = 1.0 if contract.kind == STOCK else plan.multiplier
        each[contract.name] = leg_of(plan, place).fee * per_price
    by_contract = math.fsum(leg.fee * leg.ratio for leg in plan.legs) * plan.multiplier * plan.lots
    n = len([1 for one in executions.of(refs) if one.fill.contract])
    more = max(0.0, plan.fees_usd - by_contract) * len(unpaid) / n
    return more + math.fsum(abs(fill.quantity) * each.get(fill.contract, 0.0) for fill in unpaid)


def rest_value(trade: Trade, executions: Executions, quotes: Quotes = no_quotes) -> float:
    """Return what is held beside whole packages would bring now, in currency.

    What has no price now counts at the price of its leg in the plan.
    """
    plan, left = trade.plan, trade.residual(executions)
    worth = []
    for place, (_, contract) in enumerate(plan.combo.legs):
        quantity = left.get(contract.name, 0.0)
        if not quantity:
            continue
        price = quotes(contract, -1 if quantity > 0.0 else 1)
        if price != price:
            price = leg_of(plan, place).price
        worth.append(quantity * price * (1.0 if contract.kind == STOCK else plan.multiplier))
    return math.fsum(worth)


def day_pnl(state: State, now_ns: int, quotes: Quotes = no_quotes) -> float:
    """Return what packages begun on this day of the exchange have locked. O(packages that changed).

    Fees that are not known yet count as expected. A package that is not whole counts with what it
    has cost and what it would bring now, where that is a loss, on whatever day it began.
    """
    today = day_of(now_ns)
    for trade in state.locked.changed(state.trades, today):
        locked = earned(trade, state.executions).locked if trade.sent else math.nan
        if locked == locked:
            state.locked.keep(trade, locked if trade.day == today else None, is_final=True)
        elif not trade.sent or trade.is_settled(today):
            state.locked.keep(trade, None, is_final=True)
        else:
            state.locked.keep(trade, _loss(trade, state.executions, quotes), is_final=False)
    return math.fsum(state.locked.values())


def _loss(trade: Trade, executions: Executions, quotes: Quotes) -> float:
    """Return what a package that is not whole has lost by now; a profit counts for nothing."""
    money = earned(trade, executions)
    rest = rest_value(trade, executions, quotes)
    return min(0.0, math.fsum((money.cash, -money.fees, -money.pending, money.worst, rest)))


def loss_of(pnl: float) -> float:
    """Return a loss as a positive number, 0 for a profit and where it is not known."""
    return max(0.0, -pnl) if pnl == pnl else 0.0
