"""``lend``: lend an amount through a box until a day."""

from __future__ import annotations

import argparse

from engine.cli.financing import add_loan, run_loan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `lend` to `parser`."""
    add_loan(parser)


def run(args: argparse.Namespace) -> int:
    """Show the loan and return the exit code.

    Raises
    ------
    EngineError
        If there is no such loan.
    """
    return run_loan(args, "lend")
