"""Which runtime is advised follows from numbers; the numbers come from real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import advice, advice_probe, interpreters
from engine.advice import Measured
from engine.advice_probe import SETTINGS, made_chain, timed
from engine.backend import select
from engine.cli import bench, runtime
from engine.cli.main import main
from engine.interpreters import CPYTHON, GUARD, PYPY, Interpreter, this_kind
from engine.pipeline import scan_chain

THIS = interpreters.probed(sys.executable)


def measured(kind, backend, start, first, steady, python=sys.executable, n=30):
    return Measured(kind, "3.11", python, backend, start, (first, *[steady] * n), 2000, 10**8)


# A plain process starts at once, PyPy warms up, Numba starts late and is then the fastest.
PURE = measured(CPYTHON, "pure", 0.1, 0.1, 0.1)
WARMING = measured(PYPY, "pure", 0.3, 0.5, 0.01)
COMPILED = measured(CPYTHON, "numba", 2.0, 0.5, 0.005)
ALL = [PURE, COMPILED, WARMING]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(GUARD, raising=False)


class TestChoice:
    @pytest.mark.parametrize(
        ("chains", "best"), [(1, PURE), (7, PURE), (20, WARMING), (300, WARMING), (1000, COMPILED)]
    )
    def test_it_depends_on_how_many_chains_a_process_scans(self, chains, best):
        assert advice.once(ALL, 2000, chains)[0] is best

    def test_and_on_how_large_they_are(self):
        assert advice.once(ALL, 200, 7)[0] is PURE
        assert advice.once(ALL, 200_000, 7)[0] is COMPILED

    def test_a_process_that_goes_on_forgets_its_start(self):
        assert advice.living(ALL, 2000) == [COMPILED, WARMING, PURE]

    def test_a_total_is_start_warm_up_and_scans(self):
        assert WARMING.total_s(2000, 1) == pytest.approx(0.3 + 0.5)
        assert WARMING.total_s(2000, 101) == pytest.approx(0.3 + 0.5 + 100 * 0.01)
        assert WARMING.total_s(4000, 101) == pytest.approx(0.3 + 0.49 + 101 * 0.02)

    def test_calls_that_got_slower_are_no_negative_warm_up(self):
        odd = Measured(CPYTHON, "3.11", "", "pure", 1.0, (0.1, 0.1, 0.9, 0.9), 2000, 0)
        assert odd.total_s(2000, 2) == pytest.approx(1.0 + 2 * 0.9)

    def test_the_backend_asked_for_is_kept(self):
        assert runtime.choice(ALL, 2000, 1000, None) is COMPILED
        assert runtime.choice(ALL, 2000, 1000, "auto") is COMPILED
        assert runtime.choice(ALL, 2000, 1000, "pure") is WARMING
        assert runtime.choice([PURE], 2000, 1000, "numba") is None


class TestMeasure:
    def test_a_real_process_is_measured(self, monkeypatch):
        monkeypatch.setattr(advice, "SECONDS", {CPYTHON: 0.01, PYPY: 0.01})
        found = advice._probe(THIS, "pure", 200)
        assert isinstance(found, Measured), found
        assert (found.kind, found.backend, found.contracts) == (this_kind(), "pure", 200)
        assert found.start_s > 0.0
        assert len(found.calls_s) >= 2
        assert min(found.calls_s) > 0.0

    @pytest.mark.parametrize("work", [advice.BARS, advice.TICKS])
    def test_bars_and_ticks_are_measured_too(self, monkeypatch, work):
        monkeypatch.setattr(advice, "SECONDS", {CPYTHON: 0.01, PYPY: 0.01})
        found = advice._probe(THIS, "pure", 300, work)
        assert isinstance(found, Measured), found
        assert found.contracts == 300
        assert min(found.calls_s) > 0.0

    def test_bars_are_a_backtest_and_ticks_end_in_a_signal(self):
        pure = select("pure")
        equity, orders, *_ = advice_probe.backtest(pure, 5000)()
        assert 0.9e6 < equity < 1.1e6
        assert orders > 10
        take = advice_probe.ticks(pure, 500)
        assert -1.0 <= take() <= 1.0
        assert take() == take()

    def test_what_fails_or_takes_too_long_is_told(self, monkeypatch):
        said = advice._probe(THIS, "nonsense", 200)
        assert "nonsense" in said
        monkeypatch.setattr(advice, "TIMEOUT", 0.001)
        assert "parity backend --warm" in advice._probe(THIS, "numba", 200)

    @pytest.mark.parametrize(("size", "piece", "count"), [(7, 7, 1), (20_001, 20_000, 2)])
    def test_bars_come_in_pieces(self, size, piece, count):
        assert advice.pieces(advice.BARS, size) == (piece, count)

    def test_every_interpreter_and_backend_has_its_turn(self, monkeypatch):
        asked = []

        def probe(interpreter, backend, contracts, work):
            asked.append((interpreter.kind, backend, contracts))
            return PURE if backend == "pure" else "numba: not ready"

        there = {kind: Interpreter(kind, kind, "3.11", kind == CPYTHON) for kind in (CPYTHON, PYPY)}
        monkeypatch.setattr(advice, "find", there.get)
        monkeypatch.setattr(advice, "_probe", probe)
        found, missing = advice.measure(10**6)
        assert asked == [(CPYTHON, "pure", 4000), (CPYTHON, "numba", 4000), (PYPY, "pure", 4000)]
        assert (found, missing) == ([PURE, PURE], ["numba: not ready"])
        monkeypatch.setattr(advice, "find", lambda kind: None)
        found, missing = advice.measure(1)
        assert found == []
        assert all("scripts/environments.sh" in line for line in missing)

    @pytest.mark.parametrize("contracts", [1, 200, 2000])
    def test_the_chain_is_of_the_size_asked_for_and_has_work(self, contracts):
        chain = made_chain(select("pure"), contracts)
        assert len(chain.bid) == max(40, contracts)
        assert all(bid < ask for bid, ask in zip(chain.bid, chain.ask, strict=True))

    def test_the_chain_is_usable(self):
        pure = select("pure")
        result = scan_chain(made_chain(pure, 200), SETTINGS, pure)
        assert result.unusable == ""
        assert result.funnel.skipped == {}

    def test_calls_are_counted(self):
        assert len(timed(lambda: None, 0.0)) == 2


class TestSaved:
    def test_it_comes_back(self):
        advice.save(ALL, 2000, 50)
        assert advice.saved() == (ALL, 2000, 50)

    def test_what_is_of_another_version_or_gone_is_not_believed(self, tmp_path):
        assert advice.saved() is None
        advice.save([PURE, measured(PYPY, "pure", 1, 1, 1, python=str(tmp_path / "gone"))], 1, 1)
        assert advice.saved() == ([PURE], 1, 1)
        text = advice.path().read_text()
        for spoilt in (text.replace('"version"', '"was"', 1), "[]", "{", text[:-9]):
            advice.path().write_text(spoilt)
            assert advice.saved() is None

    def test_nowhere_to_keep_it_is_no_error(self, monkeypatch, tmp_path):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        advice.save(ALL, 1, 1)


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
        monkeypatch.setattr("engine.cli.scan_request.build", lambda *_: sys.exit(0))
        assert main(["--no-color", "scan", "A", "--runtime", self.other.lower()]) == 0
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

    def test_auto_follows_the_advice(self, replaced, capsys):
        here = measured(this_kind(), "pure", 0.1, 0.1, 0.1)
        there = measured(self.other, "numba", 0.3, 0.5, 0.01, python=sys.executable)
        advice.save([here, there], 2000, 100)
        _, words, _ = self.replacement(["--runtime", "auto", "--top", "3"])
        assert words == ["scan", "--top", "3", "--backend", "numba"]
        advice.save([here, there], 2000, 1)
        assert self.replacement(["--runtime", "auto"]) == "pure"
        assert len(capsys.readouterr().err.splitlines()) == 2


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
