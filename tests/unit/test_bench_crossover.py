"""Whole processes are compared before they are timed, and what was timed is summed up rightly."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

# The benchmarks are scripts: each imports its neighbours.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
crossover, run, runtimes, works, markets, processes, write_csv = map(
    import_module,
    ("crossover", "run", "runtimes", "works", "markets", "processes", "write_csv"),
)


def runtime(key="cpython-pure"):
    return runtimes.Runtime(key, Path(sys.executable), "pure")


@pytest.fixture(scope="module")
def chains(tmp_path_factory):
    """A folder with a small chain where the large one is expected."""
    from engine.backend import select

    folder = tmp_path_factory.mktemp("chains")
    small = markets.clean(select("pure"), 200).chain
    write_csv.write_chain(small, processes.csv_paths(folder)[works.CHAIN])
    return folder


class TestSummary:
    def test_what_is_slow_at_first_is_warm_up(self):
        calls = [9.0] * 4 + [3.0] * 6 + [1.0] * 900
        found = crossover.summary(calls)
        assert found["steady_s"] == found["p50_s"] == found["p99_s"] == 1.0
        # From the call on with which most of a window is steady.
        assert 9.0 * 4 < found["to_warm_s"] <= 9.0 * 4 + 3.0 * 6
        assert (found["first_s"], found["calls"]) == (9.0, 910)

    def test_a_pause_counts_in_the_tail_and_not_as_warm_up(self):
        calls = [1.0] * 98 + [50.0, 1.0]
        found = crossover.summary(calls)
        assert (found["to_warm_s"], found["most_s"], found["p99_s"]) == (0, 50.0, 1.0)
        assert crossover.summary([1.0] * 97 + [50.0, 50.0, 1.0])["p99_s"] == 50.0

    def test_one_call_is_its_own_summary(self):
        found = crossover.summary([2.0])
        assert found["p50_s"] == found["p99_s"] == found["steady_s"] == 2.0

    @pytest.mark.parametrize(("share", "value"), [(0.5, 5), (0.99, 10), (0.1, 1), (1.0, 10)])
    def test_a_percentile_is_one_of_the_values(self, share, value):
        assert crossover.percentile(list(range(1, 11)), share) == value


class TestProcesses:
    @pytest.mark.parametrize("name", works.WORKS)
    def test_a_real_process_reports(self, name, chains):
        report = crossover.process(runtime(), name, 2, chains, "--seconds", "0.01")
        assert report["total_s"] > report["import_s"] + report["prepare_s"] + report["work_s"] > 0
        assert report["memory"] > 1_000_000
        assert len(report["calls"]) >= 2
        assert "pure kernels" in report["backend"]

    @pytest.mark.parametrize("name", works.WORKS)
    def test_backends_answer_alike_and_sizes_do_not(self, name, backend, chains):
        def answer(backend, size):
            do, answered = works.WORKS[name].prepare(backend, size, chains)
            do()
            return answered()

        from engine.backend import select

        assert answer(backend, 3) == answer(select("pure"), 3) != answer(backend, 4)

    def test_what_fails_is_told_with_its_last_line(self, tmp_path):
        with pytest.raises(crossover.ProcessFailedError, match=r"cpython-pure: scan of 1: .*csv"):
            crossover.process(runtime(), "scan", 1, tmp_path)

    def test_sizes_end_before_one_takes_too_long(self, monkeypatch):
        started = []

        def process(_, name, size, *rest):
            started.append(size)
            parts = {"import_s": 0.1, "prepare_s": 0.0, "work_s": size / 1000.0, "memory": 1}
            return {**parts, "total_s": 0.1 + size / 1000.0}

        monkeypatch.setattr(crossover, "process", process)
        rows = list(crossover.totals(runtime(), works.WORKS["price"], Path(), is_quick=True))
        assert started == [row["size"] for row in rows] == [100, 1000]
        rows = list(crossover.totals(runtime(), works.WORKS["price"], Path(), is_quick=False))
        assert [row["size"] for row in rows] == [100, 1000, 10_000]
        # The largest is repeated until the time is spent.
        assert [len(row["total_s"]) for row in rows] == [3, 3, 2]

    def test_a_collector_that_gives_up_is_a_result(self, monkeypatch):
        def process(_, name, size, *rest, **environ):
            if "PYPY_GC_MAX" in environ:
                raise crossover.ProcessFailedError("MemoryError")
            return {"memory": 7, "backend": "b", "calls": [1.0]}

        monkeypatch.setattr(crossover, "process", process)
        rows = list(
            crossover.repeated(runtime("pypy-pure"), works.WORKS["scan"], Path(), is_quick=True)
        )
        assert [row["setting"] for row in rows] == ["default", *crossover.COLLECTOR]
        assert [row["setting"] for row in rows if "failed" in row] == ["at most 200 MB"]
        rows = list(crossover.repeated(runtime(), works.WORKS["scan"], Path(), is_quick=True))
        assert [row["setting"] for row in rows] == ["default"]


class TestRun:
    @pytest.fixture
    def session(self, monkeypatch):
        monkeypatch.setattr(run.Session, "_catalogue_of", lambda *_: [])
        monkeypatch.setattr(run.Session, "_write_chains", lambda *_: None)

        def made(*flags):
            return run.Session(
                run.arguments(list(flags)), [runtime(), runtime("pypy-pure")], Path()
            )

        return made

    def test_only_the_engine_crosses_and_not_in_haste(self, session):
        assert session().crossovers(runtime()) == list(works.WORKS)
        assert session("--quick").crossovers(runtime()) == []
        assert session("--only", "crossover/price").crossovers(runtime()) == ["price"]
        baseline = runtimes.Runtime("c", Path(sys.executable), "pure", "c")
        assert session().crossovers(baseline) == []

    def test_answers_of_processes_are_compared_first(self, session, monkeypatch):
        monkeypatch.setattr(run.Session, "_answers_of", lambda *_: {})
        monkeypatch.setattr(
            crossover, "answers", lambda runtime, *_: {"crossover/price": runtime.key}
        )
        differing = session("--only", "crossover").compare()
        assert list(differing) == ["crossover/price"]

    def test_the_file_holds_nothing_private(self, monkeypatch, tmp_path):
        report = {"import_s": 1.0, "prepare_s": 1.0, "work_s": 9.0, "memory": 7, "total_s": 11.0}
        report = {**report, "backend": "pure kernels", "calls": [1.0, 1.0]}
        monkeypatch.setattr(crossover, "process", lambda *_, **__: dict(report))
        path = tmp_path / "crossover-pypy-pure.json"
        facts = {"sources": "s", "commit": "c", "runtime": "pypy-pure"}
        crossover.measure(
            runtime("pypy-pure"), list(works.WORKS), tmp_path, path, facts, is_quick=True
        )
        content = json.loads(path.read_text())
        assert {row["work"] for row in content["totals"]} == set(works.WORKS)
        assert content["about"]["sources"] == "s"
        assert str(tmp_path) not in path.read_text()
        assert sys.executable not in path.read_text()
