"""Faults of whole files: two quotes of a contract, adjusted classes, units, bombs, other kinds."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from engine.errors import BadDataError, EngineError
from engine.feeds.csv_file import CsvFeed
from engine.feeds.deribit import DeribitFeed
from engine.feeds.json_file import MAX_DEPTH, read_json
from engine.feeds.protocol import FeedOptions
from engine.feeds.text_file import Caps, read_text
from tests.unit.csv_chains import GOOD, HEADER, START, only, written

CLASS_HEADER = HEADER.replace("multiplier", "trading_class")
SPX = "2026-03-04T15:00:00Z,SPX,6799.5,6800.5,2026-03-20,{},{},{},{},5,5,,{}"


def test_an_index_without_classes_has_two_series_on_its_monthly_date(tmp_path: Path) -> None:
    """One contract stands twice, so the file has SPX and SPXW: of which is 6705?"""
    rows = [
        SPX.format(6700, "C", 167.3, 167.7, ""), SPX.format(6700, "C", 159.0, 159.3, ""),
        SPX.format(6705, "C", 155.0, 155.3, ""),
    ]  # fmt: skip
    other = SPX.format(6700, "C", 180.0, 180.3, "").replace("03-20", "03-27")
    loaded = only(written(tmp_path, *rows, other), "SPX")
    assert [expiry.date.day for expiry in loaded.chain.expiries] == [27]
    (problem,) = loaded.problems
    assert problem.startswith("chain.csv:2: column expiry: expected the class of each row (SPX or")
    assert problem.endswith("(and 2 more rows)")
    told = [row + name for row, name in zip(rows, ("SPX", "SPXW", "SPXW"), strict=True)]
    chain = only(written(tmp_path, *told, header=CLASS_HEADER), "SPX").chain
    assert [expiry.settlement for expiry in chain.expiries] == ["AM", "PM"]


@pytest.mark.parametrize("adjusted", ["XYZ1", "XYZ2", "1XYZ"])
def test_a_class_with_a_digit_is_refused(tmp_path: Path, adjusted: str) -> None:
    rows = [GOOD.replace("american,100", f"american,{name}") for name in ("XYZ", adjusted)]
    loaded = only(written(tmp_path, rows[0], rows[1].replace(",C,", ",P,"), header=CLASS_HEADER))
    assert list(loaded.chain.bid) == [2.5, 0.0]
    assert "column trading_class: expected the class XYZ (one with a digit" in loaded.problems[0]


def test_a_class_beside_the_shares_own_is_refused(tmp_path: Path) -> None:
    rows = [GOOD.replace("american,100", f"american,{name}") for name in ("XYZ", "XYZA")]
    loaded = only(written(tmp_path, rows[0], rows[1].replace(",C,", ",P,"), header=CLASS_HEADER))
    assert list(loaded.chain.bid) == [2.5, 0.0]
    # Alone it is what the share's options are called (BRK.B's are BRKB).
    assert only(written(tmp_path, rows[1], header=CLASS_HEADER)).problems == ()


def test_a_deliverable_that_was_adjusted_is_refused(tmp_path: Path) -> None:
    header = HEADER.replace("multiplier", "delivery_code")
    rows = [GOOD.replace("american,100", f"american,{code}") for code in ("0", "1")]
    loaded = only(written(tmp_path, rows[0], rows[1].replace(",C,", ",P,"), header=header))
    assert list(loaded.chain.bid) == [2.5, 0.0]
    assert "column delivery_code: expected a contract that was not adjusted" in loaded.problems[0]


@pytest.mark.parametrize(
    ("scale", "said"),
    [(1000.0, "are they in thousandths of a dollar?"), (100.0, "in which unit are they?"),
     (0.01, "in which unit are they?")],
)  # fmt: skip
def test_strikes_in_another_unit_are_no_chain(tmp_path: Path, scale: float, said: str) -> None:
    rows = [GOOD.replace(",100,C", f",{strike * scale:g},C") for strike in (90, 100, 110)]
    with pytest.raises(BadDataError) as error:
        list(CsvFeed(written(tmp_path, *rows)).chains("XYZ"))
    assert "times the price of the underlying, 99.9" in str(error.value)
    assert said in str(error.value)
    # One strike far off is none of that: there are such.
    assert only(written(tmp_path, *rows, GOOD)).chain.n_rows == 4


def test_a_column_that_stands_twice_is_chosen_or_refused(tmp_path: Path) -> None:
    header = HEADER.replace("bid,ask,bid_size,ask_size", "Bid,ask,Bid,ask_size")
    row = f"{START},100,C,2.5,2.6,1.5,4,american,100"
    path = written(tmp_path, row, header=header)
    with pytest.raises(BadDataError, match=r"columns 8 and 10 are both called 'Bid' \(mapped to b"):
        CsvFeed(path, {"bid": "Bid"})
    assert only(path, mapping={"bid": "Bid#1"}).chain.bid[0] == 2.5
    assert only(path, mapping={"bid": "Bid#2"}).chain.bid[0] == 1.5
    with pytest.raises(BadDataError, match="no column is called 'Bid#3'"):
        CsvFeed(path, {"bid": "Bid#3"})
    twice = written(tmp_path, row, header=header.replace("Bid", "bid"))
    with pytest.raises(BadDataError, match=r"columns 8 and 10 are both called 'bid': say which"):
        CsvFeed(twice)
    assert only(twice, mapping={"bid": "bid#2"}).chain.bid[0] == 1.5


def test_sizes_of_minus_one_are_not_known(tmp_path: Path) -> None:
    loaded = only(written(tmp_path, GOOD.replace(",3,4,", ",-1,4,")))
    assert loaded.chain.bid[0] == 2.5
    assert loaded.chain.bid_size[0] != loaded.chain.bid_size[0]
    assert "column bid_size" in loaded.problems[0]
    assert "taken as not known" in loaded.problems[0]


def test_rows_with_times_of_their_own_are_said(tmp_path: Path) -> None:
    rows = [GOOD.replace("35:00Z", f"35:0{k}Z").replace(",100,C", f",{90 + k},C") for k in range(9)]
    loaded = list(CsvFeed(written(tmp_path, *rows)).chains("XYZ"))
    (note,) = {note for one in loaded for note in one.notes if "have 9 times within 8 s" in note}
    assert "1 of 9 rows" in note
    assert only(written(tmp_path, GOOD, GOOD.replace(",C,", ",P,"))).notes == ()


def test_a_file_without_quotes_says_so(tmp_path: Path) -> None:
    dead = GOOD.replace("2.5,2.6", "0,0")
    (note,) = only(written(tmp_path, dead, dead.replace(",C,", ",P,"))).notes
    assert note.startswith(
        "of 2 contracts of XYZ none has a quote: after hours vendors serve zeros"
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04rest", "is a zip archive"),
        ("timestamp_utc,bid".encode("utf-16"), "UTF-16"),
        (b"PAR1rest", "is (a|not a) Parquet file"),
        (b'[{"strike": 1}]\n', "looks like JSON"),
        (b'{\n "results": [\n', "looks like JSON"),
        (b"a," * 200_000 + b"\n", "are no table of quotes"),
        (b"a" * 200_000 + b"\n", "is not delimited text"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    with pytest.raises(EngineError, match=said):
        CsvFeed(path)


def test_gzip_is_seen_without_its_name(tmp_path: Path) -> None:
    for name in ("file.csv", "FILE.CSV.GZ"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(f"{HEADER}\n{GOOD}\n".encode()))
        assert only(path).chain.bid[0] == 2.5


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"\n" * (64 << 20)))
    with pytest.raises(BadDataError, match=r"unpacks to more than 400 times its size.*--max-input"):
        CsvFeed(path)
    path.write_bytes(gzip.compress(bytes(range(256)) * 4096))
    with pytest.raises(BadDataError, match="unpacks to more than 65,536 bytes"):
        read_text(path, Caps.of(1 << 16))
    (tmp_path / "plain.csv").write_text(HEADER + "\n" + GOOD + "\n", encoding="utf-8")
    with pytest.raises(BadDataError, match="is larger than 64 bytes"):
        CsvFeed(tmp_path / "plain.csv", options=FeedOptions(max_bytes=64))


@pytest.mark.parametrize("name", ["a\x00b", "x" * 5000, "\ud800"])
def test_a_path_that_can_be_none_is_no_input(name: str) -> None:
    with pytest.raises(EngineError):
        read_text(Path(name))


@pytest.mark.parametrize("mark", ["[", '{"a":'])
def test_json_is_not_read_deeper_than_any_answer(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(mark * 100_000)
    with pytest.raises(BadDataError, match=f"deep.json:1: is nested deeper than {MAX_DEPTH}"):
        DeribitFeed(path)
    # Brackets in text are no nesting.
    path.write_text(json.dumps(["[" * 500 + '\\"{' * 50]))
    assert read_json(path) == ["[" * 500 + '\\"{' * 50]


@pytest.mark.parametrize(
    "text", ['[{"a": \u00e9}]', "[1e400,", "nul", '"' + "\\" * 99, "[" + "9" * 5000]
)
def test_what_is_not_json_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadDataError, match=r"^bad.json: is not JSON: "):
        read_json(path)
