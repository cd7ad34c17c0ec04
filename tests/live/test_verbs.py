"""The verbs that read a journal, as a person and a program meet them, without an engine."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser
from pathlib import Path

import pytest
from story_journal import Writer, a_day

from engine.cli.main import main
from engine.live.folder import folder_of
from engine.live.latch import set_latch
from engine.live.presence import Presence, announce
from engine.session.journal import Journal
from engine.session.records import PROCESS


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = folder_of(tmp_path, "sim", "DU1").make()
    a_day(folder.journal)
    return tmp_path


Out = pytest.CaptureFixture[str]


def said(capsys: Out, state: Path, *words: str, code: int = 0) -> str:
    assert main([*words, "--journal", str(state)]) == code
    return capsys.readouterr().out if code == 0 else capsys.readouterr().err


def test_status_says_what_is_open_and_what_was_earned(state: Path, capsys: Out) -> None:
    text = said(capsys, state, "status")
    assert "sim account DU1: no engine runs" in text
    assert "open: order parity-10-0.0 ACKED 0/2" in text
    found = json.loads(said(capsys, state, "status", "--json"))["today"]
    names = ("edge_detected", "edge_unfilled", "slippage", "fees_above_expected", "edge_captured")
    detected, unfilled, slippage, fees, locked = (f"{found[name]:,.2f}" for name in names)
    assert (
        f"edge detected {detected}, not filled {unfilled}, slippage {slippage}, fees above "
        f"expected {fees}, locked in {locked} USD"
    ) in text
    assert (detected, slippage, locked) == ("60.00", "32.00", "0.50")
    found = json.loads(said(capsys, state, "status", "--json"))
    assert found["schema_version"] == 1
    assert found["engine"] is found["halted"] is None
    assert [one["id"] for one in found["open_packages"]] == ["10"]
    assert found["refused"] == {"stale-quote": 1, "size": 1}
    today = found["today"]
    assert today["edge_captured"] == pytest.approx(
        today["edge_detected"] - today["edge_unfilled"] - today["slippage"]
        - today["fees_above_expected"]
    )  # fmt: skip


def test_status_tells_an_engine_that_hangs_from_one_that_is_gone(state: Path, capsys: Out) -> None:
    folder = folder_of(state, "sim", "DU1")
    announce(folder, Presence(os.getpid(), 5, "h", 4002, 10))
    assert "does NOT ANSWER" in said(capsys, state, "status")
    announce(folder, Presence(2**30, 5, "h", 4002, 10))
    assert "did not end in order" in said(capsys, state, "status")


def test_a_halt_is_the_first_thing_said(state: Path, capsys: Out) -> None:
    writer = Writer(state / "sim-DU1" / "journal")
    writer.halt("too many rejects")
    writer.close()
    lines = said(capsys, state, "status").splitlines()
    assert "HALTED" in lines[1]
    assert "too many rejects" in lines[1]


def test_positions_are_the_sum_of_executions(state: Path, capsys: Out) -> None:
    found = json.loads(said(capsys, state, "positions", "--json"))
    held = {one["contract"]: (one["quantity"], one["packages"]) for one in found["positions"]}
    assert held == {
        "XYZ": (200.0, ["3"]), "XYZ260417C100": (-2.0, ["3"]), "XYZ260417P100": (2.0, ["3"]),
    }  # fmt: skip
    assert "+200" in said(capsys, state, "positions")


def test_words_of_a_broker_do_not_reach_the_terminal_as_they_are(state: Path, capsys: Out) -> None:
    folder = folder_of(state, "sim", "DU1")
    bad = "X\x1b]0;owned\x07\nY[bold]"
    with Journal(folder.journal, durability=PROCESS) as journal:
        journal.append("baseline", {"positions": {bad: 3.0}})
    set_latch(folder, bad, bad)
    for words in (["positions"], ["status"], ["report"], ["orders"], ["kill"]):
        text = said(capsys, state, *words)
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\nY" not in text
        assert "[bold]" in text or words[0] in ("report", "orders")
    text = said(capsys, state, "resume", "--reason", "looked")
    assert "\x1b" not in text
    assert "X\\x1b]0;owned" in text


def test_orders_may_be_only_those_that_are_open(state: Path, capsys: Out) -> None:
    rows = json.loads(said(capsys, state, "orders", "--json"))["orders"]
    assert [(one["ref"], one["state"], one["filled"]) for one in rows] == [
        ("parity-3-0.0", "FILLED", 2), ("parity-g-0.0", "FILLED", 1),
        ("parity-g-0.1", "FILLED", 1), ("parity-10-0.0", "ACKED", 0),
    ]  # fmt: skip
    assert [one["opens"] for one in rows] == [True, True, False, True]
    rows = json.loads(said(capsys, state, "orders", "--open", "--json"))["orders"]
    assert [one["ref"] for one in rows] == ["parity-10-0.0"]
    rows = json.loads(said(capsys, state, "orders", "--last", "2", "--json"))["orders"]
    assert len(rows) == 2
    assert "-1 XYZ260417C100" in said(capsys, state, "orders")


def test_an_order_is_explained_from_quotes_to_proof(state: Path, capsys: Out) -> None:
    text = said(capsys, state, "explain", "parity-g-0.1")
    assert "closes 1 at 99.51" in text
    assert "parity-g-0.0" not in text
    text = said(capsys, state, "explain", "3")
    for part in (
        "4.00      4.10       20   0.20 s   4.00 (bid)", "= edge", "40.00   0.2000 a share",
        "limit 99.51", "99.60, the floor", "the verifier reproduced the edge",
        "sold 2 XYZ260417C100 at 4", "= locked in",
    ):  # fmt: skip
        assert part in text
    assert said(capsys, state, "explain", "s1") == said(capsys, state, "explain", "3")
    assert "did you mean" in said(capsys, state, "explain", "parity-g-0.9", code=66)


class Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        self.loads += [name for name, _ in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_is_the_same_in_text_json_and_html(
    state: Path, tmp_path: Path, capsys: Out
) -> None:
    found = json.loads(said(capsys, state, "report", "--json"))
    assert found["day"] == "2026-09-21"
    assert [one["edge_captured"] for one in found["packages"]] == pytest.approx([36.5, -36.0, 0.0])
    for one in found["packages"]:
        assert one["edge_captured"] == pytest.approx(
            one["edge_detected"] - one["edge_unfilled"] - one["slippage"]
            - one["fees_above_expected"]
        )  # fmt: skip
    text = said(capsys, state, "report", "--day", "2026-09-21")
    assert "36.50" in text
    assert "3 packages, 1 complete, 1 open" in text
    page = tmp_path / "r.html"
    said(capsys, state, "report", "--html", str(page))
    html = page.read_text()
    parser = Balanced()
    parser.feed(html)
    assert (parser.open, parser.loads) == ([], [])
    assert ">36.50<" in html
    assert "0 packages" in said(capsys, state, "report", "--day", "2020-01-01")
    assert "3 packages" in said(capsys, state, "report", "--day", "all")
    assert "expected a day" in said(capsys, state, "report", "--day", "tomorrow", code=2)


@pytest.mark.parametrize("verb", ["status", "positions", "orders", "report", "kill"])
def test_where_nothing_traded_there_is_one_line(verb: str, tmp_path: Path, capsys: Out) -> None:
    assert said(capsys, tmp_path / "x", verb, code=66).count("\n") == 1
    assert said(capsys, tmp_path, verb, "--account", "DU9", code=66).count("\n") == 1
