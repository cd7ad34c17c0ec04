"""The record layer: what is acknowledged is read back, whatever becomes of the rest of the file."""

from __future__ import annotations

import errno
import os
import struct
import zlib
from pathlib import Path

import pytest

from engine.errors import BadDataError, InputOutputError, NoInputError, NotPermittedError
from engine.session import records
from engine.session.records import MAGIC, POWER, RecordReader, RecordWriter, pack

HEAD = {"format": "test", "schema": 1}
PAYLOADS = [b"{}", b'{"a":1}', b"", bytes(range(256)), b"x" * 70_000]


def write(path: Path, payloads: list[bytes]) -> None:
    with RecordWriter(path, HEAD) as writer:
        assert [writer.append(p) for p in payloads] == list(range(1, len(payloads) + 1))


def read(path: Path) -> tuple[list[bytes], RecordReader]:
    reader = RecordReader(path)
    return [record.payload for record in reader], reader


def test_a_record_is_laid_out_as_documented() -> None:
    length, crc, seq = struct.unpack("<IIQ", pack(3, b"abc")[:16])
    assert (length, seq) == (3, 3)
    assert crc == zlib.crc32(struct.pack("<IQ", 3, 3) + b"abc")


def test_what_is_written_is_read_back_and_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, PAYLOADS)
    with RecordWriter(path, HEAD, durability=POWER) as writer:
        assert writer.append(b"more") == len(PAYLOADS) + 1
        assert (writer.quarantined, writer.tear) == (None, None)
    found, reader = read(path)
    assert found == [*PAYLOADS, b"more"]
    assert reader.tear is None
    assert reader.head == HEAD
    assert reader.end == path.stat().st_size


def test_every_damaged_byte_costs_at_most_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    small = [b'{"a":1}', b'{"b":22}', b'{"c":333}']
    write(path, small)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for flip in (0x01, 0x80, 0xFF):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
            if place < len(MAGIC) + len(pack(0, records.json_bytes(HEAD))):
                with pytest.raises(BadDataError):
                    read(path)
                continue
            found, reader = read(path)
            assert found == small[: len(found)]
            assert len(found) < len(small)
            assert reader.tear is not None


def test_every_cut_is_set_aside_and_the_file_goes_on(tmp_path: Path) -> None:
    small = [b'{"a":1}', b'{"b":22}']
    write(tmp_path / "whole", small)
    whole = (tmp_path / "whole").read_bytes()
    n_head = len(MAGIC) + len(pack(0, records.json_bytes(HEAD)))
    ends = {n_head, n_head + len(pack(1, small[0])), len(whole)}
    for cut in range(len(whole)):
        path = tmp_path / f"cut{cut}"
        path.write_bytes(whole[:cut])
        with RecordWriter(path, HEAD) as writer:
            writer.append(b"next")
            left = max((end for end in ends if end <= cut), default=len(MAGIC))
            lost = whole[left:cut]
            aside = writer.quarantined
        found, reader = read(path)
        assert reader.tear is None
        assert found == [*small[: sum(end <= cut for end in ends) - 1], b"next"] or cut < n_head
        assert found[-1] == b"next"
        assert (aside.read_bytes() if aside else b"") == lost


def test_a_second_end_set_aside_does_not_replace_the_first(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, [b"a"])
    for k, rest in enumerate((b"torn one", b"torn two")):
        with path.open("ab") as file:
            file.write(rest)
        with RecordWriter(path, HEAD) as writer:
            assert writer.quarantined is not None
            name = "file.quarantine" + (f".{k}" if k else "")
            assert writer.quarantined.name == name
            assert writer.quarantined.read_bytes() == rest


def test_a_record_out_of_order_ends_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, [b"a"])
    with path.open("ab") as file:
        file.write(pack(5, b"stray"))
    found, reader = read(path)
    assert found == [b"a"]
    assert reader.tear is not None
    assert "record 5 follows 1" in str(reader.tear)


def test_a_length_beyond_the_limit_is_not_allocated(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, [b"a"])
    with path.open("r+b") as file:
        file.truncate(1 << 32)  # sparse: the length below would fit
        file.seek(0, os.SEEK_SET)
        whole = file.read(4096)
        end = len(MAGIC) + len(pack(0, records.json_bytes(HEAD))) + len(pack(1, b"a"))
        assert whole[end : end + 4] == bytes(4)
        file.seek(end)
        file.write(struct.pack("<IIQ", records.MOST_BYTES + 1, 0, 2))
    found, reader = read(path)
    assert found == [b"a"]
    assert reader.tear is not None
    assert "longer" in reader.tear.reason


def test_two_writers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with RecordWriter(path, HEAD), pytest.raises(NotPermittedError, match="another process"):
        RecordWriter(path, HEAD)
    RecordWriter(path, HEAD).close()


@pytest.mark.parametrize("content", [b"some other file", b"PARITY2\n" + bytes(50), b"\0" * 8])
def test_a_foreign_file_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(BadDataError):
        RecordWriter(path, HEAD)
    with pytest.raises(BadDataError):
        RecordReader(path)
    assert path.read_bytes() == content


def test_another_format_or_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, [b"a"])
    before = path.read_bytes()
    for other in ({"format": "other", "schema": 1}, {"format": "test", "schema": 2}):
        with pytest.raises(BadDataError, match="name another file"):
            RecordWriter(path, other)
    assert path.read_bytes() == before


def test_places_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="mkdir"):
        RecordWriter(tmp_path / "none" / "file", HEAD)
    with pytest.raises(NoInputError):
        RecordReader(tmp_path / "none")
    with pytest.raises(BadDataError, match="folder"):
        RecordReader(tmp_path)
    with pytest.raises(InputOutputError):
        RecordWriter(tmp_path, HEAD)


def test_a_write_that_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    writer = RecordWriter(path, HEAD)
    writer.append(b"first")
    real = os.write
    room = [10]

    def full(fd: int, data: bytes) -> int:
        if room[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        n = real(fd, bytes(data[: room[0]]))
        room[0] -= n
        return n

    monkeypatch.setattr(records.os, "write", full)
    with pytest.raises(InputOutputError, match="No space left"):
        writer.append(b"second, which does not fit")
    monkeypatch.undo()
    assert read(path)[0] == [b"first"]
    assert writer.append(b"third") == 2
    writer.close()
    assert read(path)[0] == [b"first", b"third"]


def test_a_failed_sync_ends_the_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RecordWriter(tmp_path / "file", HEAD)

    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(records, "_datasync", broken)
    with pytest.raises(InputOutputError, match="fdatasync failed"):
        writer.sync()
    monkeypatch.undo()
    for again in (lambda: writer.append(b"x"), writer.sync):
        with pytest.raises(InputOutputError, match="takes no more"):
            again()
    writer.close()
    with pytest.raises(InputOutputError, match="closed"):
        writer.append(b"x")


def test_a_record_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with RecordWriter(tmp_path / "file", HEAD) as writer, pytest.raises(ValueError, match="longer"):
        writer.append(bytes(records.MOST_BYTES + 1))


@pytest.mark.parametrize("text", [b"[NaN]", b"[Infinity]", b"{", b"\xff", b"[" * 200_000])
def test_json_that_is_none_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the sentence is json's own
        records.read_json(text)
