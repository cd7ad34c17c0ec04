"""The flags of `scan`. None means "not said", so that a configuration file may say it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TypeVar

from engine.market.policy_rate import BORROW_ABOVE, LEND_BELOW
from engine.settings.table import (
    CHECKS,
    COSTS,
    LIST,
    READING,
    RUN,
    TITLES,
    Setting,
    of_groups,
)
from engine.settings.values import pair

_T = TypeVar("_T")

RUNTIMES = ("auto", "cpython", "pypy")
DESCRIPTION = f"""
Rates: yours, else what the source knows, else the Federal Reserve's target of the chain's day, \
lending {LEND_BELOW:.2%} below and borrowing {BORROW_ABOVE:.2%} above it.
A flag wins over the configuration file, the file over the source, the source over defaults."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `scan` to `parser`."""
    add = parser.add_argument_group("what to scan").add_argument
    add("symbols", nargs="*", metavar="SYMBOL", help="underlyings; none is all the source has")
    add(
        "--source",
        metavar="SPEC",
        help="demo, csv:PATH, json:FILE, parquet:FILE, lean:DIR, deribit:FILE, session:FILE",
    )
    add("--seeds", type=_typed(positive), metavar="N", help="audit N demo exchanges (1)")
    add("--config", metavar="FILE.toml", help="everything below in one file; see the README")
    add_settings(parser, (READING, COSTS, CHECKS, LIST))

    group = parser.add_argument_group("how to show it")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one object; see docs/JSON.md")
    form.add_argument("--csv", action="store_true", help="one row per opportunity")
    form.add_argument("--ndjson", action="store_true", help="one object per line")
    add = group.add_argument
    add(
        "--explain",
        metavar="ID",
        help="the whole proof of one opportunity; near-N; or why-not[:EXPIRY]: state prices that "
        "prove that a European expiry holds nothing",
    )
    add(
        "--tickets",
        action="store_true",
        help="orders to send: legs, ratios, limit; with --json too",
    )
    add("--select", action="store_true", help="which rows can be taken together, and the bound")
    add("--payoff", metavar="ID", help="profit by spot, breakevens and Greeks of one opportunity")
    add("--curves", action="store_true", help="implied forwards, borrow and box rates, with bands")
    add("--plot", metavar="FILE.html", help="smile, forward and edges in one self-contained file")
    add("--store", metavar="URL", help="keep what was found, for `parity history` (README)")
    add("--audit", action="store_true", help="compare with the labels of the demo exchange")

    add_settings(parser, (RUN,))
    parser.add_argument(
        "--runtime",
        choices=RUNTIMES,
        help="run under cpython or pypy, or (auto) under what `parity bench --advise` found faster "
        "(default: the interpreter that runs this)",
    )


def add_settings(parser: argparse.ArgumentParser, groups: Sequence[str]) -> None:
    """Add the flags of groups of settings; a namespace then has them by the settings' names."""
    for name in groups:
        add_rows(parser, TITLES[name], of_groups(name))


def add_rows(parser: argparse.ArgumentParser, title: str, settings: Sequence[Setting]) -> None:
    """Add the flags of some settings under a title."""
    add = parser.add_argument_group(title).add_argument
    for setting in settings:
        words = setting.help.replace("%", "%%")
        if not setting.metavar:
            add(setting.option, action="store_true", default=None, dest=setting.name, help=words)
            continue
        plain = setting.default.replace("%", "%%")
        add(
            setting.option,
            action="append" if setting.repeats else "store",
            type=_typed(pair if setting.repeats else setting.read),
            metavar=setting.metavar,
            dest=setting.name,
            help=f"{words} ({plain})",
        )


def said(args: argparse.Namespace, settings: Sequence[Setting]) -> dict[str, object]:
    """Return what the flags say of `settings`, by name; what was not given is not in it.

    Raises
    ------
    ValueError
        Naming the flag, if several of one do not make sense together.
    """
    found: dict[str, object] = {}
    for setting in settings:
        value = getattr(args, setting.name)
        if value is None:
            continue
        if setting.repeats:
            try:
                value = setting.read(dict(value))
            except ValueError as error:
                raise ValueError(f"{setting.option}: {error}") from None
        found[setting.name] = value
    return found


def positive(text: str) -> int:
    """Return a whole number >= 1."""
    if not (text.isascii() and text.isdigit() and int(text[:18]) >= 1):
        raise ValueError(f"expected a whole number >= 1, got {text!r}")
    return int(text[:18])


def _typed(convert: Callable[[str], _T]) -> Callable[[str], _T]:
    """Let argparse show the sentence of a `ValueError` instead of one of its own."""

    def converted(text: str) -> _T:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return converted
