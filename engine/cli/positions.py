"""``positions``: what packages and strategies hold, by contract, from the journal."""

from __future__ import annotations

import argparse
import json

from engine.cli import state_choice
from engine.cli.screen import Screen
from engine.cli.status import read_story
from engine.cli.stdout import write_all
from engine.errors import OK
from engine.live.objects import positions_object
from engine.report.live_report import table_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "What packages and strategies of ours hold, by contract, from the journal. What the\n"
        "account held before is listed apart."
    )
    parser.add_argument("--json", action="store_true", help="for programs (docs/JSON.md)")
    state_choice.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the positions."""
    folder = state_choice.chosen_folder(args)
    story = read_story(folder)
    found = positions_object(folder, story)
    if args.json:
        write_all(json.dumps(found) + "\n")
        return OK
    console = Screen(is_plain=args.no_color)
    rows = [
        (name, f"{quantity:+,g}", " ".join(owners))
        for name, quantity, owners in _rows(found["positions"])
    ]
    if not rows:
        write_all(f"{folder.name}: nothing of ours is held\n")
    table_lines(rows, console, "contract", "quantity", "held by")
    others = [(name, f"{quantity:+,g}") for name, quantity, _ in _rows(found["not_ours"])]
    if others:
        write_all("\nNot ours:\n")
        table_lines(others, console, "contract", "quantity")
    return OK


def _rows(found: object) -> list[tuple[str, float, list[str]]]:
    assert isinstance(found, list)
    return [
        (one["contract"], one["quantity"], [*one.get("packages", []), *one.get("strategies", [])])
        for one in found
    ]
