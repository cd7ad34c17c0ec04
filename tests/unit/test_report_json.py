"""Machine output: one JSON object in a fixed shape, NDJSON and CSV rows, reproducer files."""

from __future__ import annotations

import csv
import io
import json
import math
from array import array
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.backend import select
from engine.codec import decode, encode
from engine.config import ScanSettings
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.chain import ChainBuilder, Expiry, OptionChain, Underlying
from engine.market.combo import Leg
from engine.proof.states import Proof, State
from engine.report.document import SCHEMA_VERSION, STATES_SHOWN, document, engine_object
from engine.report.reproducer import read_reproducer, write_reproducer
from engine.report.rows import COLUMNS, csv_text, ndjson
from engine.scanner.survey import Failure, Scan, Survey, SymbolResult
from engine.scoring.audit import Audit
from engine.scoring.opportunity import CARRY, Funnel, NearMiss, Opportunity, ScanResult

PURE = select("pure")
FEBRUARY = Expiry(1_455_915_600_000_000_000, date(2016, 2, 19))
NOW = 1_450_971_000_000_000_000


def _chain(symbol: str = "XYZ") -> OptionChain:
    builder = ChainBuilder(symbol, NOW, Underlying(symbol, 99.9, 100.1))
    builder.add(FEBRUARY, 100.0, "C", 5.0, 5.1, 10.0, 10.0)
    builder.add(FEBRUARY, 100.0, "P", 0.0, 1.1, math.nan, 10.0)
    return builder.build(source="csv:quotes.csv")


def _opportunity(name: str = "a1", score: float = 1.5, **other: Any) -> Opportunity:
    legs = (
        Leg("stock", 1, 1, 100.1, fee=0.005, bid=99.9, ask=100.1),
        Leg(
            "option", -1, 1, 5.0, fee=0.007, right="C", strike=100.0, expiry=FEBRUARY.date,
            settles_ns=FEBRUARY.settles_ns, bid=5.0, ask=5.1, size=10.0, quote=0,
        ),
    )  # fmt: skip
    whole = Opportunity(
        id=name, family="conversion", grade="LOCKED", symbol="XYZ", legs=legs, unit=1, edge=0.1,
        edge_usd=9.5, lots=1, capital=5000.0, annualised=0.02, score=score, days=57.0,
        implied_rate=math.inf, conditions=("one", "two"), flags=("pin-risk",),
        terms=(("strike", 99.0), ("stock", -98.9)),
        proof=Proof(0.1, tuple(State("at expiry", float(k), 0.1 + k) for k in range(20)), 400),
    )  # fmt: skip
    return replace(whole, **other)


def _scan(
    opportunities: tuple[Opportunity, ...] = (_opportunity(),), *, show_carry: bool = False
) -> Scan:
    miss = NearMiss("box", opportunities[0].legs, -0.02, "edge", "ask of C 100", 0.03, "price")
    result = ScanResult(
        chain=_chain(),
        opportunities=opportunities,
        near_misses=(miss,),
        funnel=Funnel(5, {"quote": 3, "edge": 1}, 1, {"conversion": 5}, {"box": "no"}),
        carry=(_opportunity("c1", math.nan, grade=CARRY, edge=-0.1),),
        n_carry=7,
    )
    dividend = Dividend(date(2016, 2, 4), date(2016, 2, 11), 0.52)
    carry = Carry(RateCurve.flat(0.045), RateCurve.flat(0.055), (dividend,))
    return Scan(result, ScanSettings(carry=carry, show_carry=show_carry), ("row 3",))


SURVEY = Survey((_scan(),), (Failure("ABC", "no chain", 66),), seconds={"total": 0.5})


def _object(survey: Survey) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(json.dumps(document(survey, PURE), allow_nan=False))
    return whole


def test_the_object_has_the_keys_that_are_promised() -> None:
    whole = _object(SURVEY)
    assert list(whole) == [
        "schema_version", "engine", "chains", "opportunities", "carry", "synthetics",
        "near_misses", "funnel", "mismatches", "failures", "timing",
    ]  # fmt: skip
    assert whole["schema_version"] == SCHEMA_VERSION
    assert list(whole["engine"]) == ["version", "runtime", "backend", "why"]
    assert whole["failures"] == [{"symbol": "ABC", "error": "no chain", "exit_code": 66}]
    assert whole["timing"] == {"total_seconds": 0.5}


def test_an_opportunity_carries_its_legs_terms_and_proof() -> None:
    one = _object(SURVEY)["opportunities"][0]
    assert (one["id"], one["family"], one["class"]) == ("a1", "conversion", "LOCKED")
    assert one["legs"][1] == {
        "kind": "option", "side": "sell", "ratio": 1, "right": "C", "strike": 100.0,
        "expiry": "2016-02-19", "trading_class": None, "price": 5.0, "fee": 0.007,
        "bid": 5.0, "ask": 5.1, "size": 10.0, "age": None,
    }  # fmt: skip
    assert one["legs"][0]["strike"] is one["legs"][0]["right"] is one["legs"][0]["expiry"] is None
    assert one["terms"] == [
        {"term": "strike", "amount": 99.0},
        {"term": "stock", "amount": -98.9},
    ]
    assert one["proof"]["minimum"] == 0.1
    assert one["proof"]["n_states"] == 400
    assert len(one["proof"]["states"]) == STATES_SHOWN
    assert one["proof"]["states"][0] == {"event": "at expiry", "spot": 0.0, "pv": 0.1}


