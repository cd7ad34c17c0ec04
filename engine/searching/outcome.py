"""A whole search, from what is asked to what is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from engine.errors import UsageError
from engine.searching.board import Board, Map, Trial, checked_metrics
from engine.searching.hosts import Host
from engine.searching.proposals import Grid, Proposals, at_random
from engine.searching.scoring import Scorer
from engine.searching.search import OnDone, Sink, search
from engine.searching.space import Space
from engine.searching.task import WHOLE, Task
from engine.searching.validity import SAMPLED, Validity, validity
from engine.searching.walk import Stretch, Walk, spans_of, walk_forward

GRID, RANDOM, TPE, NSGA2 = "grid", "random", "tpe", "nsga2"
METHODS = (GRID, RANDOM, TPE, NSGA2)
DEFAULT_TRIALS = 200

Opened = Callable[[Task], AbstractContextManager[Host]]


@dataclass(frozen=True, slots=True)
class Asked:
    """How is searched: the method, how many trials (0: the grid whole, else 200), by which metrics.

    `journal` is the file in which Optuna keeps its study; `is_resumed` goes on with it.
    """

    method: str = RANDOM
    n_trials: int = 0
    metrics: tuple[str, ...] = ("sharpe",)
    n_top: int = 10
    axes: tuple[str, str] | None = None
    journal: str = ""
    is_resumed: bool = False


@dataclass(slots=True)
class Found:
    """What a search found. Where it was interrupted, what it had found until then."""

    task: Task
    asked: Asked
    space: Space
    n_wanted: int
    workers: str = ""
    board: Board | None = None
    validity: Validity | None = None
    walk: Walk | None = None
    is_interrupted: bool = False

    @property
    def top(self) -> list[Trial]:
        """Return the best trials, the best first."""
        return self.board.top if self.board else []

    @property
    def map(self) -> Map | None:
        """Return the map of two parameters, None where there are no two."""
        return self.board.map() if self.board else None


def proposals_of(asked: Asked, space: Space, seed: int) -> Proposals:
    """Return the source of trials.

    Raises
    ------
    UsageError
        If the space or the number of trials does not fit the method.
    UnavailableError
        If the method needs Optuna, and it is not installed.
    """
    if asked.method not in METHODS:
        raise UsageError(f"--search must be one of {', '.join(METHODS)}, not {asked.method!r}")
    if asked.method in (TPE, NSGA2):
        from engine.searching.study import Study

        return Study(
            space, asked.method, asked.n_trials or DEFAULT_TRIALS, len(asked.metrics), seed,
            journal=asked.journal, is_resumed=asked.is_resumed,
        )  # fmt: skip
    if len(asked.metrics) > 1:
        raise UsageError("several metrics are for --search nsga2: others judge by one")
    if asked.journal:
        raise UsageError("--study is for --search tpe and nsga2: the others need none")
    if asked.method == GRID:
        return Grid(space, asked.n_trials) if asked.n_trials else Grid(space)
    return at_random(space, asked.n_trials or DEFAULT_TRIALS, seed)


def mapped_axes(space: Space, names: tuple[str, str] | None) -> tuple[int, int] | None:
    """Return the places of the two axes of the map: those named, else the first two with an order.

    Raises
    ------
    UsageError
        If one that is named is not searched.
    """
    known = [axis.name for axis in space.axes]
    if names is not None:
        for name in names:
            if name not in known:
                raise UsageError(f"--map: {name} is not searched: it is {', '.join(known)}")
        if names[0] == names[1]:
            raise UsageError(f"--map needs two parameters, not {names[0]} twice")
        return known.index(names[0]), known.index(names[1])
    ordered = [
        place
        for place, axis in enumerate(space.axes)
        if not axis.parameter.options and axis.n_levels != 1
    ]
    # One with two values, long or short, shows less than one with many.
    wide = [place for place in ordered if space.axes[place].n_levels != 2]
    chosen = (wide + [place for place in ordered if place not in wide])[:2]
    return (chosen[0], chosen[1]) if len(chosen) == 2 else None


def find(
    task: Task,
    asked: Asked,
    opened: Opened,
    *,
    steps: Sequence[Stretch] = (),
    sinks: Sequence[Sink] = (),
    on_done: OnDone = lambda done, total: None,
) -> Found:
    """Search, test the best against luck, and walk forward where `steps` are given.

    Ctrl-C ends it with what was found until then, `is_interrupted`.

    Raises
    ------
    EngineError
        If something does not fit, or the workers cannot run.
    """
    metrics = checked_metrics(asked.metrics)
    task = replace(task, spans=(WHOLE, *spans_of(steps)))
    scorer = Scorer(task)
    scorer.check_kernel()
    space = scorer.space
    axes = mapped_axes(space, asked.axes)
    proposals = proposals_of(asked, space, task.seed)
    found = Found(task, asked, space, proposals.n_trials)

    def board_of(n_trials: int, n_sampled: int, is_mapped: bool) -> Board:
        return Board(
            space, metrics, n_trials, n_top=asked.n_top, n_sampled=n_sampled,
            axes=axes if is_mapped else None,
        )  # fmt: skip

    with opened(task) as host:
        found.workers = host.name
        board = found.board = board_of(proposals.n_trials, SAMPLED, True)
        try:
            search(proposals, board, host, n_bars=task.n_bars, sinks=sinks, on_done=on_done)
            found.validity = validity(task, board, host, scorer)

            def look(step: int) -> Board:
                own = proposals_of(replace(asked, journal="", is_resumed=False), space, task.seed)
                one = board_of(own.n_trials, 0, False)
                search(own, one, host, span=step + 1, n_bars=task.n_bars, on_done=on_done)
                return one

            if steps:
                found.walk = walk_forward(steps, scorer, task.per_year, look)
        except KeyboardInterrupt:
            found.is_interrupted = True
    return found
