"""Positions of the verifier's tests, and the proof of any of them."""

from __future__ import annotations

import math

from oracles.verifier_desk import BORROW, LEND, carry, dividend, option, stock

from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.market.combo import Leg
from engine.proof.states import Proof
from engine.proof.verifier import verify


def prove(on: OptionChain, legs: list[Leg], with_: Carry | None = None, unit: int = 1) -> Proof:
    return verify(on, tuple(legs), unit, with_ or carry(), count_projected=False)


def conversion(strike: float = 100.0, days: int = 60) -> list[Leg]:
    return [
        stock(1, 100.02),
        option(1, 1, "P", strike, 2.10, days),
        option(-1, 1, "C", strike, 3.20, days),
    ]


def reversal() -> list[Leg]:
    return [stock(-1, 100.0), option(1, 1, "C", 100, 3.30, 60), option(-1, 1, "P", 100, 2.00, 60)]


def box(side: int) -> list[Leg]:
    prices = (8.10, 1.90, 6.05, 2.40) if side > 0 else (8.00, 1.95, 6.00, 2.45)
    kinds = ((side, "C", 95), (-side, "C", 105), (side, "P", 105), (-side, "P", 95))
    return [
        option(s, 1, right, strike, price, 90)
        for (s, right, strike), price in zip(kinds, prices, strict=True)
    ]


def butterfly() -> list[Leg]:
    return [
        option(1, 2, "C", 95, 7.2, 30, 0.0),
        option(-1, 3, "C", 100, 5.3, 30, 0.0),
        option(1, 1, "C", 110, 1.1, 30, 0.0),
    ]


DIVIDEND = carry(dividend(20, 0.50), fee=0.01)


def db(days: float, rate: float = BORROW) -> float:
    return math.exp(-rate * days / 365)


def dl(days: float, rate: float = LEND) -> float:
    return math.exp(-rate * days / 365)
