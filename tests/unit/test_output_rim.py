"""What leaves the program: whole, harmless to terminals and sheets, and right in its words."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from engine import scan
from engine.cli import scan_output, stdout
from engine.cli.main import main
from engine.errors import UsageError
from engine.report import plot
from engine.report.document import document
from engine.report.printable import cell, printable
from engine.scanner.survey import once
from tests.unit.csv_chains import GOOD, HEADER, written
from tests.unit.test_deribit_feed import CALL, STAMP, summary
from tests.unit.test_deribit_feed import written as written_json


class Raw(io.RawIOBase):
    """A file that takes a few bytes at a time, and no more than it has room for."""

    def __init__(self, room: int) -> None:
        self.taken = b""
        self.room = room

    def write(self, data) -> int:  # type: ignore[no-untyped-def,override]
        part = bytes(data[: min(7, self.room - len(self.taken))])
        self.taken += part
        return len(part)


class Unbuffered:
    """Stdout as PYTHONUNBUFFERED makes it."""

    write_through = True
    encoding, errors = "utf-8", "strict"

    def __init__(self, room: int) -> None:
        self.buffer = Raw(room)

    def flush(self) -> None:
        """Nothing is held back."""


def test_an_unbuffered_stdout_gets_all_or_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "0123456789é" * 9
    whole = Unbuffered(1000)
    monkeypatch.setattr(sys, "stdout", whole)
    stdout.write_all(text)
    assert whole.buffer.taken.decode() == text
    monkeypatch.setattr(sys, "stdout", Unbuffered(50))
    with pytest.raises(OSError, match="No space left"):
        stdout.write_all(text)


def test_a_plot_replaces_pages_only(tmp_path: Path) -> None:
    pytest.importorskip("plotly", reason="plotly is an optional extra")
    quotes = written(tmp_path, GOOD)
    with pytest.raises(UsageError, match=r"name a file that ends in .html, not .*chain.csv"):
        plot.check(quotes)
    other = tmp_path / "notes.html"
    other.write_text("bid,ask\n")
    with pytest.raises(UsageError, match="is there and is no page: --plot replaces only pages"):
        plot.check(other)
    for text in ("", "<!DOCTYPE html><title>x</title>", " <html>"):
        other.write_text(text)
        plot.check(other)
    assert main(["scan", "--source", f"csv:{quotes}", "--plot", str(quotes)]) == 2
    assert quotes.read_text(encoding="utf-8").startswith(HEADER)


def test_what_steers_is_spelled_out() -> None:
    assert printable("a\x1b[2Jb\u202e") == "a\\x1b[2Jb\\u202e"
    assert [cell(text) for text in ("=1", "+1", "-x", "@y", "\t=1", "box")] == [
        "'=1", "'+1", "'-x", "'@y", "\\t=1", "box",
    ]  # fmt: skip
    assert cell(-0.5) == -0.5


def test_the_name_of_a_file_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["scan", "--source", f"csv:{tmp_path}/\x1b]0;X\x07.csv"])
    main(["scan", "--config", str(tmp_path / "a\x1b[31m.toml")])
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert "\\x1b]0;X\\x07.csv" in err


def test_an_empty_list_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["scan", "--no-color", "--backend", "pure"]
    assert main([*common, "ZDIV", "--top", "0"]) == 0
    out = capsys.readouterr().out
    assert "opportunities pass every gate; --top 0 lists none of them." in out
    assert "No arbitrage passed" not in out
    dead = written(tmp_path, GOOD.replace("2.5,2.6", "0,0"))
    assert main([*common, "--source", f"csv:{dead}"]) == 0
    out = capsys.readouterr().out
    assert "2 American options, none with a quote" in out
    assert "There is no quote at all, so nothing can be said" in out


def test_the_backend_keeps_its_brackets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Named:
        def __str__(self) -> str:
            return "pure kernels (no Numba: pip install '.[numba]')"

    survey = scan("demo", "ZETF", top=0, near_misses=0, backend="pure")
    args = type("Args", (), {"no_color": True})()
    scan_output._show_table(survey, Named(), args)  # type: ignore[arg-type]  # only printed
    assert "pip install '.[numba]'" in capsys.readouterr().out


def test_carry_rows_have_the_plain_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "ZETF", "--carry", "--no-color", "--backend", "pure"]) == 0
    out = capsys.readouterr().out
    assert "CARRY" in out
    assert "plain +" in out


def test_json_has_what_it_promises() -> None:
    survey = scan("demo", ("ZDIV", "ZIDX"), withholding=0.15, top=2000, backend="pure")
    whole = document(survey, survey_backend())
    for chain in whole["chains"]:
        assert chain["rates"]["withholding"] == 0.15
    shares = whole["chains"][0]
    assert shares["bid_size"] == survey.results[0].chain.underlying.bid_size
    bounded = [one for one in whole["opportunities"] if one["family"] in ("box", "vertical")]
    assert len(bounded) > 50
    for one in bounded:
        assert one["best"] is not None
        assert one["best"] >= one["edge"] - 1e-9
        highest = max(state["pv"] for state in one["proof"]["states"])
        assert one["best"] >= highest - 1e-12
    fees = [leg["fee"] for one in whole["opportunities"] for leg in one["legs"]]
    assert all(len(repr(fee)) <= 14 for fee in fees if fee is not None)


def survey_backend():  # type: ignore[no-untyped-def]
    from engine.backend import select

    return select("pure")


def test_no_near_miss_stands_twice() -> None:
    survey = scan("demo", "ZDIV", near_misses=50, backend="pure")
    told = [repr(miss) for _, miss in survey.near_misses]
    assert told
    assert len(told) == len(set(told))
    (miss, *_) = survey.results[0].near_misses
    assert once((miss, miss)) == (miss,)


def test_csv_is_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "ZETF", "--csv", "--backend", "pure"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows
    for row in rows:
        for name, text in row.items():
            is_number = name not in ("legs",) and text.lstrip("-").replace(".", "").isdigit()
            assert is_number or name == "legs" or not text.startswith(("=", "+", "-", "@"))


# --- Deribit: times that are not of one answer ---


@pytest.mark.parametrize("name", ["ETH-23FEB24-2900-C", "ETH-23FEB24"])
@pytest.mark.parametrize("days", [-2, 2, 40_000])
def test_a_stamp_far_off_costs_its_row(tmp_path: Path, name: str, days: int) -> None:
    from engine.feeds.deribit import DeribitFeed

    odd = summary(name, creation_timestamp=STAMP + days * 86_400_000)
    items = [summary(CALL), summary("ETH-23FEB24-2800-P"), odd]
    (loaded,) = DeribitFeed(written_json(tmp_path, items)).chains("ETH")
    assert loaded.chain.ts_ns == STAMP * 1_000_000
    assert list(loaded.chain.bid_age) == [0.0, 0.0]
    (problem,) = loaded.problems
    assert "day" in problem


@pytest.mark.parametrize("name", ["ETH-23FEB24-" + "9" * 400 + "-C", "ETH-23FEB24-99999999-C"])
def test_a_strike_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    from engine.feeds.deribit import DeribitFeed

    (loaded,) = DeribitFeed(written_json(tmp_path, [summary(CALL), summary(name)])).chains("ETH")
    assert list(loaded.chain.strike) == [2800.0]
    assert "expected a strike > 0 and at most" in loaded.problems[0]


def test_futures_and_perpetuals_as_they_are_served(tmp_path: Path) -> None:
    """Without underlying_price, which Deribit gives for options only."""
    from engine.feeds.deribit import DeribitFeed

    items = [summary(CALL), summary("ETH-23FEB24", bid_price=2268.0, ask_price=2269.0),
             summary("ETH-PERPETUAL", bid_price=2250.0)]  # fmt: skip
    for item in items[1:]:
        del item["underlying_price"], item["underlying_index"]
    (loaded,) = DeribitFeed(written_json(tmp_path, items), strict=True).chains("ETH")
    assert loaded.problems == ()
    assert "1 quoted" in loaded.chain.source
    assert list(loaded.chain.forward_bid) == [2268.0]
    assert json.dumps(items)  # they are what a file holds
