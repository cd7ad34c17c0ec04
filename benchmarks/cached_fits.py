"""What a cache saves on the smiles of chains, where 40 of 100 requests are for one seen before.

    python benchmarks/cached_fits.py [--rounds N] [--json F]

Runs on the interpreter that runs it. All ways answer the same 100 requests and their answers are
compared first; least time of the rounds, which alternate. A cache cannot save more than its hits
cost where all requests cost the same: 40 % here, less its own cost.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine import load_chain  # noqa: E402
from engine.backend import select  # noqa: E402
from engine.cache import Cache, DiskCache, key_of  # noqa: E402
from engine.config import ScanSettings  # noqa: E402
from engine.scoring.curves import curves  # noqa: E402
from engine.scoring.smile import smiles  # noqa: E402

REQUESTS, DISTINCT = 100, 60


def requests() -> list[int]:
    """Return which chain each request is for: every one once, 40 a second time."""
    rng = Random(7)
    order = list(range(DISTINCT)) + [rng.randrange(DISTINCT) for _ in range(REQUESTS - DISTINCT)]
    rng.shuffle(order)
    return order


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    backend = select(None)
    chains = [load_chain("demo", "ZIDX", seed=seed) for seed in range(DISTINCT)]
    carry, order = ScanSettings().carry, requests()

    def fit(k: int) -> list[list[list[Any]]]:
        points = curves(chains[k], carry)
        return [
            [[p.strike, p.right, repr(p.bid_vol), repr(p.ask_vol)] for p in smile]
            for smile in smiles(chains[k], points, backend)
        ]

    # A quote that moves makes another chain: the key is what was quoted, not a name.
    keys = [key_of(c.symbol, c.ts_ns, c.bid, c.ask, c.strike) for c in chains]

    def keyed(k: int) -> bytes:
        c = chains[k]
        return key_of(c.symbol, c.ts_ns, c.bid, c.ask, c.strike)

    def uncached() -> list[Any]:
        return [fit(k) for k in order]

    def memory() -> list[Any]:
        cache: Cache[Any] = Cache()
        return [cache.make(keyed(k), lambda k=k: fit(k)) for k in order]  # type: ignore[misc]

    def disk() -> list[Any]:
        with tempfile.TemporaryDirectory() as folder:
            cache: Cache[Any] = Cache(disk=DiskCache(Path(folder) / "c.sqlite"))
            return [cache.make(keyed(k), lambda k=k: fit(k)) for k in order]  # type: ignore[misc]

    ways: dict[str, Callable[[], list[Any]]] = {
        "uncached": uncached,
        "memory": memory,
        "disk": disk,
    }
    assert len(set(keys)) == DISTINCT
    assert uncached() == memory() == disk(), "the ways disagree"
    best: dict[str, float] = {}
    for _ in range(args.rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            best[name] = min(best.get(name, 1e9), time.perf_counter() - start)
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    saved = {name: 1.0 - best[name] / best["uncached"] for name in ("memory", "disk")}
    print(
        f"{runtime:<16} ms a request: uncached {10 * best['uncached']:.3f}  "
        f"memory {10 * best['memory']:.3f} ({saved['memory']:.1%} saved)  "
        f"disk {10 * best['disk']:.3f} ({saved['disk']:.1%} saved)  of 40.0% at most"
    )
    if args.json:
        said = {"runtime": runtime, "seconds": best, "saved": saved, "hit_rate": 0.4}
        Path(args.json).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
