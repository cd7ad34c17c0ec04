"""What pyproject.toml promises is what the checkout holds and what gets installed."""

import os
import platform
import re
import subprocess
import sys
import tarfile
from importlib import metadata
from itertools import chain
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


def test_every_requirement_is_bounded_above():
    """By the next major version, or pinned; tzdata's versions are years."""
    project = PROJECT["project"]
    every = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    loose = [one for one in every if "<" not in one.split(";")[0] and "==" not in one.split(";")[0]]
    assert loose == ["tzdata>=2024.1"]
    assert project["authors"]
    assert project["keywords"]


def test_actions_are_pinned_by_commit():
    lines = [
        line.strip()
        for path in sorted((ROOT / ".github").rglob("*.yml"))
        for line in path.read_text().splitlines()
        if re.search(r"\buses:", line)
    ]
    assert len(lines) > 10
    pinned = re.compile(r"(?:- )?uses: [\w./-]+@[0-9a-f]{40} # v[0-9.]+")
    assert [line for line in lines if not pinned.fullmatch(line)] == []


def test_a_source_distribution_holds_pages_and_no_tests(tmp_path):
    setuptools = pytest.importorskip("setuptools", reason="setuptools builds the distribution")
    if int(setuptools.__version__.split(".")[0]) < 77:
        pytest.skip("setuptools 77 reads the licence of pyproject.toml")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not in a checkout of git, whose files would be copied")
    for name in filter(None, listed.stdout.split("\0")):
        target = tmp_path / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    code = "from setuptools import build_meta; print(build_meta.build_sdist('out'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path / "source", capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "source" / "out").glob("*.tar.gz")
    with tarfile.open(made) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"CHANGELOG.md", "docs/SOURCES.md", "docs/adr", "engine/py.typed", "constraints.txt",
            "README.md", "engine/store/migrations"} <= names  # fmt: skip
    assert [name for name in names if name.startswith(("tests", "benchmarks", ".github"))] == []


@pytest.mark.long
def test_the_code_of_the_readme_passes_strict_types(tmp_path):
    pytest.importorskip("mypy", reason="mypy checks types")
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    first = next(block for block in blocks if "load_chain" in block)
    (tmp_path / "recipe.py").write_text(first)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "recipe.py"],
        cwd=tmp_path, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


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
    names = {re.split(r"[<>=!~ ]", requirement)[0] for requirement in needed}
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
    assert ("numba" in found) == (leg.endswith("-numba") or leg in ("boundscheck", "anchors"))
