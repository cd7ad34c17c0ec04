"""What `rates`, `lend` and `borrow` share: their flags, and the chain with its terms."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.cli import scan_arguments
from engine.cli.stderr import note
from engine.cli.typed import typed
from engine.errors import OK, NoInputError, UsageError
from engine.settings import spelling
from engine.settings.table import COSTS, READING, RUN

if TYPE_CHECKING:
    from engine.backend import Backend
    from engine.config import ScanSettings
    from engine.strategies.view import View

# Of one loan: more than the options of any index are worth.
_MOST = 1e11


def add_quotes(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say which quotes are read and what carry costs."""
    group = parser.add_argument_group("what to read")
    group.add_argument("--source", metavar="SPEC", help="demo, csv:PATH, lean:DIR, session:FILE")
    group.add_argument("--config", metavar="FILE.toml", help="settings in one file")
    group.add_argument(
        "--assume-synchronous", action="store_true", default=None,
        help="vouch for quotes whose ages are unknown or too old",
    )  # fmt: skip
    scan_arguments.add_settings(parser, (READING, COSTS, RUN))


def views(args: argparse.Namespace) -> Iterator[tuple[View, ScanSettings, Backend]]:
    """Yield the view of every chain that is asked for, with its settings.

    Raises
    ------
    EngineError
        If the source cannot be opened, or has no such symbol.
    """
    from engine.backend import select
    from engine.cli import scan_request
    from engine.scanner.many import chosen_chains, settings_for
    from engine.scanner.search import make_view
    from engine.settings.table import SETTINGS

    config = None
    if args.config:
        from engine.settings.config_file import read_config

        config = read_config(args.config)
    for setting in SETTINGS:
        if not hasattr(args, setting.name):
            setattr(args, setting.name, None)
    args.audit, args.seeds = False, None
    request = scan_request.build(args, config)
    if request.is_every_snapshot:
        raise UsageError("--as-of all: rates are of one time")
    backend = select(scan_request.backend_name(args, config))
    count = 0
    for _, loaded in chosen_chains(request):
        for problem in loaded.problems[:3]:
            note(f"refused: {problem}")
        settings, notes = settings_for(loaded, request)
        for line in (*loaded.notes, *notes):
            note(f"note: {loaded.chain.symbol}: {line}")
        count += 1
        yield make_view(loaded.chain, settings, backend), settings, backend
    if not count:
        raise NoInputError("there is no snapshot at or before that time")


def add_loan(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `lend` and `borrow`."""
    add = parser.add_argument
    add("amount", type=typed(amount), metavar="AMOUNT", help="of money, such as 100000 or 100k")
    add("symbols", nargs="*", metavar="SYMBOL", help="whose options; the first index without it")
    add(
        "--until",
        type=typed(spelling.day_or_month),
        required=True,
        metavar="DAY",
        help="2027-06-18 or 2027-06",
    )
    add("--rate", type=typed(rate), metavar="RATE", help="the limit shall make this rate: 4.5%%")
    add("--explain", action="store_true", help="the whole proof of the position")
    add("--json", action="store_true", help="one object")
    add_quotes(parser)


def run_loan(args: argparse.Namespace, side: str) -> int:
    """Find the loan, show it and return the exit code.

    Raises
    ------
    EngineError
        If there is no such loan.
    """
    from engine.report import rates_table
    from engine.scoring.loan import make_loan

    if len(args.symbols) > 1:
        raise UsageError("one SYMBOL is enough: a loan is made through the options of one")
    found = list(views(args))
    if not args.symbols:
        # European and settled in cash first.
        found.sort(key=lambda one: (not one[0].chain.is_european, one[0].has_stock,
                                    not one[0].chain.quoting.is_linear))  # fmt: skip
    view, settings, backend = found[0]
    wanted = float("nan") if args.rate is None else args.rate
    loan = make_loan(view, settings, args.amount, args.until, side, wanted)
    if args.json:
        from engine.cli.stdout import write_all

        document = rates_table.loan_document(view.chain, loan)
        write_all(json.dumps(document, indent=2, allow_nan=False) + "\n")
        return OK
    from engine.cli.scan_output import console_of

    console = console_of(args)
    rates_table.render_loan(view.chain, loan, console)
    if args.explain:
        from engine.report import explain
        from engine.scanner.survey import Scan, Survey
        from engine.scoring.opportunity import Funnel, ScanResult

        result = ScanResult(view.chain, (loan.opportunity,), (), Funnel(0, {}, 0))
        console.print()
        one = replace(loan.opportunity, ticket=loan.ticket)
        survey = Survey((Scan(replace(result, opportunities=(one,)), settings),))
        explain.render(survey, one.id, console, backend)
    return OK


def amount(text: str) -> float:
    """Return an amount of money: ``100000``, ``100,000``, ``100k``, ``2.5m``.

    >>> amount("100k"), amount("2.5m"), amount("100,000")
    (100000.0, 2500000.0, 100000.0)
    """
    plain = text.strip().lower().replace(",", "").replace("_", "").lstrip("$")
    scale = {"k": 1e3, "m": 1e6}.get(plain[-1:], 1.0)
    if scale != 1.0:
        plain = plain[:-1]
    if not (len(plain) <= 15 and plain.replace(".", "", 1).isdigit() and plain.isascii()):
        raise ValueError(f"expected an amount such as 100000 or 100k, got {text[:40]!r}")
    value = float(plain) * scale
    if not 0.0 < value <= _MOST:
        raise ValueError(f"an amount is above 0 and at most {_MOST:,.0f}, got {text[:40]!r}")
    return value


def rate(text: str) -> float:
    """Return a rate per year: ``4.5%``, ``0.045``.

    >>> rate("4.5%"), rate("0.045")
    (0.045, 0.045)
    """
    from engine.settings import values

    found = values.rates(text)
    if found.lend is None or found.lend != found.borrow:
        raise ValueError(f"expected one rate such as 4.5%, got {text[:40]!r}")
    return found.lend.rate(0.0)
