"""Write clean chains as CSV files, for the processes that load one."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from benchmarks.measure.processes import csv_paths
from benchmarks.workloads.markets import clean
from engine.backend import select
from engine.clock import from_ns
from engine.market.chain import OptionChain

HEADER = (
    "timestamp_utc", "underlying", "underlying_bid", "underlying_ask", "expiry", "strike", "right",
    "bid", "ask", "bid_size", "ask_size", "bid_age_s", "ask_age_s", "underlying_bid_age_s",
    "underlying_ask_age_s",
)  # fmt: skip


def write_chain(chain: OptionChain, path: Path) -> None:
    """Write every quote of `chain`."""
    spot = chain.underlying
    stamp = from_ns(chain.ts_ns).strftime("%Y-%m-%dT%H:%M:%SZ")
    with path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEADER)
        for q in range(len(chain.bid)):
            row = chain.row_of(q)
            rows.writerow((
                stamp, chain.symbol, spot.bid, spot.ask,
                chain.expiries[chain.expiry_of(row)].date, chain.strike[row], chain.right_of(q),
                chain.bid[q], chain.ask[q], chain.bid_size[q], chain.ask_size[q],
                chain.bid_age[q], chain.ask_age[q], spot.bid_age, spot.ask_age,
            ))  # fmt: skip


if __name__ == "__main__":
    for size, path in csv_paths(Path(sys.argv[1])).items():
        write_chain(clean(select("pure"), size).chain, path)
