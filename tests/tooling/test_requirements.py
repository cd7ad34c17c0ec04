"""The pinned files: exact, hashed and importable on PyPy, and in step with each other."""

import importlib
import platform
import re
import sys
from ctypes.util import find_library
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HASHED = [
    "requirements-pypy.txt",
    "requirements-pypy-test.txt",
    "requirements-pypy-bench.txt",
    "requirements-ib.txt",
    "requirements-collect.txt",
]
INSTALLED_FOR_TESTS = HASHED[:2]

# What imports only beside a library of the system.
NEEDS_LIBRARY = {"psycopg": "pq"}

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?:; (?P<marker>.+?))?\s*\\?$")
OLD_PYTHON = 'python_version < "3.11"'


def requirements(name: str) -> list[str]:
    """Join continued lines; leave out comments, blank lines and options."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("--")]


def pins(name: str) -> dict[str, str]:
    """Give the version of each package that this file pins for the running Python."""
    found = {}
    for line in requirements(name):
        pin = PIN.match(line.split("--hash")[0].strip())
        assert pin, f"{name}: not an exact pin: {line}"
        marker = pin["marker"] or ""
        if marker and (marker == OLD_PYTHON) != (sys.version_info < (3, 11)):
            continue
        found[re.sub(r"[-_.]+", "-", pin["name"]).lower()] = pin["version"]
    return found


@pytest.mark.parametrize("name", HASHED)
def test_every_line_for_pypy_is_an_exact_pin_with_a_hash(name):
    lines = requirements(name)
    assert lines
    for line in lines:
        assert PIN.match(line.split("--hash")[0].strip()), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}$", line), line


@pytest.mark.parametrize("name", [*HASHED, "constraints.txt", "pyproject.toml"])
def test_no_file_names_a_registry(name):
    text = (ROOT / name).read_text()
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host", text)


def test_pypy_and_cpython_use_the_same_releases():
    constraints = pins("constraints.txt")
    for name in HASHED:
        for package, version in pins(name).items():
            if package != "pip":
                assert constraints[package] == version, package


@pytest.mark.skipif(
    platform.python_implementation() != "PyPy", reason="the hashed files are installed on PyPy only"
)
@pytest.mark.parametrize("name", INSTALLED_FOR_TESTS)
def test_every_pin_is_installed_and_imports(name):
    for package, version in pins(name).items():
        distribution = metadata.distribution(package)
        assert distribution.version == version, package
        if find_library(NEEDS_LIBRARY.get(package, "c")) is None:
            continue  # the tests of the store skip then, and say so
        modules = modules_of(distribution)
        assert modules, package
        for module in modules:
            importlib.import_module(module)


def modules_of(distribution: metadata.Distribution) -> set[str]:
    tops = {path.parts[0] for path in distribution.files or [] if path.suffix == ".py"}
    return {top.removesuffix(".py") for top in tops if top.removesuffix(".py").isidentifier()}
