"""Workloads that make chains of what a source says: rows of a CSV file, summaries in JSON.

The file is written when the task is made and is read, from the disk's cache, by every run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure.write_csv import write_chain
from benchmarks.workloads.calls import Built
from benchmarks.workloads.markets import clean
from benchmarks.workloads.tasks import Task, python_task
from engine.api import load
from engine.backend import Backend, select
from engine.market.chain import OptionChain

N_ROWS = 2000
# A coin for a hundred dollars, of which strikes are a thousand times those of the chain.
COIN, IN_COIN, IN_STRIKE = "BTC", 0.01, 1000.0
TICKS = 10_000.0


def write_summaries(chain: OptionChain, path: Path) -> None:
    """Write a chain as Deribit's book summaries, quoted in the coin."""
    rows = []
    for quote in range(len(chain.bid)):
        row = chain.row_of(quote)
        day = chain.expiries[chain.expiry_of(row)].date
        month = day.strftime("%b").upper()
        strike = round(IN_STRIKE * chain.strike[row])
        bid, ask = (round(TICKS * IN_COIN * side[quote]) / TICKS for side in (chain.bid, chain.ask))
        rows.append({
            "instrument_name": f"{COIN}-{day.day}{month}{day:%y}-{strike}-{chain.right_of(quote)}",
            "bid_price": bid or None,
            "ask_price": ask or None,
            "underlying_price": 100.0 * IN_STRIKE,
            "underlying_index": f"SYN.{COIN}",
            "creation_timestamp": chain.ts_ns // 1_000_000,
        })  # fmt: skip
    path.write_text(json.dumps({"jsonrpc": "2.0", "result": rows}))


def _loaded(kind: str, name: str, write: Callable[[OptionChain, Path], None]) -> Task:
    # Kept as long as the task: the folder goes with it.
    folder = TemporaryDirectory(prefix="parity-source-")
    path = Path(folder.name) / name
    # The same file on every backend.
    write(clean(select("pure"), N_ROWS).chain, path)

    def chain(_folder: object = folder) -> OptionChain:
        return load(f"{kind}:{path}").chain

    return python_task(chain)


def _csv(_backend: Backend) -> Task:
    return _loaded("csv", "rows.csv", write_chain)


def _json(_backend: Backend) -> Task:
    return _loaded("deribit", "summaries.json", write_summaries)


SOURCES = (
    Built(f"engine/chain of CSV rows/{N_ROWS}", "contract", N_ROWS, _csv),
    Built(f"engine/chain of JSON summaries/{N_ROWS}", "contract", N_ROWS, _json),
)
