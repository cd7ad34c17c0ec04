"""``record`` and ``replay``: the list of a replay is that of the live scan, to the last byte."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.cli.pace import Pace, speed
from engine.runtime import interpreters

ROOT = Path(__file__).resolve().parents[2]
LIVE = ["ZDIV", "ZIDX", "--count", "3", "--speed", "max", "--scan"]


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def digest(err: str) -> str:
    found = re.search(r"sha256 of the list ([0-9a-f]{64})", err)
    assert found, err
    return found[1]


@pytest.fixture
def live(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, str, str]:
    path = tmp_path / "demo.session"
    code, out, err = run(capsys, "record", path, *LIVE)
    assert code == 0, err
    assert out.count("\n") == 6
    return path, out, digest(err)


def test_a_replay_gives_the_list_of_the_live_scan(
    live: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    path, out, sha = live
    for words in ([], ["--speed", "1000"], ["ZDIV", "ZIDX"]):
        code, again, err = run(capsys, "replay", path, *words)
        assert (code, again, digest(err)) == (0, out, sha), err
    code, one, err = run(capsys, "replay", path, "zidx")
    assert code == 0
    assert one.splitlines() == out.splitlines()[1::2]
    assert digest(err) != sha


def test_the_other_runtime_gives_the_same_list(live: tuple[Path, str, str]) -> None:
    path, out, sha = live
    is_pypy = interpreters.this_kind() == interpreters.PYPY
    other = interpreters.CPYTHON if is_pypy else interpreters.PYPY
    found = interpreters.find(other)
    if found is None:
        pytest.skip(f"no {other} with this engine beside this checkout")
    done = subprocess.run(
        interpreters.command(found, "replay", str(path)),
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=300,
        env=interpreters.environment(),
    )  # fmt: skip
    assert done.stdout == out
    assert digest(done.stderr) == sha


def test_a_session_is_continued_and_can_be_scanned_like_any_source(
    live: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    path, _, _ = live
    assert run(capsys, "record", path, "ZDIV", "--count", "1", "--speed", "max")[0] == 0
    code, out, _ = run(capsys, "scan", "--source", f"session:{path}", "--as-of", "all", "--json")
    assert code == 0
    assert out.count('"source": "demo"') == 7
    code, _, err = run(capsys, "replay", path, "NOPE")
    assert code == 66
    assert "NOPE" in err


def test_a_damaged_session_is_replayed_as_far_as_it_goes(
    live: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    path, out, _ = live
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    code, again, err = run(capsys, "replay", path)
    assert code == 0
    assert out.startswith(again)
    assert "bytes are not read" in err
    assert run(capsys, "replay", path, "--strict")[0] == 65
    path.write_bytes(b"something else")
    code, _, err = run(capsys, "replay", path)
    assert code == 65
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["record", "{}", "--store", "sqlite:x"], 2, "--scan"),
        (["record", "{}", "--plot", "x.html"], 2, "belongs to scan"),
        (["record", "{}", "--source", "csv:none.csv", "--for", "5s"], 2, "recorded whole"),
        (["record", "{}", "--source", "csv:none.csv"], 66, "none.csv"),
        (["record", "{}", "NOPE", "--count", "1"], 66, "NOPE"),
        (["record", "{}/no/folder"], 66, "mkdir"),
        (["record", "{}", "--import", "kraken:x"], 2, "kraken"),
        (["replay", "{}"], 66, "no such file"),
        (["replay", "{}", "--speed", "0"], 2, "times as fast"),
        (["replay", "{}", "--source", "demo"], 2, "leave out --source"),
        (["replay", "{}", "--explain", "x"], 2, "belongs to scan"),
    ],
)
def test_what_cannot_be_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, what: str
) -> None:
    got, out, err = run(capsys, *(word.format(tmp_path / "s") for word in words))
    assert (got, out) == (code, ""), err
    assert what in err
    assert err.count("\n") == 1


class Hand:
    """A clock that waiting does not move."""

    def __init__(self) -> None:
        self.ns = 0

    def now_ns(self) -> int:
        return 0

    def monotonic_ns(self) -> int:
        return self.ns


def test_a_pace_waits_for_what_is_due_and_never_for_the_past() -> None:
    clock = Hand()
    pace = Pace(speed("10"), clock)
    pace.wait_for(1_000_000_000)
    clock.ns = 100_000_000
    pace.wait_for(2_000_000_000)  # due just now: a second of it is a tenth
    pace.wait_for(500_000_000)  # the clock stepped back while it was recorded
    Pace(speed("max"), clock).wait_for(1 << 60)
