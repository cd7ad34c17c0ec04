"""Packages that a strategy over chains wants: a plan without an edge, and the checks it must pass.

As with shares (`engine.execution.single`) nothing here is an arbitrage. What bounds such an order
are its limit, which is the touch and an allowance, and the limits on sizes, rates, hours, quotes
and days; every guard of sold options holds. What closes a package is held to less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.execution.case import case_of
from engine.execution.exposure import Exposure
from engine.execution.facts import MarketFacts
from engine.execution.limits import Limits
from engine.execution.orders import Plan
from engine.execution.quiet import RestartWindow
from engine.execution.risk import CHECKS, Refusal
from engine.execution.single import FAMILY
from engine.market.combo import Combo, Leg, sighting_id
from engine.market.fees import FeeSchedule
from engine.scoring.cash import order_fees

OPENS, CLOSES = "opens", "closes"
_OF_EDGES = ("conditional", "edge", "edge-gone", "collar-fair")
# Here by what accounts hold, not by plans: one that closes is no package more.
_OF_ACCOUNTS = ("open-notional", "capital", "open-packages", "duplicate-intent")
_OF_OPENING = (
    "restricted", "day-loss", "quantity", "notional", "not-shortable", "early-assignment",
    "ex-dividend", "expiry", "pin", "margin",
)  # fmt: skip


def plan_of(
    combo: Combo,
    legs: Sequence[Leg],
    lots: int,
    multiplier: float,
    capital_usd: float,
    allowance: float,
    fees: FeeSchedule,
    now_ns: int,
    spot: float,
    flags: tuple[str, ...],
    tick: float = 0.01,
) -> Plan:
    """Return the plan to buy `lots` of a combo at its touch and `allowance`, per share.

    `legs` are its contracts as they are quoted, in its order; `flags` begin with the strategy's
    name, and with `of_package` say which package of its account is opened or closed.
    """
    touch = math.fsum(leg.side * leg.ratio * leg.price for leg in legs)
    net = math.floor((touch + allowance) / tick + 1e-9) * tick
    if net < touch - 1e-9:  # the touch is between two ticks
        net += tick
    limit = round(net, 10)
    fee = math.fsum(order_fees(leg, fees, multiplier, leg.ratio * lots) for leg in legs)
    return Plan(
        sighting=sighting_id(combo.key, FAMILY, now_ns), key=combo.key, symbol=combo.symbol,
        family=FAMILY, legs=tuple(legs), combo=combo, multiplier=multiplier, lots=lots, touch=touch,
        limit=limit, floor=limit, unit=1, edge=0.0, edge_usd=0.0, fees_usd=fee,
        capital_usd=capital_usd, ts_ns=now_ns,
        first_expiry=min((leg.expiry for leg in legs if leg.expiry is not None), default=None),
        spot=spot, flags=flags,
    )  # fmt: skip


def of_package(number: int, label: str, *, is_closing: bool) -> tuple[str, ...]:
    """Return what a plan's flags say of a package, after the strategy's name."""
    return (f"{CLOSES if is_closing else OPENS} {number}", label)


def package_of(plan: Plan) -> tuple[str, int, str] | None:
    """Return OPENS or CLOSES, the number and the label of a plan's package, None if it has none.

    >>> package_of(Plan("", "", "X", FAMILY, (), Combo("X", ()), 1.0, 1, 0.0, 0.0, 0.0, 1, 0.0,
    ...     0.0, 0.0, 0.0, 0, None, flags=("mine", "opens 3", "put")))
    ('opens', 3, 'put')
    """
    if plan.family != FAMILY or len(plan.flags) != 3:
        return None
    what, _, number = plan.flags[1].partition(" ")
    if what not in (OPENS, CLOSES) or not (number.isascii() and number.isdigit()):
        return None
    return what, int(number), plan.flags[2]


def refusals(
    plan: Plan,
    n_open: int,
    held_usd: float,
    limits: Limits,
    windows: tuple[RestartWindow, ...],
    exposure: Exposure,
    facts: MarketFacts,
    now_ns: int,
    *,
    is_closing: bool,
) -> tuple[Refusal, ...]:
    """Return why an order for a package is not sent; empty if it may be.

    `n_open` packages are held or on their way, `held_usd` is what their legs are worth, bought and
    sold alike. What closes one is held neither to sizes nor to a loss: it is what ends a risk.
    """
    case = case_of(limits, plan, exposure, facts, now_ns, windows=windows)
    skipped = (*_OF_EDGES, *_OF_ACCOUNTS, *(_OF_OPENING if is_closing else ()))
    found = []
    for check in CHECKS:
        message = "" if check.code in skipped else check.refuse(case)
        if message:
            found.append(Refusal(check.code, message))
    if is_closing:
        return tuple(found)
    if n_open >= limits.max_open_packages:
        text = f"it would be open package {n_open + 1}: at most {limits.max_open_packages}"
        found.append(Refusal("open-packages", text))
    total = held_usd + plan.notional_usd
    if not total <= limits.max_open_usd:
        text = f"strategies would hold ${total:,.0f} of legs: at most ${limits.max_open_usd:,.0f}"
        found.append(Refusal("open-notional", text))
    if not plan.capital_usd <= limits.max_capital_usd:
        text = f"it binds ${plan.capital_usd:,.0f}: at most ${limits.max_capital_usd:,.0f}"
        found.append(Refusal("capital", text))
    return tuple(found)
