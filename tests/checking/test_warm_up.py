"""How many bars are needed: known rules, whose need can be said beforehand."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from engine.backtesting.data import Data
from engine.backtesting.orders import Order
from engine.backtesting.parameters import build
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.checking.check import WARM_UP, Effort, check, full_run
from engine.checking.report import BIASED, CLEAN, NOTED
from engine.checking.subject import FunctionSubject, StrategySubject, Subject
from engine.checking.warm_up import WarmUp, warm_up
from engine.market.bars import Bar, Bars
from tests.checking import honest
from tests.checking.markets import market

DATA = market(200, ("AAA",))


def subject_of(kind: type[Strategy], declares: int | None = None) -> Subject:
    def host(strategy: Strategy, data: Data) -> object:
        return run(strategy, data, Terms(cash=50_000.0))

    return StrategySubject(kind.__name__, partial(build, kind), host, declares)


def measured(subject: Subject) -> WarmUp:
    return warm_up(subject, DATA, full_run(subject, DATA))


def mean_of(length: int) -> Any:
    def rule(bars: Bars) -> list[float]:
        return [
            sum(bars.close[row - length + 1 : row + 1]) / length if row + 1 >= length else 0.0
            for row in range(len(bars))
        ]

    return rule


@pytest.mark.parametrize("length", [1, 7, 30])
def test_a_window_needs_its_length_less_one(length: int) -> None:
    found = measured(FunctionSubject("mean", mean_of(length)))
    assert found.needs == length - 1
    assert found.acts_from == length


def test_a_strategy_needs_the_same_as_its_function() -> None:
    found = measured(subject_of(honest.Cross))
    assert (found.needs, found.acts_from) == (19, 20)


def test_what_hangs_on_all_bars_never_settles() -> None:
    found = measured(FunctionSubject("expanding", honest.expanding_z))
    assert found.needs is None
    assert found.trouble == ""


class ByTheAccount(Strategy):
    """Decides by what the account holds: with another account it would decide otherwise."""

    def on_bar(self, bar: Bar) -> None:
        if self.position() < 40.0 and bar.close > bar.open:
            self.buy(1.0 + self.equity / 1e6)
        elif self.position() >= 40.0:
            self.close()


def test_another_account_is_no_warm_up() -> None:
    """Late starts see the recorded account: other money and positions play no part."""
    assert measured(subject_of(ByTheAccount)).needs == 0
    assert measured(subject_of(honest.Brackets)).needs == 1


class OwnOrders(Strategy):
    """Knows its orders by their numbers; a late start finds some that it has not sent."""

    def start(self) -> None:
        self.mine: dict[int, float] = {}

    def on_bar(self, bar: Bar) -> None:
        for order in self.orders():
            if bar.close > 1.02 * self.mine[order.number]:
                self.cancel(order)
        if bar.close > bar.open:
            order = self.buy(1.0, limit=0.97 * bar.close)
            self.mine[order.number] = bar.close


def test_a_late_start_that_fails_is_told_and_no_bias() -> None:
    subject = subject_of(OwnOrders)
    found = measured(subject)
    assert found.needs is None
    assert "KeyError" in found.trouble
    assert verdict(subject)[0] == NOTED


class Renews(Strategy):
    """Cancels the order of the bar before, which a late start knows from its second bar on."""

    def start(self) -> None:
        self.last: Order | None = None

    def on_bar(self, bar: Bar) -> None:
        if self.last is not None:
            self.cancel(self.last)
        self.last = self.buy(1.0, limit=0.5 * bar.close)


def test_an_order_that_is_sent_again_is_the_recorded_one() -> None:
    assert measured(subject_of(Renews)).needs == 1


def verdict(subject: Subject) -> tuple[str, str]:
    full = full_run(subject, DATA)
    few = Effort(1, 1, 0)
    (found,) = (one for one in check(subject, DATA, full, effort=few) if one.question == WARM_UP)
    return found.status, found.said


def test_who_declares_too_few_is_biased() -> None:
    rule = mean_of(30)
    assert verdict(FunctionSubject("mean", rule, warm_up=10)) == (
        BIASED,
        "needs 29 bars, declares 10",
    )
    assert verdict(FunctionSubject("mean", rule, warm_up=29))[0] == CLEAN
    assert verdict(subject_of(honest.Cross, 5)) == (BIASED, "needs 19 bars, declares 5")
    assert verdict(FunctionSubject("expanding", honest.expanding_z))[0] == NOTED
