"""The demo exchange before planting has no arbitrage, by formulas and a programme of this file."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest

from engine.clock import years_between
from engine.feeds.demo import DemoFeed
from engine.market.calendar import calendar_named
from engine.market.carry import Carry
from engine.market.chain import OptionChain

EQUITIES = ("ZDIV", "ZETF", "ZGRO", "ZHTB")
AMERICAN = ("ZDIV", "ZGRO", "ZHTB")
# Each seed draws other rates, dividends, fees, volatilities, smiles, spreads and strikes.
SEEDS = range(12)


def clean(seed: int, symbol: str) -> tuple[OptionChain, Carry]:
    feed = DemoFeed(seed, [symbol], compact=True, planted=False)
    (loaded,) = feed.chains(symbol)
    assert loaded.carry is not None
    assert loaded.labels == ()
    return loaded.chain, loaded.carry


class Naive:
    """Quotes without any fee, and carry with every dividend counted both ways."""

    def __init__(self, chain: OptionChain, carry: Carry) -> None:
        calendar = calendar_named(chain.calendar)
        self.chain, self.carry = chain, carry
        self.american = not chain.is_european
        self.flows = []
        for dividend in carry.dividends:
            ex = years_between(chain.ts_ns, calendar.open_ns(dividend.ex_date))
            pay = years_between(chain.ts_ns, calendar.open_ns(dividend.pay_date))
            self.flows.append((ex, pay, dividend.amount))

    def quotes(self, e: int, right: str) -> list[tuple[float, float, float]]:
        """(strike, bid, ask), an absent bid as -inf."""
        rows = []
        for row in self.chain.rows(e):
            q = self.chain.quote_index(row, right)
            bid = self.chain.bid[q] if self.chain.bid[q] > 0.0 else -math.inf
            rows.append((self.chain.strike[row], bid, self.chain.ask[q]))
        return rows

    def received(self, t: float, *, before: bool = False) -> float:
        keep = 1.0 - self.carry.withholding
        return math.fsum(
            d * keep * self.carry.borrow.discount(pay)
            for ex, pay, d in self.flows
            if (ex < t if before else ex <= t)
        )

    def owed(self, t: float, *, before: bool = False) -> float:
        fee = self.carry.borrow_fee * self.chain.underlying.bid * t
        return fee + math.fsum(
            d * self.carry.lend.discount(pay)
            for ex, pay, d in self.flows
            if (ex < t if before else ex <= t)
        )

    def early(self, t: float) -> list[float]:
        return [ex for ex, _, _ in self.flows if ex <= t] if self.american else []


def one_strike_edges(naive: Naive) -> Iterator[tuple[str, float]]:
    spot, carry = naive.chain.underlying, naive.carry
    for e in range(len(naive.chain.expiries)):
        t = naive.chain.tau(e)
        for (k, cb, ca), (_, pb, pa) in zip(
            naive.quotes(e, "C"), naive.quotes(e, "P"), strict=True
        ):
            held = [carry.borrow.discount(t) * k + naive.received(t)]
            owing = [carry.lend.discount(t) * k + naive.owed(t)]
            eves = [
                carry.borrow.discount(x) * k + naive.received(x, before=True)
                for x in naive.early(t)
            ]
            dues = [carry.lend.discount(x) * k + naive.owed(x) for x in naive.early(t)]
            now = [k] if naive.american else []
            yield "conversion", min(held + eves) - (spot.ask + pa - cb)
            yield "reversal", spot.bid + pb - ca - max(owing + dues + now)
            takes = [
                carry.lend.discount(x) * k + naive.owed(x, before=True) for x in naive.early(t)
            ]
            gives = [carry.borrow.discount(x) * k + naive.received(x) for x in naive.early(t)]
            yield "intrinsic call", spot.bid - min(owing + takes + now) - ca
            yield "intrinsic put", max(held + gives + now) - spot.ask - pa
            yield "call above stock", cb - spot.ask
            yield "put above strike", pb - (k if naive.american else carry.lend.discount(t) * k)


def one_expiry_edges(naive: Naive) -> Iterator[tuple[str, float]]:
    carry = naive.carry
    for e in range(len(naive.chain.expiries)):
        t = naive.chain.tau(e)
        pay, get = carry.lend.discount(t), carry.borrow.discount(t)
        widest = 1.0 if naive.american else pay
        calls, puts = naive.quotes(e, "C"), naive.quotes(e, "P")
        for i, j in itertools.combinations(range(len(calls)), 2):
            k1, c1b, c1a = calls[i]
            k2, c2b, c2a = calls[j]
            _, p1b, p1a = puts[i]
            _, p2b, p2a = puts[j]
            w = k2 - k1
            yield "call vertical", c2b - c1a
            yield "put vertical", p1b - p2a
            yield "call width", c1b - c2a - widest * w
            yield "put width", p2b - p1a - widest * w
            yield "long box", get * w - (c1a - c2b + p2a - p1b)
            if not naive.american:
                yield "short box", (c1b - c2a + p2b - p1a) - pay * w
        for quotes in (calls, puts):
            for (k1, _, a1), (k2, b2, _), (k3, _, a3) in itertools.combinations(quotes, 3):
                part = (k3 - k2) / (k3 - k1)
                yield "butterfly", b2 - part * a1 - (1.0 - part) * a3


def american_calendar_edges(naive: Naive) -> Iterator[tuple[str, float]]:
    n = len(naive.chain.expiries)
    for e1, e2 in itertools.combinations(range(n), 2):
        for (k1, b1, _), (k2, _, a2) in itertools.product(
            naive.quotes(e1, "C"), naive.quotes(e2, "C")
        ):
            if k2 <= k1:
                yield "call calendar", b1 - a2
        for (k1, b1, _), (k2, _, a2) in itertools.product(
            naive.quotes(e1, "P"), naive.quotes(e2, "P")
        ):
            if k2 >= k1:
                yield "put calendar", b1 - a2


@pytest.mark.parametrize("symbol", EQUITIES)
def test_no_family_pays_on_a_clean_equity_chain(symbol: str) -> None:
    for seed in SEEDS:
        naive = Naive(*clean(seed, symbol))
        edges = itertools.chain(one_strike_edges(naive), one_expiry_edges(naive))
        if symbol in AMERICAN:
            edges = itertools.chain(edges, american_calendar_edges(naive))
        found = [(name, edge) for name, edge in edges if edge > 1e-9]
        assert not found, (seed, found[:5])


def test_no_family_of_one_expiry_pays_on_a_clean_index_chain() -> None:
    for seed in SEEDS:
        naive = Naive(*clean(seed, "ZIDX"))
        found = [(name, edge) for name, edge in one_expiry_edges(naive) if edge > 1e-9]
        assert not found, (seed, found[:5])


def test_no_coin_parity_pays_on_a_clean_inverse_chain() -> None:
    for seed in SEEDS:
        chain, carry = clean(seed, "ZCOIN")
        naive = Naive(chain, carry)
        for e in range(len(chain.expiries)):
            low, high = chain.forward_bid[e], chain.forward_ask[e]
            calls, puts = naive.quotes(e, "C"), naive.quotes(e, "P")
            for (k, cb, ca), (_, pb, pa) in zip(calls, puts, strict=True):
                # A long future bought at `high` turns K dollars into K/high coins.
                assert cb - pa - (1.0 - k / high) <= 1e-12, (seed, e, k)
                assert (1.0 - k / low) - (ca - pb) <= 1e-12, (seed, e, k)
            for (k1, _, a1), (k2, b2, _), (k3, _, a3) in itertools.combinations(calls, 3):
                part = (k3 - k2) / (k3 - k1)
                assert b2 - part * a1 - (1.0 - part) * a3 <= 1e-12
            for (_, _, c1a), (_, c2b, _) in itertools.combinations(calls, 2):
                assert c2b <= c1a


def test_a_raised_bid_is_seen_by_these_checks() -> None:
    chain, carry = clean(0, "ZDIV")
    row = (chain.first[1] + chain.first[2]) // 2
    chain.bid[row] = chain.ask[row] + 15.0
    found = {name for name, edge in one_expiry_edges(Naive(chain, carry)) if edge > 0.0}
    assert {"call vertical", "long box", "butterfly"} <= found
    found = {name for name, edge in one_strike_edges(Naive(chain, carry)) if edge > 0.0}
    assert "conversion" in found


@pytest.mark.parametrize("symbol", ["ZETF", "ZIDX"])
def test_the_profit_programme_of_each_european_expiry_finds_nothing(symbol: str) -> None:
    optimize = pytest.importorskip("scipy.optimize", reason="SciPy's HiGHS is the oracle")
    for seed in SEEDS:
        chain, carry = clean(seed, symbol)
        naive = Naive(chain, carry)
        for e in range(len(chain.expiries)):
            assert _most_locked(optimize, naive, e) <= 1e-7, (seed, e)


def _most_locked(optimize: object, naive: Naive, e: int) -> float:
    """SCANNER section 4 without fees and sizes: at most one of everything, stock either way."""
    chain, carry, t = naive.chain, naive.carry, naive.chain.tau(e)
    grow_lend, grow_borrow = 1.0 / carry.lend.discount(t), 1.0 / carry.borrow.discount(t)
    calls, puts = naive.quotes(e, "C"), naive.quotes(e, "P")
    states = [0.0, *(k for k, _, _ in calls)]
    gain, payoff, slope, most = [], [], [], []
    for right, quotes in (("C", calls), ("P", puts)):
        for k, bid, ask in quotes:
            pays = [max(s - k, 0.0) if right == "C" else max(k - s, 0.0) for s in states]
            for side, price in ((1.0, -ask), (-1.0, bid)):
                if math.isfinite(price):
                    gain.append(price)
                    payoff.append([side * p for p in pays])
                    slope.append(side if right == "C" else 0.0)
                    most.append(1.0)
    if chain.underlying.is_tradable:
        spot = chain.underlying
        for side, price in (
            (1.0, -(spot.ask - naive.received(t))),
            (-1.0, spot.bid - naive.owed(t)),
        ):
            gain.append(price)
            payoff.append([side * s for s in states])
            slope.append(side)
            most.append(1.0)
    for price, pays in ((-1.0, grow_lend), (1.0, -grow_borrow)):
        gain.append(price)
        payoff.append([pays] * len(states))
        slope.append(0.0)
        most.append(math.inf)
    rows = [[-p[s] for p in payoff] for s in range(len(states))]
    rows.append([-x for x in slope])
    answer = optimize.linprog(  # type: ignore[attr-defined]
        [-g for g in gain],
        A_ub=rows,
        b_ub=[0.0] * len(rows),
        bounds=[(0.0, m if math.isfinite(m) else None) for m in most],
        method="highs",
    )
    assert answer.status == 0, answer.message
    return float(-answer.fun)
