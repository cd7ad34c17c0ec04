"""kill -9, full disks, folders that may not be written, databases that go away, two writers."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from engine.errors import EngineError, InputOutputError, NotPermittedError
from engine.session.recording import Message, SessionReader, SessionWriter
from engine.store import open_store, schema
from engine.store.address import Address
from engine.store.protocol import Store
from engine.store.sqlite import SqliteStore
from engine.store.writer import BulkWriter
from tests.postgres_cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("bulk_child.py")


def url(address: Address) -> str:
    """Return an address with its password, for the environment of a child."""
    if address.kind == "sqlite":
        return f"sqlite:{address.path}"
    secret = quote(address.password, safe="")
    where = f"{address.host}:{address.port}/{address.database}"
    return f"postgresql://{address.user}:{secret}@{where}"


def kill_after(address: Address, seconds: float) -> int:
    """Run the child, kill it `seconds` after its first word, return the last number it said."""
    child = subprocess.Popen(
        [sys.executable, str(CHILD)], cwd=ROOT, stdout=subprocess.PIPE,
        env={**os.environ, "ENGINE_STORE": url(address), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert child.stdout is not None
    said = child.stdout.readline()
    time.sleep(seconds)
    child.kill()
    said += child.stdout.read()
    child.wait()
    child.stdout.close()
    return int(said[: said.rfind(b"\n")].split(b"\n")[-1])


def kill_often(address: Address, times: int) -> None:
    rng = Random(times)
    for _ in range(times):
        acknowledged = kill_after(address, rng.uniform(0.0, 0.1))
        deadline = time.monotonic() + 20
        with open_store(address) as store:
            # What a server has begun to commit it ends without the client.
            while True:
                stored = [n for (n,) in store.run("SELECT instrument_id FROM quotes ORDER BY 1")]
                marked = sum(n for (n,) in store.run("SELECT position FROM marks"))
                if len(stored) == marked or time.monotonic() > deadline:
                    break
        assert stored == list(range(len(stored)))
        assert len(stored) == marked
        assert len(stored) >= acknowledged


def test_a_kill_loses_no_acknowledged_row_and_doubles_none(store: Store) -> None:
    kill_often(store.address, 4)


@pytest.mark.long
def test_two_hundred_kills_lose_no_acknowledged_row(store: Store) -> None:
    kill_often(store.address, 200)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 kB."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small tmpfs takes root and mount")
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], check=False
    )
    if done.returncode:
        pytest.skip("this machine does not let a tmpfs be mounted")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_costs_no_acknowledged_row(small_disk: Path) -> None:
    address = Address("sqlite", path=small_disk / "store.sqlite")
    with open_store(address) as store:
        schema.migrate(store)
    writer = BulkWriter(lambda: open_store(address), "quotes", "m", batch=500, patience=0.2)
    with pytest.raises(InputOutputError, match="full"):
        writer.put([(k, None, k, 1.0, 2.0, 3.0, 4.0) for k in range(1_000_000)])
    report = writer.close()
    assert report.n_written > 0
    assert report.n_lost > 0
    assert report.n_taken == report.n_written + report.n_lost
    with open_store(address) as store:
        assert store.run("SELECT count(*) FROM quotes") == [(report.n_written,)]
        assert store.verify() == []


def test_a_session_on_a_full_disk_keeps_what_it_acknowledged(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(200_000))
    rng = Random(3)
    writer = SessionWriter(small_disk / "s")

    def fill() -> None:
        for n in range(100_000):
            writer.add(Message(n, 0, "raw", [n, rng.randbytes(400).hex()]))

    with pytest.raises(InputOutputError, match="No space left"):
        fill()
    acknowledged = writer.n_acknowledged
    assert [m.ts_recv for m in SessionReader(small_disk / "s")] == list(range(acknowledged))
    ballast.unlink()
    total = acknowledged + writer.n_waiting
    writer.close()  # what waited is written once there is room
    assert [m.ts_recv for m in SessionReader(small_disk / "s")] == list(range(total))


def test_a_folder_that_may_not_be_written_is_one_line(tmp_path: Path) -> None:
    """As somebody else than root, who may write anything: in a fork, which needs no imports."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    for above in (tmp_path, *tmp_path.parents):
        if above != Path("/") and not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o011)
    nobody = pwd.getpwnam("nobody")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgid(nobody.pw_gid)
                os.setuid(nobody.pw_uid)
            os.write(writing, "\n".join(refusals(folder)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as said:
        lines = said.read().splitlines()
    os.waitpid(child, 0)
    assert [line.partition(":")[0] for line in lines] == ["NotPermittedError"] * 3, lines


def refusals(folder: Path) -> list[str]:
    """Return what opening a store, a session and a store in a new folder there says."""
    said = []
    for make in (
        lambda: open_store(f"sqlite:{folder}/a.sqlite"),
        lambda: SessionWriter(folder / "s"),
        lambda: open_store(f"sqlite:{folder}/new/a.sqlite"),
    ):
        try:
            make()
        except EngineError as error:
            said.append(f"{type(error).__name__}: {error}")
    return said


def test_two_writers_on_one_file_take_turns(store: Store, reopen: Callable[[], Store]) -> None:
    def write(first: int) -> None:
        with BulkWriter(reopen, "quotes", f"writer {first}", batch=50) as writer:
            numbers = range(first, first + 1000)
            writer.put([(k, None, 10**18 + k, 1.0, 2.0, None, None) for k in numbers])

    threads = [threading.Thread(target=write, args=(k * 1000,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.run("SELECT count(*), count(DISTINCT instrument_id) FROM quotes") == [(3000, 3000)]


def test_a_file_that_is_locked_too_long_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.store import sqlite

    monkeypatch.setattr(sqlite, "BUSY_MS", 100)
    address = Address("sqlite", path=tmp_path / "a.sqlite")
    with SqliteStore(address) as one, SqliteStore(address) as two:
        schema.migrate(one)
        with (
            one.transaction(),
            pytest.raises(InputOutputError, match="another process has been writing"),
        ):
            two.copy("marks", [("a", 1, 1)])


def test_a_server_that_stops_and_comes_back_costs_nothing() -> None:
    from tests.store.conftest import require_postgres

    require_postgres()
    cluster = Cluster()
    try:
        address = cluster.address()
        with open_store(address) as store:
            schema.migrate(store)
        with BulkWriter(lambda: open_store(address), "quotes", "m", batch=100) as writer:
            for start in range(0, 20_000, 100):
                rows = [(k, None, k, 1.0, 2.0, None, None) for k in range(start, start + 100)]
                writer.put(rows)
                if start == 5_000:
                    cluster.halt(signal.SIGQUIT)  # as a crash: no connection is told
                    cluster.start()
            report = writer.flush()
        assert (report.n_written, report.n_lost) == (20_000, 0), report
        with open_store(address) as store:
            found = store.run("SELECT count(*), count(DISTINCT instrument_id) FROM quotes")
        assert found == [(20_000, 20_000)]
        cluster.halt()
        with pytest.raises(EngineError, match="no connection") as caught:
            open_store(address)
        assert caught.value.code == 74
        with pytest.raises(EngineError, match="no connection"):
            BulkWriter(lambda: open_store(address), "quotes", "m")
    finally:
        cluster.stop()


def test_a_wrong_password_and_a_database_that_is_not_there(postgres: Address) -> None:
    from dataclasses import replace

    with pytest.raises(NotPermittedError):
        open_store(replace(postgres, password="wrong"))
    with pytest.raises(EngineError, match="createdb nowhere") as caught:
        open_store(replace(postgres, database="nowhere"))
    assert caught.value.code == 66
