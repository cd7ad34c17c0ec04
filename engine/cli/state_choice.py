"""Which account a verb about live trading speaks of."""

from __future__ import annotations

import argparse

from engine.live.folder import Folder, find_folder, state_root


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that name an account."""
    add = parser.add_argument_group("which account").add_argument
    add("--account", metavar="NAME", help="DU1234567, or sim-DU1234567 (the last that traded)")
    add("--journal", metavar="FOLDER", help="of all accounts, else $PARITY_JOURNAL or the default")


def chosen_folder(args: argparse.Namespace) -> Folder:
    """Return the folder of the account.

    Raises
    ------
    NoInputError
        If nothing has traded there.
    """
    return find_folder(state_root(args.journal), args.account)
