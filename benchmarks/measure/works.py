"""What whole processes do for the crossovers: some work of any size, and how to prepare it.

Preparing (making or reading the input) belongs to the process and is timed with it, apart from the
work itself. One line in `WORKS` makes a work part of the crossovers, the plots and the page.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # run.py reads the table and knows nothing of the engine
    from engine.backend import Backend

# So many different options; beyond that they come round again, so that drawing them costs little.
DIFFERENT_OPTIONS = 5_000
DIFFERENT_PRICES = 50_000
CHAIN = 2000
SEED = 20260302

# A work is prepared for a size, and returns the digest of its answer when asked for it.
Prepared = tuple[Callable[[], object], Callable[[], str]]


@dataclass(frozen=True, slots=True)
class Work:
    """Work of any size.

    Attributes
    ----------
    name, unit
        How it is called, and what its size counts.
    sizes
        The sizes that whole processes are started with.
    calls
        The size that is called again and again in one process.
    prepare
        Makes it for a backend and a size; the folder holds chains as files.
    seconds
        How long it is called again and again, until well after it is warm.
    makes_garbage
        Whether settings of the garbage collector may matter to it.
    """

    name: str
    unit: str
    sizes: tuple[int, ...]
    calls: int
    prepare: Callable[[Backend, int, Path], Prepared]
    seconds: float = 4.0
    makes_garbage: bool = False


def _price(backend: Backend, n: int, _folder: Path) -> Prepared:
    draw = Random(SEED).random
    some = min(n, DIFFERENT_OPTIONS)
    drawn = [array("d") for _ in range(6)]
    for k in range(some):
        tau = (1 + 10 * k // some) / 10
        row = (100.0, 60.0 + 80.0 * draw(), tau, 0.04, 0.01, 0.1 + 0.6 * draw())
        for column, value in zip(drawn, row, strict=True):
            column.append(value)
    right = array("b", (1 if draw() < 0.5 else -1 for _ in range(some)))
    spot, strike, tau_, rate, div, vol = (_repeated(column, n) for column in drawn)
    sides, price = _repeated(right, n), array("d", bytes(8 * n))
    columns = spot, strike, tau_, rate, div, vol, sides
    price_chain: Callable[..., None] = backend.pricing.price_chain

    def run() -> None:
        price_chain(*columns, price)

    return run, lambda: _answer_of(price_chain, *columns, price)


def _answer_of(kernel: Callable[..., object], *args: object) -> str:
    from benchmarks.workloads.tasks import call_task

    return call_task(kernel, *args).answer()


def _digest(*parts: object) -> str:
    # Imported when nothing is timed any more: it brings the whole scan with it.
    from benchmarks.workloads.tasks import digest

    return digest(parts)


def _repeated(column: array, n: int) -> array:  # type: ignore[type-arg]
    times = -(-n // len(column))
    return (column * times)[:n]


def _scan(backend: Backend, n: int, folder: Path) -> Prepared:
    # Imported where they are needed: pricing does without them.
    from benchmarks.measure.processes import csv_paths
    from benchmarks.workloads.markets import settings_of
    from engine.api import load
    from engine.scanner.pipeline import scan_chain

    chain = load(f"csv:{csv_paths(folder)[CHAIN]}").chain
    settings = settings_of(chain.style)
    found: list[object] = []

    def run() -> None:
        found.clear()
        for _ in range(n):
            found.append(scan_chain(chain, settings, backend).funnel)

    return run, lambda: _digest(len(found), found[-1])


def _walk(n: int) -> array[float]:
    draw, level, found = Random(SEED).random, 100.0, array("d")
    for _ in range(min(n, DIFFERENT_PRICES)):
        level *= 1.0 + 0.002 * (draw() - 0.5)
        found.append(level)
    return _repeated(found, n)


def _bars(backend: Backend, n: int, _folder: Path) -> Prepared:
    close = _walk(n)
    opens = array("d", close[:1]) + close[:-1]
    # Cash, units, fees as a share, a unit and an order, slippage as a share and in prices.
    account = array("d", (1e6, 1.0, 0.001, 0.0, 0.0, 0.0005, 0.0))
    cash, position, equity = (array("d", bytes(8 * n)) for _ in range(3))
    backtest = backend.load("sweep").ma_cross_backtest

    def run() -> None:
        backtest(opens, close, 20, 100, 0.0, account, cash, position, equity)

    return run, lambda: _digest(cash, position, equity)


def _ticks(backend: Backend, n: int, _folder: Path) -> Prepared:
    """Prepare trades that come one at a time: a call for each."""
    price, draw = _walk(n), Random(SEED).random
    some = min(n, DIFFERENT_PRICES)
    size = _repeated(array("d", (3.0 * draw() for _ in range(some))), n)
    side = _repeated(array("b", (1 if draw() < 0.5 else -1 for _ in range(some))), n)
    signal, state, ring = (array("d", bytes(8 * length)) for length in (n, 7, 256))
    ticks = backend.load("ticks")

    def run() -> None:
        on_trade = ticks.on_trade
        ticks.start_ticks(50.0, state, ring)
        for row in range(n):
            signal[row] = on_trade(state, ring, price[row], size[row], side[row])

    return run, lambda: _digest(signal)


WORKS = {
    work.name: work
    for work in (
        # Beyond the second size the curves are as good as straight.
        Work("price", "options", tuple(10**k for k in range(3, 8)), 50_000, _price),
        Work(
            "scan", f"chains of {CHAIN:,} contracts", (1, 4, 16, 64, 250, 1000), 1, _scan, 10.0,
            makes_garbage=True,
        ),
        Work("bars", "bars", (1000, *(10**k for k in range(5, 8))), 100_000, _bars),
        Work("ticks", "trades", tuple(10**k for k in range(3, 8)), 10_000, _ticks),
    )
}  # fmt: skip
