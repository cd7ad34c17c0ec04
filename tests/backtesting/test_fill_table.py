"""Each row of the table of fills in docs/BACKTEST.md, to buy and, mirrored, to sell.

Prices lie about 10; a mirrored case has every price p as 20 - p, and its units change sign.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from engine.backtesting.orders import AT_ONCE, DAY
from engine.backtesting.terms import Terms
from tests.backtesting.scripted import HOUR, QUIET, RICH, Row, play, send, told

Told = list[tuple[int, float, float, str]]
THROUGH = replace(RICH, through=True)
FREE = replace(
    RICH, initial_margin=1.0, maintenance_margin=1.0, initial_equity=0.0, maintenance_equity=0.0
)  # fmt: skip


def case(name: str, order: dict[str, Any], rows: list[Row], expected: Told, **more: Any) -> Any:
    return pytest.param(order, rows, expected, more, id=name.replace(" ", "-"))


CASES = [
    case("market at the next open", {}, [(10.5, 11, 9, 10)], [(1, 1, 10.5, "market")]),
    case("market waits for an open", {}, [(nan, 11, 9, 10), (0, 11, 9, 10), (inf, 11, 9, 10),
         (-1, 11, 9, 10), (10.2, 11, 9, 10)], [(5, 1, 10.2, "market")]),
    # Stops.
    case("stop at the stop", {"stop": 11}, [(10, 12, 9, 10)], [(1, 1, 11, "stop")]),
    case("stop met exactly", {"stop": 11}, [(10, 11, 9, 10)], [(1, 1, 11, "stop")]),
    case("stop not met", {"stop": 11}, [(10, 10.9, 9, 10)], []),
    case("stop opened beyond", {"stop": 11}, [(11.5, 12, 9, 10)], [(1, 1, 11.5, "stop")]),
    case("stop opened on", {"stop": 11}, [(11, 12, 9, 10)], [(1, 1, 11, "stop")]),
    case("stop waits", {"stop": 11}, [(10, 10.5, 9, 10), (10, 11.5, 9, 10)],
         [(2, 1, 11, "stop")]),
    case("stop without an open waits", {"stop": 11}, [(nan, 12, 9, 10)], []),
    # Limits.
    case("limit at the limit", {"limit": 9}, [(10, 11, 8, 10)], [(1, 1, 9, "limit")]),
    case("limit met exactly", {"limit": 9}, [(10, 11, 9, 10)], [(1, 1, 9, "limit")]),
    case("limit met is not through", {"limit": 9}, [(10, 11, 9, 10)], [], terms=THROUGH),
    case("limit through", {"limit": 9}, [(10, 11, 8.9, 10)], [(1, 1, 9, "limit")], terms=THROUGH),
    case("limit opened better", {"limit": 9}, [(8.5, 11, 8, 10)], [(1, 1, 8.5, "limit")]),
    case("limit opened on", {"limit": 9}, [(9, 11, 8, 10)], [(1, 1, 9, "limit")]),
    case("limit opened on is not through", {"limit": 9}, [(9, 11, 9, 10)], [], terms=THROUGH),
    case("limit not met", {"limit": 9}, [(10, 11, 9.1, 10)], []),
    case("limit without an open waits", {"limit": 9}, [(nan, 11, 8, 10), (10, 11, 8, 10)],
         [(2, 1, 9, "limit")]),
    # Stop-limits.
    case("stop-limit at the stop", {"stop": 11, "limit": 11.2}, [(10, 12, 9, 10)],
         [(1, 1, 11, "stop_limit")]),
    case("stop-limit opened between", {"stop": 11, "limit": 11.2}, [(11.1, 12, 9, 10)],
         [(1, 1, 11.1, "stop_limit")]),
    case("stop-limit opened beyond both comes back", {"stop": 11, "limit": 11.2},
         [(11.5, 12, 11.1, 12)], [(1, 1, 11.2, "stop_limit")]),
    case("stop-limit opened beyond both and stayed", {"stop": 11, "limit": 11.2},
         [(11.5, 12, 11.3, 12), (12, 12, 11, 12)], [(2, 1, 11.2, "stop_limit")]),
    case("stop-limit not met", {"stop": 11, "limit": 11.2}, [(10, 10.9, 9, 10)], []),
    case("stop-limit rests once awake", {"stop": 11, "limit": 10.5},
         [(10.8, 11.5, 10.7, 11.4), (10.4, 10.4, 10.2, 10.3)], [(2, 1, 10.4, "stop_limit")]),
    case("stop-limit better than its stop by the close", {"stop": 11, "limit": 10.5},
         [(10.8, 11.5, 10, 10.2)], [(1, 1, 10.5, "stop_limit")]),
    case("stop-limit better than its stop by the low alone", {"stop": 11, "limit": 10.5},
         [(10.8, 11.5, 10, 11.4)], [], n_ambiguous=1, high=[(1, 1, 10.5, "stop_limit")]),
    # Time in force.
    case("at once at the open or never", {"tif": AT_ONCE, "limit": 9}, [(10, 11, 8, 10),
         (8, 9, 8, 8)], []),
    case("at once at a better open", {"tif": AT_ONCE, "limit": 9}, [(8.5, 11, 8, 10)],
         [(1, 1, 8.5, "limit")]),
    case("at once at the market", {"tif": AT_ONCE}, [(10.5, 11, 8, 10)], [(1, 1, 10.5, "market")]),
    case("at once without an open", {"tif": AT_ONCE}, [(nan, 11, 8, 10), QUIET], []),
    case("the day ends", {"tif": DAY, "limit": 9}, [QUIET] * 23 + [(8, 9, 8, 8)], []),
    case("the day lasts", {"tif": DAY, "limit": 9}, [QUIET] * 22 + [(8, 9, 8, 8)],
         [(23, 1, 8, "limit")]),
    case("until cancelled lasts longer", {"limit": 9}, [QUIET] * 23 + [(8, 9, 8, 8)],
         [(24, 1, 8, "limit")]),
    # Brackets of an entry at an open.
    case("stop-loss", {"sl": 9, "tp": 12}, [(10, 11, 9.5, 10), (10, 11, 8, 10)],
         [(1, 1, 10, "market"), (2, -1, 9, "stop_loss")]),
    case("take-profit", {"sl": 9, "tp": 12}, [(10, 11, 9.5, 10), (10, 13, 9.5, 10)],
         [(1, 1, 10, "market"), (2, -1, 12, "take_profit")]),
    case("stop-loss on the bar of entry", {"sl": 9}, [(10, 11, 8, 10)],
         [(1, 1, 10, "market"), (1, -1, 9, "stop_loss")]),
    case("take-profit on the bar of entry", {"tp": 11}, [(10, 11, 8, 10)],
         [(1, 1, 10, "market"), (1, -1, 11, "take_profit")]),
    case("take-profit met is not through", {"tp": 11}, [(10, 11, 8, 10)],
         [(1, 1, 10, "market")], terms=THROUGH),
    case("both on the bar of entry", {"sl": 9, "tp": 11.5}, [(10, 12, 8, 10)],
         [(1, 1, 10, "market"), (1, -1, 9, "stop_loss")], n_ambiguous=1,
         high=[(1, 1, 10, "market"), (1, -1, 11.5, "take_profit")]),
    case("both later", {"sl": 9, "tp": 11.5}, [QUIET, (10, 12, 8, 10)],
         [(1, 1, 10, "market"), (2, -1, 9, "stop_loss")], n_ambiguous=1,
         high=[(1, 1, 10, "market"), (2, -1, 11.5, "take_profit")]),
    case("gap through the stop-loss", {"sl": 9, "tp": 11.5}, [QUIET, (8.5, 12, 8, 10)],
         [(1, 1, 10, "market"), (2, -1, 8.5, "stop_loss")]),
    case("gap through the take-profit", {"sl": 9, "tp": 11.5}, [QUIET, (11.8, 12, 8, 10)],
         [(1, 1, 10, "market"), (2, -1, 11.8, "take_profit")]),
    case("entry beyond its stop-loss", {"sl": 9}, [(8.5, 12, 8, 10)],
         [(1, 1, 8.5, "market"), (1, -1, 8.5, "stop_loss")]),
    case("bracket waits for an open", {"sl": 9}, [QUIET, (nan, 8, 8, 8), (8.2, 9, 8, 8)],
         [(1, 1, 10, "market"), (3, -1, 8.2, "stop_loss")]),
    # Brackets of an entry within the bar: what was met before it?
    case("limit, then the stop-loss below it", {"limit": 9.5, "sl": 9}, [(10, 11, 8, 10)],
         [(1, 1, 9.5, "limit"), (1, -1, 9, "stop_loss")]),
    case("limit, high before or after", {"limit": 9.5, "tp": 10.5}, [(10, 11, 9, 10)],
         [(1, 1, 9.5, "limit")], n_ambiguous=1,
         high=[(1, 1, 9.5, "limit"), (1, -1, 10.5, "take_profit")]),
    case("limit, the close is beyond the take-profit", {"limit": 9.5, "tp": 10.5},
         [(10, 11, 9, 10.7)], [(1, 1, 9.5, "limit"), (1, -1, 10.5, "take_profit")]),
    case("limit, both", {"limit": 9.5, "sl": 9, "tp": 10.5}, [(10, 11, 8, 10)],
         [(1, 1, 9.5, "limit"), (1, -1, 9, "stop_loss")], n_ambiguous=1,
         high=[(1, 1, 9.5, "limit"), (1, -1, 10.5, "take_profit")]),
    case("stop, then the take-profit above it", {"stop": 10.5, "tp": 11}, [(10, 11.5, 9, 10)],
         [(1, 1, 10.5, "stop"), (1, -1, 11, "take_profit")]),
    case("stop, low before or after", {"stop": 10.5, "sl": 9.5}, [(10, 11, 9, 10.8)],
         [(1, 1, 10.5, "stop"), (1, -1, 9.5, "stop_loss")], n_ambiguous=1,
         high=[(1, 1, 10.5, "stop")]),
    case("stop, the close is beyond the stop-loss", {"stop": 10.5, "sl": 9.5}, [(10, 11, 9, 9.2)],
         [(1, 1, 10.5, "stop"), (1, -1, 9.5, "stop_loss")]),
    case("stop, both", {"stop": 10.5, "sl": 9.5, "tp": 11}, [(10, 11.5, 9, 10.8)],
         [(1, 1, 10.5, "stop"), (1, -1, 9.5, "stop_loss")], n_ambiguous=1,
         high=[(1, 1, 10.5, "stop"), (1, -1, 11, "take_profit")]),
    case("stop beyond its stop-loss", {"stop": 10.5, "sl": 10.6}, [(10, 11, 9, 10.8)],
         [(1, 1, 10.5, "stop"), (1, -1, 10.5, "stop_loss")]),
    case("limit beyond its take-profit", {"stop": 10.2, "limit": 10.6, "tp": 10.4},
         [(11, 11.2, 10.5, 10.6)],
         [(1, 1, 10.6, "stop_limit"), (1, -1, 10.6, "take_profit")]),
    case("stop beyond its take-profit", {"stop": 10.5, "tp": 10.2}, [(10, 11, 9, 9)],
         [(1, 1, 10.5, "stop"), (1, -1, 10.5, "take_profit")]),
    case("stop filled at the open, bracket on its bar", {"stop": 10.5, "sl": 9.5},
         [(10.7, 11, 9, 10.8)], [(1, 1, 10.7, "stop"), (1, -1, 9.5, "stop_loss")]),
]  # fmt: skip


def mirrored(value: float) -> float:
    return 20.0 - value if value == value and 0.0 < value < inf else value


def mirror_order(order: dict[str, Any]) -> dict[str, Any]:
    return {name: mirrored(value) if name != "tif" else value for name, value in order.items()}


def mirror_row(row: Row) -> Row:
    opened, high, low, close = (mirrored(value) for value in row)
    return opened, low, high, close


def mirror_told(rows: Told) -> Told:
    return [(bar, -units, mirrored(price), reason) for bar, units, price, reason in rows]


def close_to(expected: Told) -> Any:
    return [(bar, units, pytest.approx(price), reason) for bar, units, price, reason in expected]


@pytest.mark.parametrize("is_sale", [False, True], ids=["buy", "sell"])
@pytest.mark.parametrize(("order", "rows", "expected", "more"), CASES)
def test_a_row_of_the_table(
    order: dict[str, Any], rows: list[Row], expected: Told, more: dict[str, Any], is_sale: bool
) -> None:
    terms, high = more.get("terms", FREE), more.get("high", expected)
    if is_sale:
        order, rows = mirror_order(order), [mirror_row(row) for row in rows]
        expected, high = mirror_told(expected), mirror_told(high)
    step = send(-1.0 if is_sale else 1.0, **order)
    found = play(step, QUIET, *rows, terms=terms)
    assert told(found) == close_to(expected)
    assert found.n_ambiguous == more.get("n_ambiguous", 0)
    best = play(step, QUIET, *rows, terms=terms, is_optimistic=True)
    assert told(best) == close_to(high)
    assert found.high_equity == best.equity
    assert (found.high_equity is found.equity) == (found.n_ambiguous == 0)
    assert found.high_equity[-1] >= found.equity[-1]


def test_the_interval_of_a_bar_that_holds_stop_loss_and_take_profit() -> None:
    """10 units at 10, a stop-loss of 9 and a take-profit of 11.5, and a bar from 8 to 12."""
    found = play(
        send(10.0, sl=9.0, tp=11.5), QUIET, (10.0, 12.0, 8.0, 10.0), terms=Terms(cash=10_000.0)
    )
    assert (found.equity[-1], found.high_equity[-1], found.n_ambiguous) == (9_990.0, 10_015.0, 1)
    assert [one.is_ambiguous for one in found.fills] == [False, True]
    (trade,) = found.trades
    assert (trade.is_ambiguous, trade.gain, trade.reason) == (True, -10.0, "stop_loss")


def test_a_target_waits_for_an_open_and_is_filled_at_it() -> None:
    found = play(
        lambda one: one.target(1.0), QUIET, (nan, 11, 9, 10), (10.5, 11, 9, 10), terms=RICH
    )
    assert told(found) == [(2, 10.0, 10.5, "target")]


def test_what_the_open_decides_comes_before_what_the_bar_reaches() -> None:
    """A position that a market order closes at the open cannot be stopped out later in the bar."""
    steps = {0: send(1.0, sl=9.0), 1: lambda one: one.close()}
    found = play(steps, QUIET, QUIET, (10.0, 11.0, 8.0, 10.0))
    assert told(found) == [(1, 1.0, 10.0, "market"), (2, -1.0, 10.0, "target")]


def test_nothing_is_filled_at_a_price_that_was_seen() -> None:
    """Whatever is sent after the last bar is never filled, and nothing on the bar it is sent on."""
    for order in ({}, {"limit": 12.0}, {"stop": 9.0}, {"stop": 9.0, "limit": 12.0}):
        assert play(send(1.0, **order), QUIET).fills == ()
        (fill,) = play(send(1.0, **order), QUIET, (10.5, 11.0, 9.0, 10.0)).fills
        assert (fill.time_ns, fill.price) == (2 * HOUR, 10.5)
