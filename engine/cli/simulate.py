"""``simulate``: many accounts of strategies over a recorded session or bars, at full speed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.cli import backtest_arguments, chain_desk
from engine.cli import desk as desk_arguments
from engine.cli.paper_strategies import CHAIN_SECONDS, print_text, show_end, timed
from engine.cli.progress import ProgressBar
from engine.cli.stderr import note
from engine.cli.typed import count, duration, typed
from engine.clock import NS_PER_SECOND, SYSTEM
from engine.errors import OK, UsageError
from engine.plural import plural

if TYPE_CHECKING:
    from engine.paper.chain_desk import ChainDesk
    from engine.paper.desk import Desk
    from engine.paper.standings import Seated

SCHEMA = 1
_DEMO_SESSIONS = 1

parameter_words = backtest_arguments.parameter_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `simulate` to `parser`."""
    parser.description = (
        f"{parser.description}\n"
        "A replay of strategies: every trade is a fill of the recorded market, as in\n"
        "`parity paper --strategies`. More accounts than strategies get other parameters around\n"
        "those given, then other seeds. See docs/PAPER.md."
    )
    desk_arguments.add_arguments(parser)
    add = parser.add_argument_group("how to run it").add_argument
    add("--accounts", type=typed(accounts), default=0, metavar="N", help="one for each strategy")
    add("--for", dest="span", type=typed(duration), metavar="SPAN", help="of market time (all)")
    add("--trades", action="store_true", help="with --json: trades of every account")
    add("--json", action="store_true", help="one object; see docs/PAPER.md")


def accounts(text: str) -> int:
    """Return a number of accounts, 1 to `desk.MOST_ACCOUNTS`."""
    number = count(text)
    if not 1 <= number <= desk_arguments.MOST_ACCOUNTS:
        raise ValueError(f"expected 1 to {desk_arguments.MOST_ACCOUNTS:,} accounts, got {text!r}")
    return number


def run(args: argparse.Namespace) -> int:
    """Run the whole feed and show the accounts.

    Raises
    ------
    EngineError
        If it cannot begin, or a strategy fails.
    """
    from engine.paper.desk import Desk

    if args.trades and not args.json:
        raise UsageError("--trades is for --json")
    days = args.days or _DEMO_SESSIONS
    seconds = args.span or days * desk_arguments.SESSION_SECONDS
    desk: Desk | ChainDesk
    events: Iterator[Any]
    if chain_desk.is_over_chains(args):
        desk, events, of_packages = chain_desk.open_desk(args, CHAIN_SECONDS, args.accounts)
        about = {"fills": "touch", "cash": of_packages.cash}
    else:
        market = desk_arguments.open_market(args, seconds)
        terms = desk_arguments.terms_of(args, market)
        seats = desk_arguments.seats_of(args, market, terms, args.accounts)
        desk, events = Desk(seats, market.interval_ns), market.events
        about = {"fills": "touch" if market.is_quoted else "next open", "cash": terms.cash}
    began = SYSTEM.monotonic_ns()
    with ProgressBar(is_plain=args.no_color, what="simulating", unit="events", delay=0.4) as bar:
        hear: Callable[[Any], None] = desk.hear
        for event in timed(events, args.span):
            hear(event)
            if desk.n_events % 1_000 == 0:
                bar(desk.n_events, desk.n_events + 1_000)
    spent = (SYSTEM.monotonic_ns() - began) / NS_PER_SECOND
    if args.json:
        print_text(json.dumps(document(desk, args, about), indent=2, allow_nan=False) + "\n")
    else:
        show_end(desk, args.source, is_json=False)
    heard = plural(desk.n_events, "event")
    note(f"{plural(len(desk.seats), 'account')}, {heard} in {spent:,.2f} s")
    return OK


def document(
    desk: Desk | ChainDesk, args: argparse.Namespace, about: Mapping[str, object]
) -> dict[str, Any]:
    """Return what the accounts came to as JSON values."""
    from engine.report.backtest_document import trade_objects
    from engine.report.desk_table import standing_object

    listed = []
    seats: Sequence[Seated] = desk.seats
    for seat in seats:
        one = standing_object(seat.standing())
        if args.trades:
            one["closed"] = trade_objects(seat.result())
        listed.append(one)
    return {
        "schema": SCHEMA,
        "source": args.source,
        "symbols": list(desk.seats[0].strategy.symbols),
        **about,
        "events": desk.n_events,
        "bars": desk.n_bars,
        "accounts": listed,
    }
