"""Workers of any kind and number give the same bytes, and a death costs one piece."""

from __future__ import annotations

import os
import signal
import sys
from array import array
from pathlib import Path

import pytest

from engine.errors import BadDataError, UnavailableError
from engine.runtime.interpreters import CPYTHON, PYPY, find
from engine.searching.board import Board
from engine.searching.children import Children
from engine.searching.hosts import Answer, Here, Host, Lost, Piece
from engine.searching.proposals import AtRandom, Grid
from engine.searching.scoring import SCORES, Scorer
from engine.searching.search import search
from engine.searching.task import Task, setup_line, task_of, write_columns
from tests.searching.markets import strategy_file, task

KINDS = (CPYTHON, PYPY)


class Bytes:
    """Every trial as it is handed on."""

    def __init__(self) -> None:
        self.found = b""

    def take(self, first: int, columns: list[array[float]], scores: array[float]) -> None:
        assert first * len(SCORES) * 8 == len(self.found)
        self.found += scores.tobytes()


def setup(asked: Task, folder: Path) -> bytes:
    path = folder / "columns"
    with path.open("wb") as file:
        write_columns(asked, file)
    return setup_line(asked, str(path), "pure")


def python(kind: str) -> str:
    found = find(kind)
    if found is None:
        pytest.skip(f"no {kind} on this machine can run the engine")
    return found.path


def found_by(
    host: Host, asked: Task, n_trials: int = 60, n_bars: int = 50_000
) -> tuple[bytes, Board]:
    space = asked.space()
    board, sink = Board(space, ["sharpe"], n_trials), Bytes()
    try:
        search(AtRandom(space, n_trials, 4), board, host, sinks=[sink], n_bars=n_bars)
    finally:
        host.close()
    return sink.found, board


def test_a_task_comes_back_from_its_line_and_file(tmp_path: Path) -> None:
    asked = task("breakout", fixed={"short": 0.0})
    assert task_of(setup(asked, tmp_path)) == (asked, "pure")


@pytest.mark.parametrize("strategy", ["ma_crossover", "steps"])
def test_the_same_bytes_from_any_number_and_kind_of_workers(strategy: str, tmp_path: Path) -> None:
    asked = task(strategy_file(tmp_path) if strategy == "steps" else strategy, n=150)
    line = setup(asked, tmp_path)
    wanted, board = found_by(Here(Scorer(asked), "here"), asked)
    assert board.n_tried == 60
    assert bool(board.n_failed) == (strategy == "steps")
    if strategy != "steps":
        for backend in ("pure", "numba"):
            if backend == "pure" or sys.implementation.name != "pypy":
                pytest.importorskip("numba") if backend == "numba" else None
                assert found_by(Here(Scorer(asked, backend), backend), asked)[0] == wanted
    for kind in KINDS:
        for count in (1, 2, 3) if kind == PYPY else (1,):
            host = Children(python(kind), line, count, kind)
            found, other = found_by(host, asked)
            assert found == wanted, (kind, count)
            assert repr(other.top) == repr(board.top)


def test_what_a_file_prints_is_none_of_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "loud.py"
    path.write_text(
        "import os\nos.write(1, b'loaded' * 9)\nprint('loaded', flush=True)\n"
        "from engine.trading.momentum import Momentum\nclass Loud(Momentum):\n    pass\n"
    )
    asked = task(f"{path}:Loud", n_tests=1, n=100)
    host = Children(sys.executable, setup(asked, tmp_path), 1, "own")
    quiet = task("momentum", n_tests=1, n=100)
    assert found_by(host, asked)[0] == found_by(Here(Scorer(quiet), "here"), quiet)[0]


class Killing:
    """A host whose worker is killed as it is given chosen pieces."""

    def __init__(self, host: Children, kills: dict[int, int]) -> None:
        self.host, self.kills = host, kills
        self.n_slots, self.name = host.n_slots, host.name

    def submit(self, piece: Piece) -> None:
        self.host.submit(piece)
        self._kill(piece)

    def finished(self) -> list[tuple[Piece, Answer]]:
        for piece in list(self.host._asked.values()):  # what was sent again
            self._kill(piece)
        return self.host.finished()

    def close(self) -> None:
        self.host.close()

    def _kill(self, piece: Piece) -> None:
        if self.kills.get(piece.first, 0):
            self.kills[piece.first] -= 1
            (child,) = [
                one for one in self.host._children if self.host._asked.get(one.pipe) is piece
            ]
            while not child.is_ready:
                child.receive()
            os.kill(child.process.pid, signal.SIGKILL)


