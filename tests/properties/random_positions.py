"""Random positions of every shape, random carry, and their proof."""

from __future__ import annotations

import math
from random import Random

from oracles.verifier_desk import chain, dividend, option, stock

from engine.market.carry import Carry, RateCurve
from engine.market.combo import Leg
from engine.proof.states import Proof
from engine.proof.verifier import verify

EXACT = 1e-9
DAYS = 60


def prove(style: str, legs: list[Leg], terms: Carry, unit: int = 1) -> Proof:
    return verify(chain(style), tuple(legs), unit, terms, count_projected=False)


def random_carry(random: Random, days: int = DAYS, most: int = 3) -> Carry:
    """Rates that rise with the term (so that discounts fall), dividends paid days after ex."""
    lend = random.uniform(0.0, 0.06)
    slope, gap = random.uniform(0.0, 0.02), random.uniform(0.0, 0.03)
    nodes = (0.0, float(random.randrange(5, days)), 400.0)
    curve = RateCurve(nodes, (lend, lend + slope, lend + 2 * slope))
    ex_days = sorted(random.sample(range(1, days), random.randrange(0, most + 1)))
    paid = tuple(dividend(ex, random.uniform(0.05, 3.0), ex + random.randrange(0, 20))
                 for ex in ex_days)  # fmt: skip
    return Carry(
        curve, curve.shifted(gap), paid, random.choice((0.0, 0.15)), random.choice((0.0, 0.02))
    )


def strikes(random: Random, count: int) -> list[float]:
    return sorted(random.sample([float(k) for k in range(70, 131, 5)], count))


def leg(random: Random, side: int, ratio: int, right: str, strike: float, days: int = DAYS) -> Leg:
    return option(side, ratio, right, strike, round(random.uniform(0.05, 12.0), 2), days)


# Shapes of single-expiry positions; prices do not matter to a proof, only what they sum to.


def conversion(random: Random) -> list[Leg]:
    low, high = sorted(random.choices(range(70, 131, 5), k=2))
    return [stock(1, 100.02), leg(random, 1, 1, "P", low), leg(random, -1, 1, "C", high)]


def reversal(random: Random) -> list[Leg]:
    low, high = sorted(random.choices(range(70, 131, 5), k=2))
    return [stock(-1, 100.0), leg(random, -1, 1, "P", low), leg(random, 1, 1, "C", high)]


def box(random: Random) -> list[Leg]:
    low, high = strikes(random, 2)
    side = random.choice((1, -1))
    return [
        leg(random, side, 1, "C", low), leg(random, -side, 1, "C", high),
        leg(random, side, 1, "P", high), leg(random, -side, 1, "P", low),
    ]  # fmt: skip


def vertical(random: Random) -> list[Leg]:
    low, high = strikes(random, 2)
    right, side = random.choice("CP"), random.choice((1, -1))
    return [leg(random, side, 1, right, low), leg(random, -side, 1, right, high)]


def butterfly(random: Random) -> list[Leg]:
    low, middle, high = strikes(random, 3)
    right = random.choice("CP")
    divisor = math.gcd(int(middle - low), int(high - middle))
    buy_low, buy_high = int(high - middle) // divisor, int(middle - low) // divisor
    return [
        leg(random, 1, buy_low, right, low),
        leg(random, -1, buy_low + buy_high, right, middle),
        leg(random, 1, buy_high, right, high),
    ]


def upper_bound(random: Random) -> list[Leg]:
    strike = strikes(random, 1)[0]
    if random.random() < 0.5:
        return [stock(1, 100.02), leg(random, -1, 1, "C", strike)]
    return [leg(random, -1, 1, "P", strike)]


def several(random: Random) -> list[Leg]:
    """Any two or three options, now and then with stock."""
    legs = [
        leg(random, random.choice((1, -1)), random.randrange(1, 4), random.choice("CP"), strike)
        for strike in strikes(random, random.randrange(2, 4))
    ]
    if random.random() < 0.5:
        side = random.choice((1, -1))
        legs.append(stock(side, 100.02 if side > 0 else 100.0, random.randrange(1, 4)))
    return legs


SHAPES = (conversion, reversal, box, vertical, butterfly, upper_bound, several)
