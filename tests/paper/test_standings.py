"""How an account stands, in numbers and in the table."""

from __future__ import annotations

from array import array
from dataclasses import replace
from io import StringIO
from math import isnan

import pytest

from engine.backtesting.data import Data
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.cli.width import pipe_width, table_width
from engine.market.bars import Bar, Bars
from engine.paper.desk import Desk
from engine.paper.events import Touch
from engine.paper.seats import QuoteSeat
from engine.paper.standings import standing
from engine.report.desk_table import head_words, lines, quote_words, standing_object

S = 10**9
MINUTE_NS = 60 * S
EMPTY = Bars(array("q"), *(array("d") for _ in range(5)))


class Turns(Strategy):
    """Long, flat, short: a bar each."""

    def start(self) -> None:
        self.row = 0

    def on_bar(self, bar: Bar) -> None:
        self.row += 1
        if self.row == 1:
            self.buy(10.0)
        elif self.row == 2:
            self.close()
        elif self.row == 3:
            self.sell(5.0)
            self.buy(1.0, limit=1.0)


def desk_at(*quotes: tuple[float, float]) -> Desk:
    """Return a desk that has met a quote in the middle of each minute."""
    data = Data({"XX": EMPTY}, MINUTE_NS, "test")
    desk = Desk([QuoteSeat("it", Turns(), data, Terms(cash=1_000.0, fee_order=1.0), 0)], MINUTE_NS)
    for minute, (bid, ask) in enumerate(quotes):
        desk.hear(Touch(minute * MINUTE_NS + 30 * S, "XX", bid, ask, 1e6, 1e6))
    return desk


def test_before_anything_it_has_its_cash() -> None:
    found = standing(desk_at().seats[0])
    assert (found.equity, found.gain, found.gained_share, found.drawdown) == (
        1_000.0,
        0.0,
        0.0,
        0.0,
    )
    assert (found.positions, found.n_fills, found.n_trades) == ({}, 0, 0)
    assert isnan(found.win_rate)
    assert standing_object(found)["win_rate"] is None


def test_gain_positions_and_trades_are_those_of_the_fills() -> None:
    desk = desk_at((9.9, 10.0), (10.0, 10.1), (12.0, 12.1), (12.0, 12.2), (13.0, 13.5))
    found = standing(desk.seats[0])
    # Bought 10 at 10.1, sold at 12.0, sold 5 at 12.0; a dollar a fill; bought back at 13.5.
    cash = 1_000.0 - 101.0 + 120.0 + 60.0 - 3.0
    assert found.cash == pytest.approx(cash)
    assert found.equity == pytest.approx(cash - 5.0 * 13.5)
    assert found.gained_share == pytest.approx(found.gain / 1_000.0)
    assert found.positions == {"XX": -5.0}
    assert (found.n_fills, found.n_trades, found.win_rate, found.fees) == (3, 1, 1.0, 3.0)
    assert found.n_resting == 1
    assert found.drawdown == pytest.approx(1.0 - found.equity / desk.seats[0].peak)
    assert found.drawdown > 0.0


def test_the_table_has_a_row_for_each_and_room_for_what_matters() -> None:
    desk = desk_at((9.9, 10.0), (10.0, 10.1), (12.0, 12.1), (12.0, 12.2))
    found = [standing(desk.seats[0])]
    titles, row = lines(found, 120)
    assert titles.split() == [
        "strategy", "equity", "gain", "return", "drawdown", "cash", "holds", "orders", "trades",
        "won", "fees",
    ]  # fmt: skip
    assert row.split()[0] == "it"
    assert "-5 XX" in row
    assert len(lines(found, 60)[0]) <= 60
    assert "trades" in lines(found, 60)[0]
    assert "holds" in lines(found, 60)[0]
    assert (
        head_words(desk, "demo\x1b[2J") == "demo\\x1b[2J  1970-01-01 00:03:30 UTC  4 events, 3 bars"
    )
    assert quote_words(desk) == "XX 12/12.2"


def test_accounts_of_one_strategy_are_told_apart_by_their_parameters() -> None:
    one = standing(desk_at((9.9, 10.0), (10.0, 10.1)).seats[0])
    found = [replace(one, parameters={"lag": lag, "short": -1}) for lag in (12, 24)]
    found.append(replace(one, strategy="other", parameters={"lag": 7}))
    for width, others in ((120, {"holds", "fees", "orders"}), (70, {"won"}), (55, set())):
        titles, *rows = lines(found, width)
        assert max(len(row) for row in (titles, *rows)) <= width
        assert others <= set(titles.split())
        assert [row.split()[1] for row in rows[:2]] == ["lag=12", "lag=24"]
        assert not any("short" in row or "lag=7" in row for row in rows)
    assert "parameters" not in lines(found, 40)[0]


@pytest.mark.parametrize(
    ("columns", "width"),
    [("", 120), ("60", 60), ("0", 120), ("x", 120), ("-5", 120), ("9" * 40, 999_999)],
)
def test_a_pipe_is_as_wide_as_columns_says(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("sys.stdout", StringIO())
    assert (pipe_width(), table_width()) == (width, width)
