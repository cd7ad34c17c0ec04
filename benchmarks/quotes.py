"""Measure quotes that move: what one event costs a watch, event by event, on one runtime.

    python benchmarks/quotes.py                     10 seconds a stream, 4 000 contracts
    python benchmarks/quotes.py --seconds 2 --contracts 400

The stream: the spot walks by cents between two model surfaces, prices are mixed in a straight line
between them (which keeps them free of arbitrage), and every quote whose rounded price changes is
posted: what has become too good goes away first, then the stock moves, then the rest follows. It is
a model of ours, no recording. The collector is off. What takes more than 20 us is counted in
processor time, so that time slices lost to others do not count; caches lost to them still do. One
event in some hundreds is compared with a full search; ends with 70 if any differs.
"""

from __future__ import annotations

import argparse
import gc
import math
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import perf_counter_ns, thread_time_ns

if __name__ == "__main__":
    # A script finds its own folder, not the package that it belongs to.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.workloads.markets import Market, clean, fair_prices, with_few_hits
from engine.backend import Backend, select
from engine.market.book import Book
from engine.market.chain import AMERICAN, EUROPEAN
from engine.scanner.scanner import Scanner
from engine.scanner.watch import Watch

LOW, HIGH = 98.0, 102.0
HALF_STOCK = 0.01
CHECKED = 397
LONG_NS = 20_000
LASTING = 0.5  # more edge, so that the hit outlives the walk of the spot
TICK_NS = 100_000_000
PARITY_BROKEN = 70


@dataclass
class Times:
    """Nanoseconds of events by kind, and what came of them."""

    option: array[int] = field(default_factory=lambda: array("l"))
    stock: array[int] = field(default_factory=lambda: array("l"))
    stock_outside: array[int] = field(default_factory=lambda: array("l"))
    alive: int = 0
    wrong: int = 0
    checked: int = 0


class Surface:
    """Quotes of every contract at any spot between the two of the model."""

    def __init__(self, backend: Backend, contracts: int, style: str, market: Market) -> None:
        self.low, self.high = (
            list(fair_prices(backend, contracts, style, spot)) for spot in (LOW, HIGH)
        )
        # How far each side of the clean chain stands from its price there.
        middle = self.prices(0.5 * (LOW + HIGH))
        chain = market.chain
        self.below = [max(p - bid, 0.005) for p, bid in zip(middle, chain.bid, strict=True)]
        self.above = [max(ask - p, 0.005) for p, ask in zip(middle, chain.ask, strict=True)]

    def prices(self, spot: float) -> list[float]:
        share = (spot - LOW) / (HIGH - LOW)
        return [(1.0 - share) * a + share * b for a, b in zip(self.low, self.high, strict=True)]

    def quotes(self, spot: float) -> tuple[list[float], list[float]]:
        """Return bids and asks in cents."""
        middle = self.prices(spot)
        bids = [
            max(0.0, math.floor(100.0 * (p - d)) / 100.0)
            for p, d in zip(middle, self.below, strict=True)
        ]
        asks = [math.ceil(100.0 * (p + d)) / 100.0 for p, d in zip(middle, self.above, strict=True)]
        return bids, asks


def changes(
    surface: Surface, book: Book, spot: float, held: set[int]
) -> Iterator[tuple[int, int, float]]:
    """Yield (side, quote, price): -1 bids and +1 asks that changed, 0 where the stock moves."""
    bids, asks = surface.quotes(spot)
    away: list[tuple[int, int, float]] = []
    after: list[tuple[int, int, float]] = []
    for q, (bid, ask) in enumerate(zip(bids, asks, strict=True)):
        if q in held:
            continue
        if bid != book.bid[q]:
            (away if bid < book.bid[q] else after).append((-1, q, bid))
        if ask != book.ask[q]:
            (away if ask > book.ask[q] else after).append((1, q, ask))
    yield from away
    yield 0, 0, spot
    yield from after


def stream(
    watch: Watch,
    surface: Surface,
    seconds: float,
    reference: Scanner,
    now: int,
    held: set[int],
) -> Times:
    """Play the stream for so long and return what each event took."""
    draw, times, book = Random(7), Times(), watch.book
    spot, clock = 100.0, perf_counter_ns
    end, count = clock() + int(seconds * 1e9), 0
    while clock() < end:
        spot = min(max(round(spot + draw.choice((-0.01, 0.01)), 2), LOW), HIGH)
        now += TICK_NS
        for side, q, price in list(changes(surface, book, spot, held)):
            searches = watch.n_searches + watch.n_extensions
            processor, start = thread_time_ns(), clock()
            if side < 0:
                watch.on_bid(q, price, 9.0, now)
            elif side > 0:
                watch.on_ask(q, price, 9.0, now)
            else:
                watch.on_underlying(spot - HALF_STOCK, spot + HALF_STOCK, 5e3, 5e3, now)
            took = clock() - start
            if took > LONG_NS:
                took = thread_time_ns() - processor
            if side:
                times.option.append(took)
            elif watch.n_searches + watch.n_extensions > searches:
                times.stock_outside.append(took)
            else:
                times.stock.append(took)
            count += 1
            times.alive += watch.found is not None
            if count % CHECKED == 0:
                times.checked += 1
                times.wrong += not agrees(watch, reference, now)
    return times


def agrees(watch: Watch, reference: Scanner, now: int) -> bool:
    """Tell whether a full search names the same candidates."""
    found = reference.find(watch.book.snapshot(now)).table.found
    told = watch.found.table.found if watch.found else None
    ours = sorted(told.key(row) for row in range(told.count)) if told else []
    return ours == sorted(found.key(row) for row in range(found.count))


