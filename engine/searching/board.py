"""What a search remembers of its trials: the best, counts, and a sample. Its size does not grow."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappush, heapreplace
from math import ceil, isfinite, nan, sqrt

from engine.errors import UsageError
from engine.nearest import hint
from engine.searching.scoring import SCORES
from engine.searching.space import Axis, Space

# Metrics by their name, with the sign that makes more better.
METRICS: Mapping[str, float] = {
    "sharpe": 1.0, "return": 1.0, "cagr": 1.0, "sortino": 1.0, "calmar": 1.0, "drawdown": -1.0,
    "win_rate": 1.0, "profit_factor": 1.0,
}  # fmt: skip
MOST_TOP = 1_000
_RETURN, _SHARPE = SCORES.index("return"), SCORES.index("sharpe")
# Cells of the map on a side, at most.
_CELLS = 12
_FRONT = 200


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: its number from 0, a number per axis, its scores in `SCORES`."""

    number: int
    row: tuple[float, ...]
    scores: tuple[float, ...]

    def metric(self, name: str) -> float:
        """Return one of its scores."""
        return self.scores[SCORES.index(name)]


@dataclass(frozen=True, slots=True)
class Map:
    """The mean of a metric over two axes, and its best; nan where nothing was tried.

    Cells lie by row of the second axis, then by the first. `edges` are the first values of cells.
    """

    metric: str
    names: tuple[str, str]
    edges: tuple[tuple[float, ...], tuple[float, ...]]
    means: tuple[tuple[float, ...], ...]
    counts: tuple[tuple[int, ...], ...]


