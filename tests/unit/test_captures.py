"""Captures of other programs as sessions, and what is read from them."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from engine.clock import from_ns
from engine.errors import BadDataError, EngineError, InputOutputError, NoInputError, UsageError
from engine.feeds.captures import import_captures
from engine.feeds.market_values import market_values
from engine.session.recording import Message

BOOK = (
    '{"stream":"btcusdt@bookTicker","data":{"u":5,"s":"BTCUSDT","b":"1.5","B":"2","a":"1.6",'
    '"A":"3"}}'
)
TRADE = (
    '{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","p":"1.55",'
    '"q":"0.5","m":true}}'
)
MATCH = (
    '{"type":"match","product_id":"BTC-USD","side":"sell","price":"9.5","size":"2",'
    '"time":"2021-04-17T16:43:37.123456Z"}'
)


def write(path: Path, text: str) -> Path:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif path.suffix == ".zip":
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("rows.csv", text)
    else:
        path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["a.txt", "a.gz"])
def test_binance_lines_stay_word_for_word(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, f"1723161254087891268 {BOOK}\n1723161254087896568 {TRADE}\n")
    book, trade = import_captures(f"binance:{path}")
    assert book == Message(1723161254087891268, 0, "raw", ["binance", BOOK])
    assert trade.ts_event == 1723161255343_000_000
    (quote,) = market_values(book)
    assert (quote.kind, quote.symbol, quote.cells) == ("quote", "BTCUSDT", (1.5, 1.6, 2.0, 3.0))
    (print_,) = market_values(trade)
    assert print_.cells == (1.55, 0.5, "sell")


def test_coinbase_lines_without_what_the_client_said(tmp_path: Path) -> None:
    text = f"wss://x <-> 1\nwss://x <- 2: {{}}\n1618677817.061845: {MATCH}\n\n\n"
    (match,) = import_captures(f"coinbase:{write(tmp_path / 'c.txt', text)}")
    assert match.ts_recv == 1618677817_061845000
    assert from_ns(match.ts_event).isoformat() == "2021-04-17T16:43:37.123456+00:00"
    (value,) = market_values(match)
    assert (value.symbol, value.cells) == ("BTC-USD", (9.5, 2.0, "buy"))  # the taker's side


def lean(tmp_path: Path, name: str, text: str) -> list[Message]:
    path = write(tmp_path / "equity" / "usa" / name, text)
    return list(import_captures(f"lean:{path}"))


def test_lean_bars_are_known_at_their_end_and_empty_sides_stay_empty(tmp_path: Path) -> None:
    row = "34200000,,,,,,6500100,6500200,6500000,6500150,5"
    (quote,) = lean(tmp_path, "minute/aapl/20140606_quote.zip", row)
    assert from_ns(quote.ts_recv).isoformat() == "2014-06-06T13:31:00+00:00"
    assert (quote.kind, quote.data) == ("quote", ["AAPL", None, 650.015, None, 5.0])
    (bar,) = lean(tmp_path, "second/spy/20131007_trade.zip", "34200000,10000,20000,5000,15000,7")
    assert (bar.kind, bar.data) == ("bar", ["SPY", 1, 1.0, 2.0, 0.5, 1.5, 7.0])
    (tick,) = lean(tmp_path, "tick/ibm/20131007_quote.zip", "100,1820000,3,0,0,P,1,0")
    assert (tick.kind, tick.data) == ("quote", ["IBM", 182.0, None, 3.0, 0.0, "P"])
    (trade,) = lean(tmp_path, "tick/ibm/20131007_trade.zip", "100,1820000,300,P,00000020,0")
    assert (trade.kind, trade.data) == ("trade", ["IBM", 182.0, 300.0, "P"])
    assert [v.cells for m in (quote, bar, tick, trade) for v in market_values(m)] == [
        (None, 650.015, None, 5.0), (1, 1.0, 2.0, 0.5, 1.5, 7.0), (182.0, None, 3.0, 0.0),
        (182.0, 300.0, "P"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("binance", "nonsense\n"),
        ("binance", f"99999999999999999999 {BOOK}\n"),
        ("binance", f"9223372036854775807 {BOOK}\n"),
        ("binance", "5 {broken}\n"),
        ("coinbase", "x: {}\n"),
        ("coinbase", "5: {broken}\n"),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, kind: str, text: str) -> None:
    path = write(tmp_path / "c", text)
    with pytest.raises(BadDataError, match=r"c:1: "):
        list(import_captures(f"{kind}:{path}"))


@pytest.mark.parametrize(
    "row", ["", "x,1,2,3,4,5", "1,2,3", "90000000,1,1,1,1,1", "-1,1,1,1,1,1", "1,inf,1,1,1,1"]
)
def test_a_lean_row_that_is_none_is_named(tmp_path: Path, row: str) -> None:
    with pytest.raises(BadDataError, match=r"zip:1: "):
        lean(tmp_path, "minute/aapl/20140606_trade.zip", row + "\n")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="binance"):
        import_captures("kraken:x")
    with pytest.raises(NoInputError):
        import_captures(f"binance:{tmp_path}/none")
    broken = tmp_path / "b.gz"
    broken.write_bytes(gzip.compress(BOOK.encode() * 100)[:-20])
    with pytest.raises(EngineError, match=r"b\.gz"):
        list(import_captures(f"binance:{broken}"))
    latin = tmp_path / "latin"
    latin.write_bytes(b"5 {\xff}\n")
    with pytest.raises(BadDataError, match="UTF-8"):
        list(import_captures(f"binance:{latin}"))
    other = write(tmp_path / "other.zip", "1")
    with pytest.raises(BadDataError, match="its name"):
        list(import_captures(f"lean:{other}"))
    torn = tmp_path / "minute" / "a" / "20140606_quote.zip"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(other.read_bytes()[:-10])
    with pytest.raises(InputOutputError):
        list(import_captures(f"lean:{torn}"))


@pytest.mark.parametrize(
    "data",
    [None, {}, [], ["binance"], ["binance", "{"], ["binance", "[]"], ["other", BOOK], [["x"], "{}"],
     ["binance", BOOK.replace("1.5", "-1.5")], ["binance", BOOK.replace("1.5", "nan")],
     ["coinbase", "{}"], ["coinbase", MATCH.replace("sell", "up")]],
)  # fmt: skip
def test_a_message_that_says_nothing_gives_nothing(data: object) -> None:
    assert list(market_values(Message(1, 1, "raw", data))) == []
    assert list(market_values(Message(1, 1, "quote", data))) == []
