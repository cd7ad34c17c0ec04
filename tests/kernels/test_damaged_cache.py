"""A kept kernel that is cut off or changed is compiled again, said once, and the scan goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.backend import select
from engine.errors import UnavailableError

ROOT = Path(__file__).resolve().parents[2]
CODE = (
    "from kernels_numba.normal import norm_cdf\n"
    "print(norm_cdf(0.25).hex())\n"
)  # fmt: skip


@pytest.fixture
def base(tmp_path: Path) -> Path:
    try:
        select("numba")
    except UnavailableError:
        pytest.skip("Numba does not run here")
    return tmp_path / "kept"


def called(base: Path) -> tuple[str, str]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(base), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, cwd=ROOT, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_damaged_files_are_compiled_again(base: Path) -> None:
    answer, said = called(base)
    assert said == ""
    assert called(base) == (answer, "")
    kept = sorted(path for path in base.rglob("*") if path.suffix in (".nbi", ".nbc"))
    assert {path.suffix for path in kept} == {".nbi", ".nbc"}
    good = {path: path.read_bytes() for path in kept}
    for path, data in good.items():
        middle = len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        for damaged in (b"", data[:middle], flipped):
            path.write_bytes(damaged)
            again, told = called(base)
            assert again == answer
            assert told == "parity: a kept kernel is damaged; it is compiled again\n"
        assert called(base) == (answer, "")


def test_a_parent_that_anybody_may_write_to_keeps_nothing(base: Path) -> None:
    base.parent.chmod(0o777)
    try:
        answer, said = called(base)
    finally:
        base.parent.chmod(0o700)
    assert answer
    assert f"{base.parent} is open to other users (mode 777)" in said
    assert not list(base.rglob("*.nbc"))


def test_a_disk_that_is_full_costs_the_next_start_only(base: Path) -> None:
    """Every write fails as it does there."""
    code = (
        "import numba.core.caching as c\n"
        "def full(self, path):\n raise OSError(28, 'No space left on device')\n"
        "c.IndexDataCacheFile._open_for_write = full\n" + CODE
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(base), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout == called(base)[0]
    assert done.stderr == "parity: compiled kernels are not kept: No space left on device\n"
