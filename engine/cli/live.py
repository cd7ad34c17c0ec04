"""``live``: find arbitrages as quotes move, and trade them."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.cli import backtest_arguments, live_request
from engine.cli.backtest_arguments import names, positive
from engine.cli.screen import Screen
from engine.cli.typed import typed
from engine.errors import NotPermittedError, UsageError, load_extra
from engine.nearest import hint

if TYPE_CHECKING:
    from engine.live.seats import Strategies

parameter_words = backtest_arguments.parameter_words


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
    add = parser.add_argument_group("strategies in place of arbitrages").add_argument
    add(
        "--strategies", action="append", type=typed(names), metavar="A,B",
        help="by name, or file.py:Class: they trade shares of SYMBOL, or packages of its options",
    )  # fmt: skip
    add(
        "--set", action="append", dest="values", metavar="NAME=VALUE",
        help="a parameter: fast=10; of one strategy: ma_crossover.fast=10",
    )  # fmt: skip
    add(
        "--bars", default="1m", metavar="SPAN",
        help="made of quotes, or between two chains: 5s, 1m, 1h (1m)",
    )  # fmt: skip
    add(
        "--strategy-cash", type=typed(positive), default=10_000.0, metavar="X",
        help="what each may take for its own (10000)",
    )  # fmt: skip
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
    request = replace(request, strategies=_strategies(args))
    is_acknowledged = False
    if args.live and settings.broker == IB:
        from engine.live.guards import acknowledged

        ask = input if sys.stdin is not None and sys.stdin.isatty() else None
        is_acknowledged = acknowledged(settings, os.environ, ask)
    load_extra("ib_async", "ib", "parity live needs ib_async")
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


def _strategies(args: argparse.Namespace) -> Strategies | None:
    """Return the strategies that are asked for, None where none is."""
    if not args.strategies:
        if args.values:
            raise UsageError("--set is a parameter of --strategies: name one")
        return None
    if args.live:
        raise NotPermittedError(
            "--strategies trades paper accounts alone: what it sends has no proof"
        )
    from engine.cli.chain_desk import is_over_chains
    from engine.live.seats import Place, Strategies
    from engine.trading.intervals import interval_of

    asked = argparse.Namespace(names=[], strategies=args.strategies, values=args.values)
    kinds = backtest_arguments.strategies(asked)
    sets = backtest_arguments.value_sets(asked, kinds)
    for name, several in sets.items():
        if len(several) > 1:
            raise UsageError(f"--set: one value of each parameter of {name}, not {len(several)}")
    places = tuple(Place(name, kind, sets[name][0]) for name, kind in kinds.items())
    return Strategies(
        places, interval_of(args.bars), args.strategy_cash, args.seed, is_over_chains(asked)
    )


def _check_demo(symbols: tuple[str, ...]) -> None:
    from engine.feeds.demo_listing import KINDS
    from engine.market.chain import COIN

    known = [name for name, kind in KINDS.items() if kind.kind != COIN]
    for name in symbols:
        if name not in known:
            raise UsageError(f"the simulated market has no {name!r}: {hint(name, known)}")
