"""Whole processes are compared before they are timed, and what was timed is summed up rightly."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.measure import crossover, processes, runtimes, session, works, write_csv
from benchmarks.workloads import markets


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
        # A digest costs more than some works: it is no part of what is timed.
        assert "answer" not in report

    @pytest.mark.skipif(not hasattr(gc, "freeze"), reason="PyPy's collector has nothing to freeze")
    def test_the_collector_is_set_where_it_is_asked_for(self, chains):
        for how in ("freeze", "disable"):
            flags = ("--seconds", "0.01", "--collector", how, "--answer")
            report = crossover.process(runtime(), "ticks", 2, chains, *flags)
            assert report["answer"]

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
        price = works.WORKS["price"]
        assert price.sizes[:3] == (1000, 10_000, 100_000)
        rows = crossover.totals(runtime(), price, Path(), is_quick=True)
        # It took 1.1 and 10.1 s, which is too long already, but two sizes make a line.
        assert started == [row["size"] for row in rows] == [1000, 10_000]
        rows = crossover.totals(runtime(), price, Path(), is_quick=False)
        assert [row["size"] for row in rows] == [1000, 10_000]
        # Repeats end when the time is spent.
        assert [len(row["total_s"]) for row in rows] == [3, 1]

    def test_growth_is_taken_from_the_last_two_sizes(self, monkeypatch):
        """A warm-up of two seconds, spread over the first hundred, stops nothing later."""

        def process(_, name, size, *rest):
            parts = {"import_s": 0.1, "prepare_s": 0.0, "work_s": 0.0, "memory": 1}
            return {**parts, "total_s": 0.1 + min(size, 100) * 0.02 + size * 0.004}

        monkeypatch.setattr(crossover, "process", process)
        rows = crossover.totals(runtime(), works.WORKS["scan"], Path(), is_quick=False)
        assert [row["size"] for row in rows] == list(works.WORKS["scan"].sizes)

    def test_a_process_that_dies_ends_its_curve_and_nothing_else(self, monkeypatch):
        def process(_, name, size, *rest):
            if size > 1000:
                raise crossover.ProcessFailedError("killed")
            parts = {"import_s": 0.1, "prepare_s": 0.0, "work_s": 0.0, "memory": 1}
            return {**parts, "total_s": 0.1}

        monkeypatch.setattr(crossover, "process", process)
        rows = crossover.totals(runtime(), works.WORKS["price"], Path(), is_quick=True)
        assert [(row["size"], row.get("failed", "")) for row in rows] == [
            (1000, ""), (10_000, "killed"),
        ]  # fmt: skip

    def test_a_collector_that_gives_up_is_a_result(self, monkeypatch):
        def process(_, name, size, *rest, **environ):
            if "PYPY_GC_MAX" in environ:
                raise crossover.ProcessFailedError("MemoryError")
            return {"memory": 7, "backend": "b", "calls": [1.0]}

        monkeypatch.setattr(crossover, "process", process)
        rows = list(
            crossover.repeated(runtime("pypy-pure"), works.WORKS["scan"], Path(), is_quick=True)
        )
        assert [row["setting"] for row in rows] == ["default", *crossover.PYPY]
        assert [row["setting"] for row in rows if "failed" in row] == ["at most 200 MB"]
        rows = list(crossover.repeated(runtime(), works.WORKS["scan"], Path(), is_quick=True))
        assert [row["setting"] for row in rows] == ["default", *crossover.CPYTHON]
        rows = list(crossover.repeated(runtime(), works.WORKS["bars"], Path(), is_quick=True))
        assert [row["setting"] for row in rows] == ["default"]


class TestRun:
    @pytest.fixture
    def made(self, monkeypatch):
        monkeypatch.setattr(session.Session, "_catalogue_of", lambda *_: [])
        monkeypatch.setattr(session.Session, "_write_chains", lambda *_: None)

        def made(*flags):
            both = [runtime(), runtime("pypy-pure")]
            return session.Session(run.arguments(list(flags)), both, Path())

        return made

    def test_only_the_engine_crosses_and_one_work_in_haste(self, made):
        assert made().crossovers(runtime()) == list(works.WORKS)
        assert made("--quick").crossovers(runtime()) == list(session.QUICK_WORKS)
        assert made("--only", "crossover/price").crossovers(runtime()) == ["price"]
        baseline = runtimes.Runtime("c", Path(sys.executable), "pure", "c")
        assert made().crossovers(baseline) == []

    def test_answers_of_processes_are_compared_first(self, made, monkeypatch):
        monkeypatch.setattr(session.Session, "_answers_of", lambda *_: {})
        monkeypatch.setattr(
            crossover, "answers", lambda runtime, *_: {"crossover/price": runtime.key}
        )
        differing = made("--only", "crossover").compare()
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
