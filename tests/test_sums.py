"""The engine adds floats alike on every Python: `math.fsum`, or a loop; never the builtin `sum`.

From Python 3.12 on `sum` compensates rounding errors of floats, earlier versions and PyPy do not:
the same chain would have other bits. Integers may be summed; read from the sources, an element
counts as one if it is a number, a comparison or a length, or a field that is
annotated ``int`` and nowhere ``float``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import pytest

from engine.market.carry import Carry
from engine.market.fees import FREE
from engine.market.terms import chain_terms
from tests.test_layers import RIM, SOURCES, layer_of
from tests.unit.chains import chain, dividend

MODULES = [module for module in SOURCES if layer_of(module) != RIM]
TEXTS = {module: SOURCES[module].read_text(encoding="utf-8") for module in MODULES}
OF_INTEGERS = {"len", "int", "comb"}
WHOLE = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)


def is_integer(node: ast.expr, fields: set[str]) -> bool:
    """Tell whether an expression can only be an integer; `fields` are those annotated so."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int)
    if isinstance(node, ast.Compare):
        return True
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not) or is_integer(node.operand, fields)
    if isinstance(node, ast.BinOp):
        sides = (node.left, node.right)
        return isinstance(node.op, WHOLE) and all(is_integer(side, fields) for side in sides)
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).rpartition(".")[2] in OF_INTEGERS
    return isinstance(node, ast.Attribute) and node.attr in fields


def is_count(call: ast.Call, fields: set[str]) -> bool:
    """Tell whether a call of `sum` adds integers, from an integer on."""
    values, *start = call.args
    if call.keywords or not all(is_integer(node, fields) for node in start):
        return False
    if isinstance(values, ast.GeneratorExp | ast.ListComp | ast.SetComp):
        return is_integer(values.elt, fields)
    if isinstance(values, ast.Tuple | ast.List):
        return all(is_integer(node, fields) for node in values.elts)
    return False


def annotated(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the names of fields and variables with their annotations."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, ast.unparse(node.annotation)


def integers(trees: Iterable[ast.Module]) -> set[str]:
    """Return the names that are annotated ``int`` and nowhere ``float``."""
    every = [pair for tree in trees for pair in annotated(tree)]
    return {name for name, kind in every if kind == "int"} - {
        name for name, kind in every if kind == "float"
    }


def float_sums(source: str, fields: set[str]) -> list[str]:
    """Return the uses of the builtin `sum` that may add floats, as ``line: text``."""
    tree = ast.parse(source)
    counts, calls = set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            calls[id(node.func)] = node
            if node.func.id == "sum" and is_count(node, fields):
                counts.add(id(node.func))
    return [
        f"{node.lineno}: {ast.unparse(calls.get(id(node), node))}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "sum" and id(node) not in counts
    ]


FIELDS = integers(map(ast.parse, TEXTS.values()))


@pytest.mark.parametrize("module", MODULES)
def test_floats_are_not_added_by_the_builtin(module: str) -> None:
    assert float_sums(TEXTS[module], FIELDS) == []


def test_the_packages_that_decide_are_read() -> None:
    packages = {module.rpartition(".")[0] for module in MODULES}
    assert {"kernels_pure", "engine.market", "engine.strategies", "engine.scoring"} <= packages


@pytest.mark.parametrize(
    "line",
    [
        "sum(f.owed for f in flows)", "sum([0.1, 0.2])", "sum(column)", "sum(map(float, words))",
        "sum((1 for _ in flows), 0.5)", "sum((1 for _ in flows), start=0.5)", "max(map(sum, rows))",
        "sum(n / 2 for n in counts)", "sum(len(x) * price for x in rows)",
        "sum(leg.ratio * leg.price for leg in legs)",
    ],
)  # fmt: skip
def test_a_sum_of_floats_is_found(line: str) -> None:
    assert len(float_sums(line, FIELDS)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "sum(1 for _ in flows)", "sum(f.ex < now for f in flows)", "sum([not f for f in flows])",
        "sum(len(row) // 2 for row in rows)", "sum((2, 3))", "math.fsum(f.owed for f in flows)",
        "sum(leg.side * one.n_found for leg in legs)",
    ],
)  # fmt: skip
def test_a_count_may_be_summed(line: str) -> None:
    assert float_sums(line, FIELDS) == []


def test_ten_dividends_of_a_tenth_are_one() -> None:
    # Added one by one they are 0.9999999999999999.
    terms = chain_terms(
        chain({(60, 100.0, "C"): (3.2, 3.3)}),
        Carry(dividends=tuple(dividend(day, 0.1) for day in range(10, 20))),
        FREE,
    )
    assert (terms.div_in[0], terms.div_out[0], terms.div_future[0]) == (1.0, 1.0, 1.0)
