"""Calendars of coin-settled chains: worked by hand, and against every pair of quotes."""

from __future__ import annotations

import math
from random import Random

import pytest

from engine.backend import Backend, select
from engine.config import Gates, ScanSettings
from engine.market.carry import Carry, RateCurve
from engine.market.chain import COIN, EUROPEAN, ChainBuilder, OptionChain, Underlying
from engine.market.fees import FREE
from engine.market.quoting import IN_COIN
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import CONDITIONAL, Opportunity
from tests.unit.chains import NOW_NS, expiry

NO_RATES = Carry(as_of_ns=NOW_NS)
RATES = Carry(RateCurve.flat(0.04), RateCurve.flat(0.05), as_of_ns=NOW_NS)
NEAR, FAR = 30, 90
Quote = tuple[int, float, str, float, float]
LEVEL = (100.0, 100.1)
CONTANGO = {NEAR: LEVEL, FAR: (101.0, 101.1)}
BACKWARDATION = {NEAR: LEVEL, FAR: (98.0, 98.1)}


def coins(futures: dict[int, tuple[float, float]], *quotes: Quote) -> OptionChain:
    builder = ChainBuilder("ETH", NOW_NS, Underlying("ETH", *LEVEL, kind=COIN))
    for days, strike, right, bid, ask in quotes:
        builder.add(expiry(days), strike, right, bid, ask, 100.0, 100.0, 0.1, 0.1)
    for days, (bid, ask) in futures.items():
        builder.set_forward(expiry(days), bid, ask)
    return builder.build(
        style=EUROPEAN, multiplier=1.0, currency="ETH", quoting=IN_COIN, calendar="crypto"
    )


def calendars(
    chain: OptionChain, backend: Backend, carry: Carry = NO_RATES
) -> dict[tuple[str, float], Opportunity]:
    """Return the calendars found, by the right and strike that they sell; none a mismatch."""
    gates = Gates(max_spread_fraction=9.0, max_spread_per_edge=math.inf, min_edge_usd=0.0)
    settings = ScanSettings(
        carry=carry, fees=FREE, families=("calendar",), gates=gates, top=1000, near_misses=0
    )
    result = scan_chain(chain, settings, backend)
    assert result.mismatches == ()
    assert "calendar" not in result.funnel.skipped
    return {(o.legs[0].right, o.legs[0].strike): o for o in result.opportunities}


def test_a_call_is_covered_by_a_later_one_of_its_strike(backend: Backend) -> None:
    chain = coins(CONTANGO, (NEAR, 100.0, "C", 0.06, 0.061), (FAR, 100.0, "C", 0.049, 0.05))
    found = calendars(chain, backend)["C", 100.0]
    assert found.edge == pytest.approx(0.06 - 0.05, abs=1e-12)
    assert (found.grade, found.conditions) == (CONDITIONAL, ("forward-funding",))
    assert [(leg.side, leg.strike) for leg in found.legs] == [(-1, 100.0), (1, 100.0)]
    assert found.proof is not None
    assert found.proof.minimum == pytest.approx(0.01, abs=1e-12)


@pytest.mark.parametrize(("strike", "covers"), [(100.0, False), (98.0, False), (97.0, True)])
def test_under_a_falling_curve_a_call_needs_a_lower_strike(
    strike: float, covers: bool, backend: Backend
) -> None:
    # 100.1 bought near and 98 sold far: no strike above 100 x 98 / 100.1 = 97.90 will do.
    chain = coins(BACKWARDATION, (NEAR, 100.0, "C", 0.06, 0.061), (FAR, strike, "C", 0.049, 0.05))
    assert (("C", 100.0) in calendars(chain, backend)) is covers


@pytest.mark.parametrize(("strike", "covers"), [(100.0, False), (101.0, False), (102.0, True)])
def test_under_a_rising_curve_a_put_needs_a_higher_strike(
    strike: float, covers: bool, backend: Backend
) -> None:
    # 101.1 bought far and 100 sold near: no strike below 100 x 101.1 / 100 = 101.10 will do.
    # Deep puts of equal strikes cost less far than near in this market without any arbitrage.
    chain = coins(CONTANGO, (NEAR, 100.0, "P", 0.06, 0.061), (FAR, strike, "P", 0.049, 0.05))
    found = calendars(chain, backend)
    assert (("P", 100.0) in found) is covers
    if covers:
        assert found["P", 100.0].edge == pytest.approx(0.01, abs=1e-12)


