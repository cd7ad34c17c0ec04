"""kill -9 while a journal or a session is written: nothing acknowledged is lost, none is doubled.

The same file is continued after every kill, so that the restart itself is killed too.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from engine.session.journal import read_journal
from engine.session.recording import SessionReader

ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("session_child.py")


def numbers(kind: str, path: Path) -> list[int]:
    if kind == "journal":
        return [int(str(entry.data["n"])) for entry in read_journal(path)]
    return [message.ts_recv for message in SessionReader(path)]


def kill_after(kind: str, path: Path, seconds: float) -> int:
    """Run the child, kill it `seconds` after its first word, return the last number it said."""
    child = subprocess.Popen(
        [sys.executable, str(CHILD), kind, str(path)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    said = child.stdout.readline()
    time.sleep(seconds)
    child.kill()
    said += child.stdout.read()
    child.wait()
    child.stdout.close()
    whole = said[: said.rfind(b"\n")]
    return int(whole.split(b"\n")[-1])


def kill_often(kind: str, path: Path, times: int) -> None:
    rng = Random(times)
    for _ in range(times):
        acknowledged = kill_after(kind, path, rng.uniform(0.0, 0.03))
        found = numbers(kind, path)
        assert found == list(range(len(found)))
        assert len(found) > acknowledged


@pytest.mark.parametrize("kind", ["journal", "session"])
def test_a_kill_loses_nothing_acknowledged(kind: str, tmp_path: Path) -> None:
    kill_often(kind, tmp_path / "file", 6)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["journal", "session"])
def test_two_hundred_kills_lose_nothing_acknowledged(kind: str, tmp_path: Path) -> None:
    kill_often(kind, tmp_path / "file", 200)
