"""``status``: how an account stands, from its journal, and from its engine where that answers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.cli import state_choice
from engine.cli.stdout import write_all
from engine.errors import OK
from engine.live.control import ask
from engine.live.folder import Folder
from engine.live.objects import last_day, status_object
from engine.live.story import Story
from engine.plural import plural
from engine.report.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = "How an account stands. It reads the journal, also while nothing runs."
    parser.add_argument("--json", action="store_true", help="for programs (docs/JSON.md)")
    state_choice.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print how the account stands."""
    folder = state_choice.chosen_folder(args)
    story = read_story(folder)
    live = ask(folder.socket, {"do": "status"})
    found = status_object(folder, story, live, last_day(story))
    if args.json:
        write_all(json.dumps(found) + "\n")
    else:
        write_all("".join(printable(line) + "\n" for line in status_lines(found)))
    return OK


def read_story(folder: Folder) -> Story:
    """Return what the journal of an account says; nothing where there is none yet."""
    return Story.of(folder.journal) if folder.journal.exists() else Story()


def status_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield a status for a person."""
    engine, today, halted = found["engine"], found["today"], found["halted"]
    yield f"{found['broker']} account {found['account']}: {_engine_words(engine, found['mode'])}"
    if halted:
        yield f"  HALTED since {halted['since']}: {halted['reason']}"
        yield "  to go on: parity resume --reason TEXT"
    if found["why"]:
        yield f"  {found['why']}"
    for link in found["links"]:
        yield f"  {link['name']}: {link['state']} {link['detail']}".rstrip()
    for line in found["differences"]:
        yield f"  DIFFERENCE {line}"
    if today["packages"] or not found["strategies"]:
        yield (
            f"  packages of the day: {today['packages']}, {today['complete']} complete, "
            f"{today['open']} open"
        )
        yield (
            f"  edge detected {_usd(today['edge_detected'])}, not filled "
            f"{_usd(today['edge_unfilled'])}, slippage {_usd(today['slippage'])}, fees above "
            f"expected {_usd(today['fees_above_expected'])}, locked in "
            f"{_usd(today['edge_captured'])} USD"
        )
    for one in found["strategies"]:
        yield from strategy_lines(one)
    for one in found["open_packages"]:
        filled = f"{one['held']}/{one['lots']}"
        yield f"  open: package {one['id']} {one['family']} {one['phase']} {filled}"
    for one in found["open_orders"]:
        yield f"  open: order {one['ref']} {one['state']} {one['filled']}/{one['lots']}"
    if found["refused"]:
        rows = list(found["refused"].items())[:5]
        yield "  not sent: " + ", ".join(f"{code} {count:,}" for code, count in rows)
    yield f"  last entry {found['last_entry'] or 'none'}, journal {found['journal']}"


def strategy_lines(one: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a strategy has done today and holds."""
    gain = "not known" if one["gain"] is None else f"{one['gain']:+,.2f} USD"
    yield (
        f"  {one['strategy']}: gain of the day {gain}; {plural(one['orders'], 'order')}, "
        f"{one['filled']} filled, {one['open']} open"
    )
    yield (
        f"    bought {_usd(one['bought'])}, sold {_usd(one['sold'])}, slippage "
        f"{_usd(one['slippage'])}, fees {_usd(one['fees'])} USD"
    )
    held = [f"{quantity:+,g} {name}" for name, quantity in one["positions"].items()]
    yield f"    holds {', '.join(held) or 'nothing'}"


def _usd(value: float) -> str:
    return f"{round(value, 2) + 0.0:,.2f}"  # the sum is no negative zero


def _engine_words(engine: Mapping[str, Any] | None, mode: str | None) -> str:
    if engine is None:
        return "no engine runs"
    if engine["state"] == "running":
        place = f", gateway {engine['gateway']}" if engine["gateway"] else ""
        return f"{mode or 'running'} (process {engine['pid']}{place})"
    if engine["state"] == "silent":
        return f"the engine (process {engine['pid']}) does NOT ANSWER; `parity kill` works"
    return "no engine runs; the last one did not end in order"
