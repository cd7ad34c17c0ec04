"""``replay``: scan a recorded session again, as it came in, at any speed."""

from __future__ import annotations

import argparse

from engine.cli import scan_arguments
from engine.cli.arrivals import ArrivalScanner, refuse_other_flags
from engine.cli.pace import Pace, speed
from engine.cli.stderr import note
from engine.cli.typed import typed
from engine.errors import BAD_DATA, OK, NoInputError, UsageError
from engine.feeds.session import SessionFeed
from engine.nearest import hint
from engine.settings import spelling


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `replay` to `parser`, those of `scan` among them."""
    parser.description = (
        f"{parser.description}\nWhat a scan needs beside quotes is given as to `scan`. The list of "
        "a replay is that of the\nlive scan to the last byte; its sha256 is said at the end."
    )
    add = parser.add_argument_group("what to replay").add_argument
    add("file", metavar="FILE", help="a session file that `record` wrote")
    add("--speed", type=typed(speed), default="max", metavar="N", help="1, 10, ... or max (max)")
    add(
        "--from",
        dest="since",
        type=typed(spelling.first_instant),
        metavar="TIME",
        help="received then",
    )
    add("--to", dest="until", type=typed(spelling.instant), metavar="TIME", help="received before")
    scan_arguments.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Replay and return the exit code: 65 where the file ends torn and --strict was given.

    Raises
    ------
    EngineError
        If there is no such session, or it has no chain.
    """
    refuse_other_flags(args, "replay")
    if args.source:
        raise UsageError("a replay has its source: the FILE; leave out --source")
    args.source = f"session:{args.file}"
    feed = SessionFeed(args.file, since=args.since, until=args.until)
    asked = {symbol.upper() for symbol in args.symbols}
    unknown = asked - {symbol.upper() for symbol in feed.symbols()} if asked else set()
    if unknown:
        name = sorted(unknown)[0]
        raise NoInputError(f"{args.file}: no chain of {name} in it: {hint(name, feed.symbols())}")
    scanner, pace = ArrivalScanner(args, "replay"), Pace(args.speed)
    wanted = {symbol for symbol in feed.symbols() if not asked or symbol.upper() in asked}
    try:
        for arrival in feed.arrivals(wanted):
            pace.wait_for(arrival.ts_recv)
            scanner.scan(arrival.loaded)
    finally:
        scanner.close()
    if feed.torn:
        note(f"note: {feed.torn}")
        return BAD_DATA if args.strict else OK
    if scanner.n_chains == 0:
        raise NoInputError(f"{args.file}: no chain in it in that time")
    return OK
