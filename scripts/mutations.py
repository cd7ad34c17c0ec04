"""Break the program in small ways and see whether the tests notice; no part of `make test`.

    python scripts/mutations.py            60 mutations, in a copy of the checkout, a line for each
    python scripts/mutations.py --seed 2   60 others
    python scripts/mutations.py --count 8 --only kernels_pure

Each changes one operator, comparison or number of a kernel, of scoring, the market or a feed, and
is tried on the pure kernels: by the tests that import its module, then by the lists, the golden
examples and the invariants, then by the tests of the modules that import it. What survives these is
tried by the whole sweeps as well (marker `long`): what only they notice is lost to `make test`. A
survivor may be equivalent; look at it.

Every set of tests is run once without a mutation: it has to pass, or nothing is told by it, and its
processor time gives the limit with one. A mutation that exceeds it counts as killed, and as such.
`--no-sweeps` leaves the sweeps out, `--minutes` starts no mutation after so long. Ends with 1 where
one survived or nothing could be told.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
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
# Processor seconds that tests may take with a mutation: so many times what they take without, and
# so many more. The wall may show a multiple of it, where other programs want the processor as well.
SLOWER, MORE, WALL = 3.0, 20.0, 6.0
NO_TESTS = 5
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.And: ast.Or,
    ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """A change of one expression: file, line, place in bytes, and the text before and after."""

    path: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.before!r} -> {self.after!r}"


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
            yield Mutation(name, node.lineno, start, end, before, changed)


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


def modules_of(path: Path) -> set[str]:
    """Return the dotted names that a source imports, whole and by the first word after `import`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{name.name}" for name in node.names)
    return found


def tests_of_callers(mutation: Mutation) -> list[str]:
    """Return the test files that import what imports a module of the engine, and not itself."""
    module = dotted(mutation.path)
    callers = {
        dotted(path.relative_to(ROOT).as_posix())
        for path in (ROOT / "engine").rglob("*.py")
        if module in modules_of(path)
    }
    near = set(tests_of(mutation))
    return [
        name
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if (name := path.relative_to(ROOT).as_posix()) not in near
        and not callers.isdisjoint(modules_of(path))
    ]


def dotted(path: str) -> str:
    """Return the name of the module at a path from the root."""
    return Path(path).with_suffix("").as_posix().replace("/", ".")


def tests_of(mutation: Mutation) -> list[str]:
    """Return the test files that import or name a module."""
    module = dotted(mutation.path)
    stem = module.rpartition(".")[2]
    pattern = re.compile(rf"\b{re.escape(module)}\b|[\"']{stem}[.\"']|\b(backend|load)\W+{stem}\b")
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if path.name != "test_parity_of_backends.py"
        and (module in modules_of(path) or pattern.search(path.read_text(encoding="utf-8")))
    ]


class TooLongError(Exception):
    """Tests took more processor time than their limit: most likely a loop without end."""


class BrokenError(Exception):
    """Tests fail without a mutation: they could not tell anything."""


