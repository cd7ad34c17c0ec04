"""From a source of chains to a recording that a backtest can go through again and again."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from engine.backtesting.data import Split
from engine.backtesting.options.moments import Closes, Moment, Recording
from engine.clock import from_ns
from engine.errors import NoInputError, UsageError
from engine.feeds import open_feed
from engine.feeds.protocol import Loaded
from engine.market.calendar import US
from engine.nearest import hint
from engine.scanner.many import settings_for
from engine.scanner.survey import Request

DEMO_SYMBOL = "ZDIV"


@dataclass(frozen=True, slots=True)
class Span:
    """Which chains: from when to when (UTC nanoseconds), and for the demo market how many.

    `days` and `every` (seconds) are of the demo market, whose arbitrages are left out unless
    `planted`.
    """

    since_ns: int = 0
    until_ns: int | None = None
    days: int = 20
    every: float = 3600.0
    planted: bool = False

    @property
    def words(self) -> str:
        """The span in words."""
        ends = [
            f"{word} {from_ns(ns):%Y-%m-%d %H:%M}"
            for word, ns in (("from", self.since_ns), ("to", self.until_ns))
            if ns
        ]
        return " ".join(ends) or "in it"


@dataclass(slots=True)
class Heard:
    """What a source said while it was read: refused rows, and what was assumed."""

    problems: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)


def open_recording(request: Request, span: Span, heard: Heard) -> Recording:
    """Return the chains of a request's source in order of time, with its rates over the source's.

    Raises
    ------
    EngineError
        If the source cannot be opened, or does not have a symbol that is asked for.
    """
    name, _, path = request.source.partition(":")
    if name == "demo":
        if path:
            raise UsageError(f"source {request.source!r} is too long: write demo")
        symbols = request.symbols or (DEMO_SYMBOL,)
        load = _demo(request, span)
    else:
        feed = open_feed(request.source, request.feed)
        known = {symbol.upper(): symbol for symbol in feed.symbols()}
        for symbol in request.symbols:
            if symbol.upper() not in known:
                near = hint(symbol, list(known))
                raise NoInputError(f"{request.source}: no chain of {symbol!r} in it: {near}")
        asked = [known[symbol.upper()] for symbol in request.symbols]
        symbols = tuple(dict.fromkeys(asked)) or tuple(known.values())

        def load(symbol: str) -> Iterator[Loaded]:
            return iter(feed.chains(symbol, span.since_ns, span.until_ns))

    if not symbols:
        raise NoInputError(f"{request.source}: it has no chain")

    def moments() -> Iterator[Moment]:
        streams = (_moments(load(symbol), request, heard) for symbol in symbols)
        found = heapq.merge(*streams, key=lambda one: (one.chain.ts_ns, one.chain.symbol))
        first = next(found, None)
        if first is None:
            raise NoInputError(f"{request.source}: no chain of {', '.join(symbols)} {span.words}")
        yield first
        yield from found

    splits, closes = _history(name, path, symbols, heard)
    return Recording(moments, request.source, splits, closes)


def _demo(request: Request, span: Span) -> Callable[[str], Iterator[Loaded]]:
    from engine.feeds.demo_days import demo_days

    def load(symbol: str) -> Iterator[Loaded]:
        found = demo_days(
            request.feed.seed or 0, symbol.upper(), span.days, span.every, planted=span.planted,
            compact=True,
        )  # fmt: skip
        until = math.inf if span.until_ns is None else span.until_ns
        return (one for one in found if span.since_ns <= one.chain.ts_ns <= until)

    return load


def _moments(chains: Iterator[Loaded], request: Request, heard: Heard) -> Iterator[Moment]:
    for loaded in chains:
        settings, notes = settings_for(loaded, request)
        heard.problems.update(dict.fromkeys(loaded.problems))
        heard.notes.update(dict.fromkeys((*loaded.notes, *notes)))
        yield Moment(loaded.chain, settings.carry, settings.knows_dividends)


def _history(
    name: str, path: str, symbols: tuple[str, ...], heard: Heard
) -> tuple[tuple[Split, ...], Closes]:
    """Return the splits and official closes that a source knows: a LEAN folder."""
    if name != "lean":
        return (), {}
    from engine.feeds.lean_history import read_closes, read_splits
    from engine.feeds.lean_layout import Folder
    from engine.feeds.record import CellError

    def refuse(error: CellError) -> None:
        heard.problems[str(error)] = None

    folder = Folder(path)
    splits = []
    closes: dict[tuple[str, date], float] = {}
    for symbol in symbols:
        for one in read_splits(folder, symbol, refuse):
            splits.append(Split(symbol, US.open_ns(one.ex_date), one.ratio))
        for day, close in read_closes(folder, symbol, refuse).items():
            closes[symbol, day] = close
    return tuple(splits), closes
