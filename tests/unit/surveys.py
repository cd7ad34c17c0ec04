"""A survey made by hand, and one of a scanned demo chain, for the tests of what people see."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from rich.console import Console

from engine.backend import select
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.market.carry import Carry, RateCurve
from engine.market.chain import EUROPEAN, ChainBuilder, Expiry, OptionChain, Underlying
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.market.fees import FeeSchedule
from engine.market.quoting import IN_COIN
from engine.proof.states import Proof, State
from engine.scanner.many import scan_loaded
from engine.scanner.survey import Request, Scan, Survey
from engine.scoring.capital import Capital
from engine.scoring.cash import Cash
from engine.scoring.horizons import UNKNOWN_MARKET, Horizon, Market
from engine.scoring.opportunity import (
    CARRY,
    CONDITIONAL,
    LOCKED,
    SYNTHETIC,
    Funnel,
    NearMiss,
    Opportunity,
    ScanResult,
)
from engine.scoring.tickets import make_ticket

NOW = 1_450_971_000_000_000_000  # 2015-12-24 15:30 UTC
JANUARY = Expiry(1_452_891_600_000_000_000, date(2016, 1, 15))
FEBRUARY = Expiry(1_455_915_600_000_000_000, date(2016, 2, 19))
CARRIES = Carry(RateCurve.flat(0.04), RateCurve.flat(0.05))


def option(side: int, right: str, strike: float, expiry: Expiry = FEBRUARY, **more: Any) -> Leg:
    values: dict[str, Any] = {"ratio": 1, "price": 5.0, "fee": 0.007, "bid": 4.9, "ask": 5.0,
                              "size": 10.0, "age": 0.5}  # fmt: skip
    return Leg(
        OPTION, side, right=right, strike=strike, expiry=expiry.date,
        settles_ns=expiry.settles_ns, quote=0, **(values | more),
    )  # fmt: skip


CONVERSION = (
    option(1, "P", 100.0, price=2.10),
    option(-1, "C", 100.0, price=3.20),
    Leg(STOCK, 1, 1, 100.02, fee=0.005, bid=100.0, ask=100.02),
)
BOX = (option(1, "C", 95.0), option(-1, "C", 105.0), option(1, "P", 105.0), option(-1, "P", 95.0))
ROLL = (
    option(-1, "C", 100.0, JANUARY), option(1, "P", 100.0, JANUARY),
    option(1, "C", 100.0), option(-1, "P", 100.0),
)  # fmt: skip
BUTTERFLY = (option(1, "C", 95.0, ratio=2), option(-1, "C", 100.0, ratio=3), option(1, "C", 110.0))


def opportunity(**changes: Any) -> Opportunity:
    """Return G1's conversion, changed."""
    base = Opportunity(
        id="aa00000001", family="conversion", grade=LOCKED, symbol="XYZ", legs=CONVERSION, unit=1,
        edge=0.6595, edge_usd=65.95, lots=1, capital=9893.9, annualised=0.0427, score=0.0312,
        days=60.0, plain=1.08, implied_rate=0.09538, fill_probability=0.87, leg_out_loss=12.5,
        terms=(("outlay", -98.939), ("strike and dividend", 99.5985)),
        proof=Proof(
            0.6595,
            (State("expiry 2016-02-19", 90.0, 0.6595), State("assigned on the eve", 120.0, 0.7602)),
            2,
        ),
        ticket=make_ticket(
            CONVERSION, 0.6595, 1, 1, FeeSchedule(), min_edge=0.01, min_edge_usd=5.0
        ),
        cash=Cash(-9893.9, 1.9, 10_000.0, 10_000.0, False, FEBRUARY.date, FEBRUARY.date),
        binds=Capital(9893.9, 4945.5, 75.0, 0.0),
        market=Market(
            100.01,
            (Horizon(FEBRUARY.date, FEBRUARY.settles_ns, 60 / 365, 0.993, 0.992, 0.0, 0.0, 100.8),),
        ),
    )  # fmt: skip
    if "legs" in changes:
        # What it knows of the market is of other legs.
        changes = {"market": UNKNOWN_MARKET, **changes}
    return replace(base, **changes)


