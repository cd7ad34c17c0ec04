"""Whatever a person types or feeds in: one clear line, the right exit code, never a traceback."""

from __future__ import annotations

import gzip
import json
import platform
from pathlib import Path

import pytest

from engine.cli.main import main

HEADER = (
    "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,"
    "bid,ask,bid_size,ask_size,style,multiplier"
)
ROW = "2015-12-24T15:30:00Z,XYZ,99.9,100.0,2016-02-19,{},{},{},{},10,10,american,100"

GOOD = [
    ROW.format(strike, right, bid, ask)
    for strike, right, bid, ask in (
        (95, "C", 7.0, 7.1), (95, "P", 1.5, 1.55), (100, "C", 5.0, 5.1), (100, "P", 1.0, 1.1),
    )
]  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one good file; relative names in the tests are inside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ENGINE_BACKEND", raising=False)
    _write("good.csv", GOOD)
    return tmp_path


def _write(name: str, rows: list[str]) -> None:
    Path(name).write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")


def _scan(*words: str) -> int:
    return main(["scan", "--backend", "pure", *words])


def _good(*words: str) -> int:
    return _scan("--source", "csv:good.csv", *words)


# Words, exit code, and what the one line must say.
REFUSED = [
    ("sacn", 2, "unknown verb 'sacn': did you mean 'scan'?"),
    ("--versoin", 2, "unknown option --versoin: did you mean --version?"),
    ("scan --familes box", 2, "unknown option --familes: did you mean --families?"),
    ("scan --families boks", 2, "unknown family 'boks': did you mean 'box'?"),
    ("scan --families ,", 2, "unknown family ''"),
    ("scan --profile profitt", 2, "unknown profile 'profitt': did you mean 'profit'?"),
    ("scan --source demoo", 2, "unknown source 'demoo': did you mean 'demo'?"),
    ("scan --source demo:1", 2, "write demo"),
    ("lend 0 --until 2026-12", 2, "an amount is above 0 and at most 100,000,000,000"),
    ("lend 999999999999m --until 2026-12", 2, "at most 100,000,000,000, got '999999999999m'"),
    ("borrow 5t --until 2026-12", 2, "expected an amount such as 100000 or 100k"),
    ("scan --source csv", 2, "write csv:PATH"),
    ("scan --source good.csv", 2, "it is a path; write csv:good.csv"),
    ("scan --source csv:god.csv", 66, "did you mean 'good.csv'?"),
    ("scan --source csv:.", 66, "is a folder"),
    ("scan --source lean:gone", 66, "gone"),
    ("scan --source deribit:gone", 66, "gone"),
    ("scan ZDVI", 66, "did you mean 'ZDIV'?"),
    ("scan XYY --source csv:good.csv", 66, "did you mean 'XYZ'?"),
    ("scan --source csv:good.csv --map bid=Bidd", 65, "no column is called 'Bidd'"),
    ("scan --source csv:good.csv --map bid", 2, "expected NAME=VALUE, got 'bid'"),
    ("scan --source csv:good.csv --as-of 2015-01-01", 66, "the first snapshot of XYZ is 2015-12"),
    ("scan --as-of noon", 2, "expected a time such as 2015-12-24T15:30Z"),
    ("scan --as-of 2015-12-24T15:30", 2, "has no time zone"),
    ("scan --rates -5%", 2, "rate -5% is negative; if it is meant, say so"),
    ("scan --rates -0.05,0.05", 2, "rate -0.05 is negative; if it is meant, say so"),
    ("scan --rates 4.5", 2, "rate 4.5 means 450% a year; write 0.045 or 4.5%"),
    ("scan --rates cheap", 2, "--rates: expected a rate such as 0.045 or 4.5%, got 'cheap'"),
    ("scan --rates 6%,5%", 2, "lend must not exceed borrow"),
    ("scan --rates nan", 2, "expected a rate"),
    ("scan --rates gone.csv", 66, "gone.csv: no such file"),
    ("scan --borrow -1%", 2, "--borrow: -1% is not a fee per year: it must not be negative"),
    ("scan --dividends 0.5", 2, "--dividends: expected EX=AMOUNT, none or a file"),
    ("scan --fees deribid", 2, "--fees: unknown fee schedule 'deribid': did you mean 'deribit'?"),
    ("scan --fees exchange=-1", 2, "--fees: fee exchange: expected a number >= 0, got -1"),
    ("scan --gate max_age=1", 2, "--gate: unknown gate 'max_age': did you mean"),
    ("scan --gate lots=none", 2, "--gate: expected a number for gate lots, got 'none'"),
    ("scan --min-edge -1", 2, "argument --min-edge: expected a number >= 0, got '-1'"),
    ("scan --top -1", 2, "argument --top: expected a whole number >= 0, got '-1'"),
    ("scan --jobs many", 2, "argument --jobs: expected a whole number >= 0, got 'many'"),
    ("scan --seed x", 2, "argument --seed: expected a whole number >= 0, got 'x'"),
    ("scan --source csv:good.csv --seed 1", 2, "--seed belongs to the demo source"),
    ("scan --map bid=Bid", 2, "--map names the columns of a csv source"),
    ("scan --backend nmba", 2, "--backend: unknown backend 'nmba': did you mean 'numba'?"),
    ("scan --json --csv", 2, "argument --csv: not allowed with argument --json"),
    ("scan --json --explain x", 2, "--explain prints for people"),
    ("scan --tickets --csv", 2, "leave out --csv"),
    ("scan --tickets --payoff x", 2, "ask for one of them"),
    ("scan --seeds 3", 2, "--seeds counts the exchanges of an audit: add --audit"),
    ("scan --audit --source csv:good.csv", 2, "csv:good.csv has none"),
    ("scan --source csv:good.csv --explain zzz", 2, "zzz"),
    ("scan --source", 2, "argument --source: expected one argument"),
    ("scan --config gone.toml", 66, "gone.toml: there is no such file"),
]


