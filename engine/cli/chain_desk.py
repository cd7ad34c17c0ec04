"""Strategies over chains in `paper --strategies` and `simulate`: a feed of chains, its seats."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.cli import backtest_arguments
from engine.cli.chain_strategies import over_chains
from engine.cli.desk import places_of
from engine.clock import NS_PER_SECOND
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.backtesting.options.terms import Terms
    from engine.paper.chain_desk import ChainDesk, Chained

# Of flags that mean something over bars and quotes alone: name in `args`, flag, its default.
_OF_SHARES = (
    ("bars", "--bars", ""), ("units", "--units", 0.0), ("spread", "--spread", 0.0),
    ("slippage", "--slippage", None), ("fees", "--fees", backtest_arguments.DEFAULT_FEES),
    ("participation", "--participation", 0.0), ("lot", "--lot", 0.0), ("tick", "--tick", 0.0),
    ("borrow", "--borrow", 0.0), ("long_only", "--long-only", False),
    ("through", "--through", False),
)  # fmt: skip


def is_over_chains(args: argparse.Namespace) -> bool:
    """Tell whether the strategies that `args` name decide over chains.

    Raises
    ------
    EngineError
        If one cannot be had, or only some do.
    """
    kinds = backtest_arguments.strategies(args)
    chosen = over_chains(kinds)
    if chosen and len(chosen) < len(kinds):
        other = next(name for name in kinds if name not in chosen)
        raise UsageError(f"{chosen[0]} decides over chains and {other} does not: run them apart")
    return bool(chosen)


def open_desk(
    args: argparse.Namespace, every: float, accounts: int = 0
) -> tuple[ChainDesk, Iterator[Chained], Terms]:
    """Return a desk, its chains in order of time, and the terms of each account.

    `every` is how many seconds lie between two chains of the demo market.

    Raises
    ------
    EngineError
        If the source or a strategy cannot be had, or a flag is none of chains.
    """
    from engine.backtesting.options.run import Walk
    from engine.backtesting.options.strategy import ChainStrategy
    from engine.backtesting.options.terms import Terms
    from engine.backtesting.parameters import build
    from engine.cli.options_recording import Heard, Span, open_recording
    from engine.cli.stderr import note
    from engine.paper.chain_desk import ChainDesk, Chained, ChainSeat
    from engine.settings.request import request_of

    for name, flag, default in _OF_SHARES:
        if getattr(args, name) != default:
            raise UsageError(f"{flag} is of shares: packages of options are traded at the touch")
    symbols = tuple(one for part in args.symbols or [] for one in part)
    request = request_of({}, source=args.source, symbols=symbols)
    heard = Heard()
    recording = open_recording(request, Span(days=args.days or 20, every=every), heard)
    terms = Terms(
        cash=args.cash, fees=request.fees or request.settings.fees,
        delay_ns=int(args.latency * NS_PER_SECOND),
    )  # fmt: skip
    seats = []
    for name, kind, values, seed in places_of(args, accounts):
        strategy = build(kind, values)
        if not isinstance(strategy, ChainStrategy):
            raise UsageError(f"{name}: over chains a strategy is a ChainStrategy")
        walk = Walk(strategy, terms, seed, recording.splits, recording.closes)
        seats.append(ChainSeat(name, walk))

    def chains() -> Iterator[Chained]:
        for moment in recording.moments():
            yield Chained(moment)
        desk.end()
        for text in (*heard.problems, *heard.notes):
            note(text)

    desk = ChainDesk(seats)
    return desk, chains(), terms
