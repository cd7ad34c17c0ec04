"""Paper is the backtest: the same trades over bars to the bit, and over quotes without a spread."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import replace
from math import inf, nan
from random import Random

import pytest

from engine.backtesting.data import Data, Split
from engine.backtesting.orders import DAY, Fill
from engine.backtesting.parameters import build
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.market.bars import Bar, Bars
from engine.paper.desk import Desk
from engine.paper.events import Event, Touch
from engine.paper.seats import BarSeat, QuoteSeat
from engine.trading import SHIPPED
from engine.trading.loading import load_strategy
from engine.trading.paper_feeds import bar_events
from tests.checking import honest
from tests.checking.markets import market

COSTLY = Terms(cash=50_000.0, fee_rate=0.0005, fee_order=1.0, borrow_rate=0.02)
MINUTE_NS = 60 * 10**9
KINDS = (*honest.CLASSES, *map(load_strategy, SHIPPED))


def seated(kind: type[Strategy], data: Data, terms: Terms = COSTLY) -> BarSeat:
    seat = BarSeat(kind.__name__, build(kind), data, terms, seed=3)
    desk = Desk([seat], 0)
    for event in bar_events(data):
        desk.hear(event)
    return seat


def uneven() -> Data:
    """Three symbols of which one begins late and one ends early, with a split."""
    data = market(200)
    late, short = data.bars["BBB"], data.bars["CCC"]
    columns = ("time_ns", "open", "high", "low", "close", "volume")
    bars = {
        "AAA": data.bars["AAA"],
        "CCC": Bars(*(getattr(short, name)[:120] for name in columns)),
        "BBB": Bars(*(getattr(late, name)[40:] for name in columns)),
    }
    return replace(data, bars=bars, actions=(Split("AAA", late.time_ns[70] + 1, 2.0),))


@pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("data", [market(150), uneven()], ids=["even", "uneven"])
def test_paper_over_bars_is_the_backtest(kind: type[Strategy], data: Data) -> None:
    expected = run(build(kind), data, COSTLY, seed=3)
    made = seated(kind, data).result()
    assert made.fills == expected.fills
    assert made.trades == expected.trades
    for name in ("time_ns", "equity", "cash", "invested"):
        assert list(getattr(made, name)) == list(getattr(expected, name)), name
    assert (made.fees, made.borrow_fees, made.n_orders) == (
        expected.fees,
        expected.borrow_fees,
        expected.n_orders,
    )
    assert made.notes == expected.notes


def test_accounts_at_one_desk_do_not_touch_each_other() -> None:
    data = market(120)
    seats = [BarSeat(kind.__name__, build(kind), data, COSTLY, seed=3) for kind in KINDS]
    desk = Desk(seats, 0)
    for event in bar_events(data):
        desk.hear(event)
    for kind, seat in zip(KINDS, seats, strict=True):
        assert seat.result().trades == seated(kind, data).result().trades, kind.__name__


# Quotes


def quotes(n: int, half: float, size: float, seed: int = 2) -> Iterator[Touch]:
    """Yield quotes of two symbols, every few seconds, `half` a spread around a walk."""
    rng = Random(seed)
    at, now = {"XX": 100.0, "YY": 50.0}, 1_704_207_600 * 10**9
    for _ in range(n):
        now += rng.randrange(1, 20) * 10**9
        name = rng.choice(("XX", "YY"))
        at[name] = round(at[name] * (1.0 + rng.gauss(0.0, 0.001)), 2)
        yield Touch(now, name, at[name] - half, at[name] + half, size, size)


def bars_of(events: list[Touch]) -> Data:
    """Return the bars that a desk makes of quotes: by another way than the one that is tested."""
    rows: dict[str, dict[int, list[float]]] = {}
    for one in events:
        end = (one.time_ns // MINUTE_NS + 1) * MINUTE_NS
        rows.setdefault(one.symbol, {}).setdefault(end, []).append(0.5 * (one.bid + one.ask))
    bars = {}
    last = (events[-1].time_ns // MINUTE_NS) * MINUTE_NS
    for name, made in rows.items():
        ends = [end for end in sorted(made) if end <= last]
        columns = [
            array("d", [pick(made[end]) for end in ends])
            for pick in (lambda v: v[0], max, min, lambda v: v[-1], lambda v: float(len(v)))
        ]
        bars[name] = Bars(array("q", ends), *columns)
    return Data(bars, MINUTE_NS, "test")


def over_quotes(
    kind: type[Strategy], events: list[Touch], terms: Terms = COSTLY, latency_ns: int = 0
) -> QuoteSeat:
    data = Data(dict.fromkeys(("XX", "YY"), EMPTY), MINUTE_NS, "test")
    seat = QuoteSeat(kind.__name__, build(kind), data, terms, 3, latency_ns)
    desk = Desk([seat], MINUTE_NS)
    for event in events:
        desk.hear(event)
    return seat


EMPTY = Bars(array("q"), *(array("d") for _ in range(5)))


class Single(Strategy):
    """Targets of one symbol from the last moves."""

    symbol = "XX"

    def start(self) -> None:
        self.before = nan

    def on_bar(self, bar: Bar) -> float | None:
        if bar.symbol != self.symbol:
            return None
        move, self.before = bar.close - self.before, bar.close
        return 0.8 if move > 0.0 else -0.8 if move < 0.0 else nan


class Marketeer(Strategy):
    """Orders at the market, now and then."""

    def on_bar(self, bar: Bar) -> None:
        if bar.symbol == "YY" and self.rng.random() < 0.4:
            units = self.rng.choice((-7.0, 3.0, 9.0))
            if abs(self.position("YY") + units) < 60.0:
                send = self.buy if units > 0.0 else self.sell
                send(abs(units), symbol="YY")


@pytest.mark.parametrize("kind", [Single, Marketeer])
def test_quotes_without_a_spread_are_the_backtest_of_their_bars(kind: type[Strategy]) -> None:
    """A fill is at the first quote after the close, which is the open of the next bar."""
    events = list(quotes(4_000, 0.0, inf))
    expected = run(build(kind), bars_of(events), COSTLY, seed=3)
    made = over_quotes(kind, events).result()
    assert len(expected.fills) > 20

    def shown(fills: tuple[Fill, ...]) -> list[tuple[object, ...]]:
        return [(one.symbol, one.units, one.price, one.fee, one.reason) for one in fills]

    n = len(expected.fills)
    assert shown(made.fills[:n]) == shown(expected.fills)
    assert len(made.fills) - n <= 2  # the last bar's decision meets a quote, and no bar
    assert list(made.equity) == pytest.approx(list(expected.equity), rel=1e-12)


def test_buys_pay_the_ask_and_sales_get_the_bid() -> None:
    events = list(quotes(2_000, 0.05, inf))
    at = {(one.time_ns, one.symbol): one for one in events}
    made = over_quotes(Single, events).result()
    assert len(made.fills) > 20
    for fill in made.fills:
        touch = at[fill.time_ns, fill.symbol]
        assert fill.price == (touch.ask if fill.units > 0.0 else touch.bid)
    flat = over_quotes(Single, list(quotes(2_000, 0.0, inf))).result()
    assert made.equity[-1] < flat.equity[-1]


def by_hand(strategy: type[Strategy], *events: Event, latency_ns: int = 0) -> QuoteSeat:
    data = Data({"XX": EMPTY}, MINUTE_NS, "test")
    terms = Terms(cash=100_000.0)
    seat = QuoteSeat("it", build(strategy), data, terms, 0, latency_ns)
    desk = Desk([seat], MINUTE_NS)
    for event in events:
        desk.hear(event)
    return seat


def touch(
    seconds: float, bid: float, ask: float, bid_size: float = 1e6, ask_size: float = 1e6
) -> Touch:
    return Touch(int(seconds * 1e9), "XX", bid, ask, bid_size, ask_size)


def once(**order: object) -> type[Strategy]:
    """Return a strategy that sends one order after the first bar."""

    class Once(Strategy):
        def start(self) -> None:
            self.is_sent = False

        def on_bar(self, bar: Bar) -> None:
            if not self.is_sent:
                self.is_sent = True
                units = float(order["units"])  # type: ignore[arg-type]
                rest = {**order, "units": abs(units)}
                send = self.buy if units > 0.0 else self.sell
                send(**rest)  # type: ignore[arg-type]

    return Once


def filled(seat: QuoteSeat) -> list[tuple[float, float, float]]:
    """Return seconds, units and price of each fill."""
    return [(one.time_ns / 1e9, one.units, one.price) for one in seat.account.ledger.fills()]


def test_no_more_is_bought_than_is_displayed() -> None:
    seat = by_hand(
        once(units=100.0),
        touch(10, 9.9, 10.0),
        touch(70, 9.9, 10.0, ask_size=30.0),
        touch(71, 9.8, 10.0, ask_size=30.0),  # the same shares
        touch(72, 9.8, 10.1, ask_size=30.0),
        touch(73, 9.8, 10.0, ask_size=500.0),
        touch(74, 9.8, 10.2),
    )
    assert filled(seat) == [(70.0, 30.0, 10.0), (72.0, 30.0, 10.1), (73.0, 40.0, 10.0)]
    assert seat.account.ledger.trades() == ()
    assert seat.account.n_orders == 1


def test_accounts_do_not_take_from_each_other() -> None:
    data = Data({"XX": EMPTY}, MINUTE_NS, "test")
    kind = once(units=20.0)
    seats = [QuoteSeat(str(k), build(kind), data, Terms(cash=1e5), 0) for k in range(2)]
    desk = Desk(seats, MINUTE_NS)
    for event in (touch(10, 9.9, 10.0), touch(70, 9.9, 10.0, ask_size=20.0)):
        desk.hear(event)
    assert [filled(seat) for seat in seats] == [[(70.0, 20.0, 10.0)]] * 2


def test_an_order_is_on_its_way_for_the_latency() -> None:
    events = (touch(10, 9.9, 10.0), touch(61, 9.9, 10.5), touch(62.5, 9.9, 11.0))
    assert filled(by_hand(once(units=1.0), *events)) == [(61.0, 1.0, 10.5)]
    late = by_hand(once(units=1.0), *events, latency_ns=2 * 10**9)
    assert filled(late) == [(62.5, 1.0, 11.0)]

    class Target(Strategy):
        def on_bar(self, bar: Bar) -> float:
            return 0.5

    assert filled(by_hand(Target, *events))[0][0] == 61.0
    assert filled(by_hand(Target, *events, latency_ns=2 * 10**9))[0][0] == 62.5


def test_a_target_is_reached_from_its_own_side() -> None:
    def targets(*parts: float) -> type[Strategy]:
        class Targets(Strategy):
            def start(self) -> None:
                self.left = list(parts)

            def on_bar(self, bar: Bar) -> float | None:
                return self.left.pop(0) if self.left else None

        return Targets

    path = [touch(60 * minute + 10, 9.9, 10.0) for minute in range(5)]
    less = by_hand(targets(0.8, 0.4), *path)
    assert [one[2] for one in filled(less)] == [10.0, 9.9]
    assert less.account.position("XX") == pytest.approx(0.4 * 99_200.0 / 9.9, rel=1e-3)
    short = by_hand(targets(-0.4, -0.2, 0.0), *path)
    assert [one[2] for one in filled(short)] == [9.9, 10.0, 10.0]
    # Between bid and ask neither more nor less is wanted: nothing is traded, and nothing waits.
    still = by_hand(targets(0.5, 0.4999), *path)
    assert len(filled(still)) == 1
    assert not still.account.holding("XX").is_due
    assert still.account.holding("XX").held == 0.4999


def test_a_margin_call_closes_at_the_next_quote() -> None:
    class Short(Strategy):
        def start(self) -> None:
            self.is_sent = False

        def on_bar(self, bar: Bar) -> float | None:
            self.is_sent, before = True, self.is_sent
            return None if before else -0.6

    path = [touch(10, 9.9, 10.0), touch(70, 9.9, 10.0), touch(130, 21.0, 21.5)]
    called = by_hand(Short, *path, touch(190, 22.0, 22.5), touch(250, 22.0, 23.0))
    assert [one[2] for one in filled(called)] == [9.9, 22.5]
    assert called.account.ledger.fills()[1].reason == "margin_call"
    assert called.account.n_margin_calls == 1
    assert called.result().notes == ("1 margin call: everything was closed",)
    calm = by_hand(Short, *path[:2], touch(130, 11.0, 11.1), touch(190, 11.0, 11.1))
    assert len(filled(calm)) == 1


def test_limits_and_stops_meet_their_side() -> None:
    path = (
        touch(10, 9.9, 10.0),
        touch(61, 9.7, 9.8),
        touch(62, 9.3, 9.6),
        touch(63, 9.4, 9.5),
        touch(64, 10.1, 10.4),
        touch(65, 10.5, 10.6),
    )
    assert filled(by_hand(once(units=5.0, limit=9.5), *path)) == [(63.0, 5.0, 9.5)]
    assert filled(by_hand(once(units=-5.0, limit=10.5), *path)) == [(65.0, -5.0, 10.5)]
    assert filled(by_hand(once(units=5.0, stop=10.5), *path)) == [(65.0, 5.0, 10.6)]
    assert filled(by_hand(once(units=-5.0, stop=9.35), *path)) == [(62.0, -5.0, 9.3)]
    assert filled(by_hand(once(units=5.0, stop=10.3, limit=10.4), *path)) == [(64.0, 5.0, 10.4)]
    assert filled(by_hand(once(units=5.0, limit=9.0), *path)) == []


def test_brackets_close_at_the_other_side() -> None:
    bought = (touch(10, 9.9, 10.0), touch(61, 9.9, 10.0))
    order = {"units": 5.0, "sl": 9.5, "tp": 10.5}
    down = by_hand(once(**order), *bought, touch(62, 9.6, 9.7), touch(63, 9.4, 9.7))
    assert filled(down)[1:] == [(63.0, -5.0, 9.4)]
    up = by_hand(once(**order), *bought, touch(62, 10.4, 10.6), touch(63, 10.5, 10.6))
    assert filled(up)[1:] == [(63.0, -5.0, 10.5)]
    assert [one.reason for one in up.account.ledger.trades()] == ["take_profit"]


def test_orders_that_cannot_be_filled_at_once_end_where_asked() -> None:
    path = (touch(10, 9.9, 10.0), touch(61, 9.9, 10.0, ask_size=2.0), touch(62, 9.9, 10.1))
    assert filled(by_hand(once(units=5.0, tif="ioc"), *path)) == [(61.0, 2.0, 10.0)]
    one_sided = (touch(10, 9.9, 10.0), touch(61, 9.9, 0.0), touch(62, 9.9, 10.1))
    assert filled(by_hand(once(units=5.0, tif="ioc"), *one_sided)) == []
    assert filled(by_hand(once(units=5.0), *one_sided)) == [(62.0, 5.0, 10.1)]
    night = (touch(10, 9.9, 10.0), touch(90_000, 9.0, 9.1), touch(90_100, 9.0, 9.1))
    resting = once(units=5.0, limit=9.05, tif=DAY)
    lower = touch(90_200, 8.9, 9.0)
    assert filled(by_hand(resting, *night, lower)) == []
    assert filled(by_hand(once(units=5.0, limit=9.05), *night, lower)) == [(90_200.0, 5.0, 9.0)]


def test_a_fill_is_told_at_once_and_may_be_answered() -> None:
    class Answers(Strategy):
        def start(self) -> None:
            self.is_sent = False

        def on_bar(self, bar: Bar) -> None:
            if not self.is_sent:
                self.is_sent = True
                self.buy(3.0)

        def on_fill(self, fill: Fill) -> None:
            if fill.units > 0.0:
                self.sell(fill.units)

    seat = by_hand(
        Answers,
        touch(10, 9.9, 10.0),
        touch(61, 9.9, 10.0),
        touch(61.5, 9.8, 10.0),
        touch(62, 9.7, 10.0),
    )
    assert filled(seat) == [(61.0, 3.0, 10.0), (61.5, -3.0, 9.8)]


def test_positions_are_worth_what_they_could_be_closed_at() -> None:
    path = (touch(10, 9.9, 10.0), touch(61, 9.9, 10.0), touch(90, 9.6, 10.2), touch(130, 9.6, 10.2))
    assert by_hand(once(units=10.0), *path).account.equity == 100_000.0 - 10.0 * 10.0 + 10.0 * 9.6
    assert by_hand(once(units=-10.0), *path).account.equity == 100_000.0 + 10.0 * 9.9 - 10.0 * 10.2


def test_days_and_timers_are_heard_before_the_bar() -> None:
    heard: list[tuple[str, float]] = []

    class Hears(Strategy):
        def on_start_of_session(self, time_ns: int) -> None:
            heard.append(("day", time_ns / 1e9))
            self.account.wake(time_ns + 70 * 10**9)

        def on_timer(self, time_ns: int) -> None:
            heard.append(("timer", time_ns / 1e9))

        def on_bar(self, bar: Bar) -> None:
            heard.append(("bar", bar.time_ns / 1e9))

    by_hand(Hears, *(touch(second, 9.9, 10.0) for second in (10, 70, 130, 190, 86_410, 86_470)))
    assert heard == [
        ("day", 60.0), ("bar", 60.0), ("bar", 120.0), ("timer", 180.0), ("bar", 180.0),
        ("bar", 240.0), ("day", 86_460.0), ("bar", 86_460.0),
    ]  # fmt: skip


def test_a_target_that_is_asked_again_is_not_sent_again() -> None:
    class Steady(Strategy):
        def on_bar(self, bar: Bar) -> float:
            return 0.5

    path = [touch(60 * minute + 10, 9.9, 10.0 + minute) for minute in range(6)]
    late = by_hand(Steady, *path, latency_ns=90 * 10**9)
    assert filled(late)[0][::2] == (190.0, 13.0)


def test_the_drawdown_is_the_deepest_of_all_bars() -> None:
    path = [
        touch(60 * minute + 10, bid, bid + 0.1) for minute, bid in enumerate((10, 10, 5, 20, 20))
    ]
    seat = by_hand(once(units=1_000.0), *path)
    assert seat.account.equity > seat.account.terms.cash
    assert seat.drawdown == pytest.approx(1_000.0 * (10.1 - 5.0) / 100_000.0)
    assert seat.peak == seat.account.equity
