"""Which store a command means: ``--store`` over ENGINE_STORE over the user's own."""

from __future__ import annotations

import argparse
import os

from engine.store import open_store, schema
from engine.store.address import Address, read_address
from engine.store.protocol import Store

HELP = "sqlite:PATH, sqlite: (yours) or postgresql://USER@HOST/NAME; default ENGINE_STORE or yours"


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add ``--store`` to `parser`."""
    parser.add_argument("--store", metavar="URL", help=HELP)


def address_of(text: str | None) -> Address:
    """Return the address; one with a password is refused where everyone sees it.

    Raises
    ------
    UsageError
        If it is none.
    """
    return read_address(text, os.environ, from_command=text is not None)


def open_chosen(text: str | None, *, must_exist: bool) -> Store:
    """Return the store that was chosen, with this program's schema.

    Raises
    ------
    EngineError
        If it cannot be opened or its schema is another one.
    """
    store = open_store(address_of(text), must_exist=must_exist)
    try:
        schema.require(store)
    except BaseException:
        store.close()
        raise
    return store
