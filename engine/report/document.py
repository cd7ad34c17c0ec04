"""The JSON of a survey: one object, keys in a fixed order, described in docs/JSON.md.

Values that are not known are ``null``. Floats are the shortest text that reads back as the same
float, so that two runtimes that agree print the same bytes; only `engine` and `timing` differ.
"""

from __future__ import annotations

import math
from typing import Any

from engine import __version__
from engine.backend import Backend, runtime
from engine.clock import from_ns
from engine.market.carry import Carry, RateCurve
from engine.market.chain import OptionChain
from engine.market.combo import OPTION, Leg
from engine.proof.states import Proof
from engine.scanner.survey import Scan, Survey
from engine.scoring.audit import Audit
from engine.scoring.capital import Capital
from engine.scoring.cash import Cash
from engine.scoring.opportunity import Funnel, NearMiss, Opportunity, Selection
from engine.scoring.tickets import Ticket

SCHEMA_VERSION = 2
# Of a proof's state table; its worst rows come first.
STATES_SHOWN = 10


def document(survey: Survey, backend: Backend) -> dict[str, Any]:
    """Return the whole object; an audit adds its figures as keys of their own."""
    found: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "engine": engine_object(backend),
        "chains": [chain_object(scan) for scan in survey.scans],
        "opportunities": [opportunity_object(one) for one in survey.opportunities],
        "carry": [opportunity_object(one) for one in survey.carry],
        "synthetics": [opportunity_object(one) for one in survey.synthetics],
        "near_misses": [
            near_miss_object(result.chain, miss)
            for result in survey.results
            for miss in result.near_misses
        ],
        "funnel": funnel_object(survey.funnel),
        "mismatches": [opportunity_object(bad) for _, bad in survey.mismatches],
        "failures": [
            {"symbol": failure.symbol, "error": failure.message, "exit_code": failure.code}
            for failure in survey.failures
        ],
    }
    if survey.audit is not None:
        found.update((name, _known(value)) for name, value in survey.audit.figures().items())
        found["audit"] = audit_object(survey.audit)
    found["timing"] = {f"{phase}_seconds": spent for phase, spent in survey.seconds.items()}
    return found


def engine_object(backend: Backend) -> dict[str, str]:
    """Return what ran and why."""
    return {
        "version": __version__,
        "runtime": runtime(),
        "backend": backend.name,
        "why": backend.reason,
    }


def chain_object(scan: Scan) -> dict[str, Any]:
    """Return what one chain was, the carry it was scanned with, and its funnel."""
    chain, spot = scan.result.chain, scan.result.chain.underlying
    return {
        "symbol": chain.symbol,
        "time": instant(chain.ts_ns),
        "source": chain.source,
        "style": chain.style,
        "currency": chain.currency,
        "multiplier": chain.multiplier,
        "bid": _known(spot.bid),
        "ask": _known(spot.ask),
        "bid_size": _known(spot.bid_size),
        "ask_size": _known(spot.ask_size),
        "expiries": len(chain.expiries),
        "contracts": sum(
            1 for bid, ask in zip(chain.bid, chain.ask, strict=True) if bid > 0.0 or ask > 0.0
        ),
        "rates": {
            **rates_object(scan.settings.carry),
            "dividends_known": scan.knows_dividends,
        },
        "unusable": scan.result.unusable or None,
        "problems": list(scan.problems),
        "notes": list(scan.notes),
        "funnel": funnel_object(scan.result.funnel),
        "n_carry": scan.result.n_carry,
        "selection": selection_object(scan.result.selection),
    }


def rates_object(carry: Carry) -> dict[str, Any]:
    """Return the carry of a chain: both curves, borrow fee and dividends."""
    return {
        "lend": _curve(carry.lend),
        "borrow": _curve(carry.borrow),
        "withholding": carry.withholding,
        "borrow_fee": carry.borrow_fee,
        "index_yield": carry.index_yield,
        "dividends": [
            {
                "ex": dividend.ex_date.isoformat(),
                "pay": dividend.pay_date.isoformat(),
                "amount": dividend.amount,
                "status": dividend.status,
                "kind": dividend.kind,
            }
            for dividend in carry.dividends
        ],
    }


