"""Workers on a Dask cluster: each of its processes drives one child of the fastest interpreter.

A piece goes to the cluster as JSON and comes back as doubles, and is placed by its number: the same
bytes whatever the cluster. The child is kept on the worker between pieces. One that dies is started
again within the task; the pieces of a process of the cluster that dies are run elsewhere by Dask,
which gives up a piece that has taken several processes with it.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from engine.errors import UnavailableError, UsageError, load_extra
from engine.runtime.interpreters import PYPY, find
from engine.searching.children import Children
from engine.searching.hosts import Answer, Lost, Piece
from engine.searching.scoring import Scores
from engine.searching.task import Task, setup_line, write_columns

LOCAL = "local"
_TIMEOUT = "20s"
# Of a piece that raised an error, which is none of the strategy's: a network that broke.
_RETRIES = 1
_NEED = "--cluster needs Dask"


class Cluster:
    """Runs pieces on the workers of a Dask client."""

    def __init__(self, client: Any, distributed: Any, line: bytes, columns: bytes) -> None:
        n_workers = len(client.scheduler_info(n_workers=-1)["workers"])
        if not n_workers:
            raise UnavailableError("--cluster: the scheduler has no workers")
        # One running and one waiting each.
        self.n_slots = 2 * n_workers
        self.name = f"Dask, {n_workers} worker{'s' if n_workers > 1 else ''}"
        self._client = client
        self._distributed = distributed
        self._line = line
        self._columns = client.scatter(columns, broadcast=True, hash=False)
        self._running: dict[Any, Piece] = {}

    def submit(self, piece: Piece) -> None:
        """Send a piece."""
        columns = [column.tolist() for column in piece.columns]
        future = self._client.submit(
            scored_on_worker, self._line, self._columns, piece.first, piece.span, columns,
            piece.points, pure=False, retries=_RETRIES,
        )  # fmt: skip
        self._running[future] = piece

    def finished(self) -> list[tuple[Piece, Answer]]:
        """Wait until a piece is done or lost, and return those that are.

        Raises
        ------
        EngineError
            If the workers refuse the task.
        """
        wait = self._distributed.wait
        done, _ = wait(list(self._running), return_when="FIRST_COMPLETED")
        found: list[tuple[Piece, Answer]] = []
        # In the order in which they were sent: a set has none.
        for future in [one for one in self._running if one in done]:
            piece = self._running.pop(future)
            found.append((piece, self._answer(future)))
        return found

    def close(self) -> None:
        """Let go of what runs, and end the children."""
        for future in self._running:
            future.cancel()
        self._client.run(end_child)

    def _answer(self, future: Any) -> Answer:
        if future.status == "error":
            error = future.exception()
            if isinstance(error, self._distributed.KilledWorker):
                return Lost("processes of the cluster died at it, again and again")
            raise error
        values, text, lost = future.result()
        if lost:
            return Lost(lost)
        column: array[float] = array("d")
        column.frombytes(values)
        return Scores(column, text)


def scored_on_worker(
    line: bytes, columns: bytes, first: int, span: int, rows: list[list[float]], points: int
) -> tuple[bytes, str, str]:
    """Return doubles, the first error and why it was lost, of one piece: runs on the cluster."""
    from distributed import get_worker

    worker = get_worker()
    kept = getattr(worker, "parity_child", None)
    if kept is None or kept.line != line:
        if kept is not None:
            kept.close()
        kept = worker.parity_child = _Kept(line, columns)
    piece = Piece(first, span, [array("d", row) for row in rows], points)
    kept.children.submit(piece)
    ((_, answer),) = kept.children.finished()
    if isinstance(answer, Lost):
        return b"", "", answer.reason
    return answer.values.tobytes(), answer.error, ""


def end_child(dask_worker: Any) -> None:
    """End the child of a worker, if it has one: runs on every worker."""
    kept = getattr(dask_worker, "parity_child", None)
    if kept is not None:
        kept.close()
        dask_worker.parity_child = None


def child_pids(dask_worker: Any) -> list[int]:
    """Return the process ids of a worker's children: runs on every worker."""
    kept = getattr(dask_worker, "parity_child", None)
    return kept.children.processes if kept is not None else []


class _Kept:
    """The child of a worker, and the file of columns that it has mapped."""

    def __init__(self, line: bytes, columns: bytes) -> None:
        import json
        import sys

        self.line = line
        handle, self._path = mkstemp(prefix="parity-search-")
        with os.fdopen(handle, "wb") as file:
            file.write(columns)
        told = json.loads(line)
        told["columns"] = self._path
        found = find(PYPY)
        python = found.path if found is not None else sys.executable
        self.children = Children(python, json.dumps(told).encode() + b"\n", 1, python)

    def close(self) -> None:
        self.children.close()
        Path(self._path).unlink(missing_ok=True)


@contextmanager
def opened_on(address: str, task: Task, n_workers: int = 2) -> Iterator[Cluster]:
    """Connect to a scheduler (``tcp://host:port``), or start a cluster here (``local``).

    Strategies in files are read by the workers: every machine needs the file at the same path.

    Raises
    ------
    UnavailableError
        If Dask is not installed, or the scheduler does not answer.
    UsageError
        If the address is none.
    """
    if address != LOCAL and not address.startswith(("tcp://", "tls://")):
        raise UsageError(f"--cluster {address}: expected local or tcp://HOST:PORT")
    load_extra("dask", "dask", _NEED)
    distributed = load_extra("distributed", "dask", _NEED)
    file = BytesIO()
    write_columns(task, file)
    line = setup_line(task, "", "pure")
    with _client(distributed, address, n_workers) as client:
        host = Cluster(client, distributed, line, file.getvalue())
        try:
            yield host
        finally:
            host.close()


@contextmanager
def _client(distributed: Any, address: str, n_workers: int) -> Iterator[Any]:
    if address == LOCAL:
        with (
            distributed.LocalCluster(
                n_workers=n_workers, threads_per_worker=1, processes=True, host="127.0.0.1",
                dashboard_address=None,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):  # fmt: skip
            yield client
        return
    try:
        client = distributed.Client(address, timeout=_TIMEOUT)
    except (OSError, TimeoutError, ValueError) as error:
        raise UnavailableError(f"--cluster {address}: no scheduler answers: {error}") from None
    with client:
        yield client
