"""The benchmarks compare before they time, and publish what they measured and nothing private."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from importlib import import_module
from pathlib import Path

import pytest

# The benchmarks are scripts: each imports its neighbours.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
bench, plan, plots, processes, progress, records, report, results, run, runtimes = map(
    import_module,
    (
        "bench", "plan", "plots", "processes", "progress", "records", "report", "results", "run",
        "runtimes",
    ),
)  # fmt: skip
session, tables, targets, tasks, verdicts, workloads = map(
    import_module, ("session", "tables", "targets", "tasks", "verdicts", "workloads")
)
HOST_TABLES = import_module("cross_tables").HOST_TABLES

HOSTS = sorted(path for path in results.RESULTS.iterdir() if path.is_dir())
# crossover.py and peers.py write other forms.
FILES = sorted(host / f"{key}.json" for host in HOSTS for key in results.read_host(host))


def runtime(key="cpython-pure", what="kernels"):
    return runtimes.Runtime(key, Path(sys.executable), key.partition("-")[2], what)


class TestRun:
    def arguments(self, *flags):
        return run.arguments(list(flags))

    @pytest.fixture
    def answers(self, monkeypatch):
        """Let two runtimes answer as the test says."""
        given = {}
        monkeypatch.setattr(session.Session, "_catalogue_of", lambda *_: [
            {"name": "one", "is_quick": True, "contracts": 0, "what": ["kernels"]},
            {"name": "large", "is_quick": False, "contracts": 10**7, "what": ["kernels"]},
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
        return [{"name": name, "contracts": contracts, "what": ["kernels"]} for name in names]

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


class TestRecords:
    def written(self, tmp_path, rounds=1):
        run_ = {"values": [2e-6, 1e-6, 3e-6], "metadata": {"load_avg_1min": 0.5, "uptime": 9}}
        shared = {
            "hostname": "box", "python_executable": "/home/someone/python", "name": "kernel/x",
            "backend": "pure kernels", "date": "2026-01-02 03:04:05", "per": "strike",
            "per_count": 1000, "mem_max_rss": 5_000_000,
        }  # fmt: skip
        parts = []
        for number in range(rounds):
            # Every round is a little slower, and has a date and a load of its own.
            run_["values"] = [(1.0 + number) * value for value in (2e-6, 1e-6, 3e-6)]
            run_["metadata"]["load_avg_1min"] = 0.5 + number
            shared["date"] = f"2026-01-0{2 + number} 03:04:05"
            content = {"benchmarks": [{"runs": [run_]}], "metadata": shared, "version": "1.0"}
            parts.append((number, tmp_path / f"part{number}.json"))
            parts[-1][1].write_text(json.dumps(content))
        path = tmp_path / "host" / "pypy-pure.json"
        records.write_record(parts, path, {"commit": "abc"})
        return path

    def test_rounds_are_told_apart_and_their_least_counts(self, tmp_path):
        record = results.read_record(self.written(tmp_path, 3))
        timing = record.timings["kernel/x"]
        assert timing.rounds == (1e-6, 2e-6, 3e-6)
        assert (timing.least, len(timing.values)) == (1e-6, 9)
        assert record.loads == (0.5, 1.5, 2.5)
        assert record.dates[-1].startswith("2026-01-04")

    def test_pyperf_reads_rounds(self, tmp_path):
        pyperf = pytest.importorskip("pyperf")
        (benchmark,) = pyperf.BenchmarkSuite.load(str(self.written(tmp_path, 2))).get_benchmarks()
        assert benchmark.get_nrun() == 2
        assert benchmark.get_nvalue() == 6

    def test_what_is_private_is_left_out(self, tmp_path):
        text = self.written(tmp_path).read_text()
        assert "someone" not in text
        assert "box" not in text

    def test_what_was_measured_comes_back(self, tmp_path):
        record = results.read_record(self.written(tmp_path, 1))
        timing = record.timings["kernel/x"]
        assert (timing.least, timing.middle, timing.count) == (1e-6, 2e-6, 1000)
        assert (record.about["commit"], record.loads, timing.rss) == ("abc", (0.5,), 5_000_000)

    def test_pyperf_reads_it(self, tmp_path):
        pyperf = pytest.importorskip("pyperf")
        (benchmark,) = pyperf.BenchmarkSuite.load(str(self.written(tmp_path))).get_benchmarks()
        assert benchmark.get_name() == "kernel/x"
        assert benchmark.median() == 2e-6

    def test_the_sources_have_one_state(self):
        assert records.source_state() == records.source_state()

    def test_a_result_just_written_changes_no_source(self):
        before = records.source_state()
        folder = results.RESULTS / f"of-a-test-{os.getpid()}"
        folder.mkdir(parents=True)
        try:
            (folder / "one.txt").write_text("")
            assert records.source_state() == before
        finally:
            shutil.rmtree(folder)


def record(key, **least):
    timings = {name: results.Timing(name, (value,), "run", 1, 0) for name, value in least.items()}
    return results.Record(key, {}, timings, (1.0,), ("2026-01-01",), "")


class TestTables:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (1.5, "1.50 s"), (0.99996, "1.00 s"), (1.234e-5, "12.3 µs"), (1.2e-7, "120 ns"),
            (2.5e-11, "25.0 ps"),
        ],
    )  # fmt: skip
    def test_durations_have_three_digits(self, seconds, text):
        assert tables.duration(seconds) == text

    def losses(self, found, peers):
        return verdicts.losers(found, peers).splitlines()[2:]

    def test_a_loss_is_shown_with_absolutes_and_all_who_won(self):
        found = {
            tables.PURE: record(tables.PURE, one=1e-3, other=2e-3),
            tables.PYPY: record(tables.PYPY, one=3e-3, other=1e-3),
            tables.NUMBA: record(tables.NUMBA, one=5e-4, other=5e-3),
        }
        assert self.losses(found, {}) == [
            "| one | PyPy | 3.00 ms per run | CPython + Numba 500 µs (6.00x), "
            "CPython 1.00 ms (3.00x) |",
            "| other | CPython + Numba | 5.00 ms per run | PyPy 1.00 ms (5.00x), "
            "CPython 2.00 ms (2.50x) |",
        ]

    def test_what_loses_to_c_or_to_a_peer_is_shown_and_what_c_loses(self):
        found = {
            tables.PURE: record(tables.PURE, one=9e-3),
            tables.NUMBA: record(tables.NUMBA, one=3e-3),
            "c": record("c", one=1e-3, other=2e-3),
            tables.PYPY: record(tables.PYPY, other=1e-3),
        }
        assert self.losses(found, {"peer": record("peer", one=2e-3)}) == [
            "| one | CPython + Numba | 3.00 ms per run | C 1.00 ms (3.00x), peer 2.00 ms (1.50x) |",
            "| other | C | 2.00 ms per run | PyPy 1.00 ms (2.00x) |",
        ]

    def test_what_plain_python_gains_on_pypy_is_shown_also_where_it_is_nothing(self):
        found = {
            tables.PLAIN: record(tables.PLAIN, **{"kernel/a": 4e-3, "kernel/b": 1e-3}),
            tables.PYPY_PLAIN: record(tables.PYPY_PLAIN, **{"kernel/a": 1e-3, "kernel/b": 2e-3}),
            tables.PYPY: record(tables.PYPY, **{"kernel/a": 5e-4}),
        }
        one, other = verdicts.idiomatic(found).splitlines()[2:]
        assert one.endswith("| 4.00 ms | 1.00 ms | 500 µs | 4.00x | 2.00x |")
        assert other.endswith("| 1.00 ms | 2.00 ms | – | **nothing: 2.00x slower** | – |")
        del found[tables.PYPY_PLAIN]
        assert "not measured" in verdicts.idiomatic(found)
        assert "not measured" in verdicts.idiomatic({})

    def of(self, key, *rounds, name="one"):
        timing = results.Timing(name, rounds, "run", 1, 0, rounds)
        return results.Record(key, {}, {name: timing}, (), (), "")

    def test_a_target_is_met_or_missed(self):
        target = targets.Target("x", "one", targets.PYPY, 2e-3)
        ratio = targets.Target("x", "one", targets.PYPY, 1.5, targets.C)
        found = {targets.PYPY: record(targets.PYPY, one=3e-3), targets.C: record("c", one=1e-3)}
        told = targets.judged(target, found)
        assert (told.measured, told.limit, told.c, told.shares) == (3e-3, 2e-3, 1e-3, (1.5,))
        told = targets.judged(ratio, found)
        assert (told.measured, told.limit, told.n_met) == (3e-3, 1.5e-3, 0)
        assert targets.judged(ratio, {targets.PYPY: found[targets.PYPY]}) is None

    def test_the_middle_round_judges_with_what_was_measured_in_it(self):
        """The least of all rounds would be 0.5 over 0.4: a target that two of three rounds met."""
        found = {
            targets.PYPY: self.of(targets.PYPY, 0.8e-3, 0.5e-3, 1.2e-3),
            targets.C: self.of("c", 1e-3, 1e-3, 0.4e-3),
        }
        told = targets.judged(targets.Target("x", "one", targets.PYPY, 1.0, targets.C), found)
        assert told.shares == pytest.approx((0.8, 0.5, 3.0))
        assert (told.measured, told.limit, told.c) == (0.8e-3, 1e-3, 1e-3)
        assert (told.share, told.n_met) == (0.8, 2)
        # Of two, the worse.
        pair = {targets.PYPY: self.of(targets.PYPY, 1e-3, 3e-3)}
        told = targets.judged(targets.Target("x", "one", targets.PYPY, 2e-3), pair)
        assert (told.share, told.n_met, told.c) == (1.5, 1, None)

    def test_a_peer_stands_beside_every_round_and_one_round_beside_the_first(self):
        found = {targets.PYPY: self.of(targets.PYPY, 3e-3, 2e-3)}
        beside = targets.Target("x", "one", targets.PYPY, 1.0, "peer")
        told = targets.judged(beside, {**found, "peer": record("peer", one=1e-3)})
        assert told.shares == pytest.approx((3.0, 2.0))
        assert targets.judged(beside, found) is None
        once = {targets.PYPY: record(targets.PYPY, one=3e-3), targets.C: self.of("c", 1e-3, 9e-3)}
        told = targets.judged(targets.Target("x", "one", targets.PYPY, 1.0, targets.C), once)
        assert told.shares == pytest.approx((3.0,))

    def test_the_table_shows_c_the_rounds_and_peers_apart(self, monkeypatch):
        asked = (
            targets.Target("x", "one", targets.PYPY, 2e-3),
            targets.Target("y", "one", targets.PYPY, 1.0, "peer"),
            targets.Target("z", "other", targets.PYPY, 1.0),
        )
        monkeypatch.setattr(verdicts, "TARGETS", asked)
        found = {
            targets.PYPY: self.of(targets.PYPY, 3e-3, 1e-3, 4e-3),
            "c": record("c", one=1e-3),
            "peer": record("peer", one=4e-3),
        }
        assert verdicts.targets(found).splitlines()[2:] == [
            "| x | PyPy | 1.00 ms | 2.00 ms | 3.00 ms | 1.50 0.50 2.00 | 1 of 3 | "
            "**missed by 1.50x** |",
            "| y | PyPy | 1.00 ms | 4.00 ms | 3.00 ms | 0.75 0.25 1.00 (peer: not in the run) | "
            "3 of 3 | met |",
            "| z | PyPy | – | – | – | – | – | not measured |",
        ]

    def test_plain_python_on_pypy_is_beside_the_gate_not_judged_by_it(self):
        key = tables.PYPY_PLAIN
        base = {tables.PYPY: record(tables.PYPY, one=1.0), key: record(key, one=1.0),
                "c": record("c", one=1.0)}  # fmt: skip
        found = import_module("compare").changes(base, {**base, key: record(key, one=9.0)})
        assert [change.runtime for change in found] == [tables.PYPY]

    def test_every_target_names_something_measured(self, tmp_path):
        known = set(workloads.WORKLOADS)
        for key in (tables.NUMBA, tables.PYPY, tables.PURE):
            known |= {process.name for process in processes.processes(runtime(key), tmp_path)}
        named = {target.name for target in targets.TARGETS}
        named |= {target.against for target in targets.TARGETS if target.against}
        assert named <= known
        assert {name for _, name in tables.SITUATIONS} <= known
        beside = {target.other for target in targets.TARGETS if target.other}
        assert beside <= {*tables.NAMES, *import_module("peer_adapters").ADAPTERS}

    def test_a_target_against_a_peer_takes_its_record(self, tmp_path):
        row = {"peer": "TA-Lib", "version": "1", "workload": "kernel/sma/1000000", "least_s": 0.01,
               "middle_s": 0.02, "count": 10**6, "note": ""}  # fmt: skip
        about = {"date": "2026-01-02", "load_avg_1min": 0.5}
        content = {"about": about, "measured": [row], "missing": []}
        (tmp_path / results.PEERS).write_text(json.dumps(content))
        peer = results.read_peers(tmp_path)
        assert results.cost(peer["TA-Lib"], row["workload"]) == 1e-8
        ours = targets.Target("x", row["workload"], targets.PYPY, 1.1, "TA-Lib")
        timing = results.Timing(row["workload"], (9e-3,), "value", 10**6, 0)
        record_ = results.Record("", {}, {row["workload"]: timing}, (), (), "")
        found = targets.judged(ours, {targets.PYPY: record_, **peer})
        assert (found.measured, found.limit) == pytest.approx((9e-9, 1.1e-8))
        assert results.read_peers(tmp_path / "none") == {}


class TestPublished:
    def test_the_page_is_what_the_results_give(self):
        assert report.main(["--check"]) == 0

    def test_a_retouched_page_is_noticed(self, tmp_path, monkeypatch, capsys):
        page = tmp_path / "page.md"
        page.write_text(report.PAGE.read_text().replace(" µs", " ns", 1))
        monkeypatch.setattr(report, "PAGE", page)
        assert report.main(["--check"]) == 1
        assert "stale" in capsys.readouterr().err
        assert report.main([]) == 0
        assert report.main(["--check"]) == 0

    def test_a_retouched_or_old_plot_is_noticed(self, tmp_path, monkeypatch):
        page = tmp_path / "page.md"
        page.write_text(report.PAGE.read_text())
        monkeypatch.setattr(report, "PAGE", page)
        assert report.main([]) == 0
        plot = tmp_path / "plots" / "ratio_to_c.svg"
        plot.write_text(plot.read_text().replace("Numba", "Number", 1))
        assert report.main(["--check"]) == 1
        assert report.main([]) == 0
        (tmp_path / "plots" / "old.svg").write_text("")
        assert report.main(["--check"]) == 1
        assert report.main([]) == 0
        assert not (tmp_path / "plots" / "old.svg").exists()

    def test_one_table_can_be_shown(self, tmp_path, capsys):
        assert report.main(["--print", "kernels"]) == 0
        shown = capsys.readouterr().out
        assert shown.strip() in report.PAGE.read_text()
        assert report.main(["--print", "kernels", "--host", str(tmp_path)]) == 1
        assert report.main(["--print", "kernels", "--host", str(tmp_path / "none")]) == 1
        assert "no results" in capsys.readouterr().err

    def test_every_table_has_a_place(self):
        placed = [match.group(2, 3) for match in report.MARKED.finditer(report.PAGE.read_text())]
        wanted = [("table", name) for name in (*tables.TABLES, *HOST_TABLES, report.COMPARED)]
        assert sorted(placed) == sorted([*wanted, *(("plot", name) for name in plots.PLOTS)])

    def test_the_page_says_that_no_arm_timing_was_taken(self):
        assert "no ARM timing has been taken" in report.PAGE.read_text()

    @pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
    def test_a_result_file_is_whole_and_holds_nothing_private(self, path):
        content = json.loads(path.read_text())
        kept = set(content["metadata"]) - {"commit", "sources", "runtime"}
        for benchmark in content["benchmarks"]:
            kept |= set(benchmark["metadata"])
            assert all(run["metadata"].keys() <= set(records.KEPT) for run in benchmark["runs"])
        assert kept <= set(records.KEPT)
        assert "/home/" not in path.read_text()
        assert "/root/" not in path.read_text()
        assert not content["metadata"]["commit"].endswith("changes")

    def test_all_runtimes_of_a_host_measured_one_state(self):
        for host in HOSTS:
            states = {record.about["sources"] for record in results.read_host(host).values()}
            assert len(states) == 1


class TestDecisions:
    def test_the_normal_distribution_was_chosen_by_what_was_printed(self):
        folder = report.PAGE.parent / "adr"
        printed = (folder / "0002-normal-cdf.txt").read_text()
        page = (folder / "0002-normal-cdf.md").read_text()
        cpython, pypy = (
            {line[:22].strip(): line[22:].split() for line in part.splitlines()[2:]}
            for part in (printed[: printed.index("PyPy")], printed[printed.index("PyPy") :])
        )
        rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.count("|") == 8]
        assert len(rows) == 2 + len(cpython)
        for name, *told in rows[2:]:
            key = name.replace("`", "").partition(" (")[0]
            *errors, ns, numba_ns = cpython[key]
            *others, pypy_ns = pypy[key]
            pairs = zip(errors, others, strict=True)
            both = [one if one == other else f"{one}; {other}" for one, other in pairs]
            assert told == [*both, pypy_ns, numba_ns, ns]
