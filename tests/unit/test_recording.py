"""Session files: messages, blocks, windows of time, and what a hostile file may do: nothing."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from engine.clock import NS_PER_SECOND
from engine.errors import BadDataError, InputOutputError
from engine.session import recording, records
from engine.session.journal import Journal
from engine.session.recording import Message, SessionReader, SessionWriter
from engine.session.records import RecordWriter


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.ns = 0

    def now_ns(self) -> int:
        return 5

    def monotonic_ns(self) -> int:
        return self.ns


MESSAGES = [
    Message(ts, ts - 7, "quote", ["XYZ", ts / 3.0, None, {"é": [1, "2"]}]) for ts in range(100, 160)
]


def record(path: Path, messages: list[Message]) -> None:
    with SessionWriter(path, about={"source": "test"}) as writer:
        for message in messages:
            writer.add(message)


def test_messages_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "s"
    record(path, MESSAGES)
    record(path, MESSAGES[:3])
    reader = SessionReader(path)
    assert list(reader) == MESSAGES + MESSAGES[:3]
    assert reader.tear is None
    assert reader.head["source"] == "test"


def test_a_window_holds_its_start_and_not_its_end(tmp_path: Path) -> None:
    record(tmp_path / "s", MESSAGES)
    found = [m.ts_recv for m in SessionReader(tmp_path / "s", since=110, until=120)]
    assert found == list(range(110, 120))


def test_a_block_is_written_when_full_or_old_or_asked_for(tmp_path: Path) -> None:
    clock = Hand()
    writer = SessionWriter(tmp_path / "s", clock=clock)
    counts = []
    for _ in range(2):
        writer.add(MESSAGES[0])
        counts.append(writer.n_acknowledged)
    clock.ns = recording.FLUSH_NS
    writer.add(MESSAGES[0])
    counts.append(writer.n_acknowledged)
    writer.add(Message(1, 0, "raw", "x" * recording.BLOCK_BYTES))
    counts.append(writer.n_acknowledged)
    writer.add(MESSAGES[0])
    assert writer.n_waiting == 1
    writer.flush()
    counts.append(writer.n_acknowledged)
    assert counts == [0, 0, 3, 4, 5]
    assert len(list(SessionReader(tmp_path / "s"))) == 5
    writer.close()
    assert NS_PER_SECOND == recording.FLUSH_NS


def test_blocks_are_compressed_where_it_helps(tmp_path: Path) -> None:
    record(tmp_path / "s", [Message(1, 0, "raw", "ab" * 50_000)])
    assert (tmp_path / "s").stat().st_size < 2000
    record(tmp_path / "t", [Message(1, 0, "a", 1)])
    assert b'[1,0,"a",1]' in (tmp_path / "t").read_bytes()


def test_every_damaged_byte_costs_messages_at_the_end_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    for k in range(0, 9, 3):
        record(path, MESSAGES[k : k + 3])
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x04]) + whole[place + 1 :])
        try:
            found = list(SessionReader(path))
        except BadDataError:
            continue
        assert found == MESSAGES[: len(found)]
        assert len(found) < 9


def test_what_could_not_be_written_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = SessionWriter(tmp_path / "s")
    writer.add(MESSAGES[0])

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(records.os, "write", full)
    with pytest.raises(InputOutputError, match="No space left"):
        writer.flush()
    assert (writer.n_waiting, writer.n_acknowledged) == (1, 0)
    monkeypatch.undo()
    writer.close()
    assert list(SessionReader(tmp_path / "s")) == MESSAGES[:1]


@pytest.mark.parametrize("data", [float("inf"), {1}, b"x"])
def test_what_is_no_json_is_refused_and_costs_nothing(tmp_path: Path, data: object) -> None:
    with SessionWriter(tmp_path / "s") as writer:
        writer.add(MESSAGES[0])
        with pytest.raises(ValueError, match=r"JSON|range|not compliant"):
            writer.add(Message(1, 0, "a", data))
        with pytest.raises(ValueError, match="too long"):
            writer.add(Message(1, 0, "raw", "x" * records.MOST_BYTES))
    assert list(SessionReader(tmp_path / "s")) == MESSAGES[:1]


BOMB = zlib.compress(b"[" + b" " * (records.MOST_BYTES + 10) + b"]", 1)


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"[]",
        b"[1,2,3]",
        b'[1.0,0,"a",1]',
        b'[true,0,"a",1]',
        b'["1",0,"a",1]',
        b"[1,0,5,1]",
        b'[1,0,"a",NaN]',
        b'[99999999999999999999,0,"a",1]',
        b"garbage",
        zlib.compress(b'[1,0,"a",1]')[:-2],
        zlib.compress(b"{}"),
        BOMB,
    ],
    ids=range(13),
)
def test_a_hostile_block_is_bad_data(tmp_path: Path, block: bytes) -> None:
    path = tmp_path / "s"
    with RecordWriter(path, {"format": "session", "schema": 1}) as writer:
        writer.append(block)
    with pytest.raises(BadDataError, match="record 1 is no block"):
        list(SessionReader(path))


def test_a_journal_or_a_newer_session_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path / "j").close()
    with pytest.raises(BadDataError, match="journal"):
        SessionReader(tmp_path / "j")
    RecordWriter(tmp_path / "new", {"format": "session", "schema": 9}).close()
    with pytest.raises(BadDataError, match="schema is 9"):
        SessionReader(tmp_path / "new")
