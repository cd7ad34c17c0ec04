"""Break the program in small ways and see whether the tests notice; no part of `make test`.

    python scripts/mutations.py            60 mutations, in a copy of the checkout, a line for each
    python scripts/mutations.py --seed 2   60 others
    python scripts/mutations.py --count 8 --only kernels_pure

Each changes one operator, comparison or number of a kernel, of scoring, the market or a feed, and
is tried on the pure kernels: by the tests that name its module, then by the lists, the golden
examples and the invariants. What survives these is tried by the whole sweeps as well (marker
`long`): what only they notice is lost to `make test`. A survivor may be equivalent; look at it.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kernels_pure import SCAN  # noqa: E402 (found from the root)

COPIED = ("benchmarks", "docs", "engine", "kernels_numba", "kernels_pure", "scripts", "tests")
# Where, and how many of 60.
ROOMS = {"kernels_pure": 24, "engine/scoring": 12, "engine/market": 12, "engine/feeds": 12}
GENERAL = (
    "tests/unit/test_golden.py",
    "tests/unit/test_pipeline.py",
    "tests/lists",
    "tests/properties/test_invariants.py",
)
SECONDS = 900
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.And: ast.Or,
    ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """A change of one expression: file, place, and the text before and after."""

    path: str
    start: int
    end: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}: {self.before!r} -> {self.after!r}"


def mutations_of(path: Path) -> Iterator[Mutation]:
    """Yield the mutations of a source; none of docstrings, annotations and what raises."""
    text = path.read_text(encoding="utf-8")
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))
    tree = ast.parse(text)
    skipped = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Raise, ast.JoinedStr, ast.ImportFrom))
        for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        changed = None if id(node) in skipped else changed_expression(node)
        if changed and isinstance(node, ast.expr) and node.end_lineno and node.end_col_offset:
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            before = text.encode()[start:end].decode()
            name = path.relative_to(ROOT).as_posix()
            yield Mutation(name, start, end, before, changed)


def changed_expression(node: ast.AST) -> str:
    """Return an expression's source with one thing changed, "" where there is nothing to change."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SWAPS:
        swapped = ast.Compare(node.left, [SWAPS[type(node.ops[0])]()], node.comparators)  # type: ignore[list-item]
        return f"({ast.unparse(swapped)})"
    if isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
        return f"({ast.unparse(ast.BinOp(node.left, SWAPS[type(node.op)](), node.right))})"  # type: ignore[arg-type]
    if isinstance(node, ast.BoolOp):
        return f"({ast.unparse(ast.BoolOp(SWAPS[type(node.op)](), node.values))})"  # type: ignore[arg-type]
    if isinstance(node, ast.Constant) and type(node.value) is float and 0.0 < node.value < 1e9:
        return repr(2.0 * node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        other = {"min": "max", "max": "min"}.get(node.func.id)
        return ast.unparse(node).replace(node.func.id, other, 1) if other else ""
    return ""


def drawn(seed: int, count: int, only: str) -> list[Mutation]:
    """Return mutations by chance, the same for the same seed and sources."""
    draw = random.Random(seed)
    found = []
    for room, share in ROOMS.items():
        if only and only not in room:
            continue
        every = [one for path in sorted((ROOT / room).glob("*.py")) for one in mutations_of(path)]
        wanted = count if only else max(1, round(share * count / 60))
        found += draw.sample(every, min(wanted, len(every)))
    return found


def tests_of(mutation: Mutation) -> list[str]:
    """Return the test files that name a module, the kernels' digests of its kernels among them."""
    module = Path(mutation.path).with_suffix("").as_posix().replace("/", ".")
    stem = module.rpartition(".")[2]
    pattern = re.compile(rf"\b{re.escape(module)}\b|[\"']{stem}[.\"']|\b(backend|load)\W+{stem}\b")
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if pattern.search(path.read_text(encoding="utf-8"))
        and path.name != "test_parity_of_backends.py"
    ]


class EndlessError(Exception):
    """Tests did not end in `SECONDS`: a loop without end, or a busy machine."""


def is_killed(copy: Path, tests: list[str], *options: str) -> bool:
    """Run tests in the copy, on the pure kernels; return whether one failed."""
    if not tests:
        return False
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *options]
    environ = {**os.environ, "ENGINE_BACKEND": "pure", "PYTHONPATH": str(copy)}
    try:
        done = subprocess.run(
            [*command, *tests], cwd=copy, env=environ, capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise EndlessError from None
    return done.returncode == 1


def tried(copy: Path, mutation: Mutation) -> str:
    """Return what noticed a mutation: the tests that name it, those of all, the sweeps, nothing."""
    path = copy / mutation.path
    whole = path.read_bytes()
    path.write_bytes(whole[: mutation.start] + mutation.after.encode() + whole[mutation.end :])
    digests = "tests/kernels/test_parity_of_backends.py"
    kernel = mutation.path.startswith("kernels_pure/")
    here = f"{Path(mutation.path).stem}." if kernel else ""
    try:
        if kernel and is_killed(copy, [digests], "-k", f"same_bits_everywhere and {here}"):
            return "killed by digests"
        if is_killed(copy, tests_of(mutation)):
            return "killed by tests of it"
        is_of_scan = not kernel or Path(mutation.path).stem in SCAN
        if is_of_scan and is_killed(copy, list(GENERAL)):
            return "killed by tests of all"
        if kernel and is_killed(copy, [digests], "-m", "long", "-k", here):
            return "LOST: killed by long digests"
        if is_of_scan and is_killed(copy, ["tests/properties", "tests/lists"], "-m", "long"):
            return "LOST: killed by long sweeps"
        return "SURVIVED"
    except EndlessError:
        return "NOT ENDED"
    finally:
        path.write_bytes(whole)


def main() -> None:
    """Try mutations one after the other and count what was noticed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--only", default="", metavar="ROOM")
    args = parser.parse_args()
    verdicts = []
    with tempfile.TemporaryDirectory(prefix="parity-mutations-") as name:
        copy = Path(name)
        for folder in COPIED:
            shutil.copytree(ROOT / folder, copy / folder)
        for file in (*ROOT.glob("*.toml"), *ROOT.glob("*.md"), ROOT / "tox.ini"):
            shutil.copy(file, copy / file.name)
        for mutation in drawn(args.seed, args.count, args.only):
            began = time.monotonic()
            verdict = tried(copy, mutation)
            verdicts.append(verdict)
            print(f"{verdict}, {time.monotonic() - began:.0f} s: {mutation}", flush=True)
    killed = sum(verdict.startswith("killed") for verdict in verdicts)
    lost = sum(verdict.startswith("LOST") for verdict in verdicts)
    print(f"{killed} of {len(verdicts)} killed, {lost} by the long sweeps alone")


if __name__ == "__main__":
    main()
