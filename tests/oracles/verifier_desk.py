"""Positions built by hand for the tests of the verifier, days counted from one fixed opening."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from datetime import date, timedelta

from engine.clock import NS_PER_DAY
from engine.market.calendar import US
from engine.market.carry import DECLARED, Carry, Dividend, RateCurve
from engine.market.chain import AMERICAN, COIN, EQUITY, INDEX, OptionChain, Underlying
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.market.quoting import IN_MONEY, Quoting

# A Monday opening after the clocks changed: whole days to any opening until March are exact.
TODAY = date(2015, 11, 9)
NOW = US.open_ns(TODAY)

LEND, BORROW = 0.045, 0.055
OPTION_FEE, STOCK_FEE = 0.007, 0.005


def chain(style: str = AMERICAN, bid: float = 100.0, ask: float = 100.02, kind: str = EQUITY,
          quoting: Quoting = IN_MONEY) -> OptionChain:  # fmt: skip
    """A chain without quotes: its underlying, its style and its instant are all that is asked."""
    empty = array("d")
    underlying = Underlying("XYZ", bid, ask, kind=kind if quoting.is_linear else COIN)
    return OptionChain(
        "XYZ", NOW, underlying, (), array("l", [0]), empty, empty, empty, empty, empty, empty,
        empty, style=style, quoting=quoting, calendar="us" if quoting.is_linear else "crypto",
    )  # fmt: skip


def index(style: str) -> OptionChain:
    return chain(style, kind=INDEX)


def option(side: int, ratio: int, right: str, strike: float, price: float, days: float,
           fee: float = OPTION_FEE) -> Leg:  # fmt: skip
    return Leg(
        OPTION, side, ratio, price, fee, right, strike, TODAY + timedelta(days),
        NOW + round(days * NS_PER_DAY),
    )  # fmt: skip


def stock(side: int, price: float, ratio: int = 1, fee: float = STOCK_FEE) -> Leg:
    return Leg(STOCK, side, ratio, price, fee)


def future(side: int, price: float, notional: float, days: float, fee: float = 0.0) -> Leg:
    return Leg(
        FUTURE, side, 1, price, fee, expiry=TODAY + timedelta(days),
        settles_ns=NOW + round(days * NS_PER_DAY), notional=notional,
    )  # fmt: skip


def dividend(ex: int, amount: float, pay: int | None = None, status: str = DECLARED) -> Dividend:
    pays = ex if pay is None else pay
    return Dividend(TODAY + timedelta(ex), TODAY + timedelta(pays), amount, status)


def carry(
    *dividends: Dividend, lend: float = LEND, borrow: float = BORROW, fee: float = 0.0,
    withholding: float = 0.0,
) -> Carry:  # fmt: skip
    return Carry(RateCurve.flat(lend), RateCurve.flat(borrow), dividends, withholding, fee)


def cost(legs: Sequence[Leg]) -> float:
    return math.fsum(
        leg.ratio * ((0.0 if leg.kind == FUTURE else leg.side * leg.price) + leg.fee)
        for leg in legs
    )
