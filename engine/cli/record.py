"""``record``: write every chain that a source delivers to a session file."""

from __future__ import annotations

import argparse
import heapq
from collections.abc import Iterator
from pathlib import Path

from engine import __version__
from engine.cli import scan_arguments, scan_request
from engine.cli.arrivals import ArrivalScanner, refuse_other_flags
from engine.cli.pace import Pace, speed
from engine.cli.stderr import note
from engine.cli.typed import count, duration, typed
from engine.clock import NS_PER_SECOND, SYSTEM, Clock
from engine.errors import OK, NoInputError, UsageError
from engine.feeds import open_feed
from engine.feeds.protocol import Loaded
from engine.feeds.recorded import message_of
from engine.plural import plural
from engine.scanner.survey import Request
from engine.session.recording import SessionWriter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `record` to `parser`, those of `scan` among them."""
    parser.description = (
        f"{parser.description}\nThe demo exchange moves and is asked every second; of files every "
        "snapshot is taken.\nWith --scan each chain is scanned as it arrives, and `replay` gives "
        "the same list."
    )
    add = parser.add_argument_group("what to record").add_argument
    add("file", metavar="FILE", help="the session file; one that is there is continued")
    add("--every", type=typed(duration), default=1.0, metavar="SPAN", help="ask so often (1s)")
    add("--for", dest="span", type=typed(duration), metavar="SPAN", help="so long; else to Ctrl-C")
    add("--count", type=typed(count), metavar="N", help="so many rounds")
    add("--speed", type=typed(speed), default=1.0, metavar="N", help="of the demo exchange: max")
    add("--scan", action="store_true", help="scan what arrives too")
    add(
        "--import", dest="imported", metavar="KIND:PATH",
        help="captured messages: binance:FILE, coinbase:FILE, lean:ZIP",
    )  # fmt: skip
    scan_arguments.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Record until the source ends or Ctrl-C, and say what is in the file.

    Raises
    ------
    EngineError
        If the source cannot be opened, or the file not be written.
    """
    refuse_other_flags(args, "record")
    if args.store and not args.scan:
        raise UsageError("--store keeps what a scan finds: add --scan, or `parity store load` FILE")
    config = None
    if args.config:
        from engine.settings.config_file import read_config

        config = read_config(args.config)
    request = scan_request.build(args, config)
    about = {"source": args.imported or request.source, "version": __version__}
    scanner = ArrivalScanner(args, "record") if args.scan else None
    with SessionWriter(Path(args.file), about=about) as writer:
        if writer.quarantined:
            note(f"note: {writer.tear}; kept in {writer.quarantined}")
        try:
            if args.imported:
                from engine.feeds.captures import import_captures

                for message in import_captures(args.imported):
                    writer.add(message)
            else:
                for ts_recv, loaded in _arrivals(args, request):
                    writer.add(message_of(loaded, ts_recv))
                    writer.flush()  # a chain is acknowledged before it is acted on
                    if scanner is not None:
                        scanner.scan(loaded)
        except KeyboardInterrupt:
            note("stopped")
        finally:
            writer.flush()
            if scanner is not None:
                scanner.close()
        note(f"{plural(writer.n_acknowledged, 'message')} recorded in {writer.path}")
    return OK


def _arrivals(args: argparse.Namespace, request: Request) -> Iterator[tuple[int, Loaded]]:
    """Yield chains with when they arrived: of the demo exchange for ever, of files once."""
    if request.source == "demo":
        return _demo(args, request, SYSTEM)
    if args.span or args.count is not None:
        raise UsageError("--for and --count are for the demo exchange: a file is recorded whole")
    return _file(request)


def _demo(args: argparse.Namespace, request: Request, clock: Clock) -> Iterator[tuple[int, Loaded]]:
    from engine.feeds.demo_market import DemoMarket

    symbols = [symbol.upper() for symbol in request.symbols] or None
    market = DemoMarket(request.feed.seed or 0, symbols)
    first, pace = market.now_ns, Pace(args.speed)
    step = int(args.every * NS_PER_SECOND)
    rounds = args.count
    if args.span is not None:
        rounds = max(1, int(args.span / args.every))
    k = 0
    while rounds is None or k < rounds:
        pace.wait_for(first + k * step)
        market.run_until(first + k * step)
        for symbol in market.symbols:
            yield clock.now_ns(), Loaded(market.chain(symbol), market.carry(symbol))
        k += 1


def _file(request: Request) -> Iterator[tuple[int, Loaded]]:
    """Yield the snapshots of a file, by their own time: nobody knows when they arrived."""
    feed = open_feed(request.source, request.feed)
    listed = {symbol.upper(): symbol for symbol in feed.symbols()}
    wanted = [listed.get(s.upper(), s) for s in request.symbols] or list(listed.values())
    if not wanted:
        raise NoInputError(f"{request.source}: it has no chain")
    streams = [feed.chains(symbol) for symbol in wanted]
    for loaded in heapq.merge(*streams, key=lambda one: one.chain.ts_ns):
        yield loaded.chain.ts_ns, loaded
