"""``backtest --search``: look for the parameters of one strategy, and say what they are worth."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from engine.cli import backtest_arguments
from engine.cli.backtest import LEAST_BARS, jobs_of
from engine.cli.chain_strategies import need_bars
from engine.cli.progress import ProgressBar
from engine.cli.stderr import note
from engine.cli.stdout import write_all
from engine.cli.typed import count, typed
from engine.errors import BAD_DATA, INTERRUPTED, OK, BadDataError, UsageError
from engine.plural import plural

if TYPE_CHECKING:
    from engine.backtesting.data import Data
    from engine.backtesting.parameters import Value
    from engine.searching.hosts import Host
    from engine.searching.outcome import Asked, Found
    from engine.searching.task import Task
    from engine.searching.walk import Stretch

_METHODS = ("grid", "random", "tpe", "nsga2")
_WORKERS = ("auto", "cpython", "pypy", "numba")
_MOST_TOP = 1_000

parameter_words = backtest_arguments.parameter_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `backtest --search` to `parser`."""
    parser.description = (
        f"{parser.description}\n\n"
        "The space is what the class declares: `fast = whole(10, 2, 60)`. --set holds a\n"
        "parameter, --only searches some. Each symbol is traded on an account of its own, and a\n"
        "trial has the mean of their scores; --together trades all on one. The same trials and\n"
        "the same bytes come from every interpreter and any number of workers.\n\n"
        "grid tries every point; random draws, then looks around the best. tpe and nsga2 are\n"
        "Optuna's (extra `search`, CPython): a trial costs them 0.3 to 7 ms of this process, so\n"
        "below about 100,000 bars a trial random tries more in the same time."
    )
    add = parser.add_argument_group("how to search").add_argument
    add("--search", required=True, metavar="HOW", help=f"{', '.join(_METHODS)}")
    add("--trials", type=typed(_trials), default=0, metavar="N", help="200; of a grid all")
    add(
        "--metric", type=typed(backtest_arguments.names), default=["sharpe"], metavar="M",
        help="sharpe, return, cagr, sortino, calmar, drawdown, win_rate, profit_factor; several "
        "with commas for nsga2 (sharpe)",
    )  # fmt: skip
    add("--only", type=typed(backtest_arguments.names), default=[], metavar="A,B",
        help="parameters to search, the rest as they are")  # fmt: skip
    add(
        "--walk-forward",
        metavar="A/B",
        help="search A, test on the next B, move on: 6m/1m, 90d/30d",
    )
    add("--anchored", action="store_true", help="walk with all bars before each test")
    add("--together", action="store_true", help="one account for all symbols (one for each)")
    add("--seed", type=typed(count), default=0, metavar="N", help="of all chance (0)")
    add("--study", default="", metavar="FILE", help="journal of tpe or nsga2")
    add("--resume", action="store_true", help="go on with the study of that file")
    add = parser.add_argument_group("who runs it").add_argument
    add("--jobs", type=typed(jobs_of), default=1, metavar="N", help="processes (1)")
    add(
        "--workers", choices=_WORKERS, default="auto",
        help="interpreter of the workers, or Numba's kernels (auto: what takes least time)",
    )  # fmt: skip
    add("--cluster", default="", metavar="ADDRESS", help="Dask: tcp://HOST:PORT, or local")
    backtest_arguments.add_strategies(parser)
    backtest_arguments.add_data(parser)
    backtest_arguments.add_terms(parser)
    group = parser.add_argument_group("how to show it")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one object; see docs/BACKTEST.md")
    form.add_argument("--csv", action="store_true", help="every trial as a row, as they end")
    add = group.add_argument
    add("--all", action="store_true", help="with --json: every trial")
    add("--top", type=typed(count), default=10, metavar="N", help="best trials shown (10)")
    add("--map", type=typed(backtest_arguments.names), metavar="A,B", help="parameters of the map")
    add("--html", metavar="FILE", help="a page with the map and the walk, which loads nothing")


def run(args: argparse.Namespace) -> int:
    """Search, show what was found, and return the exit code.

    Raises
    ------
    EngineError
        If the request makes no sense, or the bars or workers cannot be had.
    """
    from engine.report.search_document import TrialColumns, TrialRows
    from engine.searching.outcome import find, mapped_axes, proposals_of
    from engine.searching.search import Sink

    asked = _asked(args)
    data = backtest_arguments.data(args)
    task = task_of(args, data)
    space = task.space()
    mapped_axes(space, asked.axes)
    steps = _steps(args, task)
    n_trials = 0
    if asked.method in ("grid", "random"):
        n_trials = proposals_of(asked, space, task.seed).n_trials
    sinks: list[Sink] = []
    columns = TrialColumns(space) if args.json and args.all else None
    if columns is not None:
        sinks.append(columns)
    if args.csv:
        sinks.append(TrialRows(space, write_all))
    began = perf_counter()
    with ProgressBar(is_plain=args.no_color, what="searching", unit="trials", delay=0.4) as on_done:
        found = find(
            task, asked, _opened(args, n_trials or asked.n_trials or 200, len(steps)),
            steps=steps, sinks=sinks, on_done=on_done,
        )  # fmt: skip
    return _show(found, args, data, columns, perf_counter() - began)


def _trials(text: str) -> int:
    if not count(text):
        raise ValueError(f"expected a whole number above 0, got {text!r}")
    return count(text)


