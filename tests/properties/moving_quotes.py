"""Random events on chains that hold nothing, or a little: for the property tests of a watch."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, partial
from math import inf
from random import Random

from engine.backend import Backend
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.market.book import Book
from engine.market.calendar import calendar_named
from engine.market.carry import PROJECTED, Dividend, RateCurve
from engine.market.chain import OptionChain
from engine.market.fees import FREE, FeeSchedule
from engine.scanner.scanner import Scanner
from engine.scanner.search import search, view_of
from engine.scanner.watch import Watch
from engine.strategies.candidates import CandidateTable
from engine.strategies.scratch import Scratch

SECOND = 1_000_000_000
N_EVENTS = 8
SYMBOLS = ("ZDIV", "ZETF", "ZGRO", "ZHTB", "ZIDX")
N_MARKETS = 6
_TIERS = (
    FeeSchedule(),
    FREE,
    FeeSchedule(tiers=((0.0, 0.1), (0.5, 2.5), (3.0, 4.0)), exchange=0.1),  # steep steps
    FeeSchedule(tiers=((0.0, 3.0), (1.0, 0.5)), stock_minimum=0.0),  # falling
    FeeSchedule(proportional=0.01, premium_cap=0.1),
)
_CURVES = (
    RateCurve((0.0, 30.0, 400.0), (0.05, 0.03, 0.045)),
    RateCurve((0.0, 90.0, 91.0, 700.0), (-0.01, 0.02, 0.035, 0.01)),
)


@dataclass(frozen=True, slots=True)
class Market:
    chain: OptionChain
    settings: ScanSettings


@cache
def demo_market(symbol: str, seed: int) -> Market:
    (loaded,) = DemoFeed(1000 + seed, [symbol], compact=True, planted=False).chains(symbol)
    assert loaded.carry is not None
    return Market(loaded.chain, ScanSettings(carry=loaded.carry, near_misses=0))


def drawn(draw: Random) -> Market:
    """A demo market, some with ex-dates today and tomorrow, an expiry in minutes, other curves."""
    market = demo_market(draw.choice(SYMBOLS), draw.randrange(N_MARKETS))
    chain, settings = market.chain, replace(market.settings, fees=draw.choice(_TIERS))
    carry = settings.carry
    today = calendar_named(chain.calendar).session_date(chain.ts_ns)
    if draw.random() < 0.3:
        day = today + timedelta(days=draw.randrange(3))
        status = draw.choice(("declared", "declared", PROJECTED))
        dividend = Dividend(day, day + timedelta(days=9), draw.choice((0.01, 0.3)), status)
        carry = replace(carry, dividends=(*carry.dividends, dividend))
    if draw.random() < 0.7 and carry.borrow_fee < 0.1:
        carry = replace(carry, borrow_fee=0.0)  # a fee makes terms dear to make
    elif draw.random() < 0.2:
        carry = replace(carry, borrow_fee=0.3)
    if draw.random() < 0.05:
        curve = draw.choice(_CURVES)
        carry = replace(carry, lend=curve, borrow=curve.shifted(0.01))
    if draw.random() < 0.15:
        first = chain.expiries[0]
        soon = replace(first, settles_ns=chain.ts_ns + draw.randrange(5, 300) * SECOND)
        chain = replace(chain, expiries=(soon, *chain.expiries[1:]))
    if draw.random() < 0.2:
        # Instants near those at which terms jump: opening, closing, midnight.
        calendar = calendar_named(chain.calendar)
        near = draw.choice((calendar.open_ns(today), calendar.close_ns(today)))
        near += draw.choice((0, 8 * 3600 * SECOND)) - draw.randrange(40) * SECOND
        if near < chain.expiries[0].settles_ns:
            chain = replace(chain, ts_ns=near)
    return Market(chain, replace(settings, carry=carry))


Event = Callable[[Watch], bool]


def events(draw: Random, market: Market, n: int = N_EVENTS) -> Iterator[tuple[int, Event]]:
    """Yield instants and events: quotes jitter, leave, cross, come and go; stock, time, hits."""
    chain = market.chain
    now, quotes = chain.ts_ns, len(chain.bid)
    spot = chain.underlying
    dislocated: list[int] = []
    for _ in range(n):
        now += draw.choice((0, 1_000_000, SECOND, SECOND, draw.randrange(60) * SECOND))
        chance = draw.random()
        if chance < 0.12:
            move = draw.choice((0.0, 1e-4, 3e-4, 2e-3)) * draw.gauss(0.0, 1.0) * spot.ask
            sides = [round(x + move, 2) for x in (spot.bid, spot.ask)]
            if draw.random() < 0.05:
                sides[draw.randrange(2)] = draw.choice((0.0, float("nan")))
            yield now, partial(on_underlying, *sides, now)
            continue
        if chance < 0.2:
            yield now, partial(on_time, now)
            continue
        if dislocated and draw.random() < 0.3:
            q = dislocated.pop()
            bid, ask = chain.bid[q], chain.ask[q]
        else:
            q = draw.randrange(quotes)
            bid, ask = moved(draw, chain.bid[q], chain.ask[q])
            dislocated.append(q)
        if draw.random() < 0.5:
            yield now, partial(on_bid, q, bid, now)
        else:
            yield now, partial(on_ask, q, ask, now)


def on_underlying(bid: float, ask: float, now: int, watch: Watch) -> bool:
    return watch.on_underlying(bid, ask, 500.0, 500.0, now)


def on_time(now: int, watch: Watch) -> bool:
    return watch.on_time(now)


def on_bid(quote: int, price: float, now: int, watch: Watch) -> bool:
    return watch.on_bid(quote, price, 9.0, now)


def on_ask(quote: int, price: float, now: int, watch: Watch) -> bool:
    return watch.on_ask(quote, price, 9.0, now)


def moved(draw: Random, bid: float, ask: float) -> tuple[float, float]:
    """A quote near another one: tighter, wider, elsewhere, at fault, crossed, of one side."""
    spread = max(ask - bid, 0.01)
    chance = draw.random()
    if chance < 0.45:
        shift = 0.4 * spread * draw.gauss(0.0, 1.0)
        bid, ask = bid + shift, ask + shift
    elif chance < 0.6:
        bid, ask = bid + 0.3 * spread * draw.random(), ask - 0.3 * spread * draw.random()
    elif chance < 0.8:
        bid, ask = bid - spread * draw.random(), ask + spread * draw.random()
    elif chance < 0.87:
        shift = draw.choice((-1.0, 1.0)) * (1.0 + 2.0 * draw.random()) * spread
        bid, ask = bid + shift, ask + shift
    elif chance < 0.9:
        bid, ask = ask, bid
    else:
        nothing = draw.choice((0.0, float("nan")))
        bid, ask = draw.choice(((nothing, ask), (bid, nothing), (nothing, nothing)))
    return tuple(x if x != x else max(round(x, 2), 0.0) for x in (bid, ask))  # type: ignore[return-value]


Rows = list[tuple[object, float]]


def rows_of(table: CandidateTable) -> Rows:
    """Candidates by what they are, with their edges."""
    found = table.found
    return sorted((found.key(row), found.edge[row]) for row in range(found.count))


def expected(chain: OptionChain, watch: Watch, market: Market, backend: Backend) -> Rows:
    """What a full search says now: with terms of now, or with those of the last search."""
    fresh = Scanner(market.settings, backend).find(chain)
    if watch.found is None or watch.found.chain.ts_ns == chain.ts_ns:
        return rows_of(fresh.table)
    old = watch.found
    view = view_of(chain, old.view.terms, market.settings, backend, Scratch())
    assert old.paid is None
    table, _ = search(view, None, market.settings)
    return rows_of(table)


class Tally:
    """How often what happened, to show that a test has met it all."""

    def __init__(self) -> None:
        self.events = self.quiet = self.quiet_hits = self.hits = self.corners = self.boxless = 0


def follow(seed: int, market: Market, backend: Backend, tally: Tally) -> None:
    """Play one sequence and compare with a full search after each event."""
    draw = Random(seed)
    book = Book.of(market.chain, backend.load("ages").ages)
    scanner = Scanner(market.settings, backend)
    watch = Watch(book, scanner, market.chain.ts_ns)
    check(seed, watch, market.chain.ts_ns, market, backend, tally)
    for now, event in events(draw, market):
        has_settled = now >= book.listing.expiries[0].settles_ns
        if has_settled:
            # Contracts go: a watch is of a listing.
            book = book.relisted(book.listing.after(now))
            watch = Watch(book, scanner, now)
            is_quiet = False
        else:
            is_quiet = not event(watch)
        check(seed, watch, now, market, backend, tally)
        tally.quiet += is_quiet
        tally.quiet_hits += is_quiet and watch.found is not None
        if has_settled:
            break
    if watch.found is None:
        chain = corner(watch)
        rows = rows_of(Scanner(market.settings, backend).find(chain).table)
        assert not rows, f"seed {seed}: in a corner of the box there are {rows}"
        tally.corners += 1


def push(
    seed: int, market: Market, backend: Backend, tally: Tally, n: int = 6, far: float = 0.0
) -> None:
    """Make a box as large as it gets in `n` directions; then nothing may be in its corner.

    At most `far` in price, or four spreads.
    """
    draw = Random(seed)
    chain = market.chain
    book = Book.of(chain, backend.load("ages").ages)
    watch = Watch(book, Scanner(market.settings, backend), chain.ts_ns)
    if watch.found is not None:
        return
    for q in draw.sample(range(len(chain.bid)), n):
        side = draw.choice((-1, 1))
        bid, ask = chain.bid[q], chain.ask[q]
        inside, outside = 0.0, max(far, 4.0 * max(ask - bid, 0.05))
        for _ in range(10):
            step = 0.5 * (inside + outside)
            moved_to = (bid + step, ask) if side < 0 else (bid, max(ask - step, 1e-4))
            if watch._box.extend(q, side, *moved_to):
                inside = step
            else:
                outside = step
    rows = rows_of(Scanner(market.settings, backend).find(corner(watch)).table)
    assert not rows, f"seed {seed}: in a corner of the box there are {rows}"
    tally.corners += 1


def check(
    seed: int, watch: Watch, now: int, market: Market, backend: Backend, tally: Tally
) -> None:
    rows = expected(watch.book.snapshot(now), watch, market, backend)
    told = [] if watch.found is None else rows_of(watch.found.table)
    assert told == rows, f"seed {seed}: {told} instead of {rows}"
    tally.events += 1
    tally.hits += bool(rows)
    tally.boxless += watch.found is not None and not rows


def corner(watch: Watch) -> OptionChain:
    """The chain with every quote where the box still admits it, just before the box ends."""
    box, book = watch._box, watch.book
    frame = box._frame
    assert frame is not None
    chain = book.snapshot(box.until_ns - 1)
    bid = array("d", [x if x > 0.0 and x < inf else 0.0 for x in box.most_bid])
    ask = array("d", [x if x > 0.0 and x < inf else 0.0 for x in box.least_ask])
    spot = replace(chain.underlying, bid=box._corner.bid, ask=box._corner.ask)
    return replace(chain, bid=bid, ask=ask, underlying=spot)
