"""Live trading as a process: signals, a process that is stopped, one that is shot, a full disk."""

from __future__ import annotations

import resource
import signal
import socket
import sys
from pathlib import Path

import pytest
from live_process import parity, until

from engine.cli.main import main
from engine.live.folder import folder_of
from engine.live.latch import read_latch
from engine.live.presence import read_presence
from engine.live.story import Story

ACCOUNT = "DU1234567"
_PATIENCE_SECONDS = 90
Out = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 0), pytest.param(signal.SIGINT, 130, marks=pytest.mark.long)],
)
def test_a_signal_drains_and_leaves_a_clean_journal(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path, "paper", ACCOUNT)
    with parity(tmp_path, "paper", "--plain") as process:
        until(process, "COMPLETE")
        assert read_presence(folder) is not None
        process.send_signal(number)
        out, _ = process.communicate(timeout=_PATIENCE_SECONDS)
        assert process.returncode == code
    assert "packages complete" in out
    assert "Traceback" not in out
    assert read_presence(folder) is None
    story = Story.of(folder.journal)
    assert not [one for one in story.orders.values() if one.is_open]
    assert story.notes[-1][1] == "stopped (cancel)"


def test_a_process_that_was_stopped_trusts_no_quote_and_finds_the_kill(
    tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that the test need not wait as long as a person does.
    monkeypatch.setattr("engine.live.resume._SECONDS", 1.2)
    folder = folder_of(tmp_path, "paper", ACCOUNT)
    state = ["--journal", str(tmp_path)]
    with parity(tmp_path, "paper", "--plain") as process:
        until(process, "armed")
        process.send_signal(signal.SIGSTOP)
        assert main(["kill", "--reason", "it hangs", *state]) == 0
        assert "does not answer" in capsys.readouterr().out
        # Refused: so it must not be done either when the engine runs on and finds the request.
        assert main(["resume", "--reason", "too soon", *state]) == 77
        process.send_signal(signal.SIGCONT)
        assert "it hangs" in until(process, "HALTED")
        capsys.readouterr()
        assert main(["status", *state]) == 0  # by the same socket: what was asked before is done
        assert "HALTED" in capsys.readouterr().out
        assert read_latch(folder) is not None
        process.kill()
        process.communicate()
    assert main(["status", *state]) == 0
    said = capsys.readouterr().out
    assert "did not end in order" in said
    assert "it hangs" in said
    assert read_latch(folder) is not None


def test_a_full_disk_ends_it_with_74_and_halts_the_next_one(tmp_path: Path) -> None:
    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (24_000, 24_000))

    with parity(tmp_path, "paper", "--plain", limit=little) as process:
        out, _ = process.communicate(timeout=_PATIENCE_SECONDS)
        assert process.returncode == 74, out
    assert "File too large" in out
    assert "trading is halted" in out
    assert "Traceback" not in out
    assert read_latch(folder_of(tmp_path, "paper", ACCOUNT)) is not None


def test_nothing_given_trades_and_a_kill_reaches_the_gateway_of_a_hung_engine(
    tmp_path: Path, capsys: Out
) -> None:
    pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")
    folder = folder_of(tmp_path, "sim", ACCOUNT)
    state = ["--journal", str(tmp_path)]
    with parity(tmp_path, "live", "--plain") as process:
        assert "nothing is real" in until(process, "starting")
        assert "sim at 127.0.0.1" in until(process, "armed")
        until(process, "COMPLETE")
        process.send_signal(signal.SIGSTOP)
        presence = read_presence(folder)
        assert presence is not None
        assert main(["kill", *state]) == 0
        said = capsys.readouterr().out
        assert f"all cancelled at 127.0.0.1:{presence.port}, 0 left" in said
        process.kill()
        process.communicate()
    # The gateway ends with whoever started it, however that one ended.
    with socket.socket() as probe:
        probe.settimeout(0.2)
        for _ in range(100):
            if probe.connect_ex(("127.0.0.1", presence.port)) != 0:
                break
            probe.close()
            probe = socket.socket()
        else:
            raise AssertionError("the gateway has outlived its engine")


def test_live_says_how_to_install_the_library_that_it_needs(
    tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARITY_JOURNAL", str(tmp_path))
    monkeypatch.setitem(sys.modules, "ib_async", None)
    assert main(["live", "--plain", "--for", "1s"]) == 69
    said = capsys.readouterr()
    assert said.err.startswith("parity: parity live needs ib_async: ")
    assert said.err.endswith("[ib]'\n")
    assert said.out == ""


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["live", "ZETE"], 2, "did you mean 'ZETF'"),
        (["live", "ZCOIN"], 2, "no 'ZCOIN'"),
        (["live", "--port", "70000"], 2, "65,535"),
        (["live", "--port", "1"], 69, "no TWS or gateway at 127.0.0.1:1"),
        (["live", "--broker", "ib"], 2, "say what to trade"),
        (["live", "XYZ", "--broker", "ib", "--port", "7496"], 77, "live money"),
        (["live", "--live"], 77, "live money"),
        (["live", "--broker", "tws"], 2, "unknown broker 'tws'"),
        (["live", "--broker", "paper"], 2, "parity paper"),
        (["live", "--limit", "max_lot=2"], 2, "max_lots"),
        (["paper", "ZZZ"], 2, "no 'ZZZ'"),
        (["paper", "--source", "session:nothing"], 66, "nothing"),
        (["paper", "--source", "csv:x"], 2, "--source"),
        (["paper", "--broker", "ib"], 2, "broker of its own"),
        (["kill", "--account", "x"], 66, "nothing has traded"),
    ],
)
def test_what_cannot_be_is_one_line_and_a_code(
    words: list[str], code: int, reason: str, tmp_path: Path, capsys: Out,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PARITY_JOURNAL", str(tmp_path))
    if words == ["live", "--port", "1"]:
        pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")
    assert main(words) == code
    said = capsys.readouterr()
    assert reason in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
