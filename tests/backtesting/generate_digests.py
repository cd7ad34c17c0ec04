"""Write what CPython makes of runs of every kind, as digests: ``digests.json`` beside this file.

Run ``python -m tests.backtesting.generate_digests`` from the root after a change that is meant to
change results, and say in the commit why it does.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from struct import pack

from engine.backtesting.data import Data, Dividend, Split
from engine.backtesting.parameters import build
from engine.backtesting.result import Result
from engine.backtesting.run import run
from engine.backtesting.terms import Terms
from engine.market.fees import FeeSchedule
from tests.backtesting.mixed import MARKET, Mixed
from tests.backtesting.scripted import HOUR

FILE = Path(__file__).with_name("digests.json")
ACTIONS = (Split("BBB", 100 * HOUR, 2.0), Dividend("AAA", 150 * HOUR, 0.5))
TERMS = {
    "free": Terms(cash=100_000.0),
    "dear": Terms(
        fee_rate=0.001, fee_order=1.0, slippage_rate=0.0005, borrow_rate=0.05, participation=0.5,
        lot=0.01, tick=0.01,
    ),
    "broker": Terms(fees=FeeSchedule(), spread=0.02, initial_equity=0.5, through=True),
    "long": Terms(can_short=False, units=3.0),
}  # fmt: skip


def digest(result: Result) -> str:
    """Return a digest of all numbers of a result, bit by bit."""
    found = sha256()
    for column in (result.time_ns, result.equity, result.high_equity, result.cash,
                   result.invested):  # fmt: skip
        found.update(pack(f"<{len(column)}{'q' if column is result.time_ns else 'd'}", *column))
    for one in (*result.fills, *result.trades):
        found.update(repr(one).encode())
    numbers = (result.n_orders, result.n_ambiguous, result.fees, result.borrow_fees)
    found.update(repr((numbers, result.dividends, result.notes)).encode())
    return found.hexdigest()


def digests() -> dict[str, str]:
    """Return the digests of all runs, by name."""
    found = {}
    for name, terms in TERMS.items():
        for symbols in (("AAA",), tuple(MARKET)):
            for seed in range(3):
                market = Data({one: MARKET[one] for one in symbols}, HOUR, "drawn", ACTIONS)
                result = run(build(Mixed), market, terms, seed=seed)
                found[f"{name} {len(symbols)} {seed}"] = digest(result)
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(digests(), indent=1) + "\n", encoding="ascii")
