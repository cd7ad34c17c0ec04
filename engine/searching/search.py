"""The search itself: trials from their source to a host, scores back in the order of the trials.

Whatever the number and kind of workers and whoever is first, what the source learns and what is
reported is the same, byte for byte.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Sequence
from math import nan
from typing import Protocol

from engine.searching.board import METRICS, Board
from engine.searching.hosts import Answer, Host, Lost, Piece
from engine.searching.proposals import Columns, Proposals
from engine.searching.scoring import SCORES

# Of one piece: few enough to share out, many enough that a pipe does not count.
_FEWEST, _MOST = 8, 2_000
# Bars of all tests and trials in one piece, about: seconds of CPython bar by bar, a hundredth of a
# second of PyPy. The first are smaller, so that progress and Ctrl-C have something to show.
_BARS, _FIRST_BARS = 400_000, 40_000

OnDone = Callable[[int, int], None]


class Sink(Protocol):
    """Takes every trial, in order: a file of trials."""

    def take(self, first: int, columns: Sequence[array[float]], scores: array[float]) -> None:
        """Take trials with their scores; nan for what failed or was lost."""
        ...


def search(
    proposals: Proposals,
    board: Board,
    host: Host,
    *,
    span: int = 0,
    n_bars: int = 1,
    sinks: Sequence[Sink] = (),
    on_done: OnDone = lambda done, total: None,
) -> None:
    """Run all trials of `proposals` over span number `span`, into `board` and `sinks`.

    `n_bars` of all tests says how many trials make a piece; nothing else depends on it. When it is
    interrupted, the board has what was found until then.

    Raises
    ------
    EngineError
        If the workers refuse the task.
    """
    most, size = _trials(_BARS, n_bars), _trials(_FIRST_BARS, n_bars)
    given = _Order(proposals, board, sinks)
    waiting: deque[Piece] = deque()
    n_running = 0
    is_over = False
    while True:
        while n_running < host.n_slots:
            if not waiting and not is_over:
                if proposals.is_adaptive and n_running:
                    break
                block = proposals.ask(size * host.n_slots)
                if block is None:
                    is_over = True
                else:
                    waiting.extend(_pieces(block, given.n_asked, span, size, host.n_slots))
                    size = min(2 * size, most)
                    given.n_asked += len(block[0])
            if not waiting:
                break
            host.submit(waiting.popleft())
            n_running += 1
        if not n_running:
            return
        for piece, answer in host.finished():
            n_running -= 1
            given.take(piece, answer)
        on_done(board.n_tried, proposals.n_trials)


def _trials(bars: int, n_bars: int) -> int:
    """Return how many trials of `n_bars` make about so many bars."""
    return max(_FEWEST, min(_MOST, bars // max(1, n_bars)))


class _Order:
    """Hands scores on in the order of their trials."""

    def __init__(self, proposals: Proposals, board: Board, sinks: Sequence[Sink]) -> None:
        self.n_asked = 0
        self._proposals = proposals
        self._board = board
        self._sinks = sinks
        self._early: dict[int, tuple[Piece, Answer]] = {}
        self._next = 0
        self._places = [SCORES.index(name) for name in board.metrics]
        self._signs = [METRICS[name] for name in board.metrics]

    def take(self, piece: Piece, answer: Answer) -> None:
        self._early[piece.first] = piece, answer
        while self._next in self._early:
            piece, answer = self._early.pop(self._next)
            self._next += piece.n_trials
            self._give(piece, answer)

    def _give(self, piece: Piece, answer: Answer) -> None:
        board, columns = self._board, list(piece.columns)
        if isinstance(answer, Lost):
            board.miss(columns, answer.reason)
            values = array("d", [nan]) * (piece.n_trials * len(SCORES))
        else:
            values = answer.values
            board.take(columns, values)
            board.error = board.error or answer.error
        width = len(SCORES)
        by_metric = [
            [value * sign for value in values[place::width]]
            for place, sign in zip(self._places, self._signs, strict=True)
        ]
        self._proposals.tell(columns, list(zip(*by_metric, strict=True)))
        for sink in self._sinks:
            sink.take(piece.first, columns, values)


def _pieces(block: Columns, first: int, span: int, most: int, n_slots: int) -> list[Piece]:
    count = len(block[0])
    size = max(1, min(most, -(-count // n_slots)))
    return [
        Piece(first + start, span, [column[start : start + size] for column in block])
        for start in range(0, count, size)
    ]
