"""Measure backtests of objects: CPU nanoseconds a bar, beside vectorbt and backtesting.py.

    python benchmarks/backtests.py [--bars 100000] [--rounds 15] [--pypy PYTHON] [--json FILE]

The interpreter that runs it measures the peers that it finds (the leg `anchors` has them); PyPy and
this interpreter measure ours, each in a process of its own for each way to trade: a loop that has
seen several strategies is a little slower. Trade lists are compared before anything is timed. The
first run of a process compiles; `warm` is the least and the median of the later half. Times are of
the processor, since other programs run beside; ratios of one call alone count. Losers are printed.
`load` is that of the machine. Committed figures are in benchmarks/results, in the folder alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

if __name__ == "__main__":
    # A script finds its own folder, not the package that it belongs to.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.workloads.calls_events import BAR_NS, bars
from engine.backtesting.data import Data
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.market.bars import Bar, Bars

FAST, SLOW, UNITS = 20, 50, 10.0
# Closes are kept in a ring of a power of two, zeros at first.
RING = 64
TERMS = Terms(cash=1e6, units=UNITS)
# What a peer may take as a multiple of ours on PyPy, by docs/BACKTEST.md.
WANTED = {"backtesting": 150.0, "vectorbt": 3.0}
LIMITS = {"targets": 30.0, "orders": 30.0, "brackets": 60.0}


class Cross(Strategy):
    """The crossing of two means from rings of the last closes."""

    def start(self) -> None:
        self.closes = array("d", bytes(8 * RING))
        self.row = 0
        self.quick = self.calm = 0.0
        self.side = 0.0

    def crossed(self, close: float) -> float:
        """Take a close and return the side that it leaves: 1.0, -1.0, and 0.0 at first."""
        ring, row = self.closes, self.row
        self.quick += close - ring[(row - FAST) & (RING - 1)]
        self.calm += close - ring[(row - SLOW) & (RING - 1)]
        ring[row & (RING - 1)] = close
        self.row = row + 1
        if row + 1 < SLOW:
            return 0.0
        return 1.0 if self.quick * SLOW > self.calm * FAST else -1.0

    def on_bar(self, bar: Bar) -> None:
        """Hold the side."""
        self.target(self.crossed(bar.close), bar.symbol)


class Orders(Cross):
    """The same in orders of its own."""

    def on_bar(self, bar: Bar) -> None:
        """Send an order when the side has changed."""
        side = self.crossed(bar.close)
        if side == self.side:
            return
        units = UNITS if self.side == 0.0 else 2.0 * UNITS
        self.side = side
        if side > 0.0:
            self.buy(units)
        else:
            self.sell(units)


class Brackets(Cross):
    """Enters when the side changes, and leaves by a stop-loss or a take-profit."""

    def on_bar(self, bar: Bar) -> None:
        """Send an order with its bracket when flat."""
        side, close = self.crossed(bar.close), bar.close
        if side == self.side:
            return
        self.side = side
        if self.position() != 0.0:
            return
        if side > 0.0:
            self.buy(UNITS, sl=close * 0.996, tp=close * 1.006)
        else:
            self.sell(UNITS, sl=close * 1.004, tp=close * 0.994)


class Quiet(Strategy):
    """Does nothing: what the walk itself costs."""

    def on_bar(self, bar: Bar) -> None:
        """Look away."""


class Each(Strategy):
    """The crossing in each of several symbols."""

    def start(self) -> None:
        self.each = {}
        for symbol in self.symbols:
            one = self.each[symbol] = Cross()
            one.start()

    def on_bar(self, bar: Bar) -> float:
        """Return the side of the bar's symbol."""
        return self.each[bar.symbol].crossed(bar.close)


WAYS: dict[str, type[Strategy]] = {
    "nothing": Quiet, "targets": Cross, "orders": Orders, "brackets": Brackets,
    "five symbols": Each,
}  # fmt: skip
Trades = list[tuple[int, int, float, float, float]]


