"""Prices that could not be had, where vectorbt and backtesting.py fill at them, and ours beside.

Each case is the smallest market that shows it; docs/BACKTEST.md has the table, with these numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.backtesting.run import run
from engine.backtesting.terms import Terms
from tests.anchors.engines import np, portfolio, run_class, theirs
from tests.backtesting.scripted import HOUR, QUIET, Row, Script, bars, data, send

PAGE = Path(__file__).resolve().parents[2] / "docs" / "BACKTEST.md"
NO = np.zeros(4, dtype=bool)
# A market of four bars: open, high, low, close.
SEEN = [QUIET, (12.0, 13.0, 12.0, 12.5), QUIET, QUIET]
WIDE = [QUIET, (10.0, 12.0, 8.0, 10.0), (11.0, 12.0, 10.5, 11.0), (11.0, 11.0, 11.0, 11.0)]
GAP = [QUIET, QUIET, (12.0, 12.5, 8.0, 9.0), QUIET]
BEYOND = [QUIET, QUIET, (11.4, 12.0, 11.2, 11.6), QUIET]


def signal(row: int) -> Any:
    column = NO.copy()
    column[row] = True
    return column


def fills(rows: list[Row], **order: float) -> list[tuple[int, float]]:
    """Return bar and price of our fills of an order sent after the first bar."""
    strategy = Script()
    strategy.steps = {0: send(10.0, **order)}
    found = run(strategy, data(*rows), Terms())
    return [(fill.time_ns // HOUR - 1, fill.price) for fill in found.fills]


def by_signals(rows: list[Row], entries: Any, **more: Any) -> list[tuple[int, float]]:
    """Return bar and price of vectorbt's orders."""
    found = portfolio(bars(*rows), (entries, NO, NO, NO), init_cash=10_000.0, **more)
    records = found.orders.records
    return [(int(a), float(b)) for a, b in zip(records.idx, records.price, strict=True)]


def by_class(rows: list[Row], row: int, **order: float) -> list[tuple[int, float]]:
    """Return bar and price of entries and exits of a class that sends an order after a bar.

    The program begins after its first bar, so one goes before.
    """

    class Once(theirs.Strategy):  # type: ignore[misc, name-defined]
        def init(self) -> None:
            pass

        def next(self) -> None:
            if len(self.data) == row + 2:
                self.buy(size=10, **order)
            if len(self.data) == len(rows):
                self.position.close()

    table = run_class(Once, bars(QUIET, *rows))
    found = [(int(a) - 1, float(b)) for a, b in zip(table.EntryBar, table.EntryPrice, strict=True)]
    return found + [
        (int(a) - 1, float(b)) for a, b in zip(table.ExitBar, table.ExitPrice, strict=True)
    ]


def columns(rows: list[Row]) -> dict[str, Any]:
    made = bars(*rows)
    return {name: np.array(getattr(made, name)) for name in ("open", "high", "low")}


def test_vectorbt_fills_at_the_close_that_made_the_signal() -> None:
    """Seen at 10 after the first bar; the next price is 12."""
    assert by_signals(SEEN, signal(0)) == [(0, 10.0)]
    assert fills(SEEN) == [(1, 12.0)]


def test_vectorbt_does_not_look_at_the_bar_of_an_entry_for_its_stops() -> None:
    """Entered at the open of 10; the bar falls to 8, through a stop-loss of 9."""
    found = by_signals(
        WIDE, signal(1), price=np.array([row[0] for row in WIDE]), sl_stop=0.1, tp_stop=0.15,
        stop_entry_price="price", **columns(WIDE),
    )  # fmt: skip
    assert found == [(1, 10.0), (2, 11.5)]
    assert fills(WIDE, sl=9.0, tp=11.5) == [(1, 10.0), (1, 9.0)]
    assert by_class(WIDE, 0, sl=9.0, tp=11.5) == [(1, 10.0), (1, 9.0)]


def test_backtesting_leaves_by_the_stop_loss_where_the_open_was_beyond_the_take_profit() -> None:
    """The bar opens at 12, above a limit to sell at 11, and falls through 9 afterwards."""
    assert by_class(GAP, 0, sl=9.0, tp=11.0) == [(1, 10.0), (2, 9.0)]
    assert fills(GAP, sl=9.0, tp=11.0) == [(1, 10.0), (2, 12.0)]


def test_backtesting_fills_a_stop_limit_at_a_stop_that_the_open_was_beyond() -> None:
    """A stop of 11 and a limit of 11.5: the bar opens at 11.4 and never trades below 11.2."""
    assert by_class([*BEYOND, QUIET], 0, stop=11.0, limit=11.5)[0] == (2, 11.0)
    assert fills(BEYOND, stop=11.0, limit=11.5) == [(2, 11.4)]


@pytest.mark.parametrize(
    "words",
    [
        ("at the close that made the signal", "10.00", "12.00"),
        ("the bar of an entry", "11.50", "9.00"),
        ("beyond the take-profit", "9.00", "12.00"),
        ("a stop-limit", "11.00", "11.40"),
    ],
)
def test_the_page_has_the_numbers(words: tuple[str, ...]) -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if words[0] in line]
    assert any(all(word in row for word in words) for row in rows if row.startswith("|"))
