"""``rates``: what lending and borrowing through options yields, by expiry."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from engine.cli.financing import add_quotes, views
from engine.cli.stderr import note
from engine.errors import OK


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `rates` to `parser`."""
    add = parser.add_argument
    add("symbols", nargs="*", metavar="SYMBOL", help="underlyings; none is all the source has")
    add("--json", action="store_true", help="one object; see docs/RATES.md")
    add("--plot", metavar="FILE.html", help="the curve with its bands, in one file")
    add_quotes(parser)


def run(args: argparse.Namespace) -> int:
    """Show the rates and return the exit code.

    Raises
    ------
    EngineError
        If the source cannot be opened, or has no such symbol.
    """
    if args.plot:
        from engine.report import rates_plot

        rates_plot.check(Path(args.plot))
    from engine.report import rates_table
    from engine.scoring.financing import rate_quotes

    found = [(view.chain, rate_quotes(view, settings)) for view, settings, _ in views(args)]
    if args.json:
        from engine.cli.stdout import write_all

        text = json.dumps(rates_table.rates_document(found), indent=2, allow_nan=False)
        write_all(text + "\n")
    else:
        from engine.cli.scan_output import console_of

        console = console_of(args)
        for chain, quotes in found:
            rates_table.render_rates(chain, quotes, console)
    if args.plot:
        rates_plot.write(found, Path(args.plot))
        note(f"plot written to {args.plot}")
    return OK
