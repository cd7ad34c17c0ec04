"""What the demo exchange lists: six invented underlyings, their carry, expiries and strikes.

Everything is drawn from one `random.Random` per (seed, symbol), by `random()` alone, which every
Python since 2.3 repeats to the last bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from random import Random

from engine.clock import NS_PER_SECOND, to_ns, years_between
from engine.market.calendar import Calendar, calendar_named
from engine.market.carry import DECLARED, PROJECTED, Carry, Dividend, RateCurve
from engine.market.chain import AMERICAN, COIN, EQUITY, EUROPEAN, INDEX, Expiry

# A Wednesday, 10:00 in New York.
AS_OF_NS = to_ns(datetime(2026, 3, 4, 15, 0, tzinfo=timezone.utc))

# Fridays as listed: Good Friday and Juneteenth are among them and trade a day earlier.
_FRIDAYS = (
    date(2026, 3, 6), date(2026, 3, 13), date(2026, 3, 20), date(2026, 3, 27), date(2026, 4, 3),
    date(2026, 4, 10), date(2026, 4, 17), date(2026, 5, 15), date(2026, 6, 19), date(2026, 9, 18),
    date(2026, 12, 18), date(2027, 1, 15), date(2027, 3, 19),
)  # fmt: skip
_COMPACT = (1, 6, 8, 10)
_EX_DATES = (
    date(2026, 3, 10), date(2026, 6, 9), date(2026, 9, 8), date(2026, 12, 8), date(2027, 3, 9),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """How one of the six underlyings differs: ranges are drawn from uniformly."""

    spot: tuple[float, float]
    vol: tuple[float, float]
    style: str = AMERICAN
    kind: str = EQUITY
    dividend_yield: float = 0.0
    borrow_fee: tuple[float, float] = (0.0025, 0.0025)
    withholding: float = 0.0
    index_yield: float = 0.0
    # Ticks per unit of price, below and from `tick_change` on.
    ticks: tuple[int, int] = (100, 100)
    tick_change: float = 3.0


KINDS = {
    # Inverse options: quoted and settled in the coin.
    "ZCOIN": Kind(
        (20_000.0, 90_000.0), (0.50, 0.75), EUROPEAN, COIN,
        borrow_fee=(0.0, 0.0), ticks=(10_000, 2_000), tick_change=0.005,
    ),
    "ZDIV": Kind((60.0, 180.0), (0.20, 0.32), dividend_yield=0.028),
    # A fund whose options are European, so that calendars are compared on the scale z.
    "ZETF": Kind(
        (80.0, 140.0), (0.15, 0.24), EUROPEAN,
        dividend_yield=0.018, borrow_fee=(0.004, 0.004), withholding=0.15,
    ),
    # No dividends, and not in the penny programme.
    "ZGRO": Kind((150.0, 400.0), (0.35, 0.55), ticks=(100, 20)),
    # Hard to borrow: the fee shows in its synthetic forward.
    "ZHTB": Kind((25.0, 70.0), (0.60, 0.85), borrow_fee=(0.12, 0.40)),
    "ZIDX": Kind(
        (4_000.0, 7_000.0), (0.12, 0.20), EUROPEAN, INDEX,
        index_yield=0.014, borrow_fee=(0.0, 0.0), ticks=(20, 10),
    ),
}  # fmt: skip
"""The underlyings by symbol, in order."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One underlying as the exchange lists it on the demo's day.

    `middle` is the curve the model discounts with, `drain` what the model's stock loses a year
    to its borrower or in index dividends. `strikes` are by expiry; `vols` up to each expiry from
    the one before. `taus` count from `as_of_ns`.
    """

    symbol: str
    kind: Kind
    spot: float
    carry: Carry
    middle: RateCurve
    drain: float
    basis: float
    expiries: tuple[Expiry, ...]
    taus: tuple[float, ...]
    vols: tuple[float, ...]
    skew: float
    curve: float
    strikes: tuple[tuple[float, ...], ...]
    as_of_ns: int = AS_OF_NS

    @property
    def calendar(self) -> str:
        """Name of the trading calendar."""
        return "crypto" if self.kind.kind == COIN else "us"


def between(rng: Random, low: float, high: float) -> float:
    """Return a uniform draw."""
    return low + (high - low) * rng.random()


def pick(rng: Random, n: int) -> int:
    """Return a uniform draw from ``range(n)``; unlike `randrange`, the same on every version."""
    return int(rng.random() * n)


def list_symbol(symbol: str, rng: Random, *, compact: bool) -> Listing:
    """Draw the listing of `symbol`: 13 expiries of up to 40 strikes, `compact` 4 of 11.

    The last expiry has one strike more, near nothing.
    """
    kind = KINDS[symbol]
    calendar = calendar_named("crypto" if kind.kind == COIN else "us")
    spot = round(between(rng, *kind.spot), 2)
    vol = between(rng, *kind.vol)
    fee = between(rng, *kind.borrow_fee)
    carry, middle = _carry(kind, spot, fee, rng, calendar)
    expiries = _expiries(symbol, kind, calendar, compact)
    taus = tuple(years_between(AS_OF_NS, expiry.settles_ns) for expiry in expiries)
    vols = tuple(vol * between(rng, 0.9, 1.12) for _ in taus)
    # Only a fee worth the name leaves a trace in the prices.
    drain = kind.index_yield + (fee * between(rng, 0.6, 0.95) if fee > 0.05 else 0.0)
    basis = between(rng, 0.01, 0.09) if kind.kind == COIN else 0.0
    n_strikes = 11 if compact else 40
    strikes = [_strikes(spot, vol * math.sqrt(tau), n_strikes) for tau in taus]
    # A strike near nothing in the last expiry: where an upper bound is a small step away.
    strikes[-1] = (max(0.5, round(spot / 100.0)), *strikes[-1])
    return Listing(
        symbol, kind, spot, carry, middle, drain, basis, expiries, taus, vols,
        between(rng, 0.8, 2.2), between(rng, 2.0, 4.0), tuple(strikes),
    )  # fmt: skip


def _carry(
    kind: Kind, spot: float, fee: float, rng: Random, calendar: Calendar
) -> tuple[Carry, RateCurve]:
    if kind.kind == COIN:
        return Carry(as_of_ns=AS_OF_NS), RateCurve()
    days = (1.0, 30.0, 90.0, 180.0, 365.0)
    level = between(rng, 0.03, 0.05)
    slope = between(rng, -0.002, 0.004)
    gap = between(rng, 0.006, 0.014)
    lend = RateCurve(days, tuple(round(level + slope * d / 365.0, 6) for d in days))
    borrow = RateCurve(days, tuple(round(rate + gap, 6) for rate in lend.rates))
    share = between(rng, 0.25, 0.75)
    middle = RateCurve(
        days, tuple(a + share * (b - a) for a, b in zip(lend.rates, borrow.rates, strict=True))
    )
    carry = Carry(
        lend,
        borrow,
        _dividends(kind, spot, rng, calendar),
        kind.withholding,
        round(fee, 4),
        math.nan if kind.kind == INDEX else 20_000.0,
        kind.index_yield,
        # The rates were read three hours ago.
        AS_OF_NS - 3 * 3600 * NS_PER_SECOND,
    )
    return carry, middle


def _dividends(kind: Kind, spot: float, rng: Random, calendar: Calendar) -> tuple[Dividend, ...]:
    if kind.dividend_yield == 0.0:
        return ()
    shift = timedelta(days=pick(rng, 14))
    quarter = 0.25 * kind.dividend_yield * spot * between(rng, 0.7, 1.3)
    dividends = []
    for k, listed in enumerate(_EX_DATES):
        ex = listed + shift
        if not calendar.is_session(ex):
            ex = calendar.next_session(ex)
        amount = round(quarter * (1.0 + 0.02 * k), 2)
        # Boards declare a quarter at a time.
        status = DECLARED if k == 0 else PROJECTED
        dividends.append(Dividend(ex, ex + timedelta(days=21), amount, status))
    return tuple(dividends)


def _expiries(symbol: str, kind: Kind, calendar: Calendar, compact: bool) -> tuple[Expiry, ...]:
    fridays = [_FRIDAYS[k] for k in _COMPACT] if compact else list(_FRIDAYS)
    expiries = []
    for friday in fridays:
        day = calendar.last_trading_day(friday)
        # The third Friday's index options settle on the opening prices.
        is_morning = kind.kind == INDEX and 15 <= friday.day <= 21
        settlement = "AM" if is_morning else "PM"
        trading_class = symbol if is_morning or kind.kind != INDEX else symbol + "W"
        expiries.append(
            Expiry(calendar.settlement_ns(day, settlement), day, settlement, trading_class)
        )
    return tuple(sorted(expiries))


def _strikes(spot: float, deviation: float, count: int) -> tuple[float, ...]:
    """Return `count` round strikes around `spot`: the inner half a step apart, the outer two."""
    wanted = 4.2 * spot * deviation / count
    step = 0.5
    # 0.5, 1, 2.5, 5, 10, 25, ... far enough for any coin.
    for factor in (2.0, 2.5, 2.0) * 8:
        if step >= wanted:
            break
        step *= factor
    inner = count // 4
    outer = (count - 2 * inner - 1) // 2
    centre = round(spot / step) * step
    offsets = [-inner - 2 * k for k in range(outer, 0, -1)]
    offsets += list(range(-inner, inner + 1))
    offsets += [inner + 2 * k for k in range(1, count - len(offsets) + 1)]
    return tuple(centre + k * step for k in offsets if centre + k * step > 0.0)
