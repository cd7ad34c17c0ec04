"""Searches with Optuna and on Dask: the same trials and bytes for any workers, and a journal."""

from __future__ import annotations

import os
import signal
from array import array
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

optuna = pytest.importorskip("optuna", reason="the leg `anchors` installs optuna")
distributed = pytest.importorskip("distributed", reason="the leg `anchors` installs dask")

from engine.cli.main import main  # noqa: E402
from engine.errors import BadDataError, NoInputError, UnavailableError, UsageError  # noqa: E402
from engine.runtime.interpreters import PYPY, find  # noqa: E402
from engine.searching.board import Board  # noqa: E402
from engine.searching.choice import choose, opened  # noqa: E402
from engine.searching.cluster import Cluster, child_pids, opened_on  # noqa: E402
from engine.searching.hosts import Answer, Here, Host, Piece  # noqa: E402
from engine.searching.outcome import Asked, Found  # noqa: E402
from engine.searching.outcome import find as look  # noqa: E402
from engine.searching.proposals import AtRandom  # noqa: E402
from engine.searching.scoring import Scorer  # noqa: E402
from engine.searching.search import search  # noqa: E402
from engine.searching.study import Study  # noqa: E402
from engine.searching.task import Task  # noqa: E402
from tests.searching.markets import strategy_file, task  # noqa: E402


class Kept:
    def __init__(self) -> None:
        self.rows: list[bytes] = []
        self.found = b""

    def take(self, first: int, columns: list[array[float]], scores: array[float]) -> None:
        self.rows += [column.tobytes() for column in columns]
        self.found += scores.tobytes()


def here(asked: Task) -> AbstractContextManager[Host]:
    return nullcontext(Here(Scorer(asked), "here"))


def found(asked: Task, how: Asked, host: Any = here) -> tuple[Found, Kept]:
    kept = Kept()
    return look(asked, how, host, sinks=[kept]), kept


def test_the_estimator_gives_the_same_trials_for_any_workers() -> None:
    asked, how = task("ma_crossover", n=150), Asked("tpe", 70)
    one, kept = found(asked, how)
    assert one.board is not None
    assert one.board.n_tried == 70
    kind = "pypy" if find(PYPY) is not None else "cpython"
    for jobs in (1, 3):
        choice = choose(kind, 0, jobs, has_kernel=True)
        other, others = found(asked, how, lambda t, choice=choice: opened(choice, t))
        # Pieces are cut otherwise, so the columns are joined another way.
        assert others.found == kept.found
        assert repr(other.top) == repr(one.top)


def test_the_estimator_finds_a_better_one_than_chance_does() -> None:
    """On a smooth hill of four parameters; Optuna's own claim, held loosely."""
    from engine.backtesting.parameters import real
    from engine.searching.space import rows_of, space_of

    class Hill:
        a = real(0.5, 0.0, 1.0)
        b = real(0.5, 0.0, 1.0)
        c = real(0.5, 0.0, 1.0)
        d = real(0.5, 0.0, 1.0)

    def best(proposals: Any) -> float:
        top = -9.0
        while (columns := proposals.ask(32)) is not None:
            scores = [(-sum(abs(x - 0.3) for x in row),) for row in rows_of(columns)]
            top = max(top, *(score[0] for score in scores))
            proposals.tell(columns, scores)
        return top

    space = space_of(Hill)
    for seed in range(3):
        guided = best(Study(space, "tpe", 300, 1, seed))
        blind = max(
            -sum(abs(x - 0.3) for x in row)
            for row in rows_of(AtRandom(space, 39, seed).ask(39) or [])
        )
        assert guided > blind


def test_two_metrics_have_a_front_that_nothing_beats() -> None:
    one, _ = found(task("breakout"), Asked("nsga2", 96, ("sharpe", "drawdown")))
    assert one.board is not None
    front = [(t.metric("sharpe"), -t.metric("drawdown")) for t in one.board.front]
    assert len(front) > 1
    assert front == sorted(front, reverse=True)
    assert [depth for _, depth in front] == sorted(depth for _, depth in front)


