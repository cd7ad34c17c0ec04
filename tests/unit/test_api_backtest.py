"""`engine.backtest`: the command line's numbers, DataFrames in and out, another interpreter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import engine
from engine import Strategy, Terms, backtest, whole
from engine.api_backtest import Backtest
from engine.backtesting.data import Data
from engine.cli.main import main
from engine.errors import BadDataError, EngineError, UnavailableError, UsageError
from engine.runtime import interpreters
from engine.trading.intervals import HOUR
from engine.trading.sources import open_bars

FILE = """\
from engine import Strategy, whole


class Mine(Strategy):
    every = whole(24, 2, 100)

    def start(self):
        self.seen = 0
        print("a strategy may print")

    def on_bar(self, bar):
        self.seen += 1
        if self.seen % self.every == 0:
            return self.rng.choice([1.0, 0.0, -1.0])


class Bad(Strategy):
    def on_bar(self, bar):
        return [][0]
"""


class Inline(Strategy):
    every = whole(24, 2, 100)

    def start(self) -> None:
        self.seen = 0

    def on_bar(self, bar: Any) -> float | None:
        self.seen += 1
        return None if self.seen % self.every else (0.0 if self.position() else 1.0)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return str(path)


def test_a_run_is_that_of_the_command_line(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = backtest(f"{file}:Mine", symbols=["CRAG"], parameters={"every": 12})
    capsys.readouterr()
    assert (
        main(["backtest", f"{file}:Mine", "--set", "every=12", "--symbols", "CRAG", "--json"]) == 0
    )
    out = capsys.readouterr().out
    (test,) = json.loads(out[out.index("{") :])["tests"]
    assert test["figures"]["total_return"] == done.figures.total_return
    assert test["figures"]["fees"] == done.figures.fees > 0.0
    assert done.figures.trades.n > 5


def test_a_class_costs_and_terms(file: str) -> None:
    free = backtest(Inline, symbols=["AURA"], fee_rate=0.0, slippage_rate=0.0)
    assert free.result.fees == 0.0
    assert backtest(Inline, symbols=["AURA"]).result.fees > 0.0
    dear = backtest(Inline, symbols=["AURA"], terms=Terms(cash=500.0, fee_order=1.0))
    assert dear.result.fees == len(dear.result.fills)
    assert dear.result.start_cash == 500.0


def test_the_seed_is_the_strategy_s_chance(file: str) -> None:
    runs = [backtest(f"{file}:Mine", symbols=["AURA"], seed=seed).result for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_an_outcome_shows_itself(file: str) -> None:
    done = backtest(Inline, symbols=["AURA"])
    text, html = str(done), done._repr_html_()
    assert "strategy      Inline every=24" in text
    assert f"trades        {done.figures.trades.n}" in text
    assert html.startswith("<table><tr><th>strategy</th><td>Inline every=24</td>")
    assert "<script" not in html


def test_html_of_an_outcome_is_escaped() -> None:
    data = open_bars("demo", ["AURA"])
    bars = {"<script>": data.bars["AURA"]}
    done = backtest(Inline, Data(bars, data.interval_ns, "<b>", calendar="crypto"))
    assert "&lt;script&gt;" in done._repr_html_()
    assert "<script>" not in done._repr_html_()


@pytest.mark.parametrize(
    ("strategy", "bars", "choice", "error", "words"),
    [
        (Data, "demo", {}, UsageError, "expected a class of Strategy"),
        (Inline(), "demo", {}, UsageError, "expected a class of Strategy"),
        ("momentun", "demo", {}, UsageError, "did you mean momentum?"),
        ("momentum", 5, {}, UsageError, "expected a DataFrame or a source"),
        ("momentum", {}, {}, UsageError, "expected DataFrames by symbol"),
        ("momentum", {"A": 1}, {}, UsageError, "expected DataFrames by symbol"),
        ("momentum", "demo", {"parameters": {"lags": 3}}, UsageError, "did you mean lag?"),
        ("momentum", "demo", {"symbols": "AURA"}, UsageError, "expected a list of names"),
        ("momentum", "demo", {"cash": -1.0}, UsageError, "cash at the start must be positive"),
        ("momentum", "demo", {"cash": "x"}, UsageError, "terms: "),
        ("momentum", "demo", {"terms": Terms(), "cash": 1.0}, UsageError, "either `terms` or"),
        ("momentum", "demo", {"runtime": "pipy"}, UsageError, "runtime: valid: pypy, cpython"),
    ],
)
def test_what_is_wrong_is_an_exception_of_one_line(
    strategy: Any, bars: Any, choice: dict[str, Any], error: type[EngineError], words: str
) -> None:
    with pytest.raises(error) as told:
        backtest(strategy, bars, **choice)
    assert words in str(told.value)


def test_an_argument_that_there_is_not_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="did you mean 'fee_rate'"):
        backtest("momentum", fee_rates=0.1)


def test_the_package_offers_what_it_says() -> None:
    for name in engine.__all__:
        assert getattr(engine, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = engine.nothing  # type: ignore[attr-defined]


OTHER = "pypy" if interpreters.this_kind() == interpreters.CPYTHON else "cpython"
KIND = {"pypy": interpreters.PYPY, "cpython": interpreters.CPYTHON}[OTHER]
needs_other = pytest.mark.skipif(
    interpreters.find(KIND) is None, reason=f"there is no {KIND} on this machine"
)


@needs_other
def test_another_interpreter_comes_to_the_same_result(file: str) -> None:
    for strategy in (f"{file}:Mine", "breakout"):
        choice: dict[str, Any] = {
            "symbols": ["AURA", "BOLT"],
            "days": 10,
            "seed": 3,
            "borrow_rate": 0.1,
        }
        here = backtest(strategy, **choice)
        there = backtest(strategy, **choice, runtime=OTHER)
        assert isinstance(there, Backtest)
        assert there.result == here.result
        assert there.figures == here.figures
        assert len(here.result.trades) > 3


@needs_other
def test_splits_and_dividends_go_along(file: str) -> None:
    from engine.backtesting.data import Dividend, Split

    data = open_bars("demo", ["AURA"], days=5)
    stamps = data.bars["AURA"].time_ns
    actions = (Dividend("AURA", stamps[30], 2.0), Split("AURA", stamps[60], 2.0))
    data = Data(data.bars, data.interval_ns, "x", actions, "crypto")
    choice: dict[str, Any] = {"parameters": {"every": 20}, "seed": 4}
    here = backtest(f"{file}:Mine", data, **choice)
    assert here.result.dividends != 0.0
    assert backtest(f"{file}:Mine", data, **choice, runtime=OTHER).result == here.result


@needs_other
def test_what_fails_there_is_said_here(file: str) -> None:
    with pytest.raises(BadDataError, match=r"mine.py:19: IndexError"):
        backtest(f"{file}:Bad", runtime=OTHER)


def test_a_class_without_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type("Cell", (Inline,), {"__module__": "__nowhere__"})
    monkeypatch.setattr(interpreters, "find", lambda kind: interpreters.Interpreter)
    with pytest.raises(UsageError, match="Cell has no file that another interpreter could read"):
        backtest(kind, runtime=OTHER)


def test_an_interpreter_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "find", lambda kind: None)
    with pytest.raises(UnavailableError, match=f"no {KIND} on this machine"):
        backtest("momentum", runtime=OTHER)


# DataFrames.


@pytest.fixture
def pandas() -> Any:
    return pytest.importorskip("pandas", reason="pandas is not installed here")


def frame_of(pandas: Any, data: Data, symbol: str, zone: str | None = "UTC") -> Any:
    bars = data.bars[symbol]
    index = pandas.to_datetime([stamp - HOUR for stamp in bars.time_ns], utc=True)
    index = index.tz_convert(zone) if zone else index.tz_localize(None)
    return pandas.DataFrame(
        {
            "Open": list(bars.open), "High": list(bars.high), "Low": list(bars.low),
            "Close": list(bars.close), "Volume": list(bars.volume),
        },
        index=index,
    )  # fmt: skip


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", None])
def test_a_frame_gives_the_bars_it_was_made_of(pandas: Any, zone: str | None) -> None:
    data = open_bars("demo", ["AURA", "DUNE"])
    frames = {symbol: frame_of(pandas, data, symbol, zone) for symbol in data.symbols}
    here = backtest("momentum", data)
    assert backtest("momentum", frames).result == here.result
    assert backtest("momentum", frames).data.calendar == "crypto"
    long = pandas.concat([one.assign(symbol=name) for name, one in frames.items()])
    assert backtest("momentum", long).result == here.result
    wide = pandas.concat(frames, axis=1)
    assert backtest("momentum", wide).result == here.result
    assert backtest("momentum", wide.swaplevel(axis=1)).result == here.result
    column = frames["AURA"].rename_axis("Datetime").reset_index()
    alone = backtest("momentum", column)
    assert alone.result.symbols == ("BARS",)
    assert alone.result.equity == backtest("momentum", data, symbols=["AURA"]).result.equity


def test_a_frame_of_days_closes_with_sessions(pandas: Any) -> None:
    index = pandas.bdate_range("2024-01-02", periods=40)
    prices = [100.0 + k % 7 for k in range(40)]
    frame = pandas.DataFrame(dict.fromkeys(("open", "high", "low", "close"), prices), index=index)
    data = backtest("momentum", frame, parameters={"lag": 2}).data
    assert data.calendar == "us"
    assert (
        data.bars["BARS"].time_ns[0] == pandas.Timestamp("2024-01-02 16:00", tz="US/Eastern").value
    )


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: f.drop(columns="Low"), "no column low; it has Open, High, Close, Volume"),
        (lambda f: f.iloc[:0], "0 rows of BARS"),
        (lambda f: f.reset_index(drop=True), "no times"),
        (lambda f: f.set_axis([float("nan")] * len(f)).rename_axis("time").reset_index(), "time"),
        (lambda f: f.assign(Close=-1.0), "no bars in it: "),
    ],
)
def test_a_frame_that_is_none_is_refused(pandas: Any, spoil: Any, words: str) -> None:
    frame = frame_of(pandas, open_bars("demo", ["AURA"], days=2), "AURA")
    with pytest.raises(BadDataError) as told:
        backtest("momentum", spoil(frame))
    assert words in str(told.value)


def test_a_bad_row_of_a_frame_costs_itself(pandas: Any) -> None:
    frame = frame_of(pandas, open_bars("demo", ["AURA"], days=2), "AURA")
    frame.iloc[5, 1] = 0.001
    done = backtest("momentum", frame.sample(frac=1.0, random_state=1))
    assert len(done.data.bars["BARS"]) == 47
    assert "high 0.001 is below its open" in done.data.notes[0]


def test_an_outcome_has_frames(pandas: Any) -> None:
    done = backtest(Inline, symbols=["AURA"])
    trades, equity, fills = done.trades, done.equity, done.fills
    assert list(trades["gain"]) == [one.gain for one in done.result.trades]
    assert str(trades["opened"].dtype).endswith("UTC]")
    assert list(equity["equity"]) == list(done.result.equity)
    assert [stamp.value for stamp in equity.index.as_unit("ns")] == list(done.result.time_ns)
    assert len(fills) == len(done.result.fills)
    never = backtest(type("Never", (Strategy,), {}), symbols=["AURA"])
    assert len(never.trades) == 0
