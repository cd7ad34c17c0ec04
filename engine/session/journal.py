"""The journal of execution: what it intends and what it knows, durable before anything is sent.

One file per account and mode. Each record of it (`engine.session.records`) is a JSON object with
``kind``, ``ts`` (UTC nanoseconds by the wall clock, for people: the order is that of the sequence
numbers, since wall clocks step) and whatever the kind needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.clock import SYSTEM, Clock
from engine.codec import Said, json_text
from engine.errors import BadDataError
from engine.session.records import POWER, RecordReader, RecordWriter, json_bytes, read_json
from engine.session.written import WrittenFile

FORMAT = "journal"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a journal. `data` holds JSON values only; `seq` gives the order."""

    seq: int
    ts_ns: int
    kind: str
    data: Mapping[str, object]


class Journal(WrittenFile):
    """Append entries to a journal that this process alone writes, and read back what it has.

    Where the file does not end whole, the rest is set aside (`quarantined`, `tear`): whoever
    trades then starts with reduced limits.

    Parameters
    ----------
    path, durability
        As `engine.session.records.RecordWriter` takes them. POWER is the default: an order that
        was sent must not be forgotten. `append` can be told otherwise entry by entry.
    about
        What the head of a new file says beside its format: the account, the build.

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
        durability: str = POWER,
        clock: Clock = SYSTEM,
    ) -> None:
        head = {**(about or {}), "format": FORMAT, "schema": SCHEMA, "started": clock.now_ns()}
        self._clock = clock
        self._is_power = durability == POWER
        self._records = RecordWriter(path, head)
        if self._is_power:
            self._records.sync()

    def append(self, kind: str, data: Mapping[str, object], *, is_durable: bool = True) -> Entry:
        """Write one entry and return it; on return it is acknowledged.

        `is_durable` asks for the journal's durability; without it the entry survives the death of
        this process alone, which costs a hundredth of the time: for what can be asked again.

        Raises
        ------
        InputOutputError
            If it could not be written: then nothing may be sent.
        ValueError
            If `data` is no JSON, or has a ``kind`` or ``ts`` of its own.
        """
        now = self._clock.now_ns()
        if isinstance(data, Said):  # one of ours, of which nothing is to be read now
            text = f'{{"kind":{json_text(kind)},"ts":{now},{data.text[1:]}'
            payload = text.encode("utf-8", "surrogatepass")
        else:
            payload = _payload(kind, now, data)
        seq = self._records.append(payload)
        if is_durable and self._is_power:
            self._records.sync()
        return Entry(seq, now, kind, data)

    def entries(self) -> Iterator[Entry]:
        """Yield every acknowledged entry, oldest first."""
        return read_journal(self.path)

    def close(self) -> None:
        """Close the file and let others write it."""
        self._records.close()


def _payload(kind: str, now_ns: int, data: Mapping[str, object]) -> bytes:
    if not {"kind", "ts"}.isdisjoint(data):
        raise ValueError("kind and ts are the journal's own keys")
    try:
        return json_bytes({"kind": kind, "ts": now_ns, **data})
    except TypeError as error:
        raise ValueError(f"not JSON: {error}") from None


def read_journal(path: str | Path) -> Iterator[Entry]:
    """Yield the entries of a journal up to its first torn record; it may be being written.

    Raises
    ------
    NoInputError, BadDataError
        If it is not there or no journal, or an entry is not what a journal holds.
    """
    reader = RecordReader(path)
    reader.expect(FORMAT, SCHEMA)
    for record in reader:
        try:
            data = read_json(record.payload)
        except ValueError as error:
            raise BadDataError(f"{path}: entry {record.seq:,} is not JSON: {error}") from None
        kind = data.pop("kind", None) if isinstance(data, dict) else None
        ts_ns = data.pop("ts", None) if isinstance(data, dict) else None
        if not (isinstance(data, dict) and isinstance(kind, str) and isinstance(ts_ns, int)):
            raise BadDataError(f"{path}: entry {record.seq:,} has no kind or no time")
        yield Entry(record.seq, ts_ns, kind, data)
