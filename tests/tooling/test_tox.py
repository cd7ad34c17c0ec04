"""toxfile.py does what tox.ini cannot say, with the tox that is installed."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytest.importorskip("tox", reason="tox is installed in the CPython legs only")


def base_pythons(*names: str) -> dict[str, list[str]]:
    command = [sys.executable, "-m", "tox", "config", "-e", ",".join(names), "-k", "base_python"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    text = re.sub(r"(?m)^base_python = *$", "base_python =", done.stdout)
    parsed = configparser.ConfigParser()
    parsed.read_string(text)
    return {
        section.removeprefix("testenv:"): parsed[section]["base_python"].split()
        for section in parsed.sections()
        if section.startswith("testenv:")
    }


def test_names_mean_the_interpreters_they_say():
    found = base_pythons("py311", "py313-numba", "pypy310", "pypy311")
    assert found == {
        "py311": ["cpython311"],
        "py313-numba": ["cpython313"],
        "pypy310": ["pypy310", "pypy311"],
        "pypy311": ["pypy311"],
    }
