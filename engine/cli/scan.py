"""``scan``: find, prove and rank arbitrages."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli import scan_arguments
from engine.cli.start import compile_less, without_collection
from engine.cli.stderr import note
from engine.cli.stdout import silence_stdout
from engine.errors import BAD_DATA, NOTHING_FOUND, OK, VERIFIER_MISMATCH, UsageError

if TYPE_CHECKING:
    from engine.backend import Backend
    from engine.scanner.survey import Request, Survey


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `scan` to `parser`."""
    parser.description = f"{parser.description}\n{scan_arguments.DESCRIPTION}"
    scan_arguments.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Scan, show, and return the exit code.

    Raises
    ------
    EngineError
        If the request makes no sense or the source cannot be opened.
    """
    if args.runtime:
        from engine.cli import runtime

        runtime.change(args)

    compile_less()
    with without_collection():
        # Imported now, and not for --help: these bring every family and the verifier.
        from engine.backend import select
        from engine.cli import notes, scan_output, scan_request
        from engine.cli.progress import ProgressBar
        from engine.runtime import comparisons
        from engine.scanner.many import scan_many

        config = None
        if args.config:
            from engine.settings.config_file import read_config

            config = read_config(args.config)
        request = scan_request.build(args, config)
        _check_combination(args, request)
        if args.plot:  # what would fail at the end fails before the work
            from engine.report import plot

            plot.check(Path(args.plot))
        # The footer of a table has their sum.
        has_orders = bool(args.select or args.json or args.ndjson)
        asked = request = replace(request, needs_orders=has_orders)
        keeps = bool(args.store or (config is not None and config.store))
        if keeps:
            from engine.cli import scan_store

            request = scan_store.prepare(request, args)
        backend = select(scan_request.backend_name(args, config))
    if comparisons.state() in comparisons.NOTES:
        note(comparisons.NOTES[comparisons.state()])
    jobs = scan_request.jobs(args, config)
    with ProgressBar(is_plain=args.no_color) as on_done:
        sinks = scan_output.sinks(asked, args)
        survey = scan_many(request, backend, jobs=jobs, on_done=on_done, sinks=sinks)
    if request.settings.capital < math.inf and len(survey.scans) > 1:
        from engine.scanner.share import with_capital

        survey = with_capital(survey, backend, request.settings.capital)
    if keeps:
        survey = replace(survey, top=asked.settings.top)
        scan_store.keep(survey, asked, backend, args)
    notes.say_what_went_wrong(survey, is_debug=args.debug)
    if not scan_output.is_table_on_terminal(args):
        notes.say_what_is_not_believed(survey)
    if survey.scans or args.json:
        notes.say_what_was_assumed(survey, request.overrides, request.as_of_ns)
        if not args.ndjson and any(not scan.knows_dividends for scan in survey.scans):
            from engine.scanner.dividends import with_dividend_limits

            survey = with_dividend_limits(survey)
        try:
            scan_output.show(survey, backend, args)
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            # Whoever stops reading has seen enough, and what else there is to say remains.
            silence_stdout()
    _write_reproducers(survey, backend)
    return exit_code(survey, fails_when_empty=scan_request.fails_when_empty(args, config))


def exit_code(survey: Survey, *, fails_when_empty: bool = False) -> int:
    """Return the exit code of a survey.

    70 if the verifier did not reproduce something or a symbol met a bug; if nothing was scanned,
    that of the first failure; 65 if no chain can be believed; 1 if nothing was found and that is
    a failure; else 0: single symbols may have failed.
    """
    codes = [failure.code for failure in survey.failures]
    if survey.mismatches or VERIFIER_MISMATCH in codes:
        return VERIFIER_MISMATCH
    if not survey.scans:
        return codes[0] if codes else OK
    if all(result.unusable for result in survey.results):
        return BAD_DATA
    if fails_when_empty and not survey.opportunities:
        return NOTHING_FOUND
    return OK


def _check_combination(args: argparse.Namespace, request: Request) -> None:
    is_for_machines = args.json or args.csv or args.ndjson
    if args.audit and request.source != "demo":
        raise UsageError(
            f"--audit compares with the labels of the demo source; {request.source} has none"
        )
    if args.seeds and not args.audit:
        raise UsageError("--seeds counts the exchanges of an audit: add --audit")
    if args.audit and (args.explain or args.curves):
        flag = "--explain" if args.explain else "--curves"
        raise UsageError(f"{flag} shows no audit: ask for one of {flag} and --audit")
    if is_for_machines and (args.explain or args.curves or args.payoff):
        flag = "--explain" if args.explain else "--curves" if args.curves else "--payoff"
        raise UsageError(f"{flag} prints for people: leave out --json, --csv and --ndjson")
    if args.tickets and args.csv:
        raise UsageError("--tickets prints text, or JSON with --json: leave out --csv")
    if args.tickets and (args.explain or args.curves or args.payoff):
        flag = "--explain" if args.explain else "--curves" if args.curves else "--payoff"
        raise UsageError(f"{flag} and --tickets are two outputs: ask for one of them")


def _write_reproducers(survey: Survey, backend: Backend) -> None:
    if not survey.mismatches:
        return
    from engine.report.document import engine_object
    from engine.report.reproducer import write_reproducer

    for scan, bad in survey.mismatches:
        path = write_reproducer(scan, bad, engine_object(backend))
        note(f"bug: the verifier did not reproduce {bad.family} {bad.id}; please report {path}")
