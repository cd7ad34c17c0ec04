"""What to try next: every point of a grid, points at random, and points around the best so far.

The same trials on every runtime and for any number of workers: chance comes from one generator in
the front, rounds have a fixed size, and a round that depends on results waits for all before it.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeAlias

from engine.errors import UsageError
from engine.searching.space import Space, grid_rows

MOST_TRIALS = 10_000_000
# Of the trials of a random search, the share that goes around the best of the others, in so many
# rounds; each halves how far from the best it looks.
_REFINED = 0.3
_ROUNDS = 5
_FEWEST_REFINED = 40
_LARGEST_ROUND = 5_000
_FIRST_SPREAD = 0.25
_OTHER_WORD = 0.2
# How often a place is drawn again that was tried before, of so many that are remembered.
_REDRAWN = 5
_REMEMBERED = 20_000

Columns: TypeAlias = "list[array[float]]"


class Proposals(Protocol):
    """A source of trials. `ask` and `tell` alternate where `is_adaptive`."""

    n_trials: int
    is_adaptive: bool

    def ask(self, most: int) -> Columns | None:
        """Return at most `most` new trials as a column per axis, None at the end."""
        ...

    def tell(self, columns: Columns, scores: Sequence[Sequence[float]]) -> None:
        """Learn the scores of trials that were asked for, a row of metrics each.

        They are signed so that more is better; nan is a trial that says nothing.
        """
        ...


class Grid:
    """Every point of the grid, once, in its order.

    Raises
    ------
    UsageError
        If an axis has no step, or there are more points than `most`.
    """

    is_adaptive = False

    def __init__(self, space: Space, most: int = MOST_TRIALS) -> None:
        grid_rows(space, 0, 0)
        if space.size > most:
            raise UsageError(
                f"the grid has {space.size:,} points, more than {most:,}: hold some parameters, "
                "widen their steps, or search at random"
            )
        self.n_trials = space.size
        self._space = space
        self._done = 0

    def ask(self, most: int) -> Columns | None:
        """Return the next points."""
        first, end = self._done, min(self.n_trials, self._done + most)
        self._done = end
        return grid_rows(self._space, first, end) if end > first else None

    def tell(self, columns: Columns, scores: Sequence[Sequence[float]]) -> None:
        """Learn nothing: a grid is tried whole."""


class AtRandom:
    """Points at random, then rounds of points around the best of all before.

    Every value of an axis is equally likely; the rounds draw from a quarter of each axis around the
    best, then an eighth, and so on. Below 40 trials there are no rounds.
    """

    def __init__(self, space: Space, n_trials: int, seed: int) -> None:
        self.n_trials = n_trials
        self.is_adaptive = False  # until the rounds begin
        self._space = space
        self._draw = Random(seed).random
        n_refined = int(n_trials * _REFINED) if n_trials >= _FEWEST_REFINED else 0
        self._n_first = n_trials - n_refined
        self._round = min(_LARGEST_ROUND, max(1, -(-n_refined // _ROUNDS)))
        self._n_rounds = max(1, -(-n_refined // self._round))
        self._done = 0
        self._best: tuple[float, ...] | None = None
        self._tried: set[tuple[float, ...]] = set()
        self._score = float("-inf")

    def ask(self, most: int) -> Columns | None:
        """Return the next points; of a round all, whatever `most` is."""
        if self._done < self._n_first:
            count = min(most, self._n_first - self._done)
            self._done += count
            self.is_adaptive = self._done >= self._n_first
            return self._anywhere(count)
        count = min(self._round, self.n_trials - self._done)
        if not count:
            return None
        number = (self._done - self._n_first) // self._round
        self._done += count
        self.is_adaptive = True
        if self._best is None:
            return self._anywhere(count)
        halvings = number * _ROUNDS // self._n_rounds
        return self._around(self._best, _FIRST_SPREAD * 0.5**halvings, count)

    def tell(self, columns: Columns, scores: Sequence[Sequence[float]]) -> None:
        """Keep the best; of equals the first."""
        for row, score in enumerate(scores):
            if score[0] > self._score:
                self._score = score[0]
                self._best = tuple(column[row] for column in columns)
                self._tried.add(self._best)

    def _anywhere(self, count: int) -> Columns:
        draw, axes = self._draw, self._space.axes
        columns: Columns = [array("d") for _ in axes]
        for _ in range(count):
            for axis, column in zip(axes, columns, strict=True):
                column.append(axis.at(draw()))
        return columns

    def _around(self, best: Sequence[float], spread: float, count: int) -> Columns:
        columns: Columns = [array("d") for _ in self._space.axes]
        for _ in range(count):
            # What was tried tells nothing new: the place is drawn again, each time from further.
            for wider in range(_REDRAWN):
                row = self._near(best, spread * (1 + wider))
                if row not in self._tried:
                    break
            if len(self._tried) < _REMEMBERED:
                self._tried.add(row)
            for column, number in zip(columns, row, strict=True):
                column.append(number)
        return columns

    def _near(self, best: Sequence[float], spread: float) -> tuple[float, ...]:
        draw = self._draw
        row = []
        for axis, number in zip(self._space.axes, best, strict=True):
            if axis.parameter.options:
                is_other = draw() < _OTHER_WORD
                row.append(axis.at(draw()) if is_other else number)
                continue
            part = axis.part_of(number) + spread * (draw() - 0.5)
            row.append(axis.at(min(max(part, 0.0), 1.0 - 1e-12)))
        return tuple(row)


def at_random(space: Space, n_trials: int, seed: int) -> Proposals:
    """Return `n_trials` at random with rounds around the best, or the grid where that is no larger.

    Raises
    ------
    UsageError
        If there are too many trials, or none.
    """
    if not 1 <= n_trials <= MOST_TRIALS:
        raise UsageError(f"--trials must be from 1 to {MOST_TRIALS:,}, not {n_trials}")
    if 0 < space.size <= n_trials:
        return Grid(space)
    return AtRandom(space, n_trials, seed)
