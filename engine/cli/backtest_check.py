"""``backtest check``: does a strategy know the future, and would it decide the same tomorrow?

Exit codes: 0 no bias found, 1 a bias found; 65 where the strategy fails or asks for nothing, so
that nothing could be checked. The others are those of every verb.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from engine.cli import backtest_arguments
from engine.cli.progress import ProgressBar
from engine.cli.stdout import write_all
from engine.cli.typed import count, typed
from engine.errors import OK, InputOutputError, NoInputError, UsageError

if TYPE_CHECKING:
    from engine.backtesting.data import Data
    from engine.checking.report import Report

BIAS_FOUND = 1
FORMS = ("bars", "data", "frame")
MOST = 3_000

parameter_words = backtest_arguments.parameter_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `backtest check` to `parser`."""
    parser.description = (
        f"{parser.description}\n\n"
        "The strategy runs over all bars; then, after a hundred instants, the future is cut off,\n"
        "halved, tripled, made by chance, frozen and so on, and it runs again. A decision made\n"
        "before such an instant that moves has looked ahead. It also runs a second time, later\n"
        "started, and in processes with other hashes, clock and time zone; its source is read\n"
        "for clocks, chance, files and sockets.\n\n"
        "exit codes: 0 no bias found   1 a bias found   65 it fails, or asks for nothing"
    )
    add = parser.add_argument_group("what to check").add_argument
    add(
        "strategy", metavar="STRATEGY",
        help="by name, file.py:Class, or file.py:function of all bars to a target for each",
    )  # fmt: skip
    add("--set", action="append", dest="values", metavar="NAME=VALUE", help="a parameter: fast=10")
    add(
        "--takes", choices=FORMS, default="bars",
        help="what a function takes: the bars of a symbol, the data of all symbols and returns a "
        "column by symbol, or a pandas DataFrame of a symbol (bars)",
    )  # fmt: skip
    add("--warm-up", type=typed(count), metavar="N", help="bars it says it needs (its warm_up)")
    add(
        "--may-read", action="append", default=[], metavar="FILE",
        help="a file you know to hold nothing of the future",
    )  # fmt: skip
    add("--quick", action="store_true", help="a quarter of the instants")
    add(
        "--most",
        type=typed(most),
        default=MOST,
        metavar="N",
        help=f"closes to run over, the last ({MOST:,})",
    )
    add("--json", action="store_true", help="one object; see docs/BACKTEST_CHECK.md")
    backtest_arguments.add_data(parser)
    backtest_arguments.add_terms(parser)


def run(args: argparse.Namespace) -> int:
    """Check and return 0, or 1 where a bias was found.

    Raises
    ------
    EngineError
        If the strategy or the bars cannot be had, or it fails, or asks for nothing.
    """
    report = check_report(args)
    if args.json:
        from engine.report.check_document import document

        _print(document(report))
    else:
        from engine.report.check_table import lines

        is_terminal = sys.stdout is not None and sys.stdout.isatty()
        is_plain = args.no_color or not is_terminal or bool(os.environ.get("NO_COLOR"))
        _print("".join(f"{line}\n" for line in lines(report, is_plain=is_plain)))
    return BIAS_FOUND if report.is_biased else OK


def check_vouched(names: Sequence[str]) -> None:
    """Refuse files that are not there.

    Raises
    ------
    NoInputError
        If one is not.
    """
    for name in names:
        if not Path(name).exists():
            raise NoInputError(f"--may-read {name}: no such file")


def check_report(args: argparse.Namespace) -> Report:
    """Return the report that `args` ask for.

    Raises
    ------
    EngineError
        As `run`.
    """
    check_vouched(args.may_read)
    from engine.backend import select
    from engine.checking.check import Effort, check, full_run
    from engine.checking.report import Report
    from engine.checking.surroundings import PLACES, files_verdict, surroundings_verdict
    from engine.cli.backtest_check_subject import open_subject, source_of
    from engine.cli.backtest_check_visit import await_visits, start_visits, stop_visits, write_job

    values, terms = _values(args.values or []), backtest_arguments.terms(args)
    subject = open_subject(args.strategy, values, args.takes, args.warm_up, terms)
    source = source_of(args.strategy)
    data = latest(backtest_arguments.data(args), args.most)
    full = full_run(subject, data)
    effort = Effort(10, 15, 10) if args.quick else Effort()
    with TemporaryDirectory(prefix="parity-check-") as place:
        folder = Path(place)
        write_job(folder, args.strategy, values, args.takes, data, terms)
        started = start_visits(folder, PLACES)
        try:
            with ProgressBar(is_plain=args.no_color, what="checking", delay=0.4) as bar:
                verdicts = check(
                    subject,
                    data,
                    full,
                    source=source,
                    backend=select("pure"),
                    may_read=bool(args.may_read),
                    effort=effort,
                    tell=bar,
                )
            visits = await_visits(folder, started)
        finally:
            stop_visits(started)
    vouched = [str(Path(name)) for name in args.may_read]
    verdicts += [surroundings_verdict(visits), files_verdict(visits, vouched)]
    return Report(
        args.strategy, data.source, _n_bars(data), data.symbols, len(full), tuple(verdicts)
    )


def latest(data: Data, n: int) -> Data:
    """Return the bars of the last `n` instants at which any closes."""
    from engine.checking.cuts import instants
    from engine.checking.futures import later

    every = instants(data)
    return later(data, every[-n]) if len(every) > n else data


def most(text: str) -> int:
    """Return a number of closes, at least 2: after the first there must be a future."""
    number = count(text)
    if number < 2:
        raise ValueError(f"expected a whole number of 2 or more, got {text!r}")
    return number


def _n_bars(data: Data) -> int:
    n_bars = 0
    for bars in data.bars.values():
        n_bars += len(bars)
    return n_bars


def _values(texts: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set {text}: expected NAME=VALUE, such as fast=10")
        found[name.strip()] = value.strip()
    return found


def _print(text: str) -> None:
    if sys.stdout is None:
        raise InputOutputError("standard output is closed: there is nowhere to print to")
    write_all(text)
