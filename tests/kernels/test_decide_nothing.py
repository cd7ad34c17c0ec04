"""No candidate, gate, order or signal rests on a twin that is not bit-equal to its kernel.

Found by reading the source: whatever names such a twin, in the whole engine, in the kernels and
among the twins. Each file that may is named here with its reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from kernels_pure import MODULES

ROOT = Path(__file__).parents[2]


def differing() -> dict[str, str]:
    """Return the module of each such twin by its name; Numba's package says which they are."""
    tree = ast.parse((ROOT / "kernels_numba" / "__init__.py").read_text(encoding="utf-8"))
    (table,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "DIFFERS"
    )
    names = [name.partition(".") for name in ast.literal_eval(table or ast.Constant(None))]
    return {kernel: module for module, _, kernel in names}


NAMES = differing()
# What may name such twins: which, and the only modules of the engine that import it.
ALLOWED = {
    # Draws a picture.
    "engine/scoring/smile.py": (
        {"iv_chain"}, {"engine/report/plot.py", "engine/report/panels.py"},
    ),
    # Offers kernels to users; nothing of the engine calls them there.
    "engine/kernels/offered.py": (
        set(NAMES), {"engine/kernels/__init__.py", "engine/kernels/calls.py"},
    ),
    # Runs what its caller asks for on threads; nothing in the engine asks.
    "engine/runtime/threads.py": (set(NAMES), set()),
}  # fmt: skip


@cache
def sources(package: str) -> dict[str, ast.Module]:
    """Return the parsed files of a package by their path."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def used(tree: ast.AST) -> set[str]:
    """Return the names that code reads, asks of an object or of ``getattr``, or imports."""
    return set(mentions(tree))


def mentions(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name.rpartition(".")[2]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.rpartition(".")[2]


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the modules that code imports, and what it imports from them, with their full names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    "code",
    [
        "backend.pricing.price_chain(*columns)",
        "from kernels_numba.pricing import price_chain",
        "from kernels_pure.pricing import price_chain as price",
        "def decide():\n    price_chain(*columns)",
        "chains = {True: price_chain}",
        "getattr(backend.pricing, 'price_chain')(*columns)",
        "call('pricing.price_chain')",
    ],
)
def test_every_way_to_a_twin_is_seen(code: str) -> None:
    assert "price_chain" in used(ast.parse(code)) & NAMES.keys()


def test_a_like_name_is_none() -> None:
    assert (
        not used(ast.parse("'see price_chain'; self.price_chains(price_chain_of)")) & NAMES.keys()
    )


def test_the_engine_names_none_but_where_allowed() -> None:
    found = {path: used(tree) & NAMES.keys() for path, tree in sources("engine").items()}
    assert len(found) > 100
    assert {path: names for path, names in found.items() if names} == {
        path: names for path, (names, _) in ALLOWED.items()
    }


@pytest.mark.parametrize("path", ALLOWED)
def test_what_may_name_one_is_imported_by_what_decides_nothing(path: str) -> None:
    module = path.removesuffix(".py").replace("/", ".")
    importing = {user for user, tree in sources("engine").items() if module in imported(tree)}
    assert importing == ALLOWED[path][1]


def test_nothing_of_the_engine_calls_kernels_as_users_do() -> None:
    importing = {
        user
        for user, tree in sources("engine").items()
        if any(f"{name}.".startswith("engine.kernels.") for name in imported(tree))
    }
    assert {user for user in importing if not user.startswith("engine/kernels/")} == set()


def test_no_kernel_calls_one() -> None:
    for path, tree in sources("kernels_pure").items():
        assert not used(tree) & NAMES.keys(), path


def test_no_twin_calls_one() -> None:
    # Other twins are compiled from kernels: they have no source here.
    for path, tree in sources("kernels_numba").items():
        if path == "kernels_numba/__init__.py":
            continue
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        named = {
            name
            for name in used(tree) & NAMES.keys()
            # `reprice_chain = vectorised(rebuilt(pure.reprice_chain))` names itself.
            if not any(
                isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
                for node in tree.body
            )
        }
        assert not named, path
        assert all(f"kernels_numba/{NAMES[name]}.py" == path for name in defined & NAMES.keys())


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_kernel_of_its_module(name: str) -> None:
    assert NAMES[name] in MODULES
    assert callable(getattr(import_module(f"kernels_pure.{NAMES[name]}"), name))
