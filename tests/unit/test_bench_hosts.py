"""Results know their machine, replace no other's unasked, and arrive together or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.baselines import c_compiler
from benchmarks.measure import interpreter, runtimes, stored
from benchmarks.page import results
from benchmarks.peers import measure as peers

EPYC = "vendor_id : AuthenticAMD\ncpu family : 25\nmodel : 1\nmodel name : AMD EPYC\n"
# Two hosts of one cloud and one of another: none of them has a model name.
GRAVITON = "processor : 0\nCPU implementer : 0x41\nCPU architecture: 8\nCPU part : 0xd40\n"
AMPERE = "processor : 0\nCPU implementer : 0xc0\nCPU architecture: 8\nCPU part : 0xac3\n"
UNHEARD = "processor : 0\nCPU implementer : 0x99\nCPU part : 0x123\n"


def facts(text):
    lines = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}


class TestHost:
    @pytest.fixture
    def key(self, monkeypatch):
        monkeypatch.setattr(runtimes.os, "cpu_count", lambda: 2)
        monkeypatch.setattr(runtimes.platform, "system", lambda: "Linux")

        def key(text, machine):
            monkeypatch.setattr(runtimes, "_cpu_facts", lambda: facts(text))
            monkeypatch.setattr(runtimes.platform, "machine", lambda: machine)
            return runtimes.host_key()

        return key

    def test_a_processor_with_a_name_keeps_its_folder(self, key):
        folder = "amd-epyc-family-25-model-1-x86-64-2-cores-linux"
        assert key(EPYC, "x86_64") == folder
        assert (results.RESULTS / folder).is_dir()

    def test_arm_hosts_differ_by_their_cores(self, key):
        assert key(GRAVITON, "aarch64") == "neoverse-v1-0x41-0xd40-aarch64-2-cores-linux"
        assert key(AMPERE, "aarch64") == "ampere-1-0xc0-0xac3-aarch64-2-cores-linux"
        assert key(UNHEARD, "aarch64") == "arm-0x99-0x123-aarch64-2-cores-linux"

    def test_a_name_that_every_arm_core_has_is_none(self, key):
        """A 32-bit view of /proc/cpuinfo calls all of them the same."""
        same = "model name : ARMv8 Processor rev 1 (v8l)\n"
        assert key(same + GRAVITON, "aarch64") != key(same + AMPERE, "aarch64")

    def test_a_mac_is_asked(self, monkeypatch):
        def run(command, **_):
            assert command == ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.CompletedProcess(command, 0, "Apple M2 Pro\n", "")

        monkeypatch.setattr(runtimes.subprocess, "run", run)
        assert runtimes.processor({}) == "Apple M2 Pro"

    def test_results_name_the_processor(self, monkeypatch):
        """pyperf finds no name on ARM; the page must not say that it is unknown."""
        monkeypatch.setattr(runtimes, "_cpu_facts", lambda: facts(GRAVITON))
        assert runtimes.machine()["cpu_model_name"] == "Neoverse-V1 (0x41/0xd40)"


class TestStored:
    def folder(self, tmp_path, **differing):
        told = {"cpu_model_name": "p", "cpu_count": 2, "platform": "Linux-6", "python_build": "b"}
        (tmp_path / "host").mkdir()
        for name, part in (("c.json", "metadata"), ("crossover-c.json", "about")):
            content = {part: {**told, **differing, "sources": "old"}}
            (tmp_path / "host" / name).write_text(json.dumps(content))
        return tmp_path / "host", dict.fromkeys(("c.json", "crossover-c.json", "new.json"), told)

    def test_other_sources_are_replaced(self, tmp_path):
        assert stored.others(*self.folder(tmp_path)) == []

    @pytest.mark.parametrize(
        ("key", "value"),
        [("cpu_model_name", "q"), ("cpu_count", 4), ("platform", "Linux-7"), ("python_build", "c")],
    )
    def test_another_machine_or_build_is_not(self, tmp_path, key, value):
        first, second = stored.others(*self.folder(tmp_path, **{key: value}))
        assert first.startswith(f"c.json: {key} was {value}, is ")
        assert second.startswith("crossover-c.json: ")

    def test_what_is_no_result_is_not(self, tmp_path):
        folder, wanted = self.folder(tmp_path)
        (folder / "c.json").write_text("{")
        (folder / "crossover-c.json").write_text("[]")
        assert len(stored.others(folder, wanted)) == 2
        assert stored.sources(folder) == {"c.json": "", "crossover-c.json": ""}

    def test_the_committed_files_say_what_they_ran_on(self):
        """Else nothing would ever be refused."""
        for path in results.RESULTS.glob("*/*.json"):
            is_older = "platform" not in stored.about(path)
            keys = stored.COMPARED[:2] if is_older else stored.COMPARED
            # pyperf always told; whole processes and peers did not at first.
            assert not is_older or path.name.startswith((results.CROSSOVER, results.PEERS))
            new = dict.fromkeys(keys, "another")
            assert len(stored.others(path.parent, {path.name: new})) == len(keys), path.name

    def test_sources_are_told_of_every_form_of_file(self, tmp_path):
        folder, _ = self.folder(tmp_path)
        (folder / results.PEERS).write_text('{"about": {"sources": "new"}, "measured": []}')
        assert stored.sources(folder) == {
            "c.json": "old", "crossover-c.json": "old", "peers.json": "new",
        }  # fmt: skip

    def test_a_folder_is_tried_and_left_as_it_was(self, tmp_path):
        stored.check_writable(tmp_path / "a" / "b")
        assert list(tmp_path.iterdir()) == []
        (tmp_path / "file").write_text("")
        for wrong in (tmp_path / "file", tmp_path / "file" / "below"):
            with pytest.raises(OSError, match="file"):
                stored.check_writable(wrong)

    def test_moving_replaces_whole_files_and_leaves_the_rest(self, tmp_path):
        folder, _ = self.folder(tmp_path)
        (tmp_path / "written").mkdir()
        (tmp_path / "written" / "c.json").write_text("new")
        assert stored.move(tmp_path / "written", folder) == [folder / "c.json"]
        assert (folder / "c.json").read_text() == "new"
        assert sorted(path.name for path in folder.iterdir()) == ["c.json", "crossover-c.json"]

    def test_peers_of_another_machine_are_not_replaced_unasked(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(peers, "write_data", lambda folder: None)
        monkeypatch.setattr(peers, "installed", lambda peer: "no wheel")
        path = tmp_path / results.PEERS
        flags = ["--only", "orjson", f"--output={tmp_path}"]
        assert peers.main(flags) == peers.main(flags) == 0
        content = json.loads(path.read_text())
        content["about"]["platform"] = "another"
        path.write_text(json.dumps(content))
        capsys.readouterr()
        assert peers.main(flags) == 2
        assert "platform was another, is " in capsys.readouterr().err
        assert json.loads(path.read_text()) == content
        assert peers.main([*flags, "--replace"]) == 0
        assert json.loads(path.read_text()) != content

    def test_an_interpreter_tells_what_pyperf_notes_of_it(self):
        runtime = runtimes.Runtime("cpython-pure", Path(sys.executable), "pure")
        told = runtimes.told(runtime)
        assert set(told) == set(stored.COMPARED)
        assert told["python_build"] == interpreter.python_build()
        pyperf = pytest.importorskip("pyperf._collect_metadata")
        noted = {}
        pyperf.collect_system_metadata(noted)
        assert told["platform"] == noted["platform"]

    def test_an_interpreter_that_does_not_start_is_named(self, tmp_path):
        (tmp_path / "pypy").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "pypy").chmod(0o755)
        runtime = runtimes.Runtime("pypy-pure", tmp_path / "pypy", "pure")
        with pytest.raises(runtimes.StepFailedError, match=r"^pypy-pure: interpreter.py ended "):
            runtimes.told(runtime)


class TestCompiler:
    @pytest.fixture
    def named(self, tmp_path, monkeypatch):
        """Put scripts of these names in the place of compilers."""

        def named(**scripts):
            for name, text in scripts.items():
                path = tmp_path / name
                path.write_text(f"#!/bin/sh\n{text}\n")
                path.chmod(0o755)
            monkeypatch.setattr(
                c_compiler.shutil, "which",
                lambda name: str(tmp_path / name) if name in scripts else None,
            )  # fmt: skip
            return c_compiler.working.__wrapped__()

        return named

    def test_one_that_fails_is_none_and_says_why(self, named):
        found = named(gcc='echo "xcrun: error: no developer tools" >&2; exit 1')
        assert (found.path, found.flags) == ("", ())
        assert found.reason == "gcc -O3 -march=native: xcrun: error: no developer tools"

    def test_the_next_that_works_is_taken_with_the_flags_it_knows(self, named, monkeypatch):
        real = c_compiler.shutil.which("cc")
        if not real:
            pytest.skip("there is no C compiler")
        refuses = 'case "$*" in *-march*) echo "error: unknown -march" >&2; exit 1;; esac; '
        drops = 'shift; shift; exec "$0.real" "$@"'
        found = named(gcc="exit 1", clang=refuses + drops, **{"clang.real": f'exec {real} "$@"'})
        assert Path(found.path).name == "clang"
        assert found.flags == ("-O3", "-mcpu=native")

    def test_one_that_makes_nothing_is_none(self, named):
        assert "probe.so" in named(cc="exit 0").reason

    def test_no_compiler_is_said(self, named):
        assert named().reason == "no gcc, cc or clang"

    def test_the_column_is_left_out_with_the_reason(self, monkeypatch):
        broken = c_compiler.Compiler("", reason="gcc: xcrun: error: no developer tools")
        monkeypatch.setattr(runtimes, "working", lambda: broken)
        monkeypatch.setattr(runtimes, "_imports", lambda *_: True)
        found, missing = runtimes.find_runtimes(None, None)
        assert "c" not in {runtime.key for runtime in found}
        line = "C: gcc: xcrun: error: no developer tools: the C column is left out"
        assert line in missing


class TestInstall:
    @pytest.fixture
    def pip(self, monkeypatch, tmp_path):
        """Let calls of pip end as the test says; give what was asked for."""
        asked = []
        for name in ("cpython", "pypy"):
            (tmp_path / name).write_text("")

        def pip(*codes):
            ends = iter(codes)

            def run(command, **_):
                asked.append((Path(command[0]).name, command[5:]))
                return subprocess.CompletedProcess(command, next(ends), "", "no such compiler")

            monkeypatch.setattr(runtimes.subprocess, "run", run)
            said = []
            runtimes.install(tmp_path / "cpython", tmp_path / "pypy", said.append)
            return asked, said

        return pip

    def test_psutil_is_done_without_where_it_is_not_built(self, pip):
        asked, said = pip(0, 1, 0)
        assert [name for name, _ in asked] == ["cpython", "pypy", "pypy"]
        assert asked[-1][1] == ["--no-deps", "-c", "constraints.txt", "pyperf"]
        (line,) = said
        assert "psutil does not install" in line
        pinned = (runtimes.ROOT / "constraints.txt").read_text().splitlines()
        assert any(pin.startswith("pyperf==") for pin in pinned)

    def test_nothing_is_said_where_all_is_well(self, pip):
        asked, said = pip(0, 0)
        assert (len(asked), said) == (2, [])

    @pytest.mark.parametrize(("codes", "step"), [((3,), "cpython"), ((0, 1, 2), "pypy")])
    def test_the_step_that_failed_is_named(self, pip, codes, step):
        wanted = rf"/{step} -m pip install .*pyperf ended with exit code {codes[-1]}, see above"
        with pytest.raises(runtimes.StepFailedError, match=wanted):
            pip(*codes)

    def test_what_is_killed_is_said_to_be(self):
        assert "ended by signal 9" in str(runtimes.StepFailedError.of("x", -9))
