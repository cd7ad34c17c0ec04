"""The scan verb when something is wrong: which exit code comes of it, and what is said."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.report.reproducer import read_reproducer
from engine.scanner import many as scan_many
from engine.scoring.opportunity import ScanResult
from tests.unit.two_symbols import scan, write_quotes

Capture = pytest.CaptureFixture[str]
Change = Callable[[ScanResult], ScanResult]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_quotes()


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Let every scan end in what a function makes of its result."""
    scan_chain = scan_many.scan_chain

    def install(change: Change) -> None:
        monkeypatch.setattr(
            scan_many, "scan_chain", lambda *given, **more: change(scan_chain(*given, **more))
        )

    return install


def test_a_mismatch_ends_with_70_and_a_reproducer(
    changed: Callable[[Change], None], capsys: Capture
) -> None:
    changed(lambda result: replace(result, mismatches=result.opportunities, opportunities=()))
    assert scan("XYZ", "--json") == 70
    out, err = capsys.readouterr()
    (bad,) = json.loads(out)["mismatches"]
    path = Path(f"verifier-mismatch-{bad['id']}.json")
    assert f"did not reproduce conversion {bad['id']}; please report" in err
    assert str(path) in err
    chain, settings, opportunity = read_reproducer(path)
    assert (chain.symbol, opportunity.id) == ("XYZ", bad["id"])
    assert settings.top == 20


def test_a_mismatch_is_told_though_nobody_reads_the_list(
    changed: Callable[[Change], None], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def unread(*_: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    changed(lambda result: replace(result, mismatches=result.opportunities, opportunities=()))
    monkeypatch.setattr("engine.cli.scan_output.show", unread)
    assert scan("XYZ") == 70
    assert "did not reproduce conversion" in capsys.readouterr().err
    assert list(Path().glob("verifier-mismatch-*.json"))


def test_chains_that_cannot_be_believed_end_with_65(
    changed: Callable[[Change], None], capsys: Capture
) -> None:
    changed(lambda result: replace(result, unusable="not simultaneous", opportunities=()))
    assert scan("--json") == 65
    out, err = capsys.readouterr()
    assert "parity: XYZ: unusable: not simultaneous" in err
    assert json.loads(out)["chains"][0]["unusable"] == "not simultaneous"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_chain_that_cannot_be_believed_is_said_once_on_a_terminal(
    is_terminal: bool,
    changed: Callable[[Change], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    # Where the table goes to a file, stderr says why the code is 65.
    changed(lambda result: replace(result, unusable="not simultaneous", opportunities=()))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    assert scan("XYZ", "--no-color") == 65
    out, err = capsys.readouterr()
    assert out.count("XYZ: not simultaneous") == 1
    assert err.count("not simultaneous") == (0 if is_terminal else 1)


def test_a_chain_that_cannot_be_believed_is_said_beside_its_curves(
    changed: Callable[[Change], None], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    changed(lambda result: replace(result, unusable="not simultaneous", opportunities=()))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert scan("XYZ", "--no-color", "--curves") == 65
    out, err = capsys.readouterr()
    assert (out + err).count("not simultaneous") == 1


def _fail(symbol: str) -> Change:
    def change(result: ScanResult) -> ScanResult:
        if result.chain.symbol == symbol:
            raise ZeroDivisionError("in this test")
        return result

    return change


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_bug_in_one_symbol_is_reported_and_leaves_the_others(
    changed: Callable[[Change], None], jobs: str, capsys: Capture
) -> None:
    changed(_fail("ABC"))
    assert scan("--csv", "--jobs", jobs) == 70
    out, err = capsys.readouterr()
    assert [row["symbol"] for row in csv.DictReader(io.StringIO(out))] == ["XYZ"]
    assert "parity: ABC: bug: ZeroDivisionError: in this test" in err
    assert "Traceback" not in err
    assert scan("--csv", "--jobs", jobs, "--debug") == 70
    assert "Traceback" in capsys.readouterr().err
