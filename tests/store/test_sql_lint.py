"""The rules that keep rows from being lost or leaked, read from the sources."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "engine"
SOURCES = sorted(ENGINE.rglob("*.py"))
# Where statements are executed: these exhaust and close their cursors.
DOORS = {
    ("store/sqlite.py", "run"),
    ("store/sqlite.py", "pages"),
    ("store/sqlite.py", "_insert"),
    ("store/driver_psycopg.py", "rows"),
    ("cache/disk.py", "_run"),
}
EXECUTES = {"execute", "executemany", "executescript"}


def executed(source: str) -> list[tuple[str, int]]:
    """Return (function, line) of every call of a method that executes SQL."""
    found = []
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        found += [
            (function.name, node.lineno)
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in EXECUTES
        ]
    return found


def test_statements_are_executed_in_one_place() -> None:
    wrong = []
    for path in SOURCES:
        name = path.relative_to(ENGINE).as_posix()
        by_line: dict[int, set[str]] = {}
        for function, line in executed(path.read_text(encoding="utf-8")):
            by_line.setdefault(line, set()).add(function)
        wrong += [
            f"{name}:{line}"
            for line, functions in by_line.items()
            if not any((name, function) in DOORS for function in functions)
        ]
    assert wrong == []


def test_the_lint_finds_a_bare_execute() -> None:
    assert executed("def f(c):\n    c.execute('x')\n") == [("f", 2)]


@pytest.mark.parametrize(
    "word", ["import pickle", "from pickle", "import marshal", "import shelve"]
)
def test_no_data_is_pickled(word: str) -> None:
    assert [p.name for p in SOURCES if word in p.read_text(encoding="utf-8")] == []
