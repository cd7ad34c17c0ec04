"""Files as people have them, from public reports: what each must give, whole and in this process.

They lie in ../shared/cases, like the data of tests/realdata; without them the tests skip.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.main import main

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is not on this machine"),
]
RATES = ("--rates", "3.9%,4.1%", "--dividends", "none")
ABCD = (
    "--as-of", "2026-03-04T15:00Z", "--map", "underlying_bid==99.99",
    "--map", "underlying_ask==100.01",
)  # fmt: skip
INDICES = sorted(path.name for path in (CASES / "13-index-names").glob("*.csv"))
# What are still read by nobody: layouts, which come with section 2 of the issue.
LAYOUTS = {"02-cboe-quotedata", "04-orats"}


def scanned(
    capsys: pytest.CaptureFixture[str], source: str, *flags: str
) -> tuple[list[dict[str, object]], str]:
    """Return the opportunities of a scan and what was said of it on stderr."""
    main(["scan", "--backend", "pure", "--json", "--source", source, *flags])
    out, err = capsys.readouterr()
    return json.loads(out)["opportunities"] if out else [], err


NOTHING = [
    ("12-thetadata/snapshot.csv", (*RATES, *ABCD, "--map", "underlying=root",
                                   "--map", "expiry=expiration")),
    ("12-thetadata/v3.csv", (*RATES, *ABCD, "--map", "underlying=symbol",
                             "--map", "expiry=expiration")),
    *((f"15-spx-spxw-same-day/{name}.csv", RATES)
      for name in ("class", "noclass", "share_bad_first", "share_bad_last", "share_equal")),
    ("16-adjusted-class/plain.csv", RATES),
    ("16-adjusted-class/chain.csv", RATES),
    ("26-zero-sizes/chain.csv", (*RATES, "--assume-synchronous")),
    ("31-mixed-multipliers/chain.csv", RATES),
    ("39-last-price-as-quote/crossed.csv", RATES),
    ("39-last-price-as-quote/one_side.csv", RATES),
    *((f"13-index-names/{name}", RATES[:2]) for name in INDICES),
]  # fmt: skip


@pytest.mark.parametrize(("path", "flags"), NOTHING, ids=[path for path, _ in NOTHING])
def test_nothing_is_found(
    path: str, flags: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    found, _ = scanned(capsys, f"csv:{CASES / path}", *flags)
    assert found == []


def test_two_quotes_of_one_contract_are_both_named(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = scanned(capsys, f"csv:{CASES / 'min' / '15-two-quotes.csv'}", *RATES)
    assert "15-two-quotes.csv:3: column strike: expected one quote for each contract" in err
    assert "15-two-quotes.csv:4: column strike: expected one quote for each contract" in err


def test_a_wild_quote_locks_nothing_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    found, err = scanned(capsys, f"csv:{CASES / '27-wild-quote' / 'chain.csv'}", *RATES)
    assert found
    assert all(one["class"] != "LOCKED" for one in found)
    assert "rows have edges beyond 5% of the price of ABCD, and every one uses" in err


def test_deribit_as_it_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    folder = CASES / "24-deribit-rest"
    flags = ["scan", "--backend", "pure", "--strict", "--no-color", "--source"]
    assert main([*flags, f"deribit:{folder / 'as_served.json'}"]) == 0
    out, err = capsys.readouterr()
    assert "1 synthetic, 1 quoted" in out
    assert "refused" not in err
    assert main([*flags, f"deribit:{folder / 'error.json'}"]) == 65
    assert "the exchange answered: error 10028 Too Many Requests" in capsys.readouterr().err
    future, _ = scanned(capsys, f"deribit:{folder / 'arb_future_as_served.json'}")
    with_null, _ = scanned(capsys, f"deribit:{folder / 'arb_future_with_null.json'}")
    assert [one["legs"] for one in future] == [one["legs"] for one in with_null]
    assert future


def test_a_last_price_locks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    path = CASES / "39-last-price-as-quote" / "chain.csv"
    found, _ = scanned(capsys, f"csv:{path}", *RATES, "--assume-synchronous")
    assert all(one["class"] != "LOCKED" for one in found)


@pytest.mark.parametrize("name", ["all_zero.csv", "all_empty.csv", "mostly_zero.csv"])
def test_a_chain_without_quotes_is_no_answer(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, err = scanned(capsys, f"csv:{CASES / '32-no-quotes' / name}", *RATES)
    quoted = "only 2 have a quote" if name.startswith("mostly") else "none has a quote"
    assert f"of 10 contracts of ABCD {quoted}" in err


@pytest.mark.long
@pytest.mark.parametrize(
    "case", sorted(path.name for path in CASES.glob("[0-9]*")) if CASES.is_dir() else []
)
def test_a_case_says_right(case: str) -> None:
    if case in LAYOUTS:
        pytest.skip("a layout that is not read yet")
    if shutil.which("bash") is None:
        pytest.skip("the cases need bash")
    command = Path(sys.executable).with_name("parity")
    if not command.exists():
        pytest.skip("the command is not installed beside this interpreter")
    environment = {**os.environ, "PARITY": str(command), "PY": sys.executable}
    done = subprocess.run(
        ["bash", str(CASES / case / "run")], env=environment, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize(
    ("file", "flags"),
    [("08-tradier-json/chain.json", ABCD[2:]), ("09-polygon-json/snapshot.json", ())],
)
def test_answers_in_json_are_scanned_as_they_were_served(
    file: str, flags: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["scan", "--backend", "pure", "--source", f"json:{CASES / file}", *flags, *RATES])
    out = capsys.readouterr().out
    assert "10 American options, 1 expiry" in out
    assert "No arbitrage passed every gate." in out


def test_calls_and_puts_in_two_files(capsys: pytest.CaptureFixture[str]) -> None:
    folder = CASES / "01-yfinance"
    source = f"csv:{folder / 'calls.csv'},{folder / 'puts.csv'}"
    found, err = scanned(capsys, source, *ABCD, *RATES)
    assert found == []
    assert "refused" not in err
