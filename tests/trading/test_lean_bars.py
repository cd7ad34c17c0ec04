"""Bars of a LEAN folder: sessions, splits and dividends, names of before, and what is broken."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.backtesting.data import Dividend, Split
from engine.clock import NS_PER_DAY, to_ns
from engine.errors import BadDataError, EngineError, InputOutputError, NoInputError, UsageError
from engine.market.calendar import US
from engine.trading.intervals import HOUR, MINUTE
from engine.trading.sources import open_bars

NEW_YORK = ZoneInfo("America/New_York")


def zipped(path: Path, text: str, member: str = "bars.csv") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, text)


def minute(at: str, price: int, size: int = 100) -> str:
    hour, minutes = map(int, at.split(":"))
    ms = (hour * 60 + minutes) * 60_000
    return f"{ms},{price},{price + 100},{price - 100},{price + 50},{size}\n"


def close_at(day: str, at: str) -> int:
    return to_ns(datetime.fromisoformat(f"{day} {at}").replace(tzinfo=NEW_YORK))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "Data"
    shares = root / "equity" / "usa"
    # The day before Thanksgiving is whole, the day after closes at 13:00.
    zipped(
        shares / "minute" / "old" / "20241127_trade.zip",
        minute("08:00", 990_000) + minute("09:30", 1_000_000) + minute("10:29", 1_010_000)
        + minute("10:30", 1_020_000) + minute("15:59", 1_030_000) + minute("16:00", 2_000_000),
    )  # fmt: skip
    zipped(
        shares / "minute" / "new" / "20241129_trade.zip",
        minute("09:30", 260_000) + minute("12:59", 270_000) + minute("13:00", 280_000),
    )
    zipped(
        shares / "daily" / "new.zip",
        "20241126 00:00,1000000,1000000,1000000,1000000,1\n"
        "20241127 00:00,1000000,1040000,980000,1030000,600\n"
        "20241129 00:00,260000,270000,250000,265000,300\n",
    )
    (shares / "map_files").mkdir()
    (shares / "map_files" / "new.csv").write_text(
        "20241127,old,N\n20241127,old,N\n20501231,new,N\n"
    )
    (shares / "factor_files").mkdir()
    (shares / "factor_files" / "new.csv").write_text(
        "20241101,0.98,0.25,100\n20241127,0.98,0.25,100\n20501231,1,1,0\n"
    )
    coins = root / "crypto" / "coinbase"
    zipped(
        coins / "minute" / "btcusd" / "20240106_trade.zip", "0,10,11,9,10,1\n60000,10,11,9,9,1\n"
    )
    zipped(coins / "daily" / "btcusd_trade.zip", "20240106 00:00,10,12,9,11,5\n")
    return root


def test_minutes_are_of_sessions_and_of_every_name(folder: Path) -> None:
    data = open_bars(f"lean:{folder}", ["NEW"], "1m")
    bars = data.bars["NEW"]
    assert list(bars.time_ns) == [
        close_at("2024-11-27", "09:31"), close_at("2024-11-27", "10:30"),
        close_at("2024-11-27", "10:31"), close_at("2024-11-27", "16:00"),
        close_at("2024-11-29", "09:31"), close_at("2024-11-29", "13:00"),
    ]  # fmt: skip
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0]) == (
        100.0,
        100.01,
        99.99,
        100.005,
    )
    assert (data.calendar, data.interval_ns) == ("us", MINUTE)


def test_hours_are_made_of_minutes_by_session(folder: Path) -> None:
    bars = open_bars(f"lean:{folder}", ["NEW"], "1h").bars["NEW"]
    assert list(bars.time_ns) == [
        close_at("2024-11-27", "10:30"), close_at("2024-11-27", "11:30"),
        close_at("2024-11-27", "16:00"), close_at("2024-11-29", "10:30"),
        close_at("2024-11-29", "13:00"),
    ]  # fmt: skip
    assert (bars.open[0], bars.close[0], bars.volume[0]) == (100.0, 101.005, 200.0)


def test_days_close_with_the_session_and_begin_with_the_map_file(folder: Path) -> None:
    data = open_bars(f"lean:{folder}", ["NEW"])
    bars = data.bars["NEW"]
    assert [US.close_ns(date(2024, 11, 27)), US.close_ns(date(2024, 11, 29))] == list(bars.time_ns)
    assert list(bars.close) == [103.0, 26.5]
    assert data.notes == ("1 row older than the map file: new.zip:bars.csv:1",)


def test_a_split_and_the_dividend_before_it_come_at_the_next_open(folder: Path) -> None:
    actions = open_bars(f"lean:{folder}", ["NEW"]).actions
    opens = US.open_ns(date(2024, 11, 29))
    assert actions == (Dividend("NEW", opens, 2.0), Split("NEW", opens, 4.0))


def test_a_split_moves_a_position_and_no_money(folder: Path) -> None:
    from engine.backtesting.run import run
    from engine.backtesting.strategy import Strategy
    from engine.backtesting.terms import Terms
    from engine.market.bars import Bar

    class Hold(Strategy):
        def on_bar(self, bar: Bar) -> float:
            return 1.0

    data = open_bars(f"lean:{folder}", ["NEW"], "1h")
    result = run(Hold(), data, Terms())
    # 10,000 buy at 102.00; four for one, 2.00 a share; the last close is 27.005.
    units = 10_000.0 / 102.0
    assert result.equity[-1] == pytest.approx(units * 2.0 + 4.0 * units * 27.005, rel=1e-9)


def test_coins_have_no_sessions(folder: Path) -> None:
    data = open_bars(f"lean:{folder}", ["BTCUSD"], "1m")
    start = to_ns(datetime(2024, 1, 6, tzinfo=ZoneInfo("UTC")))
    assert list(data.bars["BTCUSD"].time_ns) == [start + MINUTE, start + 2 * MINUTE]
    day = open_bars(f"lean:{folder}", ["BTCUSD"])
    assert list(day.bars["BTCUSD"].time_ns) == [start + NS_PER_DAY]
    assert day.bars["BTCUSD"].close[0] == 11.0
    assert (day.calendar, day.actions) == ("crypto", ())


def test_the_folder_above_and_all_symbols(folder: Path) -> None:
    data = open_bars(f"lean:{folder.parent}")
    assert data.symbols == ("NEW", "BTCUSD")  # OLD is what NEW was called


@pytest.mark.parametrize(
    ("source", "choice", "error", "words"),
    [
        ("lean:", {}, UsageError, "lean: needs a folder"),
        ("lean:{dir}/none", {}, NoInputError, "no such folder"),
        ("lean:{dir}/equity", {}, NoInputError, "no equity/usa nor crypto in it"),
        ("lean:{dir}", {"symbols": ["NEV"]}, NoInputError, "no bars of NEV: did you mean 'NEW'?"),
        ("lean:{dir}", {"symbols": ["NEW"], "interval": "30s"}, UsageError, "NEW has only 1d, 1m"),
    ],
)
def test_what_cannot_be_had_is_said(
    folder: Path, source: str, choice: dict[str, object], error: type[EngineError], words: str
) -> None:
    with pytest.raises(error) as told:
        open_bars(source.format(dir=folder), **choice)  # type: ignore[arg-type]
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("x,1,1,1,1,1", "whose time cannot be read"),
        ("99999999,1,1,1,1,1", "whose time cannot be read"),
        ("34200000,1,1,1,1", "without all columns"),
        ("34200000,x,1,1,1,1", "a cell is no number"),
        ("34200000,nan,1,1,1,1", "open nan is no price"),
        ("34200000,1,1,1,-1,1", "close -0.0001 is no price"),
        ("34200000,9,1,1,1,1", "high 0.0001 is below its open"),
    ],
)
def test_a_bad_row_costs_itself(folder: Path, row: str, words: str) -> None:
    path = folder / "equity" / "usa" / "minute" / "new" / "20241129_trade.zip"
    zipped(path, f"{row}\n{minute('09:31', 260_000)}")
    data = open_bars(f"lean:{folder}", ["NEW"], "1m")
    assert len(data.bars["NEW"]) == 5
    assert len(data.notes) == 1
    assert words in data.notes[0]
    assert "20241129_trade.zip:bars.csv:1" in data.notes[0]


def test_an_archive_that_is_none_is_refused(folder: Path) -> None:
    path = folder / "equity" / "usa" / "minute" / "new" / "20241129_trade.zip"
    path.write_bytes(b"not a zip")
    with pytest.raises(InputOutputError, match="cannot be read as a zip"):
        open_bars(f"lean:{folder}", ["NEW"], "1m")
    zipped(path, minute("04:00", 1))
    (folder / "equity" / "usa" / "minute" / "old" / "20241127_trade.zip").unlink()
    with pytest.raises(BadDataError, match="no bars in it"):
        open_bars(f"lean:{folder}", ["NEW"], "1m")


def test_hour_files_hold_the_hour_of_the_open(folder: Path) -> None:
    zipped(
        folder / "equity" / "usa" / "hour" / "new.zip",
        "20241129 09:00,260000,270000,250000,265000,3\n"
        "20241129 12:00,260000,270000,250000,266000,3\n"
        "20241129 13:00,260000,270000,250000,265000,3\n",
    )
    bars = open_bars(f"lean:{folder}", ["NEW"], "1h").bars["NEW"]
    assert list(bars.time_ns) == [close_at("2024-11-29", "10:00"), close_at("2024-11-29", "13:00")]
    assert open_bars(f"lean:{folder}", ["NEW"], "1h").interval_ns == HOUR
