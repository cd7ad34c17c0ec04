"""The store in one SQLite file: nothing to install, nothing to start.

Every statement goes through `SqliteStore.run`, which exhausts and closes its cursor: on PyPy a
cursor that was not read keeps a transaction open, and rows that look committed are gone after a
kill. Transactions are explicit; the file is in WAL mode. A lint in the tests holds both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import Any

from engine.clock import SYSTEM
from engine.errors import (
    BadDataError,
    EngineError,
    InputOutputError,
    NoInputError,
    NotPermittedError,
)
from engine.store.address import Address
from engine.store.protocol import Row
from engine.store.tables import TABLES

# How long another writer is waited for. WAL: readers wait for nobody.
BUSY_MS = 10_000
# And how long until it is asked again, where SQLite itself does not wait.
_AGAIN_S = 0.01
# Bytes of the log after which it is written back into the file.
_LOG_PAGES = 4000


class SqliteStore:
    """An SQLite file as a `Store`. Use it in the thread that made it.

    Raises
    ------
    EngineError
        If the file cannot be opened, or is something else.
    """

    dialect = "sqlite"

    def __init__(self, address: Address, *, must_exist: bool = False) -> None:
        self.address = address
        self.path = address.path
        if must_exist and not self.path.exists():
            raise NoInputError(f"{self.path}: there is no store yet: parity store init")
        self._open_folder()
        self._depth = 0
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_MS / 1000, isolation_level=None
            )
        except sqlite3.Error as error:
            raise self._error(error) from None
        try:
            self.run("PRAGMA journal_mode=WAL")
            # A commit survives the death of the process; that of the machine may take the last.
            self.run("PRAGMA synchronous=NORMAL")
            self.run("PRAGMA foreign_keys=ON")
            self.run(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
        except BaseException:
            self.close()
            raise

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Execute one statement and return all its rows.

        Raises
        ------
        EngineError
            What went wrong in one line, with an exit code.
        """
        until_ns = SYSTEM.monotonic_ns() + BUSY_MS * 1_000_000
        while True:
            cursor = self._open().cursor()
            try:
                cursor.execute(sql, parameters)
                return cursor.fetchall()
            except (sqlite3.Error, OverflowError) as error:
                # SQLite does not wait where a file is turned to WAL while another begins to write
                # it. Nothing was executed, and no transaction is lost by asking again.
                if self._depth or "locked" not in str(error) or SYSTEM.monotonic_ns() > until_ns:
                    raise self._error(error) from None
            finally:
                cursor.close()
            sleep(_AGAIN_S)

    def pages(self, sql: str, size: int) -> Iterator[list[Row]]:
        """Yield the rows of a query, `size` at a time."""
        cursor = self._open().cursor()
        try:
            cursor.execute(sql)
            while rows := cursor.fetchmany(size):
                yield rows
        except sqlite3.Error as error:
            raise self._error(error) from None
        finally:
            cursor.close()

    def copy(self, table: str, rows: Sequence[Row]) -> int:
        """Append `rows` to `table` as one transaction."""
        return self._insert(table, rows, "")

    def merge(self, table: str, rows: Sequence[Row]) -> int:
        """Append those of `rows` whose key is not there yet."""
        return self._insert(table, rows, " ON CONFLICT DO NOTHING")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is run inside as one; a transaction inside another is part of it."""
        if self._depth:
            yield
            return
        self.run("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            with suppress(EngineError):  # SQLite has rolled back by itself where the disk is full
                self.run("ROLLBACK")
            raise
        finally:
            self._depth = 0

    def lock(self) -> None:
        """Do nothing: a transaction of SQLite is the only one that writes."""

    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Return the columns of every table that is there."""
        names = [name for (name,) in self.run("SELECT name FROM sqlite_master WHERE type='table'")]
        return {
            name: tuple(row[1] for row in self.run(f"PRAGMA table_info({name})"))
            for name in names
            if name in TABLES
        }

    def claim(self, name: str) -> None:
        """Do nothing: what a dead process had begun in SQLite is gone with it."""

    def drop_days(self, table: str, before_ns: int) -> bool:
        """Return False: SQLite has no partitions."""
        return False

    def compact(self) -> None:
        """Give back the room of what was removed; the file is written anew."""
        self.run("VACUUM")
        self.run("PRAGMA wal_checkpoint(TRUNCATE)")

    def verify(self) -> list[str]:
        """Return what SQLite finds wrong with the file."""
        return [line for (line,) in self.run("PRAGMA integrity_check") if line != "ok"]

    def size(self) -> int:
        """Return the bytes of the file and its log."""
        return sum(
            int(path.stat().st_size)
            for path in (self.path, self.path.with_name(self.path.name + "-wal"))
            if path.exists()
        )

    def close(self) -> None:
        """Close the file; it may be closed again."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _insert(self, table: str, rows: Sequence[Row], on_conflict: str) -> int:
        columns = TABLES[table].columns
        sql = (
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"VALUES ({', '.join('?' * len(columns))}){on_conflict}"
        )
        with self.transaction():
            cursor = self._open().cursor()
            try:
                cursor.executemany(sql, rows)
                return max(cursor.rowcount, 0)
            except (sqlite3.Error, OverflowError) as error:
                raise self._error(error) from None
            finally:
                cursor.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise InputOutputError(f"{self.path}: the store is closed")
        return self._connection

    def _open_folder(self) -> None:
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except PermissionError:
            raise NotPermittedError(f"{folder}: you may not make it: name another store") from None
        except OSError as error:
            raise InputOutputError(f"{folder}: {error.strerror}") from None
        if Path(self.path).is_dir():
            raise BadDataError(f"{self.path}: is a folder, not a store")

    def _error(self, error: Exception) -> EngineError:
        text = " ".join(str(error).split())
        where = f"store {self.address}"
        if "locked" in text:
            return InputOutputError(
                f"{where}: another process has been writing it for {BUSY_MS // 1000} s: try again"
            )
        if "readonly" in text or "unable to open" in text:
            return NotPermittedError(f"{where}: you may not write it, or its folder: {text}")
        if "not a database" in text or "malformed" in text:
            return BadDataError(f"{where}: {text}; parity store check says more")
        if "full" in text or "disk I/O" in text:
            return InputOutputError(f"{where}: {text}: nothing of this was stored")
        if isinstance(error, sqlite3.IntegrityError | OverflowError):
            return BadDataError(f"{where}: {text}")
        return InputOutputError(f"{where}: {text}")
