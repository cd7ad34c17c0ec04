"""What `paper --strategies`, `simulate` and `workflow` share: a feed, and seats at it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.cli import backtest_arguments
from engine.cli.typed import duration, typed
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.backtesting.data import Data
    from engine.backtesting.strategy import Strategy
    from engine.backtesting.terms import Terms
    from engine.market.bars import Bars
    from engine.paper.events import Event
    from engine.paper.seats import Seat

DEFAULT_INTERVAL = "1m"
MOST_ACCOUNTS, MOST_SETS = 10_000, 10
# Of the demo market: hours a day that are open, in seconds.
SESSION_SECONDS = 23_400.0


@dataclass(slots=True)
class Market:
    """A feed that was opened: its symbols, its events, and how long the bars are.

    `interval_ns` is 0 where bars come from the feed; then fills are those of a backtest. Else bars
    are made of quotes, and fills are at the touch.
    """

    data: Data
    events: Iterator[Event]
    interval_ns: int

    @property
    def is_quoted(self) -> bool:
        """Tell whether fills are at the touch."""
        return self.interval_ns > 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of strategies at a feed."""
    backtest_arguments.add_strategies(parser)
    add = parser.add_argument_group("market").add_argument
    add(
        "--source", default="demo", metavar="SPEC",
        help="demo (the moving market), session:FILE (of `parity record`), bars:demo, csv:FILE, "
        "lean:DIR, store (demo)",
    )  # fmt: skip
    add(
        "--symbols", action="append", type=typed(backtest_arguments.names), metavar="A,B",
        help="all of the source",
    )  # fmt: skip
    add("--bars", default="", metavar="SPAN", help=f"1m, 1h, ... ({DEFAULT_INTERVAL} of quotes)")
    add("--days", type=typed(backtest_arguments.days), default=0, metavar="N", help="of bars: last")
    add("--store", metavar="URL", help="of --source store (ENGINE_STORE, else yours)")
    add(
        "--zone", type=typed(backtest_arguments.zone), default="UTC", metavar="ZONE",
        help="of times in a CSV that name none (UTC)",
    )  # fmt: skip
    add(
        "--stamps", choices=("start", "end"), default="start",
        help="what times in a CSV are of a bar (start)",
    )  # fmt: skip
    add(
        "--latency", type=typed(latency), default=0.0, metavar="SPAN",
        help="how long an order is on its way: 50ms (none)",
    )  # fmt: skip
    add("--seed", type=typed(_seed), default=0, metavar="N", help="of the demo, and of chance (0)")
    backtest_arguments.add_terms(parser)
    # Quotes have a spread of their own: what bars lack is not charged twice.
    parser.set_defaults(slippage=None)


def latency(text: str) -> float:
    """Return seconds; 0 is none."""
    return 0.0 if text == "0" else duration(text)


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(f"expected a whole number >= 0, got {text!r}")
    return int(text)


def open_market(args: argparse.Namespace, seconds: float) -> Market:
    """Return the market that `args` name; the demo market lasts for `seconds` of open time.

    Raises
    ------
    EngineError
        If it cannot be had.
    """
    from engine.backtesting.data import Data
    from engine.trading.intervals import interval_of

    symbols = [one.upper() for part in args.symbols or [] for one in part]
    kind, _, rest = args.source.partition(":")
    interval = interval_of(args.bars or DEFAULT_INTERVAL)
    if kind == "demo" and not rest:
        from engine.trading.demo_touches import demo_symbols, demo_touches

        names = demo_symbols(symbols)
        data = Data(_no_bars(names), interval, "demo", calendar="us")
        return Market(data, demo_touches(names, args.seed, seconds), interval)
    if kind == "session":
        from engine.trading import paper_feeds

        contents = paper_feeds.session_contents(rest)
        if contents.quoted:
            names = paper_feeds.chosen(symbols, list(contents.quoted), args.source)
            data = Data(_no_bars(names), interval, args.source)
            return Market(data, paper_feeds.session_events(rest, names), interval)
        if args.bars:
            raise UsageError(f"{args.source} has bars of {contents.seconds} s: leave out --bars")
        data = paper_feeds.session_bars(rest, contents, symbols)
        return Market(data, paper_feeds.bar_events(data), 0)
    from engine.trading.paper_feeds import bar_events

    data = bars_of(args)
    return Market(data, bar_events(data), 0)


def bars_of(args: argparse.Namespace) -> Data:
    """Return the bars of a source of bars.

    Raises
    ------
    EngineError
        If they cannot be had.
    """
    chosen = argparse.Namespace(**vars(args))
    chosen.source = "demo" if args.source == "bars:demo" else args.source
    if args.latency:
        raise UsageError("--latency is for quotes: what a bar decides is filled at the next open")
    return backtest_arguments.data(chosen)


def _no_bars(symbols: Sequence[str]) -> dict[str, Bars]:
    from engine.market.bars import Bars

    return {name: Bars.none() for name in symbols}


def terms_of(args: argparse.Namespace, market: Market) -> Terms:
    """Return the terms of each account; without --slippage that of bars is a backtest's.

    Raises
    ------
    UsageError
        If they make no sense.
    """
    chosen = argparse.Namespace(**vars(args))
    if args.slippage is None:
        chosen.slippage = "0" if market.is_quoted else backtest_arguments.DEFAULT_SLIPPAGE
    return backtest_arguments.terms(chosen)


def seats_of(
    args: argparse.Namespace, market: Market, terms: Terms, accounts: int = 0
) -> list[Seat]:
    """Return a seat for each strategy and set of parameters; or `accounts` of them.

    More accounts than strategies are filled with other parameters around those given, then with
    other seeds.

    Raises
    ------
    EngineError
        If a strategy cannot be had.
    """
    from engine.backtesting.parameters import build
    from engine.paper.seats import BarSeat, QuoteSeat

    seats: list[Seat] = []
    for name, kind, values, seed in places_of(args, accounts):
        strategy = build(kind, values)
        if market.is_quoted:
            late_ns = int(args.latency * 1e9)
            seats.append(QuoteSeat(name, strategy, market.data, terms, seed, late_ns))
        else:
            seats.append(BarSeat(name, strategy, market.data, terms, seed))
    return seats


def places_of(
    args: argparse.Namespace, accounts: int
) -> list[tuple[str, type[Strategy], dict[str, object], int]]:
    """Return name, class, parameters and seed of each account; see `seats_of`.

    Raises
    ------
    EngineError
        If a strategy cannot be had.
    """
    kinds = backtest_arguments.strategies(args)
    sets = backtest_arguments.value_sets(args, kinds)
    found = [(name, kind, values, args.seed) for name, kind in kinds.items()
             for values in sets[name]]  # fmt: skip
    if not accounts:
        return found
    first = list(found)
    if accounts < len(first):
        raise UsageError(f"--accounts {accounts} for {len(first)} strategies: each needs one")
    for place in range(accounts - len(first)):
        name, kind, values, _ = first[place % len(first)]
        turn = place // len(first)
        around = backtest_arguments.around(kind, values, MOST_SETS)[1:]
        other = around[turn] if turn < len(around) else values
        found.append((name, kind, other, args.seed + 1 + turn))
    return found
