"""The bench verb: advice in words and in JSON, and the benchmarks of a checkout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import bench
from engine.cli.main import main
from engine.runtime import advice
from engine.runtime.interpreters import CPYTHON, PYPY
from tests.unit.measured_runtimes import ALL, WARMING, own_cache  # noqa: F401


class TestBench:
    @pytest.fixture
    def known(self, monkeypatch):
        monkeypatch.setattr(
            advice, "measure", lambda size, work="scan": (list(ALL), ["PyPy 9: too new"])
        )

    def test_advice_names_the_winner_and_the_numbers(self, known, capsys):
        assert main(["bench", "--advise", "--chains", "20"]) == 0
        out, err = capsys.readouterr()
        warned, first, second, *rest = out.splitlines()
        assert warned.startswith("Of what could be measured")
        assert (
            first == "A process that scans 20 chains of 2,000 contracts and ends: PyPy 3.11, pure."
        )
        assert second.endswith("CPython 3.11, numba.")
        assert any("CPython 3.11, pure" in line and "100 ms" in line for line in rest)
        assert "not measured: PyPy 9: too new" in rest
        assert len(err.splitlines()) == 1
        assert advice.saved() == (ALL, 2000, 20)

    def test_all_measured_needs_no_warning_and_a_busy_machine_does(self, monkeypatch, capsys):
        monkeypatch.setattr(advice, "measure", lambda size, work="scan": (list(ALL), []))
        monkeypatch.setattr("os.getloadavg", lambda: (7.5, 1.0, 1.0))
        monkeypatch.setattr("os.cpu_count", lambda: 2)
        assert main(["bench", "--advise"]) == 0
        first, *_, last = capsys.readouterr().out.splitlines()
        assert first.startswith("A process that")
        assert last.endswith("2 processors were too few: measure again when they are idle.")
        monkeypatch.setattr("os.getloadavg", lambda: (1.5, 1.0, 1.0))
        assert main(["bench", "--advise"]) == 0
        assert capsys.readouterr().out.endswith("load average of 1.5.\n")

    def test_json_is_one_object_with_everything_in_it(self, known, capsys):
        assert main(["bench", "--advise", "--json", "--contracts", "9000", "--ticks", "99999"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["process_that_lives"]["backend"] == "numba"
        assert found["sizes"] == {"contracts": 9000, "chains": 100}
        assert [row["kind"] for row in found["measured"]] == [CPYTHON, PYPY, CPYTHON]
        assert found["not_measured"] == ["PyPy 9: too new"]
        assert found["ticks"]["sizes"] == {"ticks": 99999}
        # Twenty pieces of five thousand.
        assert found["ticks"]["measured"][0]["total_s"] == WARMING.total_s(5000, 20)
        assert found["ticks"]["process_that_ends"]["runtime"] == PYPY
        assert "bars" not in found

    def test_bars_and_ticks_are_advised_on_when_asked_for(self, known, capsys):
        words = ["--bars", "1000000", "--ticks", "3000"]
        assert main(["bench", "--advise", *words]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert "A process that backtests 1,000,000 bars and ends: CPython 3.11, numba." in lines
        assert "A process that goes on with bars: CPython 3.11, numba." in lines
        assert (
            "A process that takes 3,000 ticks one at a time and ends: CPython 3.11, pure." in lines
        )
        assert advice.saved() == (ALL, 2000, 100)

    def test_nothing_to_measure_is_unavailable(self, monkeypatch, capsys):
        monkeypatch.setattr(advice, "measure", lambda size: ([], ["CPython: none"]))
        assert main(["bench", "--advise"]) == 69
        assert "CPython: none" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "words",
        [
            ["--advise", "--quick"],
            ["--chains", "3"],
            ["--bars", "3"],
            ["--json"],
            ["--chains", "0"],
        ],
    )
    def test_what_does_not_go_together_is_refused(self, words, capsys):
        assert main(["bench", *words]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1

    def test_the_benchmarks_of_the_checkout_are_run_with_the_flags(self, monkeypatch):
        started = []

        def start(command):
            started.append(command)
            return subprocess.CompletedProcess(command, 75)

        monkeypatch.setattr(bench.subprocess, "run", start)
        assert main(["bench", "--quick", "--only", "box", "--only", "hull"]) == 75
        ((python, script, *flags),) = started
        assert (python, Path(script).name) == (sys.executable, "run.py")
        assert flags == ["--quick", "--only", "box", "--only", "hull"]

    def test_an_installed_package_says_that_it_has_none(self, monkeypatch, tmp_path, capsys):
        monkeypatch.setattr(bench, "ROOT", tmp_path)
        assert main(["bench", "--quick"]) == 69
        assert "come with a checkout" in capsys.readouterr().err
