"""Small random American chains with wrong quotes, and every lock in them of a few contracts.

The search is exhaustive and knows no family: every combo of up to so many contracts of each option
and of stock. A quick bound (held to expiry) leaves few, which the brute-force judge values.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from statistics import NormalDist

from oracles.american_judge import Option, worst

from engine.clock import years_between
from engine.config import Gates, ScanSettings
from engine.market.calendar import US
from engine.market.carry import Carry
from engine.market.chain import AMERICAN, ChainBuilder, Expiry, OptionChain, Underlying
from engine.market.fees import FeeSchedule
from tests.properties.test_american_judge import random_carry
from tests.unit.test_american_golden import ASK, BID, NOW

FEES = FeeSchedule()
OPEN = Gates(max_spread=1e9, max_spread_per_edge=math.inf, min_edge=0.0, min_edge_usd=0.0)
STRIKES = (85.0, 90.0, 92.5, 95.0, 97.5, 100.0, 102.5, 105.0, 110.0)
ENDS = (date(2026, 3, 20), date(2026, 4, 17), date(2026, 5, 15))
NORMAL = NormalDist()


def random_chain(random: Random, n_strikes: int = 3) -> tuple[OptionChain, ScanSettings]:
    """Return a chain around a model, with errors of some 18 cents and quotes missing."""
    strikes, end = sorted(random.sample(STRIKES, n_strikes)), random.choice(ENDS)
    carry = random_carry(random)
    expiry = Expiry(US.close_ns(end), end)
    builder = ChainBuilder("XYZ", NOW, Underlying("XYZ", BID, ASK, 1e6, 1e6, 0.1, 0.1))
    tau, vol = years_between(NOW, expiry.settles_ns), random.uniform(0.15, 0.5)
    forward = 100.0 - sum(one.amount for one in carry.dividends if one.ex_date <= end)
    for strike in strikes:
        deviation = vol * math.sqrt(tau)
        d1 = math.log(forward / strike) / deviation + deviation / 2.0
        fair = forward * NORMAL.cdf(d1) - strike * NORMAL.cdf(d1 - deviation)
        prices = {"C": max(fair, 100.0 - strike, 0.0)}
        prices["P"] = max(prices["C"] - forward + strike, strike - 100.0, 0.0)
        for right, price in prices.items():
            if random.random() < 0.12:
                continue
            middle, half = max(0.02, price + random.gauss(0.0, 0.18)), random.choice((0.01, 0.05))
            sizes = float(random.randrange(1, 60)), float(random.randrange(1, 60))
            bid, ask = max(0.0, round(middle - half, 2)), round(middle + half, 2)
            builder.add(expiry, strike, right, bid, ask, *sizes, 0.1, 0.1)
    settings = ScanSettings(
        carry=replace(carry, as_of_ns=NOW), fees=FEES, gates=OPEN, top=10_000, near_misses=0
    )
    return builder.build(style=AMERICAN), settings


@dataclass(frozen=True)
class Lock:
    """A combo of signed contracts that cannot lose, with its worst case per package."""

    options: tuple[Option, ...]
    stock: int
    edge: float


def cost_of(chain: OptionChain, counts: dict[int, int], stock: int) -> float:
    """What a combo costs, fees included; nan where a side is not quoted."""
    total = stock * (ASK + FEES.stock_fee(ASK))
    for quote, count in counts.items():
        price = chain.ask[quote] if count > 0 else chain.bid[quote]
        if not price > 0.0 or not chain.ask[quote] > 0.0:
            return math.nan
        total += count * price + abs(count) * FEES.option_fee(price, 100.0)
    return total


def locks(chain: OptionChain, carry: Carry, most: int, least: float) -> Iterator[Lock]:
    """Yield the combos of up to `most` contracts of each option that lock more than `least`."""
    n = chain.n_rows
    if not n:
        return
    end = chain.expiries[0]
    years = years_between(NOW, end.settles_ns)
    receipt = math.exp(-carry.borrow.rates[0] * years)
    kept = sum(
        one.amount * (1.0 - carry.withholding)
        for one in carry.dividends
        if US.open_ns(one.ex_date) <= end.settles_ns
    )
    levels = [0.0, *chain.strike]
    pays = [
        [max(0.0, (level - chain.strike[q % n]) * (1 if q < n else -1)) for level in levels]
        for q in range(2 * n)
    ]
    for stock in range(most + 1):
        for counts in itertools.product(range(-most, most + 1), repeat=2 * n):
            if stock + sum(counts[:n]) < 0 or math.gcd(stock, *counts) != 1:
                continue
            held = {q: count for q, count in enumerate(counts) if count}
            cost = cost_of(chain, held, stock)
            ends = min(
                stock * level + sum(count * pays[q][k] for q, count in held.items())
                for k, level in enumerate(levels)
            )
            # Held to expiry it is worth no more than this; an assignment only makes it less.
            if not ends * (receipt if ends > 0.0 else 1.0) + stock * kept - cost > least:
                continue
            options = tuple(
                Option("C" if q < n else "P", chain.strike[q % n], count, end.date)
                for q, count in held.items()
            )
            edge = worst(list(options), NOW, carry, BID, stock) - cost
            if edge > least:
                yield Lock(options, stock, edge)
