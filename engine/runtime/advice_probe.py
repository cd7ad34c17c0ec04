"""``python -m engine.runtime.advice_probe WORK SIZE SECONDS``: repeat one work and report.

A work is a scan of one chain, a backtest of bars in a kernel, or ticks taken one at a time. Started
by `engine.runtime.advice` on every interpreter of the machine, ENGINE_BACKEND saying which kernels.
"""

from __future__ import annotations

import json
import math
import sys
from array import array
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from random import Random
from time import perf_counter

from engine.backend import Backend, select
from engine.clock import to_ns, years_between
from engine.config import ScanSettings
from engine.market.calendar import calendar_named
from engine.market.carry import Carry, RateCurve
from engine.market.chain import EUROPEAN, Expiry, OptionChain, Underlying
from engine.scanner.pipeline import scan_chain

N_EXPIRIES = 10
SPOT, VOL, RATE = 100.0, 0.25, 0.04
NOW = to_ns(datetime(2026, 3, 2, 20, 0, tzinfo=timezone.utc))
FIRST = date(2026, 4, 17)
SETTINGS = ScanSettings(
    carry=Carry(RateCurve.flat(RATE - 0.005), RateCurve.flat(RATE + 0.005), as_of_ns=NOW)
)


def made_chain(backend: Backend, contracts: int) -> OptionChain:
    """Return a European chain of ten expiries that is quoted around Black-Scholes prices."""
    n = max(2, contracts // (2 * N_EXPIRIES))
    strikes = [SPOT * (0.5 + k / n) for k in range(n)]
    calendar = calendar_named("us")
    days = [FIRST + timedelta(days=28 * k) for k in range(N_EXPIRIES)]
    expiries = tuple(Expiry(calendar.settlement_ns(day), day) for day in days)
    bid, ask = array("d"), array("d")
    for right in (1, -1):
        for expiry in expiries:
            tau = years_between(NOW, expiry.settles_ns)
            discount, deviation = math.exp(-RATE * tau), VOL * math.sqrt(tau)
            for strike in strikes:
                price = backend.pricing.black_price(
                    SPOT / discount, strike, discount, deviation, right
                )
                half = 0.01 + 0.005 * math.sqrt(price)
                bid.append(max(0.0, math.floor(100.0 * (price - half)) / 100.0))
                ask.append(math.ceil(100.0 * (price + half)) / 100.0)
    quotes = len(bid)
    return OptionChain(
        symbol="ADVICE",
        ts_ns=NOW,
        underlying=Underlying("ADVICE", SPOT - 0.01, SPOT + 0.01, 5000.0, 5000.0, 0.1, 0.1),
        expiries=expiries,
        first=array("l", range(0, n * N_EXPIRIES + 1, n)),
        strike=array("d", strikes * N_EXPIRIES),
        bid=bid,
        ask=ask,
        bid_size=array("d", [50.0] * quotes),
        ask_size=array("d", [50.0] * quotes),
        bid_age=array("d", [0.5] * quotes),
        ask_age=array("d", [0.5] * quotes),
        style=EUROPEAN,
        source="made for the measurement",
    )


def timed(run: Callable[[], object], seconds: float) -> list[float]:
    """Return the seconds of each of the calls that fit into `seconds`, at least two."""
    found: list[float] = []
    end = perf_counter() + seconds
    while len(found) < 2 or perf_counter() < end:
        start = perf_counter()
        run()
        found.append(perf_counter() - start)
    return found


def most_memory() -> int:
    """Return the most memory that this process held, in bytes; 0 where nothing tells."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def scan(backend: Backend, contracts: int) -> Callable[[], object]:
    """Return the scan of a chain."""
    # With pure kernels: what a compiler takes belongs to the first scan.
    chain = made_chain(select("pure"), contracts)
    return lambda: scan_chain(chain, SETTINGS, backend)


def walk(n: int) -> array[float]:
    """Return a random walk of `n` prices."""
    draw, level, found = Random(1).random, SPOT, array("d")
    for _ in range(n):
        level *= 1.0 + 0.002 * (draw() - 0.5)
        found.append(level)
    return found


def backtest(backend: Backend, bars: int) -> Callable[[], object]:
    """Return the backtest of a crossing of means."""
    close = walk(bars)
    opens = close[:1] + close[:-1]
    account = array("d", (1e6, 1.0, 0.001, 0.0, 0.0, 0.0005, 0.0))
    out = [array("d", bytes(8 * bars)) for _ in range(3)]

    def run() -> object:
        kernel = backend.load("sweep").ma_cross_backtest
        return kernel(opens, close, 20, 100, 0.0, account, *out)

    return run


def ticks(backend: Backend, trades: int) -> Callable[[], object]:
    """Return what takes trades into a signal, a call for each."""
    price, draw = walk(trades), Random(2).random
    size = array("d", (3.0 * draw() for _ in range(trades)))
    side = array("b", (1 if draw() < 0.5 else -1 for _ in range(trades)))
    state, ring = array("d", bytes(8 * 7)), array("d", bytes(8 * 256))

    def run() -> object:
        kernels = backend.load("ticks")
        on_trade, signal = kernels.on_trade, 0.0
        kernels.start_ticks(50.0, state, ring)
        for row in range(trades):
            signal = on_trade(state, ring, price[row], size[row], side[row])
        return signal

    return run


WORKS: dict[str, Callable[[Backend, int], Callable[[], object]]] = {
    "scan": scan,
    "bars": backtest,
    "ticks": ticks,
}


def main(work: str, size: str, seconds: str) -> None:
    """Print what it took, as JSON."""
    backend = select()
    start = perf_counter()
    run = WORKS[work](backend, int(size))
    prepared = perf_counter() - start
    calls = timed(run, float(seconds))
    report = {"prepare_s": prepared, "calls_s": calls, "memory": most_memory()}
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
