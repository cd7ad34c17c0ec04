"""scripts/setup_pypy.sh refuses what it must refuse, without the network and without an install."""

import hashlib
import os
import re
import socket
import sys
import tarfile
from pathlib import Path

import pytest

from tests.tooling.fakes import SCRIPT, install

FIT = "echo release 7.3.19"


class TestOptions:
    def test_help_goes_to_stdout(self, machine):
        done = machine("--help")
        assert done.returncode == 0
        assert done.stdout.startswith("Usage:")

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (["--frobnicate"], "--frobnicate"),
            (["--target"], "--target needs a value"),
            (["--target", "3.9"], "expected 3.11 or 3.10"),
            (["--from", "conda"], "expected existing, system, prefix or tarball"),
            (["somewhere"], "unknown option somewhere"),
        ],
    )
    def test_a_wrong_option_is_usage_in_one_line(self, machine, arguments, word):
        done = machine(*arguments)
        assert done.returncode == 2
        assert word in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert done.stdout == ""

    def test_a_prefix_that_a_launcher_could_not_quote_is_refused(self, machine):
        assert machine("--prefix", "/tmp/a$b", "--check").returncode == 78


class TestExisting:
    def test_one_that_is_fit_is_used_and_nothing_is_installed(self, machine):
        fit = install(machine.programs / "pypy3.11", FIT)
        done = machine()
        assert (done.returncode, done.stdout) == (0, f"{fit}\n")
        assert not list((machine.home / ".local" / "share" / "parity-engine").iterdir())

    def test_the_one_named_by_the_environment_comes_first(self, machine, tmp_path):
        install(machine.programs / "pypy3.11", FIT)
        named = install(tmp_path / "mine" / "pypy", FIT)
        assert machine(PARITY_PYPY=str(named)).stdout == f"{named}\n"

    @pytest.mark.parametrize(
        ("script", "reason"),
        [
            ("exit 127", "it does not run"),
            ("echo 'pypy: no such version' >&2; exit 127", "no such version"),
            ("echo it has no JIT >&2; exit 1", "it has no JIT"),
            ("echo release 7.3.21", "PyPy 7.3.21 is not supported"),
            ("echo release 7.3.18", "PyPy 7.3.18 is not supported"),
            ("echo release 8.0.1", "PyPy 8.0.1 is not supported"),
        ],
    )
    def test_one_that_is_unfit_is_rejected_with_its_reason(self, machine, script, reason):
        install(machine.programs / "pypy3.11", script)
        done = machine("--from", "existing")
        assert done.returncode == 69
        assert reason in done.stderr
        assert done.stdout == ""

    def test_cpython_under_the_name_of_pypy_is_rejected(self, machine):
        name = "pypy3.11"
        install(machine.programs / name, f'exec "{sys.executable}" "$@"')
        if sys.implementation.name == "pypy":
            reason = "it is a virtual environment" if sys.prefix != sys.base_prefix else ""
        else:
            reason = "it is CPython"
        if not reason:
            pytest.skip("the tests run on a PyPy outside a virtual environment: a fit one")
        assert reason in machine("--from", "existing").stderr

    def test_target_310_takes_an_older_release(self, machine):
        fit = install(machine.programs / "pypy3.10", "echo release 7.3.13")
        assert machine("--target", "3.10").stdout == f"{fit}\n"

    def test_a_locale_that_stops_pypy_is_called_out(self, machine):
        install(machine.programs / "pypy3.11", f'[ "$LC_ALL" = C.UTF-8 ] || exit 1\n{FIT}')
        done = machine(LANG="xx_XX.UTF-8")
        assert done.returncode == 0
        assert "does not start under the locale xx_XX.UTF-8" in done.stderr


