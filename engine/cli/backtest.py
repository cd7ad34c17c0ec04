"""``backtest``: run strategies over bars, and say what they would have earned.

The first word after the verb may name another job: each is a module of its own, with
``add_arguments`` and ``run`` like a verb. `--search` is one too, wherever it stands.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from time import perf_counter
from typing import TYPE_CHECKING

from engine.cli import backtest_arguments, backtest_output
from engine.cli.chain_strategies import need_bars
from engine.cli.progress import ProgressBar
from engine.cli.start import PYPY_SHORT, compile_less, without_collection
from engine.cli.stderr import note
from engine.cli.typed import count, typed
from engine.errors import OK, BadDataError, InputOutputError, UsageError
from engine.plural import plural

if TYPE_CHECKING:
    from engine.backtesting.data import Data
    from engine.backtesting.strategy import Strategy

LEAST_BARS = 3
# Bars of all tests up to which it does not pay to compile well.
SHORT = 300_000
# Of one page.
MOST_SHEETS = 125

# word: (module, one line of help)
JOBS = {
    "check": ("engine.cli.backtest_check", "look for a strategy that knows the future"),
    "options": ("engine.cli.backtest_options", "trade packages of options over recorded chains"),
    "speed-test": ("engine.cli.backtest_speed", "measure what runs backtests fastest here"),
    "--search": ("engine.cli.backtest_search", "look for parameters: grid, random, tpe, nsga2"),
}

parameter_words = backtest_arguments.parameter_words


def job_of(words: Sequence[str]) -> str:
    """Return the word of `words` that asks for another job, or an empty one.

    >>> job_of(["check", "mine.py:Cross"]), job_of(["--days", "5", "--search=grid"])
    ('check', '--search')
    >>> job_of(["--strategies", "check"])
    ''
    """
    if words and words[0] in JOBS:
        return words[0]
    named = (word.partition("=")[0] for word in words)
    return next((word for word in named if word.startswith("--") and word in JOBS), "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `backtest` to `parser`."""
    width = max(map(len, JOBS))
    jobs = "\n".join(f"  {name:<{width}}  {line}" for name, (_, line) in JOBS.items())
    parser.description = f"{parser.description}\n\nother jobs, each with its own --help:\n{jobs}"
    add = backtest_arguments.add_strategies(parser).add_argument
    add(
        "--quick",
        action="store_true",
        help="five sets of parameters each; of the demo, 30 days of hours",
    )
    add(
        "--sets", type=typed(sets), default=1, metavar="N",
        help="sets of parameters around those given: shorter and longer ones (1)",
    )  # fmt: skip
    add("--together", action="store_true", help="one account for all symbols (one for each)")
    add("--seed", type=typed(count), default=0, metavar="N", help="of strategies' chance (0)")
    add("--jobs", type=typed(jobs_of), default=1, metavar="N", help="processes (1)")
    backtest_arguments.add_data(parser)
    backtest_arguments.add_terms(parser)
    group = parser.add_argument_group("how to show it")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one object; see docs/BACKTEST.md")
    form.add_argument("--csv", action="store_true", help="one row per test")
    add = group.add_argument
    add("--by", choices=("strategy", "symbol", "test"), help="what a row of the table is")
    add(
        "--intervals", action="store_true",
        help="what return and Sharpe ratio of each test could have been: 95%% of resamples",
    )  # fmt: skip
    add("--trades", action="store_true", help="with --json: trades and equity of every test")
    add("--html", metavar="FILE", help="a tear sheet beside it: one page that loads nothing")
    add("--quantstats", metavar="FILE", help="returns of every test as CSV, for other programs")


def _no_job(names: Sequence[str]) -> None:
    """Refuse a first word that is nearly a job and no strategy."""
    from engine.trading import SHIPPED

    first = names[0] if names else ""
    if not first or first in SHIPPED or ".py" in first:
        return
    from engine.nearest import nearest

    meant = nearest(first, [*SHIPPED, *(job for job in JOBS if not job.startswith("-"))])
    if meant in JOBS:
        raise UsageError(f"no strategy {first!r}: did you mean parity backtest {meant}?")


