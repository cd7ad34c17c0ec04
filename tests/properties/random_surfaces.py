"""Random frictionless European surfaces, the same on every runtime, and their programmes.

Prices come from a martingale with finitely many values (no special functions, so the bits are the
same everywhere): ``S_t = PV_t(dividends to come) + (S_0 - V_N) X_t``. On the scale
``z = D K + V(0, T]`` every expiry's calls are then ``E[(V_N + (S_0 - V_N) X_T - z)+]``.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from random import Random

from price_programme import Condition, PriceProgramme, Target

ABSENT = math.nan

CLEAN, NOISY, TIGHT = range(3)


@dataclass(frozen=True)
class Surface:
    """One frictionless surface: a stock price, a discount and dividends per expiry, quotes.

    `bid` and `ask` are by quote index (calls, then puts), nan absent.
    """

    spot: float
    floor: float
    discount: list[float]
    paid: list[float]
    first: array[int]
    strike: array[float]
    bid: array[float]
    ask: array[float]

    @property
    def expiry(self) -> list[int]:
        """By row."""
        return [
            e for e in range(len(self.first) - 1) for _ in range(self.first[e], self.first[e + 1])
        ]

    @property
    def scale(self) -> list[float]:
        """By row: z."""
        return [
            self.discount[e] * k + self.paid[e]
            for e, k in zip(self.expiry, self.strike, strict=True)
        ]


def martingale(rnd: Random, n_expiries: int) -> list[list[tuple[float, float]]]:
    """Return by expiry the values of X and their probabilities, each of mean 1."""
    law = [(1.0, 1.0)]
    laws = []
    for _ in range(n_expiries):
        step = [(rnd.uniform(0.5, 1.6), rnd.uniform(0.2, 1.0)) for _ in range(rnd.randint(2, 4))]
        weight = math.fsum(p for _, p in step)
        mean = math.fsum(x * p for x, p in step) / weight
        law = [(x * y / mean, p * q / weight) for x, p in law for y, q in step]
        laws.append(law)
    return laws


def random_surface(seed: int) -> Surface:
    """Return the surface of `seed`: about half admit an arbitrage, many only just or just not.

    CLEAN has spreads around exact prices, NOISY has its quotes moved, TIGHT has one right and
    one side a strike, at its exact price but for one that is moved by 1e-5: prices have straight
    pieces, so many quotes are then on the border.
    """
    rnd = Random(seed)
    kind = rnd.choice((CLEAN, NOISY, NOISY, NOISY, NOISY, TIGHT, TIGHT))
    n_expiries = rnd.randint(1, 3)
    spot = rnd.uniform(50.0, 150.0)
    rate = rnd.uniform(0.0, 0.08)
    taus = sorted(rnd.uniform(0.05, 1.0) for _ in range(n_expiries))
    dividends = [
        (rnd.uniform(0.0, taus[-1]), rnd.uniform(0.1, 2.0)) for _ in range(rnd.choice((0, 0, 1, 2)))
    ]
    worth = [(t, amount * math.exp(-rate * t)) for t, amount in dividends]
    floor = math.fsum(v for _, v in worth)
    laws = martingale(rnd, n_expiries)
    noise = rnd.choice((0.2, 0.8, 2.0))
    first, strike = array("l", [0]), array("d")
    calls: list[tuple[float, float]] = []
    puts: list[tuple[float, float]] = []
    discounts = [math.exp(-rate * tau) for tau in taus]
    paid = [math.fsum(v for t, v in worth if t <= tau) for tau in taus]
    shared = sorted(rnd.sample(range(60, 150, 5), 4))
    for e, law in enumerate(laws):
        ladder = shared if rnd.random() < 0.5 else sorted(rnd.sample(range(40, 180, 5), 4))
        for percent in ladder[: rnd.randint(2, 4)]:
            k = spot * percent / 100.0
            z = discounts[e] * k + paid[e]
            price = (
                math.fsum(p * max(floor + (spot - floor) * x - z, 0.0) for x, p in law)
                if z > floor
                else spot - z
            )
            strike.append(k)
            pair = [quote(rnd, price, kind, noise), quote(rnd, price - spot + z, kind, noise)]
            if kind == TIGHT:
                pair[rnd.randrange(2)] = (0.0, 0.0)
            calls.append(pair[0])
            puts.append(pair[1])
        first.append(len(strike))
    quotes = calls + puts
    if kind == TIGHT:
        moved = rnd.randrange(len(quotes))
        bid, ask = quotes[moved]
        shift = rnd.choice((-1e-5, 1e-5, 1e-5))
        quotes[moved] = (bid and bid + shift, ask and ask - shift)
    return Surface(
        spot, floor, discounts, paid, first, strike,
        array("d", (b if b > 0.0 else ABSENT for b, _ in quotes)),
        array("d", (a if a > 0.0 else ABSENT for _, a in quotes)),
    )  # fmt: skip


def quote(rnd: Random, price: float, kind: int, noise: float) -> tuple[float, float]:
    """Return bid and ask around `price`; 0 is absent."""
    if rnd.random() < 0.1:
        return 0.0, 0.0
    if kind == TIGHT:
        return (price, 0.0) if rnd.random() < 0.4 else (0.0, price)
    below, above = rnd.uniform(0.0, 0.5), rnd.uniform(0.0, 0.5)
    if kind == NOISY:
        price += rnd.gauss(0.0, noise)
    return price - below, price + above


def price_programme(surface: Surface) -> PriceProgramme:
    """Return the conditions of a convex, monotone, calendar-ordered call surface on a grid."""
    n_expiries = len(surface.discount)
    n_rows = len(surface.strike)
    floor, spot = surface.floor, surface.spot
    grid = sorted({z for z in surface.scale if z > floor})
    g = len(grid)
    known = spot - floor
    conditions: list[Condition] = []
    for e in range(n_expiries):
        # The price at the floor is known: c(floor) = spot - floor, here the constant of a row.
        if g:
            conditions.append(([(e * g, 1.0)], known - (grid[0] - floor)))
            last = [(e * g + g - 1, -1.0)]
            conditions.append(([*last, (e * g + g - 2, 1.0)], 0.0) if g > 1 else (last, -known))
        for i in range(g - 1):
            before = grid[i] - (grid[i - 1] if i else floor)
            share = before / (grid[i + 1] - (grid[i - 1] if i else floor))
            row = [(e * g + i, -1.0), (e * g + i + 1, share)]
            if i:
                conditions.append(([*row, (e * g + i - 1, 1.0 - share)], 0.0))
            else:
                conditions.append((row, -(1.0 - share) * known))
        if e:
            conditions += [([(e * g + i, 1.0), ((e - 1) * g + i, -1.0)], 0.0) for i in range(g)]
    quotes: list[Target] = []
    constant = 0.0
    expiry, scale = surface.expiry, surface.scale
    for q in range(2 * n_rows):
        row = q % n_rows
        z = scale[row]
        parity = 0.0 if q < n_rows else spot - z
        for price, sign in ((surface.ask[q], 1), (surface.bid[q], -1)):
            if math.isnan(price):
                continue
            if z > floor:
                quotes.append(([(expiry[row] * g + grid.index(z), 1.0)], sign, price + parity, 1.0))
            else:
                constant += max(sign * (spot - z - price - parity), 0.0)
    return PriceProgramme(n_expiries * g, conditions, quotes, constant)
