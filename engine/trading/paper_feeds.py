"""Feeds for strategies on paper: the moving demo market, a recorded session, bars.

A session is what `parity record` wrote: quotes and prints of an import, or chains, whose underlying
has a quote. Quotes that are crossed are left out: nobody could have traded at them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf, nan
from pathlib import Path

from engine.backtesting.data import Data
from engine.clock import NS_PER_SECOND
from engine.errors import BadDataError, NoInputError
from engine.feeds.recorded import KIND as CHAIN
from engine.feeds.recorded import loaded_of, symbol_of
from engine.market.bars import Bar, Bars
from engine.nearest import hint
from engine.paper.events import Event, Instant, Print, Touch
from engine.session.recording import Message, SessionReader

MOST_SYMBOLS = 1_000
_LONGEST_NAME = 200
# So far back a clock may step while it is recorded; more is another recording behind the first.
_MOST_BACK_NS = 60 * NS_PER_SECOND


@dataclass(slots=True)
class Contents:
    """What a session holds for strategies: symbols with quotes or prints, bars by symbol."""

    quoted: dict[str, None] = field(default_factory=dict)
    bars: dict[str, list[list[float]]] = field(default_factory=dict)
    seconds: int = 0


def session_contents(path: str | Path) -> Contents:
    """Return what a session file holds. O(file).

    Raises
    ------
    NoInputError, BadDataError
        If it is not there, no session, or has nothing that a strategy could trade on.
    """
    found = Contents()
    for message in SessionReader(path):
        if message.kind == "bar":
            symbol, row = _bar(message, path)
            seconds = int(row[0])
            if found.seconds not in (0, seconds):
                raise BadDataError(
                    f"{path}: bars of {found.seconds} s and of {seconds} s: one length a file"
                )
            found.seconds = seconds
            found.bars.setdefault(symbol, []).append([float(message.ts_recv), *row[1:]])
            continue
        # Of chains the first tells whether its underlying can be traded: to unpack one costs.
        named = symbol_of(message) or ""
        if named in found.quoted:
            continue
        event = event_of(message, path)
        if event is not None:
            found.quoted.setdefault(event.symbol)
        if len(found.quoted) + len(found.bars) > MOST_SYMBOLS:
            raise BadDataError(f"{path}: more than {MOST_SYMBOLS:,} symbols")
    if not found.quoted and not found.bars:
        raise NoInputError(f"{path}: no quote, print or bar in it that a strategy could trade on")
    return found


def chosen(symbols: Sequence[str], known: Sequence[str], place: str) -> tuple[str, ...]:
    """Return `symbols`, or all that are known where none is named.

    Raises
    ------
    NoInputError
        If one is not known.
    """
    for symbol in symbols:
        if symbol not in known:
            raise NoInputError(f"{place}: nothing of {symbol} in it: {hint(symbol, known)}")
    return tuple(symbols) or tuple(known)


def session_bars(path: str | Path, contents: Contents, symbols: Sequence[str]) -> Data:
    """Return the bars of a session, each symbol's in order of time, the later of two the same.

    Raises
    ------
    NoInputError
        If a symbol has none.
    """
    names = chosen(symbols, list(contents.bars), str(path))
    bars = {}
    for name in names:
        rows = {int(row[0]): row[1:] for row in contents.bars[name]}
        times = sorted(rows)
        columns = [array("d", [rows[time][k] for time in times]) for k in range(5)]
        bars[name] = Bars(array("q", times), *columns)
    return Data(bars, contents.seconds * NS_PER_SECOND, f"session:{path}")


def bar_events(data: Data) -> Iterator[Instant]:
    """Yield the bars of `data` as they close. O(bars log symbols)."""
    rows = dict.fromkeys(data.bars, 0)
    while True:
        ahead = [
            (bars.time_ns[rows[name]], name)
            for name, bars in data.bars.items()
            if rows[name] < len(bars)
        ]
        if not ahead:
            return
        now = min(ahead)[0]
        closing = {}
        for time, name in ahead:
            if time == now:
                bars, row = data.bars[name], rows[name]
                rows[name] = row + 1
                closing[name] = Bar(
                    now, bars.open[row], bars.high[row], bars.low[row], bars.close[row],
                    bars.volume[row], name,
                )  # fmt: skip
        yield Instant(now, closing)


def session_events(path: str | Path, symbols: Sequence[str]) -> Iterator[Event]:
    """Yield the quotes and prints of a session in the order in which they arrived.

    A quote that tells of one side alone keeps the other as it was.

    Raises
    ------
    BadDataError
        If a message is not what its kind promises, or time goes back.
    """
    wanted, last_ns = set(symbols), 0
    sides: dict[str, Touch] = {}
    for message in SessionReader(path):
        event = event_of(message, path)
        if event is None or event.symbol not in wanted:
            continue
        if event.time_ns < last_ns - _MOST_BACK_NS:
            raise BadDataError(
                f"{path}: time goes back by {(last_ns - event.time_ns) / 1e9:,.0f} s: "
                "record one import a file"
            )
        last_ns = max(last_ns, event.time_ns)
        if isinstance(event, Print):
            yield Print(last_ns, event.symbol, event.price, event.size)
            continue
        touch = _joined(event, sides.get(event.symbol), last_ns)
        sides[event.symbol] = touch
        if not (touch.bid > touch.ask > 0.0):
            yield touch


def _joined(touch: Touch, before: Touch | None, now: int) -> Touch:
    """Return a quote whose sides that were not told (nan) are those of the one before."""
    bid, bid_size, ask, ask_size = touch.bid, touch.bid_size, touch.ask, touch.ask_size
    if bid != bid:
        bid, bid_size = (before.bid, before.bid_size) if before else (0.0, 0.0)
    if ask != ask:
        ask, ask_size = (before.ask, before.ask_size) if before else (0.0, 0.0)
    return Touch(now, touch.symbol, bid, ask, bid_size, ask_size)


def event_of(message: Message, path: str | Path) -> Touch | Print | None:
    """Return the quote or print of a message; None for any other.

    A side that a quote does not tell of is nan. Sizes that are not known are nan: no cap.

    Raises
    ------
    BadDataError
        If it is not what its kind promises.
    """
    data, now = message.data, message.ts_recv
    if message.kind == "quote":
        symbol, cells = _named(data, 5, message, path)
        bid, ask, bid_size, ask_size = (_cell(one, message, path) for one in cells[:4])
        return Touch(now, symbol, bid, ask, bid_size, ask_size)
    if message.kind == "trade":
        symbol, cells = _named(data, 3, message, path)
        price, size = (_cell(one, message, path) for one in cells[:2])
        return Print(now, symbol, 0.0 if price != price else price, 0.0 if size != size else size)
    if message.kind == CHAIN:
        spot = loaded_of(message).chain.underlying
        if not spot.is_tradable:
            return None
        bid, ask = (side if side == side else 0.0 for side in (spot.bid, spot.ask))
        when = message.ts_event or now  # the market's time: a demo is recorded faster than it is
        return Touch(when, spot.symbol, bid, ask, spot.bid_size, spot.ask_size)
    return None


def _bar(message: Message, path: str | Path) -> tuple[str, list[float]]:
    symbol, cells = _named(message.data, 7, message, path)
    row = [_cell(one, message, path) for one in cells[:6]]
    seconds, opened, high, low, close, volume = row
    is_bar = 0.0 < low <= min(opened, close) and max(opened, close) <= high and volume >= 0.0
    if not (is_bar and 1.0 <= seconds <= 604_800.0):
        raise BadDataError(f"{path}: a bar of {symbol} at {message.ts_recv} ns is none: {cells!r}")
    return symbol, row


def _named(
    data: object, least: int, message: Message, path: str | Path
) -> tuple[str, list[object]]:
    if (
        not isinstance(data, list)
        or len(data) < least
        or not isinstance(data[0], str)
        or not 0 < len(data[0]) <= _LONGEST_NAME
    ):
        raise BadDataError(
            f"{path}: a {message.kind} at {message.ts_recv} ns is not one: symbol and numbers"
        )
    return data[0], data[1:]


def _cell(value: object, message: Message, path: str | Path) -> float:
    if value is None:
        return nan
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0.0 <= value < inf:
        raise BadDataError(
            f"{path}: a {message.kind} at {message.ts_recv} ns has {value!r} for a number"
        )
    return float(value)
