"""Greeks of positions against differences of prices, profits against the verifier's states."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import pytest

from engine.backend import select
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.market.combo import OPTION, STOCK
from engine.scanner.many import scan_loaded
from engine.scanner.survey import Request, Scan
from engine.scoring.greeks import Greeks, greeks_of, vol_of
from engine.scoring.horizons import Market
from engine.scoring.opportunity import Opportunity
from engine.scoring.payoff import breakevens, payoff_range, profit_at
from kernels_pure.pricing import bs_price

SYMBOLS = ("ZIDX", "ZETF", "ZGRO", "ZHTB", "ZDIV")


@cache
def scan_of(symbol: str) -> Scan:
    settings = ScanSettings(top=60, find_carry=False, near_misses=0)
    (loaded,) = DemoFeed(3, [symbol], compact=True).chains(symbol)
    return scan_loaded(loaded, Request(settings=settings), select("pure"))


def value(one: Opportunity, spot: float, vol: float, years: float, rate: float) -> float:
    """Return the model value of all lots, each input moved by so much."""
    assert one.ticket is not None
    total = []
    for leg in one.legs:
        held = leg.side * leg.ratio * one.ticket.multiplier * one.lots
        if leg.kind == STOCK:
            total.append(held * (one.market.spot + spot))
            continue
        horizon = one.market.of(leg)
        base = -math.log(horizon.discount) / horizon.tau
        price = bs_price(
            horizon.forward * horizon.discount + spot, leg.strike, horizon.tau - years,
            base + rate, 0.0, vol_of(leg, horizon) + vol, 1 if leg.right == "C" else -1,
        )  # fmt: skip
        total.append(held * price)
    return math.fsum(total)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_greeks_are_differences_of_the_prices(symbol: str) -> None:
    checked = 0
    for one in scan_of(symbol).result.opportunities:
        vols = [vol_of(leg, one.market.of(leg)) for leg in one.legs if leg.kind == OPTION]
        if min(vols) < 0.05 or min(h.tau for h in one.market.horizons) < 0.02:
            continue
        found = one.greeks
        s, v, t, r = 1e-3 * one.market.spot, 1e-4, 1e-5, 1e-5

        def at(moved: dict[int, float], one: Opportunity = one) -> float:
            return value(one, *(moved.get(k, 0.0) for k in range(4)))

        size = one.lots * 100.0 * sum(leg.ratio for leg in one.legs)
        money, small = size * one.market.spot, 1e-4 * s
        second = (at({0: s}) - 2 * at({}) + at({0: -s})) / (s * s)
        room = 3e-3 * abs(found.gamma) + 2e-5 * size
        assert found.gamma == pytest.approx(second, abs=room)
        for greek, k, step, least in (
            (found.delta, 0, small, 1e-5 * size), (found.vega, 1, v, 1e-4 * money),
            (found.theta, 2, t, 1e-4 * money), (found.rho, 3, r, 1e-5 * money),
        ):  # fmt: skip
            slope = (at({k: step}) - at({k: -step})) / (2.0 * step)
            assert greek == pytest.approx(slope, abs=least, rel=1e-4)
        checked += 1
    assert checked >= 3


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_profits_are_those_of_the_state_table(symbol: str) -> None:
    """Of one expiry, at every price that the verifier lists for it without an assignment."""
    checked = 0
    for one in scan_of(symbol).result.opportunities:
        assert one.proof is not None
        if len(one.market.horizons) > 1 or "projected-dividend" in one.conditions:
            continue
        day = one.market.horizons[0].expiry
        for state in one.proof.states:
            if state.event == f"expiry {day}" and math.isfinite(state.spot):
                profit = profit_at(one.market, one.legs, state.spot) / one.unit
                assert profit == pytest.approx(state.pv, abs=1e-9 * max(1.0, one.proof.scale))
                checked += 1
        # What may be exercised before need not pay by itself at expiry.
        if symbol in ("ZIDX", "ZETF"):
            assert breakevens(one.market, one.legs) == ()
        low, high = payoff_range(one.legs)
        assert one.cash is not None
        assert (one.cash.low, one.cash.high) == pytest.approx(
            (low * 100.0 * one.lots, high * 100.0 * one.lots)
        )
    assert checked > 20


def test_a_bounded_risk_breaks_even_between_its_strikes() -> None:
    """A call spread 100/110 bought for 4: even at 104 without interest."""
    one = next(iter(scan_of("ZETF").result.opportunities))
    horizon = replace(one.market.horizons[0], lend=1.0, borrow=1.0, received=0.0, owed=0.0)
    base = next(leg for leg in one.legs if leg.kind == OPTION)
    legs = tuple(
        replace(base, side=side, ratio=1, right="C", strike=strike, price=price, fee=0.0,
                settles_ns=horizon.settles_ns)
        for side, strike, price in ((1, 100.0, 6.0), (-1, 110.0, 2.0))
    )  # fmt: skip
    market = Market(105.0, (horizon,))
    assert breakevens(market, legs) == pytest.approx((104.0,))
    assert profit_at(market, legs, 120.0) == pytest.approx(6.0)
    assert payoff_range(legs) == (0.0, 10.0)


def test_stock_has_a_delta_of_its_own() -> None:
    one = next(o for o in scan_of("ZETF").result.opportunities if o.legs[0].kind == OPTION)
    legs = tuple(replace(leg, side=1) for leg in one.legs[:1])
    alone = greeks_of(one.market, legs, 100.0)
    from engine.market.combo import Leg

    both = greeks_of(one.market, (*legs, Leg(STOCK, -1, 1, 50.0)), 100.0)
    assert both.delta == pytest.approx(alone.delta - 100.0)
    assert (both.gamma, both.vega) == (alone.gamma, alone.vega)


def test_coins_have_none() -> None:
    found = greeks_of(Market(60_000.0), (), 1.0)
    assert isinstance(found, Greeks)
    assert math.isnan(found.delta)
