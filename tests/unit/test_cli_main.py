"""The rim: verbs are imported when chosen, and every error is one line with one exit code."""

from __future__ import annotations

import argparse
import io
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

import engine
from engine import errors
from engine.cli import main as cli
from engine.cli.main import main

Raiser = Callable[[BaseException], None]


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[argparse.Namespace], int]], None]:
    """Install a verb ``try`` that runs what it is given."""

    def install(run: Callable[[argparse.Namespace], int]) -> None:
        module = types.ModuleType("verb_of_a_test")
        module.add_arguments = lambda parser: parser.add_argument("--rate")  # type: ignore[attr-defined]
        module.run = run  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "verb_of_a_test", module)
        monkeypatch.setitem(cli.VERBS, "try", ("verb_of_a_test", "a verb of this test"))

    return install


RAISED = [
    (errors.UsageError("what now"), 2, "parity: what now"),
    (errors.BadDataError("a.csv:3: column bid"), 65, "parity: a.csv:3: column bid"),
    (errors.NoInputError("gone"), 66, "parity: gone"),
    (errors.UnavailableError("no pandas"), 69, "parity: no pandas"),
    (errors.VerifierMismatchError("bad"), 70, "parity: bad"),
    (errors.InputOutputError("full"), 74, "parity: full"),
    (errors.NotPermittedError("no"), 77, "parity: no"),
    (errors.ConfigurationError("two\nlines"), 78, "parity: two lines"),
    (FileNotFoundError(2, "No such file or directory", "x.csv"), 66, "parity: x.csv: No such file"),
    (PermissionError(13, "Permission denied", "x.csv"), 77, "parity: x.csv: Permission denied"),
    (OSError(28, "No space left on device"), 74, "parity: No space left on device"),
    (KeyboardInterrupt(), 130, "parity: interrupted"),
    (ZeroDivisionError("division by zero"), 70, "parity: bug: ZeroDivisionError: division by zero"),
]


@pytest.mark.parametrize(("error", "code", "line"), RAISED, ids=[repr(e) for e, _, _ in RAISED])
def test_every_error_is_one_line_with_its_code(
    verb: Callable[..., None],
    error: BaseException,
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(args: argparse.Namespace) -> int:
        raise error

    verb(run)
    assert main(["try"]) == code
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert err.startswith(line)
    assert main(["try", "--debug"]) == code
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_went_away_is_no_error(
    verb: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(args: argparse.Namespace) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    verb(run)
    assert main(["try"]) == 0
    assert capsys.readouterr().err == ""


def test_a_verb_gets_its_own_flags_and_the_common_ones(verb: Callable[..., None]) -> None:
    seen: list[argparse.Namespace] = []

    def run(args: argparse.Namespace) -> int:
        seen.append(args)
        return 5

    verb(run)
    assert main(["--no-color", "try", "--rate", "-0.01,0.02"]) == 5
    assert main(["try", "--rate", "-.5"]) == 5
    assert (seen[0].rate, seen[0].no_color, seen[0].debug) == ("-0.01,0.02", True, False)
    assert (seen[1].rate, seen[1].no_color) == ("-.5", False)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["tyr"], "parity: unknown verb 'tyr': did you mean 'try'?"),
        (["try", "--raet", "1"], "parity: unknown option --raet: did you mean --rate?"),
        (["try", "--zzzzz"], "parity: unknown option --zzzzz: see `parity try --help`"),
        (["try", "--rat", "1"], "parity: unknown option --rat: did you mean --rate?"),
        (["try", "stray"], "parity: unexpected word 'stray'; see `parity try --help`"),
        (["try", "--rate"], "parity: argument --rate: expected one argument; see `parity try"),
        (["--debugg", "try"], "parity: unknown option --debugg: did you mean --debug?"),
        (["--no-color"], "parity: no verb after --no-color: valid: scan, backend, doctor, bench, "),
    ],
)
def test_what_is_unknown_names_the_nearest(
    verb: Callable[..., None], words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    verb(lambda args: 0)
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(line)


def test_names_that_are_not_alike_are_not_suggested(
    verb: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    verb(lambda args: 0)
    assert main(["try", "--foo"]) == 2
    assert capsys.readouterr().err == "parity: unknown option --foo: see `parity try --help`\n"
    assert main(["scan", "--families", "bogus"]) == 2
    assert "unknown family 'bogus': valid: conversion, " in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["scan", "BOGUS"], ["--help"], ["scan", "--help"], ["--version"]]
)
def test_broken_streams_change_no_exit_code(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = 66 if "BOGUS" in words else 74
    full, closed = _Full(), None
    for stream in (full, closed):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr" if code == 66 else "stdout", stream)
            assert main(words) == code
    # Where stderr is closed, nothing goes to stdout in its place.
    assert capsys.readouterr().out == ""


class _Full(io.StringIO):
    """A disk that is full, without a buffer before it."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_help_lists_verbs_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--help"], ["-h"]):
        assert main(words) == 0
        out, err = capsys.readouterr()
        assert err == ""
        assert all(name in out for name in (*cli.VERBS, "exit codes", "130 interrupted"))


@pytest.mark.parametrize("name", ["scan", "backend", "doctor", "bench"])
def test_every_verb_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: parity {name}")
    assert "--debug" in out


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"parity {engine.__version__}\n"
    project = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text()
    assert f'\nversion = "{engine.__version__}"\n' in project


def test_a_file_in_the_place_of_a_verb_or_a_symbol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.csv").write_text("a,b\n")
    monkeypatch.chdir(tmp_path)
    assert main(["good.csv"]) == errors.USAGE
    assert "parity scan --source csv:good.csv" in capsys.readouterr().err
    main(["scan", "good.csv"])
    assert "a file is scanned with --source csv:good.csv" in capsys.readouterr().err.lower()
    main(["scan", "XYZ"])
    assert "quotes of yours: --source csv:FILE" in capsys.readouterr().err
