"""The tear sheet as text: its numbers, what it must not hold, and how large it may grow."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from array import array
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any

import pytest

from engine.backtesting.data import Data
from engine.backtesting.orders import Fill, Trade
from engine.backtesting.result import Result
from engine.clock import NS_PER_DAY, from_ns
from engine.errors import InputOutputError
from engine.market.bars import Bars
from engine.performance.benchmark import compare
from engine.performance.figures import figures
from engine.performance.returns import simple_returns
from engine.report.figures_object import figures_object
from engine.report.tear_sheet import names_of, quantstats_csv, tear_sheet, write_tear_sheet
from engine.report.tear_sheet_charts import MOST_CANDLES, candles_charts
from engine.report.tear_sheet_numbers import WRITTEN
from tests.performance.results import FIRST_NS, result, walk

HOSTILE = "<script>alert(1)</script>\"'&</script><!--"


class Elements(HTMLParser):
    """Every start tag with its attributes, every number with its text, and all other text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.numbers: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self._open: tuple[str, str] | None = None
        self.json = ""
        self._in = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.tags.append((tag, named))
        self._in = tag
        if "data-from" in named:
            self._open = named["data-from"], named["data-as"]

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.json += data
        elif self._in != "style":
            self.texts.append(data)
        if self._open:
            self.numbers.append((*self._open, data))
            self._open = None

    def handle_endtag(self, tag: str) -> None:
        self._in = ""


def run(seed: int, **others: Any) -> Result:
    """Return a run of 300 days with 40 trades, some of them short, and what its bars leave open."""
    equity = walk(seed, 300)
    rng = Random(seed)
    stamps = [FIRST_NS + day * NS_PER_DAY for day in range(300)]
    trades, fills = [], []
    for k in range(40):
        opened, closed = stamps[7 * k], stamps[7 * k + 4]
        units, gain = (10.0 if k % 3 else -10.0), 200.0 * (rng.random() - 0.45)
        price = 100.0 + gain / units
        trades.append(Trade("AAA", opened, closed, units, 100.0, price, 1.0, gain, "target"))
        fills += [
            Fill(2 * k, "AAA", opened, units, 100.0, 0.5, "market"),
            Fill(2 * k + 1, "AAA", closed, -units, price, 0.5, "stop_loss"),
        ]
    known: dict[str, Any] = {
        "trades": tuple(trades), "fills": tuple(fills), "fees": 40.0, "n_orders": 80,
        "n_ambiguous": 3,
        "high_equity": array("d", [e * (1.0 + 1e-4 * k) for k, e in enumerate(equity)]),
        "invested": array("d", [0.1 * (k % 7 < 4) for k in range(300)]),
        "parameters": {"fast": 5, "slow": 0.25}, "notes": ("one bar was left out",),
        "start_cash": equity[0],
    }  # fmt: skip
    return result(equity, **{**known, **others})


def data(n: int = 300, symbol: str = "AAA") -> Data:
    close = array("d", [100.0 + (k % 17) for k in range(n)])
    stamps = array("l", [FIRST_NS + k * NS_PER_DAY for k in range(n)])
    bars = Bars(stamps, close, array("d", [c + 2 for c in close]),
                array("d", [c - 2 for c in close]), close, close)  # fmt: skip
    return Data({symbol: bars}, NS_PER_DAY, "made by hand")


def page_of(*runs: Result, **others: Any) -> tuple[str, dict[str, Any]]:
    return tear_sheet(runs, [figures(one, 252.0) for one in runs], **others)


def at(found: Any, path: str) -> Any:
    for name in path.split("."):
        found = found[int(name) if name.isdigit() else name]
    return found


@pytest.mark.parametrize("count", [1, 3])
def test_every_number_is_that_of_the_json(count: int) -> None:
    page, found = page_of(*(run(seed) for seed in range(count)), data=data())
    seen = Elements(page)
    carried = json.loads(seen.json)
    assert carried == found
    assert len(seen.numbers) > 80 * count
    for path, form, text in seen.numbers:
        value = at(carried, path)
        assert text == WRITTEN[form](float("nan") if value is None else value), path
    for side, path in re.findall(r'class="n (up|down)" data-from="([^"]*)"', page):
        assert (at(carried, path) > 0.0) == (side == "up")
    names = {path for path, _, _ in seen.numbers}
    assert {
        "runs.0.figures.total_return", "runs.0.figures.high_return", "runs.0.figures.sharpe",
        "runs.0.figures.fees_share", "runs.0.judgement.deflated", "runs.0.months.0.total",
        "runs.0.drawdowns.0.depth", "runs.0.figures.trades.win_rate",
    } <= names  # fmt: skip
    assert ("selection.snooping.consistent" in names) == (count > 1)


