"""Workers answer in the order of the items, survive each other's death and stop together."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from engine.scanner import jobs


def _square(item: int) -> bytes:
    return b"%d" % (item * item)


@pytest.mark.parametrize("n_jobs", [1, 2, 5])
def test_answers_keep_the_order_of_items_for_any_number_of_jobs(n_jobs: int) -> None:
    def slow_first(item: int) -> bytes:
        time.sleep(0.05 if item == 0 else 0.0)
        return _square(item)

    assert jobs.run(slow_first, 4, n_jobs) == [b"0", b"1", b"4", b"9"]


def test_every_item_is_counted_once() -> None:
    seen: list[int] = []
    jobs.run(_square, 5, 2, seen.append)
    assert seen == [1, 2, 3, 4, 5]


def test_no_item_needs_no_process() -> None:
    assert jobs.run(_square, 0, 3) == []


def test_answers_may_be_larger_than_a_pipe_holds() -> None:
    answers = jobs.run(lambda item: bytes(300_000 + item), 3, 2)
    assert [len(answer) for answer in answers if isinstance(answer, bytes)] == [
        300_000,
        300_001,
        300_002,
    ]


def test_a_dead_worker_loses_its_item_only() -> None:
    def die_at_one(item: int) -> bytes:
        if item == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return _square(item)

    answers = jobs.run(die_at_one, 4, 2)
    assert answers[1] == jobs.Lost("its worker process was killed by SIGKILL")
    assert [answers[0], *answers[2:]] == [b"0", b"4", b"9"]


def test_an_interrupt_stops_the_workers(tmp_path: Path) -> None:
    def tell_and_wait(item: int) -> bytes:
        (tmp_path / str(os.getpid())).touch()
        if item == 1:
            time.sleep(600)
        return _square(item)

    def interrupt(_done: int) -> None:
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.01)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jobs.run(tell_and_wait, 2, 2, interrupt)
    for name in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(name.name), 0)


def test_workers_leave_the_interrupt_of_the_terminal_to_the_parent() -> None:
    def interrupt_myself(item: int) -> bytes:
        os.kill(os.getpid(), signal.SIGINT)
        return _square(item)

    assert jobs.run(interrupt_myself, 2, 2) == [b"0", b"1"]
