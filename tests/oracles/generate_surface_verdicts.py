"""Write surface_verdicts.csv: what SciPy's HiGHS says of the random surfaces and chains.

Run on CPython from the project's root: ``python tests/oracles/generate_surface_verdicts.py``
(about two minutes). Each line covers a block of seeds: how many cases and arbitrages they have,
the sum of the largest locked profits, and one bit per case, in order, as hexadecimal digits.
Every runtime makes the same surfaces from the same seeds, so PyPy checks the same verdicts.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent / "properties")]

from highs import least_misfit  # noqa: E402
from random_chains import banded_programme, random_view  # noqa: E402
from random_surfaces import price_programme, random_surface  # noqa: E402

from engine.backend import select  # noqa: E402

BLOCKS = {"surface": (10_000, 1_000), "banded": (2_000, 500)}
# Above what HiGHS leaves of a zero, below the smallest profit that is planted (1e-5 / 30).
IS_PROFIT = 1e-9


def surface_values(seed: int) -> Iterator[float]:
    yield least_misfit(price_programme(random_surface(seed)))


def banded_values(seed: int) -> Iterator[float]:
    view = random_view(seed, select("pure"))
    for e in range(len(view.chain.expiries)):
        yield least_misfit(banded_programme(view, e))


VALUES = {"surface": surface_values, "banded": banded_values}


def main() -> None:
    with (HERE / "surface_verdicts.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("kind", "first_seed", "seeds", "cases", "arbitrages", "sum", "verdicts"))
        for kind, (seeds, block) in BLOCKS.items():
            for start in range(0, seeds, block):
                values = [v for seed in range(start, start + block) for v in VALUES[kind](seed)]
                bits = [v > IS_PROFIT for v in values]
                number = sum(1 << i for i, bit in enumerate(bits) if bit)
                total = math.fsum(max(v, 0.0) for v in values)
                writer.writerow(
                    (kind, start, block, len(bits), sum(bits), f"{total:.9f}", f"{number:x}")
                )
                file.flush()


if __name__ == "__main__":
    main()
