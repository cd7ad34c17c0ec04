"""The surface screen on whole chains: American by brute force, indices, coins, dividends."""

from __future__ import annotations

import itertools
import math
from datetime import date, timedelta
from random import Random

import pytest

from engine.backend import Backend
from engine.clock import NS_PER_DAY
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.chain import AMERICAN, EUROPEAN, ChainBuilder, Expiry, OptionChain, Underlying
from engine.market.fees import FREE
from engine.market.terms import chain_terms
from engine.strategies.scratch import Scratch
from engine.strategies.surface_screen import (
    CONSERVATIVE,
    OPTIMISTIC,
    POINT,
    parity_points,
    screen_surface,
    suspect_expiries,
)
from engine.strategies.view import View, days_by_row, net_prices

TS_NS = 1_709_308_800_000_000_000  # 2024-03-01, 16:00 UTC
START = date(2024, 3, 1)
Row = tuple[int, float, str, float, float]


def chain_of(rows: list[Row], style: str = EUROPEAN, kind: str = "equity") -> OptionChain:
    """Rows are (days, strike, right, bid, ask) on a stock at 99.98/100.02."""
    builder = ChainBuilder("XYZ", TS_NS, Underlying("XYZ", 99.98, 100.02, kind=kind))
    for days, strike, right, bid, ask in rows:
        expiry = Expiry(TS_NS + days * NS_PER_DAY, START + timedelta(days=days))
        assert builder.add(expiry, strike, right, bid, ask)
    return builder.build(style=style)


def view_of(chain: OptionChain, backend: Backend, carry: Carry | None = None) -> View:
    receive, pay = net_prices(chain, FREE, backend, Scratch())
    terms = chain_terms(chain, carry or Carry(), FREE)
    return View(chain, terms, FREE, backend, receive, pay, days_by_row(chain, backend, Scratch()))


def random_american(rnd: Random) -> OptionChain:
    rows: list[Row] = []
    for days in sorted(rnd.sample(range(10, 300, 10), rnd.randint(1, 3))):
        for strike in rnd.sample(range(70, 135, 5), rnd.randint(1, 4)):
            for right, sign in (("C", 1.0), ("P", -1.0)):
                inside = max(sign * (100.0 - strike), 0.0)
                price = inside + rnd.uniform(0.2, 6.0) * (1.0 if rnd.random() < 0.9 else -0.2)
                if rnd.random() < 0.9:
                    bid, ask = price - rnd.uniform(0.0, 2.0), price + rnd.uniform(0.0, 2.0)
                    rows.append((days, float(strike), right, max(bid, 0.0), max(ask, 0.0)))
    return chain_of(rows, AMERICAN)


def cheapest_cover(view: View, quote: int) -> float:
    """The least cost of raw longs, no earlier than a quote, worth as much whatever is exercised.

    Calls are covered by calls at or below the strike, by a call above it and the width in cash,
    by the stock, or by two of these whose strikes average to it; puts in the mirror.
    """
    chain = view.chain
    n, row = chain.n_rows, chain.row_of(quote)
    strike, is_call = chain.strike[row], quote < chain.n_rows
    points = [(0.0, 100.02 if is_call else 0.0)]
    for other in range(n):
        pay = view.pay[other if is_call else n + other]
        if pay == pay and chain.expiry_of(other) >= chain.expiry_of(row):
            points.append((chain.strike[other], pay))
    sign = 1.0 if is_call else -1.0
    best = min(pay + max(sign * (k - strike), 0.0) for k, pay in points)
    for (a, pay_a), (b, pay_b) in itertools.permutations(points, 2):
        if a < strike < b:
            weight = (b - strike) / (b - a)
            best = min(best, weight * pay_a + (1.0 - weight) * pay_b)
    return best


def test_american_chain_by_brute_force(backend: Backend) -> None:
    rnd = Random(5)
    hits = 0
    for _ in range(250):
        chain = random_american(rnd)
        view = view_of(chain, backend)
        screen = screen_surface(view)
        by_expiry = [0] * len(chain.expiries)
        for quote in range(2 * chain.n_rows):
            row = chain.row_of(quote)
            sign = 1.0 if quote < chain.n_rows else -1.0
            exercised = sign * ((99.98 if sign > 0.0 else 100.02) - chain.strike[row])
            if math.isnan(view.receive[quote]):
                assert math.isnan(screen.sell[quote])
            else:
                over = view.receive[quote] - cheapest_cover(view, quote)
                assert screen.sell[quote] == pytest.approx(over, abs=1e-9)
                by_expiry[chain.expiry_of(row)] += over > 1e-9
            if math.isnan(view.pay[quote]):
                assert math.isnan(screen.buy[quote])
            else:
                under = max(exercised, 0.0) - view.pay[quote]
                assert screen.buy[quote] == pytest.approx(under, abs=1e-9)
                by_expiry[chain.expiry_of(row)] += under > 1e-9
        assert list(screen.hits) == by_expiry
        assert screen.suspects == tuple(e for e, count in enumerate(by_expiry) if count)
        assert suspect_expiries(view) == ()
        hits += sum(by_expiry)
    assert hits > 200


