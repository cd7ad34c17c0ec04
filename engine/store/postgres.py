"""The store in a PostgreSQL database; the driver is chosen in `engine.store.drivers`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any
from zlib import crc32

from engine.clock import NS_PER_DAY, from_ns
from engine.errors import (
    BadDataError,
    EngineError,
    InputOutputError,
    NoInputError,
    NotPermittedError,
)
from engine.store.address import Address
from engine.store.drivers import Driver, DriverError, connect
from engine.store.protocol import Row
from engine.store.tables import TABLES, Table

_COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
)
_PARTITIONS = (
    "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
    "JOIN pg_class parent ON parent.oid = inhparent WHERE parent.relname = ?"
)
# Ours by agreement alone: whoever changes the schema takes it.
_LOCK = 0x7061726974790001
_CLAIM = 0x7061726900000000
_CLAIM_SECONDS, _CLAIM_TRIES = 10.0, 200
_SIZE = "SELECT pg_database_size(current_database())"


class PostgresStore:
    """A PostgreSQL database as a `Store`. Use it in one thread, which has no running event loop.

    Raises
    ------
    EngineError
        If it cannot be reached, or refuses; never with the password.
    """

    dialect = "postgresql"

    def __init__(self, address: Address) -> None:
        self.address = address
        self._depth = self._n_cursors = 0
        self._days: set[tuple[str, int]] = set()
        try:
            self._driver: Driver = connect(address)
        except DriverError as error:
            raise self._error(error) from None

    @property
    def driver(self) -> str:
        """The name of the driver: asyncpg or psycopg."""
        return self._driver.name

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Execute one statement and return all its rows.

        Raises
        ------
        EngineError
            What went wrong in one line, with an exit code.
        """
        try:
            return self._driver.run(sql, parameters)
        except DriverError as error:
            raise self._error(error) from None

    def pages(self, sql: str, size: int) -> Iterator[list[Row]]:
        """Yield the rows of a query, `size` at a time, from a cursor of the server."""
        # A name is used once: asyncpg remembers the columns of a statement by its text.
        self._n_cursors += 1
        name = f"pages{self._n_cursors}"
        with self.transaction():
            self.run(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}")
            while rows := self.run(f"FETCH FORWARD {size:d} FROM {name}"):
                yield rows
            self.run(f"CLOSE {name}")

    def copy(self, table: str, rows: Sequence[Row]) -> int:
        """Append `rows` to `table` by COPY, as one transaction."""
        known = TABLES[table]
        self._make_days(known, rows)
        try:
            self._driver.copy(table, known.columns, known.kinds, rows)
        except DriverError as error:
            raise self._error(error) from None
        return len(rows)

    def merge(self, table: str, rows: Sequence[Row]) -> int:
        """Append those of `rows` whose key is not there yet: COPY beside, then insert."""
        known = TABLES[table]
        self._make_days(known, rows)
        names = ", ".join(known.columns)
        beside = f"new_{table}"
        with self.transaction():
            self.run(f"CREATE TEMPORARY TABLE {beside} (LIKE {table}) ON COMMIT DROP")
            try:
                self._driver.copy(beside, known.columns, known.kinds, rows)
            except DriverError as error:
                raise self._error(error) from None
            added = self.run(
                f"WITH added AS (INSERT INTO {table} ({names}) SELECT {names} FROM {beside} "
                "ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM added"
            )
            self.run(f"DROP TABLE {beside}")
        return int(added[0][0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is run inside as one; a transaction inside another is part of it."""
        if self._depth:
            yield
            return
        self.run("BEGIN")
        self._depth = 1
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            with suppress(EngineError):  # the connection may be gone, and the transaction with it
                self.run("ROLLBACK")
            self._days.clear()  # partitions made inside are gone again
            raise
        finally:
            self._depth = 0

    def lock(self) -> None:
        """Keep other changes of the schema waiting until the transaction ends."""
        self.run("SELECT pg_advisory_xact_lock(?)", (_LOCK,))

    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Return the columns of every table that is there."""
        found: dict[str, tuple[str, ...]] = {}
        for table, column in self.run(_COLUMNS):
            if table in TABLES:
                found[table] = (*found.get(table, ()), column)
        return found

    def claim(self, name: str) -> None:
        """Keep `name` until this connection closes.

        A server may still be committing what a client that was killed had sent: whoever starts
        again waits for that.
        """
        key = crc32(name.encode()) | _CLAIM
        for _ in range(_CLAIM_TRIES):
            if self.run("SELECT pg_try_advisory_lock(?)", (key,))[0][0]:
                return
            Event().wait(_CLAIM_SECONDS / _CLAIM_TRIES)
        raise NotPermittedError(f"store {self.address}: another process is writing {name!r}")

    def drop_days(self, table: str, before_ns: int) -> bool:
        """Drop the partitions of whole days before `before_ns`."""
        last = partition_name(table, before_ns)
        for name in self.partitions(table):
            if name < last:
                self.run(f"DROP TABLE {name}")
        self._days.clear()
        return True

    def compact(self) -> None:
        """Give back the room of what was removed, for rows to come."""
        self.run("VACUUM ANALYZE")

    def verify(self) -> list[str]:
        """Return nothing: PostgreSQL tells damage when it reads, and keeps checksums if told to."""
        return []

    def size(self) -> int:
        """Return the bytes of the whole database."""
        return int(self.run(_SIZE)[0][0])

    def partitions(self, table: str) -> list[str]:
        """Return the names of the day partitions of `table`, oldest first."""
        return sorted(name for (name,) in self.run(_PARTITIONS, (table,)))

    def close(self) -> None:
        """Close the connection; it may be closed again."""
        self._driver.close()

    def __enter__(self) -> PostgresStore:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _make_days(self, table: Table, rows: Sequence[Row]) -> None:
        """Make the partitions that `rows` need; two writers may do so at once."""
        if not table.is_by_day:
            return
        place = table.columns.index(table.time)
        days = {row[place] // NS_PER_DAY for row in rows}
        new = sorted(day for day in days if (table.name, day) not in self._days)
        if not new:
            return
        with self.transaction():
            self.lock()
            for day in new:
                start = day * NS_PER_DAY
                self.run(
                    f"CREATE TABLE IF NOT EXISTS {partition_name(table.name, start)} PARTITION OF "
                    f"{table.name} FOR VALUES FROM ({start}) TO ({start + NS_PER_DAY})"
                )
        self._days.update((table.name, day) for day in new)

    def _error(self, error: DriverError) -> EngineError:
        where = f"store {self.address}"
        words, state = self.address.redact(error), error.state
        if not state or state.startswith(("08", "57P")):
            return InputOutputError(f"{where}: no connection: {words}")
        if state.startswith("28") or state == "42501":
            return NotPermittedError(f"{where}: refused: {words}")
        if state == "3D000":
            return NoInputError(f"{where}: {words}: createdb {self.address.database}")
        if state.startswith(("22", "23")):
            return BadDataError(f"{where}: {words}")
        return InputOutputError(f"{where}: {words}")


def partition_name(table: str, start_ns: int) -> str:
    """Return the name of a day's partition.

    >>> partition_name("quotes", 1_450_915_200_000_000_000)
    'quotes_20151224'
    """
    return f"{table}_{from_ns(start_ns):%Y%m%d}"
