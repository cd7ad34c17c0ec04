"""``parity gateway``: a simulated TWS gateway on loopback, for whoever develops against IB."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.errors import OK, InputOutputError, UsageError
from engine.nearest import hint

if TYPE_CHECKING:
    from engine.gateway.venue import Market

_SPEED = 1_000_000.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Speak the TWS API (server versions 157 to 178) on 127.0.0.1, with an exchange and a "
        "market that moves behind it. ib_async and the official ibapi connect unchanged. "
        "It has never met a real TWS; docs/GATEWAY.md says what is known and what is not."
    )
    add = parser.add_argument
    add("--port", type=int, default=4002, help="0 takes a free one (default: 4002)")
    add("--market", default="demo", metavar="SOURCE", help="demo, or session:FILE of a recording")
    add("--symbols", default="", metavar="A,B", help="only these of the market")
    add("--compact", action="store_true", help="4 expiries of 11 strikes: fits into 100 lines")
    add("--faults", default="", metavar="FILE.toml", help="what goes wrong, and when")
    add("--seed", type=int, default=0, help="of the market and of chance (default: 0)")
    add("--speed", type=float, default=1.0, metavar="X", help="market seconds per second")
    add("--lines", type=int, default=100, help="market data lines in all (default: 100)")
    add("--pacing", type=int, default=50, help="messages per second of a client (default: 50)")
    add("--account", default="DU1234567", help="its name (default: DU1234567)")
    add("--cash", type=float, default=1_000_000.0, help="at the start (default: 1000000)")
    add("--assignment", default="ex_date", help="of sold options: never, ex_date, random")
    add("--quiet", action="store_true", help="say nothing but the port")


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    _check(args)
    with suppress(asyncio.CancelledError):
        asyncio.run(_serve(args))
    return OK


def _check(args: argparse.Namespace) -> None:
    from engine.gateway.settlement import POLICIES

    if not 0 <= args.port <= 65_535:
        raise UsageError(f"--port {args.port} is not between 0 and 65535")
    if not 0.0 < args.speed <= _SPEED:
        raise UsageError(f"--speed {args.speed:g} is not above 0 and at most {_SPEED:g}")
    if args.lines < 1 or args.pacing < 0:
        raise UsageError("--lines is at least 1, --pacing at least 0 (no limit)")
    if args.assignment not in POLICIES:
        raise UsageError(f"--assignment {args.assignment!r}: {hint(args.assignment, POLICIES)}")
    if args.market != "demo" and not args.market.startswith("session:"):
        raise UsageError(f"--market {args.market!r}: expected demo or session:FILE")


async def _serve(args: argparse.Namespace) -> None:
    from engine.gateway.faults import Faults
    from engine.gateway.gateway import Gateway
    from engine.gateway.server import Server
    from engine.settings.fault_rules import read_faults

    gateway = Gateway(
        _market(args),
        accounts=(args.account,),
        faults=read_faults(args.faults, args.seed) if args.faults else Faults(seed=args.seed),
        seed=args.seed,
        speed=args.speed,
        most_lines=args.lines,
        pacing=args.pacing,
        cash=args.cash,
        assignment=args.assignment,
    )
    server = Server(gateway)
    try:
        port = await server.start("127.0.0.1", args.port)
    except OSError as error:
        raise InputOutputError(
            f"port {args.port} cannot be listened on ({error.strerror}): choose another --port"
        ) from None
    print(port, flush=True)
    if not args.quiet:
        symbols = ", ".join(gateway.listing.symbols())
        print(
            f"gateway: 127.0.0.1:{port}, account {args.account}, {symbols}; Ctrl-C ends it",
            file=sys.stderr, flush=True,
        )  # fmt: skip
    try:
        await server.wait(lambda: None, 1.0)
    finally:
        await server.stop()


def _market(args: argparse.Namespace) -> Market:
    asked = [name for name in args.symbols.split(",") if name]
    if args.market == "demo":
        from engine.feeds.demo_listing import KINDS
        from engine.feeds.demo_market import DemoMarket, Rates
        from engine.market.chain import COIN

        # IB lists no inverse options: the coin is not on this gateway.
        listed = [name for name, kind in KINDS.items() if kind.kind != COIN]
        for name in asked:
            if name not in listed:
                raise UsageError(f"--symbols: the gateway has no {name!r}: {hint(name, listed)}")
        return DemoMarket(
            args.seed, asked or listed, compact=args.compact, rates=Rates(pace=args.speed)
        )
    from engine.feeds.recorded_market import RecordedMarket
    from engine.feeds.session import SessionFeed

    feed = SessionFeed(args.market.removeprefix("session:"))
    for name in asked:
        if name not in feed.symbols():
            raise UsageError(f"--symbols: no {name!r} in it: {hint(name, feed.symbols())}")
    return RecordedMarket(feed.arrivals(set(asked) or None))
