"""Work spread over forked processes: item numbers out, bytes back, in the order of the items.

Forked, not spawned: a child starts in a tenth of the time and inherits what the parent has already
loaded and compiled (PyPy's traces included). Nothing is pickled: the work itself comes with the
fork, and its answers are bytes.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

_GRACE = 2.0  # seconds for a worker to leave before it is killed


@dataclass(frozen=True, slots=True)
class Lost:
    """What stands in for the answer of a worker that died at its item."""

    reason: str


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    item: int


def run(
    work: Callable[[int], bytes],
    n_items: int,
    jobs: int,
    on_done: Callable[[int], None] = lambda done: None,
) -> list[bytes | Lost]:
    """Return ``[work(0), ..., work(n_items - 1)]`` as `stream` yields them."""
    return list(stream(work, n_items, jobs, on_done))


def stream(
    work: Callable[[int], bytes],
    n_items: int,
    jobs: int,
    on_done: Callable[[int], None] = lambda done: None,
) -> Iterator[bytes | Lost]:
    """Yield ``work(0), ..., work(n_items - 1)``, at most `jobs` at a time in as many processes.

    Each as soon as it and all before it are there. `work` must not raise. `on_done` is called in
    this process with how many items are finished. When this process is interrupted, or nobody
    wants the rest, every worker is stopped.
    """
    answers: dict[int, bytes | Lost] = {}
    workers: dict[Connection, _Worker] = {}
    waiting = iter(range(n_items))
    done = given = 0
    try:
        for item in waiting:
            _start(work, item, workers)
            if len(workers) == min(jobs, n_items):
                break
        while workers:
            for pipe in wait(list(workers)):
                worker = workers[pipe]  # type: ignore[index]  # only connections are waited for
                answer = answers[worker.item] = _receive(worker)
                done += 1
                on_done(done)
                following = next(waiting, None)
                is_lost = isinstance(answer, Lost)
                if is_lost or following is None:
                    _stop(workers.pop(worker.pipe))
                    if following is not None:
                        _start(work, following, workers)
                else:
                    _send(worker, following)
            while given in answers:
                yield answers.pop(given)
                given += 1
    finally:
        for worker in workers.values():
            worker.process.terminate()
        for worker in workers.values():
            _stop(worker)


def _start(work: Callable[[int], bytes], item: int, workers: dict[Connection, _Worker]) -> None:
    context = get_context("fork")
    ours, theirs = context.Pipe()
    # A child that kept its elders' pipes open would keep them from seeing this process end.
    inherited = [*workers, ours]
    process = context.Process(target=_serve, args=(work, theirs, inherited), daemon=True)
    # Held back until the child ignores it, else a Ctrl-C in between ends it with a traceback.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
        workers[ours] = _Worker(process, ours, item)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
    theirs.close()
    _send(workers[ours], item)


def _serve(work: Callable[[int], bytes], pipe: Connection, inherited: list[Connection]) -> None:
    """Answer item numbers until there are no more."""
    # The terminal sends Ctrl-C to every process: only the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    for other in inherited:
        other.close()
    while True:
        try:
            request = pipe.recv_bytes()
            pipe.send_bytes(work(int(request)))
        except (EOFError, OSError):
            return


def _send(worker: _Worker, item: int) -> None:
    worker.item = item
    try:
        worker.pipe.send_bytes(b"%d" % item)
    except OSError:
        return  # it died between two items: its pipe now reads as ended, and the item as lost


def _receive(worker: _Worker) -> bytes | Lost:
    try:
        return worker.pipe.recv_bytes()
    except (EOFError, OSError):
        worker.process.join(_GRACE)
        return Lost(_cause(worker.process.exitcode))


def _cause(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"its worker process ended (exit code {exit_code})"
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    return f"its worker process was killed by {name}"


def _stop(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.join(_GRACE)
    if worker.process.exitcode is None:
        worker.process.kill()
        worker.process.join()