def stock_ticks(watch: Watch, now: int, n: int) -> tuple[array[int], array[int], int]:
    """Return nanoseconds of ticks within a few cents, inside the box and outside, and searches.

    Options stay where they are, as between a tick and their answer to it.
    """
    draw, inside, outside = Random(11), array("l"), array("l")
    searches = watch.n_searches
    for _ in range(n):
        spot = 100.0 + 0.01 * draw.randrange(-3, 4)
        extensions = watch.n_extensions
        processor = thread_time_ns()
        watch.on_underlying(spot - HALF_STOCK, spot + HALF_STOCK, 5e3, 5e3, now)
        took = thread_time_ns() - processor
        (outside if watch.n_extensions > extensions else inside).append(took)
    return inside, outside, watch.n_searches - searches


def quiet_call(watch: Watch, now: int) -> float:
    """Return nanoseconds of one event that changes nothing: the least mean of many."""
    on_bid, price, least = watch.on_bid, watch.book.bid[1234 % len(watch.book.bid)], math.inf
    quote = 1234 % len(watch.book.bid)
    for _ in range(60):
        start = perf_counter_ns()
        for _ in range(2000):
            on_bid(quote, price, 9.0, now)
        least = min(least, (perf_counter_ns() - start) / 2000)
    return least


def snapshots(book: Book, now: int) -> list[int]:
    """Return nanoseconds of snapshots, each after one bid has changed."""
    took = []
    for k in range(3000):
        book.set_bid(17, 1.0 + 0.01 * (k % 5), 5.0, now)
        start = perf_counter_ns()
        book.snapshot(now + k)
        took.append(perf_counter_ns() - start)
    return took


def told(name: str, took: list[int] | array[int]) -> str:
    """Return one line: how many, p50, p99, p99.9 and the worst in microseconds."""
    if not took:
        return f"  {name:34s} none"
    ordered = sorted(took)
    points = (ordered[min(int(share * len(ordered)), len(ordered) - 1)] / 1e3
              for share in (0.5, 0.99, 0.999, 1.0))  # fmt: skip
    p50, p99, p999, worst = points
    return f"  {name:34s} {len(took):9,}  {p50:9.2f} {p99:9.1f} {p999:9.1f} {worst:9.0f}"


def measure(backend: Backend, style: str, contracts: int, seconds: float) -> int:
    """Print the figures of one style; return how many answers were wrong."""
    market = clean(backend, contracts, style)
    surface = Surface(backend, contracts, style, market)
    now, ages = market.chain.ts_ns, backend.load("ages").ages
    print(f"{style}, {contracts:,} contracts: events, p50, p99, p99.9, worst in us")
    print(told("snapshot after one change", snapshots(Book.of(market.chain, ages), now)))

    def watch_of(chain_market: Market) -> Watch:
        scanner = Scanner(market.settings, backend, terms_seconds=1.0)
        return Watch(Book.of(chain_market.chain, ages), scanner, now)

    watch, reference = watch_of(market), Scanner(market.settings, backend)
    if watch.found is not None:
        print("  the clean chain has no box")
    print(f"  one quiet option quote, many at once {quiet_call(watch, now) / 1e3:17.3f}")
    stock_ticks(watch, now, 300)  # to warm up
    within, outside, searched = stock_ticks(watch, now, 1000)
    print(told("stock ticks alone, inside the box", within))
    print(told("stock ticks alone, outside", outside))
    print(f"  of these searched in full {searched:,}")
    stream(watch, surface, min(seconds, 3.0), reference, now, set())  # to warm up
    before = watch.n_searches, watch.n_extensions, watch.n_builds
    times = stream(watch, surface, seconds, reference, now, set())
    print(told("option quotes", times.option))
    print(told("stock ticks of the stream, inside", times.stock))
    print(told("stock ticks of the stream, outside", times.stock_outside))
    searches, extensions, builds = (
        after - old
        for after, old in zip(
            (watch.n_searches, watch.n_extensions, watch.n_builds), before, strict=True
        )
    )
    print(f"  searched {searches:,} times, box changed {extensions:,}, built anew {builds:,}")
    wrong, checked = times.wrong, times.checked

    hit = with_few_hits(market)
    held = {q for q, price in enumerate(hit.chain.bid) if price != market.chain.bid[q]}
    (quote,) = held
    watch = watch_of(hit)
    watch.on_bid(quote, hit.chain.bid[quote] + LASTING, 9.0, now)
    times = stream(watch, surface, seconds, reference, now, held)
    print(told("option quotes, a hit alive", times.option))
    print(told("stock ticks, a hit alive", times.stock_outside))
    n = len(times.option) + len(times.stock) + len(times.stock_outside)
    print(f"  alive at {times.alive / max(n, 1):.0%} of the events")
    wrong, checked = wrong + times.wrong, checked + times.checked
    print(f"  {checked:,} events compared with a full search, {wrong} differ")
    return wrong


def main() -> int:
    """Measure both styles on the backend in use."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each stream")
    parser.add_argument("--contracts", type=int, default=4000)
    said = parser.parse_args()
    backend = select()
    print(backend)
    gc.collect()
    gc.disable()
    wrong = sum(
        measure(backend, style, said.contracts, said.seconds) for style in (AMERICAN, EUROPEAN)
    )
    return PARITY_BROKEN if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
