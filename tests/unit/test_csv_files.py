"""CSV files as wholes: packed, broken, of other programs, and with anything in a cell."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from engine.errors import (
    BadDataError,
    EngineError,
    InputOutputError,
    NoInputError,
    NotPermittedError,
)
from engine.feeds.csv_file import CsvFeed
from tests.unit.csv_chains import GOOD, HEADER, only, written


def test_empty_missing_broken_and_binary_files(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(BadDataError, match="file is empty"):
        CsvFeed(empty)
    written(tmp_path, GOOD)
    with pytest.raises(NoInputError, match=r"did you mean 'chain.csv'"):
        CsvFeed(tmp_path / "chian.csv")
    with pytest.raises(NoInputError, match="nor its folder"):
        CsvFeed(tmp_path / "nowhere" / "chain.csv")
    with pytest.raises(NoInputError, match="is a folder"):
        CsvFeed(tmp_path)
    packed = gzip.compress(f"{HEADER}\n{GOOD}\n".encode())
    for name, data in (("cut.csv.gz", packed[:-12]), ("not.csv.gz", b"timestamp_utc,bid\n")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputOutputError, match="archive is broken"):
            CsvFeed(tmp_path / name)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(BadDataError, match="not UTF-8"):
        CsvFeed(tmp_path / "binary.csv")


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_pipe_is_read_like_a_file(tmp_path: Path, is_packed: bool) -> None:
    pipe = tmp_path / "quotes"
    os.mkfifo(pipe)
    data = f"{HEADER}\n{GOOD}\n".encode()
    writer = threading.Thread(
        target=pipe.write_bytes, args=(gzip.compress(data) if is_packed else data,), daemon=True
    )
    writer.start()
    assert only(pipe).chain.n_rows == 1
    writer.join(10)


def test_gz_bom_semicolons_and_extra_columns(tmp_path: Path) -> None:
    text = f"\ufeff{HEADER},delta,open_interest\n{GOOD},0.5,812\n".replace(",", ";")
    path = tmp_path / "chain.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    chain = only(path).chain
    assert chain.bid[0] == 2.5
    assert chain.open_interest[0] == 812.0
    assert len(chain.volume) == 0


def test_unknown_symbol_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=r"no chain of XYY: did you mean 'XYZ'"):
        list(CsvFeed(written(tmp_path, GOOD)).chains("XYY"))


NASTY = (
    "", " ", "nan", "inf", "-inf", "-1", "-1.0", "-0", "0", "1e308", "1e-320", "1e999", "abc",
    "1,5",
    "0001-01-01", "9999-12-31", "1969-12-31", "2016-02-30", "20160115", "12/31/9999", "C", "put",
    "2015-12-24T14:35:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "\u0661\u0662",
    "x" * 200_000, "1_0", "0x10", '"', "\x00", "ETH", "SPX", "european",
)  # fmt: skip


def test_whatever_a_cell_holds_the_answer_is_a_chain_or_one_line(tmp_path: Path) -> None:
    columns = len(HEADER.split(","))
    chains, told = 0, []
    for position in range(columns):
        for token in NASTY:
            cells = GOOD.split(",")
            cells[position] = token
            path = written(tmp_path, GOOD.replace(",100,C", ",110,C"), ",".join(cells))
            try:
                feed = CsvFeed(path)
                for symbol in feed.symbols():
                    for loaded in feed.chains(symbol):
                        assert loaded.chain.n_rows >= 1
                        assert all(0.0 <= price <= 1e7 for price in loaded.chain.bid)
                        chains += 1
            except EngineError as error:
                told.append(str(error))
    assert all("\n" not in line and len(line) < 1000 for line in told)
    assert chains > columns * len(NASTY) * 0.8


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_how: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    # As the tests may be run by one who may read everything.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(NotPermittedError, match=r"chain.csv: you may not read it"):
        CsvFeed(tmp_path / "chain.csv")


def test_a_summary_of_deribit_is_sent_to_its_feed(tmp_path: Path) -> None:
    path = tmp_path / "summary.csv"
    path.write_text(",mark_price,underlying_index,instrument_name\n0,0.1,ETH-29MAR24,ETH-X\n")
    with pytest.raises(BadDataError, match=r"summary of Deribit's: --source deribit:.*summary.csv"):
        CsvFeed(path)
