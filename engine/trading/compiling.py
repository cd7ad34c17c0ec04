"""Compile a file of strategies so that PyPy runs what is written.

PyPy 7.3.19 for Python 3.11 drops a jump where a conditional expression stands alone at the end of
an `if` with which a function ends: ``self.buy(1.0) if up else self.sell(1.0)`` then buys and sells,
and ``up or self.close()`` ends the process while the file is compiled. With a `return` behind it
both are right, so each function that does not end in one is given one. Nothing else changes: lines
stay, and so do results. The report for PyPy: docs/upstream/pypy-conditional-expression.md.
"""

from __future__ import annotations

import ast
from types import CodeType


def compiled(source: bytes, path: str) -> CodeType:
    """Return the code of a module.

    Raises
    ------
    SyntaxError
        If it is not Python.
    """
    tree = ast.parse(source, path)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            last = node.body[-1]
            if not isinstance(last, ast.Return):
                node.body.append(ast.copy_location(ast.Return(None), last))
    code: CodeType = compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)
    return code
