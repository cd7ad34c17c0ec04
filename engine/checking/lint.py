"""Read a strategy's source for what a run cannot repeat: clocks, chance, files, the network.

Only what the strategy reaches is read: the top of its file, its class or function, and what these
name. A block under ``if __name__ == "__main__"`` is never run, and so not read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from engine.checking.lint_table import CHANCE, FILES, INSIDE, METHODS, REFUSED, SAID
from engine.errors import BadDataError

# Where a name is refused under a module that is refused, these are not: types and seeded chance.
_INSIDE = {"__globals__", "__closure__", "__subclasses__", "__code__"}
_ALLOWED = {"random.Random", "numpy.random.Generator", "pathlib.PurePath", "pathlib.PurePosixPath"}
_BUILT_IN = {"open", "hash", "id", "exec", "eval", "compile", "__import__"}
_SEEDED = {"random.Random", "numpy.random.default_rng", "numpy.random.RandomState"}
LOOKS_AHEAD, SHARED = "looks ahead", "shared"


@dataclass(frozen=True, slots=True)
class Remark:
    """A place in a source: its line, what kind of thing it is, what to say.

    A hint says where a look ahead may come from, and proves nothing.
    """

    line: int
    kind: str
    name: str
    said: str
    is_hint: bool = False


def lint(source: str, name: str, file: str = "strategy") -> list[Remark]:
    """Return what the class or function `name` of `source` should not use, by line.

    Raises
    ------
    BadDataError
        If the source is no Python.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None) or 1
        raise BadDataError(f"{file}:{line}: {error}") from None
    parts = list(_reached(tree, name))
    aliases = _aliases(tree)
    found = {}
    for part in parts:
        for node in ast.walk(part):
            for remark in _remarks(node, aliases):
                found[(remark.line, remark.name)] = remark
        if isinstance(part, ast.ClassDef):
            for remark in _shared(part):
                found[(remark.line, remark.name)] = remark
    return sorted(found.values(), key=lambda one: (one.line, one.name))


def _reached(tree: ast.Module, name: str) -> Iterator[ast.stmt]:
    """Yield the statements of a module that `name` depends on."""
    defined: dict[str, ast.stmt] = {}
    loose: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            defined[node.name] = node
        elif not (isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)):
            loose.append(node)
    yield from loose
    waiting = [name]
    for node in loose:
        waiting.extend(one for one in _names(node) if one in defined)
    seen: set[str] = set()
    while waiting:
        one = waiting.pop()
        if one in seen or one not in defined:
            continue
        seen.add(one)
        yield defined[one]
        waiting.extend(_names(defined[one]))


def _names(node: ast.AST) -> list[str]:
    return [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name stands for: ``pd`` is pandas, ``now`` is time.time."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                whole = one.name if one.asname else one.name.partition(".")[0]
                found[one.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom) and node.module:
            for one in node.names:
                found[one.asname or one.name] = f"{node.module}.{one.name}"
    return found


def _dotted(node: ast.AST, aliases: dict[str, str]) -> str:
    """Return the dotted name that an expression stands for, or nothing."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([aliases.get(node.id, node.id), *reversed(names)])


def _remarks(node: ast.AST, aliases: dict[str, str]) -> Iterator[Remark]:
    if isinstance(node, ast.Call):
        yield from _call(node, aliases)
    if isinstance(node, ast.Global):
        said = "is changed by a run and kept for the next one"
        yield Remark(node.lineno, SHARED, node.names[0], said, is_hint=True)
    if isinstance(node, ast.Attribute) and node.attr in _INSIDE:
        yield Remark(node.lineno, INSIDE, node.attr, SAID[INSIDE])
    elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
        name = _dotted(node, aliases)
        # A module by itself is an import; what is taken from it is a use.
        kind = _kind(name) if "." in name and _root(node) in aliases else ""
        if kind:
            yield Remark(node.lineno, kind, name, SAID[kind])


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _kind(name: str) -> str:
    if name in _ALLOWED or name in _SEEDED:
        return ""  # judged where it is called
    for kind, names in REFUSED:
        if any(name == refused or name.startswith(refused + ".") for refused in names):
            return kind
    return ""


def _call(node: ast.Call, aliases: dict[str, str]) -> Iterator[Remark]:
    name = _dotted(node.func, aliases)
    if isinstance(node.func, ast.Name) and name in _BUILT_IN:
        kind = _kind(name)
        yield Remark(node.lineno, kind, name, SAID[kind])
    if name in _SEEDED and not node.args and not node.keywords:
        yield Remark(node.lineno, CHANCE, name, SAID[CHANCE])
    if not isinstance(node.func, ast.Attribute):
        return
    method = node.func.attr
    if method in METHODS:
        yield Remark(node.lineno, METHODS[method], method, SAID[FILES])
    if method == "shift" and any(_is_negative(one) for one in _given(node)):
        yield _hint(node, "shift", "takes a later row")
    if method == "rolling" and any(
        one.arg == "center" and isinstance(one.value, ast.Constant) and one.value.value is True
        for one in node.keywords
    ):
        yield _hint(node, "rolling(center=True)", "means over later rows too")
    if method in ("bfill", "backfill") or (
        method == "fillna"
        and any(
            isinstance(one, ast.Constant) and one.value in ("bfill", "backfill")
            for one in _given(node)
        )
    ):
        yield _hint(node, method, "fills from a later row")


def _given(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(one.value for one in node.keywords)]


def _hint(node: ast.Call, name: str, said: str) -> Remark:
    return Remark(node.lineno, LOOKS_AHEAD, name, said, is_hint=True)


def _is_negative(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def _shared(node: ast.ClassDef) -> Iterator[Remark]:
    """Yield lists, dicts and sets of a class that its methods change: all instances have them."""
    made = {
        target.id: one.lineno
        for one in node.body
        if isinstance(one, (ast.Assign, ast.AnnAssign)) and _is_mutable(one.value)
        for target in (one.targets if isinstance(one, ast.Assign) else [one.target])
        if isinstance(target, ast.Name)
    }
    own = {
        one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute)
        and isinstance(one.ctx, ast.Store)
        and isinstance(one.value, ast.Name)
        and one.value.id == "self"
    }
    for name, line in made.items():
        if name not in own and _is_changed(node, name):
            said = "belongs to the class: what one run puts in, the next one finds"
            yield Remark(line, SHARED, name, said, is_hint=True)


def _is_mutable(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in (
            "list", "dict", "set", "deque", "defaultdict", "array",
        )  # fmt: skip
    return isinstance(node, (ast.List, ast.Dict, ast.Set))


_CHANGING = {"append", "extend", "add", "update", "insert", "setdefault", "pop", "clear"}


def _is_changed(node: ast.ClassDef, name: str) -> bool:
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and one.attr in _CHANGING:
            inner = one.value
            if isinstance(inner, ast.Attribute) and inner.attr == name:
                return True
        if isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Store):
            inner = one.value
            if isinstance(inner, ast.Attribute) and inner.attr == name:
                return True
    return False