def own(tmp_path: Path, count: int = 2) -> tuple[Task, Children]:
    asked = task("momentum", n_tests=1, n=150)
    return asked, Children(sys.executable, setup(asked, tmp_path), count, "own")


def test_a_worker_that_is_killed_costs_nothing_but_time(tmp_path: Path) -> None:
    asked, children = own(tmp_path)
    wanted, _ = found_by(Here(Scorer(asked), "here"), asked)
    killing = Killing(children, {0: 1, 16: 1})
    found, board = found_by(killing, asked)
    assert killing.kills == {0: 0, 16: 0}
    assert found == wanted
    assert board.n_lost == 0


def test_a_piece_at_which_two_workers_die_is_lost_and_said_so(tmp_path: Path) -> None:
    asked, children = own(tmp_path)
    wanted, _ = found_by(Here(Scorer(asked), "here"), asked)
    piece = Piece(0, 0, AtRandom(asked.space(), 8, 4).ask(8) or [])
    children.submit(piece)
    answers = []
    for _ in range(2):
        (child,) = children._children
        while not child.is_ready:
            child.receive()
        os.kill(child.process.pid, signal.SIGKILL)
        answers = children._bury(child)
    assert answers == [(piece, Lost("a worker was killed by SIGKILL"))]
    # The next piece finds a new worker.
    children.submit(Piece(8, 0, piece.columns))
    ((_, answer),) = children.finished()
    assert not isinstance(answer, Lost)
    children.close()
    assert wanted


class Losing(Here):
    """Loses a piece."""

    def finished(self) -> list[tuple[Piece, Answer]]:
        return [
            (piece, Lost("it died") if piece.first == 8 else answer)
            for piece, answer in super().finished()
        ]


def test_lost_trials_are_counted_and_have_no_scores(tmp_path: Path) -> None:
    asked = task("momentum", n_tests=1, n=150)
    found, board = found_by(Losing(Scorer(asked), "here"), asked)
    wanted, _ = found_by(Here(Scorer(asked), "here"), asked)
    assert (board.n_tried, board.n_lost, board.lost) == (60, 8, "it died")
    width = len(SCORES) * 8
    values = array("d", found[8 * width : 16 * width])
    assert all(value != value for value in values)
    assert found[: 8 * width] == wanted[: 8 * width]


def test_a_strategy_that_a_worker_cannot_load_ends_the_search(tmp_path: Path) -> None:
    name = strategy_file(tmp_path)
    asked = task(name)
    line = setup(asked, tmp_path)
    (tmp_path / "steps.py").write_text("1 / 0")
    with Children(sys.executable, line, 1, "own") as children:
        children.submit(Piece(0, 0, [array("d", [5.0])] * 3))
        with pytest.raises(BadDataError, match=r"steps.py:1: ZeroDivisionError"):
            children.finished()


@pytest.fixture
def no_python(tmp_path: Path) -> str:
    path = tmp_path / "python"
    path.write_text("#!/bin/sh\necho no engine here >&2\nexit 3\n")
    path.chmod(0o755)
    return str(path)


def test_workers_that_cannot_live_are_given_up(no_python: str, tmp_path: Path) -> None:
    children = Children(no_python, b"{}\n", 1, "broken")
    children.submit(Piece(0, 0, [array("d", [5.0])]))
    # One piece is sent twice, and lost; at the third death there is no use in more.
    assert [type(answer) for _, answer in children.finished()] == [Lost]
    children.submit(Piece(1, 0, [array("d", [5.0])]))
    with pytest.raises(UnavailableError, match=r"exit code 3\): no engine here"):
        children.finished()
    children.close()
    gone = Children(str(tmp_path / "none"), b"{}\n", 1, "gone")
    with pytest.raises(UnavailableError, match="does not start: No such file"):
        gone.submit(Piece(0, 0, [array("d", [5.0])]))
    gone.close()


def test_a_grid_is_whole_whatever_the_pieces(tmp_path: Path) -> None:
    asked = task("momentum", n_tests=1, n=150, fixed={"threshold": 0.01, "short": 0.0})
    founds = set()
    for n_bars in (1_000, 60_000):
        sink, space = Bytes(), asked.space()
        board = Board(space, ["sharpe"], space.size)
        search(Grid(space), board, Here(Scorer(asked), "here"), sinks=[sink], n_bars=n_bars)
        assert board.n_tried == 239
        founds.add(sink.found)
    assert len(founds) == 1
