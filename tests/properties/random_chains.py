"""Random European chains with every friction, and the price programme of one of their expiries.

Prices come from a martingale with finitely many values, a stock value and a discount inside the
bands that costs leave; then noise is added to some.
"""

from __future__ import annotations

import dataclasses
import math
from array import array
from datetime import date, timedelta
from random import Random

from price_programme import Condition, Form, PriceProgramme, Target

from engine.backend import Backend
from engine.clock import NS_PER_DAY
from engine.market.carry import Carry
from engine.market.chain import EUROPEAN, ChainBuilder, Expiry, OptionChain, Underlying
from engine.market.fees import FREE, FeeSchedule
from engine.market.terms import Terms, chain_terms
from engine.strategies.scratch import Scratch
from engine.strategies.view import View, days_by_row, net_prices

FEES = FeeSchedule(tiers=((0.0, 0.25), (0.05, 0.50), (0.10, 0.65)), exchange=0.05)
START = date(2024, 3, 1)
TS_NS = 1_709_308_800_000_000_000  # that day, 16:00 UTC


def random_terms(rnd: Random, chain: OptionChain) -> Terms:
    """Return terms with every friction, made up here so that no convention of dates enters."""
    lend, spread = rnd.uniform(0.0, 0.06), rnd.choice((0.0, 0.005, 0.02))
    borrow_fee, withheld = rnd.choice((0.0, 0.01, 0.05)), rnd.choice((0.0, 0.15))
    tau = [0.1 + 0.4 * e + rnd.uniform(0.0, 0.3) for e in range(len(chain.expiries))]
    paid = [rnd.choice((0.0, rnd.uniform(0.1, 2.0))) for _ in tau]
    div_out = [math.fsum(paid[: e + 1]) for e in range(len(tau))]
    return dataclasses.replace(
        chain_terms(chain, Carry(), FEES),
        lend=array("d", (math.exp(-lend * t) for t in tau)),
        borrow=array("d", (math.exp(-(lend + spread) * t) for t in tau)),
        stock_pay=array("d", [chain.underlying.ask + 0.005] * len(tau)),
        stock_receive=array("d", [chain.underlying.bid - 0.005] * len(tau)),
        div_in=array("d", ((1.0 - withheld) * v for v in div_out)),
        div_out=array("d", div_out),
        stock_borrow=array("d", (borrow_fee * chain.underlying.bid * t for t in tau)),
    )


def law(rnd: Random) -> list[tuple[float, float]]:
    """Return values of mean 1 with their probabilities."""
    atoms = [(rnd.uniform(0.5, 1.6), rnd.uniform(0.2, 1.0)) for _ in range(rnd.randint(2, 9))]
    weight = math.fsum(p for _, p in atoms)
    mean = math.fsum(x * p for x, p in atoms) / weight
    return [(x / mean, p / weight) for x, p in atoms]


def random_size(rnd: Random) -> float:
    return rnd.choice((math.nan, float(rnd.randint(1, 60)), float(rnd.randint(1, 60))))


def skeleton(rnd: Random, ladder: int) -> OptionChain:
    """Return a chain without quotes."""
    mid = rnd.uniform(40.0, 200.0)
    half = rnd.choice((0.0, 0.005, 0.05, 0.2))
    underlying = Underlying(
        "XYZ", mid - half, mid + half,
        rnd.choice((math.nan, 100.0 * rnd.randint(1, 30))),
        rnd.choice((math.nan, 100.0 * rnd.randint(1, 30))),
    )  # fmt: skip
    builder = ChainBuilder("XYZ", TS_NS, underlying)
    for day in sorted(rnd.sample(range(5, 400), rnd.randint(1, 2))):
        expiry = Expiry(TS_NS + day * NS_PER_DAY, START + timedelta(days=day))
        for percent in sorted(rnd.sample(range(55, 165, 5), rnd.randint(1, ladder))):
            builder.add(expiry, round(mid * percent / 100.0, 2), "C", 0.0, 0.0)
    return builder.build(style=EUROPEAN)