def test_index_is_judged_without_its_level(backend: Backend) -> None:
    """Options that agree on a forward of 103 are clean though the index shows 100."""
    rows = [
        (30, float(k), right, value - 0.2, value + 0.2)
        for k in (95, 100, 105)
        for right, value in (("C", 104.5 - k + (k - 95) * 0.2), ("P", 1.5 + (k - 95) * 0.2))
    ]
    # C - P = 103 - K at every strike.
    view = view_of(chain_of([r for r in rows if r[1] < 110.0], kind="index"), backend)
    ((discount, forward),) = parity_points(view)
    assert discount == 1.0
    assert forward == pytest.approx(103.0, abs=0.4)
    assert suspect_expiries(view) == ()
    assert suspect_expiries(view_of(chain_of(rows), backend)) == (0,)


def test_box_makes_an_index_suspect(backend: Backend) -> None:
    rows = [(30, 95.0, "C", 9.0, 9.1), (30, 95.0, "P", 1.0, 1.1)]
    rows += [(30, 105.0, "C", 2.0, 2.1), (30, 105.0, "P", 3.0, 3.1)]
    # The box costs 9.1 - 2.0 + 3.1 - 1.0 = 9.2 and pays 10.
    view = view_of(chain_of(rows, kind="index"), backend)
    assert suspect_expiries(view) == (0,)
    assert max(screen_surface(view).sell) > 0.0


def test_expiry_that_nothing_bounds_is_suspect(backend: Backend) -> None:
    view = view_of(chain_of([(30, 100.0, "C", 3.0, 3.1)], kind="index"), backend)
    assert list(screen_surface(view).hits) == [-1]
    assert suspect_expiries(view) == (0,)


def test_calendar_in_present_money(backend: Backend) -> None:
    """Strikes compare at K plus dividends paid: with one of 5 in between, 57 covers only 62."""
    rows = [(30, 60.0, "C", 41.0, 41.2), (90, 57.0, "C", 40.0, 40.4)]
    assert screen_surface(view_of(chain_of(rows), backend)).sell[0] == pytest.approx(41.0 - 40.4)
    ex = START + timedelta(days=60)
    view = view_of(chain_of(rows), backend, Carry(dividends=(Dividend(ex, ex, 5.0),)))
    # Only its own ask bounds the bid.
    assert screen_surface(view).sell[0] == pytest.approx(41.0 - 41.2)
    assert list(screen_surface(view).hits) == [0, 0]


def test_bands_order_the_screens(backend: Backend) -> None:
    """What the conservative screen flags, the exact and the optimistic one flag too."""
    carry = Carry(RateCurve.flat(0.03), RateCurve.flat(0.06), borrow_fee=0.02)
    flagged = {CONSERVATIVE: 0, POINT: 0, OPTIMISTIC: 0}
    rnd = Random(11)
    for _ in range(200):
        rows: list[Row] = []
        for strike in sorted(rnd.sample(range(80, 125, 5), 3)):
            time_value = rnd.uniform(0.5, 5.0)
            for right, inside in (("C", 101.0 - strike), ("P", strike - 101.0)):
                price = max(inside, 0.0) + time_value + rnd.gauss(0.0, 0.3)
                rows.append((200, float(strike), right, max(price - 0.3, 0.0), price + 0.3))
        view = view_of(chain_of(rows), backend, carry)
        found = {m: screen_surface(view, m).hits[0] > 0 for m in flagged}
        assert found[CONSERVATIVE] <= found[POINT] <= found[OPTIMISTIC]
        for mapping, is_hit in found.items():
            flagged[mapping] += is_hit
    assert 0 < flagged[CONSERVATIVE] < flagged[POINT] < flagged[OPTIMISTIC]


def test_empty_chain(backend: Backend) -> None:
    for style in (EUROPEAN, AMERICAN):
        view = view_of(chain_of([], style), backend)
        for mapping in (OPTIMISTIC, CONSERVATIVE, POINT):
            assert list(screen_surface(view, mapping).hits) == []
        assert suspect_expiries(view) == ()
