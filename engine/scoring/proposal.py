"""From candidate rows that passed their gates to ranked opportunities, not yet proven."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, replace

from engine.config import ScanSettings
from engine.market.combo import FUTURE, OPTION, STOCK, Leg, combo_of, sighting_id
from engine.scoring import doubts, rates
from engine.scoring.assignment import is_assignment_due
from engine.scoring.breakdown import breakdown
from engine.scoring.capital import capital_of, forward_price, spot_of
from engine.scoring.cash import cash_of
from engine.scoring.conditions import UNKNOWN_TEXT, unknown_conditions
from engine.scoring.curves import closing_fee
from engine.scoring.gating import affordable_lots, edge_usd
from engine.scoring.horizons import market_of
from engine.scoring.legs import family_of, future_book, legs_of
from engine.scoring.opportunity import CARRY, CONDITIONAL, LOCKED, Opportunity
from engine.scoring.tickets import chain_ticket
from engine.strategies.candidates import BORROW, CONDITIONS, Columns
from engine.strategies.view import View
from kernels_pure.gates import AGE_UNKNOWN, LOCKED_MARKET, SIZE_UNKNOWN

AT_MARK = "future-at-mark"
CONDITION_TEXT = {
    "borrow": "the stock can be borrowed and its fee stays",
    "projected-dividend": "the projected dividends are paid",
    "forward-funding": "funding at the near expiry stays at today's forward rates",
    "carry-if-assigned": "stock from early assignment can be carried, bought or sold short",
    AT_MARK: "the future trades at its mark, which nobody quotes",
    **UNKNOWN_TEXT,
    **doubts.TEXT,
}
"""What each condition says in full."""
PIN_DAYS = 5.0


@dataclass(frozen=True, slots=True)
class Passed:
    """A position that passed its gates: what it is, and how much of it can be had.

    `edge` is per short share, `unit` short shares per package, `usd` the edge of `lots` packages
    after order minimums; `condition` and `flags` are sums of the codes of candidates and gates.
    """

    family: str
    legs: tuple[Leg, ...]
    unit: int
    edge: float
    days: float
    lots: float
    usd: float
    condition: int = 0
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A position with everything that ordering needs, before words are made of it.

    `take` is how many lots of it the choice of rows that go together takes, `rests_on` the quote
    that it shares with others.
    """

    position: Passed
    capital: float
    loss: float
    fill_probability: float
    score: float
    take: int = 0
    rests_on: str = ""


def passed(view: View, table: Columns, row: int, lots: float, usd: float, flags: int) -> Passed:
    """Return a candidate that passed its gates as a position."""
    return Passed(
        family_of(table, row), legs_of(view, table, row), table.unit[row], table.edge[row],
        table.days[row], lots, usd, table.condition[row], flags,
    )  # fmt: skip


def rank(view: View, position: Passed, settings: ScanSettings) -> Ranked:
    """Return a position with its capital and score."""
    kernels, chain, legs, lots = view.backend.scoring, view.chain, position.legs, position.lots
    spot = spot_of(chain, legs)
    loss = leg_out(view, legs, lots, spot, settings)
    probability = 1.0
    gates = settings.gates
    dollar = chain.dollars
    for leg in legs:
        middle = 0.5 * (leg.bid + leg.ask)
        cap = max(gates.max_spread / dollar, gates.max_spread_fraction * middle)
        probability *= kernels.fill_factor(
            leg.size, leg.ratio * lots, leg.age, leg.ask - leg.bid, settings.fill_time, cap
        )
    capital = capital_of(chain, position.family, legs, position.unit, lots).total
    score = kernels.expected_value(position.usd, loss, probability)
    return Ranked(position, capital, loss, probability, score)


def afford(view: View, position: Passed, settings: ScanSettings) -> Ranked | None:
    """Return a position ranked at the lots that the capital limit allows; None if too few.

    Too few are those whose edge no longer passes the gate in currency, too.
    """
    entry = fit(view, position, settings)
    if entry is None or entry.position.lots == position.lots:
        return entry
    return entry if entry.position.usd >= settings.gates.min_edge_usd else None


def fit(view: View, position: Passed, settings: ScanSettings) -> Ranked | None:
    """Return a position ranked at the lots that the capital limit allows; None if too few."""
    entry = rank(view, position, settings)
    fewer = affordable_lots(view, position.lots, entry.capital, settings)
    if fewer >= position.lots:
        return entry
    if fewer < settings.gates.lots:
        return None
    usd = usd_of(view, position, fewer, settings)
    return rank(view, replace(position, lots=fewer, usd=usd), settings)


def usd_of(view: View, position: Passed, lots: float, settings: ScanSettings) -> float:
    """Return the edge of `lots` packages of a position in currency, order minimums paid."""
    legs = [(leg.quote, leg.side * leg.ratio) for leg in position.legs if leg.kind == OPTION]
    stock = next((leg.side * leg.ratio for leg in position.legs if leg.kind == STOCK), 0)
    return edge_usd(view, legs, stock, position.unit, position.edge, lots, settings)


def leg_out(
    view: View, legs: tuple[Leg, ...], lots: float, spot: float, settings: ScanSettings
) -> float:
    """Return the leg-out loss of `lots` packages, in currency."""
    shares = view.chain.contract_value * lots
    cost, delta = array("d"), array("d")
    for leg in legs:
        cost.append(max(0.0, spread_of(leg)) * leg.ratio * shares)
        delta.append(leg.side * leg.ratio * shares * delta_of(view, leg, spot, settings.vol))
    kernels = view.backend.scoring
    sigma = kernels.sigma_move(spot, settings.vol, settings.leg_gap)
    return float(kernels.leg_out_loss(len(legs), cost, delta, sigma))


