"""The journal: entries come back in order and whole, damaged bytes never as other entries."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import BadDataError, NotPermittedError
from engine.session import records
from engine.session.journal import Journal, read_journal
from engine.session.recording import SessionWriter
from engine.session.records import PROCESS, RecordWriter


class SteppingClock:
    """A wall clock that is set back between readings."""

    def __init__(self) -> None:
        self.ns = 1_000_000

    def now_ns(self) -> int:
        self.ns -= 1000
        return self.ns

    def monotonic_ns(self) -> int:
        return 0


def test_entries_come_back_in_order_when_the_clock_steps_back(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    with Journal(path, about={"account": "DU1"}, clock=SteppingClock()) as journal:
        written = [journal.append("intent", {"n": n, "text": "é\ud800"}) for n in range(5)]
    with Journal(path, clock=SteppingClock()) as journal:
        written.append(journal.append("sent", {}, is_durable=False))
        assert list(journal.entries()) == written
    found = list(read_journal(path))
    assert found == written
    assert [entry.seq for entry in found] == [1, 2, 3, 4, 5, 6]
    assert found[0].ts_ns > found[4].ts_ns
    assert records.RecordReader(path).head["account"] == "DU1"


def test_durability_syncs_each_entry_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(records, "_datasync", synced.append)
    with Journal(tmp_path / "power") as journal:
        at_start = len(synced)
        assert at_start >= 1
        journal.append("a", {})
        assert len(synced) == at_start + 1
        journal.append("b", {}, is_durable=False)
        assert len(synced) == at_start + 1
    synced.clear()
    with Journal(tmp_path / "process", durability=PROCESS) as journal:
        journal.append("a", {})
    assert synced == []


def test_every_damaged_byte_costs_entries_at_the_end_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    with Journal(path, durability=PROCESS) as journal:
        written = [journal.append("intent", {"n": n}) for n in range(3)]
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            found = list(read_journal(path))
        except BadDataError:
            continue
        assert found == written[: len(found)]
        assert len(found) < 3


def test_a_torn_end_is_cut_and_said(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    with Journal(path) as journal:
        first = journal.append("intent", {"n": 1})
        journal.append("intent", {"n": 2})
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 3)
    with Journal(path) as journal:
        assert journal.tear is not None
        assert journal.quarantined is not None
        assert list(journal.entries()) == [first]
        assert journal.append("intent", {"n": 3}).seq == 2


def test_what_is_no_entry_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "a.journal") as journal:
        for data in ({"kind": 1}, {"ts": 1}, {"x": float("nan")}, {"x": {1, 2}}):
            with pytest.raises(ValueError, match=r"kind and ts|JSON"):
                journal.append("a", data)
        assert list(journal.entries()) == []
        with pytest.raises(NotPermittedError):
            Journal(tmp_path / "a.journal")


@pytest.mark.parametrize("payload", [b"[]", b"{}", b'{"kind":1,"ts":1}', b'{"kind":"a"}', b"{"])
def test_a_record_that_is_no_entry_is_bad_data(tmp_path: Path, payload: bytes) -> None:
    path = tmp_path / "a.journal"
    with RecordWriter(path, {"format": "journal", "schema": 1}) as writer:
        writer.append(payload)
    with pytest.raises(BadDataError, match="entry 1"):
        list(read_journal(path))


def test_a_session_is_no_journal_and_a_newer_one_is_not_guessed_at(tmp_path: Path) -> None:
    SessionWriter(tmp_path / "s").close()
    with pytest.raises(BadDataError, match="session"):
        list(read_journal(tmp_path / "s"))
    with pytest.raises(BadDataError, match="session"):
        Journal(tmp_path / "s")
    RecordWriter(tmp_path / "new", {"format": "journal", "schema": 2}).close()
    with pytest.raises(BadDataError, match="schema is 2"):
        list(read_journal(tmp_path / "new"))
