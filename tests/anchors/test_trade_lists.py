"""Five rules over twenty markets, with and without fees: the lists of three programs are one list.

vectorbt is told what is not its default: to fill at the open, one bar after the signal, and to
reverse. What then differs is stated where it is compared: a reversal is one order of it and two of
ours, and the prices of its trades are means.
"""

from __future__ import annotations

from math import ulp
from typing import Any

import pytest

from engine.backtesting.result import Result
from engine.backtesting.run import run
from tests.anchors.engines import (
    HOUR,
    RULES,
    Told,
    closed,
    data_of,
    following,
    made,
    ours,
    portfolio,
    run_class,
    signals,
    targets,
    terms,
    trades_of,
    walk,
)

N, SEEDS = 1_000, range(20)
FEES = (0.0, 0.001)
# A price of vectorbt's trades is a mean of what was paid, off by so many last bits.
LAST_BITS = 1


def merged(result: Result) -> list[tuple[int, float, float]]:
    """Return our fills as (row, price, units), those of one row and price together."""
    found: list[tuple[int, float, float]] = []
    for fill in result.fills:
        row, units = fill.time_ns // HOUR - 1, fill.units
        if found and found[-1][:2] == (row, fill.price):
            units += found.pop()[2]
        found.append((row, fill.price, units))
    return found


def orders_of(found: Any) -> list[tuple[int, float, float]]:
    records = found.orders.records
    return [
        (int(row), float(price), float(size if side == 0 else -size))
        for row, price, size, side in zip(
            records.idx, records.price, records["size"], records.side, strict=True
        )
    ]


def nearly(one: Told, other: Told) -> bool:
    """Tell whether prices differ by the last bit at most, and nothing else does."""
    return one[:3] == other[:3] and all(
        abs(a - b) <= LAST_BITS * ulp(a) for a, b in zip(one[3:], other[3:], strict=True)
    )


@pytest.mark.parametrize("fee", FEES)
@pytest.mark.parametrize("rule", RULES)
def test_three_programs_make_the_same_trades(rule: str, fee: float) -> None:
    count = off = 0
    for seed in SEEDS:
        bars = walk(seed, N)
        result = run(made(rule), data_of(bars), terms(fee))
        mine, wanted = ours(result.trades), targets(rule, bars)
        table = run_class(following(wanted), bars, fee)
        assert trades_of(table) == mine
        assert list(table.PnL) == pytest.approx([one.gain for one in result.trades], abs=1e-9)
        found = portfolio(bars, signals(wanted), price=bars.open, fees=fee)
        assert orders_of(found) == merged(result)
        records = found.trades.records
        assert list(records[records.status == 1].pnl) == pytest.approx(
            [one.gain for one in result.trades], abs=1e-9
        )
        theirs = closed(found)
        assert len(theirs) == len(mine)
        assert all(nearly(one, other) for one, other in zip(mine, theirs, strict=True))
        off += len([one for one, other in zip(mine, theirs, strict=True) if one != other])
        assert found.total_profit() == pytest.approx(result.equity[-1] - 1e6, abs=1e-6)
        count += len(mine)
    assert count > 300
    assert off < count // 4
