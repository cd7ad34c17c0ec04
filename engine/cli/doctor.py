"""``parity doctor``: what this machine is like for the engine, and what could be better."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable

from engine.doctor.examination import examine
from engine.doctor.finding import GOOD, NOTE, WARN, Finding
from engine.errors import OK

STYLES = {GOOD: "green", NOTE: "cyan", WARN: "bold yellow"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Say what this machine is like and what could be better, with the command that would "
        "change it. Nothing is changed."
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(args: argparse.Namespace) -> int:
    """Print every finding."""
    findings = examine()
    if args.json:
        document = {
            "schema_version": 1,
            "findings": [dataclasses.asdict(finding) for finding in findings],
        }
        print(json.dumps(document, indent=2))
    else:
        _show(findings, is_plain=args.no_color)
    return OK


def _show(findings: Iterable[Finding], *, is_plain: bool) -> None:
    from rich.text import Text

    from engine.cli.screen import Screen

    console = Screen(is_plain=is_plain, file=sys.stdout, highlight=False, soft_wrap=True)
    group = ""
    count = dict.fromkeys(STYLES, 0)
    for finding in findings:
        if finding.group != group:
            group = finding.group
            console.print(Text(group, style="bold"))
        count[finding.grade] += 1
        console.print(
            Text.assemble(
                ("  " + finding.grade + "  ", STYLES[finding.grade]),
                (finding.topic + ": ", "bold"),
                finding.state,
            )
        )
        for word, line in (
            ("better", finding.better),
            ("command", finding.command),
            ("way back", finding.undo),
        ):
            if line:
                console.print(Text.assemble(("        " + word + ": ", "dim"), line))
    summary = ", ".join(f"{number} {grade}" for grade, number in count.items())
    console.print(Text(f"{summary}; nothing was changed"))