def run(args: argparse.Namespace) -> int:
    """Run the backtests that are asked for, show them, and return the exit code.

    Raises
    ------
    EngineError
        If the request makes no sense, or the bars or a strategy cannot be had.
    """
    with without_collection():
        # Imported now, and not for --help.
        from engine.backtest_batch import run_trials
        from engine.trading.trial import trials
    _check(args)
    # What a strategy prints is for people: stdout has the result alone.
    with redirect_stdout(sys.stderr):
        _no_job(args.names)
        kinds = backtest_arguments.strategies(args)
        need_bars(kinds, "parity backtest options --strategy FILE.py:CLASS")
        chosen = _sets(args, kinds)
        terms, data = backtest_arguments.terms(args), backtest_arguments.data(args)
        _check_bars(data)
        todo = list(trials(kinds, chosen, data.symbols, together=args.together))
        _check_tests(len(todo), args)
        if sum(len(bars) for bars in data.bars.values()) * len(todo) < SHORT * len(data.bars):
            compile_less(PYPY_SHORT)
        began = perf_counter()
        keep = bool(args.trades or args.html or args.quantstats or args.intervals)
        with _progress(args) as on_done:
            outcomes = list(
                run_trials(
                    todo, data, terms, jobs=args.jobs, seed=args.seed, keep=keep, on_done=on_done
                )
            )
        seconds = perf_counter() - began
    backtest_output.write_files(outcomes, data, args)
    backtest_output.show(outcomes, data, terms, args, seconds)
    for file in filter(None, (args.html, args.quantstats)):
        note(f"{file} is written")
    return OK


def _sets(
    args: argparse.Namespace, kinds: dict[str, type[Strategy]]
) -> dict[str, list[backtest_arguments.Values]]:
    """Return the sets of parameters to try, by strategy."""
    chosen = backtest_arguments.value_sets(args, kinds)
    if args.sets == 1:
        return chosen
    return {
        name: [
            one
            for given in values
            for one in backtest_arguments.around(kinds[name], given, args.sets)
        ]
        for name, values in chosen.items()
    }


def _progress(args: argparse.Namespace) -> ProgressBar:
    return ProgressBar(is_plain=args.no_color, what="testing", unit="tests", delay=0.4)


def sets(text: str) -> int:
    """Return how many sets of parameters are tried, 1 to 10."""
    number = count(text)
    if not 1 <= number <= 10:
        raise ValueError(f"expected a number from 1 to 10, got {text!r}")
    return number


def jobs_of(text: str) -> int:
    """Return a number of processes, 1 to 1024."""
    number = count(text)
    if not 1 <= number <= 1024:
        raise ValueError(f"expected a number of processes from 1 to 1024, got {text!r}")
    return number


def _check(args: argparse.Namespace) -> None:
    if args.intervals and args.by not in (None, "test"):
        raise UsageError(f"--intervals are of single tests: leave out --by {args.by}")
    if args.trades and not args.json:
        raise UsageError("--trades is for --json: the trades of a test are no table")
    if args.html or args.quantstats:
        _check_files(args)
    if args.quick:
        if args.sets == 1:
            args.sets = 5
        if args.source == "demo":
            args.days = args.days or 30
            args.bars = args.bars or "1h"


def _check_files(args: argparse.Namespace) -> None:
    """Refuse before the work what could not be written after it."""
    from pathlib import Path

    if args.html:
        from engine.report.page_file import check_target

        check_target(Path(args.html))
    if args.quantstats and not Path(args.quantstats).parent.is_dir():
        raise InputOutputError(
            f"{args.quantstats}: there is no folder {Path(args.quantstats).parent}"
        )


def _check_tests(n_tests: int, args: argparse.Namespace) -> None:
    if args.html and n_tests > MOST_SHEETS:
        raise UsageError(
            f"--html: {n_tests:,} tests are no tear sheet; name strategies and symbols, at most "
            f"{MOST_SHEETS} tests"
        )


def _check_bars(data: Data) -> None:
    short = [symbol for symbol, bars in data.bars.items() if len(bars) < LEAST_BARS]
    if short:
        raise BadDataError(
            f"{data.source}: {plural(len(data.bars[short[0]]), 'bar')} of {short[0]}: "
            f"at least {LEAST_BARS} make a backtest"
        )
