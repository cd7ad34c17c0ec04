"""``sources``: say what a file looks like, what would be read of it, and what it lacks."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.cli import scan_arguments
from engine.cli.stdout import write_all
from engine.clock import from_ns
from engine.errors import BAD_DATA, OK, UsageError
from engine.feeds.inspection import Inspection, inspect_file
from engine.report.printable import printable
from engine.settings.request import feed_options
from engine.settings.table import READING, of_groups

_NAMES_SHOWN = 25


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `sources` to `parser`."""
    parser.add_argument("file", metavar="FILE", help="a file of quotes: CSV, JSON or Parquet")
    scan_arguments.add_settings(parser, (READING,))


def run(args: argparse.Namespace) -> int:
    """Print what the file looks like; the code is that of bad data where nothing can be read.

    Raises
    ------
    EngineError
        If it is not there or not text.
    """
    try:
        said = scan_arguments.said(args, of_groups(READING))
    except ValueError as error:
        raise UsageError(str(error)) from None
    moment = said.get("as_of")
    options = feed_options(said)
    if isinstance(moment, int):
        options = replace(options, as_of_ns=moment)
    seen = inspect_file(Path(args.file), options)
    flags = list(args.words)
    flags.remove(args.file)
    lines = list(_lines(args.file, seen))
    lines.append("command: " + _command(args.file, flags, seen))
    write_all("".join(f"{printable(line)}\n" for line in lines))
    return BAD_DATA if seen.missing else OK


def _lines(file: str, seen: Inspection) -> Iterator[str]:
    names = ", ".join(name[:40] for name in seen.names[:_NAMES_SHOWN])
    more = len(seen.names) - _NAMES_SHOWN
    if seen.is_json:
        whose = "Deribit's summaries, " if seen.source == "deribit" else ""
        yield f"file:    {file}: JSON, {whose}with rows at {seen.place or 'no place'}"
        yield f"keys:    {names or 'none'}"
    else:
        what = "of Parquet" if seen.source == "parquet" else f"with the header in line {seen.line}"
        yield f"file:    {file}: rows, {what}"
        yield f"columns: {names}" + (f" and {more} more" if more > 0 else "")
    if seen.layout is None:
        yield "layout:  none that is known by name"
    else:
        yield f"layout:  {seen.layout.name} ({seen.layout.title})"
    for loaded in seen.loaded:
        chain = loaded.chain
        n_expiries = len(chain.expiries)
        ending = "expiry" if n_expiries == 1 else "expiries"
        quotes = f"{2 * chain.n_rows:,} options in {n_expiries:,} {ending}"
        at = from_ns(chain.ts_ns).isoformat()
        yield (
            f"read:    {chain.symbol} at {at}: {quotes}, {chain.style}, "
            f"{len(loaded.problems):,} problems"
        )
    if seen.n_symbols > len(seen.loaded):
        yield f"read:    and {seen.n_symbols - len(seen.loaded):,} more symbols"
    yield f"missing: {seen.missing or 'nothing'}"


def _command(file: str, flags: list[str], seen: Inspection) -> str:
    words = [word for ask in seen.asks for word in ask]
    symbol = [seen.loaded[0].chain.symbol] if seen.loaded else []
    return shlex.join(
        ["parity", "scan", *symbol, "--source", f"{seen.source}:{file}", *flags, *words]
    )