def random_view(seed: int, backend: Backend, ladder: int = 7) -> View:
    """Return the chain of `seed`, ready for search; about a third of its expiries lock a profit."""
    rnd = Random(seed)
    empty = skeleton(rnd, ladder)
    terms = random_terms(rnd, empty)
    noise, spread = rnd.choice((0.0, 0.1, 0.4)), rnd.choice((0.02, 0.1, 0.4))
    n = empty.n_rows
    bid, ask = array("d", bytes(16 * n)), array("d", bytes(16 * n))
    for e in range(len(empty.expiries)):
        low, high = stock_band(terms, e)
        value = rnd.uniform(low, high)
        discount = rnd.uniform(terms.borrow[e], terms.lend[e])
        atoms = law(rnd)
        for row in empty.rows(e):
            z = discount * empty.strike[row]
            call = math.fsum(p * max(value * x - z, 0.0) for x, p in atoms)
            for q, price in ((row, call), (n + row, call - value + z)):
                moved = price + (rnd.gauss(0.0, noise) if rnd.random() < 0.5 else 0.0)
                if rnd.random() < 0.9:
                    bid[q] = max(round(moved - rnd.uniform(0.0, spread), 4), 0.0)
                    ask[q] = max(round(moved + rnd.uniform(0.0, spread), 4), 0.0)
    sizes = [array("d", (random_size(rnd) for _ in range(2 * n))) for _ in range(2)]
    chain = dataclasses.replace(empty, bid=bid, ask=ask, bid_size=sizes[0], ask_size=sizes[1])
    receive, pay = net_prices(chain, rnd.choice((FREE, FEES)), backend, Scratch())
    return View(chain, terms, FEES, backend, receive, pay, days_by_row(chain, backend, Scratch()))


def stock_band(terms: Terms, e: int) -> tuple[float, float]:
    """Return what a share delivered at expiry brings when shorted and costs when bought."""
    return (
        terms.stock_receive[e] - terms.div_out[e] - terms.stock_borrow[e],
        terms.stock_pay[e] - terms.div_in[e],
    )


def stock_sizes(chain: OptionChain) -> tuple[float, float]:
    """Return lots of stock to short and to buy, a large number where they are not known."""
    spot = chain.underlying
    bid, ask = (1e5 if math.isnan(x) else x for x in (spot.bid_size, spot.ask_size))
    return bid / chain.multiplier, ask / chain.multiplier


def banded_programme(view: View, e: int, *, allow_short: bool = True) -> PriceProgramme:
    """Return the price programme of one expiry: a discount, a share's value and call prices.

    Variable 0 is the discount, 1 the value of a share delivered at expiry (a call struck at 0),
    the rest calls at the strikes. Puts follow by parity.
    """
    chain, terms = view.chain, view.terms
    rows, n = list(chain.rows(e)), chain.n_rows
    low, high = stock_band(terms, e)
    sell, buy = stock_sizes(chain)
    quotes: list[Target] = [([(1, 1.0)], 1, high, buy)]
    if allow_short:
        quotes.append(([(1, 1.0)], -1, low, sell))
    conditions: list[Condition] = [([(0, 1.0)], terms.borrow[e]), ([(0, -1.0)], -terms.lend[e])]
    strikes = [0.0, *(chain.strike[row] for row in rows)]
    for i in range(1, len(strikes)):
        before = strikes[i] - strikes[i - 1]
        if i == 1:
            # Between 0 and the first strike a call cannot fall faster than the discount.
            conditions.append(([(2, 1.0), (1, -1.0), (0, before)], 0.0))
        if i + 1 < len(strikes):
            weight = before / (strikes[i + 1] - strikes[i - 1])
            conditions.append(([(i + 1, -1.0), (i + 2, weight), (i, 1.0 - weight)], 0.0))
        else:
            conditions.append(([(i, 1.0), (i + 1, -1.0)], 0.0))
    for i, row in enumerate(rows):
        forms: list[tuple[int, Form]] = [
            (row, [(i + 2, 1.0)]),
            (n + row, [(i + 2, 1.0), (1, -1.0), (0, chain.strike[row])]),
        ]
        if any(view.receive[q] > view.pay[q] for q, _ in forms):
            forms = [(q, form) for q, form in forms if not view.receive[q] > view.pay[q]]
        for q, form in forms:
            for price, sign, size in (
                (view.pay[q], 1, chain.ask_size[q]),
                (view.receive[q], -1, chain.bid_size[q]),
            ):
                if not math.isnan(price):
                    quotes.append((form, sign, price, 1.0 if math.isnan(size) else size))
    # Put prices are non-negative by convexity and the slope condition: nothing more to ask.
    return PriceProgramme(len(strikes) + 1, conditions, quotes)