class TestCheck:
    def test_every_route_is_printed_and_nothing_changes(self, machine):
        done = machine("--check")
        lines = done.stdout.splitlines()
        routes = [line.split(":")[0] for line in lines]
        # On ARM64 Linux a line of comparisons comes before the last.
        assert [name for name in routes if name != "comparisons"] == [
            "existing", "system", "prefix", "tarball", "would use",
        ]  # fmt: skip
        assert lines[0] == "existing: no: no PyPy 3.11 found"
        assert not (machine.home / ".local/share/parity-engine/pypy3.11").exists()

    def test_the_choice_is_the_first_route_that_can_work(self, machine):
        install(machine.programs / "pypy3.11", FIT)
        assert machine("--check").stdout.splitlines()[-1] == "would use: existing"
        assert machine("--check", "--from", "tarball").stdout.endswith("would use: tarball\n")


class TestTarball:
    """The official archive, on a Linux x86-64 machine whatever machine runs the tests."""

    @pytest.fixture
    def linux(self, machine):
        install(machine.programs / "uname", '[ "$1" = -m ] && echo x86_64 || echo Linux')
        return machine

    def test_a_bad_checksum_is_refused_before_unpacking(self, linux, tmp_path):
        archive = tmp_path / "pypy3.11-v7.3.23-linux64.tar.bz2"
        archive.write_bytes(b"not what was recorded")
        done = linux(
            "--from", "tarball", "--archive", str(archive), "--prefix", str(tmp_path / "p")
        )
        assert done.returncode == 65
        assert "checksum" in done.stderr
        assert "not unpacked" in done.stderr
        assert not list(tmp_path.glob("p*/bin"))

    @pytest.fixture
    def official(self, tmp_path):
        """Make an archive and a copy of the script that takes it for the official one."""

        def make(interpreter: str) -> tuple[Path, Path]:
            name = "pypy3.11-v7.3.23-linux64"
            folder = tmp_path / "made" / name
            install(folder / "bin" / "pypy3.11", interpreter)
            (folder / "lib" / "pypy3.11").mkdir(parents=True, exist_ok=True)
            archive = tmp_path / f"{name}.tar.bz2"
            with tarfile.open(archive, "w:bz2") as file:
                file.add(folder, name)
            digest = hashlib.sha256(archive.read_bytes()).hexdigest()
            text = re.sub(
                rf"[0-9a-f]{{64}}(?=  {archive.name}$)", digest, SCRIPT.read_text(), flags=re.M
            )
            script = tmp_path / "checkout" / "scripts" / "setup_pypy.sh"
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(text)
            return archive, script

        return make

    def test_an_archive_with_its_checksum_is_installed_once(self, linux, official, tmp_path):
        archive, script = official("echo release 7.3.23")
        prefix = tmp_path / "a folder" / "pypy"
        options = ["--from", "tarball", "--archive", str(archive), "--prefix", str(prefix)]
        done = linux(*options, script=script)
        assert (done.returncode, done.stdout) == (0, f"{prefix}/bin/pypy3.11\n"), done.stderr
        assert "route=tarball" in (prefix / ".parity-pypy").read_text()
        assert [path.name for path in prefix.parent.iterdir()] == ["pypy"]
        before = (prefix / ".parity-pypy").stat().st_mtime_ns
        assert linux(*options, script=script).stdout == done.stdout
        assert (prefix / ".parity-pypy").stat().st_mtime_ns == before

    def test_one_that_fails_its_smoke_test_gives_the_old_one_back(self, linux, official, tmp_path):
        archive, script = official("echo no such library >&2; exit 127")
        old = install(tmp_path / "p" / "bin" / "pypy3.11", "echo release 7.3.19")
        options = ["--from", "tarball", "--archive", str(archive), "--prefix", str(tmp_path / "p")]
        done = linux(*options, script=script)
        assert done.returncode == 69
        assert "no such library" in done.stderr
        assert "release 7.3.19" in old.read_text()
        assert not list(tmp_path.glob("p.*"))

    def test_a_moved_installation_is_not_taken_for_an_intact_one(self, linux, official, tmp_path):
        archive, script = official("echo release 7.3.23")
        options = ["--from", "tarball", "--archive", str(archive), "--prefix"]
        linux(*options, str(tmp_path / "p"), script=script)
        (tmp_path / "p").rename(tmp_path / "q")
        linux(*options, str(tmp_path / "q"), script=script)
        assert f"prefix={tmp_path}/q\n" in (tmp_path / "q" / ".parity-pypy").read_text()

    def test_a_release_without_checksum_is_refused(self, linux, tmp_path):
        archive = tmp_path / "any.tar.bz2"
        archive.write_bytes(b"")
        done = linux("--from", "tarball", "--version", "7.3.99", "--archive", str(archive))
        assert done.returncode == 69
        assert "no checksum is known for pypy3.11-v7.3.99-linux64.tar.bz2" in done.stderr

    def test_a_pattern_is_no_release(self, linux):
        done = linux("--from", "tarball", "--version", ".*")
        assert done.returncode == 69
        assert "no checksum is known" in done.stderr

    def test_a_platform_without_archive_is_refused(self, machine):
        install(machine.programs / "uname", '[ "$1" = -m ] && echo riscv64 || echo Linux')
        assert "no official PyPy for Linux on riscv64" in machine("--from", "tarball").stderr

    def test_a_host_that_refuses_fails_with_one_line(self, linux):
        done = linux("--from", "tarball", PARITY_PYPY_URL="http://127.0.0.1:1")
        assert done.returncode == 74
        assert "could not be downloaded" in done.stderr

    def test_a_host_that_never_answers_is_given_up(self, linux, silent_host):
        done = linux("--from", "tarball", PARITY_PYPY_URL=silent_host)
        assert done.returncode == 74
        assert "could not be downloaded" in done.stderr

    def test_every_platform_has_a_checksum_for_the_default_releases(self):
        text = SCRIPT.read_text()
        for release in ("pypy3.11-v7.3.23", "pypy3.10-v7.3.19"):
            for platform in ("linux64", "aarch64", "macos_x86_64", "macos_arm64"):
                assert f"  {release}-{platform}.tar.bz2\n" in text


