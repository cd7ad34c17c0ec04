"""``backtest speed-test``: what runs backtests fastest here, and what a search would choose."""

from __future__ import annotations

import argparse
from math import inf
from typing import TYPE_CHECKING

from engine.cli import backtest_arguments
from engine.cli.backtest import jobs_of
from engine.cli.backtest_search import task_of
from engine.cli.stdout import write_all
from engine.cli.typed import count, typed
from engine.errors import OK, UsageError
from engine.plural import plural

if TYPE_CHECKING:
    from engine.searching.speed import Processes, Speed
    from engine.searching.task import Task

SCHEMA = 1

parameter_words = backtest_arguments.parameter_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `backtest speed-test` to `parser`."""
    parser.description = (
        f"{parser.description}\n\n"
        "Runs the same trials of a strategy (ma_crossover) on every interpreter of this machine,\n"
        "by its kernel and bar by bar, and stops if any byte differs. Then it measures the start\n"
        "and the time of a bar in CPU time, and says which is fastest for how many bars of\n"
        "trials. Name your own strategy and bars to measure at your sizes."
    )
    add = parser.add_argument_group("how to measure").add_argument
    add("--trials", type=typed(count), default=1_000, metavar="N", help="of your search (1000)")
    add("--jobs", type=typed(jobs_of), default=2, metavar="N", help="workers side by side (2)")
    add("--together", action="store_true", help="one account for all symbols (one for each)")
    add("--json", action="store_true", help="one object")
    backtest_arguments.add_strategies(parser)
    backtest_arguments.add_data(parser)
    backtest_arguments.add_terms(parser)


def run(args: argparse.Namespace) -> int:
    """Measure, and print what was found.

    Raises
    ------
    EngineError
        If the request makes no sense, or two runtimes give other bytes.
    """
    from engine.searching.choice import choose
    from engine.searching.scoring import Scorer
    from engine.searching.speed import processes, speeds

    if not 1 <= args.trials <= 10_000_000:
        raise UsageError(f"--trials must be from 1 to 10,000,000, not {args.trials}")
    if not (args.names or args.strategies):
        args.names = ["ma_crossover"]
    args.only, args.seed = [], 0
    task = task_of(args, backtest_arguments.data(args))
    found, missing = speeds(task)
    best = min(found, key=lambda one: one.per_bar)
    side_by_side = processes(task, best, args.jobs) if args.jobs > 1 else None
    work = args.trials * task.n_bars
    has_kernel = Scorer(task).has_kernel
    chosen = str(choose("auto", work, 1, has_kernel=has_kernel))
    if args.json:
        import json

        whole = _document(task, found, missing, side_by_side, work, chosen)
        write_all(json.dumps(whole, indent=2, allow_nan=False) + "\n")
    else:
        told = _lines(task, found, missing, side_by_side, args.trials, chosen)
        write_all("\n".join(told) + "\n")
    return OK


def _lines(
    task: Task, found: list[Speed], missing: list[str], pair: Processes | None, trials: int,
    chosen: str,
) -> list[str]:  # fmt: skip
    from engine.runtime.interpreters import this_kind
    from engine.searching.speed import rule

    rows = [
        (
            one.workers, one.way, one.interpreter, f"{one.start:.2f} s", f"{one.per_bar:,.1f} ns",
            f"{one.per_second:,.0f}",
        )
        for one in sorted(found, key=lambda one: one.per_bar)
    ]  # fmt: skip
    heads = ("workers", "by", "interpreter", "start", "a bar", "720 bars, a second")
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    table = [
        "  ".join(f"{cell:<{w}}" if k < 3 else f"{cell:>{w}}"
                  for k, (cell, w) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in (heads, *rows)
    ]  # fmt: skip
    lines = [
        f"{task.strategy}: {plural(len(task.tests), 'test')}, {task.n_bars:,} bars a trial; "
        "the same bytes from all",
        "CPU time of one worker, metrics with it",
        "",
        table[0], "-" * len(table[0]), *table[1:],
        *missing,
        "",
    ]  # fmt: skip
    if pair is not None:
        lines.append(
            f"{pair.jobs} workers of {pair.workers}: {pair.gain:.2f} times one, by the clock"
        )
    parts = [
        f"{name} {'beyond' if limit == inf else f'to {_millions(limit)}'}"
        for limit, name in rule(found, this_kind())
    ]
    lines += [
        f"fastest from here, in bars of trials: {', '.join(parts)}",
        f"a search of {plural(trials, 'trial')}, {_millions(trials * task.n_bars)} bars, "
        f"takes {chosen}",
    ]
    return lines


def _millions(bars: float) -> str:
    return f"{bars / 1e6:,.3g} M" if bars < 1e9 else f"{bars / 1e6:,.0f} M"


def _document(
    task: Task, found: list[Speed], missing: list[str], pair: Processes | None, work: int,
    chosen: str,
) -> dict[str, object]:  # fmt: skip
    from engine.runtime.interpreters import this_kind
    from engine.searching.speed import rule

    return {
        "schema": SCHEMA,
        "kind": "speed-test",
        "strategy": task.strategy,
        "n_tests": len(task.tests),
        "n_bars": task.n_bars,
        "speeds": [
            {
                "workers": one.workers,
                "way": one.way,
                "interpreter": one.interpreter,
                "start_s": one.start,
                "ns_per_bar": one.per_bar,
                "backtests_of_720_bars_per_cpu_s": one.per_second,
                "n_trials": one.n_trials,
            }
            for one in found
        ],
        "missing": missing,
        "processes": None
        if pair is None
        else {
            "workers": pair.workers, "jobs": pair.jobs, "one_s": pair.one_s,
            "all_s": pair.all_s, "gain": pair.gain,
        },
        "rule": [
            {"to_bars": None if limit == inf else round(limit), "workers": name}
            for limit, name in rule(found, this_kind())
        ],
        "work_bars": work,
        "chosen": chosen,
    }  # fmt: skip
