"""``orders``: the orders of an account and what became of them, from the journal."""

from __future__ import annotations

import argparse
import json

from engine.cli import state_choice
from engine.cli.screen import Screen
from engine.cli.status import read_story
from engine.cli.stdout import write_all
from engine.cli.typed import count, typed
from engine.errors import OK
from engine.live.objects import orders_object
from engine.report.live_report import table_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = "Orders, oldest first. `parity explain REF` says why one was sent."
    add = parser.add_argument
    add("--open", action="store_true", help="only those that may be in the market")
    add("--last", type=typed(count), default=50, metavar="N", help="the last N (50)")
    add("--json", action="store_true", help="for programs (docs/JSON.md)")
    state_choice.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the orders."""
    folder = state_choice.chosen_folder(args)
    story = read_story(folder)
    orders = [one for one in story.orders.values() if one.is_open or not args.open]
    orders = orders[len(orders) - min(args.last, len(orders)) :]
    if args.json:
        write_all(json.dumps(orders_object(folder, orders, story)) + "\n")
        return OK
    if not orders:
        write_all(f"{folder.name}: no {'open ' if args.open else ''}orders\n")
    rows = []
    for one in orders:
        order = one.intent.order
        legs = " ".join(f"{ratio:+d} {contract.name}" for ratio, contract in order.combo.legs)
        filled = f"{story.executions.lots(order)}/{order.lots}"
        rows.append((order.ref, one.state.lower(), filled, f"{order.limit:,.2f}", legs))
    table_lines(rows, Screen(is_plain=args.no_color), "order", "state", "filled", "limit", "legs")
    return OK
