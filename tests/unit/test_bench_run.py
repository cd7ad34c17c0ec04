"""The benchmarks compare before they time, measure what was asked for, and say how far they are."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.measure import bench, plan, processes, progress, runtimes, session
from benchmarks.page import targets
from benchmarks.workloads import tasks
from tests.unit.bench_runtimes import runtime


class TestRun:
    def arguments(self, *flags):
        return run.arguments(list(flags))

    @pytest.fixture
    def answers(self, monkeypatch):
        """Let two runtimes answer as the test says."""
        given = {}
        monkeypatch.setattr(session.Session, "_catalogue_of", lambda *_: [
            {"name": "one", "is_quick": True, "contracts": 0, "needs": "", "what": ["kernels"]},
            {"name": "large", "is_quick": False, "contracts": 10**7, "needs": "",
             "what": ["kernels"]},
            {"name": "threads/x", "is_quick": True, "contracts": 0, "needs": "numba",
             "what": ["kernels"]},
        ])  # fmt: skip
        monkeypatch.setattr(
            session.Session, "_answers_of", lambda _, runtime, names: given[runtime.key]
        )
        both = [runtime(), runtime("pypy-pure")]
        monkeypatch.setattr(run, "find_runtimes", lambda *_: (both, ["C: no compiler"]))
        return given

    def test_nothing_is_timed_when_answers_differ(self, answers, monkeypatch, capsys):
        answers.update({"cpython-pure": {"one": "a"}, "pypy-pure": {"one": "b"}})
        monkeypatch.setattr(session.Session, "measure", lambda *_: pytest.fail("it measured"))
        assert run.main(["--quick"]) == run.PARITY_BROKEN == 70
        said = capsys.readouterr().err
        assert "DIFFERENT ANSWERS: one" in said
        assert "missing: C: no compiler" in said

    def test_parity_alone_times_nothing(self, answers, monkeypatch, capsys):
        monkeypatch.setattr(session.Session, "measure", lambda *_: pytest.fail("it measured"))
        answers.update({"cpython-pure": {"one": "a"}, "pypy-pure": {"one": "a"}})
        assert run.main(["--parity", "--quick"]) == 0
        answers.update({"pypy-pure": {"one": "b"}})
        assert run.main(["--parity", "--quick"]) == run.PARITY_BROKEN

    def test_sources_that_change_spoil_the_results(self, answers, monkeypatch, capsys, tmp_path):
        answers.update({"cpython-pure": {"one": "a"}, "pypy-pure": {"one": "a"}})
        states = iter("abc")
        monkeypatch.setattr(run, "source_state", lambda: {"sources": next(states)})
        monkeypatch.setattr(session.Session, "steps", lambda *_: 1)
        monkeypatch.setattr(session.Session, "measure", lambda *_, **__: [])
        assert run.main(["--quick", f"--output={tmp_path}"]) == run.SOURCES_CHANGED
        assert list(tmp_path.iterdir()) == []

    def test_plain_cpython_is_spared_the_largest(self, answers):
        args = self.arguments()
        made = session.Session(args, [runtime(), runtime("pypy-pure")], Path())
        assert made.workloads(runtime()) == ["one"]
        assert made.workloads(runtime("pypy-pure")) == ["one", "large"]
        assert made.workloads(runtime("c", "c")) == []

    def test_what_needs_a_backend_is_measured_there_alone(self, answers):
        made = session.Session(self.arguments("--only", "threads"), [runtime()], Path())
        assert made.workloads(runtime("cpython-numba")) == ["threads/x"]
        assert made.workloads(runtime()) == made.workloads(runtime("pypy-pure")) == []

    def test_only_chooses_by_part_of_a_name(self, answers):
        made = session.Session(self.arguments("--only", "lar"), [runtime()], Path())
        assert made.workloads(runtime("pypy-pure")) == ["large"]

    def test_what_is_missing_is_said_with_the_command_that_helps(self, tmp_path):
        found, missing = runtimes.find_runtimes(tmp_path / "python", tmp_path / "pypy")
        assert found == []
        assert any("pip install" in line for line in missing)
        assert any("scripts/environments.sh pypy" in line for line in missing)

    def test_a_host_is_known_by_its_processor_alone(self):
        assert platform.node() == "" or platform.node() not in runtimes.host_key().split("-")

    def test_processes_of_each_backend(self, tmp_path):
        names = {
            key: [process.name for process in processes.processes(runtime(key), tmp_path)]
            for key in ("cpython-pure", "cpython-numba", "pypy-pure")
        }
        assert any("cold" in name for name in names["cpython-numba"])
        assert not any("cold" in name for name in names["pypy-pure"])
        assert len(names["cpython-pure"]) < len(names["pypy-pure"])


class TestPlan:
    def entries(self, *names, contracts=0):
        return [
            {"name": name, "contracts": contracts, "needs": "", "what": ["kernels"]}
            for name in names
        ]

    def test_what_is_measured_alike_is_one_call(self):
        entries = self.entries("kernel/a", "scan/b", "kernel/c")
        (kernels, named), (scans, _) = plan.jobs(
            runtime("pypy-pure"), entries, is_quick=False, is_again=False
        )
        assert kernels == scans == plan.MANY
        assert named[2:6] == ["--workload", "kernel/a", "--workload", "kernel/c"]
        assert named[-2:] == ["--warm-up", str(plan.WARM_UP["kernel"])]

    @pytest.mark.parametrize(("key", "contracts"), [("cpython-pure", 0), ("pypy-pure", 10**6)])
    def test_what_takes_long_is_measured_a_few_times(self, key, contracts):
        entries = self.entries("scan/b", contracts=contracts)
        ((options, _),) = plan.jobs(runtime(key), entries, is_quick=False, is_again=False)
        assert options == plan.FEW

    def test_rounds_measure_what_targets_rest_on_again(self, monkeypatch):
        target = next(one.name for one in targets.TARGETS if one.key == targets.PYPY)
        catalogue = [{**entry, "is_quick": True} for entry in self.entries(target, "kernel/z")]
        monkeypatch.setattr(session.Session, "_catalogue_of", lambda *_: catalogue)
        started = []
        monkeypatch.setattr(
            session.Session, "_pyperf", lambda _, one, options, rest: started.append(rest)
        )
        made = session.Session(run.arguments([]), [runtime("pypy-pure")], Path())
        made.measure(runtime("pypy-pure"), is_again=True)
        assert [word for words in started for word in words if "/" in word] == [target]
        started.clear()
        # No target asks what NumPy takes for it.
        numpy = runtime(targets.NUMPY)
        session.Session(run.arguments([]), [numpy], Path()).measure(numpy, is_again=True)
        assert started == []
        made = session.Session(run.arguments(["--only", "z"]), [runtime("pypy-pure")], Path())
        made.measure(runtime("pypy-pure"), is_again=True)
        assert "kernel/z" in started[-1]
        with pytest.raises(SystemExit):
            run.arguments(["--rounds", "0"])

    def test_c_is_measured_again_beside_every_target(self):
        entries = self.entries("kernel/price/50000", "kernel/z")
        again = plan.judged(runtime("c", "c"), entries)
        assert [entry["name"] for entry in again] == ["kernel/price/50000"]
        # Judged, but not by rounds.
        assert plan.judged(runtime("pypy-pure"), self.entries("scan/clean/200x1")) == []

    def test_plain_python_takes_few_values_and_little_part_in_quick(self):
        entries = self.entries("kernel/price/50000", "kernel/rsi/1000000")
        short, long = ({**one, "is_quick": True} for one in entries)
        plain, pypy = runtime("cpython-plain", "plain"), runtime("pypy-plain", "plain")
        assert [plan.is_quick(plain, one) for one in (short, long)] == [True, False]
        assert [plan.is_quick(pypy, one) for one in (short, long)] == [False, False]
        assert plan.is_quick(runtime(), long)
        found = plan.jobs(plain, [short, long], is_quick=False, is_again=False)
        assert [options for options, _ in found] == [plan.MANY, plan.FEW]
        ((options, _),) = plan.jobs(pypy, [short, long], is_quick=False, is_again=False)
        assert options == plan.MANY

    def test_a_value_is_made_of_as_many_runs_as_take_a_while(self, monkeypatch):
        timer = bench.Timer(lambda: tasks.Task(lambda: 0.0, str), 0.0)
        monkeypatch.setattr(tasks.Task, "warm_up", lambda *_: 1e-3)
        asked = []

        def seconds(_, loops):
            asked.append(loops)
            return loops * 1e-3

        monkeypatch.setattr(tasks.Task, "seconds", seconds)
        assert timer(2) == pytest.approx(2e-3)
        assert asked == [10]

    def test_a_first_run_that_is_short_is_not_the_last(self):
        runs = []
        task = tasks.Task(lambda: runs.append(1) or 0.0, str)
        assert 0.0 < task.warm_up(0.0) < tasks.SHORT_S
        assert len(runs) == 2


class TestProgress:
    def test_lines_are_counted_where_there_is_no_terminal(self, capsys):
        told = progress.Progress()
        told.expect(2)
        told.step("one")
        told.step("two")
        first, second = capsys.readouterr().err.splitlines()
        assert first.startswith("run: [1/2, ")
        assert second.startswith("run: [2/2, ")
        assert second.endswith("two")

    def test_a_bar_is_drawn_on_a_terminal_and_taken_away_for_a_line(self, monkeypatch, capsys):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        told = progress.Progress()
        told.expect(2)
        told.step("one")
        told.say("a line")
        text = capsys.readouterr().err
        assert "#" * 12 + "-" * 12 in text
        assert text.endswith("\r\x1b[Krun: a line\n")