@pytest.mark.parametrize(
    ("form", "value", "words"),
    [
        ("percent", 0.1234, "12.34%"), ("gain", 0.1234, "+12.34%"), ("gain", -0.1, "−10.00%"),
        ("fall", 0.25, "−25.00%"), ("fall", 0.0, "0.00%"), ("ratio", -1.005, "−1.00"),
        ("money", 1234.5, "1,234.50"), ("change", 12.0, "+12.00"), ("change", -20_000.4, "−20,000"),
        ("probability", 0.5, "50.0%"), ("count", 1234.0, "1,234"), ("count", math.inf, "endless"),
        ("days", 0.5, "12.0 hours"), ("p", 0.0423, "0.042"), ("p", math.nan, "–"),
    ],
)  # fmt: skip
def test_how_numbers_are_written(form: str, value: float, words: str) -> None:
    assert WRITTEN[form](value) == words


def test_the_json_is_the_figures() -> None:
    one = run(2)
    own = figures(one, 252.0)
    _, found = page_of(one, n_trials=30)
    assert found["runs"][0]["figures"] == figures_object(own)
    assert found["runs"][0]["figures"]["sharpe"] == own.sharpe
    assert found["runs"][0]["figures"]["drawdown"]["peak"].endswith("Z")
    assert found["runs"][0]["judgement"]["n_trials"] == 30
    assert found["runs"][0]["strategy"] == "hand"


def test_a_run_stands_beside_holding_its_symbols() -> None:
    one = run(1)
    page, found = page_of(one, data=data())
    beside = found["runs"][0]["benchmark"]
    own = array("d", [100.0 + (k % 17) for k in range(300)])
    expected = compare(simple_returns(one.equity), simple_returns(own), 252.0)
    assert beside["comparison"]["beta"] == pytest.approx(expected.beta, rel=1e-9)
    assert beside["comparison"]["alpha"] == pytest.approx(expected.alpha, rel=1e-9)
    assert beside["total_return"] == pytest.approx(0.1, rel=1e-9)
    assert beside["name"] == "holding AAA"
    assert "Beside buying and holding" in page
    for others in ({}, {"data": data(symbol="BBB")}):
        page, found = page_of(one, **others)
        assert found["runs"][0]["benchmark"] is None
        assert "Beside buying and holding" not in page


def test_it_loads_nothing_and_runs_nothing() -> None:
    page, _ = page_of(run(1), run(2), data=data(), about={"command": "parity backtest"})
    seen = Elements(page)
    links = [value for _, named in seen.tags for name, value in named.items()
             if name in ("src", "href", "action", "data", "srcset")]  # fmt: skip
    assert links == ["data:,"]
    assert not re.search(r"https?:|url\(|@import|javascript:", page)
    assert [named.get("type") for tag, named in seen.tags if tag == "script"] == [
        "application/json"
    ]
    assert not any(name.startswith("on") for _, named in seen.tags for name in named)
    policy = next(named for _, named in seen.tags if "content" in named and "http-equiv" in named)
    assert policy["content"].startswith("default-src 'none'")


def test_hostile_names_stay_words() -> None:
    trade = Trade(HOSTILE, FIRST_NS, FIRST_NS + NS_PER_DAY, 1.0, 1.0, 2.0, 0.0, 1.0, HOSTILE)
    fill = Fill(1, HOSTILE, FIRST_NS + NS_PER_DAY, 1.0, 100.0, 0.0, HOSTILE)
    one = run(
        3, strategy=HOSTILE, symbols=(HOSTILE,), parameters={HOSTILE: HOSTILE}, trades=(trade,),
        fills=(fill,), notes=(HOSTILE,),
    )  # fmt: skip
    made = replace(data(symbol=HOSTILE), source=HOSTILE)
    page, found = page_of(one, run(4), data=made, about={HOSTILE: HOSTILE})
    seen = Elements(page)
    plain = Elements(page_of(run(3), run(4), data=data(), about={"a": "b"})[0])
    assert {tag for tag, _ in seen.tags} == {tag for tag, _ in plain.tags}
    assert [tag for tag, _ in seen.tags].count("script") == 1
    assert json.loads(seen.json) == found
    assert sum(HOSTILE in text for text in seen.texts) > 5
    attributes = {name for _, named in seen.tags for name in named}
    assert attributes == {name for _, named in plain.tags for name in named}


