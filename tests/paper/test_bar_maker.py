"""Bars from quotes and prints."""

from __future__ import annotations

from array import array

from engine.backtesting.data import Data
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.market.bars import Bar, Bars
from engine.paper.bar_maker import BarMaker
from engine.paper.desk import Desk
from engine.paper.events import Instant, Print, Touch
from engine.paper.seats import QuoteSeat

MINUTE_NS = 60 * 10**9
EMPTY = Bars(array("q"), array("d"), array("d"), array("d"), array("d"), array("d"))


def touch(seconds: float, bid: float, ask: float) -> Touch:
    return Touch(int(seconds * 1e9), "XX", bid, ask, 1e6, 1e6)


def test_bars_hold_what_happened_before_their_close() -> None:
    maker = BarMaker(MINUTE_NS)
    for one in (touch(59, 9.0, 11.0), touch(59.5, 10.0, 12.0)):
        assert maker.until(one.time_ns) is None
        maker.touch(one)
    assert maker.until(60 * 10**9 - 1) is None
    closed = maker.until(60 * 10**9)
    assert closed == Instant(60 * 10**9, {"XX": Bar(60 * 10**9, 10.0, 11.0, 10.0, 11.0, 2.0, "XX")})
    assert maker.until(10**15) is None
    maker.touch(touch(60, 7.0, 9.0))  # at the close of the last bar: the next one's
    closed = maker.until(500 * 10**9)
    assert closed is not None
    assert closed.time_ns == 120 * 10**9
    assert closed.bars["XX"].open == 8.0


def test_prints_make_the_bars_of_a_symbol_that_has_them() -> None:
    maker = BarMaker(MINUTE_NS)
    maker.touch(touch(1, 9.0, 11.0))
    maker.print(Print(2 * 10**9, "XX", 12.0, 300.0))
    maker.print(Print(3 * 10**9, "XX", 11.0, 50.0))
    maker.touch(touch(4, 1.0, 1.2))
    maker.touch(Touch(5 * 10**9, "YY", 0.0, 3.0, 0.0, 1.0))  # no bid: no middle
    closed = maker.until(60 * 10**9)
    assert closed is not None
    assert closed.bars == {"XX": Bar(60 * 10**9, 12.0, 12.0, 11.0, 11.0, 350.0, "XX")}


def test_time_that_passes_closes_bars() -> None:
    seen: list[int] = []

    class Sees(Strategy):
        def on_bar(self, bar: Bar) -> None:
            seen.append(bar.time_ns)

    data = Data({"XX": EMPTY}, MINUTE_NS, "test")
    desk = Desk([QuoteSeat("it", Sees(), data, Terms(), 0)], MINUTE_NS)
    desk.hear(touch(10, 9.0, 9.1))
    desk.pass_time(59 * 10**9)
    assert seen == []
    desk.pass_time(61 * 10**9)
    assert seen == [60 * 10**9]
    assert (desk.n_bars, desk.n_events) == (1, 1)
    desk.hear(Print(70 * 10**9, "XX", 9.5, 3.0))
    assert desk.touches["XX"].ask != 9.5
    desk.pass_time(120 * 10**9)
    assert seen == [60 * 10**9, 120 * 10**9]
