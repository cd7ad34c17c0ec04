"""Other interpreters are found, and take over when a flag or the advice says so."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import runtime
from engine.cli.main import main
from engine.cli.runtime import ADVISE
from engine.errors import UsageError
from engine.runtime import advice, interpreters
from engine.runtime.interpreters import CPYTHON, GUARD, PYPY, Interpreter, this_kind
from tests.unit.measured_runtimes import measured, own_cache  # noqa: F401

THIS = interpreters.probed(sys.executable)


class TestRuntime:
    @pytest.fixture
    def replaced(self, monkeypatch):
        """Note what would take the place of this process, and stop there."""

        def execve(path, command, environ):
            raise SystemExit(json.dumps([path, command[4:], environ[GUARD]]))

        monkeypatch.setattr(os, "execve", execve)

    def replacement(self, words):
        args = runtime.argparse.Namespace(
            runtime=words[words.index("--runtime") + 1], words=words, symbols=[], backend=None
        )
        try:
            runtime.change(args)
        except SystemExit as stop:
            return json.loads(stop.code)
        return args.backend

    other = PYPY if this_kind() == CPYTHON else CPYTHON

    def test_the_other_interpreter_takes_over_and_a_line_says_so(
        self, replaced, monkeypatch, capsys
    ):
        there = Interpreter("/other/python", self.other, "3.11", False)
        monkeypatch.setattr(runtime, "find", lambda kind: there if kind == self.other else None)
        words = ["XYZ", "--runtime", self.other.lower(), "--json"]
        path, left, guard = self.replacement(words)
        assert (path, left, guard) == ("/other/python", ["scan", "XYZ", "--json"], "1")
        (line,) = capsys.readouterr().err.splitlines()
        assert "/other/python" in line

    def test_what_stood_before_the_verb_goes_along(self, replaced, monkeypatch, capsys):
        there = Interpreter("/other/python", self.other, "3.11", False)
        monkeypatch.setattr(runtime, "find", lambda kind: there)
        monkeypatch.setattr(os, "execve", lambda path, command, environ: print(command[4:]))

        def enough(*_: object) -> None:
            raise UsageError("enough")

        monkeypatch.setattr("engine.cli.scan_request.build", enough)
        assert main(["--no-color", "scan", "A", "--runtime", self.other.lower()]) == 2
        assert capsys.readouterr().out.strip() == "['scan', '--no-color', 'A']"

    def test_a_process_that_took_over_replaces_itself_no_more(self, replaced, monkeypatch):
        monkeypatch.setenv(GUARD, "1")
        monkeypatch.setattr(runtime, "find", lambda kind: pytest.fail("it looked"))
        assert self.replacement(["--runtime", self.other.lower()]) is None

    def test_asking_for_this_one_changes_nothing(self, replaced, capsys):
        assert self.replacement(["--runtime", this_kind().lower()]) is None
        assert capsys.readouterr().err == ""

    def test_a_runtime_that_is_not_there_ends_with_69(self, replaced, monkeypatch, capsys):
        monkeypatch.setattr(runtime, "find", lambda kind: None)
        assert main(["scan", "--runtime", self.other.lower()]) == 69
        assert "scripts/environments.sh" in capsys.readouterr().err

    def test_auto_without_advice_stays_and_says_so(self, replaced, capsys):
        assert self.replacement(["--runtime", "auto"]) is None
        assert "parity bench --advise" in capsys.readouterr().err

    def test_auto_follows_the_advice(self, replaced, monkeypatch, capsys, tmp_path):
        path = tmp_path / "python"
        path.touch()
        found = Interpreter(str(path), self.other, "3.11", True)
        monkeypatch.setattr(runtime, "probed", lambda path: found)
        here = measured(this_kind(), "pure", 0.1, 0.1, 0.1)
        there = measured(self.other, "numba", 0.3, 0.5, 0.01, python=str(path))
        advice.save([here, there], 2000, 100)
        taken, words, _ = self.replacement(["--runtime", "auto", "--top", "3"])
        assert taken == str(path)
        assert words == ["scan", "--top", "3", "--backend", "numba"]
        advice.save([here, there], 2000, 1)
        assert self.replacement(["--runtime", "auto"]) == "pure"
        assert len(capsys.readouterr().err.splitlines()) == 2

    def test_auto_goes_to_another_interpreter_of_its_own_kind(self, replaced, capsys):
        # A virtual environment's interpreter is the same file as this one, and not the same.
        assert THIS is not None
        twin = os.path.join(os.path.dirname(sys.executable), ".", os.path.basename(sys.executable))
        advice.save([measured(this_kind(), "pure", 0.1, 0.1, 0.1, python=twin)], 2000, 1)
        assert self.replacement(["--runtime", "auto"])[0] == twin

    @pytest.mark.parametrize("replies", ["", "CPython 3.11.7 0", "print nothing"])
    def test_auto_passes_over_what_does_not_run_here_any_more(
        self, replaced, capsys, tmp_path, replies
    ):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\necho {replies}\n")
        path.chmod(0o755 if replies else 0o644)
        fast = measured(CPYTHON, "numba", 0.0, 0.01, 0.01, python=str(path))
        slow = measured(this_kind(), "pure", 0.1, 0.1, 0.1)
        advice.save([fast, slow], 2000, 1)
        assert self.replacement(["--runtime", "auto"]) == "pure"
        advice.save([fast], 2000, 1)
        assert self.replacement(["--runtime", "auto"]) is None
        assert ADVISE in capsys.readouterr().err

    def test_auto_asks_for_no_backend_that_is_not_here(self, replaced, monkeypatch):
        monkeypatch.setattr(runtime, "find_spec", lambda name: None)
        fast = measured(this_kind(), "numba", 0.0, 0.01, 0.01)
        advice.save([fast, measured(this_kind(), "pure", 0.1, 0.1, 0.1)], 2000, 1)
        assert self.replacement(["--runtime", "auto"]) == "pure"

    @pytest.mark.parametrize(
        "damage", [{"calls_s": []}, {"contracts": 0}, {"start_s": math.nan}, {"calls_s": ["x"]}]
    )
    def test_damaged_advice_is_no_advice(self, replaced, capsys, damage):
        advice.save([measured(this_kind(), "pure", 0.1, 0.1, 0.1)], 2000, 1)
        document = json.loads(advice.path().read_text())
        document["measured"][0].update(damage)
        advice.path().write_text(json.dumps(document))
        assert self.replacement(["--runtime", "auto"]) is None
        assert "nothing is known" in capsys.readouterr().err


class TestInterpreters:
    def test_this_one_is_found_first(self):
        assert interpreters.find(this_kind()) == THIS
        assert THIS.version == ".".join(map(str, sys.version_info[:3]))

    def test_a_shim_that_does_not_run_is_passed_over(self, tmp_path, monkeypatch):
        for name, body in (("pypy3", "exit 127"), ("python3", "echo nonsense")):
            path = tmp_path / name
            path.write_text(f"#!/bin/sh\n{body}\n")
            path.chmod(0o755)
            assert interpreters.probed(str(path)) is None
        assert interpreters.probed(str(tmp_path / "none")) is None
        monkeypatch.setattr(interpreters, "ROOT", tmp_path)
        listed = list(interpreters.candidates(TestRuntime.other, {"PATH": str(tmp_path)}))
        assert [Path(path).parent for path in listed] == [tmp_path]

    def test_the_command_runs_this_engine_even_beside_another(self, tmp_path):
        (tmp_path / "engine").mkdir()
        (tmp_path / "engine" / "__init__.py").write_text("raise SystemExit(99)")
        command = interpreters.command(THIS, "scan", "--runtime", "auto", "--help")
        done = subprocess.run(
            command, cwd=tmp_path, env=interpreters.environment(**{GUARD: "1"}),
            capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "--runtime {auto,cpython,pypy}" in done.stdout

    def test_the_other_interpreter_really_takes_over(self):
        other = interpreters.find(TestRuntime.other)
        if other is None:
            pytest.skip(f"no {TestRuntime.other} of this checkout or on PATH")
        words = ["scan", "ZIDX", "--json", "--runtime", other.kind.lower(), "--backend", "pure"]
        done = subprocess.run(
            interpreters.command(THIS, *words), env=interpreters.environment(),
            capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["engine"]["runtime"].startswith(other.kind)
