"""The demo market of bars: the same everywhere, longer without changing, and a market at all."""

from __future__ import annotations

from hashlib import sha256
from math import log

import pytest

from engine.clock import NS_PER_DAY
from engine.errors import UsageError
from engine.market.bars import Bars
from engine.trading.demo_bars import END_NS, SYMBOLS, demo_bars
from engine.trading.intervals import HOUR, MINUTE
from engine.trading.sources import open_bars

COLUMNS = ("time_ns", "open", "high", "low", "close", "volume")
# Of thirty days of hours, on every machine and runtime.
DIGEST = "4ec66aa1eeb6400d"


def digest(bars: Bars) -> bytes:
    return b"".join(",".join(map(repr, getattr(bars, name))).encode() for name in COLUMNS)


def test_it_is_the_same_on_every_machine() -> None:
    text = b"".join(digest(demo_bars(symbol, HOUR, 30)) for symbol in SYMBOLS)
    assert sha256(text).hexdigest()[:16] == DIGEST


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_more_days_change_no_bar_that_was_there(symbol: str) -> None:
    few, many = demo_bars(symbol, HOUR, 3), demo_bars(symbol, HOUR, 40)
    for name in COLUMNS:
        assert getattr(many, name)[-72:] == getattr(few, name)
    assert (len(few), few.time_ns[-1]) == (72, END_NS)


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("interval", [MINUTE, HOUR])
def test_every_bar_is_one(symbol: str, interval: int) -> None:
    bars = demo_bars(symbol, interval, 4)
    for row in range(len(bars)):
        opened, high, low, close = bars.open[row], bars.high[row], bars.low[row], bars.close[row]
        assert 0.0 < low <= min(opened, close) <= max(opened, close) <= high
        assert bars.volume[row] >= 100.0
        assert abs(high * 100.0 - round(high * 100.0)) < 1e-6
        assert bars.time_ns[row] - END_NS == (row + 1 - len(bars)) * interval
        if row:
            assert opened == bars.close[row - 1]


def test_symbols_and_seeds_differ() -> None:
    made = [demo_bars(symbol, HOUR, 5) for symbol in SYMBOLS]
    moves = {
        tuple(round(log(c / o), 4) for o, c in zip(b.open, b.close, strict=True)) for b in made
    }
    assert len(moves) == len(SYMBOLS)
    assert demo_bars("AURA", HOUR, 5, seed=8).close != demo_bars("AURA", HOUR, 5).close


def test_no_price_falls_to_nothing() -> None:
    assert min(demo_bars("EMBR", 24 * HOUR, 3650).low) >= 0.4


def test_longer_bars_are_made_of_the_hours() -> None:
    hours, days = open_bars("demo", ["BOLT"]), open_bars("demo", ["BOLT"], "1d")
    one, day = hours.bars["BOLT"], days.bars["BOLT"]
    assert len(day) == 30
    for row in range(30):
        span = slice(24 * row, 24 * row + 24)
        assert day.open[row] == one.open[span][0]
        assert day.close[row] == one.close[span][-1]
        assert day.high[row] == max(one.high[span])
        assert day.low[row] == min(one.low[span])
        assert day.time_ns[row] == one.time_ns[span][-1]
        assert day.time_ns[row] % NS_PER_DAY == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("demo", ["AURAA"]), "did you mean 'AURA'?"),
        (("demo", [], "1s", 3000), "more bars than the demo makes"),
        (("demo", [], "1h", 4000), "at most 3,650"),
        (("demo", ["AURA", "AURA"]), "named twice"),
        (("demo", [], "7h"), "no whole number"),
        (("demo", [], "1x"), "expected a length such as"),
        (("demo", [], "0h"), "expected a length such as"),
        (("dem",), "did you mean 'demo'?"),
        (("demo:x",), "no source 'demo:x'"),
    ],
)
def test_what_cannot_be_had_is_said(words: tuple[object, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        open_bars(*words)  # type: ignore[arg-type]
