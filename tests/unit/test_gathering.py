"""Rows with times of their own, two files, pipes and Parquet: what makes one snapshot of them."""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import main
from engine.errors import UNAVAILABLE, BadDataError, UnavailableError
from engine.feeds import open_feed, text_file
from engine.feeds.csv_file import CsvFeed
from engine.feeds.occ import contract_of
from engine.feeds.protocol import FeedOptions, Loaded
from engine.feeds.record import parse_day, parse_instant
from tests.unit.csv_chains import GOOD, HEADER, only, written


def at(seconds: float, strike: int, right: str, bid: float, spot: float = 99.9) -> str:
    stamp = f"2015-12-24T14:35:{seconds:09.6f}Z"
    return f"{stamp},XYZ,{spot},100.1,2016-01-15,{strike},{right},{bid},9,3,4,american,100"


ROWS = (
    at(1, 100, "C", 2.0, 99.0), at(3.25, 100, "P", 2.5), at(4, 100, "C", 2.75),
    at(4, 105, "P", 6.0),
)  # fmt: skip


def gathered(folder: Path, rows: tuple[str, ...], window: float, **options: Any) -> list[Loaded]:
    path = written(folder, *rows)
    return list(CsvFeed(path, options=FeedOptions(window=window, **options)).chains("XYZ"))


def test_what_lies_within_the_window_is_one_snapshot_with_ages(tmp_path: Path) -> None:
    (loaded,) = gathered(tmp_path, ROWS, 60)
    chain = loaded.chain
    assert chain.ts_ns == parse_instant("2015-12-24T14:35:04Z")
    # calls at 100 and 105, then puts: of the two quotes of the call the last counts
    assert list(chain.bid) == [2.75, 0.0, 2.5, 6.0]
    assert repr(list(chain.bid_age)) == repr([0.0, math.nan, 0.75, 0.0])
    assert (chain.underlying.bid, loaded.problems) == (99.9, ())
    assert "3 times within 3 s, gathered" in loaded.notes[0]


def test_the_window_is_counted_from_the_last(tmp_path: Path) -> None:
    first, second = gathered(tmp_path, ROWS, 1)
    assert list(first.chain.bid) == [2.0, 0.0]
    assert list(second.chain.bid) == [2.75, 0.0, 2.5, 6.0]


def test_the_end_of_the_window_is_in_it(tmp_path: Path) -> None:
    (loaded,) = gathered(tmp_path, (at(1, 105, "C", 1.0), *ROWS[2:]), 3)
    assert list(loaded.chain.bid_age)[1] == 3.0


def test_ages_of_the_file_are_added_to(tmp_path: Path) -> None:
    header = HEADER.replace("style,multiplier", "bid_age_s,ask_age_s")
    rows = [row.replace("american,100", "0.5,") for row in ROWS]
    path = written(tmp_path, *rows, header=header)
    (loaded,) = CsvFeed(path, options=FeedOptions(window=60)).chains("XYZ")
    assert loaded.chain.bid_age[2] == 1.25
    assert loaded.chain.ask_age[2] == 0.75


def test_one_time_alone_says_nothing_of_ages(tmp_path: Path) -> None:
    (loaded,) = gathered(tmp_path, (GOOD,), 60)
    assert math.isnan(loaded.chain.bid_age[0])
    assert loaded.notes == only(written(tmp_path, GOOD)).notes


def test_what_came_later_is_not_known_yet(tmp_path: Path) -> None:
    moment = parse_instant("2015-12-24T14:35:03.5Z")
    (loaded,) = gathered(tmp_path, ROWS, 60, as_of_ns=moment)
    assert list(loaded.chain.bid) == [2.0, 2.5]
    assert list(loaded.chain.bid_age) == [2.25, 0.0]


def test_two_different_quotes_of_one_time_are_none(tmp_path: Path) -> None:
    (loaded,) = gathered(tmp_path, (*ROWS, at(4, 100, "C", 2.8)), 60)
    assert list(loaded.chain.bid) == [0.0, 0.0, 2.5, 6.0]
    assert len(loaded.problems) == 2
    assert all("one quote for each contract" in problem for problem in loaded.problems)


def test_the_note_names_the_flag(tmp_path: Path) -> None:
    rows = [at(k / 2, 100 + k, "C", 2.0) for k in range(6)]
    loaded = list(CsvFeed(written(tmp_path, *rows)).chains("XYZ"))[-1]
    assert "--window 3 makes one of all of them" in loaded.notes[0]


