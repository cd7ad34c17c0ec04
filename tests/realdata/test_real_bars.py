"""Real bars: a share through its splits and dividends, an index, a coin; counts by other means."""

from __future__ import annotations

import csv
import gzip
import zipfile
from pathlib import Path

import pytest

from engine.backtesting.data import Data, Dividend, Split
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.clock import from_ns
from engine.market.bars import Bar
from engine.trading.sources import open_bars

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not on this machine"),
]


def day(time_ns: int) -> str:
    return from_ns(time_ns).date().isoformat()


@pytest.fixture(scope="module")
def apple() -> Data:
    return open_bars(f"lean:{DATA}/lean/Data", ["AAPL"], "1d")


def test_splits_of_a_share_are_those_that_there_were(apple: Data) -> None:
    splits = [(day(one.time_ns), one.ratio) for one in apple.actions if isinstance(one, Split)]
    assert splits == [
        ("2000-06-21", 2.0), ("2005-02-28", 2.0), ("2014-06-09", 7.0), ("2020-08-31", 4.0),
    ]  # fmt: skip


def test_dividends_of_a_share_are_those_that_were_paid(apple: Data) -> None:
    paid = {day(one.time_ns): one.amount for one in apple.actions if isinstance(one, Dividend)}
    known = {"2012-08-09": 2.65, "2014-08-07": 0.47, "2020-08-07": 0.82, "2021-02-05": 0.205}
    assert {when: paid.get(when) for when in known} == pytest.approx(known, abs=2e-3)


def test_every_row_of_the_share_is_a_bar(apple: Data) -> None:
    with zipfile.ZipFile(DATA / "lean/Data/equity/usa/daily/aapl.zip") as archive:
        lines = archive.read("aapl.csv").decode().splitlines()
    bars = apple.bars["AAPL"]
    assert [day(stamp) for stamp in bars.time_ns] == [
        f"{line[:4]}-{line[4:6]}-{line[6:8]}" for line in lines
    ]
    assert [round(price * 1e4) for price in bars.close] == [
        int(line.split(",")[4]) for line in lines
    ]


def test_minutes_make_the_day_of_the_split() -> None:
    folder = f"lean:{DATA}/lean/Data"
    minutes = open_bars(folder, ["AAPL"], "1m").bars["AAPL"]
    hours = open_bars(folder, ["AAPL"], "1h").bars["AAPL"]
    assert (len(minutes), len(hours)) == (3 * 390, 3 * 7)
    assert hours.close[-1] == minutes.close[-1]
    assert hours.close[13] > 6.0 * hours.open[14]  # raw prices: seven for one in between
    total, part = 0.0, 0.0
    for volume in minutes.volume:
        total += volume
    for volume in hours.volume:
        part += volume
    assert total == part


def test_an_index_of_a_csv_is_read_row_by_row() -> None:
    path = DATA / "bars" / "arch_sp500.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    data = open_bars(f"csv:{path}")
    (bars,) = data.bars.values()
    assert data.calendar == "us"
    assert list(bars.close) == [float(row["Close"]) for row in rows]
    months = [tuple(map(int, row["Date"].split("/"))) for row in rows]
    assert [from_ns(stamp).month for stamp in bars.time_ns] == [one[0] for one in months]
    assert data.notes == ()


def test_five_shares_of_one_file() -> None:
    data = open_bars(f"csv:{DATA}/bars/bokeh_stocks.csv.gz")
    assert data.symbols == ("AAPL", "FB", "GOOG", "IBM", "MSFT")
    assert {day(bars.time_ns[-1]) for bars in data.bars.values()} == {"2013-03-01"}


def test_a_share_that_is_held_has_its_splits_and_dividends(apple: Data) -> None:
    """Held from the second open on: what a ledger of the events alone says."""

    class Hold(Strategy):
        def on_bar(self, bar: Bar) -> float:
            return 1.0

    result = run(Hold(), apple, Terms())
    bars = apple.bars["AAPL"]
    units, cash = 10_000.0 / bars.open[1], 0.0
    for one in apple.actions:
        if isinstance(one, Split):
            units *= one.ratio
        else:
            cash += units * one.amount
    assert result.equity[-1] == pytest.approx(units * bars.close[-1] + cash, rel=1e-12)
    assert result.dividends == pytest.approx(cash, rel=1e-12)
    assert units * bars.open[1] / 10_000.0 == pytest.approx(2 * 2 * 7 * 4)