def _asked(args: argparse.Namespace) -> Asked:
    from engine.searching.board import checked_metrics
    from engine.searching.outcome import Asked

    if args.search not in _METHODS:
        from engine.nearest import hint

        raise UsageError(f"--search {args.search}: {hint(args.search, _METHODS)}")
    if args.map and len(args.map) != 2:
        raise UsageError("--map takes two parameters, such as --map fast,slow")
    if not 1 <= args.top <= _MOST_TOP:
        raise UsageError(f"--top must be from 1 to {_MOST_TOP:,}, not {args.top}")
    if args.all and not args.json:
        raise UsageError("--all is for --json; --csv has every trial")
    if args.anchored and not args.walk_forward:
        raise UsageError("--anchored is of --walk-forward")
    if args.cluster and (args.workers != "auto" or args.jobs != 1) and args.cluster != "local":
        raise UsageError("--jobs and --workers are of this machine: a cluster has its own")
    if args.html:
        from engine.report.page_file import check_target

        check_target(Path(args.html))
    return Asked(
        method=args.search,
        n_trials=args.trials,
        metrics=checked_metrics(args.metric),
        n_top=args.top,
        axes=(args.map[0], args.map[1]) if args.map else None,
        journal=args.study,
        is_resumed=args.resume,
    )


def task_of(args: argparse.Namespace, data: Data) -> Task:
    """Return what is searched, from flags.

    Raises
    ------
    UsageError
        If they do not name one strategy, or no space of it.
    BadDataError
        If there are too few bars.
    """
    from engine.backtest_batch import bars_per_year
    from engine.searching.space import space_of
    from engine.searching.task import Task
    from engine.trading.trial import only

    kinds = backtest_arguments.strategies(args)
    if len(kinds) != 1 or not (args.names or args.strategies):
        raise UsageError(
            f"--search is of one strategy: name it, one of {', '.join(kinds)}, or a file"
        )
    need_bars(kinds, "a search has bars alone")
    ((label, kind),) = kinds.items()
    (given, *more) = backtest_arguments.value_sets(args, kinds)[label]
    if more:
        raise UsageError("--set holds a parameter at one value; a search tries its whole range")
    short = [name for name, bars in data.bars.items() if len(bars) < LEAST_BARS]
    if short:
        raise BadDataError(
            f"{data.source}: {plural(len(data.bars[short[0]]), 'bar')} of {short[0]}: "
            f"at least {LEAST_BARS} make a backtest"
        )
    space = space_of(kind, given, args.only)
    fixed: dict[str, Value] = dict(space.fixed)
    named = [*args.names, *(name for part in args.strategies or [] for name in part)]
    tests = [data] if args.together else [only(data, (symbol,)) for symbol in data.symbols]
    return Task(
        strategy=_whole_name(named[0]),
        names=tuple(axis.name for axis in space.axes),
        fixed=fixed,
        tests=tuple(tests),
        terms=backtest_arguments.terms(args),
        per_year=bars_per_year(data),
        seed=args.seed,
    )


def _whole_name(text: str) -> str:
    """Return a strategy's name with the whole path of its file: workers may stand elsewhere."""
    path, colon, name = text.rpartition(":")
    if not colon and text.endswith(".py"):
        return str(Path(text).resolve())
    return f"{Path(path).resolve()}:{name}" if colon else text


def _steps(args: argparse.Namespace, task: Task) -> list[Stretch]:
    if not args.walk_forward:
        return []
    from engine.searching.walk import lengths_of, stretches

    train_ns, test_ns = lengths_of(args.walk_forward)
    return stretches(task, train_ns, test_ns, is_anchored=args.anchored)


def _opened(
    args: argparse.Namespace, n_trials: int, n_steps: int
) -> Callable[[Task], AbstractContextManager[Host]]:
    @contextmanager
    def opened(task: Task) -> Iterator[Host]:
        with ExitStack() as stack:
            if args.cluster:
                from engine.searching.cluster import opened_on

                yield stack.enter_context(opened_on(args.cluster, task, max(1, args.jobs)))
                return
            from engine.searching.choice import choose
            from engine.searching.choice import opened as started
            from engine.searching.scoring import Scorer

            has_kernel = Scorer(task).has_kernel
            work = task.n_bars * n_trials * (1 + n_steps)
            choice = choose(args.workers, work, args.jobs, has_kernel=has_kernel)
            yield stack.enter_context(started(choice, task))

    return opened


def _show(
    found: Found, args: argparse.Namespace, data: Data, columns: object, seconds: float
) -> int:
    from engine.report import search_document, search_table

    board = found.board
    assert board is not None
    head = [
        f"{data.source}: {', '.join(data.symbols)}",
        f"{found.asked.method} search of {found.task.strategy} by {', '.join(board.metrics)}, "
        f"seed {found.task.seed}",
        f"cash {args.cash:,.2f}, fees {args.fees}, slippage {args.slippage}; filled at the next "
        "open",
    ]
    if args.json:
        import json

        assert columns is None or isinstance(columns, search_document.TrialColumns)
        whole = search_document.document(found, columns)
        write_all(json.dumps(whole, indent=2, allow_nan=False) + "\n")
    elif not args.csv:
        write_all("\n".join([*head, "", *search_table.lines(found)]) + "\n")
    if args.html:
        from engine.report.search_page import write_search_page

        write_search_page(found, Path(args.html), head)
    for line in data.notes:
        note(line)
    if board.error:
        note(f"{plural(board.n_failed, 'trial')} failed, the first: {board.error}")
    if board.lost:
        note(f"{plural(board.n_lost, 'trial')} lost: {board.lost}")
    n = board.n_tried + (found.walk.n_tried if found.walk else 0)
    speed = f"{n / max(seconds, 1e-9):,.0f} a second"
    note(f"{plural(n, 'trial')} in {seconds:.2f} s by {found.workers}, {speed}")
    if found.is_interrupted:
        note("interrupted: what was found until then is shown")
        return INTERRUPTED
    return BAD_DATA if board.n_tried and board.n_failed + board.n_lost == board.n_tried else OK
