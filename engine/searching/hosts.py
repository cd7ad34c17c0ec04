"""Who runs trials: pieces out, scores back, in whatever order they end."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.searching.scoring import Scorer, Scores


@dataclass(frozen=True, slots=True)
class Piece:
    """Trials that are run together: `first` is the number of the first, `columns` one per axis.

    `points` of 0 asks for scores, else for so many values of each trial's equity.
    """

    first: int
    span: int
    columns: Sequence[array[float]]
    points: int = 0

    @property
    def n_trials(self) -> int:
        """Return how many trials it has."""
        return len(self.columns[0])


@dataclass(frozen=True, slots=True)
class Lost:
    """What stands in for the scores of a piece whose workers died at it, twice."""

    reason: str


Answer = Scores | Lost


class Host(Protocol):
    """Runs pieces. Close it at the end, whatever happened."""

    n_slots: int
    name: str

    def submit(self, piece: Piece) -> None:
        """Take a piece; at most `n_slots` at a time."""
        ...

    def finished(self) -> list[tuple[Piece, Answer]]:
        """Wait until a piece is done, and return those that are."""
        ...

    def close(self) -> None:
        """End the workers."""
        ...


class Here:
    """Runs pieces in this process."""

    n_slots = 1

    def __init__(self, scorer: Scorer, name: str) -> None:
        self.name = name
        self._scorer = scorer
        self._pieces: list[Piece] = []

    def submit(self, piece: Piece) -> None:
        """Take a piece."""
        self._pieces.append(piece)

    def finished(self) -> list[tuple[Piece, Answer]]:
        """Run what was taken."""
        done: list[tuple[Piece, Answer]] = [
            (piece, answer_of(self._scorer, piece)) for piece in self._pieces
        ]
        self._pieces = []
        return done

    def close(self) -> None:
        """Do nothing: there is no other process."""


def answer_of(scorer: Scorer, piece: Piece) -> Scores:
    """Return the scores of a piece, or its equities."""
    if piece.points:
        return scorer.equities(piece.span, piece.columns, piece.points)
    return scorer.scores(piece.span, piece.columns)
