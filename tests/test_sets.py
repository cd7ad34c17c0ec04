"""No order comes from a set: it is that of hashes, which differs from runtime to runtime.

What is written as a set may be asked, counted and sorted whole; iterating it, or sorting it by a
key under which two members may be equal, is refused where it is written. A set in a variable is not
followed: read those by eye.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    path
    for folder in ("engine", "kernels_pure", "kernels_numba")
    for path in (ROOT / folder).rglob("*.py")
)
_OPERATORS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Sub)
_ORDERED = {"list", "tuple", "enumerate", "iter", "zip", "map", "filter", "reversed", "array"}


def is_set(node: ast.expr) -> bool:
    """Tell whether an expression is a set as it is written."""
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
    if isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATORS):
        return is_set(node.left) or is_set(node.right)
    return False


def ordered(source: str) -> Iterator[int]:
    """Yield the lines where the order of a set counts."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.For | ast.comprehension) and is_set(node.iter):
            yield node.iter.lineno
        if not isinstance(node, ast.Call) or not any(is_set(part) for part in node.args):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ("sorted", "min", "max") and node.keywords:
            keys = [word.value for word in node.keywords if word.arg == "key"]
            if keys and not _is_total(keys[0]):
                yield node.lineno
        if name in _ORDERED or (isinstance(node.func, ast.Attribute) and node.func.attr == "join"):
            yield node.lineno


def _is_total(key: ast.expr) -> bool:
    """Tell whether a key ends with the member itself: then no two are equal."""
    if not (isinstance(key, ast.Lambda) and isinstance(key.body, ast.Tuple)):
        return False
    last = key.body.elts[-1]
    return isinstance(last, ast.Name) and last.id == key.args.args[0].arg


def test_no_order_comes_from_a_set() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        for line in ordered(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "source",
    [
        "for x in {1, 2}: pass", "[x for x in set(y)]", "list(set(y))",
        "','.join({str(x) for x in y})",
        "sorted(set(a) & set(b), key=abs)", "max({1, 2}, key=f)", "tuple(a - {1})",
        "sorted(set(a), key=lambda k: (abs(k), k % 2))",
    ],
)  # fmt: skip
def test_what_is_refused_is_found(source: str) -> None:
    assert list(ordered(source)) == [1]


@pytest.mark.parametrize(
    "source",
    [
        "sorted(set(y))", "x in {1, 2}", "len({1, 2})", "max({1, 2})",
        "for x in sorted({1, 2}): pass",
        "sorted(set(a), key=lambda k: (abs(k), k))", "a - b",
    ],
)  # fmt: skip
def test_what_is_allowed_is_not(source: str) -> None:
    assert list(ordered(source)) == []
