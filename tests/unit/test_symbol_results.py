"""Many symbols one by one: a result is there before the next symbol is loaded."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.backend import select
from engine.cli.main import main
from engine.errors import EngineError
from engine.feeds.demo import DemoFeed
from engine.feeds.protocol import Loaded
from engine.scanner import jobs, many
from engine.scanner.survey import Request

SYMBOLS = ("ZCOIN", "ZETF", "ZIDX")


class Watched:
    """The demo exchange, and which symbols have been loaded."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self._feed = DemoFeed(0, SYMBOLS, compact=True)

    def symbols(self) -> tuple[str, ...]:
        return tuple(self._feed.symbols())

    def chains(self, symbol: str) -> Iterable[Loaded]:
        self.loaded.append(symbol)
        return self._feed.chains(symbol)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    feed = Watched()
    monkeypatch.setattr(many, "open_feed", lambda *_, **__: feed)
    return feed


def test_the_first_result_comes_before_the_second_symbol_is_loaded(watched: Watched) -> None:
    results = many.results(Request(), select("pure"))
    for n in range(1, 4):
        assert [scan.result.chain.symbol for scan in next(results).scans] == [SYMBOLS[n - 1]]
        assert watched.loaded == list(SYMBOLS[:n])
    assert list(results) == []


def test_sinks_hear_of_each_symbol_as_it_comes(watched: Watched) -> None:
    heard: list[tuple[str, int]] = []
    survey = many.scan_many(
        Request(), select("pure"),
        sinks=[lambda one: heard.append((one.scans[0].result.chain.symbol, len(watched.loaded)))],
    )  # fmt: skip
    assert heard == [("ZCOIN", 1), ("ZETF", 2), ("ZIDX", 3)]
    assert [result.chain.symbol for result in survey.results] == list(SYMBOLS)
    assert set(survey.seconds) == {"open", "load", "scan", "total"}


def test_a_source_that_cannot_be_opened_fails_at_the_first_result() -> None:
    results = many.results(Request(source="csv:nowhere.csv"), select("pure"))
    with pytest.raises(EngineError, match=r"nowhere\.csv"):
        next(results)


def test_workers_give_what_is_done_while_others_work(tmp_path: Path) -> None:
    gate = tmp_path / "gate"

    def work(item: int) -> bytes:
        until = time.monotonic() + 20.0
        while item == 2 and not gate.exists() and time.monotonic() < until:
            time.sleep(0.01)
        return b"%d %d" % (item, gate.exists())

    answers = jobs.stream(work, 3, 2)
    assert [next(answers), next(answers)] == [b"0 0", b"1 0"]
    gate.touch()
    assert list(answers) == [b"2 1"]


def test_workers_stop_when_nobody_wants_the_rest() -> None:
    answers = jobs.stream(lambda item: b"" if item < 1 else bytes(time.sleep(60) or 1), 4, 2)
    next(answers)
    began = time.monotonic()
    answers.close()  # type: ignore[attr-defined]  # it is a generator
    assert time.monotonic() - began < 10.0
    assert multiprocessing.active_children() == []


def test_ndjson_prints_every_symbol_as_it_comes(
    watched: Watched, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[int] = []
    chains = watched.chains

    def noting(symbol: str) -> Iterable[Loaded]:
        out = capsys.readouterr().out
        printed.append(len(out.splitlines()))
        return chains(symbol)

    monkeypatch.setattr(watched, "chains", noting)
    assert main(["scan", "--ndjson", "--top", "3", "--backend", "pure"]) == 0
    last = capsys.readouterr().out.splitlines()
    assert printed == [0, 3, 3]
    assert {json.loads(line)["symbol"] for line in last} == {"ZIDX"}
