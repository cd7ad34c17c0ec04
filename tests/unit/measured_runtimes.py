"""Runtimes as the advice measures them, with numbers made up, and a place to keep advice in."""

from __future__ import annotations

import sys

import pytest

from engine.runtime.advice import Measured
from engine.runtime.interpreters import CPYTHON, GUARD, PYPY


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(GUARD, raising=False)


def measured(kind, backend, start, first, steady, python=sys.executable, n=30):
    return Measured(kind, "3.11", python, backend, start, (first, *[steady] * n), 2000, 10**8)


# A plain process starts at once, PyPy warms up, Numba starts late and is then the fastest.
PURE = measured(CPYTHON, "pure", 0.1, 0.1, 0.1)
WARMING = measured(PYPY, "pure", 0.3, 0.5, 0.01)
COMPILED = measured(CPYTHON, "numba", 2.0, 0.5, 0.005)
ALL = [PURE, COMPILED, WARMING]
