"""``report``: profit and loss of a day by package: detected, captured, slippage, fees."""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

from engine.cli import state_choice
from engine.cli.screen import Screen
from engine.cli.status import read_story
from engine.cli.stderr import note
from engine.cli.stdout import write_all
from engine.errors import OK, InputOutputError, UsageError
from engine.live.objects import last_day, report_object
from engine.report.live_report import print_report, report_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Profit and loss by package. Edge detected is the worst outcome as it was found, after\n"
        "fees; captured is what is locked in: cash, fees, and the worst outcome of what is held."
    )
    add = parser.add_argument
    add("--day", default="last", metavar="DAY", help="2026-03-04, last or all (last)")
    add("--json", action="store_true", help="for programs (docs/JSON.md)")
    add("--html", metavar="FILE", help="write one page that loads nothing")
    state_choice.add_arguments(parser)


def _day(text: str, last: date) -> date | None:
    if text in ("all", "last"):
        return last if text == "last" else None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--day {text!r}: expected a day such as 2026-03-04, last or all"
        ) from None


def run(args: argparse.Namespace) -> int:
    """Print or write the report.

    Raises
    ------
    InputOutputError
        If the page cannot be written.
    """
    folder = state_choice.chosen_folder(args)
    story = read_story(folder)
    day = _day(args.day, last_day(story))
    found = report_object(folder, story, day)
    if args.html:
        try:
            Path(args.html).write_text(report_page(found), encoding="utf-8")
        except OSError as error:
            raise InputOutputError(f"{args.html}: {error.strerror}") from None
        note(f"written to {args.html}")
    if args.json:
        write_all(json.dumps(found) + "\n")
    elif not args.html:
        print_report(found, Screen(is_plain=args.no_color))
    return OK
