"""The cache on disk: values come back as they went in, or not at all."""

from __future__ import annotations

import math
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from random import Random
from typing import Any

import pytest

from engine.cache import Cache, DiskCache, cached
from engine.cache.payload import decode, encode
from engine.clock import NS_PER_SECOND, Clock

GOOD: list[Any] = [
    None, True, 0, -5, 1.5, -0.0, 0.1 + 0.2, "", "text é 💶", [], [1, [2.5, None]], {},
    {"a": [1, {"b": "c"}]}, 2**62,
]  # fmt: skip
# What JSON would bring back as something else, or not at all.
UNKEPT: list[Any] = [
    (1, 2), {1: 2}, {1, 2}, b"x", math.nan, math.inf, 2**70, "\ud800", object(), [(1,)],
    {"a": math.nan},
]  # fmt: skip


class Wall(Clock):
    def __init__(self) -> None:
        self.ns = 10**18

    def now_ns(self) -> int:
        return self.ns

    def monotonic_ns(self) -> int:
        return self.ns


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "cache.sqlite"


def test_values_outlive_the_process(path: Path) -> None:
    first = DiskCache(path)
    for k, value in enumerate(GOOD):
        assert first.set(b"%d" % k, value)
    first.close()
    again = DiskCache(path)
    for k, value in enumerate(GOOD):
        found = again.get(b"%d" % k, "missing")
        assert repr(found) == repr(value)
        assert type(found) is type(value)
    assert again.get(b"none", "missing") == "missing"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("value", UNKEPT, ids=lambda value: type(value).__name__)
def test_what_would_come_back_changed_is_not_kept(path: Path, value: object) -> None:
    cache = DiskCache(path)
    assert not cache.set(b"k", value)
    assert cache.get(b"k", "missing") == "missing"
    assert cache.stats.unkept == 1


def test_arrays_come_back_bit_for_bit(path: Path) -> None:
    numpy = pytest.importorskip("numpy", reason="npz payloads need NumPy")
    cache = DiskCache(path)
    columns = {
        "price": numpy.array([0.1, math.nan, -0.0, math.inf]),
        "id": numpy.arange(5, dtype="int32").reshape(1, 5),
    }
    assert cache.set(b"many", columns)
    assert cache.set(b"one", columns["price"])
    found: Any = cache.get(b"many", None)
    assert list(found) == list(columns)
    for name, column in columns.items():
        assert found[name].dtype == column.dtype
        assert found[name].tobytes() == column.tobytes()
    one: Any = cache.get(b"one", None)
    assert one.tobytes() == columns["price"].tobytes()
    assert not cache.set(b"objects", numpy.array([object()]))


def test_it_grows_old_by_the_wall_clock_in_both_directions(path: Path) -> None:
    wall = Wall()
    cache = DiskCache(path, ttl=10.0, clock=wall)
    cache.set(b"k", 1)
    wall.ns += 10 * NS_PER_SECOND - 1
    assert cache.get(b"k", None) == 1
    wall.ns += 1
    assert cache.get(b"k", None) is None
    cache.set(b"k", 2)
    wall.ns -= NS_PER_SECOND  # the clock was set back: nobody knows how old it is
    assert cache.get(b"k", None) is None
    assert cache.stats.expired == 2


def test_the_entries_used_longest_ago_leave(path: Path) -> None:
    wall = Wall()
    cache = DiskCache(path, max_bytes=1000, clock=wall)
    for k in range(5):
        wall.ns += 2 * NS_PER_SECOND
        assert cache.set(b"%d" % k, "x" * 198)  # 200 bytes each
    wall.ns += 2 * NS_PER_SECOND
    assert cache.get(b"0", None)
    wall.ns += 2 * NS_PER_SECOND
    cache.set(b"5", "x" * 198)
    assert [k for k in range(6) if cache.get(b"%d" % k, None)] == [0, 2, 3, 4, 5]
    assert cache.stats.evictions == 1
    assert not cache.set(b"large", "x" * 2000)


