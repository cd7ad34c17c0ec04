"""Brackets, limits, stops and stop-limits: our trades and those of backtesting.py, order by order.

Entries on crossings of moving averages, over twenty markets. The lists are equal but for `STATED`:
there each row that differs is one of those that are stated.
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.market.bars import Bar, Bars
from tests.anchors.engines import (
    UNITS,
    Told,
    data_of,
    ours,
    run_class,
    targets,
    terms,
    theirs,
    trades_of,
    walk,
)

N, SEEDS = 1_000, range(20)


def entry(kind: str, side: float, close: float) -> dict[str, float]:
    """Return the prices of an order to enter on a side: relative to the close that was seen."""
    beyond, behind = close * (1.0 + 0.004 * side), close * (1.0 - 0.004 * side)
    wide = {"sl": close * (1.0 - 0.02 * side), "tp": close * (1.0 + 0.03 * side)}
    tight = {"sl": close * (1.0 - 0.004 * side), "tp": close * (1.0 + 0.004 * side)}
    return {
        "wide bracket": wide, "tight bracket": tight, "stop-loss": {"sl": wide["sl"]},
        "limit": {"limit": behind}, "stop": {"stop": beyond},
        "stop-limit": {"stop": beyond, "limit": close * (1.0 + 0.02 * side)},
    }[kind]  # fmt: skip


class Ours(Strategy):
    """Cancels and closes at each change of side, and enters by an order of its kind."""

    kind = ""
    wanted: Any = None

    def start(self) -> None:
        self.row = 0
        self.side = 0.0

    def on_bar(self, bar: Bar) -> None:
        side = float(self.wanted[self.row])
        self.row += 1
        if side == self.side:
            return
        self.side = side
        for order in self.orders():
            self.cancel(order)
        self.close()
        if side > 0.0:
            self.buy(UNITS, **entry(self.kind, side, bar.close))  # type: ignore[arg-type]
        elif side < 0.0:
            self.sell(UNITS, **entry(self.kind, side, bar.close))  # type: ignore[arg-type]


def theirs_of(kind: str, wanted: Any) -> type:
    class Theirs(theirs.Strategy):  # type: ignore[misc, name-defined]
        def init(self) -> None:
            self.wanted = self.I(lambda: wanted, name="wanted")
            self.side = 0.0

        def next(self) -> None:
            side = float(self.wanted[-1])
            if side == self.side:
                return
            self.side = side
            for order in self.orders:
                if not order.is_contingent:
                    order.cancel()
            self.position.close()
            if side:
                send = self.buy if side > 0.0 else self.sell
                send(size=UNITS, **entry(kind, side, self.data.Close[-1]))

    return Theirs


def lists(kind: str, bars: Bars, fee: float) -> tuple[list[Told], list[Told], Any]:
    wanted = targets("ma_crossover", bars)
    strategy = Ours()
    strategy.kind, strategy.wanted = kind, wanted
    result = run(strategy, data_of(bars), terms(fee))
    table = run_class(theirs_of(kind, wanted), bars, fee)
    # Theirs are in the order of exits, ours too; two of one bar may stand either way.
    return sorted(ours(result.trades)), sorted(trades_of(table)), result


def is_beyond_its_target(bars: Bars, one: Told) -> bool:
    """Tell whether the bar of an exit, that of the entry or a later one, opened beyond its target.

    Then the take-profit is filled there, before anything that the bar reached afterwards.
    """
    side = 1.0 if one.units > 0.0 else -1.0
    gain = entry("tight bracket", side, bars.close[one.entered - 1])["tp"]
    return one.exit == bars.open[one.left] and (one.exit - gain) * side >= 0.0


def is_beyond_its_stop(bars: Bars, one: Told) -> bool:
    """Tell whether the bar of an entry opened beyond its stop."""
    side = 1.0 if one.units > 0.0 else -1.0
    return one.entry == bars.open[one.entered] and one.entry != bars.close[one.entered - 1] * (
        1.0 + 0.004 * side
    )


# What differs, by kind of order: in which of our trades, in what, and what theirs has there.
STATED = {
    # Theirs first looks at the stop-loss, which the bar reached after its open.
    "tight bracket": (is_beyond_its_target, ("left", "exit")),
    # Theirs fills at the stop, where nothing traded: the bar opened beyond it.
    "stop-limit": (is_beyond_its_stop, ("entry",)),
}


def without(one: Told, fields: tuple[str, ...]) -> Told:
    return one._replace(**dict.fromkeys(fields, 0))


@pytest.mark.parametrize("fee", [0.0, 0.001])
@pytest.mark.parametrize(
    "kind", ["wide bracket", "tight bracket", "stop-loss", "limit", "stop", "stop-limit"]
)
def test_orders_make_the_same_trades_but_for_what_is_stated(kind: str, fee: float) -> None:
    count = ambiguous = differ = 0
    is_stated, fields = STATED.get(kind, (None, ()))
    for seed in SEEDS:
        bars = walk(seed, N)
        mine, yours, result = lists(kind, bars, fee)
        assert [without(one, fields) for one in mine] == [without(one, fields) for one in yours]
        for one, other in zip(mine, yours, strict=True):
            if one != other:
                differ += 1
                assert is_stated is not None
                assert is_stated(bars, one)
                check_stated(bars, kind, one, other)
        count += len(mine)
        ambiguous += result.n_ambiguous
    assert count > 300
    assert (differ > 10) == (kind in STATED)
    assert (ambiguous > 20) == (kind == "tight bracket")


def check_stated(bars: Bars, kind: str, one: Told, other: Told) -> None:
    """Hold what each of the two has in a row that differs."""
    side = 1.0 if one.units > 0.0 else -1.0
    if kind == "tight bracket":
        assert other.left >= one.left
        assert other.exit != bars.open[one.left]
    else:
        assert bars.low[one.entered] <= one.entry <= bars.high[one.entered]
        # Between the close before and the open there was no price.
        assert (other.entry - bars.close[one.entered - 1]) * side > 0.0
        assert (one.entry - other.entry) * side > 0.0