@pytest.mark.parametrize(("words", "code", "line"), REFUSED, ids=[words for words, _, _ in REFUSED])
def test_nonsense_is_refused_in_one_line(
    words: str, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = words.split()
    if given[0] == "scan" and "--backend" not in given:
        given += ["--backend", "pure"]
    assert main(given) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("parity: ")
    assert line in err.splitlines()[-1]
    assert len([text for text in err.splitlines() if "note:" not in text]) == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[rates\n", "parity.toml: not TOML: Expected ']'"),
        (
            "[rates]\nlent = 0.04\n",
            "parity.toml:2: [rates] has no key 'lent': did you mean",
        ),
        ("[rates]\nlend = -0.04\n", "parity.toml:2: [rates] lend: rate -0.04 is negative"),
        (
            "[rates]\nlend = 0.06\nborrow = 0.05\n",
            "parity.toml: [rates]: you would lend at 6.",
        ),
        (
            "[scan]\nbackend = 'nmba'\n",
            "parity.toml:2: [scan] backend: unknown backend 'nmba': did you mean 'numba'?",
        ),
        ("[scan]\nsource = 'csv:good.csv'\nmap = 'x'\n", "parity.toml:3: [scan] map: expected a"),
    ],
)
def test_a_configuration_without_sense_ends_with_78(
    text: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("parity.toml").write_text(text, encoding="utf-8")
    assert main(["scan", "--config", "parity.toml"]) == 78
    out, err = capsys.readouterr()
    assert out == ""
    assert line in err


@pytest.mark.skipif(platform.python_implementation() != "PyPy", reason="Numba may run here")
def test_numba_on_pypy_is_unavailable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--backend", "numba", "--source", "csv:good.csv"]) == 69
    assert "Numba does not run on PyPy" in capsys.readouterr().err


# Rows after the header, exit code, what is said (if anything), how many contracts are scanned.
CHAINS = [
    ("nothing but a header", [], 65, "no valid row", 0),
    ("one row", GOOD[:1], 0, "", 1),
    ("one right only", [row for row in GOOD if ",C," in row], 0, "", 2),
    ("strikes out of order", GOOD[::-1], 0, "", 4),
    ("a row twice", [*GOOD, GOOD[0]], 0, "(this one is in line 2)", 4),
    ("NaN for a price", [*GOOD[1:], ROW.format(95, "C", "nan", 7.1)], 0, "got 'nan'", 3),
    ("a negative price", [*GOOD[1:], ROW.format(95, "C", -7, 7.1)], 0, "got '-7'", 3),
    ("a huge price", [*GOOD[1:], ROW.format(95, "C", 7, "1e300")], 0, "got '1e300'", 3),
    ("infinity", [*GOOD[1:], ROW.format(95, "C", 7, "inf")], 0, "got 'inf'", 3),
    ("words for a strike", [*GOOD, ROW.format("high", "C", 7, 8)], 0, "got 'high'", 4),
    ("a right that is none", [*GOOD, ROW.format(95, "X", 7, 8)], 0, "got 'X'", 4),
    ("a ragged row", [*GOOD, "2015-12-24T15:30:00Z,XYZ"], 0, "cells", 4),
    ("no quotes at all", [ROW.format(95, "C", 0, 0), ROW.format(95, "P", 0, 0)], 0, "", 0),
    ("only bad rows", [ROW.format(95, "C", "a", "b")], 65, "no valid row", 0),
]


@pytest.mark.parametrize(
    ("rows", "code", "said", "contracts"), [c[1:] for c in CHAINS], ids=[c[0] for c in CHAINS]
)
def test_a_strange_chain_is_scanned_as_far_as_it_makes_sense(
    rows: list[str], code: int, said: str, contracts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    _write("odd.csv", rows)
    assert _scan("--source", "csv:odd.csv", "--json") == code
    out, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err
    whole = json.loads(out) if out else {"chains": []}
    assert sum(chain["contracts"] for chain in whole["chains"]) == contracts


@pytest.mark.parametrize(
    "rows",
    [c[1] for c in CHAINS if c[3] and c[2] == 0],
    ids=[c[0] for c in CHAINS if c[3] and c[2] == 0],
)
def test_strict_refuses_the_first_bad_row(
    rows: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    _write("odd.csv", rows)
    assert _scan("--source", "csv:odd.csv", "--strict") == 65
    assert f"odd.csv:{len(rows) + 1}" in capsys.readouterr().err


def test_the_order_of_rows_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert _good("--ndjson") == 0
    first = capsys.readouterr().out
    _write("good.csv", GOOD[::-1])
    assert _good("--ndjson") == 0
    assert capsys.readouterr().out == first != ""


def test_files_that_are_no_tables(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.csv").write_bytes(b"")
    Path("binary.csv").write_bytes(bytes(range(256)))
    Path("cut.csv.gz").write_bytes(gzip.compress(b"x" * 1000)[:-20])
    Path("other.csv").write_text("a,b\n1,2\n")
    for name, code in (
        ("empty.csv", 65),
        ("binary.csv", 65),
        ("cut.csv.gz", 74),
        ("other.csv", 65),
    ):
        assert _scan("--source", f"csv:{name}") == code
        err = capsys.readouterr().err
        assert name in err
        assert len(err.splitlines()) == 1


def test_a_negative_rate_that_is_meant_is_taken_with_a_note(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _good("--rates", "-0.5%,0.5%", "--allow-negative-rates", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["chains"][0]["rates"]["lend"] == [{"days": 0.0, "rate": -0.005}]
    assert "note: a rate is negative" in err


def test_a_failing_symbol_does_not_stop_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert _good("NOPE", "XYZ", "--json") == 0
    out, err = capsys.readouterr()
    whole = json.loads(out)
    assert [failure["symbol"] for failure in whole["failures"]] == ["NOPE"]
    assert [chain["symbol"] for chain in whole["chains"]] == ["XYZ"]
    assert "parity: NOPE: " in err


def test_nothing_found_is_a_failure_only_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    _write("good.csv", GOOD[:1])
    assert _good("--csv") == 0
    assert _good("--csv", "--fail-empty") == 1
    assert "Traceback" not in capsys.readouterr().err
