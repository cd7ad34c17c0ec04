"""The engine's own calls of kernels, which check nothing: every column stands in its place.

mypy sees how many arguments a call has and of which types (`scripts/kernel_types.py`); of two
columns of one type only the names say which is which.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from kernels_pure import MODULES
from tests.kernels.inputs import KERNELS, kinds

ROOT = Path(__file__).parents[2]
# What an argument is called where it is made, beside what the kernel calls it.
ALIKE = {
    "lend": "discount_lend", "borrow": "discount_borrow", "sell": "receive", "buy": "pay",
    "sold": "receive", "bought": "pay", "near": "low", "far": "high", "into": "receipt",
    "out": "payment", "matrix": "rows",
}  # fmt: skip


class Call(NamedTuple):
    """A call of a kernel: where, of which, and what stands for each parameter, as far as known."""

    where: str
    kernel: str
    arguments: dict[str, str]


@cache
def tokens(text: str) -> frozenset[str]:
    """Return the words of a name or an expression."""
    if "(" in text and not re.search(r"[.](column|indices|line|rows)[(]", text):
        return frozenset()  # made on the spot: nothing is called by its name
    words = {word for word in re.findall(r"[a-z]+", text.lower()) if word not in ("view", "chain")}
    return frozenset(words) | {
        part for word in words for part in ALIKE.get(word, "").split("_") if part
    }


def calls_in(tree: ast.Module, path: str) -> Iterator[Call]:
    """Yield the calls of kernels in a source, by ``backend.module.kernel`` or a module's name."""
    for top in tree.body:
        # What an inner function takes from its outer one is known in the outer one.
        for scope in top.body if isinstance(top, ast.ClassDef) else [top]:
            yield from _calls_of(scope, path)


def _calls_of(scope: ast.stmt, path: str) -> Iterator[Call]:
    modules, tuples = {}, {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(target.elts, value.elts, strict=False))
            for name, one in pairs:
                if isinstance(name, ast.Name) and isinstance(one, ast.Attribute):
                    modules[name.id] = one.attr
                elif isinstance(name, ast.Name) and isinstance(one, ast.Tuple):
                    tuples[name.id] = one.elts
    for node in ast.walk(scope):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        of = node.func.value
        module = of.attr if isinstance(of, ast.Attribute) else modules.get(getattr(of, "id", ""))
        kernel = f"{module}.{node.func.attr}"
        if module in MODULES and kernel in KERNELS:
            given = []
            for argument in node.args:
                if not isinstance(argument, ast.Starred):
                    given.append(argument)
                elif isinstance(argument.value, ast.Name) and argument.value.id in tuples:
                    given += tuples[argument.value.id]
                else:
                    break  # of what comes now the places are not known
            texts = map(ast.unparse, given)
            known = dict(zip(kinds(kernel), texts, strict=False))
            yield Call(f"{path}:{node.lineno}", kernel, known)


def misplaced(call: Call) -> list[str]:
    """Return the pairs of arguments of one type whose names fit better the other way round."""
    types = kinds(call.kernel)
    found = []
    for one, other in combinations(call.arguments, 2):
        if types[one] != types[other]:
            continue
        here, there = call.arguments[one], call.arguments[other]
        kept = fit(here, one) + fit(there, other)
        if fit(here, other) + fit(there, one) > kept:
            found.append(f"{call.where}: {call.kernel}: {one}={here}, {other}={there}")
    return found


@cache
def fit(text: str, parameter: str) -> float:
    """Return how well an expression's name fits a parameter's: shared words, less the strange."""
    words, wanted = tokens(text), tokens(parameter) - {"out", "work"}
    return len(words & wanted) - 0.01 * len(words ^ wanted)


CALLS = [
    call
    for path in sorted((ROOT / "engine").rglob("*.py"))
    for call in calls_in(
        ast.parse(path.read_text(encoding="utf-8")), path.relative_to(ROOT).as_posix()
    )
]


def test_no_two_columns_have_changed_places() -> None:
    assert len({call.kernel for call in CALLS}) > 30
    assert [line for call in CALLS for line in misplaced(call)] == []


def test_most_exchanges_are_seen() -> None:
    seen = total = 0
    for call in CALLS:
        types = kinds(call.kernel)
        for one, other in combinations(call.arguments, 2):
            here, there = call.arguments[one], call.arguments[other]
            if types[one] == types[other] and types[one] not in (int, float) and here != there:
                total += 1
                exchanged = {**call.arguments, one: there, other: here}
                seen += bool(misplaced(call._replace(arguments=exchanged)))
    assert seen > 0.9 * total
