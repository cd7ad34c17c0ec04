"""mypy knows the kernels behind a backend: their arguments, how many and of which types."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Each line that is wrong, and what mypy says of it; nothing of the others.
CALLS = [
    ("from array import array", ""),
    ("from engine.backend import select", ""),
    ("backend = select()", ""),
    ("edge, row = array('d', [0.0]), array('l', [0])", ""),
    ("hits, best, value = backend.parity.row_hits(edge, 0.0, row)", ""),
    ("backend.parity.row_hits(edge, 0.0)", 'Missing positional argument "out_row"'),
    ("backend.parity.row_hits(row, 0.0, row)", 'Argument 1 to "row_hits" has incompatible'),
    ("backend.parity.row_hits(edge, 0.0, row, row)", "Too many arguments"),
    ("backend.parity.row_hit(edge, 0.0, row)", 'has no attribute "row_hit"'),
    ("rolling = backend.load('rolling')", ""),
    ("rolling.sma(edge, 3, edge, edge)", ""),
    ("rolling.sma(edge, 3, edge)", 'Missing positional argument "out_sma"'),
]


def test_a_wrong_call_of_a_kernel_is_an_error(tmp_path):
    pytest.importorskip("mypy", reason="mypy is not installed")
    source = tmp_path / "calls.py"
    source.write_text("\n".join(line for line, _ in CALLS))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", source], cwd=ROOT, capture_output=True, text=True
    )
    errors = [line for line in done.stdout.splitlines() if "error:" in line]
    wrong = [(number, why) for number, (_, why) in enumerate(CALLS, 1) if why]
    assert len(errors) == len(wrong), done.stdout + done.stderr
    for (number, why), error in zip(wrong, errors, strict=True):
        assert f"calls.py:{number}: error: " in error
        assert why in error