@pytest.fixture
def silent_host():
    """A local server that takes connections and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.skipif(not os.path.exists("/usr/bin/apt-get"), reason="the prefix route needs apt")
class TestPrefix:
    def test_a_repository_without_signature_is_refused(self, machine, tmp_path):
        suite = tmp_path / "mirror" / "dists" / "trixie"
        suite.mkdir(parents=True)
        for name in ("InRelease", "Release"):
            (suite / name).write_text("Origin: Debian\nSuite: stable\nCodename: trixie\n")
        prefix = tmp_path / "p"
        mirror = f"file://{tmp_path}/mirror"
        done = machine("--from", "prefix", "--mirror", mirror, "--prefix", str(prefix))
        assert done.returncode == 74
        assert f"apt does not accept {mirror}" in done.stderr
        assert not prefix.exists()
        assert not list(tmp_path.glob("p.*"))

    def test_a_mirror_that_never_answers_is_given_up(self, machine, silent_host):
        done = machine("--from", "prefix", "--mirror", silent_host)
        assert done.returncode == 74
        assert "cannot be reached within 1 s" in done.stderr

    def test_pypy_310_is_not_packaged(self, machine):
        done = machine("--from", "prefix", "--target", "3.10")
        assert done.returncode == 69
        assert "Debian packages PyPy 3.11 only" in done.stderr

    def test_an_install_by_another_process_is_not_disturbed(self, machine, tmp_path):
        lock = tmp_path / "p.lock"
        lock.mkdir()
        (lock / "pid").write_text(f"{os.getpid()}\n")
        done = machine("--from", "prefix", "--prefix", str(tmp_path / "p"))
        assert done.returncode == 74
        assert f"process {os.getpid()}" in done.stderr
        assert lock.exists()
