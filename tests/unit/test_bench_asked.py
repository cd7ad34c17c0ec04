"""What run.py is asked for is there, is compared and arrives, or it ends with a documented code."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from benchmarks import report, run
from benchmarks.measure import runtimes, session, stored

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ("cpython-numba", "cpython-pure", "pypy-pure")
TOLD = {"cpu_model_name": "p", "cpu_count": 2, "platform": "Linux-6", "python_build": "b"}


def runtime(key, what="kernels"):
    return runtimes.Runtime(key, Path(sys.executable), key.partition("-")[2], what)


@pytest.fixture
def here(monkeypatch):
    """Let these runtimes be found, all with the same answers, on a catalogue of two."""

    def here(*keys):
        found = [runtime(key, "c" if key == "c" else "kernels") for key in keys]
        monkeypatch.setattr(run, "find_runtimes", lambda *_: (found, ["X: it is not here"]))

    here(*ENGINES, "c")
    monkeypatch.setattr(session.Session, "_catalogue_of", lambda *_: [
        {"name": name, "is_quick": True, "contracts": 0, "what": what, "needs": ""}
        for name, what in (("kernel/one", ["kernels", "c"]), ("kernel/two", ["kernels"]))
    ])  # fmt: skip
    monkeypatch.setattr(session.Session, "_crossover_answers", lambda *_: {})
    monkeypatch.setattr(
        session.Session, "_answers_of", lambda _, runtime, names: dict.fromkeys(names, "a")
    )
    return here


class TestParity:
    def test_it_says_how_much_was_compared(self, here, capsys):
        assert run.main(["--parity"]) == 0
        assert "2 workloads have the same answers on 3 runtimes" in capsys.readouterr().err
        assert run.main(["--parity", "--only", "one"]) == 0
        assert "1 workloads have the same" in capsys.readouterr().err

    @pytest.mark.parametrize("flags", [["--parity"], ["--parity", "--quick"], ["--quick"]])
    def test_a_name_of_nothing_is_refused_with_those_there_are(self, here, capsys, flags):
        assert run.main([*flags, "--only", "one", "--only", "zzz"]) == run.USAGE == 2
        (line,) = [line for line in capsys.readouterr().err.splitlines() if "zzz" in line]
        assert "there are kernel/one, kernel/two, " in line
        assert "crossover/price" in line

    def test_what_has_no_answers_is_a_name_of_nothing(self, here, capsys):
        """Whole processes are measured, not compared."""
        assert run.main(["--parity", "--only", "process/"]) == 2
        assert (
            session.Session(run.arguments([]), [runtime("pypy-pure")], Path())
            .names(is_parity=False)[2]
            .startswith("process/")
        )

    @pytest.mark.parametrize("flag", ["--runtime", "--require"])
    def test_a_runtime_of_no_kind_is_refused_with_those_there_are(self, here, capsys, flag):
        assert run.main(["--parity", flag, "jython"]) == 2
        assert "there are cpython-numba, cpython-numpy, " in capsys.readouterr().err

    @pytest.mark.parametrize("flags", [["--runtime=cpython-pure"], ["--runtime=c"]])
    def test_one_runtime_of_the_engine_is_no_parity(self, here, capsys, flags):
        assert run.main(["--parity", *flags]) == run.UNAVAILABLE == 69
        here("pypy-pure", "c")
        assert run.main(["--parity"]) == 69
        assert "1 of the runtimes run the engine" in capsys.readouterr().err

    def test_a_workload_that_one_runtime_answers_is_no_parity(self, here, monkeypatch, capsys):
        def answers(_, runtime, names):
            return {name: "a" for name in names if runtime.key == "pypy-pure"}

        monkeypatch.setattr(session.Session, "_answers_of", answers)
        assert run.main(["--parity"]) == 69
        assert "no workload has the answers of two" in capsys.readouterr().err

    @pytest.mark.parametrize("flags", [["--parity"], ["--quick"]])
    def test_what_is_required_and_missing_ends_it(self, here, capsys, flags):
        here("cpython-numba", "cpython-pure")
        assert run.main([*flags, "--require", "cpython-numba,pypy-pure,c"]) == 69
        said = capsys.readouterr().err
        assert "pypy-pure, c: asked for and missing" in said
        assert "missing: X: it is not here" in said
        assert run.main([*flags, "--runtime", "pypy-pure"]) == 69

    def test_every_runtime_of_this_machine_has_a_known_name(self):
        found, _ = runtimes.find_runtimes(None, None)
        assert {one.key for one in found if one.what == "kernels"} <= set(runtimes.KEYS)

    def test_a_step_that_fails_is_named(self, here, monkeypatch, capsys):
        def fail(self, runtime, names):
            return self._python(runtime, "no such.py")

        monkeypatch.setattr(session.Session, "_answers_of", fail)
        assert run.main(["--parity"]) == run.FAILED == 1
        assert "cpython-numba: no such.py ended with exit code 2" in capsys.readouterr().err


class TestMeasured:
    @pytest.fixture
    def measures(self, here, monkeypatch, tmp_path):
        """Let PyPy and CPython be measured, each as one small file of pyperf's form."""
        here("cpython-pure", "pypy-pure")
        monkeypatch.setattr(run, "told", lambda runtime: dict(TOLD))
        monkeypatch.setattr(run, "machine", lambda: {"cpu_model_name": "p", "cpu_count": 2})
        monkeypatch.setattr(session.Session, "crossovers", lambda *_: [])
        monkeypatch.setattr(run, "source_state", lambda: {"sources": "new", "commit": "c"})
        broken = []

        def measure(self, runtime, **_):
            if runtime.key in broken:
                raise KeyboardInterrupt
            about = {"name": "kernel/one", "backend": "b"}
            runs = [{"values": [1.0], "metadata": {}}]
            # On ARM pyperf finds no name of the processor.
            shared = {key: TOLD[key] for key in TOLD if key != "cpu_model_name"}
            content = {"benchmarks": [{"metadata": about, "runs": runs}], "metadata": shared}
            path = tmp_path / f"part-{runtime.key}.json"
            path.write_text(json.dumps(content))
            return [path]

        monkeypatch.setattr(session.Session, "measure", measure)
        return broken

    @pytest.fixture
    def folder(self, tmp_path):
        """A folder of an older run on this machine."""
        (tmp_path / "host").mkdir()
        for name in ("cpython-pure", "pypy-pure"):
            about = {"metadata": {**TOLD, "sources": "old"}}
            (tmp_path / "host" / f"{name}.json").write_text(json.dumps(about))
        old = {"about": {"cpu_model_name": "p", "sources": "old"}}
        (tmp_path / "host" / "peers.json").write_text(json.dumps(old))
        return tmp_path / "host"

    def test_new_sources_replace_old_results_of_the_same_machine(self, measures, folder, capsys):
        assert run.main([f"--output={folder}", "--rounds", "3"]) == 0
        said = capsys.readouterr()
        assert set(said.out.split()) == {
            str(folder / f"{key}.json") for key in ("cpython-pure", "pypy-pure")
        }
        assert stored.sources(folder) == {
            "cpython-pure.json": "new", "pypy-pure.json": "new", "peers.json": "old",
        }  # fmt: skip
        assert "peers.json: of other sources, not measured now" in said.err
        about = stored.about(folder / "pypy-pure.json")
        assert {key: about[key] for key in stored.COMPARED} == TOLD

    def test_results_of_another_machine_are_not_replaced_unasked(self, measures, folder, capsys):
        (folder / "pypy-pure.json").write_text(json.dumps({"metadata": {**TOLD, "platform": "q"}}))
        before = (folder / "pypy-pure.json").read_text()
        assert run.main([f"--output={folder}"]) == 2
        said = capsys.readouterr().err
        assert "pypy-pure.json: platform was q, is Linux-6: --replace to replace them" in said
        assert (folder / "pypy-pure.json").read_text() == before
        assert stored.sources(folder)["cpython-pure.json"] == "old"
        assert run.main([f"--output={folder}", "--replace"]) == 0
        assert stored.sources(folder)["pypy-pure.json"] == "new"

    def test_a_run_broken_off_leaves_the_folder_as_it_was(self, measures, folder, tmp_path):
        measures.append("pypy-pure")
        assert run.main([f"--output={folder}"]) == run.INTERRUPTED == 130
        assert set(stored.sources(folder).values()) == {"old"}
        assert run.main([f"--output={tmp_path / 'fresh'}"]) == 130
        assert not (tmp_path / "fresh").exists()

    def test_a_folder_that_cannot_be_is_said_before_anything_runs(
        self, measures, tmp_path, monkeypatch, capsys
    ):
        measures.extend(ENGINES)
        monkeypatch.setattr(session.Session, "compare", lambda *_: pytest.fail("it compared"))
        (tmp_path / "file").write_text("")
        assert run.main([f"--output={tmp_path / 'file' / 'x'}"]) == run.IO_ERROR == 74
        (line,) = [line for line in capsys.readouterr().err.splitlines() if "--output" in line]
        assert "file/x: " in line

        def refuse(folder):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(stored, "check_writable", refuse)
        assert run.main([f"--output={tmp_path / 'y'}"]) == run.NOT_PERMITTED == 77

    def test_the_codes_it_ends_with_are_documented(self):
        codes = {run.FAILED, run.USAGE, run.UNAVAILABLE, run.PARITY_BROKEN, run.IO_ERROR}
        codes |= {run.SOURCES_CHANGED, run.NOT_PERMITTED, run.INTERRUPTED, run.OK}
        told = run.__doc__.partition("Ends with\n")[2]
        assert {int(code) for code in re.findall(r"(?:^  |; )(\d+) ", told, re.M)} == codes


