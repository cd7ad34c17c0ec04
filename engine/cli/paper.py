"""``paper``: the pipeline of `live` on a market in this process, with simulated fills.

With `--strategies` it is strategies that trade: `engine.cli.paper_strategies`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

from engine.cli import live_request
from engine.cli.screen import Screen
from engine.errors import NoInputError, UsageError
from engine.nearest import hint

# word: (module, one line of help)
JOBS = {"--strategies": ("engine.cli.paper_strategies", "trade strategies on paper, all at once")}


def job_of(words: Sequence[str]) -> str:
    """Return the flag of `words` that asks for another job, or an empty text.

    >>> job_of(["--strategies=momentum"]), job_of(["ZETF", "--for", "5s"])
    ('--strategies', '')
    """
    named = (word.partition("=")[0] for word in words)
    return next((word for word in named if word in JOBS), "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Trade on paper without a broker: the pipeline of `live`, fills simulated against what\n"
        "is displayed, late and at a cost. Without --source the demo market moves in this\n"
        "process. With --strategies A,B strategies trade instead, each in an account of its own;\n"
        "`parity paper --strategies A --help` has their flags."
    )
    parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help="underlyings (ZETF)")
    parser.add_argument("--source", default="demo", metavar="SPEC", help="demo, or session:FILE")
    live_request.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Trade until stopped.

    Raises
    ------
    EngineError
        If it cannot begin.
    """
    from engine.live import loop
    from engine.live.paper import trade

    if args.source != "demo" and not args.source.startswith("session:"):
        raise UsageError(f"--source {args.source!r}: expected demo or session:FILE")
    settings, config = live_request.settings_of(args)
    if args.broker not in (None, "paper"):
        raise UsageError("paper has a broker of its own: `parity live` takes --broker")
    settings = replace(settings, broker="paper")
    symbols = settings.symbols
    if args.source == "demo":
        from engine.feeds.demo_listing import KINDS

        symbols = symbols or ("ZETF",)
        for name in symbols:
            if name not in KINDS:
                raise UsageError(f"the demo market has no {name!r}: {hint(name, KINDS)}")
    else:
        from engine.feeds.session import SessionFeed

        known = SessionFeed(args.source.removeprefix("session:")).symbols()
        symbols = symbols or known
        for name in symbols:
            if name not in known:
                raise NoInputError(f"{args.source}: no chain of {name} in it: {hint(name, known)}")
    request = live_request.request_from(args, settings, config, symbols, is_fresh=True)
    console = Screen(is_plain=args.no_color)
    return loop.run(lambda: trade(request, args.source, args.seed, console))
