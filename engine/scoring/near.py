"""Near misses: candidates that failed, and the smallest change that would make each pass."""

from __future__ import annotations

import math

from engine.config import ScanSettings
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.scoring.accounts import account
from engine.scoring.closing_rate import rate_change
from engine.scoring.gating import REASONS, Gated, RejectionReason, ask_position
from engine.scoring.legs import family_of, legs_of
from engine.scoring.opportunity import NearMiss
from engine.strategies.candidates import Columns
from engine.strategies.view import View
from kernels_pure.limits import SPREAD_TOLERANCE

# A rate that would have to move more than this is not the change to name.
MOST_RATE_CHANGE = 0.05
# An edge that passes every gate of edges, and is small enough for the cents of its dollars.
_ANY_EDGE = 1e3


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
        edge = math.fsum(amount for _, amount in account(view, family, legs, nearest.unit[row]))
        if math.isfinite(edge) and edge <= 0.0:
            nearest.edge[row] = edge
            rows.append(row)
    rows.sort(key=lambda row: (-nearest.edge[row], row))
    for row in rows[:most]:
        legs, family = legs_of(view, nearest, row), family_of(nearest, row)
        change, amount, unit = _price_change(view, nearest, row, legs, settings)
        misses.append(NearMiss(family, legs, nearest.edge[row], "no edge", change, amount, unit))
    return tuple(misses)


def _price_change(
    view: View, table: Columns, row: int, legs: tuple[Leg, ...], settings: ScanSettings
) -> tuple[str, float, str]:
    """Return what a position lacks, in price and, where one would do, in rate or fees."""
    edge, unit = table.edge[row], table.unit[row]
    target, reason = _target(view, table, row, legs, settings)
    lack = target - edge
    text = f"a price better by {_up(lack):.4g}"
    which, change = rate_change(view, family_of(table, row), legs, target, settings.carry)
    if change < MOST_RATE_CHANGE:
        text += f", or {which} by {change:.2%}"
    fees = math.fsum(leg.ratio * leg.fee for leg in legs) / unit
    if _up(lack) <= fees:
        text += f", or fees lower by {_up(lack):.4g} a share"
    if reason:
        text += f" (gate {reason.value} besides)"
    return text, lack, "price"


def _target(
    view: View, table: Columns, row: int, legs: tuple[Leg, ...], settings: ScanSettings
) -> tuple[float, RejectionReason | None]:
    """Return the edge that passes every gate of edges, and a gate that no edge would pass."""
    gates, unit = settings.gates, table.unit[row]
    stock = 0 if view.chain.quoting.hedge == FUTURE else table.stock[row]
    code, lots, usd, _ = ask_position(
        view, table.legs(row), stock, unit, table.days[row], _ANY_EDGE, settings
    )
    target = gates.min_edge / _price(view)
    if lots > 0.0:
        shares = view.chain.contract_value * unit * lots
        target = max(target, _ANY_EDGE - (usd - gates.min_edge_usd) / shares)
    if gates.max_spread_per_edge > 0.0:
        spreads = math.fsum(leg.ratio * _spread(leg) for leg in legs if leg.kind != FUTURE)
        if math.isfinite(spreads):
            target = max(target, spreads / unit / gates.max_spread_per_edge)
    return target, REASONS[code - 1] if code else None


def _up(amount: float) -> float:
    """Return `amount` rounded up to the four digits that are shown."""
    if not 0.0 < amount < math.inf:
        return amount
    digit = 10.0 ** (math.floor(math.log10(amount)) - 3)
    return math.ceil(amount / digit - 1e-9) * digit


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
        is_option = reason is RejectionReason.OPTION_AGE
        limit = gates.max_option_age if is_option else gates.max_stock_age
        age = max(leg.age for leg in legs if (leg.kind == OPTION) is is_option and leg.age >= 0.0)
        return f"a quote younger by {age - limit:.3g} s", age - limit, "age"
    if reason is RejectionReason.SKEW:
        ages = [leg.age for leg in legs if leg.age >= 0.0]
        excess = max(ages) - min(ages) - gates.max_skew
        return f"quotes closer in time by {excess:.3g} s", excess, "age"
    if reason is RejectionReason.SIZE:
        lacks = {leg: gates.lots * leg.ratio - leg.size for leg in legs}
        lacks = {leg: lack for leg, lack in lacks.items() if lack > 0.0}
        needs = [f"{lack:g} more contracts of {name(leg)}" for leg, lack in lacks.items()]
        short = math.fsum(leg.ratio for leg in legs if leg.kind == STOCK and leg.side < 0)
        borrowed = gates.lots * short * view.chain.multiplier
        if short and borrowed > settings.carry.shortable:
            needs.append(f"{borrowed - settings.carry.shortable:g} more shares to borrow")
        most = max(lacks.values(), default=borrowed - settings.carry.shortable)
        return " and ".join(needs), most, "size"
    if reason is RejectionReason.SPREAD:
        wide = {leg: _excess_spread(view, leg, settings) for leg in legs}
        wide = {leg: excess for leg, excess in wide.items() if excess > 0.0}
        words = " and ".join(
            f"a spread of {name(leg)} tighter by {_up(excess):.4g}" for leg, excess in wide.items()
        )
        return words, max(wide.values()), "price"
    if reason is RejectionReason.SPREAD_SUM:
        total = math.fsum(leg.ratio * _spread(leg) for leg in legs if leg.kind != FUTURE) / unit
        excess = total - gates.max_spread_per_edge * edge
        return f"spreads tighter by {_up(excess):.4g} in all", excess, "price"
    if reason in (RejectionReason.EDGE, RejectionReason.EDGE_USD):
        lack = _target(view, table, row, legs, settings)[0] - edge
        text = f"a price better by {_up(lack):.4g}"
        if reason is RejectionReason.EDGE_USD:
            text += f" ({gates.min_edge_usd - gated.usd[row]:.2f} in all)"
        return text, lack, "price"
    if reason is RejectionReason.DAYS:
        nearest = min(view.days[view.chain.row_of(q)] for q, _ in table.legs(row))
        lack = max(gates.min_days - nearest, table.days[row] - gates.max_days)
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
        RejectionReason.DELIVERABLE: "trading resumed, or contracts of 100 shares",
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
    return view.chain.dollars


def _excess_spread(view: View, leg: Leg, settings: ScanSettings) -> float:
    """Return by how much one side of a quote must move to pass the gate of its spread.

    0 where it passes, and for a coin's future, whose spread no gate asks.
    """
    spread = _spread(leg)
    middle = leg.ask - 0.5 * spread
    limits = settings.gates
    limit = max(limits.max_spread / _price(view), limits.max_spread_fraction * middle)
    if leg.kind == FUTURE or not spread > limit * (1.0 + SPREAD_TOLERANCE):
        return 0.0
    # A lower ask lowers the middle, too.
    part = limits.max_spread_fraction
    relative = (spread - part * middle) / (1.0 - 0.5 * part) if part < 2.0 else 0.0
    return min(spread - limits.max_spread / _price(view), relative)