def test_a_study_goes_on_from_its_journal(tmp_path: Path) -> None:
    journal = str(tmp_path / "study.log")
    asked = task("momentum", n_tests=1, n=150)
    first, kept = found(asked, Asked("tpe", 40, journal=journal))
    with pytest.raises(UsageError, match="has a study already: --resume goes on with it"):
        found(asked, Asked("tpe", 40, journal=journal))
    more, others = found(asked, Asked("tpe", 100, journal=journal, is_resumed=True))
    assert first.board is not None
    assert more.board is not None
    assert (first.board.n_tried, more.board.n_tried) == (40, 100)
    assert others.found.startswith(kept.found)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(journal))
    (study,) = optuna.get_all_study_summaries(storage)
    assert study.n_trials == 100
    with pytest.raises(UsageError, match="the study of another search"):
        found(task("breakout", n_tests=1), Asked("tpe", 100, journal=journal, is_resumed=True))


def test_a_journal_that_is_none_is_refused(tmp_path: Path) -> None:
    asked = task("momentum", n_tests=1, n=100)
    path = tmp_path / "notes.txt"
    path.write_text("not a journal\n")
    with pytest.raises(BadDataError, match=r"notes.txt is no journal of a study"):
        found(asked, Asked("tpe", 40, journal=str(path)))
    assert path.read_text() == "not a journal\n"
    with pytest.raises(NoInputError, match="no such file to go on with"):
        found(asked, Asked("tpe", 9, journal=str(tmp_path / "none"), is_resumed=True))
    for how, said in (
        (Asked("tpe", 9, is_resumed=True), "name its file by --study"),
        (Asked("tpe", 9, ("sharpe", "return")), "tpe judges by one"),
        (Asked("tpe", 100_001), "--trials must be from 1 to 100,000"),
    ):
        with pytest.raises(UsageError, match=said):
            found(asked, how)


def test_a_study_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["backtest", "ma_crossover", "--search", "nsga2", "--metric", "sharpe,drawdown"]
    words += ["--trials", "40", "--symbols", "AURA", "--study", str(tmp_path / "s.log")]
    assert main(words) == 0
    assert "none is better in both Sharpe and max DD" in capsys.readouterr().out
    assert main([*words, "--resume", "--walk-forward", "20d/5d"]) == 0
    assert "out of sample" in capsys.readouterr().out


class Killing:
    """A cluster in which processes are killed after the second piece."""

    def __init__(self, host: Cluster, what: str) -> None:
        self.host, self.what, self.n_done = host, what, 0
        self.n_slots, self.name = host.n_slots, host.name
        self.killed: list[int] = []

    def submit(self, piece: Piece) -> None:
        self.host.submit(piece)

    def finished(self) -> list[tuple[Piece, Answer]]:
        done = self.host.finished()
        self.n_done += len(done)
        if self.n_done >= 2 and not self.killed:
            client = self.host._client
            if self.what == "child":
                pids = [pid for one in client.run(child_pids).values() for pid in one]
            else:
                pids = [next(iter(client.run(os.getpid).values()))]
            self.killed = pids
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        return done

    def close(self) -> None:
        self.host.close()


def test_a_cluster_gives_the_same_bytes_whoever_dies(tmp_path: Path) -> None:
    asked = task(strategy_file(tmp_path), n=150)
    space = asked.space()

    def bytes_of(host: Any) -> bytes:
        kept, board = Kept(), Board(space, ["sharpe"], 80)
        search(AtRandom(space, 80, 2), board, host, n_bars=50_000, sinks=[kept])
        assert board.n_tried == 80
        assert board.n_lost == 0
        return kept.found

    wanted = bytes_of(Here(Scorer(asked), "here"))
    with opened_on("local", asked, 2) as host:
        assert host.n_slots == 4
        assert bytes_of(host) == wanted
        killing = Killing(host, "child")
        assert bytes_of(killing) == wanted
        assert killing.killed
        dying = Killing(host, "worker")
        assert bytes_of(dying) == wanted
        assert dying.killed
    with opened_on("local", asked, 1) as host:
        assert bytes_of(host) == wanted


def test_no_scheduler_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.searching.cluster._TIMEOUT", "1s")
    with (
        pytest.raises(UnavailableError, match="1:1: no scheduler answers"),
        opened_on("tcp://127.0.0.1:1", task("momentum", n_tests=1)),
    ):
        pass
