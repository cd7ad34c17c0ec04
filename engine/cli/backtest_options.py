"""``backtest options``: trade packages of options over recorded chains."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.start import compile_less
from engine.cli.typed import count, duration, typed
from engine.errors import OK, InputOutputError, UsageError
from engine.settings import spelling
from engine.settings.table import CHECKS, COSTS, READING, of_groups

if TYPE_CHECKING:
    from engine.backtesting.options.result import OptionsResult
    from engine.backtesting.options.strategy import ChainStrategy
    from engine.cli.options_recording import Heard
    from engine.scanner.survey import Request

ENTRY, EXIT = "vertical C 30d 0.30/0.20", "50%|21dte|expiry"
TABLES = ("packages", "equity", "entries")
# A backtest has instants of its own, and no list.
_ROWS = tuple(row for row in of_groups(READING, COSTS, CHECKS) if row.name != "as_of")
_NS = 1_000_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `backtest options` to `parser`."""
    from engine.backtesting.options import entries, exits
    from engine.backtesting.options.terms import ASSIGNMENTS, MARGINS
    from engine.cli.scan_arguments import add_rows

    forms = "\n".join(f"  {form}" for form in entries.FORMS.values())
    parser.description = (
        f"{parser.description}\n\nentries (short sells them; DAYS is 30d or 20-45d):\n{forms}\n"
        f"strikes:\n  {entries.STRIKES}\nexits:\n  {exits.FORMS}"
    )
    add = parser.add_argument_group("what to trade").add_argument
    add(
        "--source",
        default="demo",
        metavar="SPEC",
        help="demo, session:FILE, lean:DIR, csv:PATH ...",
    )
    add("--symbols", default="", metavar="A,B", help="underlyings (all of the source; demo: ZDIV)")
    add("--entry", metavar="WORDS", help=f"what to enter ({ENTRY})")
    add("--exit", metavar="WORDS", help=f"when to close it ({EXIT})".replace("%", "%%"))
    add("--scan", action="store_true", help="trade what a scan finds, and hold it to settlement")
    add("--strategy", metavar="FILE.py:CLASS", help="a strategy of your own with on_chain")
    add("--lots", type=typed(_positive), default=1, metavar="N", help="of each package (1)")
    add("--most", type=typed(_positive), default=1, metavar="N", help="packages at a time (1)")
    add("--every", type=typed(duration), default=0.0, metavar="SPAN", help="least time between two")
    add = parser.add_argument_group("which chains").add_argument
    add(
        "--from",
        dest="since",
        type=typed(spelling.first_instant),
        metavar="TIME",
        help="from then on",
    )
    add("--to", dest="until", type=typed(spelling.instant), metavar="TIME", help="up to then")
    add("--days", type=typed(_positive), default=20, metavar="N", help="of the demo market (20)")
    add("--step", type=typed(duration), default=3600.0, metavar="SPAN",
        help="between chains of the demo market (1h)")  # fmt: skip
    add = parser.add_argument_group("the account").add_argument
    add("--cash", type=typed(_amount), default=100_000.0, metavar="X", help="at first (100000)")
    add("--assignment", choices=ASSIGNMENTS, default=ASSIGNMENTS[0],
        help="who is assigned early (rational)")  # fmt: skip
    add("--margin", choices=MARGINS, default="reg-t", help="what it is held to (reg-t)")
    add("--max-age", type=typed(duration), default=300.0, metavar="SPAN",
        help="quotes older than this are not traded (300s)")  # fmt: skip
    add("--delay", type=typed(duration), default=0.0, metavar="SPAN",
        help="orders meet the first chain so much later (the one that was seen)")  # fmt: skip
    add("--interest", action="store_true", help="cash earns and debt pays interest by night")
    add_rows(parser, "how quotes are read, and what carry costs", _ROWS)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one object")
    form.add_argument("--csv", choices=TABLES, nargs="?", const="packages", metavar="TABLE",
                      help=f"one table: {', '.join(TABLES)} (packages)")  # fmt: skip
    parser.add_argument("--html", metavar="FILE.html", help="a page with curves and packages")
    parser.add_argument("--backend", choices=("auto", "pure", "numba"), help="of --scan")


