"""Write rows in bulk from a thread of its own, with a bounded buffer and an honest account.

Rows are taken by `BulkWriter.put` and written in batches, each as one transaction with a mark of
how far writing has come. A batch whose fate is not known, because the connection went while it was
committed, is looked up in the mark and never written twice. While the database is away the buffer
fills and `put` waits; after `patience` seconds of that the rows that cannot be kept are counted in
the report, never dropped in silence.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from engine.clock import NS_PER_SECOND, SYSTEM, Clock
from engine.errors import BadDataError, EngineError, InputOutputError
from engine.session.written import Closing
from engine.store.protocol import Row, Store

CAPACITY = 200_000
BATCH = 20_000
PATIENCE = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the rows of a writer.

    `n_taken` is the sum of the others: written, waiting, and lost, for which `reason` is why.
    """

    n_taken: int
    n_written: int
    n_waiting: int
    n_lost: int
    reason: str = ""


class BulkWriter(Closing):
    """Append rows to one table in the background.

    Parameters
    ----------
    open_store
        Makes the connection, in the writer's thread, and again after it was lost.
    table
        One of `engine.store.tables`.
    mark
        Names this stream of rows in the table of marks. A writer of the same name continues it:
        `position` says how many of its rows are stored, so that a restart knows where to go on.
    capacity, batch
        Most rows in the buffer, and in one transaction.
    patience
        Seconds for which a database that is away is waited for.

    Raises
    ------
    EngineError
        If the store cannot be opened at first.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        table: str,
        mark: str,
        *,
        capacity: int = CAPACITY,
        batch: int = BATCH,
        patience: float = PATIENCE,
        clock: Clock = SYSTEM,
    ) -> None:
        self._make = open_store
        self._table = table
        self._mark = mark
        self._capacity, self._batch = capacity, min(batch, capacity)
        self._patience_ns = int(patience * NS_PER_SECOND)
        self._clock = clock
        self._changed = threading.Condition()
        self._rows: deque[Row] = deque()
        self._n_taken = self._n_written = self._n_lost = 0
        self._reason = ""
        self._is_closing = self._is_broken = False
        self._start: int | EngineError | None = None
        self._thread = threading.Thread(target=self._run, name=f"store-{table}", daemon=True)
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._start is not None)
        if isinstance(self._start, EngineError):
            self._thread.join()
            raise self._start

    @property
    def position(self) -> int:
        """How many rows of this stream were stored before this writer began."""
        return self._start if isinstance(self._start, int) else 0

    def put(self, rows: Sequence[Row]) -> None:
        """Take rows; wait while the buffer is full.

        Raises
        ------
        InputOutputError
            If the writer has given up: `rows` are then counted as lost.
        """
        with self._changed:
            for start in range(0, len(rows), self._batch):
                part = rows[start : start + self._batch]
                while not self._is_broken and len(self._rows) + len(part) > self._capacity:
                    self._changed.wait()
                if self._is_broken or self._is_closing:
                    self._n_taken += len(rows) - start
                    self._n_lost += len(rows) - start
                    raise InputOutputError(self._reason or "the writer is closed")
                self._n_taken += len(part)
                self._rows.extend(part)
                self._changed.notify_all()

    def report(self) -> Report:
        """Return what has become of the rows so far."""
        with self._changed:
            waiting = self._n_taken - self._n_written - self._n_lost
            return Report(self._n_taken, self._n_written, waiting, self._n_lost, self._reason)

    def flush(self) -> Report:
        """Wait until nothing waits, or the writer has given up, and return the report."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_broken or self._n_taken == self._n_written + self._n_lost
            )
        return self.report()

    def close(self) -> Report:
        """Write what waits, end the thread and return the report; it never raises for rows."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join()
        return self.report()

    def _run(self) -> None:
        store: Store | None = None
        try:
            store = self._make()
            store.claim(self._mark)
            position = _position(store, self._mark)
        except EngineError as error:
            if store is not None:
                store.close()
            self._begin(error)
            return
        self._begin(position)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._rows or self._is_closing)
                if not self._rows:
                    break
                batch = [self._rows.popleft() for _ in range(min(self._batch, len(self._rows)))]
                self._changed.notify_all()
            try:
                store = self._write(store, batch, position)
            except EngineError as error:
                self._settle(batch, error)
                if not isinstance(error, BadDataError):
                    break
                continue
            position += len(batch)
            with self._changed:
                self._n_written += len(batch)
                self._changed.notify_all()
        if store is not None:
            store.close()

    def _begin(self, start: int | EngineError) -> None:
        with self._changed:
            self._start = start
            self._changed.notify_all()

    def _settle(self, batch: list[Row], error: EngineError) -> None:
        """Count what is lost: the batch alone where its rows are bad, else all that waits."""
        with self._changed:
            self._reason = str(error)
            self._n_lost += len(batch)
            if not isinstance(error, BadDataError):
                self._is_broken = True
                self._n_lost += len(self._rows)
                self._rows.clear()
            self._changed.notify_all()

    def _write(self, store: Store | None, batch: list[Row], position: int) -> Store:
        """Write `batch` once, over as many connections as it takes, and return the last."""
        start, pause = self._clock.monotonic_ns(), _FIRST_PAUSE
        while True:
            try:
                if store is None:
                    store = self._make()
                    store.claim(self._mark)
                    if _position(store, self._mark) == position + len(batch):
                        return store  # it was committed, only the answer was lost
                with store.transaction():
                    if _position(store, self._mark) != position:
                        raise BadDataError(f"another process writes {self._mark!r} too")
                    store.copy(self._table, batch)
                    _set_position(store, self._mark, position + len(batch), self._clock.now_ns())
                return store
            except BadDataError:
                raise
            except EngineError:
                if store is not None:
                    with suppress(EngineError):
                        store.close()
                    store = None
                if self._clock.monotonic_ns() - start >= self._patience_ns:
                    raise
                threading.Event().wait(pause)
                pause = min(2.0 * pause, _LONGEST_PAUSE)


def _position(store: Store, mark: str) -> int:
    found = store.run("SELECT position FROM marks WHERE name = ?", (mark,))
    return int(found[0][0]) if found else 0


def _set_position(store: Store, mark: str, position: int, now_ns: int) -> None:
    store.run(
        "INSERT INTO marks (name, position, ts_ns) VALUES (?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET position = excluded.position, ts_ns = excluded.ts_ns",
        (mark, position, now_ns),
    )