class TestReport:
    @pytest.mark.parametrize("flags", [["--check"], [], ["--print", "about"]])
    def test_a_folder_without_results_is_one_line(self, tmp_path, monkeypatch, capsys, flags):
        monkeypatch.setattr(report, "DOCS", tmp_path)
        for folder in (tmp_path / "none", tmp_path):
            assert report.main([*flags, "--host", str(folder)]) == report.NO_INPUT == 66
            (line,) = capsys.readouterr().err.splitlines()
            assert str(folder) in line

    def test_a_file_of_something_else_is_one_line(self, tmp_path, capsys):
        (tmp_path / "c.json").write_text('{"benchmarks": 1}')
        assert report.main(["--check", "--host", str(tmp_path)]) == 66
        assert "a file that run.py did not write" in capsys.readouterr().err

    def test_no_machine_at_all_is_one_line(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(report, "RESULTS", tmp_path)
        assert report.main(["--check"]) == 66
        assert "no results of any machine" in capsys.readouterr().err


class TestWorkflows:
    def commands(self, name):
        """Return the calls of a script in a workflow, each with all its flags."""
        text = (ROOT / ".github" / "workflows" / name).read_text().replace("\\\n", " ")
        return [
            line.partition("benchmarks/run.py")[2].split()
            for line in text.splitlines()
            if "benchmarks/run.py" in line and "if [" not in line
        ], text

    def test_every_commit_compares_the_most_telling_and_needs_every_runtime(self):
        calls, text = self.commands("bench-parity.yml")
        assert ["--parity", "--quick"] in [call[:2] for call in calls]
        assert ["--parity", "--only", "crossover"] in [call[:3] for call in calls]
        assert all(call[-2:] == ["--require", '"$REQUIRED"'] for call in calls)
        assert "REQUIRED: cpython-numba,cpython-pure,pypy-pure,c\n" in text

    def test_every_week_compares_everything(self):
        calls, text = self.commands("bench.yml")
        assert ["--parity", "--require", '"$REQUIRED"', "--pypy", '"$PYPY"'] in calls
        # The sources of a week ago may not know the flag.
        old = [call for call in calls if "--require" not in call]
        now = [call for call in calls if call not in old]
        assert (len(old), len(now)) == (1, 3)
        assert all('"$REQUIRED"' in call for call in now)
        assert "REQUIRED: cpython-numba,cpython-pure,pypy-pure,c\n" in text
