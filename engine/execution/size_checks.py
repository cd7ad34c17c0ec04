"""Checks of how much: of one order, and of everything that is open."""

from __future__ import annotations

import math

from engine.execution.case import Case, name_of
from engine.market.combo import OPTION, STOCK

# Beyond it a sum of floats is not told from its limit.
_HAIR = 1e-9


def quantity(case: Case) -> str:
    """Check packages, contracts of a leg and shares of stock."""
    limits, plan = case.limits, case.plan
    if not 1 <= plan.lots <= limits.max_lots:
        return f"{plan.lots:,} packages: 1 to {limits.max_lots:,} may go into one order"
    for leg in case.legs:
        n = leg.ratio * plan.lots
        if leg.kind == OPTION and n > limits.max_contracts:
            name = name_of(leg, plan.symbol)
            return f"{n:,} contracts of {name}: at most {limits.max_contracts:,} in one order"
        if leg.kind == STOCK and n * plan.multiplier > limits.max_shares:
            shares = n * plan.multiplier
            return f"{shares:,.0f} shares of {plan.symbol}: at most {limits.max_shares:,}"
    return ""


def notional(case: Case) -> str:
    """Check what all legs of the order trade."""
    return _above(case.plan.notional_usd, case.limits.max_order_usd, "the legs trade")


def open_notional(case: Case) -> str:
    """Check what the legs of all open packages trade, with this one."""
    total = case.exposure.notional_usd + case.plan.notional_usd
    return _above(total, case.limits.max_open_usd, "with the open packages, the legs trade")


def capital(case: Case) -> str:
    """Check the capital of all open packages, with this one."""
    total = case.exposure.capital_usd + case.plan.capital_usd
    return _above(total, case.limits.max_capital_usd, "with the open packages, the capital is")


def working_packages(case: Case) -> str:
    """Check packages whose orders are not over."""
    n, most = case.exposure.working + 1, case.limits.max_working_packages
    return f"it would be package {n} with live orders: at most {most}" if n > most else ""


def open_packages(case: Case) -> str:
    """Check packages that are working or held."""
    n, most = len(case.exposure.packages) + 1, case.limits.max_open_packages
    return f"it would be open package {n}: at most {most}" if n > most else ""


def orders_per_contract(case: Case) -> str:
    """Open orders for one contract and side, of which brokers take few."""
    plan, most = case.plan, case.limits.max_orders_per_contract
    if len([1 for one in case.exposure.packages for _ in one.orders]) < most:
        return ""
    wanted = [(plan.key, 1)]
    wanted += [(contract.name, 1 if n > 0 else -1) for n, contract in plan.combo.legs]
    for name, side in wanted:
        n = case.exposure.open_orders(name, side) + 1
        if n > most:
            verb = "buy" if side > 0 else "sell"
            return f"it would be open order {n} to {verb} {name}: at most {most}"
    return ""


def size(case: Case) -> str:
    """Check the displayed size of every leg."""
    part = case.limits.max_size_fraction
    for leg in case.legs:
        wanted = leg.ratio * case.plan.lots
        if not wanted <= leg.size * part + _HAIR:
            name = name_of(leg, case.plan.symbol)
            shown = "an unknown size" if math.isnan(leg.size) else f"{leg.size:,.0f}"
            of = "" if part == 1.0 else f" of which {part:.0%} may be taken"
            return f"{name}: {wanted:,} wanted, {shown} shown{of}"
    return ""


def margin(case: Case) -> str:
    """Check the margin by the broker's what-if, the plan's own where that is not asked for."""
    limits, facts, lots = case.limits, case.facts, case.plan.lots
    said = facts.what_if
    if said is None and limits.needs_what_if:
        return "the broker has not been asked what margin it takes"
    if said is not None:
        age = (case.now_ns - said.ts_ns) / 1e9
        if not 0.0 <= age <= limits.max_what_if_age_s:
            return (
                f"the broker's margin is {age:,.0f} s old: at most {limits.max_what_if_age_s:,.0f}"
            )
        if said.refusal:
            return f"the broker would not take it: {said.refusal}"
    wanted = case.plan.capital_usd if said is None else said.margin_usd / said.lots * lots
    refused = _above(wanted, limits.max_margin_usd, "it takes a margin of")
    if refused:
        return refused
    available = case.exposure.available_usd
    if math.isnan(available):
        return "what the account has available is not known" if limits.needs_what_if else ""
    left = available - max(wanted, 0.0)
    if left < limits.min_cushion_usd - _HAIR:
        return (
            f"${left:,.2f} of ${available:,.2f} available would be left: at least "
            f"${limits.min_cushion_usd:,.2f}"
        )
    return ""


def _above(amount: float, most: float, what: str) -> str:
    """Return the sentence if `amount` is not at most `most`; nan is refused."""
    return "" if amount <= most + _HAIR else f"{what} ${amount:,.2f}: at most ${most:,.2f}"
