"""``kill``: stop trading now, whatever the engine does."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from engine.cli import state_choice
from engine.cli.stdout import write_all
from engine.errors import IO_ERROR, OK
from engine.live.folder import Folder, find_folder, folders, state_root
from engine.live.kill import Killed, kill
from engine.live.presence import read_presence
from engine.report.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Stop trading: no new order, every open order of the gateway cancelled, and halted\n"
        "until `parity resume`. It needs no answer of the engine: a global cancel goes to the\n"
        "gateway on a connection of its own, and a file keeps whoever starts next from trading.\n"
        "Packages stay as they are. Without --account: every account whose engine runs, else\n"
        "the last that traded."
    )
    parser.add_argument("--reason", default="parity kill", metavar="TEXT", help="kept, and shown")
    parser.add_argument("--json", action="store_true", help="for programs (docs/JSON.md)")
    state_choice.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Stop and say what became of it; 74 where an order may still be open."""
    done = [kill(folder, args.reason) for folder in _folders(args)]
    if args.json:
        write_all(json.dumps([kill_object(one) for one in done]) + "\n")
    else:
        write_all("".join(printable(line) + "\n" for one in done for line in one.lines()))
    return OK if all(one.is_certain for one in done) else IO_ERROR


def _folders(args: argparse.Namespace) -> list[Folder]:
    root = state_root(args.journal)
    if args.account is None:
        running = [folder for folder in folders(root) if _runs(folder)]
        if running:
            return running
    return [find_folder(root, args.account)]


def _runs(folder: Folder) -> bool:
    presence = read_presence(folder)
    return presence is not None and presence.is_alive


def kill_object(one: Killed) -> dict[str, object]:
    """Return what became of one account."""
    return {
        "schema_version": 1,
        "account": one.folder.account,
        "broker": one.folder.mode,
        "halted": {"reason": one.halted.reason, "ts_ns": one.halted.ts_ns, "by": one.halted.by},
        "engine": one.engine,
        "cancelled": None if one.cancelled is None else asdict(one.cancelled),
        "problem": one.problem or None,
    }
