"""Results are published as they were measured, whole, and with nothing private in them."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.measure import records, stored
from benchmarks.page import cross_tables, plots, results, tables

HOST_TABLES = cross_tables.HOST_TABLES

HOSTS = sorted(path for path in results.RESULTS.iterdir() if path.is_dir())
# crossover.py and peers.py write other forms.
FILES = sorted(host / f"{key}.json" for host in HOSTS for key in results.read_host(host))


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


def copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the report write to copies of its pages."""
    for name in report.PAGES:
        (folder / name).write_text((report.DOCS / name).read_text())
    monkeypatch.setattr(report, "DOCS", folder)


def published() -> str:
    return "\n".join((report.DOCS / name).read_text() for name in report.PAGES)


class TestPublished:
    def test_the_page_is_what_the_results_give(self):
        assert report.main(["--check"]) == 0

    @pytest.mark.parametrize("name", report.PAGES)
    def test_a_retouched_page_is_noticed(self, tmp_path, monkeypatch, capsys, name):
        copied(tmp_path, monkeypatch)
        assert report.main([]) == 0
        page = tmp_path / name
        page.write_text(page.read_text().replace(" ms", " ns", 1))
        assert report.main(["--check"]) == 1
        assert f"{name}: stale" in capsys.readouterr().err
        assert report.main([]) == 0
        assert report.main(["--check"]) == 0

    def test_the_first_page_begins_with_what_to_deploy_and_one_table(self):
        page = (report.DOCS / report.PAGES[0]).read_text()
        assert re.findall("^## (.*)", page, re.MULTILINE)[0] == "What to deploy"
        assert page.count("\n| ---") == 1

    def test_a_retouched_or_old_plot_is_noticed(self, tmp_path, monkeypatch):
        copied(tmp_path, monkeypatch)
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
        assert shown.strip() in published()
        assert report.main(["--print", "kernels", "--host", str(tmp_path)]) == 66
        assert report.main(["--print", "kernels", "--host", str(tmp_path / "none")]) == 66
        assert "no results" in capsys.readouterr().err

    def test_every_table_has_a_place(self):
        placed = [match.group(2, 3) for match in report.MARKED.finditer(published())]
        wanted = [("table", name) for name in (*tables.TABLES, *HOST_TABLES, report.COMPARED)]
        assert sorted(placed) == sorted([*wanted, *(("plot", name) for name in plots.PLOTS)])

    def test_the_page_says_whether_arm_was_timed(self):
        has_arm = any("aarch64" in path.name for path in results.RESULTS.iterdir())
        assert ("no ARM timing has been taken" in published()) != has_arm

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
        """Whole processes by size and peers too, whose files have other forms."""
        for host in HOSTS:
            sources = stored.sources(host)
            assert len(sources) == len(list(host.glob("*.json")))
            assert len(set(sources.values())) == 1, sources


class TestDecisions:
    def test_the_normal_distribution_was_chosen_by_what_was_printed(self):
        folder = report.DOCS / "adr"
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
