"""What is kept of packages that change no more is what would be worked out anew."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from sample_plans import DELTAS, sample
from test_trader_events import messages
from test_trader_path import Desk

from engine.execution.broker import Fee, Fill
from engine.execution.pnl import day_pnl, earned, rest_value


def checked(desk: Desk) -> None:
    """Compare what is kept with what is worked out anew."""
    state, now = desk.trader.state, desk.clock.now_ns()
    kept, exposure = day_pnl(state, now), state.exposure(now, 0.0)
    fresh = []
    for trade in state.trades.values():
        locked = earned(trade, state.executions).locked
        if locked != locked:  # not whole: a loss at the prices of the plan
            money, rest = earned(trade, state.executions), rest_value(trade, state.executions)
            locked = min(
                0.0, math.fsum((money.cash, -money.fees, -money.pending, money.worst, rest))
            )
        fresh.append(locked)
    assert kept == math.fsum(fresh)
    for trade in state.trades.values():  # forget what is kept of each
        state._touch(trade)
    assert exposure == state.exposure(now, 0.0)
    assert kept == day_pnl(state, now)


@pytest.mark.parametrize("step", [36, pytest.param(1, marks=pytest.mark.long)])
def test_after_every_message_what_is_kept_is_right(step: int) -> None:
    seen = set()
    for order in tuple(permutations(range(6)))[::step]:
        desk = Desk()
        ref = next(iter(desk.trader.begin(sample("vertical", 2), DELTAS["vertical"]).sent))
        said = messages(ref)
        for place in order:
            desk.trader.on_event(said[place])
            checked(desk)
        seen.add(day_pnl(desk.trader.state, desk.clock.now_ns()))
    assert len(seen) == 1


def test_a_late_correction_and_a_late_fee_of_a_package_that_is_over_count() -> None:
    desk = Desk()
    ref = next(iter(desk.trader.begin(sample("vertical", 2), DELTAS["vertical"]).sent))
    for message in messages(ref):
        desk.trader.on_event(message)
    checked(desk)
    before = day_pnl(desk.trader.state, desk.clock.now_ns())
    first = messages(ref)[1]
    assert isinstance(first, Fill)
    # The same contract a cent dearer: two contracts of a hundred shares.
    desk.trader.on_event(first._replace(execution="a.0.02", price=first.price + 0.01))
    checked(desk)
    now = desk.clock.now_ns()
    assert day_pnl(desk.trader.state, now) == pytest.approx(before - 2.0, abs=1e-9)
    desk.trader.on_event(Fee("a.0.02", 2.4))
    checked(desk)
    assert day_pnl(desk.trader.state, now) == pytest.approx(before - 3.0, abs=1e-9)
