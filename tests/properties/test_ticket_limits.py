"""At the limit of its ticket a position still has the least edge: the verifier says so.

One leg is moved until the package costs what the ticket allows, at the dearest commission on every
leg; the verifier then plays these legs against the market as ever. What it finds above an edge at
the touch, because a family counts more caution, it finds at the limit, too, and not more.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from engine.backend import Backend
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.market.chain import OptionChain
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.proof.states import Proof
from engine.proof.verifier import verify
from engine.scanner.pipeline import scan_chain
from engine.scanner.search import fees_of
from engine.scoring.opportunity import CARRY, CONDITIONAL, LOCKED, Opportunity
from engine.scoring.tickets import Ticket, ticket_of
from tests.lists.scenes import carry_and_fees

# Of these some rows keep more than the least edge: the verifier finds more than the family counts.
CAUTIOUS = {
    "box", "butterfly", "calendar", "calendar_butterfly", "jelly_roll", "partial_box",
    "three_legs", "upper_bound", "vertical_width",
}  # fmt: skip
PER_KIND = 6
SEEDS = (0, 1)

Row = tuple[OptionChain, ScanSettings, Opportunity]


def rows(seed: int, backend: Backend) -> Iterator[Row]:
    """Yield the best of every family and class of every chain of a demo exchange."""
    feed = DemoFeed(seed, compact=True)
    for symbol in feed.symbols():
        (loaded,) = feed.chains(symbol)
        settings = fees_of(loaded.chain, carry_and_fees(loaded))
        result = scan_chain(loaded.chain, settings, backend)
        seen: Counter[tuple[str, str]] = Counter()
        for one in (*result.opportunities, *result.carry):
            seen[one.family, one.grade] += 1
            if seen[one.family, one.grade] <= PER_KIND and one.lots >= 1:
                yield loaded.chain, settings, one


def dearest(leg: Leg, chain: OptionChain, settings: ScanSettings) -> float:
    """Return the highest commission there is for a leg, from the schedule alone."""
    fees = settings.fees
    if leg.kind != OPTION:
        return fees.stock_per_share if leg.kind == STOCK else 0.0
    return (fees.tiers[-1][1] + fees.exchange) / chain.multiplier + fees.proportional


def at_net(
    chain: OptionChain, settings: ScanSettings, one: Opportunity, net: float
) -> tuple[Leg, ...]:
    """Return the legs at prices that cost `net` a package, paid on one leg."""
    legs = [replace(leg, fee=dearest(leg, chain, settings)) for leg in one.legs]
    traded = [k for k, leg in enumerate(legs) if leg.kind != FUTURE]
    by = net - math.fsum(legs[k].side * legs[k].ratio * legs[k].price for k in traded)
    # What is bought may cost any price; what is sold cannot bring less than nothing.
    for k in sorted(traded, key=lambda k: -legs[k].side):
        price = legs[k].price + by * legs[k].side / legs[k].ratio
        if price > 0.0:
            legs[k] = replace(legs[k], price=price)
            return tuple(legs)
    raise AssertionError(f"no leg of {one.key} can be moved by {by}")


def judged(row: Row, legs: tuple[Leg, ...]) -> Proof:
    chain, settings, one = row
    known = {"borrow", "carry-if-assigned"}
    return verify(
        chain, legs, one.unit, settings.carry,
        count_projected="projected-dividend" in one.conditions,
        may_carry=not known.isdisjoint(one.conditions),
    )  # fmt: skip


@cache
def checked(seed: int, backend: Backend) -> tuple[tuple[Row, Ticket, float], ...]:
    """Return rows with their tickets and the verifier's minimum at the exact bound."""
    found = []
    for chain, settings, one in rows(seed, backend):
        ticket = ticket_of(chain, one, settings)
        share = ticket.quantity // one.lots
        # A CARRY row's own edge is below the least one: its legs are moved for the better.
        if one.grade == CARRY:
            continue
        row = chain, settings, one
        legs = at_net(chain, settings, one, ticket.bound * share)
        found.append((row, ticket, judged(row, legs).minimum))
    return tuple(found)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_least_edge_is_left_at_the_limit(seed: int, backend: Backend) -> None:
    for (chain, settings, one), ticket, minimum in checked(seed, backend):
        assert one.proof is not None
        caution = one.proof.minimum - one.edge
        scale = max(1.0, one.proof.scale)
        assert minimum == pytest.approx(ticket.least_edge + caution, abs=1e-12 * scale + 2e-9)
        if caution > 1e-8 * scale:
            assert one.family in CAUTIOUS, one.family
        assert ticket.limit <= ticket.bound + 1e-9
        assert ticket.bound - ticket.limit < ticket.tick + 1e-9
        assert ticket.least_edge >= settings.gates.min_edge / chain.dollars


def test_every_family_and_class_is_among_them(backend: Backend) -> None:
    found = [row[2] for seed in SEEDS for row, _, _ in checked(seed, backend)]
    kinds = Counter((one.family, one.grade) for one in found)
    assert {grade for _, grade in kinds} == {LOCKED, CONDITIONAL}
    assert len({family for family, _ in kinds}) >= 14
    assert kinds.total() >= 200


@pytest.mark.parametrize("seed", SEEDS)
def test_the_legs_add_up_to_the_net_price(seed: int, backend: Backend) -> None:
    """In the broker's unit: each leg's ratio times its multiplier, over the largest multiplier."""
    for (chain, _, one), ticket, _ in checked(seed, backend):
        total, largest = 0, int(chain.multiplier)
        for leg in ticket.legs:
            if leg.leg.kind == FUTURE:
                continue
            multiplier = 1 if leg.leg.kind == STOCK else largest
            sign = 1 if leg.action == "BUY" else -1
            total += sign * leg.ratio * multiplier * round(leg.leg.price * 1e6)
        assert total / largest / 1e6 == pytest.approx(ticket.net, abs=1e-9)
        assert math.gcd(*(leg.ratio for leg in ticket.legs)) == 1
        dollars = chain.dollars * largest * one.lots
        cost = math.fsum(
            leg.side * leg.ratio * leg.price for leg in one.legs if leg.kind != FUTURE
        )  # fmt: skip
        assert ticket.amount == pytest.approx(cost * dollars, abs=0.005)
