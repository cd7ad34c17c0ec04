"""Seeded chains to measure on: clean ones of any size, one with few hits, one that is busy.

A clean chain is quoted around prices that allow no arbitrage, bids rounded down and asks up, so a
scan of it finds no candidate and does all the work that every chain costs. American prices are
Black's approximation of 1975: the best of exercise at expiry and around each ex-date; each is
convex in the strike and more of them come with every expiry, so that is free of arbitrage too.

Draws are made with `Random.random` alone and prices by the kernels, so every backend gets the
same chain to the last bit.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from functools import cache
from random import Random

from engine.backend import Backend
from engine.clock import to_ns, years_between
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.market.calendar import calendar_named
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.chain import AMERICAN, EUROPEAN, Expiry, OptionChain, Underlying

SEED = 20260302
N_EXPIRIES = 10
NOW = to_ns(datetime(2026, 3, 2, 20, 0, tzinfo=timezone.utc))
SPOT = 100.0
VOL = 0.25
# The model discounts in the middle of the two rates, so neither side can be earned.
LEND, MIDDLE, BORROW = 0.035, 0.040, 0.045
BUSY_SYMBOL = "ZDIV"

_LISTED = (
    date(2026, 3, 13), date(2026, 3, 20), date(2026, 4, 2), date(2026, 4, 17), date(2026, 5, 15),
    date(2026, 6, 18), date(2026, 7, 17), date(2026, 9, 18), date(2026, 12, 18), date(2027, 3, 19),
)  # fmt: skip
DIVIDEND = 0.40
_US = calendar_named("us")
_EXPIRIES = tuple(Expiry(_US.settlement_ns(day), day) for day in _LISTED)
_EX_DATES = (date(2026, 4, 8), date(2026, 7, 8), date(2026, 10, 8), date(2027, 1, 8))


@dataclass(frozen=True, slots=True)
class Market:
    """A chain and what a scan of it is told."""

    chain: OptionChain
    settings: ScanSettings


@cache
def clean(backend: Backend, contracts: int, style: str = AMERICAN, seed: int = SEED) -> Market:
    """Return a chain without candidates: ten expiries, `contracts` options in all."""
    rng = Random(seed)
    bid, ask = array("d"), array("d")
    for price in fair_prices(backend, contracts, style):
        half = (0.005 + 0.006 * math.sqrt(price)) * (0.6 + 0.8 * rng.random())
        bid.append(max(0.0, math.floor(100.0 * (price - half)) / 100.0))
        ask.append(math.ceil(100.0 * (price + half)) / 100.0)
    return _market(style, _strikes(contracts), bid, ask, rng)


def fair_prices(
    backend: Backend, contracts: int, style: str, spot: float = SPOT
) -> Iterator[float]:
    """Yield what the model gives every option of `clean` when the underlying stands at `spot`."""
    ex_dates = _ex_dates(style)
    taus = [years_between(NOW, expiry.settles_ns) for expiry in _EXPIRIES]
    for right in (1, -1):
        for e in range(N_EXPIRIES):
            moments = _moments(taus, ex_dates, e, right, spot)
            for strike in _strikes(contracts):
                yield max(moment.price(backend, strike, right) for moment in moments)


def _strikes(contracts: int) -> list[float]:
    n = contracts // (2 * N_EXPIRIES)
    return [SPOT * (0.5 + k / n) for k in range(n)]


@cache
def noise(contracts: int) -> Market:
    """Return quotes with unpredictable errors, of which a few in a hundred hit.

    What a branch does on a small chain is learnt by the processor after a few runs; so this one
    has to be large. It is free to carry, and a hyperbola stands for its prices.
    """
    rng = Random(SEED)
    n = contracts // (2 * N_EXPIRIES)
    strikes = [SPOT * (0.5 + k / n) for k in range(n)]
    bid, ask = array("d"), array("d")
    for right in (1.0, -1.0):
        for _ in range(N_EXPIRIES):
            for strike in strikes:
                gap = right * (SPOT - strike)
                price = 0.5 * (gap + math.sqrt(gap * gap + 64.0)) + 0.2 * rng.random()
                bid.append(price - 0.05)
                ask.append(price + 0.05)
    market = _market(EUROPEAN, strikes, bid, ask, rng)
    return replace(market, settings=ScanSettings(carry=Carry(as_of_ns=NOW)))


def _market(
    style: str, strikes: list[float], bid: array[float], ask: array[float], rng: Random
) -> Market:
    n, quotes = len(strikes), range(len(bid))
    chain = OptionChain(
        symbol="CLEAN",
        ts_ns=NOW,
        underlying=Underlying("CLEAN", SPOT - 0.01, SPOT + 0.01, 5000.0, 5000.0, 0.1, 0.1),
        expiries=_EXPIRIES,
        first=array("l", range(0, n * N_EXPIRIES + 1, n)),
        strike=array("d", strikes * N_EXPIRIES),
        bid=bid,
        ask=ask,
        bid_size=array("d", (math.floor(1.0 + 200.0 * rng.random()) for _ in quotes)),
        ask_size=array("d", (math.floor(1.0 + 200.0 * rng.random()) for _ in quotes)),
        bid_age=array("d", (rng.random() for _ in quotes)),
        ask_age=array("d", (rng.random() for _ in quotes)),
        style=style,
        source="benchmark",
    )
    return Market(chain, settings_of(style))


def settings_of(style: str) -> ScanSettings:
    """Return the settings under which a clean chain of `style` is clean."""
    dividends = tuple(Dividend(day, day, DIVIDEND) for day in _EX_DATES if style == AMERICAN)
    return ScanSettings(
        carry=Carry(
            RateCurve.flat(LEND), RateCurve.flat(BORROW), dividends, borrow_fee=0.0025, as_of_ns=NOW
        )
    )


def _ex_dates(style: str) -> list[float]:
    return [years_between(NOW, _US.open_ns(day)) for day in _EX_DATES if style == AMERICAN]


def with_few_hits(market: Market) -> Market:
    """Return the chain with one call bid too high: a conversion, and what comes with it."""
    chain = market.chain
    e = 1
    row = next(row for row in chain.rows(e) if chain.strike[row] >= SPOT)
    put = chain.quote_index(row, "P")
    worth = chain.strike[row] * market.settings.carry.borrow.discount(chain.tau(e))
    bid, ask = array("d", chain.bid), array("d", chain.ask)
    bid[row] = math.ceil(100.0 * (chain.underlying.ask + ask[put] - worth + 0.08)) / 100.0
    ask[row] = bid[row] + 0.03
    return replace(market, chain=replace(chain, bid=bid, ask=ask))


@cache
def busy() -> Market:
    """Return a chain of the demo exchange, arbitrages and decoys planted in it."""
    (loaded,) = DemoFeed(SEED, [BUSY_SYMBOL]).chains(BUSY_SYMBOL)
    return Market(loaded.chain, ScanSettings(carry=loaded.carry or Carry()))


@dataclass(frozen=True, slots=True)
class _Moment:
    """When an option may be exercised, and what a share delivered then is worth in the model."""

    tau: float
    stock_value: float

    def price(self, backend: Backend, strike: float, right: int) -> float:
        discount = math.exp(-MIDDLE * self.tau)
        forward, deviation = self.stock_value / discount, VOL * math.sqrt(self.tau)
        price: float = backend.pricing.black_price(forward, strike, discount, deviation, right)
        return price


def _moments(
    taus: Sequence[float], ex_dates: Sequence[float], e: int, right: int, spot: float
) -> list[_Moment]:
    """Return when an option of expiry `e` may be exercised: at expiry only without `ex_dates`.

    A call just before a dividend, a put just after one, now, or when a shorter one expires.
    """
    tau = taus[e]
    early = [ex for ex in ex_dates if ex <= tau]
    if right > 0:
        return [
            *(_Moment(ex, _stock_value(ex_dates, ex - 1e-9, spot)) for ex in early),
            _Moment(tau, _stock_value(ex_dates, tau, spot)),
        ]
    stops = sorted({0.0, *early, *taus[: e + 1]}) if ex_dates else [tau]
    return [_Moment(stop, _stock_value(ex_dates, stop, spot)) for stop in stops]


def _stock_value(ex_dates: Sequence[float], until: float, spot: float) -> float:
    paid = sum(math.exp(-MIDDLE * ex) for ex in ex_dates if ex <= until)
    return spot - DIVIDEND * paid
