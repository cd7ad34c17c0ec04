"""``store``: make, look after, and carry over the database of what was seen and found."""

from __future__ import annotations

import argparse
import gzip
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from engine.cli.stderr import note
from engine.cli.store_choice import add_store, address_of, open_chosen
from engine.cli.typed import duration, typed
from engine.clock import NS_PER_DAY, SYSTEM
from engine.errors import (
    BAD_DATA,
    OK,
    InputOutputError,
    NoInputError,
    NotPermittedError,
    UsageError,
)
from engine.store import open_store, schema, transfer
from engine.store.check import check
from engine.store.retention import Retention, apply
from engine.store.tables import TABLES

_DAY = NS_PER_DAY / 1e9
_WITH_FILE = ("export", "import", "load")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions and flags of `store` to `parser`."""
    add = parser.add_argument
    add("action", choices=sorted(ACTIONS), metavar="ACTION", help=", ".join(ACTIONS))
    add(
        "file",
        nargs="?",
        metavar="FILE",
        help="to export to, to import from; a session to load",
    )
    add_store(parser)
    add = parser.add_argument_group("export").add_argument
    add("--table", choices=sorted(TABLES), metavar="TABLE", help="this one alone")
    add("--format", choices=("ndjson", "csv", "parquet"), default="ndjson", help="of --table")
    add = parser.add_argument_group("vacuum: what to forget").add_argument
    for name in ("quotes", "trades", "chains"):
        add(f"--keep-{name}", type=typed(duration), metavar="AGE", help="remove what is older: 90d")
    add("--thin-after", type=typed(duration), metavar="AGE", help="thin out older quotes: 7d")
    add(
        "--thin-to", type=typed(duration), metavar="STEP", default=60.0,
        help="to the last of each instrument in every step (1m)",
    )  # fmt: skip
    add("--keep-proofs", type=typed(duration), metavar="AGE", help="drop the proofs of older finds")


def run(args: argparse.Namespace) -> int:
    """Do what is asked.

    Raises
    ------
    EngineError
        If it cannot be done: what, where, what to do.
    """
    if (args.file is not None) != (args.action in _WITH_FILE):
        raise UsageError(f"{', '.join(_WITH_FILE)} take a FILE, the other actions none")
    return ACTIONS[args.action](args)


def _init(args: argparse.Namespace) -> int:
    with open_store(address_of(args)) as store:
        done = schema.migrate(store)
        what = f"schema {done[-1].version} made" if done else "it is there already"
        _say(f"{store.address}: {what}")
    return OK


def _migrate(args: argparse.Namespace) -> int:
    with open_store(address_of(args), must_exist=True) as store:
        done = schema.migrate(store)
        names = ", ".join(f"{m.version} {m.name}" for m in done) or "nothing to do"
        _say(f"{store.address}: {names}")
    return OK


def _check(args: argparse.Namespace) -> int:
    with open_store(address_of(args), must_exist=True) as store:
        wrong = check(store)
        for line in wrong:
            _say(f"{store.address}: {line}")
        if not wrong:
            _say(f"{store.address}: all is well")
    return BAD_DATA if wrong else OK


def _vacuum(args: argparse.Namespace) -> int:
    policy = Retention(
        quotes=_days(args.keep_quotes),
        trades=_days(args.keep_trades),
        chains=_days(args.keep_chains),
        thin_after=_days(args.thin_after),
        thin_seconds=args.thin_to,
        proofs=_days(args.keep_proofs),
    )
    with open_chosen(args, must_exist=True) as store:
        before = store.size()
        for what, count in apply(store, policy, SYSTEM.now_ns()).items():
            _say(f"{what}: {count:,}")
        store.compact()
        _say(f"{store.address}: {before:,} bytes before, {store.size():,} after")
    return OK


def _stats(args: argparse.Namespace) -> int:
    with open_chosen(args, must_exist=True) as store:
        _say(f"{store.address}: {store.size():,} bytes")
        for name in TABLES:
            n = store.run(f"SELECT count(*) FROM {name}")[0][0]
            if n:
                _say(f"  {name:<18}{n:>14,}")
    return OK


def _export(args: argparse.Namespace) -> int:
    with open_chosen(args, must_exist=True) as store:
        if args.format == "parquet":
            if args.table is None:
                raise UsageError("Parquet holds one table: name it with --table")
            n = transfer.write_parquet(store, args.table, args.file)
        elif args.table is None:
            if args.format == "csv":
                raise UsageError("CSV holds one table: name it with --table")
            with _open(args.file, "w") as out:
                n = transfer.export_store(store, out)
        else:
            write = transfer.write_csv if args.format == "csv" else transfer.write_ndjson
            with _open(args.file, "w") as out:
                n = write(store, args.table, out)
    note(f"{n:,} rows written to {args.file}")
    return OK


def _import(args: argparse.Namespace) -> int:
    with open_chosen(args, must_exist=False) as store, _open(args.file, "r") as lines:
        try:
            read, new = transfer.import_store(store, lines)
        except (EOFError, UnicodeDecodeError, gzip.BadGzipFile) as error:
            raise InputOutputError(f"{args.file}: {error}") from None
        note(f"{read:,} rows read, {new:,} of them new, into {store.address}")
    return OK


def _load(args: argparse.Namespace) -> int:
    from engine.cli.load import load_session

    with open_chosen(args, must_exist=False) as store:
        loaded = load_session(store, args.file, SYSTEM)
        for table, n in loaded.rows.items():
            _say(f"  {table:<18}{n:>14,}")
        if loaded.n_left_out:
            note(f"{loaded.n_left_out:,} messages hold no quote, trade, bar or chain")
        if loaded.torn:
            note(f"note: {loaded.torn}")
        note(f"{loaded.n_messages:,} messages loaded into {store.address}")
    return OK


ACTIONS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "init": _init,
    "migrate": _migrate,
    "check": _check,
    "stats": _stats,
    "vacuum": _vacuum,
    "export": _export,
    "import": _import,
    "load": _load,
}


def _days(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / _DAY


def _open(name: str, mode: str) -> IO[str]:
    path = Path(name)
    try:
        if path.suffix == ".gz":
            return gzip.open(path, mode + "t", encoding="utf-8", newline="")  # type: ignore[return-value]
        return path.open(mode, encoding="utf-8", newline="")
    except FileNotFoundError:
        raise NoInputError(f"{path}: there is no such file or folder") from None
    except PermissionError:
        what = "write" if mode == "w" else "read"
        raise NotPermittedError(f"{path}: you may not {what} it") from None


def _say(line: str) -> None:
    if sys.stdout is None:
        raise InputOutputError("standard output is closed: there is nowhere to print to")
    print(line)
