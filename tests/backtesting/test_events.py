"""Splits and dividends, days, timers, fills as they are told, cancelling, reversals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.backtesting.data import Data, Dividend, Split
from engine.backtesting.orders import Fill
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.clock import to_ns
from engine.market.bars import Bar
from tests.backtesting.scripted import HOUR, QUIET, RICH, Script, bars, data, play, send, told

TWO = (2.0, 2.0, 2.0, 2.0)


def test_a_split_changes_units_and_prices_and_no_equity() -> None:
    """Five for one between the second bar and the third: 10 at 10 become 50 at 2."""
    steps = {0: send(10.0, sl=5.0, tp=20.0), 1: send(10.0, limit=7.5)}
    action = (Split("ONE", 2 * HOUR + 1, 5.0),)
    rows = [QUIET, QUIET, TWO, (2.0, 2.0, 1.4, 2.0), (2.0, 4.1, 2.0, 2.0)]
    found = play(steps, *rows, terms=replace(RICH, units=0.0), actions=action)
    assert told(found) == [
        (1, 10.0, 10.0, "market"), (3, 50.0, 1.5, "limit"), (4, -50.0, 4.0, "take_profit"),
    ]  # fmt: skip
    assert list(found.equity[:3]) == [10_000.0] * 3
    stopped = play(steps, *rows[:3], (2.0, 2.0, 0.9, 2.0), actions=action)
    assert told(stopped)[1:] == [(3, -50.0, 1.0, "stop_loss"), (3, 50.0, 1.5, "limit")]
    (trade,) = stopped.trades
    assert (trade.units, trade.entry, trade.gain) == (50.0, 2.0, -50.0)


def test_a_split_on_a_bar_without_prices_changes_no_equity() -> None:
    action = (Split("ONE", 2 * HOUR + 1, 5.0),)
    none = (float("nan"),) * 4
    found = play(send(10.0), QUIET, QUIET, none, TWO, actions=action)
    assert list(found.equity) == [10_000.0] * 4


def test_a_split_reaches_symbols_that_it_names_and_bars_that_close_after_it() -> None:
    for action in (Split("TWO", 2 * HOUR + 1, 5.0), Split("ONE", 3 * HOUR, 5.0)):
        found = play(send(10.0), QUIET, QUIET, QUIET, actions=(action,))
        assert found.equity[-1] == 10_000.0


def test_a_dividend_is_paid_on_what_is_held_at_its_ex_date_and_owed_on_what_is_short() -> None:
    action = (Dividend("ONE", 2 * HOUR + 1, 0.5),)
    for units in (10.0, -10.0):
        found = play(send(units), QUIET, QUIET, QUIET, actions=action)
        assert found.dividends == 0.5 * units
        assert found.equity[-1] == 10_000.0 + 0.5 * units
    late = play({1: send(10.0)}, QUIET, QUIET, QUIET, actions=action)
    assert late.dividends == 0.0
    trade = play({0: send(10.0), 2: send(-10.0)}, *[QUIET] * 4, actions=action).trades[0]
    assert trade.gain == 5.0


def test_a_dividend_lowers_orders_below_the_price_and_no_others() -> None:
    """FINRA rule 5330: limits to buy and stops to sell."""
    action = (Dividend("ONE", 2 * HOUR + 1, 0.5),)
    low = [QUIET, QUIET, (9.5, 9.5, 8.6, 9.5), (9.5, 9.5, 8.4, 9.5)]
    high = [QUIET, QUIET, (10.0, 11.2, 10.0, 10.0)]
    assert told(play({1: send(1.0, limit=9.0)}, *low, actions=action)) == [(3, 1.0, 8.5, "limit")]
    assert told(play({1: send(-1.0, stop=9.0)}, *low, actions=action)) == [(3, -1.0, 8.5, "stop")]
    assert told(play({1: send(1.0, stop=11.0)}, *high, actions=action)) == [(2, 1.0, 11.0, "stop")]
    assert told(play({1: send(-1.0, limit=11.0)}, *high, actions=action)) == [
        (2, -1.0, 11.0, "limit")
    ]
    held = play({0: send(1.0, sl=9.0, tp=11.0)}, *low, actions=action)
    assert told(held)[1:] == [(3, -1.0, 8.5, "stop_loss")]
    short = play({0: send(-1.0, sl=11.0, tp=9.0)}, *low, actions=action)
    assert told(short)[1:] == [(3, 1.0, 8.5, "take_profit")]


def test_a_reversal_is_two_orders_with_their_fees() -> None:
    steps = {0: lambda one: one.target(1.0), 1: lambda one: one.target(-1.0)}
    found = play(steps, *[QUIET] * 3, terms=replace(RICH, fee_order=1.0))
    assert told(found) == [
        (1, 10.0, 10.0, "target"), (2, -10.0, 10.0, "target"), (2, -10.0, 10.0, "target"),
    ]  # fmt: skip
    assert (found.fees, found.n_orders, len(found.trades)) == (3.0, 3, 1)


def test_an_order_past_flat_ends_one_trade_and_begins_another() -> None:
    steps = {0: send(10.0), 1: send(-30.0), 2: send(20.0)}
    rows = [QUIET, QUIET, (11.0,) * 4, (12.0,) * 4]
    found = play(steps, *rows, terms=replace(RICH, fee_unit=0.1))
    first, second = found.trades
    assert (first.units, first.entry, first.exit) == (10.0, 10.0, 11.0)
    assert (first.gain, first.fees) == (pytest.approx(10.0 - 2.0), 2.0)
    assert (second.units, second.entry, second.exit) == (-20.0, 11.0, 12.0)
    assert second.gain == pytest.approx(-20.0 - 4.0)
    assert found.equity[-1] == pytest.approx(10_000.0 + first.gain + second.gain)


def test_a_position_built_in_parts_is_one_trade_at_mean_prices() -> None:
    steps = {0: send(10.0), 1: send(30.0), 2: send(-20.0), 3: send(-20.0)}
    rows = [QUIET, QUIET, (12.0,) * 4, (13.0,) * 4, (15.0,) * 4]
    (trade,) = play(steps, *rows).trades
    assert (trade.units, trade.entry, trade.exit, trade.gain) == (40.0, 11.5, 14.0, 100.0)
    assert (trade.opened_ns, trade.closed_ns) == (2 * HOUR, 5 * HOUR)


def test_a_bracket_closes_what_is_left_of_what_it_opened() -> None:
    steps = {0: send(10.0, sl=9.0), 1: send(-6.0)}
    found = play(steps, QUIET, QUIET, QUIET, (10.0, 10.0, 8.0, 10.0), QUIET)
    assert told(found)[2:] == [(3, -4.0, 9.0, "stop_loss")]
    gone = play({0: send(10.0, sl=9.0), 1: send(-15.0)}, *[QUIET] * 3, (10.0, 10.0, 8.0, 10.0))
    assert len(gone.fills) == 2


def test_two_brackets_close_each_its_own() -> None:
    steps = {0: send(10.0, sl=9.0), 1: send(5.0, sl=8.0, tp=12.0)}
    found = play(steps, QUIET, QUIET, QUIET, (10.0, 10.0, 8.5, 10.0), (10.0, 12.5, 10.0, 12.0))
    assert told(found)[2:] == [(3, -10.0, 9.0, "stop_loss"), (4, -5.0, 12.0, "take_profit")]


def test_a_cancelled_order_is_not_filled_and_neither_is_its_bracket() -> None:
    kept = {}

    def order(one: Strategy) -> None:
        kept["one"] = one.buy(1.0, limit=9.0)
        kept["two"] = one.buy(1.0, sl=9.5)

    def cancel(one: Strategy) -> None:
        assert one.orders() == (kept["one"],)
        one.cancel(kept["one"])
        one.cancel(kept["two"])
        one.cancel(kept["two"])
        assert one.orders() == ()

    found = play({0: order, 1: cancel}, QUIET, QUIET, (10.0, 10.0, 8.0, 10.0))
    assert told(found) == [(1, 1.0, 10.0, "market")]


def test_fills_are_told_after_they_happened_and_before_the_next_decision() -> None:
    strategy = Script()
    strategy.steps = {0: send(1.0), 1: send(-1.0, limit=11.0)}
    run(strategy, data(QUIET, QUIET, QUIET, (10.0, 12.0, 10.0, 10.0), QUIET), RICH)
    assert [(row, one.units, one.time_ns) for row, one in strategy.filled] == [
        (1, 1.0, 2 * HOUR), (3, -1.0, 4 * HOUR),
    ]  # fmt: skip


class Diary(Strategy):
    """Writes down what it is told, and asks to be woken."""

    def start(self) -> None:
        self.pages: list[tuple[str, int]] = []
        for time in (3 * HOUR, 2 * HOUR - 5, 2 * HOUR - 7):
            self.account.wake(time)

    def on_start_of_session(self, time_ns: int) -> None:
        self.pages.append(("session", time_ns))

    def on_timer(self, time_ns: int) -> None:
        self.pages.append(("timer", time_ns))
        if time_ns == 3 * HOUR:
            self.account.wake(time_ns)  # the past is met at the next event

    def on_fill(self, fill: Fill) -> None:
        self.pages.append(("fill", fill.time_ns))

    def on_bar(self, bar: Bar) -> None:
        self.pages.append(("bar", bar.time_ns))
        if bar.time_ns == HOUR:
            self.buy(1.0)


def test_an_instant_tells_fills_then_the_session_then_timers_then_bars() -> None:
    strategy = Diary()
    run(strategy, data(*[QUIET] * 4), RICH)
    assert strategy.pages == [
        ("session", HOUR), ("bar", HOUR),
        ("fill", 2 * HOUR), ("timer", 2 * HOUR), ("timer", 2 * HOUR), ("bar", 2 * HOUR),
        ("timer", 3 * HOUR), ("bar", 3 * HOUR),
        ("timer", 4 * HOUR), ("bar", 4 * HOUR),
    ]  # fmt: skip


class Woken(Strategy):
    """Listens to timers alone."""

    def start(self) -> None:
        self.times: list[int] = []
        self.account.wake(2 * HOUR)

    def on_timer(self, time_ns: int) -> None:
        self.times.append(time_ns)


def test_a_timer_comes_at_its_time_where_nothing_else_happens() -> None:
    strategy = Woken()
    run(strategy, data(*[QUIET] * 4), RICH)
    assert strategy.times == [2 * HOUR]


class Counting(Strategy):
    """Keeps a count that `start` does not set back, and buys once."""

    count = 0

    def on_bar(self, bar: Bar) -> None:
        self.count += 1
        if self.count == 1:
            self.buy(10.0, sl=9.0, tp=11.5)


def test_the_second_run_begins_with_the_strategy_as_it_was() -> None:
    found = run(Counting(), data(QUIET, (10.0, 12.0, 8.0, 10.0)), RICH)
    assert (found.equity[-1], found.high_equity[-1]) == (9_990.0, 10_015.0)


@pytest.mark.parametrize(
    ("calendar", "expected"),
    # Of UTC a day begins after midnight; of New York after 05:00 UTC, in winter.
    [("", [1, 25]), ("crypto", [1, 25]), ("us", [1, 6, 30])],
)
def test_sessions_are_days_of_the_calendar(calendar: str, expected: list[int]) -> None:
    from datetime import datetime, timezone

    midnight = to_ns(datetime(2024, 1, 10, tzinfo=timezone.utc))
    strategy = Diary()
    one = bars(*[QUIET] * 36, first_ns=midnight + HOUR)
    run(strategy, Data({"ONE": one}, HOUR, "written out", calendar=calendar), Terms())
    found = [time for what, time in strategy.pages if what == "session"]
    assert [(time - midnight) // HOUR for time in found] == expected
