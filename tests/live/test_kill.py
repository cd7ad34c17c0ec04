"""Stopping from outside: the latch, the gateway and the engine, each while the others fail."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.errors import InputOutputError, NoInputError, NotPermittedError, UsageError
from engine.live.folder import Folder, find_folder, folder_of, state_root
from engine.live.global_cancel import Cancelled
from engine.live.kill import kill
from engine.live.latch import clear_latch, read_latch, set_latch
from engine.live.presence import Presence, announce, birth_of, read_presence, withdraw
from engine.live.resume import resume
from engine.session.journal import Journal, read_journal
from engine.session.records import PROCESS
from engine.settings.live import default_journal


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return folder_of(tmp_path / "state", "sim", "DU1").make()


def test_a_folder_is_for_its_owner_alone_and_found_by_either_name(folder: Folder) -> None:
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert (folder.mode, folder.account) == ("sim", "DU1")
    root = folder.path.parent
    assert find_folder(root) == find_folder(root, "DU1") == find_folder(root, "sim-DU1") == folder
    with pytest.raises(NoInputError, match="did you mean 'sim-DU1'"):
        find_folder(root, "sim-DU2")
    with pytest.raises(NoInputError, match="parity live"):
        find_folder(root / "nothing")


@pytest.mark.parametrize("name", ["../DU1", "", "a/b", ".", "x" * 41, "DU\n1"])
def test_no_account_leaves_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        folder_of(tmp_path, "sim", name)


def test_the_state_is_where_it_is_said() -> None:
    assert state_root("/a", {"PARITY_JOURNAL": "/b"}) == Path("/a")
    assert state_root(None, {"PARITY_JOURNAL": "/b"}) == Path("/b")
    assert state_root(None, {}) == default_journal()


def test_the_first_reason_stays_until_it_is_resumed(folder: Folder) -> None:
    assert read_latch(folder) is None
    set_latch(folder, "fire", "me")
    set_latch(folder, "water", "you")
    halted = read_latch(folder)
    assert halted is not None
    assert (halted.reason, halted.by) == ("fire", "me")
    assert stat.S_IMODE(folder.latch.stat().st_mode) == 0o600
    assert clear_latch(folder) == halted
    assert read_latch(folder) is None
    assert clear_latch(folder) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_latch_that_cannot_be_read_stops(folder: Folder, content: bytes) -> None:
    folder.latch.write_bytes(content)
    halted = read_latch(folder)
    assert halted is not None
    assert "cannot be read" in halted.reason


def test_a_full_disk_has_room_for_an_empty_latch(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("engine.live.folder.os.write", full)
        assert set_latch(folder, "fire", "me").reason == "fire"
    assert [path.name for path in folder.path.iterdir()] == ["halted.json"]
    halted = read_latch(folder)
    assert halted is not None
    assert "cannot be read" in halted.reason


def test_who_runs_is_known_until_it_ends_in_order(folder: Folder) -> None:
    assert read_presence(folder) is None
    me = Presence(os.getpid(), 5, "127.0.0.1", 4002, 10)
    announce(folder, me)
    assert read_presence(folder) == me
    assert me.is_alive
    withdraw(folder)
    assert read_presence(folder) is None
    for bad in ('{"pid": -1}', '{"pid": 1e400}', "[]", '{"pid": "x", "host": 3}'):
        folder.engine.write_text(bad)
        assert read_presence(folder) is None


@pytest.mark.skipif(not birth_of(os.getpid()), reason="it reads /proc, which is Linux's")
def test_another_process_of_its_number_is_not_it(folder: Folder) -> None:
    born = birth_of(os.getpid())
    announce(folder, Presence(os.getpid(), 5, "h", 4002, 10, born))
    me = read_presence(folder)
    assert me is not None
    assert me.is_alive
    assert not Presence(os.getpid(), 5, "h", 4002, 10, born + 1).is_alive
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        other = Presence(child.pid, 5, "h", 4002, 10, birth_of(child.pid))
        until = time.monotonic() + 10.0
        while other.is_alive and time.monotonic() < until:
            time.sleep(0.01)
        assert child.returncode is None  # it has ended, and nobody has asked for how
        assert not other.is_alive


def test_it_latches_and_cancels_though_nobody_answers(folder: Folder) -> None:
    announce(folder, Presence(os.getpid(), 5, "h", 4002, 10))
    asked: list[tuple[str, int, int]] = []

    def cancel(*where: object) -> Cancelled:
        assert read_latch(folder), "the latch comes first"
        asked.append(where)  # type: ignore[arg-type]
        return Cancelled(3, 0, 0.01)

    done = kill(folder, "fire", cancel=cancel)
    assert asked == [("h", 4002, 13)]
    assert (done.engine, done.is_certain) == ("silent", True)
    assert "does not answer" in "\n".join(done.lines())


def test_a_gateway_that_is_gone_is_said_and_is_not_certain(folder: Folder) -> None:
    announce(folder, Presence(2**30, 5, "h", 4002, 10))

    def cancel(*_: object) -> Cancelled:
        raise InputOutputError("h:4002: Connection refused")

    done = kill(folder, "fire", cancel=cancel)
    assert (done.engine, done.is_certain) == ("none", False)
    assert "NOT cancelled" in "\n".join(done.lines())
    assert read_latch(folder)


def test_orders_are_cancelled_though_the_latch_cannot_be_written(folder: Folder) -> None:
    announce(folder, Presence(2**30, 5, "h", 4002, 10))
    folder.latch.mkdir()  # nothing can replace it, nor be read from it
    asked = []

    def cancel(*_: object) -> Cancelled:
        asked.append(1)
        return Cancelled(1, 0, 0.0)

    with pytest.raises(InputOutputError):
        kill(folder, "fire", cancel=cancel)
    assert asked


def test_orders_that_stay_are_not_certain(folder: Folder) -> None:
    announce(folder, Presence(2**30, 5, "h", 4002, 10))
    assert not kill(folder, "x", cancel=lambda *_: Cancelled(2, 1, 5.0)).is_certain


def test_without_an_engine_the_latch_is_all(folder: Folder) -> None:
    done = kill(folder, "x", cancel=lambda *_: pytest.fail("there is no gateway"))
    assert (done.engine, done.is_certain, done.cancelled) == ("none", True, None)


def test_the_verbs_stop_and_go_on(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    state = ["--journal", str(folder.path.parent)]
    with Journal(folder.journal, durability=PROCESS) as journal:
        journal.append("start", {})
    assert main(["kill", "--reason", "too odd", *state]) == 0
    assert "halted: too odd" in capsys.readouterr().out
    assert main(["resume", *state]) == 2
    assert read_latch(folder)
    assert main(["resume", "--reason", "looked at it", *state]) == 0
    assert "was halted: too odd" in capsys.readouterr().out
    assert read_latch(folder) is None
    last = list(read_journal(folder.journal))[-1]
    assert (last.kind, last.data["reason"]) == ("resume", "looked at it")
    assert main(["kill", "--json", *state]) == 0
    (said,) = json.loads(capsys.readouterr().out)
    assert (said["account"], said["broker"], said["engine"]) == ("DU1", "sim", "none")


def test_an_engine_that_hangs_is_not_resumed_past(folder: Folder) -> None:
    announce(folder, Presence(os.getpid(), 5, "h", 0, 10))
    set_latch(folder, "fire", "me")
    with pytest.raises(NotPermittedError, match="does not answer"):
        resume(folder, "x")
    assert read_latch(folder)
