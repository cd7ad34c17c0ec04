"""Chains of one expiry with quotes of Black's formula."""

from __future__ import annotations

import math
from datetime import date

from engine.clock import NS_PER_DAY
from engine.feeds.record import parse_instant
from engine.market.calendar import calendar_named
from engine.market.carry import Carry, RateCurve
from engine.market.chain import EQUITY, EUROPEAN, ChainBuilder, Expiry, OptionChain, Underlying
from engine.market.quoting import IN_COIN, IN_MONEY

NOW = parse_instant("2026-03-04T15:00:00Z") or 0
DAY = date(2026, 6, 19)
US = calendar_named("us")
EXPIRY = Expiry(US.settlement_ns(DAY, "PM"), DAY)
TAU = (EXPIRY.settles_ns - NOW) / NS_PER_DAY / 365.0


def phi(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def black(forward: float, strike: float, discount: float, vol: float, right: str) -> float:
    """Black's formula, from the textbook: an oracle apart from the kernels."""
    spread = vol * math.sqrt(TAU)
    d1 = math.log(forward / strike) / spread + 0.5 * spread
    sign = 1 if right == "C" else -1
    return discount * sign * (forward * phi(sign * d1) - strike * phi(sign * (d1 - spread)))


def chain_of(
    quotes: dict[tuple[float, str], tuple[float, float]],
    *,
    bid: float = 100.0,
    ask: float = 100.0,
    kind: str = EQUITY,
    style: str = EUROPEAN,
    expiry: Expiry = EXPIRY,
    future: tuple[float, float] | None = None,
) -> OptionChain:
    builder = ChainBuilder("XYZ", NOW, Underlying("XYZ", bid, ask, kind=kind))
    for (strike, right), (low, high) in quotes.items():
        builder.add(expiry, strike, right, low, high)
    if future:
        builder.set_forward(expiry, *future)
    return builder.build(style=style, quoting=IN_COIN if future is not None else IN_MONEY)


def model_chain(
    forward: float, discount: float, *, vol: float = 0.3, half: float = 0.0, **options: object
) -> OptionChain:
    strikes = [80.0, 90.0, 95.0, 100.0, 105.0, 110.0, 120.0]
    quotes = {}
    for strike in strikes:
        for right in "CP":
            worth = black(forward, strike, discount, vol, right)
            quotes[strike, right] = (worth - half, worth + half)
    return chain_of(quotes, **options)  # type: ignore[arg-type]


def flat(lend: float, borrow: float | None = None, **options: object) -> Carry:
    borrow = lend if borrow is None else borrow
    return Carry(RateCurve.flat(lend), RateCurve.flat(borrow), **options)  # type: ignore[arg-type]