def test_every_damaged_byte_is_a_miss_or_the_same_value(path: Path) -> None:
    values = {b"k%d" % k: [k, "text", 1.5 * k] for k in range(8)}
    cache = DiskCache(path)
    for key, value in values.items():
        cache.set(key, value)
    cache._run("PRAGMA wal_checkpoint(TRUNCATE)")
    cache._run("PRAGMA journal_mode=DELETE")
    cache.close()
    whole = path.read_bytes()
    rng = Random(1)
    places = sorted({*range(120), *(rng.randrange(len(whole)) for _ in range(400))})
    for at in places:
        path.write_bytes(
            whole[:at] + bytes([whole[at] ^ (1 + rng.randrange(255))]) + whole[at + 1 :]
        )
        for leftover in path.parent.glob("*-wal"):
            leftover.unlink()
        damaged = DiskCache(path)
        for key, value in values.items():
            assert damaged.get(key, "missing") in (value, "missing"), at
        assert damaged.set(b"new", 1) in (True, False)
        damaged.close()


def test_a_damaged_entry_is_thrown_away_and_told(path: Path) -> None:
    cache = DiskCache(path)
    cache.set(b"k", [1, 2, 3])
    other = sqlite3.connect(path)
    with other:
        other.execute("UPDATE entries SET payload = ?", (b"[1,2,4]",)).close()
    other.close()
    assert cache.get(b"k", "missing") == "missing"
    assert cache.stats.corrupt == 1
    assert "checksum" in cache.faults[-1]
    assert cache._run("SELECT count(*) FROM entries") == [(0,)]


def test_a_file_that_is_no_database_is_put_aside(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    cache = DiskCache(path)
    assert cache.set(b"k", 1)
    assert cache.get(b"k", None) == 1
    assert path.with_name("cache.sqlite.damaged").read_bytes().startswith(b"not a database")
    assert cache.faults


def test_where_nothing_can_be_written_everything_is_a_miss(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    cache = DiskCache(blocked / "cache.sqlite")
    assert cache.set(b"k", 1) in (True, False)
    assert cache.get(b"k", None) is None
    assert "nothing is kept on disk" in cache.faults[0]


def test_threads_write_and_read_at_once(path: Path) -> None:
    cache = DiskCache(path)
    wrong: list[object] = []

    def work(n: int) -> None:
        for k in range(60):
            cache.set(b"%d" % (k % 7), k % 7)
            found = cache.get(b"%d" % ((k + n) % 7), (k + n) % 7)
            if found != (k + n) % 7:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert cache.stats.failed == 0


def test_processes_write_and_read_at_once(path: Path) -> None:
    code = (
        "import sys; from engine.cache import DiskCache; c = DiskCache(sys.argv[1])\n"
        "for k in range(100):\n"
        "    c.set(b'%d' % (k % 5), k % 5)\n"
        "    assert c.get(b'%d' % (k % 5), k % 5) == k % 5\n"
        "print(c.stats.failed)"
    )
    root = Path(__file__).resolve().parents[2]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)], cwd=root, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        for _ in range(3)
    ]  # fmt: skip
    assert [process.communicate()[0].strip() for process in running] == ["0"] * 3


def test_memory_reads_through_to_disk(path: Path) -> None:
    disk = DiskCache(path)
    first: Cache[list[int]] = Cache(disk=disk)
    assert first.make(b"k", lambda: [1, 2]) == [1, 2]
    second: Cache[list[int]] = Cache(disk=DiskCache(path))
    assert second.make(b"k", lambda: [9]) == [1, 2]
    assert second.make(b"k", lambda: [9]) == [1, 2]
    assert (second.stats.hits, second.stats.misses, second.stats.from_disk) == (2, 0, 1)
    second.invalidate(b"k")
    assert second.get(b"k", None) is None


def test_a_function_made_inside_another_is_not_kept_on_disk(path: Path) -> None:
    def local(x: int) -> int:
        return x

    with pytest.raises(TypeError, match="cannot be kept on disk"):
        cached(Cache[int](disk=DiskCache(path)))(local)


@pytest.mark.parametrize("data", [b"", b"[", b"[" * 100_000, b"\xff", b'{"a":1'])
def test_a_bad_payload_is_an_error_of_one_kind(data: bytes) -> None:
    for kind in ("json", "npz", "other"):
        with pytest.raises(ValueError, match=r"\w"):
            decode(kind, data)
    assert encode([1]) == ("json", b"[1]")
