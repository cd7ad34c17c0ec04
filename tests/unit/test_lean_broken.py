"""The LEAN source on folders in which something is bad, missing or broken."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from pathlib import Path

import pytest

from engine.clock import to_ns
from engine.errors import BadDataError, InputOutputError, NoInputError, NotPermittedError
from engine.feeds.lean import LeanFeed
from engine.feeds.lean_files import Archive
from tests.unit.lean_folder import (
    CALL,
    DAY,
    NOON,
    OPEN,
    PUT,
    hour_row,
    member,
    one_symbol,
    only,
    raised_by,
    row,
    values,
    write_equity,
    write_options,
    write_text,
    write_zip,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return one_symbol(tmp_path)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (f"{OPEN},1,1,1,abc,1,2,2,2,2,1", "2: column bid close: expected a number from 0"),
        (f"{OPEN},1,1,1,nan,1,2,2,2,2,1", "2: column bid close: expected a number from 0"),
        (f"{OPEN},1,1,1,-5,1,2,2,2,2,1", "got '-5'"),
        (f"{OPEN},1,1,1,1e300,1,2,2,2,2,1", "to 1e+11, got '1e300'"),
        (f"{OPEN},1,1,1,1,x,2,2,2,2,1", "2: column bid size: expected"),
        (f"{OPEN},1,1,1,1,1,2,2,2,inf,1", "2: column ask close: expected"),
        (f"{OPEN},1,1,1,1,1,2,2,2,2,-1", "2: column ask size: expected"),
        (f"{OPEN},1,1,1", "2: expected 11 cells, got 4"),
        ("10:30,1,1,1,1,1,2,2,2,2,1", "2: column time: expected milliseconds since midnight"),
        ("34199999,1,1,1,1,1,2,2,2,2,1", "2: column time: expected at least 34200000"),
    ],
)
def test_a_bad_row_is_named_and_loses_nothing_else(root: Path, bad: str, said: str) -> None:
    rows = [row(OPEN, 2.0, 2.2), bad, row(NOON - 60_000, 2.1, 2.3)]
    path = write_options(root, {CALL: rows, PUT: [row(OPEN, 1.0, 1.1)]})
    loaded = only(root, strict=False)
    assert len(loaded.problems) == 1
    assert loaded.problems[0].startswith(f"{path.name}:{member(CALL)}:2: ")
    assert said in loaded.problems[0]
    assert values(loaded.chain, 0)[:2] == (2.1, 2.3)
    assert loaded.chain.bid[1] == 1.0
    with pytest.raises(BadDataError) as raised:
        only(root)
    assert str(raised.value) == loaded.problems[0]


def test_a_bad_row_after_the_instant_is_the_future(root: Path) -> None:
    write_options(root, {CALL: [row(OPEN, 2.0, 2.2), row(NOON, 2.0, 2.0), f"{NOON},junk"]})
    assert only(root).problems == ()


def test_bad_hour_stamps_are_named(root: Path) -> None:
    good = hour_row("20160609 10:00", 1.0, 1.1)
    bad = [good, "20160609 1000" + good[14:], "20160609 09:00" + good[14:], "20160609 11:00,1"]
    write_zip(
        root / "option/usa/hour/xyz_2016_quote_american.zip",
        {f"xyz_quote_american_{CALL}.csv": bad},
    )
    write_equity(root, [row(OPEN, 101.0, 101.1)], day="20160609")
    first, *_ = LeanFeed(root).chains("XYZ")
    assert [problem.split(":", 2)[2] for problem in first.problems] == [
        "2: column time: expected YYYYMMDD HH:MM, got '20160609 1000'",
        "3: column time: expected a time not before the last row's, got '20160609 09:00'",
        "4: expected 11 cells, got 2",
    ]


def test_members_that_are_no_contracts_are_named(root: Path) -> None:
    path = root / f"option/usa/minute/xyz/{DAY}_quote_american.zip"
    good = [row(OPEN, 2.0, 2.2)]
    write_zip(
        path,
        {"notes.txt": "hello", member(CALL): good, member(PUT, style="european"): good},
    )
    problems = only(root, strict=False).problems
    assert problems[0].startswith(f"{path.name}:notes.txt: expected a name like 20151224_goog")
    assert problems[1].endswith("expected american contracts, got european")


def test_what_is_missing_beside_the_options_is_said(root: Path) -> None:
    (root / "equity/usa/factor_files/xyz.csv").unlink()
    (root / f"equity/usa/minute/xyz/{DAY}_quote.zip").unlink()
    loaded = only(root, strict=False)
    assert loaded.problems == (
        f"equity/usa/minute/xyz/{DAY}_quote.zip: no such file: the price of the underlying is not"
        " known",
        "factor_files/xyz.csv: no such file: dividends and splits are not known",
    )
    assert math.isnan(loaded.chain.underlying.bid)
    assert loaded.chain.bid[0] == 2.1
    write_zip(root / f"equity/usa/minute/xyz/{DAY}_quote.zip", {})
    assert "nothing is in it" in only(root, strict=False).problems[0]
    with pytest.raises(BadDataError, match="nothing is in it"):
        only(root)


def test_no_valid_row_at_all_is_bad_data(root: Path) -> None:
    write_options(root, {CALL: ["junk"], PUT: ["more,junk"]})
    with pytest.raises(
        BadDataError, match=r"no valid quote of XYZ: .*:1: expected 11 cells, got 1"
    ):
        only(root, strict=False)


def test_no_folder_no_options(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    assert raised_by(empty / "nowhere", NoInputError).endswith("nowhere: no such folder")
    assert "no option quotes in it: expected option/usa/minute" in raised_by(empty, NoInputError)
    archive = root / f"option/usa/minute/xyz/{DAY}_quote_american.zip"
    assert "is a file; name LEAN's Data folder" in raised_by(archive, NoInputError)


def test_an_unknown_symbol_and_an_instant_before_the_data(root: Path) -> None:
    with pytest.raises(NoInputError, match="no options of XZY: did you mean 'XYZ'"):
        list(LeanFeed(root).chains("xzy"))
    early = to_ns(datetime(2016, 6, 7, 13, 0, tzinfo=timezone.utc))
    message = raised_by(root, NoInputError, early)
    assert "no quotes of XYZ up to 2016-06-07T13:00:00+00:00; they begin in 2016-06-07" in message
    first_instant = to_ns(datetime(1, 1, 1, tzinfo=timezone.utc))
    assert "up to 0001-01-01T00:00:00+00:00" in raised_by(root, NoInputError, first_instant)


def test_a_broken_archive(root: Path) -> None:
    path = root / f"option/usa/minute/xyz/{DAY}_quote_american.zip"
    whole = path.read_bytes()
    for broken in (b"", b"not a zip", whole[:-40]):
        path.write_bytes(broken)
        assert f"{path}: cannot be read as a zip" in raised_by(root, InputOutputError)
    # The directory is whole, the bytes of a member are not.
    at = whole.index(b"csv") + 10
    path.write_bytes(whole[:at] + bytes(255 - b for b in whole[at : at + 20]) + whole[at + 20 :])
    assert f"{path}: cannot be read as a zip" in raised_by(root, InputOutputError)


def test_a_broken_map_file_is_bad_data(root: Path) -> None:
    write_text(root / "equity/usa/map_files/xyz.csv", "20501231,xyz,Q\nsometime,abc\n")
    assert "xyz.csv:2: expected YYYYMMDD,ticker, got 'sometime,abc'" in raised_by(
        root, BadDataError
    )


def test_an_archive_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    # As the tests may be run by one who may read everything.
    monkeypatch.setattr("zipfile.ZipFile", refuse)
    with pytest.raises(NotPermittedError, match=r"quote.zip: you may not read it"):
        Archive(tmp_path / "quote.zip")
