"""``resume``: go on after a halt."""

from __future__ import annotations

import argparse

from engine.cli import state_choice
from engine.cli.stdout import write_all
from engine.errors import OK, UsageError
from engine.live.resume import resume
from engine.report.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Let the engine trade again after `parity kill` or a breaker. The reason stays in the\n"
        "journal. Look first: `parity status`, `parity positions`, `parity orders`."
    )
    parser.add_argument("--reason", metavar="TEXT", help="why it may go on; needed")
    state_choice.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Resume and say what it was halted for.

    Raises
    ------
    UsageError
        Without a reason.
    """
    reason = (args.reason or "").strip()
    if not reason:
        raise UsageError("say why it may go on: --reason TEXT; it stays in the journal")
    folder = state_choice.chosen_folder(args)
    halted = resume(folder, reason)
    was = f"was halted: {halted.reason}" if halted is not None else "was not latched"
    write_all(printable(f"{folder.name}: may trade again ({was})") + "\n")
    return OK