def spread_of(leg: Leg) -> float:
    """Return what crossing the spread of one share of a leg costs; of a coin's future in coins."""
    if leg.kind == FUTURE:
        if not (leg.bid > 0.0 and leg.ask > 0.0):
            return leg.notional / leg.price  # there is no way back
        return leg.notional / leg.bid - leg.notional / leg.ask
    return leg.ask - leg.bid


def delta_of(view: View, leg: Leg, spot: float, vol: float) -> float:
    """Return the delta of one share of a leg, options at a flat volatility.

    In coins, a call on K dollars moves by K/F N(d2) and a future of K dollars by K/F.
    """
    if leg.kind == FUTURE:
        return leg.notional / leg.price
    if leg.kind != OPTION:
        return 1.0
    chain = view.chain
    strike = leg.strike
    e = chain.expiry_of(chain.row_of(leg.quote))
    tau = max(chain.tau(e), 1e-6)
    if not chain.quoting.is_linear:
        strike /= forward_price(chain, leg.settles_ns)
    spread = vol * math.sqrt(tau)
    d1 = math.log(spot / strike) / spread + 0.5 * spread
    norm_cdf = view.backend.normal.norm_cdf
    if not chain.quoting.is_linear:
        side = 1.0 if leg.right == "C" else -1.0
        return side * strike * float(norm_cdf(side * (d1 - spread)))
    return float(norm_cdf(d1)) - (0.0 if leg.right == "C" else 1.0)


def propose(view: View, ranked: Ranked, settings: ScanSettings) -> Opportunity:
    """Return the opportunity of a ranked position; the verifier has the last word."""
    position = ranked.position
    family, legs, days = position.family, position.legs, position.days
    chain = view.chain
    key = combo_of(chain, legs).key
    conditions = conditions_of(view, position, settings)
    grade = CONDITIONAL if conditions else LOCKED
    if position.edge <= 0.0:
        grade = CARRY
    lots = int(position.lots)
    gain = view.backend.scoring.annualised_return(position.usd, ranked.capital, days)
    return Opportunity(
        id=sighting_id(key, family, chain.ts_ns), key=key, ts_ns=chain.ts_ns,
        family=family, grade=grade, symbol=chain.symbol, legs=legs, unit=position.unit,
        edge=position.edge, edge_usd=position.usd, lots=lots,
        capital=ranked.capital,
        annualised=gain if gain == gain else math.nan,
        score=ranked.score, days=days, best=rates.best_edge(view, family, legs),
        plain=rates.plain_edge(view, family, legs),
        max_profit=rates.max_profit(view, family, legs),
        min_roi=rates.min_roi(view, family, legs),
        implied_rate=rates.implied_rate(view, family, legs),
        implied_borrow=closing_fee(view, family, legs),
        fill_probability=ranked.fill_probability, leg_out_loss=ranked.loss,
        conditions=conditions,
        flags=flags_of(view, position, settings),
        terms=breakdown(view, family, legs, position.unit),
        # Where gates let pass what nobody shows, there is nothing to send.
        ticket=chain_ticket(chain, legs, position.edge, position.unit, lots, settings)
        if lots >= 1 else None,
        cash=cash_of(chain, legs, position.unit, position.edge, lots, settings.fees),
        binds=capital_of(chain, family, legs, position.unit, lots),
        market=market_of(view, legs),
        take=ranked.take, rests_on=ranked.rests_on,
    )  # fmt: skip


def conditions_of(view: View, position: Passed, settings: ScanSettings) -> tuple[str, ...]:
    """Return what must hold for the edge of a position, as the keys of `CONDITION_TEXT`."""
    chain, legs = view.chain, position.legs
    condition = position.condition
    if chain.quoting.hedge == FUTURE:
        condition &= ~BORROW  # a dated future is sold without borrowing a coin
    conditions = [name for bit, name in CONDITIONS.items() if condition & bit]
    conditions += unknown_conditions(view, legs, position.flags, settings)
    if any(leg.kind == FUTURE and not future_book(chain, leg.settles_ns).is_quoted for leg in legs):
        conditions.append(AT_MARK)
    conditions += doubts.doubts(chain, legs, position.edge, settings)
    return tuple(conditions)


def flags_of(view: View, position: Passed, settings: ScanSettings) -> tuple[str, ...]:
    """Return what a trader should know about a position, as short names."""
    return (
        *flag_names(view, position.legs, position.flags, position.days, settings),
        *doubts.adjustment_flags(view.chain, position.legs, settings.carry),
    )


def flag_names(
    view: View, legs: tuple[Leg, ...], flags: int, days: float, settings: ScanSettings
) -> tuple[str, ...]:
    """Return the flags that gates, expiry and assignment raise."""
    names = []
    if flags & AGE_UNKNOWN:
        names.append("age-unknown")
    if flags & SIZE_UNKNOWN:
        names.append("size-unknown")
    if flags & LOCKED_MARKET:
        names.append("locked-market")
    chain = view.chain
    if chain.quoting.hedge == FUTURE or not chain.underlying.is_tradable:
        return tuple(names)
    spot = chain.underlying.mid
    shorts = [leg for leg in legs if leg.kind == OPTION and leg.side < 0]
    near = max(2.0 * chain.tick, 0.0025 * spot)
    if days <= PIN_DAYS and any(abs(spot - leg.strike) < near for leg in shorts):
        names.append("pin-risk")
    if not chain.is_european and any(
        is_assignment_due(view, leg, settings.carry) for leg in shorts
    ):
        names.append("assignment-likely")
    if any(leg.kind == STOCK and leg.side < 0 for leg in legs):
        names.append("short-stock")
    return tuple(names)