def test_what_the_page_tells() -> None:
    page, _ = page_of(run(5), data=data(), n_trials=17, about={"cash": "100,000"})
    text = " ".join(" ".join(Elements(page).texts).split())
    for words in (
        "AAA · 2024-01-02 to 2024-10-27 · made by hand", "up to +",
        "The band is what bars do not tell",
        "Exits that are ambiguous: 3", "17 tried", "one bar was left out", "fast 5", "slow 0.25",
        "cash 100,000", "300 of 1,440 minutes", "stop loss", "Triangles point up",
    ):  # fmt: skip
        assert words in text, words
    assert re.search(r'up to <span[^>]* data-from="runs.0.figures.high_return"', page)


def test_a_run_without_trades_or_movement_has_a_sheet() -> None:
    for rows in ([100.0], [100.0, 100.0], [100.0] * 50, [100.0, 50.0, -20.0, -20.0]):
        page, found = page_of(result(rows), data=data(len(rows)))
        assert "nothing to show" in page
        assert found["runs"][0]["figures"]["trades"]["n"] == 0
        assert not re.search(r">(nan|inf|-inf|None)<", page)
        seen = {path: text for path, _, text in Elements(page).numbers}
        assert seen["runs.0.figures.trades.win_rate"] == "–"
        assert seen["runs.0.figures.trades.n"] == "0"
    with pytest.raises(ValueError, match="a run with bars"):
        page_of(result([]))
    with pytest.raises(ValueError, match="a run with bars"):
        page_of()


