"""``history``: ask the store what was found, how long it lived, and what stopped the rest."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from engine.cli.stderr import note
from engine.cli.store_choice import add_store, open_chosen
from engine.cli.typed import count, typed
from engine.errors import OK, InputOutputError, NoInputError, NotPermittedError
from engine.nearest import hint
from engine.settings import spelling
from engine.store import history as past

TABLES = ("families", "lives", "gates", "scans", "edges", "implied")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `history` to `parser`."""
    parser.add_argument("symbol", nargs="?", default="", metavar="SYMBOL", help="all without it")
    add_store(parser)
    add = parser.add_argument
    add(
        "--from",
        dest="since",
        type=typed(spelling.first_instant),
        metavar="TIME",
        help="from then on",
    )
    add("--to", dest="until", type=typed(spelling.instant), metavar="TIME", help="before then")
    add("--top", type=typed(count), default=20, metavar="N", help="lives to list one by one (20)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="every table in one object")
    form.add_argument(
        "--csv", choices=TABLES, nargs="?", const="lives", metavar="TABLE",
        help=f"one table: {', '.join(TABLES)} (lives)",
    )  # fmt: skip
    form.add_argument("--html", metavar="FILE.html", help="one page with plots")


def run(args: argparse.Namespace) -> int:
    """Answer from the store.

    Raises
    ------
    EngineError
        If there is no store, or it knows nothing of the symbol.
    """
    with open_chosen(args, must_exist=True) as store:
        ever = past.Window()
        window = past.Window(
            args.symbol.upper(),
            ever.since if args.since is None else args.since,
            ever.until if args.until is None else args.until,
        )
        known = list(past.symbols(store))
        if window.symbol and window.symbol not in known:
            near = hint(window.symbol, known)
            raise NoInputError(f"no scan of {window.symbol} is stored: {near}")
        if not known:
            raise NoInputError(f"store {store.address}: no scan is stored: parity scan --store")
        found = past.history(store, window, top=args.top)
        lifetimes = past.lifetimes(store, window) if args.html else []
        shown_address = str(store.address)
    if args.json:
        _print(json.dumps({a.name: a.objects() for a in found.answers()}, indent=2) + "\n")
    elif args.csv:
        _print(getattr(found, args.csv).csv())
    elif args.html:
        from engine.report.history_page import page

        _write(Path(args.html), page(found, lifetimes, shown_address))
        note(f"history written to {args.html}")
    else:
        from engine.cli.scan_output import console_of
        from engine.report.history_table import render

        render(found, console_of(args))
    return OK


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except PermissionError:
        raise NotPermittedError(f"{path}: you may not write it") from None
    except OSError as error:
        raise InputOutputError(f"{path}: {error.strerror or error}") from None


def _print(text: str) -> None:
    if sys.stdout is None:
        raise InputOutputError("standard output is closed: there is nowhere to print to")
    sys.stdout.write(text)
