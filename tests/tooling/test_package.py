"""What pyproject.toml promises is what the checkout holds and what gets installed."""

import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOP_LEVEL = ("engine", "kernels_numba", "kernels_pure")


def test_every_package_is_listed_and_every_listed_package_exists():
    there = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for top in TOP_LEVEL
        for init in (ROOT / top).rglob("__init__.py")
    }
    assert there == set(PROJECT["tool"]["setuptools"]["packages"])


def test_a_folder_of_modules_is_a_package():
    folders = {m.parent for top in TOP_LEVEL for m in (ROOT / top).rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_only_listed_data_files_lie_in_the_packages():
    data = {
        path.relative_to(ROOT).as_posix()
        for top in TOP_LEVEL
        for path in (ROOT / top).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    migrations = {path for path in data if path.startswith("engine/store/migrations/")}
    assert all(path.endswith(".sql") for path in migrations)
    assert data - migrations == {f"{top}/py.typed" for top in TOP_LEVEL}


@pytest.fixture
def installed():
    try:
        return metadata.distribution("parity-engine")
    except metadata.PackageNotFoundError:
        pytest.skip("parity-engine is not installed in this environment")


def test_the_core_needs_rich_and_little_else(installed):
    needed = {
        line.split(";")[0].strip() for line in installed.requires or [] if "extra" not in line
    }
    names = {requirement.split(">")[0] for requirement in needed}
    assert names == {"rich", "tomli", "tzdata"}


def test_the_installed_command_runs_away_from_the_checkout(installed, tmp_path):
    command = Path(sys.prefix) / "bin" / "parity"
    done = subprocess.run(
        [str(command), "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "scan" in done.stdout


def test_a_leg_without_numba_really_has_none():
    """A leg named after plain CPython must not pass by way of Numba."""
    leg = Path(sys.prefix).name
    if Path(sys.prefix).parent.name != ".tox" or leg.startswith("pypy"):
        pytest.skip("not in a CPython leg of tox")
    assert platform.python_implementation() == "CPython"
    found = {d.metadata["Name"].lower() for d in metadata.distributions()}
    assert ("numba" in found) == (leg.endswith("-numba") or leg == "boundscheck")