def opportunity_object(one: Opportunity) -> dict[str, Any]:
    """Return one opportunity with its legs, the terms of its edge and its proof."""
    return {
        "id": one.id,
        "key": one.key,
        "time": instant(one.ts_ns),
        "family": one.family,
        "class": one.grade,
        "symbol": one.symbol,
        "legs": [leg_object(leg) for leg in one.legs],
        "unit": one.unit,
        "edge": _known(one.edge),
        "edge_usd": _known(one.edge_usd),
        "lots": one.lots,
        "capital": _known(one.capital),
        "annualised": _known(one.annualised),
        "score": _known(one.score),
        "days": _known(one.days),
        "best": _known(best_case(one)),
        "plain": _known(one.plain),
        "max_profit": _known(one.max_profit),
        "min_roi": _known(one.min_roi),
        "ratio": _known(one.ratio),
        "probability": _known(one.probability),
        "implied_rate": _known(one.implied_rate),
        "implied_borrow": _known(one.implied_borrow),
        "fill_probability": _known(one.fill_probability),
        "leg_out_loss": _known(one.leg_out_loss),
        "conditions": list(one.conditions),
        "flags": list(one.flags),
        "terms": [{"term": name, "amount": _known(amount)} for name, amount in one.terms],
        "proof": proof_object(one.proof) if one.proof else None,
        "package_edge": _known(one.package_edge),
        "ticket": ticket_object(one.ticket) if one.ticket else None,
        "cash": cash_object(one.cash) if one.cash else None,
        "binds": binds_object(one.binds) if one.binds else None,
        "greeks": greeks_object(one) if one.market.horizons else None,
        "breakevens": [_known(level) for level in one.breakevens],
        "dividend_limit": _known(one.dividend_limit),
        "take": one.take,
        "rests_on": one.rests_on or None,
    }


def ticket_object(ticket: Ticket) -> dict[str, Any]:
    """Return the order of an opportunity, in the broker's unit."""
    return {
        "action": "BUY",
        "order_type": "LMT",
        "quantity": ticket.quantity,
        "limit": _known(ticket.limit),
        "tif": ticket.tif,
        "tick": ticket.tick,
        "net": _known(ticket.net),
        "edge_at_limit": _known(ticket.edge_at_limit),
        "least_edge": _known(ticket.least_edge),
        "multiplier": _known(ticket.multiplier),
        "leg_by_leg": ticket.leg_by_leg or None,
        "legs": [
            {"action": leg.action, "ratio": leg.ratio, "price": _known(leg.leg.price)}
            for leg in ticket.legs
        ],
    }


def cash_object(cash: Cash) -> dict[str, Any]:
    """Return what is paid today and what comes back when, in currency."""
    return {
        "today": _known(cash.today),
        "fees": _known(cash.fees),
        "low": _known(cash.low),
        "high": _known(cash.high),
        "is_present": cash.is_present,
        "first": cash.first.isoformat() if cash.first else None,
        "last": cash.last.isoformat() if cash.last else None,
    }


def binds_object(binds: Capital) -> dict[str, Any]:
    """Return the parts of the capital, in currency."""
    return {
        "cash": _known(binds.cash),
        "margin": _known(binds.margin),
        "floor": _known(binds.floor),
        "notice": _known(binds.notice),
    }


def greeks_object(one: Opportunity) -> dict[str, Any]:
    """Return the Greeks of all lots, per unit of what they are by."""
    greeks = one.greeks
    return {
        "delta": _known(greeks.delta),
        "gamma": _known(greeks.gamma),
        "vega": _known(greeks.vega),
        "theta": _known(greeks.theta),
        "rho": _known(greeks.rho),
    }


