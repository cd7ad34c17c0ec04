"""Near misses: candidates that failed, and the smallest change that would make each pass."""

from __future__ import annotations

import math

from engine.config import ScanSettings
from engine.scoring.accounts import account
from engine.scoring.gating import REASONS, Gated, RejectionReason
from engine.scoring.legs import family_of, legs_of
from engine.scoring.opportunity import OPTION, STOCK, Leg, NearMiss
from engine.strategies.candidates import Columns
from engine.strategies.view import View

# A rate that would have to move more than this is not the change to name.
MOST_RATE_CHANGE = 0.05
# Families whose edge moves with a rate about as strike x time.
_CASH_FAMILIES = ("conversion", "reversal", "collar", "reverse_collar", "box")


def near_misses(
    view: View, found: Columns, gated: Gated, nearest: Columns, settings: ScanSettings
) -> tuple[NearMiss, ...]:
    """Return the misses worth a look: by each failing gate the best edges, then the best of
    each family without a candidate. At most ``settings.near_misses`` of each kind.
    """
    most = settings.near_misses
    by_gate: dict[int, list[int]] = {}
    for row in range(found.count):
        if gated.gate[row]:
            by_gate.setdefault(gated.gate[row], []).append(row)
    misses = []
    for code in sorted(by_gate):
        rows = sorted(by_gate[code], key=lambda row: (-found.edge[row], row))
        for row in rows[: max(1, most // len(by_gate))]:
            legs = legs_of(view, found, row)
            reason = REASONS[code - 1]
            change, amount, unit = _gate_change(reason, view, found, row, legs, gated, settings)
            misses.append(
                NearMiss(
                    family_of(found, row), legs, found.edge[row], reason.value, change, amount, unit
                )
            )
    rows = []
    for row in range(nearest.count):
        # The kernel's bound ignores early assignment; the account does not.
        legs, family = legs_of(view, nearest, row), family_of(nearest, row)
        edge = math.fsum(amount for _, amount in account(view, family, legs, 1))
        if math.isfinite(edge) and edge <= 0.0:
            nearest.edge[row] = edge
            rows.append(row)
    rows.sort(key=lambda row: (-nearest.edge[row], row))
    for row in rows[:most]:
        legs, family = legs_of(view, nearest, row), family_of(nearest, row)
        change, amount, unit = _price_change(view, family, legs, nearest.edge[row], settings)
        misses.append(NearMiss(family, legs, nearest.edge[row], "no edge", change, amount, unit))
    return tuple(misses)


def _price_change(
    view: View, family: str, legs: tuple[Leg, ...], edge: float, settings: ScanSettings
) -> tuple[str, float, str]:
    """Return what a position without edge lacks, in price or, if that is less, in rate."""
    lack = settings.gates.min_edge / _price(view) - edge
    text = f"a price better by {lack:.4g}"
    options = [leg for leg in legs if leg.kind == OPTION]
    if family in _CASH_FAMILIES and not view.chain.is_inverse:
        e = view.chain.expiry_of(view.chain.row_of(options[0].quote))
        strikes = [leg.strike for leg in options]
        amount = max(strikes) - min(strikes) if family == "box" else strikes[0]
        slope = amount * view.terms.tau[e]
        if slope > 0.0 and lack / slope < MOST_RATE_CHANGE:
            receives = family in ("conversion", "collar") or (
                family == "box"
                and any(
                    leg.right == "C" and leg.strike == min(strikes) and leg.side > 0
                    for leg in options
                )
            )
            rate = f"a borrowing rate lower by {lack / slope:.2%}"
            if not receives:
                rate = f"a lending rate higher by {lack / slope:.2%}"
            text += f", or {rate}"
    fees = math.fsum(leg.ratio * leg.fee for leg in legs)
    if edge + fees > 0.0 and edge <= 0.0:
        text += f", or fees lower by {lack:.4g} a share"
    return text, lack, "price"


def _gate_change(
    reason: RejectionReason,
    view: View,
    table: Columns,
    row: int,
    legs: tuple[Leg, ...],
    gated: Gated,
    settings: ScanSettings,
) -> tuple[str, float, str]:
    """Return the smallest change that takes a candidate past the gate it failed."""
    gates, edge, unit = settings.gates, table.edge[row], table.unit[row]
    if reason in (RejectionReason.STOCK_AGE, RejectionReason.OPTION_AGE):
        kind = STOCK if reason is RejectionReason.STOCK_AGE else OPTION
        limit = gates.max_stock_age if kind == STOCK else gates.max_option_age
        age = max(leg.age for leg in legs if leg.kind == kind and leg.age >= 0.0)
        return f"a quote younger by {age - limit:.3g} s", age - limit, "age"
    if reason is RejectionReason.SKEW:
        ages = [leg.age for leg in legs if leg.age >= 0.0]
        excess = max(ages) - min(ages) - gates.max_skew
        return f"quotes closer in time by {excess:.3g} s", excess, "age"
    if reason is RejectionReason.SIZE:
        leg = min(legs, key=lambda leg: math.inf if leg.size != leg.size else leg.size / leg.ratio)
        lack = gates.lots * leg.ratio - leg.size
        return f"{lack:g} more contracts of {name(leg)}", lack, "size"
    if reason is RejectionReason.SPREAD:
        leg = max(legs, key=lambda leg: _excess_spread(view, leg, settings))
        excess = _excess_spread(view, leg, settings)
        return f"a spread of {name(leg)} tighter by {excess:.4g}", excess, "price"
    if reason is RejectionReason.SPREAD_SUM:
        total = math.fsum(leg.ratio * _spread(leg) for leg in legs) / unit
        excess = total - gates.max_spread_per_edge * edge
        return f"spreads tighter by {excess:.4g} in all", excess, "price"
    if reason is RejectionReason.EDGE:
        lack = gates.min_edge / _price(view) - edge
        return f"a price better by {lack:.4g}", lack, "price"
    if reason is RejectionReason.EDGE_USD:
        lack = gates.min_edge_usd - gated.usd[row]
        shares = view.chain.contract_value * unit * max(gated.lots[row], 1.0)
        return f"a price better by {lack / shares:.4g} ({lack:.2f} in all)", lack / shares, "price"
    if reason is RejectionReason.DAYS:
        days = table.days[row]
        lack = max(gates.min_days - days, days - gates.max_days)
        return f"an expiry {lack:.3g} days inside the limits", lack, "days"
    if reason is RejectionReason.CROSSED:
        leg = max(legs, key=lambda leg: leg.bid - leg.ask)
        return f"an uncrossed quote of {name(leg)}", leg.bid - leg.ask, "price"
    sentences = {
        RejectionReason.QUOTE: "a quote on every leg",
        RejectionReason.DELAYED: "live data, or --gate allow_delayed=true",
        RejectionReason.OPEN_INTEREST: "more open interest",
        RejectionReason.VOLUME: "more volume",
        RejectionReason.RATES: "rates read today",
        RejectionReason.DELIVERABLE: "trading resumed",
        RejectionReason.CAPITAL: "more capital",
    }
    return sentences[reason], math.nan, ""


def name(leg: Leg) -> str:
    """Return a leg's contract in words: ``C 105 2026-03-20``, or ``stock``."""
    if leg.kind != OPTION:
        return leg.kind
    return f"{leg.right} {leg.strike:g} {leg.expiry}"


def _spread(leg: Leg) -> float:
    if not leg.ask > 0.0:
        return math.inf
    return leg.ask - leg.bid if leg.bid > 0.0 else leg.ask


def _price(view: View) -> float:
    """Return dollars per unit of the chain's prices: limits are in dollars."""
    return view.chain.contract_value / view.chain.multiplier


def _excess_spread(view: View, leg: Leg, settings: ScanSettings) -> float:
    spread = _spread(leg)
    middle = leg.ask - 0.5 * spread
    limits = settings.gates
    return spread - max(limits.max_spread / _price(view), limits.max_spread_fraction * middle)