def test_two_files_are_one_chain(tmp_path: Path) -> None:
    calls = written(tmp_path, GOOD, name="calls.csv")
    puts = written(tmp_path, GOOD.replace(",C,2.5,", ",P,1.5,"), "x,y", name="puts.csv")
    (loaded,) = CsvFeed(f"{calls},{puts}").chains("XYZ")
    assert list(loaded.chain.bid) == [2.5, 1.5]
    assert loaded.chain.source == "csv:calls.csv+puts.csv"
    assert loaded.problems == ("puts.csv:3: expected 13 cells, got 2",)
    odd = written(tmp_path, GOOD, name="a,b.csv")
    assert only(odd).chain.n_rows == 1


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    class Pipe:
        buffer = io.BytesIO(data)

    monkeypatch.setattr(text_file, "_PIPED", [])
    monkeypatch.setattr(sys, "stdin", Pipe())


def test_a_pipe_is_read_and_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    whole = f"{HEADER}\n{GOOD}\nx\n".encode()
    for data in (whole, gzip.compress(whole)):
        piped(monkeypatch, data)
        (loaded,) = open_feed("csv:-").chains("XYZ")
        assert loaded.chain.source == "csv:stdin"
        assert loaded.problems == ("stdin:3: expected 13 cells, got 1",)
        # A pipe is read once, and asked for again.
        assert open_feed("csv:-").symbols() == ("XYZ",)
    piped(monkeypatch, whole)
    with pytest.raises(BadDataError, match=r"stdin: is larger than 20 bytes .*--max-input"):
        open_feed("csv:-", FeedOptions(max_bytes=20))
    piped(monkeypatch, b"\xff\xfe")
    with pytest.raises(BadDataError, match="stdin: is not UTF-8"):
        open_feed("csv:-")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ABCD  260417C00092500", ("ABCD", "2026-04-17", "92.5", "C", "ABCD")),
        ("ABCD1 17APR26 92.5 P", ("ABCD", "2026-04-17", "92.5", "P", "ABCD1")),
        ("abcd Apr17'26 92.5 Call", ("ABCD", "2026-04-17", "92.5", "C", "ABCD")),
        ("ABCD Apr 17 2026 $92.50 Put", ("ABCD", "2026-04-17", "92.50", "P", "ABCD")),
        ("BRK.B 04/17/2026 500.00 C", ("BRK.B", "2026-04-17", "500.00", "C", "BRK.B")),
        ("SPX 20260417 6800 C", ("SPX", "2026-04-17", "6800", "C", "SPX")),
        ("ABCD 31APR26 90 C", None),
        ("ABCD 17APX26 90 C", None),
        ("ABCD", None),
        ("ABCD 17APR26 C", None),
    ],
)
def test_contracts_in_words(text: str, expected: tuple[str, ...] | None) -> None:
    assert contract_of(text) == expected


@pytest.mark.parametrize("text", ["17APR26", "17-Apr-2026", "17 Apr '26", "2026-04-17"])
def test_days_whose_month_is_a_word(text: str) -> None:
    assert str(parse_day(text)) == "2026-04-17"


def test_numbers_since_1970_are_times() -> None:
    whole = parse_instant("2026-03-04T15:00:00Z")
    for text in ("1772636400", "1772636400000", "1772636400000000", "1772636400000000000"):
        assert parse_instant(text) == whole
    for text in ("177263640", "17726364000", "9999999999999999999", "-1772636400", "2026030415"):
        assert parse_instant(text) is None


def test_parquet_is_read_with_every_layout(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed here")
    import pyarrow.parquet as parquet  # type: ignore[import-not-found,unused-ignore]  # optional

    path = tmp_path / "chain.parquet"
    table = pyarrow.table(
        {
            "UnderlyingSymbol": ["ABCD", "ABCD"], "UnderlyingPrice": [100.0, 100.0],
            "Type": ["call", "put"], "Strike": [95.0, 95.0], "Bid": [6.2, None], "Ask": [6.3, 0.8],
            "Expiration": pyarrow.array([20560, 20560], pyarrow.date32()),
            "DataDate": pyarrow.array([1772582400 * 10**6] * 2, pyarrow.timestamp("us")),
            "Volume": [5, 5], "OpenInterest": [70, 80],
        }
    )  # fmt: skip
    parquet.write_table(table, path)
    for source in (f"parquet:{path}", f"csv:{path}"):
        (loaded,) = open_feed(source).chains("ABCD")
        assert (list(loaded.chain.bid), list(loaded.chain.ask)) == ([6.2, 0.0], [6.3, 0.8])
        assert str(loaded.chain.expiries[0].date) == "2026-04-17"
        assert loaded.chain.ts_ns == parse_instant("2026-03-04T21:00:00Z")
    with pytest.raises(BadDataError, match=r"2 rows of .* more than is read"):
        open_feed(f"parquet:{path}", FeedOptions(max_bytes=50))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(BadDataError, match="is not a Parquet file, or is damaged"):
        open_feed(f"parquet:{path}")


def test_without_pyarrow_the_line_says_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "chain.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UnavailableError, match=r"needs pyarrow: .* -m pip install '.*\[parquet\]'"):
        open_feed(f"parquet:{path}")
    assert main(["scan", "--source", f"parquet:{path}"]) == UNAVAILABLE
    capsys.readouterr()