def selection_object(selection: Selection) -> dict[str, Any]:
    """Return what can be taken together."""
    return {
        "orders": [
            {"id": one.id, "lots": one.take, "edge_usd": _known(one.edge_usd),
             "limit": _known(one.ticket.limit) if one.ticket else None}
            for one in selection.orders
        ],
        "value": _known(selection.value),
        "bound": _known(selection.bound),
        "capital": _known(selection.capital),
        "capital_limit": _known(selection.limit),
        "listed": _known(selection.listed),
        "rows": selection.rows,
        "scarce": [
            {"quote": one.quote, "size": _known(one.size), "worth": _known(one.worth)}
            for one in selection.scarce
        ],
        "groups": [
            {"quote": one.quote, "price": _known(one.price), "size": _known(one.size),
             "rows": one.rows, "best_usd": _known(one.best_usd)}
            for one in selection.groups
        ],
    }  # fmt: skip


def best_case(one: Opportunity) -> float:
    """Return the best case per share: the breakdown's, else the verifier's where it has a bound.

    What ends with one expiry, and neither gains nor loses with a rising price, has one; nan else.
    """
    options = [leg for leg in one.legs if leg.kind == OPTION]
    rising = sum(leg.side * leg.ratio for leg in one.legs if leg.right != "P")
    if one.best == one.best or one.proof is None or rising:
        return one.best
    is_of_options = len(options) == len(one.legs) and len({leg.settles_ns for leg in options}) == 1
    return one.proof.best if is_of_options else one.best


def leg_object(leg: Leg) -> dict[str, Any]:
    """Return one leg; what an option has and stock has not is null."""
    return {
        "kind": leg.kind,
        "side": "buy" if leg.side > 0 else "sell",
        "ratio": leg.ratio,
        "right": leg.right or None,
        "strike": _known(leg.strike),
        "expiry": leg.expiry.isoformat() if leg.expiry else None,
        "trading_class": leg.trading_class or None,
        "price": _known(leg.price),
        "fee": _known(round(leg.fee, 12)),
        "bid": _known(leg.bid),
        "ask": _known(leg.ask),
        "size": _known(leg.size),
        "age": _known(leg.age),
    }


def proof_object(proof: Proof) -> dict[str, Any]:
    """Return what the verifier found, with the worst rows of its state table."""
    return {
        "minimum": _known(proof.minimum),
        "n_states": proof.n_states,
        "states": [
            {"event": state.event, "spot": _known(state.spot), "pv": _known(state.pv)}
            for state in proof.states[:STATES_SHOWN]
        ],
    }


def near_miss_object(chain: OptionChain, miss: NearMiss) -> dict[str, Any]:
    """Return one near miss of a chain and the smallest change that would make it pass."""
    return {
        "symbol": chain.symbol,
        "time": instant(chain.ts_ns),
        "family": miss.family,
        "legs": [leg_object(leg) for leg in miss.legs],
        "edge": _known(miss.edge),
        "reason": miss.reason,
        "change": miss.change,
        "amount": _known(miss.amount),
        "unit_of_change": miss.unit_of_change,
    }


def funnel_object(funnel: Funnel) -> dict[str, Any]:
    """Return how many candidates failed at which gate."""
    return {
        "candidates": funnel.candidates,
        "rejected": dict(funnel.rejected),
        "passed": funnel.passed,
        "by_family": dict(funnel.by_family),
        "skipped": dict(funnel.skipped),
    }


def audit_object(audit: Audit) -> dict[str, Any]:
    """Return the counts behind the figures of an audit, and the labels that went wrong."""
    from engine.codec import encode

    return {
        "labels": audit.n_labels,
        "found": audit.n_found,
        "exact": audit.n_exact,
        "reported": audit.n_reported,
        "caused": audit.n_caused,
        "missed": encode(audit.missed),
        "misgraded": encode(audit.misgraded),
        "fooled": encode(audit.fooled),
    }


def instant(ts_ns: int) -> str:
    """Return UTC nanoseconds as ISO 8601 with a Z, to the microsecond.

    >>> instant(1_450_971_000_000_000_000)
    '2015-12-24T15:30:00Z'
    """
    return from_ns(ts_ns).isoformat().replace("+00:00", "Z")


def _curve(curve: RateCurve) -> list[dict[str, float]]:
    return [{"days": d, "rate": r} for d, r in zip(curve.days, curve.rates, strict=True)]


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
