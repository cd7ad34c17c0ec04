"""Open four million one-minute bars: seconds, resident memory, and a kernel over one column.

python benchmarks/columns_open.py [--rows N]
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from array import array
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.backend import select  # noqa: E402
from engine.session.columns import Columns, write_columns  # noqa: E402
from kernels_pure.averages import EMA_STATE  # noqa: E402


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000_000)
    rows = parser.parse_args().rows
    averages = select().load("averages")
    state, out = array("d", bytes(8 * EMA_STATE)), array("d", bytes(8 * rows))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars"
        column = array("d", bytes(8)) * rows
        write_columns(path, dict.fromkeys(("open", "high", "low", "close", "volume"), column))
        averages.ema(column, 20, state, out)  # compiled, and the output touched
        Columns(path).column("close")
        before = resident_mb()
        start = time.perf_counter()
        close = Columns(path).column("close")
        opened = time.perf_counter() - start
        untouched = resident_mb() - before
        start = time.perf_counter()
        averages.ema(close, 20, state, out)
        mapped = time.perf_counter() - start
        touched = resident_mb() - before
        start = time.perf_counter()
        averages.ema(column, 20, state, out)
        in_memory = time.perf_counter() - start
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    print(
        f"{runtime}: {rows:,} rows x 5 columns opened in {opened * 1e3:.2f} ms, +{untouched:.1f} MB"
        f" resident; ema over one column {mapped * 1e3:.0f} ms mapped (+{touched:.0f} MB), "
        f"{in_memory * 1e3:.0f} ms from memory"
    )


if __name__ == "__main__":
    main()