def test_many_bars_are_thinned_and_it_says_so() -> None:
    long = data(3 * MOST_CANDLES + 1).bars["AAA"]
    charts, each = candles_charts(long, (), "AAA")
    assert each == 4
    drawn = sum(len(re.findall(r"M[\d.]+,[\d.]+V", chart)) for chart in charts) // 2
    assert drawn == -(-len(long) // 4) <= MOST_CANDLES
    few, each = candles_charts(data(50).bars["AAA"], (), "AAA")
    assert (len(few), each) == (1, 1)
    page, _ = page_of(run(1), data=data(3 * MOST_CANDLES + 1))
    assert "A candle is 4 bars, of 6,001." in page


def test_a_candle_of_several_bars_has_their_extremes() -> None:
    n = MOST_CANDLES * 2
    column = array("d", [100.0] * n)
    high, low = column[:], column[:]
    high[1], low[2] = 180.0, 40.0  # the second of the first candle, the first of the second
    bars = Bars(array("l", range(1, n + 1)), column, high, low, column, column)
    charts, each = candles_charts(bars, (), "AAA")
    assert each == 2
    drawn = re.findall(r"M[\d.]+,([\d.]+)V([\d.]+)", charts[0])
    wicks = [(float(top), float(low)) for top, low in drawn[: len(drawn) // 2]]
    assert len(wicks) == 200
    assert [k for k, (top, _) in enumerate(wicks) if top == min(t for t, _ in wicks)] == [0]
    assert [k for k, (_, low) in enumerate(wicks) if low == max(b for _, b in wicks)] == [1]


def test_a_buy_points_up_and_is_marked_at_the_bar_that_it_was_in() -> None:
    """The last bar of each chart has its own, and so has the first of the next."""
    bars = data(450).bars["AAA"]
    fills = [
        Fill(k, "AAA", bars.time_ns[row], units, 100.0, 0.0, "market")
        for k, (row, units) in enumerate([(49, 1.0), (50, -1.0), (249, 2.0), (449, -3.0)])
    ]
    charts, _ = candles_charts(bars, fills, "AAA")
    said = [re.findall(r"<title>(\w+) (\d)", chart) for chart in charts]
    assert said == [[("bought", "1")], [("sold", "1"), ("bought", "2")], [("sold", "3")]]
    ways = re.findall(r'class="mark (\w+)" d="M[\d.,]+l4,(-?\d)', "".join(charts))
    assert ways == [("bought", "7"), ("sold", "-7"), ("bought", "7"), ("sold", "-7")]


def test_a_drawdown_is_drawn_downwards() -> None:
    page, _ = page_of(result([100.0, 100.0, 50.0, 75.0]))
    wide = page.partition('class="narrow"')[0]
    (fall,) = re.findall(r'<path class="line down" d="M([^"]*)"', wide)
    levels = [float(point.partition(",")[2]) for point in fall.split("L")]
    assert levels[0] == levels[1] < levels[3] < levels[2]


def test_every_fill_has_its_mark() -> None:
    one = run(6)
    charts, _ = candles_charts(data().bars["AAA"], one.fills, "AAA")
    marks = [mark for chart in charts for mark in re.findall(r"mark (bought|sold)", chart)]
    assert len(marks) == len(one.fills) == 80
    assert marks.count("bought") == sum(fill.units > 0 for fill in one.fills)


def test_fills_are_marked_on_their_own_symbol() -> None:
    one = run(6)
    fills = tuple(
        replace(f, symbol="BBB" if k % 4 == 0 else "AAA") for k, f in enumerate(one.fills)
    )
    bars = {**data().bars, **data(symbol="BBB").bars, **data(symbol="CCC").bars}
    both = replace(one, symbols=("AAA", "BBB", "CCC"), fills=fills)
    page, _ = page_of(both, data=Data(bars, NS_PER_DAY, "by hand"))
    parts = page.split("<h2>Prices of ")[1:]
    assert [part[:3] for part in parts] == ["AAA", "BBB", "CCC"]
    assert [part.count('class="mark') for part in parts] == [60, 20, 0]
    assert "are not drawn" not in page
    many = {f"S{k}": one for k, one in enumerate([data().bars["AAA"]] * 6)}
    wide = replace(one, symbols=tuple(many), fills=())
    page, _ = page_of(wide, data=Data(many, NS_PER_DAY, "by hand"))
    assert page.count("<h2>Prices of ") == 4
    assert "The prices of 2 more symbols are not drawn." in page


def test_the_trade_list_has_the_last_trades_the_newest_first() -> None:
    one = run(9)
    pattern = r'<td class="w">AAA</td><td class="w">(\w+)</td><td class="w">([-\d]+)'
    page, _ = page_of(one)
    listed = re.findall(pattern, page.partition("<h2>Trade list</h2>")[2])
    assert listed == [
        ("long" if trade.units > 0.0 else "short", f"{from_ns(trade.opened_ns):%Y-%m-%d}")
        for trade in one.trades[::-1]
    ]
    assert "20 more" in page
    early = replace(one.trades[0], units=-1.0)
    many = replace(one, trades=(early,) * 10 + one.trades[1:2] * 500)
    page, _ = page_of(many)
    assert {side for side, _ in re.findall(pattern, page)} == {"long"}
    assert "The last 500 of 510." in page


def test_a_page_of_a_long_run_stays_small() -> None:
    one = run(7)
    trades = one.trades * 500
    long = replace(
        one, equity=walk(1, 20_000), high_equity=walk(1, 20_000), trades=trades,
        time_ns=array("l", [FIRST_NS + k * NS_PER_DAY // 24 for k in range(20_000)]),
        invested=array("d", [0.5]) * 20_000, start_cash=walk(1, 2)[0], n_ambiguous=0,
    )  # fmt: skip
    page, _ = page_of(long)
    assert len(page) < 1_500_000
    assert "The last 500 of 20,000." in page


def test_runs_are_told_apart_by_what_differs() -> None:
    one, two = run(1), run(2, parameters={"fast": 9, "slow": 0.25})
    three = run(3, strategy="other")
    assert names_of([one, three]) == ["hand", "other"]
    assert names_of([one, two, three]) == ["hand (fast 5)", "hand (fast 9)", "other"]
    assert names_of([one, run(2, symbols=("BBB", "C"))]) == ["hand (AAA)", "hand (BBB, C)"]


def test_the_best_come_first_and_have_charts() -> None:
    runs = [run(k, parameters={"fast": k}) for k in range(13)]
    runs.append(result([100.0] * 300, parameters={"fast": 99}))
    page, found = page_of(*runs)
    ratios = {one["name"]: one["figures"]["sharpe"] for one in found["runs"]}
    ranked = sorted(ratios, key=lambda name: -math.inf if ratios[name] is None else ratios[name])
    assert re.findall(r'<span class="name">(hand [^<]*)</span>', page) == ranked[::-1]
    charted = re.findall(r'<h2 class="run">([^<]*)</h2>', page)
    assert charted == [name for name in ratios if name in ranked[2:]]
    assert "2 more have no charts" in page


def test_it_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "sheet.html"
    one = run(8)
    found = write_tear_sheet([one], [figures(one, 252.0)], path)
    assert json.loads(Elements(path.read_text("utf-8")).json) == found
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputOutputError):
        write_tear_sheet([one], [figures(one, 252.0)], tmp_path / "no" / "sheet.html")


def test_returns_for_quantstats() -> None:
    one, two = run(1), run(2, strategy="=1+1")
    two = replace(two, time_ns=two.time_ns[:299], equity=two.equity[:299],
                  high_equity=two.equity[:299])  # fmt: skip
    rows = list(csv.reader(io.StringIO(quantstats_csv([one, two]))))
    assert rows[0] == ["date", "hand", "'=1+1"]
    assert len(rows) == 300
    assert rows[1][0] == "2024-01-03 00:00:00"
    assert float(rows[1][1]) == one.equity[1] / one.equity[0] - 1.0
    assert (rows[299][2], float(rows[299][1])) == ("", one.equity[299] / one.equity[298] - 1.0)
