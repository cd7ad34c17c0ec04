"""From a scan to the history: ``scan --store``, ``history`` and ``store``, as commands."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.report.history_page import page
from engine.report.svg import Axis, histogram, plot
from engine.store.history import Answer, History, Window


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    url = f"sqlite:{tmp_path}/new/store.sqlite"
    session = tmp_path / "demo.session"
    code, _, err = run(
        capsys, "record", session, "ZDIV", "--count", "4", "--speed", "max", "--every", "4s",
        "--scan", "--store", url,
    )  # fmt: skip
    assert code == 0, err
    return url


def test_a_scan_is_kept_once_and_prints_what_it_prints_without_a_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:{tmp_path}/store.sqlite"
    plain = run(capsys, "scan", "ZIDX", "--csv", "--top", "5")
    kept = run(capsys, "scan", "ZIDX", "--csv", "--top", "5", "--store", url)
    assert kept[:2] == plain[:2]
    assert "1 scans kept" in kept[2]
    again = run(capsys, "scan", "ZIDX", "--csv", "--top", "5", "--store", url)
    assert "0 scans kept" in again[2]
    whole = json.loads(run(capsys, "scan", "ZIDX", "--json", "--top", "100000")[1])
    answer = json.loads(run(capsys, "history", "zidx", "--json", "--store", url)[1])
    assert sum(row["sightings"] for row in answer["families"]) == len(whole["opportunities"])
    best = max(one["edge"] for one in whole["opportunities"])
    assert max(row["best_edge"] for row in answer["families"]) == best
    rejected = {row["gate"]: row["candidates"] for row in answer["gates"]}
    assert rejected == {k: n for k, n in whole["funnel"]["rejected"].items() if n}
    assert len(answer["implied"]) == whole["chains"][0]["expiries"]


def test_history_in_every_form(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "history", "--store", store)
    assert code == 0
    assert "Opportunities by family" in out
    answer = json.loads(run(capsys, "history", "--json", "--store", store)[1])
    assert answer["scans"][0]["scans"] == 4
    for table in ("lives", "families", "gates", "edges", "implied", "scans"):
        rows = list(csv.DictReader(io.StringIO(
            run(capsys, "history", "--csv", table, "--store", store)[1]
        )))  # fmt: skip
        assert len(rows) == len(answer[table])
    path = tmp_path / "history.html"
    assert run(capsys, "history", "ZDIV", "--html", path, "--store", store)[0] == 0
    text = path.read_text(encoding="utf-8")
    assert text.count("<svg") >= 3
    assert not re.search(r"(src|href)=|@import|url\(", text)  # nothing is loaded
    nowhere = tmp_path / "none" / "history.html"
    assert run(capsys, "history", "--html", nowhere, "--store", store)[0] == 74
    window = run(capsys, "history", "--json", "--store", store, "--to", "2020-01-01")[1]
    assert json.loads(window)["scans"] == []


def test_history_is_a_frame_where_pandas_is_installed() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed here")
    frame = Answer("edges", ("ts_ns", "edge"), ((1, 0.5), (2, None))).frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == ["ts_ns", "edge"]
    assert frame["edge"].tolist()[0] == 0.5


def test_the_store_is_looked_after(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "store", "check", "--store", store)[:2] == (
        0, f"{store}: all is well\n",
    )  # fmt: skip
    assert "opportunities" in run(capsys, "store", "stats", "--store", store)[1]
    assert run(capsys, "store", "init", "--store", store)[0] == 0
    assert "nothing to do" in run(capsys, "store", "migrate", "--store", store)[1]
    assert run(capsys, "store", "load", tmp_path / "demo.session", "--store", store)[0] == 0
    before = run(capsys, "store", "stats", "--store", store)[1]
    assert run(capsys, "store", "load", tmp_path / "demo.session", "--store", store)[0] == 0
    assert (
        run(capsys, "store", "stats", "--store", store)[1].splitlines()[1:]
        == (before.splitlines()[1:])
    )
    dump, other = tmp_path / "dump.ndjson.gz", f"sqlite:{tmp_path}/other.sqlite"
    assert run(capsys, "store", "export", dump, "--store", store)[0] == 0
    assert run(capsys, "store", "import", dump, "--store", other)[0] == 0
    assert (
        run(capsys, "history", "--json", "--store", other)[1]
        == (run(capsys, "history", "--json", "--store", store)[1])
    )
    chains = tmp_path / "quotes.csv"
    words = ["export", chains, "--table", "quotes", "--format", "csv"]
    assert run(capsys, "store", *words, "--store", store)[0] == 0
    assert chains.read_text().count("\n") > 100
    code, out, _ = run(
        capsys, "store", "vacuum", "--keep-chains", "1d", "--keep-proofs", "1d", "--store", store
    )
    assert code == 0
    assert re.search(r"chains removed: [1-9]", out)
    assert run(capsys, "store", "check", "--store", store)[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["history"], 66, "parity store init"),
        (["store", "check"], 66, "parity store init"),
        (["store", "stats", "FILE"], 2, "take a FILE"),
        (["store", "export"], 2, "take a FILE"),
        (["store", "nonsense"], 2, "nonsense"),
        (["store", "load", "/none"], 66, "/none"),
        (["store", "import", "/none"], 66, "/none"),
        (["store", "vacuum", "--keep-quotes", "5"], 2, "time span"),
    ],
)
def test_what_cannot_be_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, what: str
) -> None:
    got, out, err = run(capsys, *words, "--store", f"sqlite:{tmp_path}/none.sqlite")
    assert (got, out) == (code, ""), err
    assert what in err
    assert err.count("\n") == 1


def test_an_unknown_symbol_names_the_nearest(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "history", "ZDIW", "--store", store)
    assert code == 66
    assert "ZDIV" in err


class Tags(HTMLParser):
    """Every tag of ours is closed, and nothing from outside becomes one."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.add(tag)
        if tag not in ("meta", "line", "circle", "rect", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "circle", "rect", "polyline"):
            assert self.open.pop() == tag


def test_what_a_symbol_says_is_never_markup() -> None:
    evil = "<script>alert(1)</script>"
    empty = Answer("empty", (), ())
    edges = Answer("edges", ("ts_ns", "family", "best_edge"), ((1, evil, 0.5), (2, evil, 0.7)))
    lives = Answer("lives", ("symbol", "legs"), ((evil, evil),))
    found = History(Window(evil), empty, lives, empty, empty, edges, empty)
    text = page(found, [0.0, 1.0], evil)
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert "script" not in tags.names


def test_a_plot_places_what_it_is_given() -> None:
    axis = Axis("x")
    assert plot({"a": []}, axis, axis) == ""
    assert plot({"a": [(0.0, float("nan"))]}, axis, axis) == ""
    drawn = plot({"a": [(0.0, 1.0), (1.0, 3.0)], "b": [(0.5, 2.0)]}, axis, axis, is_line=True)
    assert drawn.count("<circle") == 3
    assert drawn.count("<polyline") == 1
    places = [tuple(map(float, p)) for p in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', drawn)]
    (low, high, middle) = places
    assert low[0] < middle[0] < high[0]
    assert low[1] > middle[1] > high[1]  # y grows downwards on a page
    bars = histogram([0.0, 0.1, 5.0], axis)
    assert bars.count("<rect") == 2
    assert histogram([], axis) == ""
