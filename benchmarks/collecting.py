"""Eight symbols from a service that answers after 125 ms: one after the other, and at once.

    python benchmarks/collecting.py [--rounds N] [--json F]

Runs on the interpreter that runs it; the service is on loopback, in a thread of the same process.
Least time of the rounds, which alternate. The limit is one answer: 0.125 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.clock import NS_PER_SECOND  # noqa: E402
from engine.collect.client import Client  # noqa: E402
from engine.collect.coinbase import Coinbase  # noqa: E402
from engine.collect.collector import Collector, Line  # noqa: E402
from engine.collect.tasks import BARS, COMPLETE, Task  # noqa: E402
from tests.collect.venue_server import DAY_S, VenueServer, candles, made_bars  # noqa: E402

LATENCY = 0.125


def seconds(concurrency: int, url: str) -> float:
    """Return how long eight symbols take, from the first request to the last answer."""
    start_ns = DAY_S * NS_PER_SECOND
    tasks = [
        Task(BARS, f"SYM{k}-USD", 60, start_ns, start_ns + 300 * 60 * NS_PER_SECOND, 300)
        for k in range(8)
    ]

    async def run() -> float:
        line = Line("coinbase", Coinbase(), Client(url, rate=1000.0, burst=100))
        collector = Collector([line], lambda _: None, concurrency=concurrency)
        start = time.perf_counter()
        outcomes = await collector.run(tasks)
        spent = time.perf_counter() - start
        await collector.close()
        assert all(one.delivery.state == COMPLETE for one in outcomes)
        return spent

    return asyncio.run(run())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    best: dict[str, float] = {}
    with VenueServer(candles(made_bars(300)), latency=LATENCY) as venue:
        for _ in range(args.rounds):
            for name, concurrency in (("one by one", 1), ("at once", 10)):
                best[name] = min(best.get(name, 1e9), seconds(concurrency, venue.url))
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    cells = "  ".join(f"{name} {spent:.3f} s" for name, spent in best.items())
    print(f"{runtime:<16} {cells}  ratio {best['one by one'] / best['at once']:.1f}")
    if args.json:
        said = {"runtime": runtime, "latency": LATENCY, "seconds": best}
        Path(args.json).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
