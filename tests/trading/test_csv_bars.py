"""Bars of CSV files: what public sources write is read alike, and what is wrong costs its row."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from engine.backtesting.data import Data
from engine.clock import NS_PER_DAY, from_ns, to_ns
from engine.errors import BadDataError, EngineError, NoInputError, UsageError
from engine.market.calendar import US
from engine.trading.intervals import HOUR, MINUTE
from engine.trading.sources import open_bars

# Two days of a share, as every one of the files below says it.
DAYS = [(2024, 1, 2, 187.15, 188.44, 183.885, 185.64, 82488700.0),
        (2024, 1, 3, 184.22, 185.88, 183.43, 184.25, 58414500.0)]  # fmt: skip
DAILY = {
    "yahoo": (
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2024-01-02,187.15,188.44,183.885,185.64,1.5,82488700\n"
        "2024-01-03,184.22,185.88,183.43,184.25,1.4,58414500\n"
    ),
    "yfinance": (
        "Price,Close,High,Low,Open,Volume\nTicker,AAPL,AAPL,AAPL,AAPL,AAPL\nDate,,,,,\n"
        "2024-01-02,185.64,188.44,183.885,187.15,82488700\n"
        "2024-01-03,184.25,185.88,183.43,184.22,58414500\n"
    ),
    "yahoo with zones": (
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
        "2024-01-02 00:00:00-05:00,187.15,188.44,183.885,185.64,82488700,0.0,0.0\n"
        "2024-01-03 00:00:00-05:00,184.22,185.88,183.43,184.25,58414500,0.0,0.0\n"
    ),
    "stooq": (
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        "X,D,20240102,000000,187.15,188.44,183.885,185.64,82488700,0\n"
        "X,D,20240103,000000,184.22,185.88,183.43,184.25,58414500,0\n"
    ),
    "nasdaq, newest first": (
        "Date,Close/Last,Volume,Open,High,Low\n"
        "01/03/2024,$184.25,58414500,$184.22,$185.88,$183.43\n"
        "01/02/2024,$185.64,82488700,$187.15,$188.44,$183.885\n"
        "12/29/2023,x,1,2,3,4\n"
    ),
    "investing": (
        '"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"Jan 03, 2024","184.25","184.22","185.88","183.43","58.4145M","-0.75%"\n'
        '"Jan 02, 2024","185.64","187.15","188.44","183.885","82.4887M","-3.58%"\n'
    ),
    "semicolons": (
        "Datum;Date;Open;High;Low;Close;Volume\n"
        "-;02.01.2024;187,15;188,44;183,885;185,64;82.488.700\n"
        "-;03.01.2024;184,22;185,88;183,43;184,25;58.414.500,0\n"
    ),
    "tabs": (
        "date\topen\thigh\tlow\tclose\tvolume\n"
        "2-Jan-2024\t187.15\t188.44\t183.885\t185.64\t82,488,700\n"
        "3-Jan-2024\t184.22\t185.88\t183.43\t184.25\t58,414,500\n"
    ),
    "a line before": (
        "https://www.example.com\nDate,Open,High,Low,Close,Volume\n"
        "2024-01-02,187.15,188.44,183.885,185.64,82488700\n"
        "2024-01-03,184.22,185.88,183.43,184.25,58414500\n"
    ),
}
STEPS = [(0, 42283.58, 42554.57, 42261.02, 42475.23, 1271.68108),
         (1, 42475.23, 42775.0, 42431.65, 42613.56, 1196.37856)]  # fmt: skip
START = to_ns(datetime(2024, 1, 6, tzinfo=timezone.utc))  # a Saturday
KLINE = "42283.58,42554.57,42261.02,42475.23,1271.68108"
NEXT = "42475.23,42775.0,42431.65,42613.56,1196.37856"
HOURLY = {
    "binance without a header": (
        f"1704499200000,{KLINE},1704502799999,53957248.9,47134,682.57,28957416.8,0\n"
        f"1704502800000,{NEXT},1704506399999,50974822.3,43516,606.19,25830006.2,0\n"
    ),
    "binance in microseconds": (
        f"1704499200000000,{KLINE},1704502799999999,5,4,6,2,0\n"
        f"1704502800000000,{NEXT},1704506399999999,5,4,6,2,0\n"
    ),
    "binance with a header": (
        "open_time,open,high,low,close,volume,close_time,quote_volume\n"
        f"1704499200000,{KLINE},1704502799999,1\n1704502800000,{NEXT},1704506399999,1\n"
    ),
    "cryptodatadownload": (
        "https://www.CryptoDataDownload.com\nUnix,Date,Open,High,Low,Close,Volume BTC\n"
        f"1704502800000,2024-01-06 01:00:00,{NEXT}\n1704499200000,2024-01-06 00:00:00,{KLINE}\n"
    ),
    "with zones": (
        f"Datetime,Open,High,Low,Close,Volume\n2024-01-05 19:00:00-05:00,{KLINE}\n"
        f"2024-01-05 20:00:00-05:00,{NEXT}\n"
    ),
    "iso": f"timestamp,o,h,l,c,v\n2024-01-06T00:00:00Z,{KLINE}\n2024-01-06T01:00:00Z,{NEXT}\n",
    "date and time": (
        f"Date,Time,Open,High,Low,Close,Volume\n06/01/2024,00:00,{KLINE}\n"
        f"06/01/2024,01:00,{NEXT}\n31/01/2024,x,1,1,1,1,1\n"
    ),
    "seconds": f"time,open,high,low,close,volume\n1704499200,{KLINE}\n1704502800,{NEXT}\n",
}  # fmt: skip


def read(tmp_path: Path, text: str | bytes, name: str = "x.csv", **choice: object) -> Data:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_bars(f"csv:{path}", **choice)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", DAILY)
def test_days_of_a_share_close_with_their_session(tmp_path: Path, source: str) -> None:
    data = read(tmp_path, DAILY[source])
    bars = data.bars["X"]
    assert (data.calendar, data.interval_ns) == ("us", NS_PER_DAY)
    for row, (year, month, day, *prices) in enumerate(DAYS):
        closes = US.close_ns(datetime(year, month, day).date())
        assert bars.time_ns[row] == closes
        found = (bars.open[row], bars.high[row], bars.low[row], bars.close[row], bars.volume[row])
        assert found == pytest.approx(prices, rel=1e-12)
    assert len(bars) == 2


@pytest.mark.parametrize("source", HOURLY)
def test_hours_of_a_coin_close_an_hour_after_their_start(tmp_path: Path, source: str) -> None:
    data = read(tmp_path, HOURLY[source])
    bars = data.bars["X"]
    assert (data.calendar, data.interval_ns) == ("crypto", HOUR)
    for row, (hour, *prices) in enumerate(STEPS):
        assert bars.time_ns[row] == START + (hour + 1) * HOUR
        found = (bars.open[row], bars.high[row], bars.low[row], bars.close[row], bars.volume[row])
        assert found == tuple(prices)
    assert len(bars) == 2


def test_a_time_without_a_zone_is_of_the_zone_that_is_named(tmp_path: Path) -> None:
    lines = ["time,open,high,low,close"]
    opened = datetime(2024, 3, 8, 9, 30, tzinfo=ZoneInfo("America/New_York"))
    lines += [f"{opened + timedelta(minutes=k):%Y-%m-%d %H:%M},10,11,9,10" for k in range(390)]
    data = read(tmp_path, "\n".join(lines), zone="America/New_York", interval="1h")
    bars = data.bars["X"]
    assert data.calendar == "us"
    assert [from_ns(stamp).strftime("%H:%M") for stamp in bars.time_ns] == [
        "15:30", "16:30", "17:30", "18:30", "19:30", "20:30", "21:00",
    ]  # fmt: skip
    ends = read(tmp_path, "\n".join(lines), zone="America/New_York", is_end=True)
    assert ends.bars["X"].time_ns[0] == to_ns(opened)
    assert ends.interval_ns == MINUTE


def test_one_file_may_have_many_symbols_and_many_files_one_each(tmp_path: Path) -> None:
    rows = "".join(
        f"{symbol},2024-01-0{day},10,11,9,{close}\n"
        for symbol, close in (("bbb", 10.5), ("AAA", 9.5))
        for day in (2, 3, 4)
    )
    data = read(tmp_path, f"Ticker,Date,Open,High,Low,Close\n{rows}")
    assert {symbol: bars.close[0] for symbol, bars in data.bars.items()} == {
        "BBB": 10.5,
        "AAA": 9.5,
    }
    assert read(tmp_path, f"Ticker,Date,Open,High,Low,Close\n{rows}", symbols=["AAA"]).symbols == (
        "AAA",
    )
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "abc.csv").write_text(DAILY["yahoo"])
    (folder / "abd.csv.gz").write_bytes(gzip.compress(DAILY["stooq"].encode()))
    (folder / "notes.md").write_text("no table")
    assert open_bars(f"csv:{folder}/a*.csv").symbols == ("ABC",)
    assert open_bars(f"csv:{folder}").symbols == ("ABC", "X")


def test_bars_of_weeks_and_months_close_where_the_next_begins(tmp_path: Path) -> None:
    rows = "".join(f"2024-{month:02}-01,10,11,9,10,1\n" for month in (1, 2, 3, 4, 5))
    data = read(tmp_path, f"Date,Open,High,Low,Close,Volume\n{rows}")
    stamps = data.bars["X"].time_ns
    assert [from_ns(stamp).date().isoformat() for stamp in stamps] == [
        "2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01", "2024-06-01",
    ]  # fmt: skip


def test_the_last_days_are_those_before_the_last_bar(tmp_path: Path) -> None:
    rows = "".join(f"{1704499200 + 3600 * k},10,11,9,10,1\n" for k in range(100))
    data = read(tmp_path, f"time,open,high,low,close,volume\n{rows}", days=2)
    assert len(data.bars["X"]) == 48


HEAD = "time,open,high,low,close,volume\n"
GOOD = "1704499200,10,11,9,10,5\n1704502800,10,11,9,10.5,5\n"
BAD = {
    "1704506400,nan,11,9,10,1": "open nan is no price",
    "1704506400,inf,inf,9,10,1": "open inf is no price",
    "1704506400,-10,11,9,10,1": "open -10 is no price",
    "1704506400,0,11,9,10,1": "open 0 is no price",
    "1704506400,10,11,9,1e13,1": "close 1e+13 is no price",
    "1704506400,10,9.5,9,10,1": "high 9.5 is below its open 10",
    "1704506400,10,11,10.5,10.7,1": "low 10.5 is above its open 10",
    "1704506400,10,11,9,10,-1": "volume -1 is no number of units",
    "1704506400,10,11,9,x,1": "close nan is no price",
    "1704506400,10,11,9,1_0,1": "close nan is no price",
    '1704506400,10,11,9,"1,0",1': "close nan is no price",
    "1704506400,10,11,9": "1 row without all columns",
    "yesterday,10,11,9,10,1": "1 row whose time cannot be read",
    "99999999999999999999,10,11,9,10,1": "1 row whose time cannot be read",
}


@pytest.mark.parametrize("row", BAD)
def test_a_bad_row_costs_itself_and_is_told_with_its_line(tmp_path: Path, row: str) -> None:
    data = read(tmp_path, f"{HEAD}{GOOD}{row}\n1704510000,10,11,9,10,1\n")
    assert len(data.bars["X"]) == 3
    assert len(data.notes) == 1
    assert BAD[row] in data.notes[0]
    assert "x.csv:4" in data.notes[0]
    assert "\n" not in data.notes[0]


def test_disorder_and_doubles_are_put_in_order(tmp_path: Path) -> None:
    rng = Random(2)
    lines = [f"{1704499200 + 3600 * k},10,{11 + k},9,10,1" for k in range(50)]
    doubled = [*lines, lines[7], lines[7], "1704499200,10,99,9,10,1"]
    shuffled = doubled[1:-1]
    rng.shuffle(shuffled)
    data = read(tmp_path, HEAD + "\n".join([lines[0], *shuffled, doubled[-1]]))
    bars = data.bars["X"]
    assert list(bars.high) == [11.0 + k for k in range(50)]
    assert data.notes == ("1 row of a time that was there with other prices: of X",)


def test_the_open_and_the_close_are_never_beyond_the_extremes(tmp_path: Path) -> None:
    data = read(tmp_path, f"{HEAD}{GOOD}1704506400,10,10.0000001,9,10.000001,1\n")
    assert data.bars["X"].high[2] == 10.000001


def test_an_order_of_day_and_month_that_nothing_says_is_told(tmp_path: Path) -> None:
    data = read(tmp_path, "Date,Open,High,Low,Close\n1/2/2024,1,1,1,1\n1/3/2024,1,1,1,1\n")
    assert "read as month/day/year" in data.notes[0]
    assert from_ns(data.bars["X"].time_ns[0]).month == 1


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("", BadDataError, "expected columns such as Date, Open"),
        ("a,b\n1,2\n", BadDataError, "expected columns such as Date, Open"),
        ("open,high,low,close\n1,1,1,1\n", BadDataError, "no column of dates"),
        (HEAD, BadDataError, "no bars in it"),
        (f"{HEAD}x,10,11,9,10,1\n", BadDataError, "no bars in it: 1 row whose time cannot be read"),
        (b"PK\x03\x04....", BadDataError, "is a zip archive"),
        (b"\xff\xfeD\x00", BadDataError, "UTF-16"),
        (b"\x80\x81\x82", BadDataError, "is not UTF-8"),
        (HEAD + '"' + "x" * 200_000, BadDataError, "is no table"),
        ("\n" * 50, BadDataError, "expected columns"),
        ("x," * 100_000, BadDataError, "expected columns"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(
    tmp_path: Path, text: str | bytes, error: type[EngineError], words: str
) -> None:
    with pytest.raises(error) as told:
        read(tmp_path, text)
    assert words in str(told.value)
    assert len(str(told.value)) < 400


@pytest.mark.parametrize(
    ("source", "choice", "error", "words"),
    [
        ("csv:", {}, UsageError, "csv: needs a file"),
        ("csv:{dir}/no.csv", {}, NoInputError, "no such file"),
        ("csv:{dir}/*.xyz", {}, NoInputError, "no CSV file is there"),
        ("csv:{dir}/x.csv", {"symbols": ["Y"]}, NoInputError, "no bars of Y: valid: X"),
        ("csv:{dir}/x.csv", {"interval": "1m"}, UsageError, "bars of 1m: X has bars of 1h"),
        ("csv:{dir}/x.csv", {"interval": "90m"}, UsageError, "90m: X has bars of 1h"),
        ("csv:{dir}/x.csv", {"zone": "Mars/Base"}, UsageError, "no time zone 'Mars/Base'"),
        ("csv:{dir}/x.csv", {"zone": "America/NewYork"}, UsageError, "'America/New_York'?"),
        ("csv:{dir}/x.csv", {"zone": "../../etc/passwd"}, UsageError, "no time zone"),
    ],
)
def test_what_cannot_be_had_of_a_file_is_said(
    tmp_path: Path, source: str, choice: dict[str, object], error: type[EngineError], words: str
) -> None:
    (tmp_path / "x.csv").write_text(HEAD + GOOD)
    with pytest.raises(error) as told:
        open_bars(source.format(dir=tmp_path), **choice)  # type: ignore[arg-type]
    assert words in str(told.value)


def test_a_mutilated_file_is_read_or_refused_but_never_a_crash(tmp_path: Path) -> None:
    rng = Random(11)
    texts = [*DAILY.values(), *HOURLY.values()]
    read_whole = 0
    for _ in range(400):
        raw = bytearray(rng.choice(texts).encode())
        for _ in range(rng.randrange(1, 6)):
            place = rng.randrange(len(raw))
            kind = rng.random()
            if kind < 0.4:
                raw[place] = rng.randrange(256)
            elif kind < 0.7:
                del raw[place : place + rng.randrange(1, 30)]
            else:
                raw[place:place] = bytes(rng.choice(b",;\n\"'0-9e.\x00") for _ in range(8))
            raw = raw or bytearray(b"x")
        try:
            data = read(tmp_path, bytes(raw))
        except EngineError:
            continue
        read_whole += 1
        for bars in data.bars.values():
            for row in range(len(bars)):
                assert 0.0 < bars.low[row] <= bars.open[row] <= bars.high[row]
    assert read_whole > 100