def ours(way: str, n_bars: int, rounds: int) -> dict[str, Any]:
    """Return CPU nanoseconds a bar of one way to trade in this process, and its trades' digest."""
    one = bars(n_bars)
    symbols = [f"Z{k}" for k in range(5)] if way == "five symbols" else ["Z0"]
    data = Data(dict.fromkeys(symbols, one), BAR_NS, "a random walk")
    took = []
    for _ in range(rounds):
        begun = time.process_time()
        result = run(WAYS[way](), data, TERMS)
        took.append((time.process_time() - begun) * 1e9 / (n_bars * len(symbols)))
    warm = took[len(took) // 2 :]
    rows = {stamp: row for row, stamp in enumerate(one.time_ns)}
    listed: Trades = [
        (rows[t.opened_ns], rows[t.closed_ns], t.units, t.entry, t.exit) for t in result.trades
    ]
    return {
        "first_ns": round(took[0], 1), "warm_ns": round(min(warm), 1),
        "median_ns": round(median(warm), 1), "trades": len(listed), "list": digest(listed),
        "ambiguous": result.n_ambiguous,
    }  # fmt: skip


def digest(listed: Trades) -> str:
    """Return a digest of a list of trades, prices to twelve digits: a mean is off by a bit."""
    rows = [(a, b, u, f"{p:.11e}", f"{q:.11e}") for a, b, u, p, q in listed]
    return sha256(repr(rows).encode()).hexdigest()[:12]


def in_process(python: str, way: str, n_bars: int, rounds: int) -> dict[str, Any]:
    """Return what another process measures."""
    command = [python, __file__, "--way", way, "--bars", str(n_bars), "--rounds", str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def crossing(one: Bars) -> Any:
    """Return the sides after each bar, for the peers."""
    rule = Cross()
    rule.start()
    return array("d", (rule.crossed(close) for close in one.close))


def vectorbt(one: Bars) -> tuple[Callable[[], Any], Callable[[Any], Trades]]:
    """Return a run of vectorbt's signals, and how its trades are read."""
    import numpy as np
    import pandas as pd
    import vectorbt as vbt

    close, opened = pd.Series(np.array(one.close)), np.array(one.open)
    sides = np.array(crossing(one))
    before = np.concatenate([[0.0], sides[:-1]])
    changed = np.concatenate([[False], (sides != before)[:-1]])
    up = np.concatenate([[False], (sides > 0.0)[:-1]])
    no: Any = np.zeros(len(close), dtype=bool)

    def go() -> Any:
        found = vbt.Portfolio.from_signals(
            close, changed & up, no, changed & ~up, no, price=opened, size=UNITS, init_cash=1e6,
            upon_opposite_entry="reverse", freq="min",
        )  # fmt: skip
        return found.trades.records

    def read(records: Any) -> Trades:
        part = records[records.status == 1]
        units = np.where(part.direction == 0, part["size"], -part["size"])
        rows = zip(
            part.entry_idx, part.exit_idx, units, part.entry_price, part.exit_price, strict=True
        )
        return [(int(a), int(b), float(u), float(p), float(q)) for a, b, u, p, q in rows]

    return go, read


def backtesting(one: Bars) -> tuple[Callable[[], Any], Callable[[Any], Trades]]:
    """Return a run of a class of backtesting.py, and how its trades are read."""
    import warnings

    import numpy as np
    import pandas as pd
    from backtesting import Backtest
    from backtesting import Strategy as Theirs

    warnings.simplefilter("ignore")
    names = {"Open": one.open, "High": one.high, "Low": one.low, "Close": one.close}
    index = pd.date_range("2020-01-01", periods=len(one), freq="min")
    frame = pd.DataFrame({name: np.array(values) for name, values in names.items()}, index=index)
    sides = np.array(crossing(one))

    class Follow(Theirs):  # type: ignore[misc]
        def init(self) -> None:
            self.sides = self.I(lambda: sides, name="sides")
            self.side = 0.0

        def next(self) -> None:
            side = self.sides[-1]
            if side != self.side:
                self.side = side
                self.position.close()
                if side > 0.0:
                    self.buy(size=UNITS)
                else:
                    self.sell(size=UNITS)

    test = Backtest(frame, Follow, cash=1e6)

    def go() -> Any:
        return test.run()._trades

    def read(table: Any) -> Trades:
        rows = zip(
            table.EntryBar, table.ExitBar, table.Size, table.EntryPrice, table.ExitPrice,
            strict=True,
        )  # fmt: skip
        return [(int(a), int(b), float(u), float(p), float(q)) for a, b, u, p, q in rows]

    return go, read


PEERS = {"vectorbt": (vectorbt, 7), "backtesting": (backtesting, 3)}


def peer(name: str, n_bars: int) -> dict[str, Any] | None:
    """Return CPU nanoseconds a bar of a peer, signals made beforehand; None where it is absent."""
    make, rounds = PEERS[name]
    try:
        go, read = make(bars(n_bars))
    except ImportError:
        return None
    took = []
    for _ in range(rounds):
        begun = time.process_time()
        found = go()
        took.append((time.process_time() - begun) * 1e9 / n_bars)
    listed = read(found)
    return {
        "first_ns": round(took[0], 1), "warm_ns": round(min(took[1:]), 1),
        "median_ns": round(median(took[1:]), 1), "trades": len(listed), "list": digest(listed),
    }  # fmt: skip


def machine() -> str:
    """Return the processor's name and how many there are."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


def verdicts(found: dict[str, Any]) -> list[str]:
    """Return a line for each ratio and limit, met or missed."""
    lines = []
    ways = found["ours"].get("PyPy", {})
    for way, limit in LIMITS.items():
        if way in ways:
            took = ways[way]["warm_ns"]
            word = "met" if took <= limit else f"missed by {took / limit:.2f}x"
            lines.append(f"{way} on PyPy: {took} ns a bar, at most {limit:g}: {word}")
    for name, least in WANTED.items():
        theirs = found["peers"].get(name)
        if theirs and "targets" in ways:
            ratio = theirs["warm_ns"] / ways["targets"]["warm_ns"]
            same = "equal lists" if theirs["list"] == ways["targets"]["list"] else "OTHER TRADES"
            word = "met" if ratio >= least else f"missed by {least / ratio:.2f}x"
            lines.append(f"{name}: {ratio:.1f} times ours, at least {least:g}, {same}: {word}")
    return lines


def main() -> int:
    """Measure and print; write the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bars", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--pypy", default="")
    parser.add_argument("--way", choices=list(WAYS))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(ours(given.way, given.bars, given.rounds)))
        return 0
    found: dict[str, Any] = {
        "machine": machine(), "load": [round(load, 1) for load in os.getloadavg()],
        "bars": given.bars, "rule": f"means of {FAST} and {SLOW} closes, {UNITS:g} units",
        "version": platform.python_version(), "ours": {}, "peers": {},
    }  # fmt: skip
    for name in PEERS:
        told = peer(name, given.bars)
        if told:
            found["peers"][name] = told
    few = max(3, given.rounds // 8)
    for runtime, python, rounds in (
        ("PyPy", given.pypy, given.rounds), ("CPython", sys.executable, few),
    ):  # fmt: skip
        if python:
            found["ours"][runtime] = {
                way: in_process(python, way, given.bars, rounds) for way in WAYS
            }
    found["verdicts"] = verdicts(found)
    text = json.dumps(found, indent=1)
    print(text)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
