"""scripts/environments.sh picks a CPython that runs, and says in one line when there is none."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASH = "/bin/bash"


@pytest.fixture
def machine(tmp_path: Path):
    """Run the script where the only Pythons are the fakes of the test."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("dirname", "uname"):
        (programs / name).symlink_to(shutil.which(name))

    def run(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BASH, str(ROOT / "scripts" / "environments.sh"), *arguments],
            env={"PATH": str(programs), "HOME": str(tmp_path), **extra},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def python(name: str, script: str) -> Path:
        path = programs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    run.python = python
    return run


def test_a_shim_that_does_not_run_is_passed_over(machine):
    machine.python("python3.11", "exit 127")
    good = machine.python("python3.12", "echo 3.12 yes /opt/python3.12")
    done = machine("--python")
    assert (done.returncode, done.stdout) == (0, "/opt/python3.12\n")
    assert good.exists()


def test_311_is_taken_where_there_is_a_choice(machine):
    machine.python("python3.13", "echo 3.13 yes /opt/python3.13")
    machine.python("python3", "echo 3.11 yes /opt/python3.11")
    assert machine("--python").stdout == "/opt/python3.11\n"


def test_one_that_can_make_environments_goes_before_311(machine):
    machine.python("python3.11", "echo 3.11 no /opt/python3.11")
    machine.python("python3.12", "echo 3.12 yes /opt/python3.12")
    assert machine("--python").stdout == "/opt/python3.12\n"


def test_a_pyenv_version_off_the_path_is_found(machine, tmp_path):
    machine.python(f"{tmp_path}/.pyenv/versions/3.12.1/bin/python", "echo 3.12 yes /opt/pyenv")
    assert machine("--python").stdout == "/opt/pyenv\n"


def test_the_one_named_is_taken(machine):
    machine.python("python3.11", "echo 3.11 yes /opt/python3.11")
    machine.python("python3.13", "echo 3.13 yes /opt/python3.13")
    assert machine("--python", PYTHON="python3.13").stdout == "/opt/python3.13\n"


@pytest.mark.parametrize(
    ("scripts", "extra", "words"),
    [
        ({}, {}, "no working CPython 3.10 to 3.13 found"),
        ({"python3": "exit 127"}, {}, "no working CPython 3.10 to 3.13 found"),
        ({"python3": "echo 3.11 no /usr/bin/python3"}, {}, "apt-get install python3-venv"),
        ({}, {"PYTHON": "python9"}, "PYTHON=python9: no such program"),
    ],
    ids=["none", "shims-only", "no-venv", "named-and-absent"],
)
def test_a_machine_that_lacks_something_gets_one_line(machine, scripts, extra, words):
    for name, script in scripts.items():
        machine.python(name, script)
    done = machine("--python", **extra)
    assert done.returncode == 69
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_an_unknown_environment_is_named(machine):
    done = machine("conda")
    assert done.returncode == 69
    assert done.stderr == "setup: unknown environment conda: expected cpython, pypy or tox\n"


def test_what_the_readme_runs_after_make_scan_is_installed():
    """`parity live` trades with nothing configured on both runtimes: its client is there."""
    script = (ROOT / "scripts" / "environments.sh").read_text(encoding="utf-8")
    parts = script.split("make_cpython() {")[1].split("make_pypy() {")
    for part in (parts[0], parts[1].split("make_tox() {")[0]):
        assert "pip install --no-deps -r requirements-ib.txt" in part
        assert "ib_async" in part.split("import engine")[1]
        assert "requirements-ib.txt" in part.split("digest")[1].split(")")[0]
