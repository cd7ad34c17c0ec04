"""Session files: everything that a feed or a broker delivered, in order, with both its times.

Messages are gathered into blocks of JSON lines, which are compressed where that helps; each block
is one record of `engine.session.records`. A message is acknowledged once its block is written:
when `flush` returns, when a block is full, or with the next message after `FLUSH_NS`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.clock import NS_PER_SECOND, SYSTEM, Clock
from engine.errors import BadDataError
from engine.session.records import (
    MOST_BYTES,
    PROCESS,
    Record,
    RecordReader,
    RecordWriter,
    Tear,
    json_bytes,
    read_json,
)
from engine.session.written import WrittenFile

FORMAT = "session"
SCHEMA = 1
BLOCK_BYTES = 256 * 1024
FLUSH_NS = NS_PER_SECOND
_MOST_TS = 1 << 63


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that was delivered.

    Attributes
    ----------
    ts_recv
        When it arrived, UTC nanoseconds.
    ts_event
        When it happened by its sender's clock, UTC nanoseconds; 0 is not known.
    kind
        What `data` is: "loaded" (a chain with its carry), "quote", "trade", "bar", "raw", ...
    data
        JSON values only.
    """

    ts_recv: int
    ts_event: int
    kind: str
    data: object


class SessionWriter(WrittenFile):
    """Record messages to a session file that this process alone writes.

    An existing session is continued. `n_acknowledged` counts the messages of this writer that are
    in the file, `n_waiting` those that are not yet.

    Parameters
    ----------
    path, durability
        As `engine.session.records.RecordWriter` takes them.
    about
        What the head of a new file says beside its format: the source, the build.

    Raises
    ------
    EngineError
        As `RecordWriter`.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        about: Mapping[str, object] | None = None,
        durability: str = PROCESS,
        clock: Clock = SYSTEM,
    ) -> None:
        head = {**(about or {}), "format": FORMAT, "schema": SCHEMA, "started": clock.now_ns()}
        self._records = RecordWriter(path, head, durability=durability)
        self._clock = clock
        self._lines: list[bytes] = []
        self._n_bytes = 0
        self._oldest_ns = 0
        self.n_acknowledged = 0

    @property
    def n_waiting(self) -> int:
        """How many messages are not in the file yet."""
        return len(self._lines)

    def add(self, message: Message) -> None:
        """Take one message.

        Raises
        ------
        InputOutputError
            If a block is due and could not be written: its messages wait on.
        ValueError
            If `message` is no JSON, or longer than a record may be.
        """
        try:
            line = json_bytes([message.ts_recv, message.ts_event, message.kind, message.data])
        except TypeError as error:
            raise ValueError(f"not JSON: {error}") from None
        if len(line) > MOST_BYTES // 2:
            raise ValueError(f"a message of {len(line):,} bytes is too long for a session")
        if self._n_bytes + len(line) > MOST_BYTES // 2:
            self.flush()
        now = self._clock.monotonic_ns()
        if not self._lines:
            self._oldest_ns = now
        self._lines.append(line)
        self._n_bytes += len(line) + 1
        if self._n_bytes >= BLOCK_BYTES or now - self._oldest_ns >= FLUSH_NS:
            self.flush()

    def flush(self) -> None:
        """Write what waits; on return every message taken so far is acknowledged.

        Raises
        ------
        InputOutputError
            If it could not be written: the messages wait on.
        """
        if not self._lines:
            return
        block = b"\n".join(self._lines)
        packed = zlib.compress(block, 6)
        self._records.append(packed if len(packed) < len(block) else block)
        self.n_acknowledged += len(self._lines)
        self._lines.clear()
        self._n_bytes = 0

    def close(self) -> None:
        """Write what waits and close the file.

        Raises
        ------
        InputOutputError
            If what waits could not be written; the file is closed all the same.
        """
        try:
            self.flush()
        finally:
            self._records.close()


class SessionReader:
    """Iterate over the messages of a session, oldest first; it may be being written.

    After that, `tear` says what could not be read, if anything.

    Parameters
    ----------
    path
        A session file.
    since, until
        Only messages received in ``since <= ts_recv < until``, UTC nanoseconds.

    Raises
    ------
    NoInputError, BadDataError
        If it is not there, or no session, or of a newer schema.
    """

    def __init__(self, path: str | Path, *, since: int = -_MOST_TS, until: int = _MOST_TS) -> None:
        self._reader = RecordReader(path)
        self._since, self._until = since, until
        self.head = self._reader.head
        self._reader.expect(FORMAT, SCHEMA)

    @property
    def tear(self) -> Tear | None:
        """What could not be read by the last iteration; None if it was all."""
        return self._reader.tear

    def __iter__(self) -> Iterator[Message]:
        """Yield the messages.

        Raises
        ------
        BadDataError
            If a whole record is not a block of messages.
        """
        for record in self._reader:
            for line in self._block(record).split(b"\n"):
                message = self._message(line, record)
                if self._since <= message.ts_recv < self._until:
                    yield message

    def _block(self, record: Record) -> bytes:
        payload = record.payload
        if payload[:1] == b"[":
            return payload
        unpacker = zlib.decompressobj()
        try:
            block = unpacker.decompress(payload, MOST_BYTES)
        except zlib.error as error:
            raise self._bad(record, str(error)) from None
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise self._bad(record, f"it is longer than {MOST_BYTES:,} bytes, or cut off")
        return block

    def _message(self, line: bytes, record: Record) -> Message:
        try:
            parts = read_json(line)
        except ValueError as error:
            raise self._bad(record, str(error)) from None
        if not (isinstance(parts, list) and len(parts) == 4):
            raise self._bad(record, "a message has four parts")
        ts_recv, ts_event, kind, data = parts
        if not (_is_ns(ts_recv) and _is_ns(ts_event) and isinstance(kind, str)):
            raise self._bad(record, "a message begins with two times and its kind")
        return Message(ts_recv, ts_event, kind, data)

    def _bad(self, record: Record, reason: str) -> BadDataError:
        return BadDataError(f"{self._reader.path}: record {record.seq:,} is no block: {reason}")


def _is_ns(value: object) -> bool:
    return type(value) is int and -_MOST_TS <= value < _MOST_TS
