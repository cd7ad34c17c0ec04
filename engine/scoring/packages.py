"""The profit programme's positions, where they pay more than any single family's."""

from __future__ import annotations

import math

from engine.config import ScanSettings
from engine.scoring.legs import option_leg, stock_leg
from engine.scoring.opportunity import OPTION, Leg
from engine.scoring.proposal import AGE_UNKNOWN, SIZE_UNKNOWN, Passed, Ranked
from engine.strategies.candidates import BORROW
from engine.strategies.package import Package, integer_package
from engine.strategies.programme import solve_programme
from engine.strategies.surface_screen import suspect_expiries
from engine.strategies.view import View

# A package of many legs is worth its trouble only if it pays this much more.
GAIN = 1.01


def find_packages(view: View, singles: list[Ranked], settings: ScanSettings) -> list[Passed]:
    """Return the best package of each European expiry that the surface screen suspects.

    First without short stock, which locks; only where that pays nothing, with it. A package that
    pays no more than the best single position of its expiry is not worth its legs.
    """
    packages: list[Passed] = []
    if view.chain.is_inverse:
        return packages  # its payoffs in coins are not straight between strikes
    for e in suspect_expiries(view):
        package = None
        for allow_short in (False, True):
            result = solve_programme(
                view, e, allow_short=allow_short, shortable=settings.carry.shortable,
                unknown_size=float(settings.gates.lots),
            )  # fmt: skip
            if result is not None and result.value > 0.0:
                package = integer_package(view, result)
            if package is not None:
                break
        if package is None:
            continue
        position = _position(view, package, settings)
        settles = view.chain.expiries[e].settles_ns
        rival = max(
            (r.position.usd for r in singles if r.position.legs[0].settles_ns == settles),
            default=0.0,
        )
        if _passes(position, settings) and position.usd > GAIN * rival:
            packages.append(position)
    return packages


def _position(view: View, package: Package, settings: ScanSettings) -> Passed:
    legs: list[Leg] = [option_leg(view, quote, ratio) for quote, ratio in package.legs]
    if package.stock:
        legs.append(stock_leg(view, package.stock))
    unit = max(leg.ratio for leg in legs)
    usd = package.value * view.chain.contract_value * package.lots
    for leg in legs:
        usd -= _shortfall(view, leg, package.lots)
    flags = AGE_UNKNOWN if any(leg.age != leg.age for leg in legs) else 0
    flags += SIZE_UNKNOWN if any(leg.size != leg.size for leg in legs) else 0
    return Passed(
        "package", tuple(legs), unit, package.value / unit,
        view.chain.tau(package.expiry) * 365.0, float(package.lots), usd,
        BORROW if package.stock < 0 else 0, flags,
    )  # fmt: skip


def _shortfall(view: View, leg: Leg, lots: int) -> float:
    """Return what an order costs beyond its commission because of a minimum."""
    shares, fees = leg.ratio * lots * view.chain.contract_value, view.fees
    if leg.kind == OPTION:
        paid = leg.fee * shares - fees.exchange * leg.ratio * lots
        return max(0.0, fees.order_minimum - paid)
    return max(0.0, fees.stock_minimum - leg.fee * shares)


def _passes(position: Passed, settings: ScanSettings) -> bool:
    """Whether a package passes the gates that look at the whole position."""
    gates = settings.gates
    ages = [leg.age for leg in position.legs if leg.age >= 0.0]
    is_timely = settings.assume_synchronous or not ages or (
        max(ages) - min(ages) <= gates.max_skew
        and all(leg.age <= gates.max_stock_age for leg in position.legs if leg.kind != OPTION)
    )  # fmt: skip
    spreads = math.fsum(leg.ratio * (leg.ask - max(leg.bid, 0.0)) for leg in position.legs)
    return (
        is_timely
        and spreads <= gates.max_spread_per_edge * position.edge * position.unit
        and gates.min_days <= position.days <= gates.max_days
        and position.edge >= gates.min_edge
        and position.usd >= gates.min_edge_usd
    )
