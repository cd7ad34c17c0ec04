"""What a scan does not import: its process is over in a tenth of a second."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.cli import start

ROOT = Path(__file__).resolve().parents[2]
CHAIN = """\
timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,bid,ask
2015-12-24T15:30:00Z,XYZ,100.00,100.02,2016-01-15,100,C,2.00,2.10
2015-12-24T15:30:00Z,XYZ,100.00,100.02,2016-01-15,100,P,1.90,2.00
"""
# Each brings more than a scan of a file needs, or costs more than all of its work.
UNWANTED = {
    "asyncio", "decimal", "fractions", "gzip", "lzma", "multiprocessing",
    "ctypes", "numba", "numpy", "random", "rich", "shutil", "statistics", "subprocess", "tomllib",
    "engine.runtime.comparison_memory", "engine.runtime.comparison_table",
}  # fmt: skip
SCAN = """
import sys
before = set(sys.modules)
from engine.cli.main import main
code = main(["scan", "--json", "--source", sys.argv[1], "--backend", "pure"])
sys.stdout.flush()
print(code, *sorted(set(sys.modules) - before), file=sys.stderr)
"""
# What Numba brings to compile, and not to call what is compiled.
COMPILER = "numba.np.linalg"
CALL = f"""
import sys
from kernels_numba import normal, scoring
print(normal.norm_cdf(float(sys.argv[1])), normal.norm_cdf.stats.cache_hits.total())
print({COMPILER!r} in sys.modules)
"""


def run(program: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        check=True,
        capture_output=True,
        text=True,
    )


def test_an_interpreter_starts_without_a_finder_of_ours() -> None:
    # That of an editable install by name imports re, pathlib and urllib into every process.
    assert run("import sys; print([name for name in sys.modules if 'parity' in name])").stdout == (
        "[]\n"
    )


def test_a_scan_of_a_file_imports_nothing_dear(tmp_path: Path) -> None:
    path = tmp_path / "chain.csv"
    path.write_text(CHAIN)
    done = run(SCAN, f"csv:{path}")
    code, *imported = done.stderr.splitlines()[-1].split()
    assert (code, len(json.loads(done.stdout)["chains"])) == ("0", 1)
    assert "engine.scanner.pipeline" in imported
    assert UNWANTED & set(imported) == set()


@pytest.mark.skipif(sys.implementation.name == "pypy", reason="Numba does not run on PyPy")
def test_a_kernel_that_is_compiled_brings_no_compiler(tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="Numba is not installed")
    first = run(CALL, "0.5", NUMBA_CACHE_DIR=str(tmp_path)).stdout.split()
    second = run(CALL, "0.5", NUMBA_CACHE_DIR=str(tmp_path)).stdout.split()
    assert first[1:] == ["0", "True"]
    assert second == [first[0], "1", "False"]
    # Another environment has the same sources in another folder, written at another time.
    for package in ("kernels_pure", "kernels_numba"):
        shutil.copytree(ROOT / package, tmp_path / "other" / package, copy_function=shutil.copyfile)
    elsewhere = {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(tmp_path / "other")}
    program = f"import sys\ndel sys.path[0]\n{CALL}"
    told = run(f"{program}\nprint(sys.modules['kernels_pure'].__file__)", "0.5", **elsewhere)
    lines = told.stdout.split()
    assert lines[:3] == second
    assert lines[-1].startswith(str(tmp_path))


@pytest.mark.skipif(not hasattr(gc, "freeze"), reason="PyPy has no such collector")
def test_the_collector_rests_during_imports_and_works_after_an_error() -> None:
    def fail() -> None:
        with start.without_collection():
            assert not gc.isenabled()
            raise ValueError("told")

    with pytest.raises(ValueError, match="told"):
        fail()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("pypy", ["-m", "engine", "scan"], [start.PYPY_JIT]),
        ("pypy", ["--jit", "threshold=200", "-m", "engine", "scan"], []),
        ("cpython", ["-m", "engine", "scan"], []),
    ],
)
def test_pypy_is_told_to_compile_less_where_nobody_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, name: str, words: list[str], told: list[str]
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(start, "import_module", lambda _: SimpleNamespace(set_param=heard.append))
    monkeypatch.setattr(sys, "orig_argv", ["python", *words])
    monkeypatch.setattr(start, "sys", SimpleNamespace(implementation=SimpleNamespace(name=name)))
    start.compile_less()
    assert heard == told


# A backtest of the demo market needs no arrays, no database, no process and no table printer.
UNWANTED_OF_A_BACKTEST = {
    "asyncio", "csv", "ctypes", "decimal", "gzip", "json", "lzma", "multiprocessing", "numba",
    "numpy", "pandas", "pathlib", "rich", "shutil", "sqlite3", "statistics", "subprocess",
    "tomllib", "zipfile", "zoneinfo", "engine.backend", "engine.codec", "engine.feeds",
    "engine.scanner", "engine.store", "engine.runtime.comparison_memory",
    "engine.runtime.comparison_table",
}  # fmt: skip


def test_a_backtest_imports_nothing_dear() -> None:
    program = SCAN.replace(
        '["scan", "--json", "--source", sys.argv[1], "--backend", "pure"]',
        '["backtest", "--quick"]',
    )
    done = run(program)
    code, *imported = done.stderr.splitlines()[-1].split()
    assert code == "0"
    assert "volatility" in done.stdout
    assert "engine.trading.demo_bars" in imported
    assert UNWANTED_OF_A_BACKTEST & set(imported) == set()
