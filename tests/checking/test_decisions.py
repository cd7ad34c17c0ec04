"""Where two runs part: the first row and field, to the last bit."""

from __future__ import annotations

from array import array
from math import nan, nextafter

from engine.backtesting.orders import Fill
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.checking.cuts import cut_times, spread
from engine.checking.decisions import (
    CANCEL,
    NOTHING,
    ORDER,
    TARGET,
    WAKE,
    Column,
    Decision,
    Event,
    Log,
    first_difference,
)
from engine.checking.subject import StrategySubject
from engine.market.bars import Bar
from tests.checking.markets import market

LATER = 1 << 62


def log(*made: tuple[int, Decision]) -> Log:
    found = Log()
    for time, decision in made:
        found.add(Event(time, "A", time), decision)
    return found


def target(part: float) -> Decision:
    return Decision(TARGET, "A", (part,))


def order(units: float, limit: float, tif: str = "gtc") -> Decision:
    return Decision(ORDER, "A", (units, limit, 0.0, 0.0, 0.0, tif))


def test_equal_runs_do_not_part() -> None:
    one = log((1, target(1.0)), (2, target(nan)), (3, order(5.0, 9.5)))
    assert (
        first_difference(one, log((1, target(1.0)), (2, target(nan)), (3, order(5.0, 9.5))), LATER)
        is None
    )


def test_one_bit_is_a_difference() -> None:
    close = nextafter(0.1, 1.0)
    found = first_difference(log((4, target(0.1))), log((4, target(close))), LATER)
    assert found is not None
    assert (found.event.row, found.field, found.was, found.became) == (4, "target", 0.1, close)
    assert found.is_rounding
    assert first_difference(log((4, target(0.0))), log((4, target(-0.0))), LATER) is not None


def test_the_field_of_an_order_is_named() -> None:
    for other, field in ((order(6.0, 9.5), "units"), (order(5.0, 9.0), "limit"),
                         (order(5.0, 9.5, "day"), "time in force")):  # fmt: skip
        found = first_difference(log((1, order(5.0, 9.5))), log((1, other)), LATER)
        assert found is not None
        assert found.field == field
        assert not found.is_rounding


def test_what_is_missing_or_added_is_told_at_its_own_row() -> None:
    full = log((1, target(1.0)), (5, target(0.0)))
    lost = first_difference(full, log((5, target(0.0))), LATER)
    assert lost is not None
    assert (lost.event.row, lost.was, lost.became) == (1, 1.0, NOTHING)
    added = first_difference(log((5, target(0.0))), full, LATER)
    assert added is not None
    assert (added.event.row, added.was) == (1, NOTHING)
    short = first_difference(full, log((1, target(1.0))), LATER)
    assert short is not None
    assert short.event.row == 5
    long = first_difference(log((1, target(1.0))), full, LATER)
    assert long is not None
    assert (long.event.row, long.became) == (5, 0.0)


def test_another_kind_is_told_in_words() -> None:
    cancel = Decision(CANCEL, "A", (3,))
    found = first_difference(log((1, order(5.0, 9.5))), log((1, cancel)), LATER)
    assert found is not None
    assert (found.field, found.was) == (ORDER, "order A units 5, limit 9.5, time in force gtc")
    assert found.became == "cancel A order to cancel 3"


def test_only_what_came_before_counts() -> None:
    one, two = log((1, target(1.0)), (2, target(1.0))), log((1, target(1.0)), (2, target(0.5)))
    assert first_difference(one, two, 1) is None
    assert first_difference(one, two, 2) is not None
    assert one.until(0) == 0
    assert one.until(1) == 1
    assert one.until(9) == 2


def test_a_run_ends_where_nothing_more_is_asked() -> None:
    heard = []

    class Hears(Strategy):
        def on_bar(self, bar: Bar) -> float:
            heard.append(bar.time_ns)
            return 0.5

    data = market(50, ("AAA",))
    cut = data.bars["AAA"].time_ns[9]
    subject = StrategySubject("it", Hears, lambda strategy, data: run(strategy, data, Terms()))
    assert len(subject.play(data, cut)) == len(heard) == 10


def test_what_fills_and_timers_decide_counts_for_the_next_bar() -> None:
    """A fill at the open of a bar is known with the bar: it may hang on what the bar did."""

    class Answers(Strategy):
        def start(self) -> None:
            self.account.wake(1)
            self.is_sent = False

        def on_bar(self, bar: Bar) -> None:
            if not self.is_sent:
                self.is_sent = True
                self.buy(2.0)

        def on_fill(self, fill: Fill) -> None:
            if fill.units > 0.0:
                self.sell(fill.units, limit=1e6)

        def on_timer(self, time_ns: int) -> None:
            self.target(nan)

        def on_start_of_session(self, time_ns: int) -> None:
            self.account.wake(1 << 61)

    data = market(50, ("AAA",))
    made = StrategySubject("it", Answers, lambda strategy, data: run(strategy, data, Terms())).play(
        data
    )
    kinds = [(event.row, one.kind) for event, one in zip(made.events, made.decisions, strict=True)]
    sessions = [row for row, kind in kinds if kind == WAKE and row > 1]
    assert [one for one in kinds if one[0] not in sessions] == [
        (0, WAKE), (1, WAKE), (1, TARGET), (1, ORDER), (2, ORDER),
    ]  # fmt: skip
    assert len(sessions) == 2  # the days that begin in 50 hours


def test_columns_part_where_the_earliest_symbol_does() -> None:
    stamps = array("q", [10, 20, 30])

    def columns(first: list[float], second: list[float]) -> Log:
        return Log(
            columns={
                "A": Column(stamps, array("d", first)),
                "B": Column(stamps, array("d", second)),
            }
        )

    full = columns([1.0, nan, 3.0], [1.0, 2.0, 3.0])
    assert first_difference(full, columns([1.0, nan, 9.0], [1.0, 2.0, 3.0]), 20) is None
    found = first_difference(full, columns([1.0, nan, 9.0], [1.0, 9.0, 3.0]), 30)
    assert found is not None
    assert (found.symbol, found.event.row) == ("B", 2)
    found = first_difference(full, columns([1.0, 9.0, 9.0], [1.0, 2.0, 9.0]), 30)
    assert found is not None
    assert (found.symbol, found.event.row) == ("A", 2)


def test_cuts_lie_first_evenly_and_at_decisions() -> None:
    data = market(200)
    stamps = data.bars["AAA"].time_ns
    full = Log()
    full.add(Event(stamps[150], "AAA", 151), target(1.0))
    full.add(Event(stamps[170], "AAA", 171), target(1.0))
    full.add(Event(stamps[180], "AAA", 181), target(0.0))
    cuts = cut_times(data, full, 4, 3, 40)
    rows = [stamps.index(time) for time in cuts]
    assert rows == [0, 1, 2, 48, 98, 148, 149, 150, 179, 180, 198]
    assert stamps[199] not in cuts


def test_values_are_spread_with_the_last_among_them() -> None:
    assert spread(list(range(10)), 3) == [2, 5, 9]
    assert spread([1, 2], 5) == [1, 2]
    assert spread([1, 2], 0) == []
