"""``live``: find arbitrages as quotes move, and trade them."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from engine.cli import live_request
from engine.cli.screen import Screen
from engine.errors import UsageError
from engine.nearest import hint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Watch quotes as they move, and trade what is an arbitrage. With nothing said it starts a\n"
        "simulated gateway with a market of its own and trades that. --broker ib connects to TWS\n"
        "or IB Gateway (docs/LIVE.md), shows what it would do, and sends orders only with --arm.\n"
        "Live money needs more, and says what. Ctrl-C or SIGTERM ends it in order; `parity kill`\n"
        "stops trading at once, from any terminal."
    )
    parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help="underlyings (sim: ZETF)")
    parser.add_argument("--live", action="store_true", help="live money is meant")
    live_request.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Trade until stopped.

    Raises
    ------
    EngineError
        If it cannot begin.
    """
    from engine.live import loop
    from engine.live.folder import IB, PAPER, SIM
    from engine.live.own_gateway import SYMBOL

    settings, config = live_request.settings_of(args)
    if settings.broker == PAPER:
        raise UsageError("--broker paper needs no gateway: `parity paper`")
    symbols = settings.symbols or ((SYMBOL,) if settings.broker == SIM else ())
    if not symbols:
        raise UsageError("say what to trade: parity live SYMBOL --broker ib")
    if settings.broker == SIM and settings.port == 0:
        _check_demo(symbols)
    request = live_request.request_from(args, settings, config, symbols, is_fresh=False)
    is_acknowledged = False
    if args.live and settings.broker == IB:
        from engine.live.guards import acknowledged

        ask = input if sys.stdin is not None and sys.stdin.isatty() else None
        is_acknowledged = acknowledged(settings, os.environ, ask)
    from engine.live.trading import trade

    if not args.debug:
        # What the library logs of every message of a gateway is on the screen in other words.
        logging.getLogger("ib_async").setLevel(logging.CRITICAL + 1)
    console = Screen(is_plain=args.no_color)
    return loop.run(
        lambda: trade(
            request, console, seed=args.seed, is_live=args.live, is_acknowledged=is_acknowledged
        )
    )


def _check_demo(symbols: tuple[str, ...]) -> None:
    from engine.feeds.demo_listing import KINDS
    from engine.market.chain import COIN

    known = [name for name, kind in KINDS.items() if kind.kind != COIN]
    for name in symbols:
        if name not in known:
            raise UsageError(f"the simulated market has no {name!r}: {hint(name, known)}")
