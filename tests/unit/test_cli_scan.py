"""The scan verb: what reaches the scan, and what is shown of it."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from engine.backend import Backend
from engine.cli.main import main
from engine.config import FAMILIES, ScanSettings
from engine.market.carry import RateCurve
from engine.market.chain import OptionChain
from engine.report.rows import COLUMNS
from engine.scanner import many as scan_many
from engine.scoring.opportunity import ScanResult
from tests.unit.two_symbols import HEADER, ROW, scan, write_quotes

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_quotes()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> list[ScanSettings]:
    """The settings of every chain scanned."""
    seen: list[ScanSettings] = []
    scan_chain = scan_many.scan_chain

    def watched(
        chain: OptionChain, settings: ScanSettings, backend: Backend, **more: bool
    ) -> ScanResult:
        seen.append(settings)
        return scan_chain(chain, settings, backend, **more)

    monkeypatch.setattr(scan_many, "scan_chain", watched)
    return seen


def test_flags_reach_the_scan(settings: list[ScanSettings]) -> None:
    words = (
        "xyz --families box,conversion --rates 4%,5% --dividends 2016-01-15=0.5 --borrow XYZ=2% "
        "--fees free --min-edge 0.2 --min-edge-usd 7 --gate max_option_age=9 --gate lots=2 "
        "--assume-synchronous --profile liquidity --top 3 --carry --json"
    )
    assert scan(*words.split()) == 0
    (used,) = settings
    assert used.families == ("conversion", "box")
    assert (used.carry.lend, used.carry.borrow) == (RateCurve.flat(0.04), RateCurve.flat(0.05))
    assert used.carry.dividends[0].amount == 0.5
    assert used.carry.borrow_fee == 0.02
    assert used.fees.commission(5.0) == 0.0
    assert (used.gates.min_edge, used.gates.min_edge_usd) == (0.2, 7.0)
    assert (used.gates.max_option_age, used.gates.lots) == (9.0, 2)
    assert (used.profile, used.top) == ("liquidity", 3)
    assert used.assume_synchronous
    assert used.show_carry


def test_flags_win_over_the_file_and_the_file_over_defaults(settings: list[ScanSettings]) -> None:
    Path("parity.toml").write_text(
        '[scan]\nsource = "csv:quotes.csv"\nsymbols = ["ABC"]\ntop = 7\nprofile = "profit"\n'
        "near_misses = 2\n"
        "[rates]\nlend = 0.01\nborrow = 0.02\n[gates]\nmin_edge = 0.5\nmin_days = 3\n"
        "[borrow]\ndefault = 0.03\n[fees]\nschedule = 'free'\n"
    )
    assert main(["scan", "--config", "parity.toml", "--csv", "--backend", "pure"]) == 0
    assert scan("--config", "parity.toml", "--csv", "XYZ", "--top", "4", "--min-edge=0.1",
                 "--rates", "3%", "--fees", "default", "--borrow", "5%") == 0  # fmt: skip
    file, both = settings
    assert (file.top, file.profile, file.near_misses) == (7, "profit", 2)
    assert (file.carry.lend, file.carry.borrow_fee) == (RateCurve.flat(0.01), 0.03)
    assert (file.gates.min_edge, file.gates.min_days) == (0.5, 3.0)
    assert file.fees.exchange == 0.0
    assert (both.top, both.profile) == (4, "profit")
    assert (both.carry.lend, both.carry.borrow_fee) == (RateCurve.flat(0.03), 0.05)
    assert (both.gates.min_edge, both.gates.min_days) == (0.1, 3.0)
    assert both.fees.exchange > 0.0


def test_a_profile_of_synthetics_asks_for_them(settings: list[ScanSettings]) -> None:
    assert scan("ABC", "--profile", "syn-balanced", "--csv") == 0
    assert scan("ABC", "--csv") == 0
    assert settings[0].families == FAMILIES
    assert "synthetic" not in settings[1].families


def test_every_form_lists_the_same_opportunities(capsys: Capture) -> None:
    assert scan("--json") == 0
    whole = json.loads(capsys.readouterr().out)
    names = [one["id"] for one in whole["opportunities"]]
    assert [one["symbol"] for one in whole["opportunities"]] == ["XYZ", "ABC"]
    assert scan("--ndjson") == 0
    # Symbol by symbol, as they come; the other forms rank them together.
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == names[::-1]
    assert scan("--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["id"] for row in rows] == names
    assert tuple(rows[0]) == COLUMNS
    assert scan() == 0
    table = capsys.readouterr().out
    assert all(name in table for name in names)
    assert scan("--explain", names[1]) == 0
    assert "conversion" in capsys.readouterr().out
    assert scan("--curves") == 0
    assert "2016-02-19" in capsys.readouterr().out


def test_symbols_are_found_whatever_their_case_and_once(capsys: Capture) -> None:
    assert scan("xyz", "XYZ", "abc", "--json") == 0
    chains = json.loads(capsys.readouterr().out)["chains"]
    assert [chain["symbol"] for chain in chains] == ["XYZ", "ABC"]


def test_top_cuts_the_joint_list(capsys: Capture) -> None:
    assert scan("--top", "1", "--csv") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_carry_rows_are_listed_on_request(capsys: Capture) -> None:
    # 0.2 of "profit" on 100 of stock and two months is only interest.
    Path("quotes.csv").write_text(
        HEADER + ROW.format("XYZ", "C", 3.3, 3.4) + ROW.format("XYZ", "P", 2.9, 2.95)
    )
    assert scan("--rates", "4%,5%", "--csv") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert scan("--rates", "4%,5%", "--csv", "--carry") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["class"] for row in rows} == {"CARRY"}
    assert all(float(row["edge"]) <= 0.0 < float(row["plain"]) for row in rows)


def test_a_plot_is_written_beside_the_result(capsys: Capture) -> None:
    pytest.importorskip("plotly", reason="plotly is an optional extra")
    assert scan("XYZ", "--plot", "chain.html", "--csv") == 0
    out, err = capsys.readouterr()
    assert out.startswith("id,family")
    assert "parity: plot written to chain.html" in err
    assert "plotly" in Path("chain.html").read_text(encoding="utf-8")[:10_000].lower()


def test_a_plot_that_cannot_be_written_is_refused_before_the_scan(
    settings: list[ScanSettings], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    writer = ModuleType("plotly.io")
    monkeypatch.setitem(sys.modules, "plotly", ModuleType("plotly"))
    monkeypatch.setitem(sys.modules, "plotly.io", writer)
    assert scan("--plot", "chain.html") == 69
    assert f"needs plotly: {sys.executable} -m pip install '" in capsys.readouterr().err
    monkeypatch.setattr(writer, "to_html", None, raising=False)
    assert scan("--plot", "gone/chain.html") == 74
    assert "there is no folder gone: mkdir -p gone" in capsys.readouterr().err
    Path("folder").mkdir()
    assert scan("--plot", "folder") == 74
    assert "folder: is a folder; name a file in it" in capsys.readouterr().err
    # As the tests may be run by one who may write everywhere.
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert scan("--plot", "chain.html") == 77
    assert "chain.html: you may not write it" in capsys.readouterr().err
    assert settings == []


def test_as_of_all_scans_every_snapshot(capsys: Capture) -> None:
    later = Path("quotes.csv").read_text().splitlines()[1:3]
    with open("quotes.csv", "a", encoding="utf-8") as file:
        file.write("\n".join(later).replace("T15:30", "T16:30") + "\n")
    assert scan("ABC", "--as-of", "all", "--json") == 0
    times = [chain["time"] for chain in json.loads(capsys.readouterr().out)["chains"]]
    assert times == ["2015-12-24T15:30:00Z", "2015-12-24T16:30:00Z"]


def test_carry_for_a_symbol_that_was_not_scanned_is_noted(capsys: Capture) -> None:
    assert scan("--borrow", "XZY=1%", "--csv") == 0
    assert "note: carry is given for XZY, which was not scanned" in capsys.readouterr().err


def test_dividends_that_nobody_knows_are_noted_where_they_matter(capsys: Capture) -> None:
    # The reversal of XYZ earns 1.9 unless a dividend is paid; the conversion of ABC does not care.
    Path("quotes.csv").write_text(
        HEADER + ROW.format("XYZ", "C", 1.0, 1.1) + ROW.format("XYZ", "P", 3.2, 3.3)
        + ROW.format("ABC", "C", 5.0, 5.1) + ROW.format("ABC", "P", 1.0, 1.1)
    )  # fmt: skip
    assert scan("--json") == 0
    out, err = capsys.readouterr()
    assert "note: no dividends known for XYZ: reversals" in err
    chains = json.loads(out)["chains"]
    assert [chain["rates"]["dividends_known"] for chain in chains] == [False, False]
    assert scan("ABC", "--csv") == 0
    assert "no dividends known" not in capsys.readouterr().err
    for said in ("none", "2016-01-15=0.1"):
        assert scan("--dividends", said, "--json") == 0
        out, err = capsys.readouterr()
        assert "no dividends known" not in err
        assert json.loads(out)["chains"][0]["rates"]["dividends_known"] is True


def test_quotes_from_long_before_are_noted(capsys: Capture) -> None:
    assert scan("ABC", "--as-of", "2016-02-01", "--csv") == 0
    err = capsys.readouterr().err
    assert "the last quotes of ABC at --as-of are those of 2015-12-24, 39 days before" in err
    assert scan("ABC", "--as-of", "2015-12-28", "--csv") == 0
    assert "the last quotes of" not in capsys.readouterr().err


def test_plain_is_without_bold_too(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert scan() == 0
    assert "\x1b[1" in capsys.readouterr().out
    assert scan("--no-color") == 0
    assert "\x1b" not in capsys.readouterr().out