def run(args: argparse.Namespace) -> int:
    """Run the backtest that is asked for, and show it.

    Raises
    ------
    EngineError
        If the words mean nothing, or the source cannot be read.
    """
    compile_less()
    from engine.backtesting.options.run import run as run_backtest
    from engine.backtesting.options.terms import Terms
    from engine.cli.options_recording import Heard, Span, open_recording

    make = _strategy(args)
    if args.html:
        from engine.report.page_file import check_target

        check_target(Path(args.html))
    request = _request(args)
    heard = Heard()
    until = None if args.until is None else args.until
    span = Span(args.since or 0, until, args.days, args.step, planted=args.scan)
    recording = open_recording(request, span, heard)
    terms = Terms(
        cash=args.cash, fees=request.fees or request.settings.fees, max_age=args.max_age,
        delay_ns=int(args.delay * _NS), assignment=args.assignment, margin=args.margin,
        has_interest=args.interest, holds=args.scan,
    )  # fmt: skip
    made = make(request)
    try:
        result = run_backtest(made, recording, terms, seed=request.feed.seed or 0)
    except Exception as error:
        from engine.backtesting.faults import fault

        found = fault(made if isinstance(made, type) else type(made), error)
        if found is None or found is error:
            raise
        raise found from error
    _say(heard, result)
    _show(result, recording.source, args)
    return OK


def _positive(text: str) -> int:
    number = count(text)
    if not 1 <= number <= 1_000_000:
        raise ValueError(f"expected a whole number from 1 to 1000000, got {text!r}")
    return number


def _amount(text: str) -> float:
    from engine.settings.values import above_zero

    return above_zero(text)


def _request(args: argparse.Namespace) -> Request:
    from engine.cli.scan_arguments import said
    from engine.settings.request import request_of
    from engine.settings.table import BY_NAME

    try:
        given = said(args, _ROWS)
    except ValueError as error:
        raise UsageError(str(error)) from None
    symbols = tuple(word.strip() for word in args.symbols.split(",") if word.strip())
    return request_of(
        given, source=args.source, symbols=symbols, shown=lambda name: BY_NAME[name].option
    )


Make = Callable[["Request"], Callable[[], "ChainStrategy"]]


def _strategy(args: argparse.Namespace) -> Make:
    """Return what makes the strategy, once its words are known to mean something."""
    if args.scan + bool(args.strategy) + (args.entry is not None or args.exit is not None) > 1:
        raise UsageError("--scan, --strategy and --entry (with --exit) are three ways: choose one")
    if args.scan:
        return _hunt(args)
    if args.strategy:
        from engine.backtesting.options.strategy import ChainStrategy
        from engine.trading.loading import load_strategy

        found = load_strategy(args.strategy)
        if not issubclass(found, ChainStrategy):
            raise UsageError(f"{args.strategy}: over chains a strategy is a ChainStrategy")
        return lambda _: found
    from engine.backtesting.options.entries import parse_entry
    from engine.backtesting.options.exits import parse_exits
    from engine.backtesting.options.rules import rules

    entry = parse_entry(ENTRY if args.entry is None else args.entry)
    exits = parse_exits(EXIT if args.exit is None else args.exit)
    return lambda _: lambda: rules(entry, exits, lots=args.lots, most=args.most, every=args.every)


def _hunt(args: argparse.Namespace) -> Make:
    from engine.backend import select
    from engine.backtesting.options.hunt import Hunt

    backend = select(args.backend)

    def of(request: Request) -> Callable[[], ChainStrategy]:
        def made() -> ChainStrategy:
            hunt = Hunt()
            hunt.settings, hunt.backend = request.settings, backend
            if request.fees is not None:
                hunt.settings = replace(request.settings, fees=request.fees)
            return hunt

        return made

    return of


def _say(heard: Heard, result: OptionsResult) -> None:
    from engine.cli.stderr import note

    problems = list(heard.problems)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        note(f"refused: {problems[0]}{more}")
    for text in (*heard.notes, *result.account.notes):
        note(text)


def _show(result: OptionsResult, source: str, args: argparse.Namespace) -> None:
    from engine.report import options_document as document

    if args.json:
        shown = document.document(result, source)
        _print(json.dumps(shown, indent=2, allow_nan=False) + "\n")
    elif args.csv:
        _print(document.csv_text(result, args.csv))
    else:
        from engine.cli.scan_output import console_of
        from engine.report.options_table import render

        render(result, source, console_of(args))
    if args.html:
        from engine.cli.stderr import note
        from engine.report.options_page import write

        write(result, source, Path(args.html))
        note(f"page written to {args.html}")


def _print(text: str) -> None:
    if sys.stdout is None:
        raise InputOutputError("standard output is closed: there is nowhere to print to")
    from engine.cli.stdout import write_all

    write_all(text)