@dataclass
class Trial:
    """A copy of the checkout, and the processor time of each set of tests before any mutation."""

    copy: Path
    seconds: dict[tuple[str, ...], float] = field(default_factory=dict)

    def run(self, arguments: tuple[str, ...], limit: float = 0.0) -> tuple[int, float]:
        """Run pytest in the copy on the pure kernels; return its code and processor seconds.

        Raises
        ------
        TooLongError
            If it took longer than `limit` (0: there is none).
        """

        def restrict() -> None:
            os.setsid()
            if limit:
                resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))

        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *arguments]
        environ = {
            **os.environ,
            "ENGINE_BACKEND": "pure",
            "PYTHONPATH": str(self.copy),
            # Two mutations within a second may leave a source of the same size and time.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        child = subprocess.Popen(
            command, cwd=self.copy, env=environ, preexec_fn=restrict,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            code = child.wait(WALL * limit if limit else None)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise TooLongError from None
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            raise TooLongError
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return code, ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime

    def prepare(self, *arguments: str) -> bool:
        """Run tests without a mutation, once; return whether there are any.

        Raises
        ------
        BrokenError
            If one fails.
        """
        if arguments not in self.seconds:
            code, seconds = self.run(arguments)
            if code not in (0, NO_TESTS):
                raise BrokenError(f"these fail without a mutation: {' '.join(arguments)}")
            self.seconds[arguments] = seconds if code == 0 else 0.0
        return self.seconds[arguments] > 0.0

    def is_killed(self, mutation: Mutation, *arguments: str) -> bool:
        """Return whether a test fails with `mutation`, or can no longer be collected."""
        if not self.prepare(*arguments):
            return False
        path = self.copy / mutation.path
        whole = path.read_bytes()
        path.write_bytes(whole[: mutation.start] + mutation.after.encode() + whole[mutation.end :])
        try:
            return self.run(arguments, SLOWER * self.seconds[arguments] + MORE)[0] != 0
        finally:
            path.write_bytes(whole)

    def verdict(self, mutation: Mutation, *, with_sweeps: bool) -> str:
        """Return what noticed a mutation: tests of its module, those of all, sweeps, nothing."""
        digests = "tests/kernels/test_parity_of_backends.py"
        stem = Path(mutation.path).stem
        is_kernel = mutation.path.startswith("kernels_pure/")
        is_of_scan = not is_kernel or stem in SCAN
        stages: list[tuple[str, tuple[str, ...]]] = []
        if is_kernel:
            own = f"same_bits_everywhere and {stem}."
            stages.append(("killed by digests", (digests, "-k", own)))
        if tests := tests_of(mutation):
            stages.append(("killed by tests of it", tuple(tests)))
        if is_of_scan:
            stages.append(("killed by tests of all", GENERAL))
        if not is_kernel and (callers := tests_of_callers(mutation)):
            stages.append(("killed by tests of its callers", tuple(callers)))
        if is_kernel and with_sweeps:
            stages.append(
                ("LOST: killed by long digests", (digests, "-m", "long", "-k", f"{stem}."))
            )
        if is_of_scan and with_sweeps:
            sweeps = ("tests/properties", "tests/lists", "-m", "long")
            stages.append(("LOST: killed by long sweeps", sweeps))
        for words, arguments in stages:
            try:
                if self.is_killed(mutation, *arguments):
                    return words
            except TooLongError:
                return words.replace("killed", "killed by time,")
            except BrokenError as error:
                return f"UNTOLD ({error})"
        return "SURVIVED"


def main() -> int:
    """Try mutations one after the other and count what was noticed; return 1 if not all were."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--only", default="", metavar="ROOM")
    parser.add_argument("--no-sweeps", action="store_true")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    args = parser.parse_args()
    verdicts: Counter[str] = Counter()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="parity-mutations-") as name:
        copy = Path(name) / "checkout"
        copy.mkdir()
        # Real data stands beside a checkout (CONTRIBUTING.md).
        if (ROOT.parent / "shared").exists():
            (Path(name) / "shared").symlink_to((ROOT.parent / "shared").resolve())
        for folder in COPIED:
            shutil.copytree(ROOT / folder, copy / folder)
        for file in (*ROOT.glob("*.toml"), *ROOT.glob("*.md"), ROOT / "tox.ini"):
            shutil.copy(file, copy / file.name)
        trial = Trial(copy)
        for mutation in drawn(args.seed, args.count, args.only):
            began = time.monotonic()
            if began - start > 60.0 * args.minutes:
                break
            verdict = trial.verdict(mutation, with_sweeps=not args.no_sweeps)
            verdicts[verdict] += 1
            print(f"{verdict}, {time.monotonic() - began:.0f} s: {mutation}", flush=True)
    killed = sum(n for verdict, n in verdicts.items() if verdict.startswith("killed"))
    late = sum(n for verdict, n in verdicts.items() if verdict.startswith("killed by time"))
    lost = sum(n for verdict, n in verdicts.items() if verdict.startswith("LOST"))
    count = sum(verdicts.values())
    swept = "" if args.no_sweeps else f"; {lost} more by the long sweeps alone"
    print(f"{killed} of {count} killed, {late} of them by the limit of time{swept}")
    return int(killed < count)


if __name__ == "__main__":
    sys.exit(main())
