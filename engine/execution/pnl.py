"""What packages have earned: locked now, whatever the market does until they settle.

*Locked* is cash less fees, and what the whole packages held are worth at worst by their proof. At
the lots planned it is the edge less slippage and less what fees were above those expected.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from engine.clock import NS_PER_DAY
from engine.execution.fills import Executions
from engine.execution.orders import Plan
from engine.execution.plan import leg_of
from engine.execution.state import State
from engine.execution.trade import Trade
from engine.market.combo import STOCK


class Earned(NamedTuple):
    """The money of one package, in currency.

    `cash` is what executions brought in (paid is negative), `fees` those known, `unpaid` how many
    executions have none yet. `worst` is what the whole packages held are worth at worst, `locked`
    the sum of all; nan while anything is held beside whole packages. `slippage` is what was paid
    above the touch for the packages held, `detected` the edge of these at the touch.
    """

    cash: float
    fees: float
    unpaid: int
    worst: float
    locked: float
    slippage: float
    detected: float


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
    is_whole = trade.is_hedged and not trade.residual(executions)
    detected = plan.edge * plan.unit * plan.multiplier * lots
    return Earned(
        cash, fees, executions.unpaid(trade.sent), worst,
        cash - fees + worst if is_whole else math.nan,
        -cash - plan.touch * plan.multiplier * lots, detected,
    )  # fmt: skip


def day_pnl(state: State, now_ns: int) -> float:
    """Return what packages begun on this day (UTC) have locked. O(packages).

    In one that is not whole, what is left over counts at the prices that it was planned at: its
    slippage and fees are lost, and what the market has done since is not known.
    """
    total = []
    for trade in state.trades.values():
        if trade.began_ns // NS_PER_DAY != now_ns // NS_PER_DAY or not trade.sent:
            continue
        total.append(_locked(trade, state.executions))
    return math.fsum(total)


def _locked(trade: Trade, executions: Executions) -> float:
    """Return what a package has locked, the rest as planned; worked out where it changed."""
    now = (trade.value, len(trade.sent), executions.changes(trade.sent))
    known = trade.locked_then
    if known is not None and known[0][0] is trade.value and known[0][1:] == now[1:]:
        return known[1]
    money = earned(trade, executions)
    left = planned_value(trade.plan, trade.residual(executions))
    locked = math.fsum((money.cash, -money.fees, money.worst, left))
    trade.locked_then = now, locked
    return locked
