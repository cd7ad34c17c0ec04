"""The record layer of sessions and journals: ``length | crc32 | seq | payload``, append-only.

A file is the eight bytes of `MAGIC`, then records. Numbers are little-endian: length of the payload
(4 bytes), CRC-32 of everything else in the record (4), sequence number from 0 (8). Record 0 is the
head, a JSON object with ``format`` and ``schema``. Whatever follows the first record that is not
whole is not read; a writer cuts it off and keeps it beside the file as ``.quarantine``.

A record is acknowledged when `RecordWriter.append` returns: it then survives the death of this
process, and with durability POWER that of the machine.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from engine.errors import BadDataError, InputOutputError, NoInputError, NotPermittedError
from engine.session.written import Closing

MAGIC = b"PARITY1\n"
# Longer payloads are refused by both ends: a damaged length must not allocate gigabytes.
MOST_BYTES = 64 * 1024 * 1024
PROCESS = "process"
POWER = "power"

_HEADER = struct.Struct("<IIQ")
_CHECKED = struct.Struct("<IQ")


@dataclass(frozen=True, slots=True)
class Record:
    """One whole record and where in the file it begins."""

    seq: int
    payload: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Tear:
    """Where reading had to stop, how many bytes are left from there on, and what is wrong."""

    offset: int
    n_bytes: int
    reason: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.reason} at byte {self.offset:,}: {self.n_bytes:,} bytes are not read"


def pack(seq: int, payload: bytes) -> bytes:
    """Return the record of `payload`.

    >>> pack(7, b"{}").hex()
    '02000000af0b763007000000000000007b7d'
    """
    crc = zlib.crc32(payload, zlib.crc32(_CHECKED.pack(len(payload), seq)))
    return _HEADER.pack(len(payload), crc, seq) + payload


def json_bytes(value: object) -> bytes:
    """Return `value` as one line of JSON without spaces.

    Raises
    ------
    ValueError
        If a float in it is not finite: JSON has no word for it.
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def read_json(payload: bytes) -> object:
    """Return what `json_bytes` wrote.

    Raises
    ------
    ValueError
        If it is not JSON, too deep, or has a number that JSON does not have.
    """
    try:
        return json.loads(payload.decode("utf-8", "surrogatepass"), parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is not a number")


class RecordReader:
    """Iterate over the records of a file; then `tear` says what could not be read, if anything.

    Raises
    ------
    NoInputError
        If the file does not exist.
    BadDataError
        If it is not a file of records, or its head is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.tear: Tear | None = None
        self.end = 0
        try:
            with self.path.open("rb") as file:
                self.head = _head(self.path, file)
        except FileNotFoundError:
            raise NoInputError(f"{path}: there is no such file") from None
        except IsADirectoryError:
            raise BadDataError(f"{path}: is a folder, not a session or journal") from None

    def expect(self, kind: str, schema: int) -> None:
        """Refuse a file of another format or schema.

        Raises
        ------
        BadDataError
            Naming what it is instead.
        """
        if self.head.get("format") != kind:
            raise BadDataError(f"{self.path}: a {self.head.get('format')}, not a {kind}")
        if self.head["schema"] != schema:
            raise BadDataError(f"{self.path}: its schema is {self.head['schema']}, not {schema}")

    def __iter__(self) -> Iterator[Record]:
        """Yield the records after the head, oldest first, each checked."""
        self.tear = None
        with self.path.open("rb") as file:
            file.seek(len(MAGIC))
            for item in _records(file):
                if isinstance(item, Tear):
                    self.tear = item
                    return
                self.end = file.tell()
                if item.seq > 0:
                    yield item


def _head(path: Path, file: BufferedReader) -> Mapping[str, object]:
    magic = file.read(len(MAGIC))
    if magic != MAGIC:
        raise BadDataError(f"{path}: not a session or journal: it does not begin with {MAGIC!r}")
    first = next(_records(file), Tear(len(MAGIC), 0, "nothing"))
    if isinstance(first, Tear):
        raise BadDataError(f"{path}: its head cannot be read: {first}")
    return _head_of(path, first.payload)


def _head_of(path: Path, payload: bytes) -> Mapping[str, object]:
    try:
        head = read_json(payload)
    except ValueError as error:
        raise BadDataError(f"{path}: its head is not JSON: {error}") from None
    if not isinstance(head, dict) or not isinstance(head.get("schema"), int):
        raise BadDataError(f"{path}: its head names no schema")
    return head


def _records(file: BufferedReader) -> Iterator[Record | Tear]:
    """Yield records from where `file` stands; a `Tear` is the last."""
    size = os.fstat(file.fileno()).st_size
    offset, due = file.tell(), 0
    while offset < size:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            yield Tear(offset, size - offset, "a record ends before its length")
            return
        length, crc, seq = _HEADER.unpack(header)
        if length > min(MOST_BYTES, size - offset - _HEADER.size):
            yield Tear(offset, size - offset, "a record is longer than the file")
            return
        payload = file.read(length)
        if zlib.crc32(payload, zlib.crc32(_CHECKED.pack(length, seq))) != crc:
            yield Tear(offset, size - offset, "a record's checksum is wrong")
            return
        if seq != due:
            yield Tear(offset, size - offset, f"record {seq:,} follows {due - 1:,}")
            return
        yield Record(seq, payload, offset)
        due += 1
        offset += _HEADER.size + length


class RecordWriter(Closing):
    """Append records to a file that this process alone writes.

    What is not whole at the end of an existing file is moved to ``<file>.quarantine`` (a number is
    added where that exists) before anything is appended; `quarantined` names it, `tear` says why.

    Parameters
    ----------
    path
        Created where it does not exist; its folder must.
    head
        The head of a new file. An existing one must have the same ``format`` and ``schema``.
    durability
        PROCESS: a record survives the death of this process. POWER: also of the machine, at the
        cost of an fdatasync each.

    Raises
    ------
    NotPermittedError
        If another process writes it, or the file may not be written.
    BadDataError
        If it is something else: a foreign file is never changed.
    InputOutputError
        If the disk is full or broken.
    """

    def __init__(
        self, path: str | Path, head: Mapping[str, object], *, durability: str = PROCESS
    ) -> None:
        if durability not in (PROCESS, POWER):
            raise ValueError(f"durability is {PROCESS!r} or {POWER!r}, not {durability!r}")
        self.path = Path(path)
        self.durability = durability
        self.tear: Tear | None = None
        self.quarantined: Path | None = None
        self._failed = ""
        self._end = 0  # of the last whole record
        self._next = 0  # sequence number
        self._fd = _open_alone(self.path)
        try:
            self._recover(head)
        except BaseException:
            self.close()
            raise

    def append(self, payload: bytes) -> int:
        """Append one record and return its sequence number; on return it is acknowledged.

        Raises
        ------
        InputOutputError
            If it could not be written whole: then nothing of it is in the file.
        ValueError
            If `payload` is longer than `MOST_BYTES`.
        """
        if len(payload) > MOST_BYTES:
            raise ValueError(f"a record of {len(payload):,} bytes is longer than {MOST_BYTES:,}")
        seq = self._next
        self._write(pack(seq, payload))
        self._next = seq + 1
        return seq

    def sync(self) -> None:
        """Let what is acknowledged survive the death of the machine too.

        Raises
        ------
        InputOutputError
            If the disk refuses; the file then takes no more, since nobody knows what it holds.
        """
        self._check()
        try:
            _datasync(self._fd)
        except OSError as error:
            self._failed = f"fdatasync failed: {error.strerror}"
            raise InputOutputError(f"{self.path}: {self._failed}") from None

    def close(self) -> None:
        """Close the file and let others write it; it may be closed again."""
        if self._fd >= 0:
            os.close(self._fd)  # releases the lock
            self._fd = -1

    def _check(self) -> None:
        if self._fd < 0:
            raise InputOutputError(f"{self.path}: it is closed")
        if self._failed:
            raise InputOutputError(f"{self.path}: takes no more since {self._failed}")

    def _write(self, data: bytes) -> None:
        self._check()
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError as error:
            self._take_back()
            raise InputOutputError(f"{self.path}: {error.strerror}; nothing was added") from None
        self._end += len(data)
        if self.durability == POWER:
            self.sync()

    def _take_back(self) -> None:
        """Cut off what a failed write left: the file stays whole, and the next write may work."""
        try:
            os.ftruncate(self._fd, self._end)
        except OSError as error:
            self._failed = f"a half record could not be cut off: {error.strerror}"

    def _recover(self, head: Mapping[str, object]) -> None:
        with open(self._fd, "rb", closefd=False) as file:
            magic = file.read(len(MAGIC))
            is_new = len(magic) < len(MAGIC) and MAGIC.startswith(magic)
            if not is_new and magic != MAGIC:
                raise BadDataError(f"{self.path}: not a session or journal; it is left alone")
            self._end, self._next = 0 if is_new else len(MAGIC), 0
            for item in () if is_new else _records(file):
                if isinstance(item, Tear):
                    self.tear = item
                    break
                if item.seq == 0:
                    self._refuse_other(_head_of(self.path, item.payload), head)
                self._end, self._next = file.tell(), item.seq + 1
            if self.tear:
                self._set_aside(file, self.tear)
        if self._next == 0:
            os.ftruncate(self._fd, 0)
            self._end = 0
            self._write(MAGIC + pack(0, json_bytes(head)))
            self._next = 1
            if self.durability == POWER:
                _sync_folder(self.path.parent)

    def _refuse_other(self, found: Mapping[str, object], wanted: Mapping[str, object]) -> None:
        for key in ("format", "schema"):
            if found.get(key) != wanted.get(key):
                raise BadDataError(
                    f"{self.path}: its {key} is {found.get(key)!r}, not {wanted.get(key)!r}: "
                    "name another file"
                )

    def _set_aside(self, file: BufferedReader, tear: Tear) -> None:
        file.seek(tear.offset)
        rest = file.read()
        try:
            self.quarantined = _write_new(self.path.with_name(self.path.name + ".quarantine"), rest)
            os.ftruncate(self._fd, tear.offset)
        except OSError as error:
            raise InputOutputError(
                f"{self.path}: {tear}, and they could not be kept aside: {error.strerror}"
            ) from None


def _open_alone(path: Path) -> int:
    """Return a descriptor that appends, with the lock of the file.

    The lock goes with the descriptor, not with an object: PyPy releases objects late.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        fd = os.open(path, flags, 0o644)
    except FileNotFoundError:
        raise NoInputError(
            f"{path}: there is no folder {path.parent}: mkdir -p {path.parent}"
        ) from None
    except PermissionError:
        raise NotPermittedError(f"{path}: you may not write it") from None
    except OSError as error:
        raise InputOutputError(f"{path}: {error.strerror}") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise NotPermittedError(f"{path}: another process writes it; name another file") from None
    return fd


def _write_new(path: Path, data: bytes) -> Path:
    """Write `data` durably to `path`, or to the first of ``path.1``, ... that is free."""
    number = 0
    while True:
        name = path.with_name(f"{path.name}.{number}") if number else path
        try:
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            number += 1
            continue
        with open(fd, "wb") as file:
            file.write(data)
            file.flush()
            _datasync(fd)
        return name


def _datasync(fd: int) -> None:
    getattr(os, "fdatasync", os.fsync)(fd)


def _sync_folder(path: Path) -> None:
    """Make a new name durable; not every file system lets a folder be synced."""
    with suppress(OSError):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
