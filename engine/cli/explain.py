"""``explain``: why an order was sent, or a package traded, from the journal."""

from __future__ import annotations

import argparse

from engine.cli import state_choice
from engine.cli.status import read_story
from engine.cli.stdout import write_all
from engine.errors import OK, NoInputError
from engine.live.package_story import OrderStory, PackageStory
from engine.live.story import Story
from engine.nearest import hint
from engine.report.live_explain import explain_package
from engine.report.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Why an order was sent: the quotes that were seen, every term of the edge, the checks,\n"
        "what the broker said, the proof, and what it earned. All of it is in the journal."
    )
    parser.add_argument("what", metavar="ORDER|PACKAGE", help="parity-4-0.0, or the package: 4")
    state_choice.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print why.

    Raises
    ------
    NoInputError
        If there is no such order or package.
    """
    folder = state_choice.chosen_folder(args)
    story = read_story(folder)
    package, order = _found(story, args.what, folder.name)
    lines = explain_package(story, package, order)
    write_all("".join(printable(line) + "\n" for line in lines))
    return OK


def _found(story: Story, what: str, place: str) -> tuple[PackageStory, OrderStory | None]:
    order = story.orders.get(what)
    package = story.packages.get(order.intent.package if order is not None else what)
    if package is None:
        for one in story.packages.values():
            if one.planned.plan.sighting == what:
                return one, None
        names = [*story.packages, *story.orders]
        near = hint(what, names) if names else "nothing was traded yet"
        raise NoInputError(f"{place}: no order or package {what!r}: {near}")
    return package, order
