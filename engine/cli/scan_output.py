"""The result of `scan` in the form that was asked for: machines on stdout, people on a terminal."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.backend import Backend
from engine.cli.stderr import note
from engine.cli.stdout import silence_stdout, write_all
from engine.cli.width import pipe_width
from engine.errors import InputOutputError, UnavailableError
from engine.report.document import document
from engine.report.rows import csv_text, ndjson
from engine.report.wording import label_words
from engine.scanner.survey import Request, Survey, SymbolResult, survey_of

if TYPE_CHECKING:
    from rich.console import Console

    from engine.scanner.many import Sink


def show(survey: Survey, backend: Backend, args: argparse.Namespace) -> None:
    """Print `survey` as `args` ask, and write the files that they name.

    Raises
    ------
    UsageError
        If ``--explain`` names no opportunity.
    UnavailableError
        If a form needs an extra that is not installed.
    InputOutputError
        If stdout is closed.
    """
    if args.tickets and (args.json or args.ndjson):
        from engine.report.order import homes_of, tickets_text

        _print(tickets_text(homes_of(survey, selected=args.select)))
    elif args.json:
        _print(json.dumps(document(survey, backend), indent=2, allow_nan=False) + "\n")
    elif args.ndjson:
        pass  # printed as they came
    elif args.csv:
        _print(csv_text(survey))
    elif is_part(args):
        _show_part(survey, backend, args)
    else:
        _show_table(survey, backend, args)
    if args.plot:  # last: what was found must not be lost to a folder that is not there
        from engine.report import plot

        path = Path(args.plot)
        plot.write(survey, path, backend)
        note(f"plot written to {path}")


def sinks(request: Request, args: argparse.Namespace) -> tuple[Sink, ...]:
    """Return what takes the result of each symbol as it comes: with ``--ndjson``, stdout.

    Raises
    ------
    InputOutputError
        If stdout is closed.
    """
    if not args.ndjson or args.tickets:
        return ()

    def print_lines(one: SymbolResult) -> None:
        try:
            _print(ndjson(survey_of([one], request)))
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            silence_stdout()  # whoever stops reading has seen enough

    _print("")
    return (print_lines,)


def is_table_on_terminal(args: argparse.Namespace) -> bool:
    """Tell whether a person sees the table, which says itself which chains are not believed."""
    is_other = args.json or args.ndjson or args.csv or is_part(args)
    return not is_other and sys.stdout is not None and sys.stdout.isatty()


def is_part(args: argparse.Namespace) -> bool:
    """Tell whether something else than the table is asked for, for people."""
    return bool(args.curves or args.explain or args.tickets or args.select or args.payoff)


def _show_part(survey: Survey, backend: Backend, args: argparse.Namespace) -> None:
    console = console_of(args)
    if args.explain:
        from engine.report import explain

        explain.render(survey, args.explain, console, backend)
    if args.payoff:
        from engine.report.lookup import look_up
        from engine.report.payoff import render_payoff

        scan, one = look_up(survey.scans, args.payoff, backend)
        render_payoff(one, scan, console)
    if args.select and not args.tickets:
        from engine.report.together import render_selection

        render_selection(survey, console)
    if args.tickets:
        from engine.report.order import homes_of, render_tickets

        render_tickets(homes_of(survey, selected=args.select), console)
    if args.curves:
        from engine.report import curves

        curves.render(survey, console)


def _show_table(survey: Survey, backend: Backend, args: argparse.Namespace) -> None:
    console = console_of(args)
    from engine.report import table

    table.render(survey, console)
    if survey.audit:
        for line in audit_lines(survey):
            console.print(line, highlight=False, markup=False)
    console.print(str(backend), style="dim", highlight=False, markup=False)


def audit_lines(survey: Survey) -> list[str]:
    """Return what the audit found, for people."""
    audit = survey.audit
    if audit is None:
        return []
    lines = [
        f"audit: recall {audit.recall:.2%} ({audit.n_found:,} of {audit.n_labels:,} planted), "
        f"precision {audit.precision:.2%} ({audit.n_caused:,} of {audit.n_reported:,} reported), "
        f"false LOCKED {audit.false_locked}, largest edge error {audit.edge_error:.1e} "
        f"(over {audit.n_exact:,} found with the planted legs)"
    ]
    for what in ("missed", "misgraded", "fooled"):
        lines.extend(f"  {what}: {label_words(label)}" for label in getattr(audit, what))
    return lines


def _print(text: str) -> None:
    if sys.stdout is None:
        raise InputOutputError("standard output is closed: there is nowhere to print to")
    write_all(text)


def console_of(args: argparse.Namespace) -> Console:
    """Return the console for people on stdout.

    Raises
    ------
    InputOutputError
        If stdout is closed.
    UnavailableError
        If rich is not installed.
    """
    if sys.stdout is None:
        raise InputOutputError("standard output is closed: there is nowhere to print to")
    try:
        from engine.cli.screen import Screen
    except ImportError:
        raise UnavailableError(
            f"the table needs rich: {sys.executable} -m pip install rich, "
            "or ask for --json, --csv or --ndjson"
        ) from None
    return Screen(
        is_plain=args.no_color,
        width=None if sys.stdout.isatty() else pipe_width(),
        soft_wrap=False,
    )