def chain(symbol: str = "XYZ", **build: Any) -> OptionChain:
    builder = ChainBuilder(symbol, NOW, Underlying(symbol, 100.0, 100.02))
    for expiry in (JANUARY, FEBRUARY):
        for strike in (95.0, 100.0, 105.0):
            for right in "CP":
                builder.add(expiry, strike, right, 4.9, 5.0, 10.0, 10.0, 0.5, 0.5)
    return builder.build(source="csv:quotes.csv", **build)


def scan(symbol: str = "XYZ", *, settings: ScanSettings | None = None, **changes: Any) -> Scan:
    values: dict[str, Any] = {
        "chain": chain(symbol),
        "opportunities": (),
        "near_misses": (),
        "funnel": Funnel(0, {}, 0),
        "n_carry": len(changes.get("carry", ())),
    }
    result = ScanResult(**(values | changes))
    return Scan(result, settings or ScanSettings(carry=CARRIES))


def hand_made() -> Survey:
    """Return a survey that has one of everything."""
    found = (
        opportunity(),
        opportunity(id="aa00000002", family="box", legs=BOX, edge=0.0123, edge_usd=6.15, lots=5,
                    grade=CONDITIONAL, conditions=("ages-unknown",), implied_rate=0.0512,
                    score=12345.6, annualised=250.0, plain=math.nan),
        opportunity(id="bb00000003", family="jelly_roll", legs=ROLL, implied_rate=math.nan,
                    flags=("pin-risk", "short-stock"), score=-3.5, capital=1234567.0),
        opportunity(id="bb00000004", family="calendar_butterfly", legs=BUTTERFLY, unit=3,
                    implied_rate=math.nan, score=0.00123),
    )  # fmt: skip
    near = (
        NearMiss("box", BOX, 0.0057, "spread", "a spread of C 95 tighter by 0.02", 0.02, "price"),
        NearMiss("conversion", CONVERSION, -0.003, "no edge", "a price better by 0.013", 0.013,
                 "price"),
        NearMiss("butterfly", BUTTERFLY, 0.05, "spread", "a spread tighter by 0.01", 0.01, "price"),
    )  # fmt: skip
    funnel = Funnel(
        1234, {"quote": 34, "option_age": 1000, "edge_usd": 196}, 4,
        {"conversion": 1, "box": 1200, "butterfly": 33}, {"calendar": "the index cannot be traded"},
    )  # fmt: skip
    carry = tuple(
        opportunity(id=f"cc0000000{k}", grade=CARRY, edge=-0.16 - k, plain=0.59 - 0.1 * k)
        for k in range(3)
    )
    coin = Leg(FUTURE, 1, 1, 2241.0, expiry=FEBRUARY.date, settles_ns=FEBRUARY.settles_ns,
               bid=2240.0, ask=2241.0, notional=10.0)  # fmt: skip
    coins = chain("ETH", style=EUROPEAN, quoting=IN_COIN, currency="ETH", multiplier=1.0)
    inverse = opportunity(
        id="dd00000005", symbol="ETH", family="box", legs=(*BOX, coin), edge=0.000123,
        implied_rate=math.nan,
    )  # fmt: skip
    return Survey(
        (
            scan(opportunities=found, near_misses=near, funnel=funnel, carry=carry,
                 synthetics=(opportunity(id="ee00000006", grade=SYNTHETIC, edge=-1.5, best=3.0),)),
            scan("ETH", chain=coins, opportunities=(inverse,), funnel=Funnel(1, {}, 1),
                 near_misses=(NearMiss("box", (*BOX, coin), 0.000057, "size",
                                       "1 more contract of C 95", 1.0, "size"),)),
            scan("BAD", unusable="9,000 boxes pay: these quotes were not made at one time"),
        )
    )  # fmt: skip


@cache
def demo(symbol: str = "ZETF") -> Survey:
    """Return the scan of one small demo chain, by the pure kernels."""
    request = Request(settings=ScanSettings(top=5, show_carry=True))
    feed = DemoFeed(0, [symbol], compact=True)
    return Survey(tuple(scan_loaded(one, request, select("pure")) for one in feed.chains(symbol)))


def shown(width: int, render: Any, *args: Any, colour: bool = False) -> str:
    """Return what `render` prints to a console of `width` columns; `args` go before it."""
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    render(*args[:1], *args[1:2], console, *args[2:])
    return stream.getvalue()
