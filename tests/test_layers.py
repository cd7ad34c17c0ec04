"""Imports point one way, as docs/ARCHITECTURE.md draws it; read from the sources, not at run time.

A layer may import the layers named for it and nothing else of ours; a layer that is not named here
is refused, so that a new package must take its place in the order.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("engine", "kernels_pure", "kernels_numba")
# What reaches out of the process: never in the pure middle.
OUTSIDE = {
    "asyncio", "socket", "ssl", "sqlite3", "subprocess", "threading", "multiprocessing", "ib_async",
    "urllib", "http", "asyncpg", "psycopg", "numpy", "pandas", "rich", "plotly",
}  # fmt: skip
VALUES = {"engine.errors", "engine.clock"}
MARKET = VALUES | {"engine.market"}
PURE = MARKET | {"engine.config", "engine.backend", "kernels_pure"}

# layer: (what it may import of ours, whether it must stay pure). The longest name wins.
LAYERS: dict[str, tuple[set[str], bool]] = {
    "kernels_pure": (set(), True),
    "kernels_numba": ({"kernels_pure"}, True),
    "engine.errors": (set(), True),
    "engine.clock": (set(), True),
    "engine.nearest": (set(), True),
    "engine.plural": (set(), True),
    "engine.codec": (set(), True),
    "engine.runtime.comparisons": ({"engine.runtime.comparison_memory"}, True),
    "engine.runtime.comparison_table": (set(), True),
    "engine.runtime.comparison_memory": ({"engine.runtime.comparison_table"}, True),
    "engine.runtime.comparison_library": ({"engine.runtime.comparison_table"}, True),
    "engine.cache": ({"engine.clock"}, False),
    "engine.market": (VALUES | {"kernels_pure"}, True),
    # The judge knows the market alone: not the kernels, strategies or terms that it judges.
    "engine.proof": ({"engine.clock", "engine.market"}, True),
    "engine.session": ({"engine.clock", "engine.codec", "engine.errors"}, False),
    "engine.collect": (VALUES | {"engine.session"}, False),
    "engine.store": (MARKET | {"engine.codec", "engine.session"}, False),
    "engine.config": (MARKET, True),
    "engine.backend": (
        {
            "engine.errors",
            "engine.nearest",
            "engine.runtime.comparisons",
            "kernels_pure",
            "kernels_numba",
        },
        True,
    ),
    # For users; nothing of the engine comes by here.
    "engine.kernels": ({"engine.backend", "engine.errors", "engine.nearest", "kernels_pure"}, True),
    "engine.strategies": (PURE, True),
    "engine.scoring": (PURE | {"engine.strategies", "engine.proof"}, True),
    "engine.backtesting": (PURE | {"engine.nearest", "engine.plural"}, True),
    "engine.performance": (MARKET | {"engine.backtesting", "kernels_pure"}, True),
    "engine.checking": (PURE | {"engine.backtesting", "engine.plural"}, True),
    "engine.paper": (
        PURE | {"engine.backtesting", "engine.backtesting.options", "engine.plural"},
        True,
    ),
    # Strategies, and the bars to try them on.
    "engine.trading": (
        PURE
        | {
            "engine.backtesting",
            "engine.cache",
            "engine.feeds",
            "engine.nearest",
            "engine.paper",
            "engine.plural",
            "engine.session",
            "engine.store",
        },
        False,
    ),
    # Packages: fees and margins are those of a scan, whose finds are a strategy.
    "engine.backtesting.options": (
        PURE
        | {
            "engine.backtesting",
            "engine.nearest",
            "engine.strategies",
            "engine.scoring",
            "engine.scanner.pipeline",
        },
        True,
    ),
    "engine.feeds": (
        MARKET
        | {
            "engine.nearest",
            "engine.codec",
            "engine.config",
            "engine.cache",
            "engine.session",
        },
        False,
    ),
    "engine.execution": (
        PURE
        | {
            "engine.codec",
            "engine.strategies",
            "engine.scoring",
            "engine.scanner.scanner",
            "engine.scanner.search",
            "engine.scanner.watch",
        },
        True,
    ),
    # The one broker connection. What it hands on is in the words of `engine.execution.broker`.
    "engine.ib": (MARKET | {"engine.cache", "engine.execution", "kernels_pure"}, False),
    "engine.gateway": (MARKET | {"kernels_pure"}, False),
    **dict.fromkeys(
        (
            "engine.scanner.pipeline",
            "engine.scanner.scanner",
            "engine.scanner.kept",
            "engine.scanner.search",
            "engine.scanner.box",
            "engine.scanner.watch",
        ),
        (
            PURE
            | {
                "engine.strategies",
                "engine.scoring",
                "engine.proof",
                "engine.scanner.search",
                "engine.scanner.kept",
                "engine.scanner.scanner",
                "engine.scanner.box",
            },
            True,
        ),
    ),
}
MOST_LINES = 420
# The rim: wires everything, and nothing above imports it.
RIM = "the rim"


def sources() -> Iterator[tuple[str, Path]]:
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def layer_of(module: str) -> str:
    """Return the layer of a module of ours: the longest name of `LAYERS` that it lies in."""
    names = [name for name in LAYERS if module == name or module.startswith(name + ".")]
    return max(names, key=len) if names else RIM


def imports(path: Path) -> Iterator[str]:
    """Yield what a source imports when it runs, as ``package.module``; not for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and ast.unparse(test.test) == "TYPE_CHECKING"
        for branch in test.body
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides the layer"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


SOURCES = dict(sources())


def refused(module: str, path: Path) -> list[str]:
    """Return the imports of a module that point the wrong way."""
    layer = layer_of(module)
    if layer == RIM:
        return []
    allowed, is_pure = LAYERS[layer]
    wrong = []
    for name in imports(path):
        top = name.partition(".")[0]
        if top in OURS:
            target = layer_of(name)
            if target != layer and target not in allowed:
                wrong.append(f"{name} ({target})")
        elif is_pure and top in OUTSIDE:
            wrong.append(f"{name} reaches outside")
    return wrong


@pytest.mark.parametrize("module", SOURCES)
def test_imports_point_one_way(module: str) -> None:
    assert refused(module, SOURCES[module]) == []


def test_an_import_that_points_back_is_found(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("from engine.feeds import demo\nimport asyncio\nfrom math import exp\n")
    assert refused("engine.strategies.bad", path) == [
        "engine.feeds.demo (engine.feeds)",
        "asyncio reaches outside",
    ]
    path.write_text("if TYPE_CHECKING:\n    from engine.feeds import demo\n")
    assert refused("engine.strategies.bad", path) == []


def test_no_module_is_long() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (*SOURCES.values(), *(ROOT / "tests").rglob("*.py"))
    }
    assert {module: n for module, n in lengths.items() if n > MOST_LINES} == {}


def test_the_verifier_runs_without_what_it_judges() -> None:
    """Whatever it loads, directly or not: no kernel, no family, no column of terms."""
    code = "import sys, engine.proof.verifier; print(*(m for m in sys.modules))"
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    judged = ("kernels_", "engine.strategies", "engine.scoring", "engine.market.terms")
    assert [name for name in out.stdout.split() if name.startswith(judged)] == []


def test_every_layer_exists() -> None:
    assert {layer_of(module) for module in SOURCES} - {RIM} == set(LAYERS)


def test_no_two_tests_have_one_name() -> None:
    """One folder's module would be taken for another's: pytest imports them by their names."""
    names = Counter(
        path.name for path in (ROOT / "tests").rglob("*.py") if path.name.startswith("test_")
    )
    assert {name: n for name, n in names.items() if n > 1} == {}
