"""A cache that outlives the process: one SQLite file, every entry with a checksum.

It never stands in the way: an entry that is damaged, too old or unreadable is a miss, and what
cannot be written is not kept. `stats` and `faults` say so. A file that is no database is put aside.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zlib import crc32

from engine.cache.payload import decode, encode
from engine.clock import NS_PER_SECOND, SYSTEM, Clock

D = TypeVar("D")

MIB = 1 << 20
_BUSY_S = 2.0
_MOST_FAULTS = 20
_SCHEMA = 1
_TABLE = """CREATE TABLE IF NOT EXISTS entries (
    key BLOB PRIMARY KEY, ends_ns INTEGER NOT NULL, used INTEGER NOT NULL, n_bytes INTEGER NOT NULL,
    crc INTEGER NOT NULL, kind TEXT NOT NULL, payload BLOB NOT NULL) WITHOUT ROWID"""
_NEVER = (1 << 63) - 1


class DiskStats(NamedTuple):
    """What a disk cache has done so far; `unkept` values are of a kind that is not written."""

    hits: int
    misses: int
    expired: int
    corrupt: int
    evictions: int
    unkept: int
    failed: int


class DiskCache:
    """Values by key in an SQLite file, as JSON or as npz.

    Parameters
    ----------
    path
        Of the file, readable by its owner alone; its folder is made.
    max_bytes
        Of all payloads; the entries used longest ago leave.
    ttl
        Seconds an entry lives by the wall clock, since it outlives the machine's start; None is for
        ever. An entry from the future of a clock that was set back has expired.

    Safe between threads and between processes.

    Attributes
    ----------
    faults
        The last twenty sentences about what could not be read or written.

    Raises
    ------
    ValueError
        If `max_bytes` or `ttl` is not positive.
    """

    def __init__(
        self, path: str | Path, *, max_bytes: int = 512 * MIB, ttl: float | None = None,
        clock: Clock = SYSTEM,
    ) -> None:  # fmt: skip
        if max_bytes < 1 or (ttl is not None and not ttl > 0.0):
            raise ValueError(f"a cache of {max_bytes} bytes for {ttl} s keeps nothing")
        self.path = Path(path)
        self.faults: list[str] = []
        self._max_bytes, self._clock = max_bytes, clock
        self._ttl_ns = None if ttl is None else int(ttl * NS_PER_SECOND)
        self._lock = threading.RLock()
        self._hits = self._misses = self._expired = self._corrupt = 0
        self._evictions = self._unkept = self._failed = 0
        self._n_bytes = 0
        self._connection: sqlite3.Connection | None = None
        self._open()

    def get(self, key: bytes, default: D) -> object | D:
        """Return the value of a key, `default` where there is no good one."""
        with self._lock:
            try:
                return self._read(key, default)
            except sqlite3.DatabaseError as error:
                self._broken(error)
                self._misses += 1
                return default

    def set(self, key: bytes, value: object) -> bool:
        """Write a value; return whether it is kept."""
        encoded = encode(value)
        with self._lock:
            if encoded is None or len(encoded[1]) > self._max_bytes:
                self._unkept += 1
                return False
            kind, payload = encoded
            now, ttl = self._clock.now_ns(), self._ttl_ns
            try:
                self._run(
                    "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        key, _NEVER if ttl is None else now + ttl, now, len(payload),
                        _checksum(key, kind, payload), kind, payload,
                    ),
                )  # fmt: skip
                self._make_room(len(payload))
            except sqlite3.DatabaseError as error:
                self._broken(error)
                return False
            return True

    def invalidate(self, key: bytes) -> None:
        """Forget a key."""
        with self._lock:
            try:
                self._run("DELETE FROM entries WHERE key = ?", (key,))
            except sqlite3.DatabaseError as error:
                self._broken(error)

    @property
    def stats(self) -> DiskStats:
        """What it has done so far."""
        with self._lock:
            return DiskStats(
                self._hits, self._misses, self._expired, self._corrupt, self._evictions,
                self._unkept, self._failed,
            )  # fmt: skip

    def close(self) -> None:
        """Close the file: from then on everything is a miss."""
        with self._lock:
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.close()
            self._connection = None

    def _read(self, key: bytes, default: D) -> object | D:
        rows = self._run(
            "SELECT ends_ns, used, crc, kind, payload FROM entries WHERE key=?", (key,)
        )
        if not rows:
            self._misses += 1
            return default
        ends, used, crc, kind, payload = rows[0]
        now = self._clock.now_ns()
        try:
            if not (isinstance(payload, bytes) and isinstance(kind, str)):
                raise ValueError("of another type")
            if _checksum(key, kind, payload) != crc:
                raise ValueError("its checksum is wrong")
            if not (isinstance(ends, int) and isinstance(used, int)):
                raise ValueError("it has no time")
            value = decode(kind, payload)
        except ValueError as error:
            self._corrupt += 1
            self._misses += 1
            self._tell(f"{self.path}: an entry was thrown away: {error}")
            self._run("DELETE FROM entries WHERE key = ?", (key,))
            return default
        if now >= ends or (self._ttl_ns is not None and ends - now > self._ttl_ns):
            self._expired += 1
            self._misses += 1
            self._run("DELETE FROM entries WHERE key = ?", (key,))
            return default
        self._hits += 1
        if now - used > NS_PER_SECOND:  # not a write for every read
            self._run("UPDATE entries SET used = ? WHERE key = ?", (now, key))
        return value

    def _make_room(self, n_bytes: int) -> None:
        # What other processes write meanwhile is seen when this one counts again.
        self._n_bytes += n_bytes
        if self._n_bytes <= self._max_bytes:
            return
        total = self._total()
        while total > self._max_bytes:
            oldest = self._run("SELECT key, n_bytes FROM entries ORDER BY used LIMIT 100")
            for key, n_bytes in oldest:
                self._run("DELETE FROM entries WHERE key = ?", (key,))
                self._evictions += 1
                total -= n_bytes
                if total <= self._max_bytes:
                    break
        self._n_bytes = total

    def _total(self) -> int:
        rows = self._run("SELECT coalesce(sum(n_bytes), 0) FROM entries")
        return int(rows[0][0]) if rows else 0

    def _run(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Execute one statement and return all its rows; its cursor is read whole and closed."""
        if self._connection is None:
            return []
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql, parameters)
            return cursor.fetchall()
        except UnicodeDecodeError as error:  # of a name in a damaged file
            raise sqlite3.DatabaseError(f"malformed: {error}") from None
        finally:
            cursor.close()

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # The owner's alone from its first byte on.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(
                self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._run("PRAGMA journal_mode=WAL")
            self._run("PRAGMA synchronous=NORMAL")
            if self._run("PRAGMA user_version")[0][0] not in (0, _SCHEMA):
                self._run("DROP TABLE IF EXISTS entries")
            self._run(f"PRAGMA user_version={_SCHEMA}")
            self._run(_TABLE)
            self._n_bytes = self._total()
        except (OSError, sqlite3.OperationalError) as error:
            self.close()
            self._failed += 1
            self._tell(f"{self.path}: nothing is kept on disk: {error}")
        except sqlite3.DatabaseError as error:
            self._broken(error)

    def _broken(self, error: sqlite3.DatabaseError) -> None:
        """Go on without what could not be done; put a file aside that is no database."""
        self._failed += 1
        if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
            self._tell(f"{self.path}: {error}")
            return
        self.close()
        aside = self.path.with_name(self.path.name + ".damaged")
        try:
            os.replace(self.path, aside)
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        except OSError as failure:
            self._tell(f"{self.path}: nothing is kept on disk: {failure}")
            return
        self._corrupt += 1
        self._tell(f"{self.path}: {error}; it is put aside as {aside.name}, and a new one begun")
        self._open()

    def _tell(self, sentence: str) -> None:
        self.faults = [*self.faults, sentence][-_MOST_FAULTS:]


def _checksum(key: bytes, kind: str, payload: bytes) -> int:
    return crc32(payload, crc32(kind.encode(), crc32(key)))
