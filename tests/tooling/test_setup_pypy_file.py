"""scripts/setup_pypy.sh installs an archive of one's own, and corrects PyPy on ARM64."""

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from engine.runtime import comparison_library
from tests.tooling.fakes import SCRIPT, install
from tests.unit.comparison_tables import CORRECTED, TABLE, library


class TestFile:
    """An archive of the user's own, and how PyPy on ARM64 compares, which fakes answer here."""

    # Fit for us; it runs correct_pypy.py on the Python of this test, and compares rightly only
    # when six words of its library are what they should be.
    FAKE = """\
here=$(dirname "$0")/..
case "$*" in
*correct_pypy.py*) exec "%s" "$@" ;;
*wrong_comparisons*) cmp -s "$here/lib/libpypy3.11-c.so" "$here/right" || exit 3 ;;
*) echo release 7.3.23 ;;
esac"""

    @pytest.fixture
    def built(self, tmp_path):
        """Make an archive of a PyPy that compares wrongly and can be corrected, or as is said."""

        def make(words=TABLE, name="pypy-built", script=None, kind="gz") -> Path:
            folder = tmp_path / "made" / name
            # sys.executable must be the fake again, not the Python of this test.
            run = tmp_path / "run.py"
            run.write_text(
                "import runpy, sys\nsys.executable = sys.argv[1]\ndel sys.argv[:2]\n"
                "sys.argv.pop(0) if sys.argv[0] == '-I' else None\n"
                "sys.exit(runpy.run_path(sys.argv[0], run_name='__main__'))\n"
            )
            python = f'{sys.executable}" "{run}" "$0'
            install(folder / "bin" / "pypy3.11", script or self.FAKE % python)
            lib = folder / "lib"
            (lib / "pypy3.11").mkdir(parents=True)
            (lib / "libpypy3.11-c.so").write_bytes(library(words))
            (folder / "right").write_bytes(library(CORRECTED))
            # As the table of a library is corrected in place, not as one is made.
            done = comparison_library.corrected(library(words))
            if done:
                (folder / "right").write_bytes(done)
            archive = tmp_path / f"built.tar.{kind}"
            with tarfile.open(archive, f"w:{kind}") as file:
                file.add(folder, name)
            return archive

        return make

    @pytest.fixture
    def arm(self, machine):
        install(machine.programs / "uname", '[ "$1" = -m ] && echo aarch64 || echo Linux')
        return machine

    @staticmethod
    def stamp(prefix: Path) -> dict[str, str]:
        lines = (prefix / ".parity-pypy").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def test_it_is_installed_corrected_and_both_once(self, arm, built, tmp_path):
        archive, prefix = built(), tmp_path / "a folder" / "pypy"
        options = ["--from", str(archive), "--prefix", str(prefix)]
        done = arm(*options)
        assert (done.returncode, done.stdout) == (0, f"{prefix}/bin/pypy3.11\n"), done.stderr
        assert "are corrected" in done.stderr
        assert "taken as it is" in done.stderr
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        assert self.stamp(prefix) == {
            "route": "file", "release": "7.3.23", "prefix": str(prefix), "archive": digest,
            "comparisons": "corrected",
        }  # fmt: skip
        assert sorted(path.name for path in (prefix / "lib").iterdir()) == [
            "libpypy3.11-c.so",
            "pypy3.11",
        ]
        before = (prefix / ".parity-pypy").stat().st_mtime_ns
        again = arm(*options)
        assert again.stdout == done.stdout
        assert "are corrected" not in again.stderr
        assert (prefix / ".parity-pypy").stat().st_mtime_ns == before
        assert f"comparisons: corrected in {prefix}\n" in arm(*options, "--check").stdout

    def test_installing_anew_takes_the_correction_back(self, arm, built, tmp_path):
        options = ["--from", str(built()), "--prefix", str(tmp_path / "p")]
        lib = tmp_path / "p" / "lib" / "libpypy3.11-c.so"
        arm(*options)
        assert lib.read_bytes() != library(TABLE)
        shutil.rmtree(tmp_path / "p")
        done = arm(*options, PARITY_PYPY_COMPARISONS="leave")
        assert "left as they are" in done.stderr
        assert lib.read_bytes() == library(TABLE)
        assert self.stamp(tmp_path / "p")["comparisons"] == "left"
        # What was left is corrected when that is no longer said.
        arm(*options)
        assert self.stamp(tmp_path / "p")["comparisons"] == "corrected"

    def test_one_that_is_right_is_left_alone(self, arm, built, tmp_path):
        done = arm("--from", str(built(CORRECTED)), "--prefix", str(tmp_path / "p"))
        assert done.returncode == 0
        assert self.stamp(tmp_path / "p")["comparisons"] == "right"

    @pytest.mark.parametrize("words", [(*TABLE, 0, *TABLE), (1, 2, 3)])
    def test_one_without_the_form_stays_and_works(self, arm, built, tmp_path, words):
        done = arm("--from", str(built(words)), "--prefix", str(tmp_path / "p"))
        assert done.returncode == 0
        assert "not one place" in done.stderr
        assert self.stamp(tmp_path / "p")["comparisons"] == "wrong"
        assert (tmp_path / "p" / "lib" / "libpypy3.11-c.so").read_bytes() == library(words)

    def test_what_does_not_help_is_put_back(self, arm, built, tmp_path):
        archive = built(
            script=self.FAKE.replace("cmp -s", "false")
            % f'{sys.executable}" "{tmp_path}/run.py" "$0'
        )
        done = arm("--from", str(archive), "--prefix", str(tmp_path / "p"))
        assert done.returncode == 0
        assert "the old one is back" in done.stderr
        lib = tmp_path / "p" / "lib"
        assert (lib / "libpypy3.11-c.so").read_bytes() == library(TABLE)
        assert not list(lib.glob("*.before"))

    def test_only_the_own_prefix_is_touched(self, arm, built, tmp_path):
        """One on PATH, of the system or of somebody else, is used as it is."""
        built()
        other = tmp_path / "made" / "pypy-built"
        (machine_path := arm.programs / "pypy3.11").symlink_to(other / "bin" / "pypy3.11")
        done = arm()
        assert done.stdout == f"{machine_path}\n"
        assert (other / "lib" / "libpypy3.11-c.so").read_bytes() == library(TABLE)
        script = SCRIPT.with_name("correct_pypy.py")
        run = [sys.executable, str(script), str(other)]
        refused = subprocess.run(run, capture_output=True, text=True)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "no prefix of" in refused.stderr

    def test_elsewhere_nothing_is_asked(self, machine, built, tmp_path):
        install(machine.programs / "uname", '[ "$1" = -m ] && echo x86_64 || echo Linux')
        done = machine("--from", str(built()), "--prefix", str(tmp_path / "p"))
        assert done.returncode == 0
        assert "comparisons" not in self.stamp(tmp_path / "p")

    def test_a_checksum_beside_it_is_held(self, arm, built, tmp_path):
        archive = built()
        beside = archive.with_name(f"{archive.name}.sha256")
        beside.write_text(f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n")
        done = arm("--from", str(archive), "--prefix", str(tmp_path / "p"))
        assert "taken as it is" not in done.stderr
        assert done.returncode == 0
        beside.write_text(f"{'0' * 64}  {archive.name}\n")
        done = arm("--from", str(archive), "--prefix", str(tmp_path / "q"))
        assert done.returncode == 65
        assert "not unpacked" in done.stderr
        assert not (tmp_path / "q").exists()

    @pytest.mark.parametrize(
        ("name", "code", "word"),
        [("../out", 65, "lead out"), ("/tmp/out", 65, "lead out"), ("", 65, "no archive")],
    )
    def test_a_hostile_or_broken_archive_is_refused(self, arm, tmp_path, name, code, word):
        archive = tmp_path / "bad.tar"
        archive.write_bytes(b"no archive at all")
        if name:
            with tarfile.open(archive, "w") as file:
                file.addfile(tarfile.TarInfo(name), io.BytesIO())
        done = arm("--from", str(archive), "--prefix", str(tmp_path / "p"))
        assert (done.returncode, done.stdout) == (code, "")
        assert word in done.stderr
        assert not (tmp_path / "p").exists()

    def test_one_that_does_not_fit_is_refused_and_the_old_one_stays(self, arm, built, tmp_path):
        options = ["--prefix", str(tmp_path / "p")]
        arm("--from", str(built()), *options)
        shutil.rmtree(tmp_path / "made")
        bad = built(script="echo release 8.0.1", kind="bz2")
        done = arm("--from", str(bad), *options)
        assert done.returncode == 69
        assert "PyPy 8.0.1 is not supported" in done.stderr
        assert self.stamp(tmp_path / "p")["comparisons"] == "corrected"
        assert arm("--from", "./nothing.tar", *options).returncode == 74
