"""The table of implied curves and the page of plots."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from surveys import demo, scan, shown

from engine.backend import select
from engine.errors import InputOutputError, UnavailableError
from engine.report import curves as curve_table
from engine.report import plot
from engine.scanner.survey import Survey
from engine.scoring.curves import curves

PURE = select("pure")
HAS_PLOTLY = importlib.util.find_spec("plotly") is not None
needs_plotly = pytest.mark.skipif(not HAS_PLOTLY, reason="plotly, an extra, is not installed")


@pytest.mark.parametrize("symbol", ["ZETF", "ZDIV", "ZCOIN", "ZIDX"])
@pytest.mark.parametrize("width", [80, 100])
def test_every_expiry_has_its_figures(symbol: str, width: int) -> None:
    survey = demo(symbol)
    text = shown(width, curve_table.render, survey)
    assert max(map(len, text.splitlines())) <= width
    one = survey.scans[0]
    for point in curves(one.result.chain, one.settings.carry):
        assert point.expiry.date.isoformat() in text
        assert f"{point.forward_bid:,.2f}" in text
        assert f"{point.forward_ask:,.2f}" in text
        assert f"{round(point.box_mid, 4) + 0.0:.2%}" in text
    assert ("early exercise is in the prices" in text) == (symbol == "ZDIV")
    assert ("Implied yield" in text) == (symbol == "ZIDX")


def test_a_coin_has_a_future_and_no_borrow() -> None:
    text = shown(100, curve_table.render, demo("ZCOIN"))
    assert "quoted" in text
    assert "future" in text
    assert "borrow" not in text.splitlines()[1]


def test_missing_figures_are_dashes() -> None:
    one = scan()
    bare = replace(one.result.chain, bid=one.result.chain.bid[:6] + one.result.chain.bid[:6])
    for k in range(6, 12):
        bare.bid[k] = 0.0
    text = shown(100, curve_table.render, Survey((scan(chain=bare),)))
    line = next(line for line in text.splitlines() if line.startswith("2016-01-15"))
    assert line.split()[1] == "0"
    assert "nan" not in text


def test_a_bid_above_its_ask_is_marked_without_colour_too(monkeypatch: pytest.MonkeyPatch) -> None:
    one = demo("ZETF").scans[0]
    points = list(curves(one.result.chain, one.settings.carry))
    points[0] = replace(points[0], forward_bid=101.5, forward_ask=100.25)
    monkeypatch.setattr(curve_table, "curves", lambda *given: tuple(points))
    told = shown(100, curve_table.render, Survey((one,)))
    assert "*101.50" in told
    assert "* bid above ask: quotes not simultaneous" in told


class Page(HTMLParser):
    """What a browser would fetch, and the text of headings."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.headings: list[str] = []
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_heading = tag == "h2"
        for name, value in attrs:
            if name in ("src", "href") and value and not value.startswith("#"):
                self.fetched.append(value)

    def handle_data(self, data: str) -> None:
        if self._in_heading and data.strip():
            self.headings.append(data)


@needs_plotly
def test_the_page_stands_alone_and_has_every_chain(tmp_path: Path) -> None:
    survey = Survey((*demo("ZETF").scans, *demo("ZCOIN").scans, scan("<b>&")))
    path = tmp_path / "plots.html"
    plot.write(survey, path, PURE)
    text = path.read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.fetched == []
    assert [heading.split()[0] for heading in page.headings] == ["ZETF", "ZCOIN", "<b>&"]
    # plotly's own script is there, once.
    assert text.count("Plotly.newPlot(") >= 3
    assert 1e6 < len(text) < 2 * 6e6
    assert len(re.findall(r"plotly\.js v\d", text)) == 1


@needs_plotly
def test_the_panels_hold_what_was_computed() -> None:
    from engine.report.panels import chain_figure
    from engine.scoring.smile import smiles

    survey = demo("ZETF")
    one = survey.scans[0]
    points = curves(one.result.chain, one.settings.carry)
    smile = smiles(one.result.chain, points, PURE)
    figure = json.loads(chain_figure(one, points, smile).to_json())
    traces = {trace.get("name"): trace for trace in figure["data"]}
    for point in points:
        assert point.expiry.date.isoformat() in traces
    found = traces["LOCKED"]
    locked = [o for o in one.result.opportunities if o.grade == "LOCKED"]
    assert found["y"] == pytest.approx([o.edge for o in locked])
    assert found["x"] == pytest.approx([o.days for o in locked])
    assert traces["you borrow"]["y"] == pytest.approx([p.borrow for p in points])
    for trace in figure["data"]:
        # Names with a legend of their own: five panels, five legends.
        legends = ("legend", "legend2", "legend3", "legend4", "legend5")
        assert trace.get("legend", "legend") in legends
    titles = [note["text"] for note in figure["layout"]["annotations"]]
    assert len(titles) == 5


@needs_plotly
def test_a_chain_without_anything_still_has_a_page(tmp_path: Path) -> None:
    one = scan()
    silent = replace(one.result.chain)
    for k in range(12):
        silent.bid[k] = silent.ask[k] = 0.0
    plot.write(Survey((scan(chain=silent),)), tmp_path / "empty.html", PURE)
    assert "no edge above 0" in (tmp_path / "empty.html").read_text()
    plot.write(Survey(()), tmp_path / "none.html", PURE)


@needs_plotly
def test_a_page_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputOutputError, match=r"nowhere.*No such file"):
        plot.write(demo("ZETF"), tmp_path / "nowhere" / "p.html", PURE)


def test_without_plotly_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("plotly", "plotly.io"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UnavailableError, match=r"-m pip install '.*\[plot\]'") as error:
        plot.write(demo("ZETF"), tmp_path / "p.html", PURE)
    assert error.value.code == 69
    assert not (tmp_path / "p.html").exists()
