"""Small chains made by hand, at exact times to expiry."""

from __future__ import annotations

from datetime import date, timedelta

from engine.clock import NS_PER_DAY
from engine.config import ScanSettings
from engine.market.calendar import calendar_named
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.chain import AMERICAN, ChainBuilder, Expiry, OptionChain, Underlying
from engine.market.fees import FeeSchedule

# A Monday on which the market is open, an hour before the close.
TODAY = date(2026, 3, 2)
US = calendar_named("us")
NOW_NS = US.close_ns(TODAY) - NS_PER_DAY // 24

# The fees of the golden numbers: 0.007 per option share, 0.005 per share of stock.
GOLDEN_FEES = FeeSchedule(tiers=((0.0, 0.65),), exchange=0.05)
RATES = (RateCurve.flat(0.045), RateCurve.flat(0.055))


def expiry(days: int) -> Expiry:
    """Return an expiry that settles exactly `days` days from now."""
    return Expiry(NOW_NS + days * NS_PER_DAY, TODAY + timedelta(days=days))


def chain(
    quotes: dict[tuple[int, float, str], tuple[float, float]],
    spot: tuple[float, float] = (100.0, 100.02),
    *,
    style: str = AMERICAN,
    size: float = 100.0,
    age: float = 0.1,
    kind: str = "equity",
) -> OptionChain:
    """Return a chain of quotes ``(days, strike, right): (bid, ask)``."""
    underlying = Underlying(
        "XYZ", *spot, bid_size=1e6, ask_size=1e6, bid_age=0.1, ask_age=0.1, kind=kind
    )
    builder = ChainBuilder("XYZ", NOW_NS, underlying)
    for (days, strike, right), (bid, ask) in quotes.items():
        builder.add(expiry(days), strike, right, bid, ask, size, size, age, age)
    return builder.build(style=style)


def dividend(days: int, amount: float, status: str = "declared") -> Dividend:
    """Return a dividend, ex and paid `days` days from today."""
    day = TODAY + timedelta(days=days)
    return Dividend(day, day, amount, status)


def carry(*dividends: Dividend, borrow_fee: float = 0.0) -> Carry:
    """Return carry at the rates of the golden numbers."""
    return Carry(*RATES, dividends=dividends, borrow_fee=borrow_fee, as_of_ns=NOW_NS)


def settings(terms: Carry, **changes: object) -> ScanSettings:
    """Return settings with the golden fees and room for every row."""
    return ScanSettings(carry=terms, fees=GOLDEN_FEES, top=10_000, **changes)  # type: ignore[arg-type]
