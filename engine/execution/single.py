"""Orders for shares that a strategy wants: a plan of one leg, and the checks that it must pass.

Nothing here is an arbitrage: there is no edge to keep and no floor. What bounds such an order are
its limit, which is the touch and an allowance, and the limits on sizes, rates, hours and quotes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.execution.case import Case, case_of
from engine.execution.exposure import Exposure
from engine.execution.facts import MarketFacts
from engine.execution.limits import Limits
from engine.execution.orders import Plan
from engine.execution.quiet import RestartWindow
from engine.execution.risk import CHECKS, Refusal
from engine.market.combo import STOCK, Combo, Leg, sighting_id
from engine.market.contract import Contract
from engine.market.fees import FeeSchedule

FAMILY = "strategy"
"""What a plan of a strategy has in place of a family of arbitrages."""
_APPLY = (
    "restricted", "day-loss", "session", "restart-window", "halted-market", "delayed",
    "working-packages", "order-rate-second", "order-rate-minute", "order-rate-day", "one-sided",
    "crossed", "stale-quote", "size", "collar-market", "margin",
)  # fmt: skip
_SHORT = "not-shortable"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a quote of shares: prices, what is shown, and its age in seconds."""

    bid: float
    ask: float
    size: float
    age: float


def limit_of(units: float, touch: float, allowance: float, limit: float) -> float:
    """Return the worst price to send: the touch and an allowance, or the order's own limit.

    Whichever is nearer to the trader; a `limit` of 0.0 is none.

    >>> limit_of(10.0, 100.0, 0.25, 0.0), limit_of(10.0, 100.0, 0.25, 100.5)
    (100.25, 100.25)
    >>> limit_of(-10.0, 100.0, 0.25, 99.875)
    99.875
    """
    if units > 0.0:
        return min(touch + allowance, limit or math.inf)
    return max(touch - allowance, limit)


def plan_of(
    symbol: str,
    units: int,
    side: Side,
    limit: float,
    fees: FeeSchedule,
    now_ns: int,
    name: str,
    tick: float = 0.01,
) -> Plan:
    """Return the plan to trade `units` shares, signed, at most (or least) at `limit`.

    `name` is the strategy's, which its flags keep. The limit is rounded to `tick`, never beyond
    what it was.
    """
    sign = 1 if units > 0 else -1
    price = side.ask if sign > 0 else side.bid
    fee = fees.stock_fee(price)
    leg = Leg(
        STOCK, sign, 1, price, fee, bid=side.bid, ask=side.ask, size=side.size, age=side.age
    )  # fmt: skip
    combo = Combo(symbol, ((sign, Contract(STOCK, symbol, multiplier=1.0)),))
    lots = abs(units)
    # Net: what is sold is paid a negative price. Rounding down is rounding towards the trader.
    net = math.floor(sign * limit / tick + 1e-9) * tick
    return Plan(
        sighting=sighting_id(combo.key, FAMILY, now_ns), key=combo.key, symbol=symbol,
        family=FAMILY, legs=(leg,), combo=combo, multiplier=1.0, lots=lots, touch=sign * price,
        limit=round(net, 10), floor=round(net, 10), unit=1, edge=0.0, edge_usd=0.0,
        fees_usd=max(fees.stock_minimum, fee * lots), capital_usd=lots * price,
        ts_ns=now_ns, first_expiry=None,
        spot=0.5 * (side.bid + side.ask), flags=(name,),
    )  # fmt: skip


def refusals(
    plan: Plan,
    held: float,
    value_usd: float,
    limits: Limits,
    windows: tuple[RestartWindow, ...],
    exposure: Exposure,
    facts: MarketFacts,
    now_ns: int,
) -> tuple[Refusal, ...]:
    """Return why an order for shares is not sent; empty if it may be.

    `held` are the shares before it, `value_usd` what all strategies hold, bought and sold alike.
    An order that makes a position smaller is held to less: it is what ends a risk.
    """
    case = case_of(limits, plan, exposure, facts, now_ns, windows=windows)
    (leg,) = case.legs
    after = held + leg.side * plan.lots
    is_smaller = abs(after) <= abs(held) and after * held >= 0.0
    found = []
    for check in CHECKS:
        if check.code == _SHORT:
            applies = after < 0.0 and not is_smaller
        elif is_smaller and check.code in ("day-loss", "restricted", "margin"):
            applies = False
        else:
            applies = check.code in _APPLY
        message = check.refuse(case) if applies else ""
        if message:
            found.append(Refusal(check.code, message))
    if not is_smaller:
        found += _amounts(case, value_usd)
    elif plan.lots > limits.max_shares:
        found.append(_shares(plan, limits))
    return tuple(found)


def _amounts(case: Case, value_usd: float) -> list[Refusal]:
    plan, limits = case.plan, case.limits
    found = []
    if plan.lots > limits.max_shares:
        found.append(_shares(plan, limits))
    if not plan.notional_usd <= limits.max_order_usd:
        text = f"${plan.notional_usd:,.0f} in one order: at most ${limits.max_order_usd:,.0f}"
        found.append(Refusal("notional", text))
    total = value_usd + plan.notional_usd
    if not total <= min(limits.max_open_usd, limits.max_capital_usd):
        most = min(limits.max_open_usd, limits.max_capital_usd)
        text = f"strategies would hold ${total:,.0f} of shares: at most ${most:,.0f}"
        found.append(Refusal("open-notional", text))
    return found


def _shares(plan: Plan, limits: Limits) -> Refusal:
    text = f"{plan.lots:,} shares of {plan.symbol}: at most {limits.max_shares:,}"
    return Refusal("quantity", text)
