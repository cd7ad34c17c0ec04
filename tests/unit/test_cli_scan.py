"""The scan verb: what reaches the scan, what is shown, and which exit code comes of it."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from engine import conduct
from engine.backend import Backend
from engine.cli.main import main
from engine.config import FAMILIES, ScanSettings
from engine.market.carry import RateCurve
from engine.market.chain import OptionChain
from engine.report.reproducer import read_reproducer
from engine.report.rows import COLUMNS
from engine.scoring.opportunity import ScanResult

HEADER = "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,bid,ask\n"
ROW = "2015-12-24T15:30:00Z,{},99.9,100.0,2016-02-19,100,{},{},{}\n"

Capture = pytest.CaptureFixture[str]
Change = Callable[[ScanResult], ScanResult]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with quotes of two symbols, a conversion in each."""
    monkeypatch.chdir(tmp_path)
    rows = [HEADER]
    for symbol, bid in (("ABC", 5.0), ("XYZ", 5.2)):
        rows.append(ROW.format(symbol, "C", bid, bid + 0.1))
        rows.append(ROW.format(symbol, "P", 1.0, 1.1))
    Path("quotes.csv").write_text("".join(rows), encoding="utf-8")


def _scan(*words: str) -> int:
    return main(["scan", "--source", "csv:quotes.csv", "--backend", "pure", *words])


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> list[ScanSettings]:
    """The settings of every chain scanned."""
    seen: list[ScanSettings] = []
    scan_chain = conduct.scan_chain

    def watched(chain: OptionChain, settings: ScanSettings, backend: Backend) -> ScanResult:
        seen.append(settings)
        return scan_chain(chain, settings, backend)

    monkeypatch.setattr(conduct, "scan_chain", watched)
    return seen


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Let every scan end in what a function makes of its result."""
    scan_chain = conduct.scan_chain

    def install(change: Change) -> None:
        monkeypatch.setattr(conduct, "scan_chain", lambda *given: change(scan_chain(*given)))

    return install


def test_flags_reach_the_scan(settings: list[ScanSettings]) -> None:
    words = (
        "xyz --families box,conversion --rates 4%,5% --dividends 2016-01-15=0.5 --borrow XYZ=2% "
        "--fees free --min-edge 0.2 --min-edge-usd 7 --gate max_option_age=9 --gate lots=2 "
        "--assume-synchronous --profile liquidity --top 3 --carry --json"
    )
    assert _scan(*words.split()) == 0
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
    assert _scan("--config", "parity.toml", "--csv", "XYZ", "--top", "4", "--min-edge=0.1",
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
    assert _scan("ABC", "--profile", "syn-balanced", "--csv") == 0
    assert _scan("ABC", "--csv") == 0
    assert settings[0].families == FAMILIES
    assert "synthetic" not in settings[1].families


def test_every_form_lists_the_same_opportunities(capsys: Capture) -> None:
    assert _scan("--json") == 0
    whole = json.loads(capsys.readouterr().out)
    names = [one["id"] for one in whole["opportunities"]]
    assert [one["symbol"] for one in whole["opportunities"]] == ["XYZ", "ABC"]
    assert _scan("--ndjson") == 0
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == names
    assert _scan("--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["id"] for row in rows] == names
    assert tuple(rows[0]) == COLUMNS
    assert _scan() == 0
    table = capsys.readouterr().out
    assert all(name in table for name in names)
    assert _scan("--explain", names[1]) == 0
    assert "conversion" in capsys.readouterr().out
    assert _scan("--curves") == 0
    assert "2016-02-19" in capsys.readouterr().out


def test_symbols_are_found_whatever_their_case_and_once(capsys: Capture) -> None:
    assert _scan("xyz", "XYZ", "abc", "--json") == 0
    chains = json.loads(capsys.readouterr().out)["chains"]
    assert [chain["symbol"] for chain in chains] == ["XYZ", "ABC"]


def test_top_cuts_the_joint_list(capsys: Capture) -> None:
    assert _scan("--top", "1", "--csv") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_carry_rows_are_listed_on_request(capsys: Capture) -> None:
    # 0.2 of "profit" on 100 of stock and two months is only interest.
    Path("quotes.csv").write_text(
        HEADER + ROW.format("XYZ", "C", 3.3, 3.4) + ROW.format("XYZ", "P", 2.9, 2.95)
    )
    assert _scan("--rates", "4%,5%", "--csv") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert _scan("--rates", "4%,5%", "--csv", "--carry") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["class"] for row in rows} == {"CARRY"}
    assert all(float(row["edge"]) <= 0.0 < float(row["plain"]) for row in rows)


def test_a_plot_is_written_beside_the_result(capsys: Capture) -> None:
    pytest.importorskip("plotly", reason="plotly is an optional extra")
    assert _scan("XYZ", "--plot", "chain.html", "--csv") == 0
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
    assert _scan("--plot", "chain.html") == 69
    assert f"needs plotly: {sys.executable} -m pip install '" in capsys.readouterr().err
    monkeypatch.setattr(writer, "to_html", None, raising=False)
    assert _scan("--plot", "gone/chain.html") == 74
    assert "there is no folder gone: mkdir -p gone" in capsys.readouterr().err
    Path("folder").mkdir()
    assert _scan("--plot", "folder") == 74
    assert "folder: is a folder; name a file in it" in capsys.readouterr().err
    # As the tests may be run by one who may write everywhere.
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert _scan("--plot", "chain.html") == 77
    assert "chain.html: you may not write it" in capsys.readouterr().err
    assert settings == []


def test_as_of_all_scans_every_snapshot(capsys: Capture) -> None:
    later = Path("quotes.csv").read_text().splitlines()[1:3]
    with open("quotes.csv", "a", encoding="utf-8") as file:
        file.write("\n".join(later).replace("T15:30", "T16:30") + "\n")
    assert _scan("ABC", "--as-of", "all", "--json") == 0
    times = [chain["time"] for chain in json.loads(capsys.readouterr().out)["chains"]]
    assert times == ["2015-12-24T15:30:00Z", "2015-12-24T16:30:00Z"]


def test_carry_for_a_symbol_that_was_not_scanned_is_noted(capsys: Capture) -> None:
    assert _scan("--borrow", "XZY=1%", "--csv") == 0
    assert "note: carry is given for XZY, which was not scanned" in capsys.readouterr().err


def test_dividends_that_nobody_knows_are_noted_where_they_matter(capsys: Capture) -> None:
    # The reversal of XYZ earns 1.9 unless a dividend is paid; the conversion of ABC does not care.
    Path("quotes.csv").write_text(
        HEADER + ROW.format("XYZ", "C", 1.0, 1.1) + ROW.format("XYZ", "P", 3.2, 3.3)
        + ROW.format("ABC", "C", 5.0, 5.1) + ROW.format("ABC", "P", 1.0, 1.1)
    )  # fmt: skip
    assert _scan("--json") == 0
    out, err = capsys.readouterr()
    assert "note: no dividends known for XYZ: reversals" in err
    chains = json.loads(out)["chains"]
    assert [chain["rates"]["dividends_known"] for chain in chains] == [False, False]
    assert _scan("ABC", "--csv") == 0
    assert "no dividends known" not in capsys.readouterr().err
    for said in ("none", "2016-01-15=0.1"):
        assert _scan("--dividends", said, "--json") == 0
        out, err = capsys.readouterr()
        assert "no dividends known" not in err
        assert json.loads(out)["chains"][0]["rates"]["dividends_known"] is True


def test_quotes_from_long_before_are_noted(capsys: Capture) -> None:
    assert _scan("ABC", "--as-of", "2016-02-01", "--csv") == 0
    err = capsys.readouterr().err
    assert "the last quotes of ABC at --as-of are those of 2015-12-24, 39 days before" in err
    assert _scan("ABC", "--as-of", "2015-12-28", "--csv") == 0
    assert "the last quotes of" not in capsys.readouterr().err


def test_plain_is_without_bold_too(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert _scan() == 0
    assert "\x1b[1" in capsys.readouterr().out
    assert _scan("--no-color") == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_mismatch_ends_with_70_and_a_reproducer(
    changed: Callable[[Change], None], capsys: Capture
) -> None:
    changed(lambda result: replace(result, mismatches=result.opportunities, opportunities=()))
    assert _scan("XYZ", "--json") == 70
    out, err = capsys.readouterr()
    (bad,) = json.loads(out)["mismatches"]
    path = Path(f"verifier-mismatch-{bad['id']}.json")
    assert f"did not reproduce conversion {bad['id']}; please report" in err
    assert str(path) in err
    chain, settings, opportunity = read_reproducer(path)
    assert (chain.symbol, opportunity.id) == ("XYZ", bad["id"])
    assert settings.top == 20


def test_a_mismatch_is_told_though_nobody_reads_the_list(
    changed: Callable[[Change], None], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def unread(*_: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    changed(lambda result: replace(result, mismatches=result.opportunities, opportunities=()))
    monkeypatch.setattr("engine.cli.scan_output.show", unread)
    assert _scan("XYZ") == 70
    assert "did not reproduce conversion" in capsys.readouterr().err
    assert list(Path().glob("verifier-mismatch-*.json"))


def test_chains_that_cannot_be_believed_end_with_65(
    changed: Callable[[Change], None], capsys: Capture
) -> None:
    changed(lambda result: replace(result, unusable="not simultaneous", opportunities=()))
    assert _scan("--json") == 65
    out, err = capsys.readouterr()
    assert "parity: XYZ: unusable: not simultaneous" in err
    assert json.loads(out)["chains"][0]["unusable"] == "not simultaneous"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_chain_that_cannot_be_believed_is_said_once_on_a_terminal(
    is_terminal: bool,
    changed: Callable[[Change], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    # Where the table goes to a file, stderr says why the code is 65.
    changed(lambda result: replace(result, unusable="not simultaneous", opportunities=()))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    assert _scan("XYZ", "--no-color") == 65
    out, err = capsys.readouterr()
    assert out.count("XYZ: not simultaneous") == 1
    assert err.count("not simultaneous") == (0 if is_terminal else 1)


def test_a_chain_that_cannot_be_believed_is_said_beside_its_curves(
    changed: Callable[[Change], None], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    changed(lambda result: replace(result, unusable="not simultaneous", opportunities=()))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert _scan("XYZ", "--no-color", "--curves") == 65
    out, err = capsys.readouterr()
    assert (out + err).count("not simultaneous") == 1


def _fail(symbol: str) -> Change:
    def change(result: ScanResult) -> ScanResult:
        if result.chain.symbol == symbol:
            raise ZeroDivisionError("in this test")
        return result

    return change


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_bug_in_one_symbol_is_reported_and_leaves_the_others(
    changed: Callable[[Change], None], jobs: str, capsys: Capture
) -> None:
    changed(_fail("ABC"))
    assert _scan("--csv", "--jobs", jobs) == 70
    out, err = capsys.readouterr()
    assert [row["symbol"] for row in csv.DictReader(io.StringIO(out))] == ["XYZ"]
    assert "parity: ABC: bug: ZeroDivisionError: in this test" in err
    assert "Traceback" not in err
    assert _scan("--csv", "--jobs", jobs, "--debug") == 70
    assert "Traceback" in capsys.readouterr().err


def test_an_audit_tells_what_was_found_of_what_was_planted(capsys: Capture) -> None:
    words = ["scan", "ZCOIN", "--backend", "pure", "--audit", "--seed", "3"]
    assert main([*words, "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert one["recall"] == 1.0
    assert one["false_locked"] == 0
    assert one["edge_error"] < 1e-9
    assert len(one["chains"]) == 1
    assert len(one["opportunities"]) <= 20
    assert main([*words, "--seeds", "2", "--jobs", "2", "--json"]) == 0
    two = json.loads(capsys.readouterr().out)
    assert two["opportunities"] == one["opportunities"]
    assert two["audit"]["labels"] > one["audit"]["labels"] > 0
    assert main(words) == 0
    assert "audit: recall 100.00%" in capsys.readouterr().out
    assert main([*words, "--families", "box", "--json"]) == 0
    boxes = json.loads(capsys.readouterr().out)
    assert boxes["recall"] == 1.0
    assert boxes["audit"]["missed"] == []
    assert one["audit"]["labels"] > boxes["audit"]["labels"] > 0


def test_labels_that_an_audit_missed_are_said_in_words(capsys: Capture) -> None:
    words = ["scan", "ZDIV", "--backend", "pure", "--audit", "--seed", "0", "--no-color"]
    assert main([*words, "--min-edge-usd", "100000"]) == 0
    out = capsys.readouterr().out
    assert "missed: conversion +P " in out
    assert "{" not in out


@pytest.mark.parametrize("flag", ["--explain=near-1", "--curves"])
def test_an_audit_goes_with_no_other_page(flag: str, capsys: Capture) -> None:
    assert main(["scan", "--audit", flag]) == 2
    assert "shows no audit" in capsys.readouterr().err