class Board:
    """Takes trials in the order of their numbers.

    Parameters
    ----------
    space
        What was searched.
    metrics
        What trials are judged by, the first above the others.
    n_trials
        How many there will be; `n_sampled` of them are kept as a sample, evenly spaced.
    """

    def __init__(
        self,
        space: Space,
        metrics: Sequence[str],
        n_trials: int,
        *,
        n_top: int = 10,
        n_sampled: int = 0,
        axes: tuple[int, int] | None = None,
    ) -> None:
        self.space = space
        self.metrics = checked_metrics(metrics)
        self.n_tried = 0
        self.n_failed = 0  # the strategy raised an error
        self.n_silent = 0  # it ran, and the first metric says nothing: it did not trade
        self.n_lost = 0
        self.error = ""
        self.lost = ""
        self.sample: list[Trial] = []
        self._places = [SCORES.index(name) for name in self.metrics]
        self._signs = [METRICS[name] for name in self.metrics]
        self._n_top = n_top
        # Of the best: (score, minus number, trial), the worst of them first.
        self._heap: list[tuple[float, int, Trial]] = []
        self._front: list[tuple[tuple[float, ...], Trial]] = []
        self._stride = max(1, -(-n_trials // n_sampled)) if n_sampled else 0
        self._count = 0
        self._mean = self._squares = 0.0
        self._cells = _Cells(space, axes) if axes else None

    def take(self, columns: Sequence[array[float]], scores: array[float]) -> None:
        """Take the next trials with their scores, row by row."""
        width, place, sign = len(SCORES), self._places[0], self._signs[0]
        heap, n_top, stride = self._heap, self._n_top, self._stride
        first = self.n_tried
        values = scores[place::width]
        self._spread(scores[_SHARPE::width])
        least = heap[0][0] if len(heap) >= n_top else float("-inf")
        for row, value in enumerate(values):
            if value != value:
                continue
            value *= sign
            if value > least or len(heap) < n_top:
                # Of equals the first stays, and of one point its first trial.
                entry = (value, -(first + row), _trial(first + row, columns, scores, row))
                if any(other.row == entry[2].row for _, _, other in heap):
                    continue
                if len(heap) < n_top:
                    heappush(heap, entry)
                elif entry > heap[0]:
                    heapreplace(heap, entry)
                least = heap[0][0] if len(heap) >= n_top else least
        if stride:
            for row in range(-first % stride, len(values), stride):
                self.sample.append(_trial(first + row, columns, scores, row))
        if len(self._places) > 1:
            for row in range(len(values)):
                self._meet_front(first + row, columns, scores, row)
        if self._cells is not None:
            self._cells.take(columns, values)
        returns = scores[_RETURN::width]
        failed = sum(1 for value in returns if value != value)
        self.n_failed += failed
        self.n_silent += sum(1 for value in values if value != value) - failed
        self.n_tried += len(values)

    def miss(self, columns: Sequence[array[float]], why: str) -> None:
        """Count trials whose workers died."""
        count = len(columns[0])
        self.n_lost += count
        self.lost = self.lost or why
        self.n_tried += count

    @property
    def top(self) -> list[Trial]:
        """Return the best, the best first."""
        return [entry[2] for entry in sorted(self._heap, reverse=True)]

    @property
    def front(self) -> list[Trial]:
        """Return the trials than which none is better in every metric, by the first of them.

        At most 200: of more the best by the first metric.
        """
        return [
            trial for _, trial in sorted(self._front, key=lambda one: (-one[0][0], one[1].number))
        ]

    @property
    def sharpe_deviation(self) -> float:
        """Return the standard deviation of the trials' Sharpe ratios; nan below two."""
        return sqrt(self._squares / (self._count - 1)) if self._count > 1 else nan

    def map(self) -> Map | None:
        """Return the mean of the first metric over two axes, None where none was asked for."""
        return self._cells.map(self.metrics[0]) if self._cells is not None else None

    def _spread(self, values: Sequence[float]) -> None:
        """Count ratios into their variance (Welford 1962)."""
        count, mean, squares = self._count, self._mean, self._squares
        for value in values:
            if value - value == 0.0:
                count += 1
                gap = value - mean
                mean += gap / count
                squares += gap * (value - mean)
        self._count, self._mean, self._squares = count, mean, squares

    def _meet_front(
        self, number: int, columns: Sequence[array[float]], scores: array[float], row: int
    ) -> None:
        base = row * len(SCORES)
        point = tuple(
            scores[base + place] * sign
            for place, sign in zip(self._places, self._signs, strict=True)
        )
        if not all(map(isfinite, point)):
            return
        for other, _ in self._front:
            if all(a >= b for a, b in zip(other, point, strict=True)):
                return
        self._front = [
            one
            for one in self._front
            if not all(b >= a for a, b in zip(one[0], point, strict=True))
        ]
        self._front.append((point, _trial(number, columns, scores, row)))
        if len(self._front) > _FRONT:
            self._front.remove(min(self._front, key=lambda one: one[0][0]))


class _Cells:
    """Sums of a metric over the cells of two axes."""

    def __init__(self, space: Space, axes: tuple[int, int]) -> None:
        self._axes = axes
        self._space = space
        self._sizes = [min(_CELLS, space.axes[axis].n_levels or _CELLS) for axis in axes]
        n_cells = self._sizes[0] * self._sizes[1]
        self._sums = [0.0] * n_cells
        self._counts = [0] * n_cells

    def take(self, columns: Sequence[array[float]], values: Sequence[float]) -> None:
        (first, second), (width, height) = self._axes, self._sizes
        part_of = [self._space.axes[axis].part_of for axis in self._axes]
        for x, y, value in zip(columns[first], columns[second], values, strict=True):
            if value - value == 0.0:
                right = min(width - 1, int(part_of[0](x) * width))
                cell = min(height - 1, int(part_of[1](y) * height)) * width + right
                self._sums[cell] += value
                self._counts[cell] += 1

    def map(self, metric: str) -> Map:
        width, height = self._sizes
        axes = [self._space.axes[axis] for axis in self._axes]
        means = [
            total / count if count else nan
            for total, count in zip(self._sums, self._counts, strict=True)
        ]
        cut = range(0, width * height, width)
        return Map(
            metric,
            (axes[0].name, axes[1].name),
            tuple(
                tuple(_edge(axis, cell, size) for cell in range(size))
                for axis, size in zip(axes, self._sizes, strict=True)
            ),  # type: ignore[arg-type]  # two of them
            tuple(tuple(means[first : first + width]) for first in cut),
            tuple(tuple(self._counts[first : first + width]) for first in cut),
        )


def _edge(axis: Axis, cell: int, size: int) -> float:
    """Return the first value of a cell; a level lies in the cell that its middle lies in."""
    n_levels = axis.n_levels
    if n_levels and not axis.parameter.is_log:
        return axis.level(max(0, ceil(cell * n_levels / size - 0.5)))
    return axis.at(cell / size)


def checked_metrics(names: Sequence[str]) -> tuple[str, ...]:
    """Return the metrics of a search.

    Raises
    ------
    UsageError
        If there is none, or one is unknown or named twice.
    """
    for name in names:
        if name not in METRICS:
            raise UsageError(f"no metric {name!r}: {hint(name, METRICS)}")
    if not names or len(set(names)) < len(names):
        raise UsageError(
            f"--metric must name one metric or several different ones: {', '.join(METRICS)}"
        )
    return tuple(names)


def _trial(number: int, columns: Sequence[array[float]], scores: array[float], row: int) -> Trial:
    width = len(SCORES)
    return Trial(
        number,
        tuple(column[row] for column in columns),
        tuple(scores[row * width : (row + 1) * width]),
    )