def test_a_call_advances_a_coin_and_a_put_does_not(backend: Backend) -> None:
    chain = coins(
        CONTANGO,
        (NEAR, 100.0, "C", 0.08, 0.081), (FAR, 100.0, "C", 0.049, 0.05),
        (NEAR, 100.0, "P", 0.08, 0.081), (FAR, 102.0, "P", 0.049, 0.05),
    )  # fmt: skip
    found = calendars(chain, backend, RATES)
    # exp(-0.04 x 30/365) = 0.996718 paid, exp(-0.05 x 90/365) = 0.987747 received.
    assert found["C", 100.0].edge == pytest.approx(0.03 - 0.008971, abs=1e-6)
    assert found["P", 100.0].edge == pytest.approx(0.03, abs=1e-12)
    for one in found.values():
        assert math.fsum(amount for _, amount in one.terms) == pytest.approx(one.edge, abs=1e-12)
        assert one.proof is not None
        assert one.proof.minimum >= one.edge - 1e-12


def test_without_a_future_nothing_says_what_covers(backend: Backend) -> None:
    quotes = (NEAR, 100.0, "C", 0.06, 0.061), (FAR, 100.0, "C", 0.049, 0.05)
    assert calendars(coins({NEAR: LEVEL}, *quotes), backend) == {}


def test_what_the_page_does_not_define_is_refused(backend: Backend) -> None:
    chain = coins(CONTANGO, (NEAR, 100.0, "C", 0.06, 0.061), (FAR, 100.0, "C", 0.049, 0.05))
    skipped = scan_chain(chain, ScanSettings(carry=NO_RATES), backend).funnel.skipped
    refused = {name for name, why in skipped.items() if "coin-settled" in why}
    assert refused == {
        "collar", "reverse_collar", "jelly_roll", "upper_bound", "vertical_width",
        "calendar_butterfly", "three_legs", "partial_box", "covered_mix",
    }  # fmt: skip


def random_coins(draw: Random) -> OptionChain:
    """Return two expiries of loose quotes; their futures stand up to 3 % apart."""
    drift = 1.0 + 0.06 * (draw.random() - 0.5)
    futures = {NEAR: LEVEL, FAR: (100.0 * drift, 100.1 * drift)}
    quotes = []
    for days in futures:
        for strike in range(80, 124, 4):
            for right in "CP":
                bid = max(0.001, 0.08 + (1 if right == "P" else -1) * (strike - 100) / 250)
                bid *= 1.0 + 0.4 * (draw.random() - 0.5)
                quotes.append((days, float(strike), right, bid, bid + 0.002))
    return coins(futures, *quotes)


def naive(chain: OptionChain, lend: float, borrow: float) -> dict[tuple[str, float], float]:
    """Return the best edge of every sold quote by trying every later one."""
    advance = math.exp(-lend * NEAR / 365) - math.exp(-borrow * FAR / 365)
    best: dict[tuple[str, float], float] = {}
    up, down = (chain.forward_ask[1] / chain.forward_bid[0],
                chain.forward_bid[1] / chain.forward_ask[0])  # fmt: skip
    for near in chain.rows(0):
        for far in chain.rows(1):
            sold, bought = chain.strike[near], chain.strike[far]
            for right, covers, cost in (
                ("C", bought <= sold * min(1.0, down), advance),
                ("P", bought >= sold * max(1.0, up), 0.0),
            ):
                edge = (
                    chain.bid[chain.quote_index(near, right)]
                    - chain.ask[chain.quote_index(far, right)]
                    - cost
                )
                if covers and edge > best.get((right, sold), 0.0):
                    best[right, sold] = edge
    return best


@pytest.mark.parametrize(("lend", "borrow"), [(0.0, 0.0), (0.04, 0.05)])
def test_every_sold_quote_gets_its_cheapest_cover(lend: float, borrow: float) -> None:
    draw, backend, count = Random("coin calendars"), select("pure"), 0
    carry = Carry(RateCurve.flat(lend), RateCurve.flat(borrow), as_of_ns=NOW_NS)
    for _ in range(60):
        chain = random_coins(draw)
        expected = {k: edge for k, edge in naive(chain, lend, borrow).items() if edge >= 0.0002}
        found = {key: one.edge for key, one in calendars(chain, backend, carry).items()}
        found = {key: edge for key, edge in found.items() if edge >= 0.0002}
        assert found == pytest.approx(expected, abs=1e-12)
        count += len(found)
    assert count > 100


@pytest.mark.parametrize("rate", [0.0, 0.04, -0.02])
def test_the_verifier_reproduces_every_calendar(rate: float) -> None:
    draw, backend, count = Random("coin proofs"), select("pure"), 0
    carry = Carry(RateCurve.flat(rate), RateCurve.flat(rate + 0.01), as_of_ns=NOW_NS)
    for _ in range(20):
        for one in calendars(random_coins(draw), backend, carry).values():
            assert math.fsum(amount for _, amount in one.terms) == pytest.approx(one.edge)
            count += 1
    assert count > 20
