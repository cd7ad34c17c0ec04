"""Machines stand side by side on the page, and nothing is timed on one that is not fit for it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.page import cross_tables, hosts
from benchmarks.page.results import RESULTS
from scripts import bench_arm

COMMITTED = next(path for path in RESULTS.iterdir() if (path / "pypy-pure.json").exists())


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two machines, of which the second has no PyPy and takes twice as long for one price."""
    for name in ("first", "second-aarch64"):
        (tmp_path / name).mkdir()
    for key in ("cpython-pure", "cpython-numba", "pypy-pure"):
        shutil.copy(COMMITTED / f"{key}.json", tmp_path / "first")
    content = json.loads((COMMITTED / "cpython-pure.json").read_text())
    content["metadata"].update(cpu_model_name="Neoverse-N1 (0x41/0xd0c)", cpu_count=4)
    for benchmark in content["benchmarks"]:
        if benchmark["metadata"]["name"] == "kernel/price/50000":
            for run in benchmark["runs"]:
                run["values"] = [2.0 * value for value in run.get("values", [])]
    (tmp_path / "second-aarch64" / "cpython-pure.json").write_text(json.dumps(content))
    (tmp_path / "empty").mkdir()
    return tmp_path


class TestSideBySide:
    def test_each_machine_has_a_column_for_each_runtime_it_has(self, results: Path) -> None:
        header, _, *rows = hosts.hosts(results).splitlines()
        titles = [title.strip() for title in header.strip("|").split("|")]
        assert titles[0] == "per unit"
        assert [title.rpartition(": ")[2] for title in titles[1:]] == [
            "CPython", "PyPy", "CPython + Numba", "CPython",
        ]  # fmt: skip
        assert titles[4] == "Neoverse-N1 (0x41/0xd0c), 4 cores: CPython"
        by = {row.split("|")[1].strip(): row.strip("|").split("|")[1:] for row in rows}
        first, second = (by["kernel/price/50000"][k].split() for k in (0, 3))
        assert float(second[0]) == pytest.approx(2.0 * float(first[0]), rel=0.01)
        assert second[1] == first[1]
        # What a machine did not measure is no number.
        assert by["process/1 audits, 2 jobs/demo"][3].strip() == "–"

    def test_a_machine_without_results_has_none(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        assert hosts.hosts(tmp_path) == "| per unit |\n| --- |"

    def test_the_page_has_those_beside_the_one_it_is_made_of(self, results: Path) -> None:
        host = cross_tables.read(results / "first")
        assert cross_tables.HOST_TABLES["hosts"](host) == hosts.hosts(results)
        assert "results/second-aarch64" in cross_tables.not_measured(host)

    def test_runtimes_are_compared_two_by_two(self, results: Path) -> None:
        pytest.importorskip("pyperf", reason="pyperf makes the tables")
        text = hosts.write_report(results / "first").read_text()
        for title in (
            "CPython + Numba against CPython",
            "PyPy against CPython",
            "PyPy against CPython + Numba",
        ):
            part = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
            assert "kernel/price/50000" in part
            assert "faster" in part
        with pytest.raises(FileNotFoundError):
            hosts.write_report(results / "second-aarch64")


def finding(group: str, topic: str, grade: str) -> dict[str, str]:
    return {"group": group, "topic": topic, "grade": grade, "state": "s", "command": "c"}


class TestChecks:
    @pytest.fixture
    def engine(self, monkeypatch: pytest.MonkeyPatch):
        """Answer for the engine in both environments; nothing may be timed."""

        def engine(*findings: dict[str, str]) -> list[str]:
            def output(environment: str, *words: str) -> str:
                if words == ("doctor", "--json"):
                    return json.dumps({"findings": findings if "pypy" in environment else []})
                return "kernels\n"

            monkeypatch.setattr(bench_arm, "output", output)
            return started

        started: list[str] = []
        monkeypatch.setattr(bench_arm.platform, "machine", lambda: "aarch64")
        monkeypatch.setattr(sys, "argv", ["bench_arm.py"])

        def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
            started.append(" ".join(command[1:]))
            return subprocess.CompletedProcess(command, 70)

        monkeypatch.setattr(bench_arm.subprocess, "run", run)
        return engine

    @pytest.mark.parametrize(
        ("group", "topic"),
        [("wheels", "architecture"), ("runtime", "JIT"), ("runtime", "pure kernels")],
    )
    def test_an_environment_that_is_not_fit_is_not_timed(
        self, engine, capsys: pytest.CaptureFixture[str], group: str, topic: str
    ) -> None:
        started = engine(finding(group, topic, "warn"))
        assert bench_arm.main() == 69
        assert started == []
        assert f"not to be timed: .venv-pypy: {topic}: s: c" in capsys.readouterr().err

    def test_what_the_host_could_do_better_stops_nothing(self, engine) -> None:
        started = engine(finding("memory", "overcommit", "warn"), finding("runtime", "JIT", "note"))
        # What run.py ends with is what this ends with; nothing is written then.
        assert bench_arm.main() == 70
        (line,) = started
        assert "--rounds 3" in line
        assert "--require cpython-numba,cpython-pure,pypy-pure,c" in line

    def test_another_processor_is_refused(
        self, engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        started = engine()
        monkeypatch.setattr(bench_arm.platform, "machine", lambda: "x86_64")
        assert (bench_arm.main(), started) == (69, [])
        assert "this processor is x86_64" in capsys.readouterr().err
        monkeypatch.setattr(sys, "argv", ["bench_arm.py", "--any", "--check"])
        assert (bench_arm.main(), started) == (0, [])
