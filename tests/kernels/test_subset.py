"""The kernels keep to the subset of Python that Numba compiles and PyPy runs at full speed.

An allow-list: a construct that is not named here is refused. docs/KERNELS.md gives the reasons.
"""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import kernels_pure
from kernels_pure import MODULES

FOLDER = Path(kernels_pure.__file__).parent
BUILTINS = {"range", "len", "abs", "min", "max", "int", "float"}
ANNOTATIONS = {"float", "int", "bool", "Floats", "Ints", "Flags", "Bytes"}
MATH = {"copysign", "exp", "inf", "log", "log10", "nan", "sqrt", "pi", "e"}
IMPORTABLE = {"math": MATH, "array": {"array"}}
STATEMENTS = (
    ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.For, ast.While, ast.If, ast.Expr,
    ast.Break, ast.Continue,
)  # fmt: skip
EXPRESSIONS = (
    ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp,
    ast.Subscript, ast.Tuple, ast.Call,
)  # fmt: skip
OPERATORS = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.LShift, ast.RShift,
    ast.BitAnd, ast.BitOr, ast.BitXor, ast.USub, ast.UAdd, ast.Invert, ast.Not, ast.And, ast.Or,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Load, ast.Store,
)  # fmt: skip


def complaints(source: str) -> list[str]:
    """Return what in a module's source is outside the subset."""
    found: list[str] = []
    tree = ast.parse(source)
    # Everything a kernel may call or read by a global name.
    known = BUILTINS | ANNOTATIONS
    for top in tree.body:
        if isinstance(top, ast.ImportFrom):
            known |= {alias.name for alias in top.names}
        elif isinstance(top, ast.FunctionDef):
            known.add(top.name)

    def refuse(node: ast.AST, why: str) -> None:
        found.append(f"line {getattr(node, 'lineno', '?')}: {why}")

    def expression(node: ast.AST) -> None:
        for part in ast.walk(node):
            if isinstance(part, ast.Constant):
                if not isinstance(part.value, (bool, int, float)):
                    refuse(part, f"constant {part.value!r}")
            elif isinstance(part, ast.Call):
                if not isinstance(part.func, ast.Name) or part.func.id not in known:
                    refuse(part, f"call of {ast.unparse(part.func)}")
                if part.keywords:
                    refuse(part, "keyword argument")
            elif not isinstance(part, (*EXPRESSIONS, *OPERATORS)):
                refuse(part, type(part).__name__)

    def statement(node: ast.stmt) -> None:
        if not isinstance(node, STATEMENTS):
            refuse(node, type(node).__name__)
            return
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call):
            refuse(node, "expression without effect")
        if isinstance(node, (ast.For, ast.While)) and node.orelse:
            refuse(node, "else of a loop")
        if isinstance(node, ast.For) and not (
            isinstance(node.iter, ast.Call)
            and isinstance(node.iter.func, ast.Name)
            and node.iter.func.id == "range"
        ):
            refuse(node, "loop over something else than a range")
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                statement(child)
            else:
                expression(child)

    def kernel(node: ast.FunctionDef) -> None:
        arguments = node.args
        if arguments.defaults or arguments.vararg or arguments.kwarg or arguments.kwonlyargs:
            refuse(node, "default, keyword or variable argument")
        if node.decorator_list:
            refuse(node, "decorator")
        if node.name.startswith("_"):
            refuse(node, "private function: it would have no twin")
        if not ast.get_docstring(node):
            refuse(node, "no docstring")
        for name in (*[argument.annotation for argument in arguments.args], node.returns):
            for part in ast.walk(name) if name else [node]:
                if isinstance(part, ast.FunctionDef):
                    refuse(node, "missing annotation")
                elif isinstance(part, ast.Name) and part.id not in ANNOTATIONS | {"tuple"}:
                    refuse(part, f"annotation {part.id}")
        for child in node.body[1:]:
            statement(child)

    for top in tree.body[1:]:
        if isinstance(top, ast.FunctionDef):
            kernel(top)
        elif isinstance(top, ast.ImportFrom):
            allowed = IMPORTABLE.get(top.module or "")
            for alias in top.names:
                is_ours = (top.module or "").startswith("kernels_pure.")
                if alias.asname or not (is_ours or (allowed and alias.name in allowed)):
                    refuse(top, f"import of {alias.name} from {top.module}")
        elif isinstance(top, ast.Assign):
            expression(top.value)
        elif isinstance(top, ast.Expr) and isinstance(top.value, ast.Constant):
            continue  # the docstring of a constant
        else:
            refuse(top, f"{type(top).__name__} at module level")
    return found


@pytest.mark.parametrize("module", MODULES)
def test_module_keeps_to_the_subset(module: str) -> None:
    assert complaints((FOLDER / f"{module}.py").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("    return x ** 2", "Pow"),
        ("    return x.real", "Attribute"),
        ("    return sum(x)", "call of sum"),
        ("    return [x]", "List"),
        ("    return x in x", "In"),
        ("    return x is x", "Is"),
        ("    return f(x=x)", "keyword argument"),
        ("    return 'a'", "constant 'a'"),
        ("    raise x", "Raise"),
        ("    x", "expression without effect"),
        ("    for y in x:\n        x = y", "loop over something else"),
        ("    while x:\n        x = 0\n    else:\n        x = 1", "else of a loop"),
        ("    return (lambda: x)()", "Lambda"),
        ("    global x", "Global"),
        ("    return f'{x}'", "JoinedStr"),
        ("    x = y = 0 if x else 1j", "constant 1j"),
    ],
)
def test_a_construct_outside_the_subset_is_refused(line: str, why: str) -> None:
    source = f'"""Head."""\n\n\ndef f(x: float) -> float:\n    """Doc."""\n{line}\n'
    assert any(why in complaint for complaint in complaints(source))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ('"""Head."""\nimport math\n', "Import at module level"),
        ('"""Head."""\nfrom math import erf\n', "import of erf"),
        ('"""Head."""\nfrom engine import clock\n', "import of clock"),
        ('"""Head."""\ndef f(x: float = 1.0) -> float:\n    """Doc."""\n    return x\n', "default"),
        ('"""Head."""\ndef f(x) -> float:\n    """Doc."""\n    return x\n', "missing annotation"),
        (
            '"""Head."""\ndef f(x: list) -> float:\n    """Doc."""\n    return x\n',
            "annotation list",
        ),
        ('"""Head."""\ndef f(x: float) -> float:\n    return x\n', "no docstring"),
        ('"""Head."""\ndef _f(x: float) -> float:\n    """Doc."""\n    return x\n', "private"),
        ('"""Head."""\nprint(1)\n', "Expr at module level"),
    ],
)
def test_a_module_outside_the_subset_is_refused(source: str, why: str) -> None:
    assert any(why in complaint for complaint in complaints(source))


def test_every_module_file_is_listed() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "columns"}
    assert files == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_constants_are_numbers(module: str) -> None:
    for name, value in vars(import_module(f"kernels_pure.{module}")).items():
        if not (name.startswith("__") or inspect.isfunction(value) or name in ANNOTATIONS):
            assert isinstance(value, (int, float)) or callable(value), name
