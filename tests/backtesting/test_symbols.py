"""Several symbols in one account: fills, marks, decisions; their order changes nothing."""

from __future__ import annotations

from array import array
from itertools import permutations
from typing import Any

import pytest

from engine.backtesting.data import Data, Dividend, Split
from engine.backtesting.parameters import build
from engine.backtesting.result import Result
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.market.bars import Bar, Bars
from tests.backtesting.mixed import MARKET, Mixed
from tests.backtesting.scripted import HOUR, QUIET, RICH, Script, bars, send, told

DEAR = Terms(
    fee_rate=0.001, fee_order=1.0, slippage_rate=0.0005, borrow_rate=0.05, participation=0.5,
    lot=0.01, tick=0.01,
)  # fmt: skip
ACTIONS = (Split("BBB", 100 * HOUR, 2.0), Dividend("AAA", 150 * HOUR, 0.5))


def all_of(result: Result) -> tuple[Any, ...]:
    return (
        result.time_ns, result.equity, result.high_equity, result.cash, result.invested,
        result.fills, result.trades, result.n_orders, result.n_ambiguous, result.notes,
    )  # fmt: skip


def test_the_order_of_symbols_changes_nothing() -> None:
    found = [
        run(build(Mixed), Data({name: MARKET[name] for name in order}, HOUR, "", ACTIONS), DEAR)
        for order in list(permutations(MARKET))[::5]
    ]
    assert all(all_of(one) == all_of(found[0]) for one in found)
    assert len(found[0].trades) > 20
    assert found[0].n_ambiguous > 0
    assert len({one.symbol for one in found[0].fills}) == 4
    assert [one.symbols for one in found[:2]] == [("AAA", "BBB", "CCC", "DDD"),
                                                  ("AAA", "DDD", "CCC", "BBB")]  # fmt: skip


class Turns(Strategy):
    """Holds this part of the account in a symbol after each bar, and notes what it sees."""

    def start(self) -> None:
        self.seen: list[tuple[int, str, float, float]] = []

    def on_bar(self, bar: Bar) -> float:
        self.seen.append((bar.time_ns // HOUR, bar.symbol, self.equity, self.position(bar.symbol)))
        return 0.5


def test_at_one_instant_all_fills_come_before_all_marks_before_all_decisions() -> None:
    """Both targets of half the account are sized at the opens, before either close is known."""
    one = bars(QUIET, (10.0, 20.0, 10.0, 20.0))
    two = bars(QUIET, (20.0, 20.0, 5.0, 5.0))
    strategy = Turns()
    found = run(strategy, Data({"TWO": two, "ONE": one}, HOUR, ""), Terms())
    assert told(found) == [(1, 500.0, 10.0, "target"), (1, 250.0, 20.0, "target")]
    equity = 10_000.0 + 500.0 * 10.0 - 250.0 * 15.0
    assert strategy.seen[2:] == [(2, "ONE", equity, 500.0), (2, "TWO", equity, 250.0)]
    assert strategy.symbols == ("TWO", "ONE")


def test_a_symbol_without_a_bar_keeps_its_last_close_and_fills_nothing() -> None:
    one = bars(QUIET, QUIET, QUIET, (12.0,) * 4)
    late = bars((20.0,) * 4, (21.0,) * 4, first_ns=2 * HOUR)
    gap = Bars(*(array(column.typecode, [column[0], column[1]]) for column in
                 (array("l", [HOUR, 4 * HOUR]), late.open, late.high, late.low, late.close,
                  late.volume)))  # fmt: skip
    strategy = Script()
    strategy.steps = {1: send(10.0, symbol="TWO")}
    found = run(strategy, Data({"ONE": one, "TWO": gap}, HOUR, ""), RICH)
    assert told(found) == [(3, 10.0, 21.0, "market")]
    assert list(found.time_ns) == [HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR]


def test_a_run_over_one_symbol_is_the_run_over_several_of_which_one_does_nothing() -> None:
    class OnlyFirst(Mixed):
        def on_bar(self, bar: Bar) -> None:
            if bar.symbol == "AAA":
                super().on_bar(bar)

    alone = run(build(OnlyFirst), Data({"AAA": MARKET["AAA"]}, HOUR, "", ACTIONS), DEAR)
    beside = Data({"AAA": MARKET["AAA"], "CCC": MARKET["CCC"]}, HOUR, "", ACTIONS)
    assert all_of(run(build(OnlyFirst), beside, DEAR)) == all_of(alone)
    assert len(alone.trades) > 5


@pytest.mark.parametrize(("seed", "is_same"), [(0, True), (1, False)])
def test_chance_is_that_of_the_seed(seed: int, is_same: bool) -> None:
    market = Data({"AAA": MARKET["AAA"]}, HOUR, "")
    found = run(build(Mixed), market, DEAR, seed=seed)
    assert (all_of(found) == all_of(run(build(Mixed), market, DEAR))) == is_same


@pytest.mark.parametrize(("first", "second"), [("ONE", "TWO"), ("TWO", "ONE")])
def test_the_cash_of_one_symbol_is_not_that_of_another(first: str, second: str) -> None:
    """Each takes 60 % of the cash on credit of half; the third order finds too little equity."""
    market = Data({"ONE": bars(*[QUIET] * 4), "TWO": bars(*[QUIET] * 4)}, HOUR, "")
    strategy = Script()
    strategy.steps = {
        0: send(900.0, symbol=first), 2: send(900.0, symbol=second), 4: send(300.0, symbol=first),
    }  # fmt: skip
    found = run(strategy, market, Terms(initial_equity=0.5))
    assert [(one.symbol, one.units) for one in found.fills] == [(first, 900.0), (second, 900.0)]
    assert found.notes == ("1 order refused: not enough equity",)


def test_a_margin_call_closes_every_symbol() -> None:
    """Short 900 of each at 10; at 21 and 10 their margin is more than there is."""
    rise = bars(QUIET, QUIET, (10.0, 21.0, 10.0, 21.0), (20.0,) * 4)
    market = Data({"ONE": bars(*[QUIET] * 4), "TWO": rise}, HOUR, "")
    strategy = Script()
    strategy.steps = {0: send(-900.0, symbol="ONE"), 1: send(-900.0, symbol="TWO")}
    found = run(strategy, market, Terms())
    assert [(one.symbol, one.units, one.price, one.reason) for one in found.fills[2:]] == [
        ("ONE", 900.0, 10.0, "margin_call"), ("TWO", 900.0, 20.0, "margin_call"),
    ]  # fmt: skip
    calm = Data({"ONE": bars(*[QUIET] * 4), "TWO": bars(*[QUIET] * 4)}, HOUR, "")
    assert len(run(strategy, calm, Terms()).fills) == 2
