"""From what a search found to plans: the best rows, priced again at the lots that will be sent.

This is on the path to the order: no proof, no near miss, no object but those of the rows tried.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.config import ScanSettings
from engine.execution.orders import Plan
from engine.market.combo import FUTURE, OPTION, STOCK, Combo, Leg, combo_of, sighting_id
from engine.scanner.scanner import Scanner
from engine.scanner.search import Found
from engine.scoring.proposal import Ranked, conditions_of, delta_of, flags_of, usd_of
from engine.scoring.ranking import one_by_one
from engine.scoring.tickets import CENT, make_ticket, round_down
from engine.strategies import candidates
from engine.strategies.view import View


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan is made under.

    Attributes
    ----------
    lots, capital_usd
        Most packages in one order, and most capital for it.
    allowance
        What the order may pay above the touch, per share, where the floor allows it.
    tick
        Step of the net price of combos.
    most_rows
        How many of the best rows are tried.
    """

    lots: int = 1
    capital_usd: float = math.inf
    allowance: float = 0.01
    tick: float = CENT
    most_rows: int = 4


class Unplanned(NamedTuple):
    """Why a row became no plan; `sighting` and `key` are of its combo."""

    code: str
    message: str
    sighting: str
    key: str


def plans(found: Found, scanner: Scanner, terms: Terms) -> Iterator[Plan | Unplanned]:
    """Yield the plans of the best rows of a search, best first. O(candidates) for the first.

    What is yielded may be used until the scanner's next `find`.
    """
    if found.unusable:
        return
    ranking = scanner.rank(found)
    rows = one_by_one(
        found.view, found.table.found, found.gated, ranking, found.settings, terms.most_rows
    )
    for ranked in rows:
        yield make_plan(found, ranked, terms)


def make_plan(found: Found, ranked: Ranked, terms: Terms) -> Plan | Unplanned:
    """Return the plan of one ranked row, or why there is none. O(legs)."""
    position, settings, view = ranked.position, found.settings, view_of_row(found, ranked)
    chain, legs = view.chain, position.legs
    combo = combo_of(chain, legs)
    sighting = sighting_id(combo.key, position.family, chain.ts_ns)

    def no(code: str, message: str) -> Unplanned:
        return Unplanned(code, message, sighting, combo.key)

    if not chain.quoting.is_linear or any(leg.kind == FUTURE for leg in legs):
        return no("plan-coins", "settles in coins: no broker here takes it")
    lots = affordable(ranked, terms)
    if lots < max(1, settings.gates.lots):
        return no("plan-capital", f"less than {max(1, settings.gates.lots)} lots for its capital")
    usd = usd_of(view, position, float(lots), settings)
    if not usd >= settings.gates.min_edge_usd:
        return no("plan-edge", f"${usd:.2f} at {lots} lots after order minimums")
    ticket = make_ticket(
        legs, position.edge, position.unit, lots, settings.fees,
        min_edge=settings.gates.min_edge, min_edge_usd=settings.gates.min_edge_usd,
        multiplier=chain.multiplier, tick=terms.tick,
    )  # fmt: skip
    if not ticket.is_marketable:
        return no("plan-floor", f"costs {ticket.net:.4f}, may cost {ticket.limit:.2f} at most")
    share = ticket.quantity // lots
    if share > 1:
        legs = tuple(replace(leg, ratio=leg.ratio // share) for leg in legs)
        combo = combo_of(chain, legs)
    touch, floor = ticket.net, ticket.limit
    limit = round_down(touch + terms.allowance, terms.tick)
    if limit < touch:  # the touch is between two ticks
        limit = round_down(limit + terms.tick, terms.tick)
    gross = position.edge * chain.multiplier * position.unit * lots
    by_contract = math.fsum(leg.fee * leg.ratio for leg in legs)
    return Plan(
        sighting=sighting, key=combo.key, symbol=chain.symbol, family=position.family, legs=legs,
        combo=combo, multiplier=chain.multiplier, lots=ticket.quantity, touch=touch,
        limit=min(floor, limit),
        floor=floor, unit=round(ticket.unit), edge=position.edge, edge_usd=usd,
        fees_usd=by_contract * chain.multiplier * ticket.quantity + (gross - usd),
        capital_usd=ranked.capital * lots / position.lots, ts_ns=chain.ts_ns,
        first_expiry=min((leg.expiry for leg in legs if leg.expiry is not None), default=None),
        spot=chain.underlying.mid, conditions=conditions_of(view, position, settings),
        flags=flags_of(view, position, settings),
    )  # fmt: skip


def affordable(ranked: Ranked, terms: Terms) -> int:
    """Return how many packages of a row the displayed sizes, the capital and `terms` allow."""
    lots = min(int(ranked.position.lots), terms.lots)
    each = ranked.capital / ranked.position.lots
    if each > 0.0 and each * lots > terms.capital_usd:
        lots = math.floor(terms.capital_usd / each)
    return lots


def view_of_row(found: Found, ranked: Ranked) -> View:
    """Return the view that a row was found in: with or without projected dividends."""
    is_projected = bool(ranked.position.condition & candidates.PROJECTED)
    return found.paid if is_projected and found.paid is not None else found.view


def deltas(view: View, plan: Plan, settings: ScanSettings) -> tuple[float, ...]:
    """Return the delta of one share of each contract of a plan's combo, in the combo's order.

    Options at the flat volatility of the settings: enough to tell how far a half-filled package is
    from its hedge.
    """
    return tuple(
        delta_of(view, leg_of(plan, place), plan.spot, settings.vol)
        for place in range(len(plan.combo.legs))
    )


def leg_of(plan: Plan, place: int) -> Leg:
    """Return the leg as it was seen of the contract at `place` of a plan's combo.

    Raises
    ------
    ValueError
        If the plan has no such leg.
    """
    ratio, contract = plan.combo.legs[place]
    for leg in plan.legs:
        if leg.kind != contract.kind or leg.side * leg.ratio != ratio:
            continue
        if leg.kind == STOCK:
            return leg
        same = leg.right, leg.strike, leg.expiry
        is_option = leg.kind == OPTION and leg.trading_class == contract.trading_class
        if is_option and same == (contract.right, contract.strike, contract.expiry):
            return leg
    raise ValueError(f"{plan.key}: the plan has no leg for {contract.name}")


def single(combo: Combo, place: int) -> Combo:
    """Return one contract of a combo as a combo of its own, bought or sold once."""
    ratio, contract = combo.legs[place]
    return Combo(combo.symbol, ((1 if ratio > 0 else -1, contract),))
