"""Bars of the store, as `parity collect` keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from engine.clock import NS_PER_SECOND
from engine.errors import NoInputError, UsageError
from engine.nearest import hint
from engine.store.protocol import Store
from engine.trading.intervals import shown
from engine.trading.rows import MOST_ROWS, Complaints, Rows

_SYMBOLS = """SELECT i.symbol, b.seconds, count(*), max(b.time_ns) FROM bars b
JOIN instruments i ON i.instrument_id = b.instrument_id
GROUP BY i.symbol, b.seconds ORDER BY i.symbol, b.seconds"""
_BARS = """SELECT b.time_ns, b.open, b.high, b.low, b.close, b.volume FROM bars b
JOIN instruments i ON i.instrument_id = b.instrument_id
WHERE i.symbol = ? AND b.seconds = ? AND b.time_ns >= ? ORDER BY b.time_ns LIMIT ?"""
_COLLECT = "collect some: parity collect BTC-USD --bars 1h --since 2026-01-01"

# (symbol, seconds of a bar): (bars there are, start of the last one)
Holdings = dict[tuple[str, int], tuple[int, int]]


def holdings(store: Store) -> Holdings:
    """Return what bars a store has."""
    return {
        (str(symbol), int(seconds)): (int(count), int(last))
        for symbol, seconds, count, last in store.run(_SYMBOLS)
    }


def choose(
    known: Holdings, symbols: Sequence[str], interval_ns: int, address: object
) -> dict[str, int]:
    """Return the seconds of the bars to read by symbol: the longest that make `interval_ns`.

    Without an interval, the longest that all symbols have.

    Raises
    ------
    NoInputError
        If there are no bars of a symbol.
    UsageError
        If those that there are do not make the interval.
    """
    names = sorted({symbol for symbol, _ in known})
    if not names:
        raise NoInputError(f"{address}: no bars in it; {_COLLECT}")
    for symbol in symbols:
        if symbol not in names:
            raise NoInputError(f"{address}: no bars of {symbol}: {hint(symbol, names)}")
    found = {}
    for symbol in symbols or names:
        there = sorted(seconds for name, seconds in known if name == symbol)
        fits = [
            seconds
            for seconds in there
            if not interval_ns or interval_ns % (seconds * NS_PER_SECOND) == 0
        ]
        if not fits:
            has = ", ".join(shown(seconds * NS_PER_SECOND) for seconds in there)
            raise UsageError(f"bars of {shown(interval_ns)}: the store has {symbol} only in {has}")
        found[symbol] = fits[-1]
    return found


def read_rows(store: Store, symbol: str, seconds: int, since_ns: int, tell: Complaints) -> Rows:
    """Return the bars of a symbol that start from `since_ns` on, stamped by their closes."""
    rows = Rows()
    step = seconds * NS_PER_SECOND
    for start, opened, high, low, close, volume in store.run(
        _BARS, (symbol, seconds, since_ns, MOST_ROWS)
    ):
        wrong = rows.add(int(start) + step, opened, high, low, close, volume or 0.0)
        if wrong:
            tell.add("that are no bars", f"of {symbol} at {int(start)}: {wrong}")
    return rows