def test_what_is_not_known_is_null() -> None:
    one = _object(SURVEY)["opportunities"][0]
    assert one["plain"] is one["best"] is one["implied_rate"] is None
    assert _object(SURVEY)["carry"][0]["score"] is None


def test_a_chain_tells_its_carry_and_what_was_refused() -> None:
    (chain,) = _object(SURVEY)["chains"]
    assert (chain["symbol"], chain["time"]) == ("XYZ", "2015-12-24T15:30:00Z")
    assert (chain["expiries"], chain["contracts"], chain["problems"]) == (1, 2, ["row 3"])
    assert chain["rates"]["lend"] == [{"days": 0.0, "rate": 0.045}]
    assert chain["rates"]["dividends"][0]["pay"] == "2016-02-11"
    assert chain["unusable"] is None


def test_a_chain_counts_all_its_carry_rows_although_one_is_listed() -> None:
    whole = _object(SURVEY)
    assert len(whole["carry"]) == 1
    assert whole["chains"][0]["n_carry"] == 7


def test_the_funnel_adds_up_over_chains() -> None:
    funnel = _object(Survey((_scan(), _scan())))["funnel"]
    assert funnel["candidates"] == 10 == funnel["passed"] + sum(funnel["rejected"].values())
    assert funnel["by_family"] == {"conversion": 10}


def test_an_audit_adds_its_figures() -> None:
    whole = _object(replace(SURVEY, audit=Audit(n_labels=4, n_found=3, n_reported=2, n_caused=2)))
    assert (whole["recall"], whole["precision"], whole["false_locked"]) == (0.75, 1.0, 0)
    assert whole["edge_error"] == 0.0
    assert (whole["audit"]["labels"], whole["audit"]["missed"]) == (4, [])


def test_the_ranking_joins_all_chains_and_stops_at_top() -> None:
    first = _scan((_opportunity("a", 1.0), _opportunity("b", 0.5)))
    second = _scan((_opportunity("c", 2.0), _opportunity("d", 0.5), _opportunity("e", math.nan)))
    names = [one.id for one in Survey((first, second)).opportunities]
    assert names == ["c", "a", "b", "d", "e"]
    assert [one.id for one in Survey((first, second), top=2).opportunities] == ["c", "a"]


def test_equal_scores_are_ordered_by_edge_then_family() -> None:
    scan = _scan(
        (
            _opportunity("box", family="box"),
            _opportunity("conversion"),
            _opportunity("larger", edge=0.2),
        )
    )
    assert [o.id for o in Survey((scan,)).opportunities] == ["larger", "conversion", "box"]


def test_ndjson_lines_are_the_objects_of_the_list() -> None:
    survey = Survey((_scan((_opportunity("a", 1.0), _opportunity("b", 0.5))),))
    lines = ndjson(survey).splitlines()
    assert [json.loads(line) for line in lines] == _object(survey)["opportunities"]


def test_carry_rows_are_listed_on_request() -> None:
    names = [
        json.loads(line)["id"] for line in ndjson(Survey((_scan(show_carry=True),))).splitlines()
    ]
    assert names == ["a1", "c1"]


def test_csv_has_one_row_per_opportunity() -> None:
    (row,) = csv.DictReader(io.StringIO(csv_text(SURVEY)))
    assert tuple(row) == COLUMNS
    assert row["legs"] == "+1 stock @ 100.1; -1 C 100 2016-02-19 @ 5"
    assert (row["edge"], row["plain"], row["conditions"]) == ("0.1", "", "one; two")
    assert row["proof_minimum"] == "0.1"


def test_nothing_found_is_an_empty_list_and_a_header() -> None:
    empty = Survey(())
    assert _object(empty)["opportunities"] == []
    assert ndjson(empty) == ""
    assert csv_text(empty) == ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize("packed", [False, True])
def test_a_workers_answer_comes_back_unchanged(packed: bool) -> None:
    answer = SymbolResult((_scan(),), None, Audit(missed=({"kind": "arbitrage"},)), {"scan": 0.25})
    text = json.dumps(encode(answer, packed=packed), allow_nan=False)
    back = decode(SymbolResult, json.loads(text))
    # nan is not equal to itself; its name is.
    assert repr(asdict(back)) == repr(asdict(answer))
    assert isinstance(back.scans[0].result.chain.first, array)


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="not a SymbolResult"):
        decode(SymbolResult, {"scans": 3})
    with pytest.raises(ValueError, match="not a Failure"):
        decode(Failure, {"symbol": "XYZ", "colour": "red"})
    with pytest.raises(TypeError, match="no JSON form"):
        encode(object())


def test_a_reproducer_reads_back_as_chain_settings_and_opportunity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scan, bad = _scan(), _opportunity("0/../bad")
    path = write_reproducer(scan, bad, engine_object(PURE))
    assert path == tmp_path / "verifier-mismatch-0----bad.json"
    chain, settings, opportunity = read_reproducer(path)
    for read, written in (
        (chain, scan.result.chain),
        (settings, scan.settings),
        (opportunity, bad),
    ):
        assert repr(asdict(read)) == repr(asdict(written))


def test_a_reproducer_goes_to_the_temporary_folder_where_this_one_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    monkeypatch.chdir(closed)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (closed / "verifier-mismatch-a1.json").mkdir()  # root may write anywhere, but not to a folder
    assert write_reproducer(_scan(), _opportunity(), {}).parent == tmp_path
