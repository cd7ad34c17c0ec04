"""A search as JSON, and its trials as CSV: floats as Python writes them, so nothing is lost."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import Any

from engine.codec import encode
from engine.searching.board import Trial
from engine.searching.outcome import Found
from engine.searching.scoring import SCORES
from engine.searching.space import Space, rows_of

SCHEMA = 1


class TrialRows:
    """Writes every trial as a row of CSV: number, parameters, scores; empty where there is none."""

    def __init__(self, space: Space, write: Callable[[str], object]) -> None:
        self._space = space
        self._write = write
        self._print([["trial", *(axis.name for axis in space.axes), *SCORES]])

    def take(self, first: int, columns: Sequence[array[float]], scores: array[float]) -> None:
        """Write trials."""
        width, axes = len(SCORES), self._space.axes
        self._print(
            [
                first + k,
                *(axis.value(number) for axis, number in zip(axes, row, strict=True)),
                *(
                    value if isfinite(value) else ""
                    for value in scores[k * width : (k + 1) * width]
                ),
            ]
            for k, row in enumerate(rows_of(columns))
        )

    def _print(self, rows: Iterable[Sequence[object]]) -> None:
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows(rows)
        self._write(file.getvalue())


class TrialColumns:
    """Keeps every trial, for a JSON object that has them all."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self.columns: list[array[float]] = [array("d") for _ in space.axes]
        self.scores: array[float] = array("d")

    def take(self, first: int, columns: Sequence[array[float]], scores: array[float]) -> None:
        """Keep trials."""
        for kept, column in zip(self.columns, columns, strict=True):
            kept.extend(column)
        self.scores.extend(scores)

    def document(self) -> dict[str, Any]:
        """Return a list for each parameter and each score, a row per trial."""
        found: dict[str, Any] = {}
        for axis, column in zip(self._space.axes, self.columns, strict=True):
            found[axis.name] = [axis.value(number) for number in column]
        scores = {
            name: encode(self.scores[place :: len(SCORES)]) for place, name in enumerate(SCORES)
        }
        return {"parameters": found, "scores": scores}


def document(found: Found, trials: TrialColumns | None = None) -> dict[str, Any]:
    """Return a search as what `json.dumps` takes; docs/BACKTEST.md has its fields."""
    board, task, asked = found.board, found.task, found.asked
    assert board is not None
    walk = found.walk
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": "search",
        "strategy": task.strategy,
        "method": asked.method,
        "metrics": list(board.metrics),
        "seed": task.seed,
        "workers": found.workers,
        "is_interrupted": found.is_interrupted,
        "tests": [list(data.symbols) for data in task.tests],
        "n_bars": task.n_bars,
        "per_year": task.per_year,
        "terms": encode(task.terms),
        "searched": [axis.name for axis in found.space.axes],
        "held": dict(found.space.fixed),
        "n_wanted": found.n_wanted,
        "n_tried": board.n_tried,
        "n_without_score": board.n_silent,
        "n_failed": board.n_failed,
        "n_lost": board.n_lost,
        "error": board.error or board.lost or None,
        "top": [trial_object(trial, found.space) for trial in found.top],
        "front": [trial_object(trial, found.space) for trial in board.front],
        "validity": encode(found.validity),
        "map": encode(found.map),
        "walk": None,
    }
    if walk is not None:
        whole["walk"] = {
            "n_tried": walk.n_tried,
            "return": encode(walk.total_return),
            "sharpe": encode(walk.sharpe),
            "drawdown": encode(walk.max_drawdown),
            "steps": [
                {
                    "train_ns": one.stretch.train_ns,
                    "test_ns": one.stretch.test_ns,
                    "end_ns": one.stretch.end_ns,
                    "best": None if one.best is None else trial_object(one.best, found.space),
                    "growth": encode(one.growth),
                }
                for one in walk.judged
            ],
            "time_ns": list(walk.time_ns),
            "equity": encode(walk.equity),
        }
    if trials is not None:
        whole["trials"] = trials.document()
    return whole


def trial_object(trial: Trial, space: Space) -> dict[str, Any]:
    """Return one trial: its number, all parameters, its scores; null where there is none."""
    return {
        "trial": trial.number,
        "parameters": space.values(trial.row),
        "scores": dict(zip(SCORES, map(encode, trial.scores), strict=True)),
    }
