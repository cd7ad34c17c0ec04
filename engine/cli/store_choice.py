"""Which store is meant: ``--store``, else ENGINE_STORE, else [store] of a file, else yours."""

from __future__ import annotations

import argparse
import os

from engine.store import open_store, schema
from engine.store.address import VARIABLE, Address, read_address
from engine.store.protocol import Store

HELP = "sqlite:PATH, sqlite: (yours) or postgresql://USER@HOST/NAME; default ENGINE_STORE or yours"


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add ``--store`` and ``--config`` to `parser`."""
    parser.add_argument("--store", metavar="URL", help=HELP)
    parser.add_argument("--config", metavar="FILE.toml", help="a file with [store] url")


def address_of(args: argparse.Namespace) -> Address:
    """Return the address; one with a password is refused where everyone sees it.

    Raises
    ------
    EngineError
        If it is none, or the configuration file cannot be read.
    """
    text = None
    if not args.store and not os.environ.get(VARIABLE):
        text = _of_file(args) or None
    return read_address(args.store or text, os.environ, from_command=bool(args.store))


def open_chosen(args: argparse.Namespace, *, must_exist: bool) -> Store:
    """Return the store that was chosen, with this program's schema.

    Raises
    ------
    EngineError
        If it cannot be opened or its schema is another one.
    """
    store = open_store(address_of(args), must_exist=must_exist)
    try:
        schema.require(store)
    except BaseException:
        store.close()
        raise
    return store


def _of_file(args: argparse.Namespace) -> str:
    if not args.config:
        return ""
    from engine.settings.config_file import read_config

    return read_config(args.config).store
