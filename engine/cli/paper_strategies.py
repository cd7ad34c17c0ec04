"""``paper --strategies``: many strategies on paper at one feed, each in an account of its own."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from engine.cli import backtest_arguments, chain_desk
from engine.cli import desk as desk_arguments
from engine.cli.pace import Pace, speed
from engine.cli.stderr import note
from engine.cli.stdout import write_all
from engine.cli.typed import duration, typed
from engine.cli.width import table_width
from engine.clock import NS_PER_SECOND, SYSTEM, Clock, from_ns
from engine.errors import OK, InputOutputError, UsageError

if TYPE_CHECKING:
    from engine.paper.chain_desk import ChainDesk
    from engine.paper.desk import Desk
    from engine.paper.standings import Seated

    class Timed(Protocol):
        """What happens at a time."""

        @property
        def time_ns(self) -> int:
            """When, in UTC nanoseconds."""
            ...


T = TypeVar("T", bound="Timed")
# Between two chains of the demo market, of its time.
CHAIN_SECONDS = 300.0
DEMO_SPEED = 60.0
# Seconds between two looks of a table, and between two lines for a log.
_LOOK, _LINE = 0.25, 5.0

parameter_words = backtest_arguments.parameter_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `paper --strategies` to `parser`."""
    parser.description = (
        "Trade strategies on paper, all at once at one feed, each in an account of its own.\n"
        "Over quotes a buy pays the ask and a sale gets the bid, up to the size displayed;\n"
        "over bars fills are those of `parity backtest`, to the bit. See docs/PAPER.md."
    )
    desk_arguments.add_arguments(parser)
    add = parser.add_argument_group("how to run it").add_argument
    add("--parallel", action="store_true", help="all strategies at once, as they always are")
    add(
        "--speed", type=typed(speed), default=0.0, metavar="N",
        help=f"of the market's time: 1, 10, max (demo: {DEMO_SPEED:g}; recorded: max)",
    )  # fmt: skip
    add(
        "--for", dest="span", type=typed(duration), metavar="SPAN", help="of market time; or Ctrl-C"
    )
    add("--plain", action="store_true", help="lines for a log instead of the table")
    add("--json", action="store_true", help="an object on each line: fills, then the accounts")


def run(args: argparse.Namespace) -> int:
    """Trade until the feed ends, the span is over, or Ctrl-C.

    Raises
    ------
    EngineError
        If it cannot begin, or a strategy fails.
    """
    from engine.paper.desk import Desk

    if args.json and args.plain:
        raise UsageError("--json and --plain are two ways to show the same: choose one")
    desk: Desk | ChainDesk
    events: Iterator[Any]
    if chain_desk.is_over_chains(args):
        desk, events, _ = chain_desk.open_desk(args, CHAIN_SECONDS)
    else:
        market = desk_arguments.open_market(args, args.span or inf)
        seats = desk_arguments.seats_of(args, market, desk_arguments.terms_of(args, market))
        desk, events = Desk(seats, market.interval_ns), market.events
    pace = Pace(args.speed or (DEMO_SPEED if args.source == "demo" else inf))
    events = timed(events, args.span)
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    try:
        if args.json:
            _lines_of_json(desk, events, pace)
        elif args.plain or args.no_color or not is_terminal or os.environ.get("NO_COLOR"):
            _lines_of_text(desk, events, pace)
        else:
            _table(desk, events, pace, args.source)
    except KeyboardInterrupt:
        note("stopped")
    show_end(desk, args.source, is_json=args.json)
    return OK


def timed(events: Iterator[T], span: float | None) -> Iterator[T]:
    """Yield the events of the first `span` seconds of market time."""
    last_ns: int | None = None
    for event in events:
        if span is not None and last_ns is None:
            last_ns = event.time_ns + int(span * NS_PER_SECOND)
        if last_ns is not None and event.time_ns > last_ns:
            return
        yield event


def drive(
    desk: Desk | ChainDesk,
    events: Iterator[Any],
    pace: Pace,
    look: Callable[[], None],
    every: float,
    clock: Clock = SYSTEM,
) -> None:
    """Hand on events at their pace, and `look` now and then."""
    step, due = int(every * NS_PER_SECOND), 0
    for event in events:
        pace.wait_for(event.time_ns)
        desk.hear(event)
        now = clock.monotonic_ns()
        if now >= due:
            due = now + step
            look()


def _table(desk: Desk | ChainDesk, events: Iterator[Any], pace: Pace, place: str) -> None:
    from rich.live import Live

    from engine.cli.screen import Screen
    from engine.report.desk_table import live_desk

    console = Screen(is_plain=False)
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def look() -> None:
            standings = [seat.standing() for seat in desk.seats]
            width, height = console.size
            live.update(live_desk(standings, desk, place, width, height), refresh=True)

        drive(desk, events, pace, look, _LOOK)


def _lines_of_text(desk: Desk | ChainDesk, events: Iterator[Any], pace: Pace) -> None:
    from engine.report.desk_table import standing_words

    def look() -> None:
        when = from_ns(desk.now_ns).strftime("%Y-%m-%d %H:%M:%S")
        best = sorted((seat.standing() for seat in desk.seats), key=lambda one: -one.equity)
        print_text(f"{when} {'; '.join(map(standing_words, best[:6]))}\n")

    drive(desk, events, pace, look, _LINE)


def _lines_of_json(desk: Desk | ChainDesk, events: Iterator[Any], pace: Pace) -> None:
    told = [0] * len(desk.seats)

    def look() -> None:
        seats: Sequence[Seated] = desk.seats
        for place, seat in enumerate(seats):
            for fill in seat.fills(told[place]):
                line = {
                    "kind": "fill",
                    "account": seat.name,
                    "time": from_ns(fill.time_ns).isoformat(),
                    "symbol": fill.symbol,
                    "units": fill.units,
                    "price": fill.price,
                    "fee": fill.fee,
                    "reason": fill.reason,
                }
                print_text(json.dumps(line, allow_nan=False) + "\n")
                told[place] += 1

    drive(desk, events, pace, look, 0.0)
    look()


def show_end(desk: Desk | ChainDesk, place: str, *, is_json: bool) -> None:
    """Print how the accounts stand in the end.

    Raises
    ------
    InputOutputError
        If stdout is closed.
    """
    from engine.report.desk_table import head_words, lines, standing_object
    from engine.report.printable import printable

    standings = [seat.standing() for seat in desk.seats]
    if is_json:
        for one in standings:
            print_text(
                json.dumps({"kind": "account", **standing_object(one)}, allow_nan=False) + "\n"
            )
        return
    best = sorted(standings, key=lambda one: -one.equity)
    text = [head_words(desk, place), "", *lines(best, table_width())]
    refused = [printable(f"{one.name}: {why}") for one in best for why in one.notes]
    print_text("\n".join([*text, *([""] if refused else []), *refused]) + "\n")


def print_text(text: str) -> None:
    """Print to stdout, at once.

    Raises
    ------
    InputOutputError
        If it is closed.
    """
    if sys.stdout is None:
        raise InputOutputError("standard output is closed: there is nowhere to print to")
    write_all(text)
    sys.stdout.flush()
