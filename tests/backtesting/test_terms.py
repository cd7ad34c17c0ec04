"""What orders cost, what may be sold short, what is called, how sizes and prices are rounded."""

from __future__ import annotations

from array import array
from dataclasses import replace
from math import nan

import pytest

from engine.backtesting.data import Data
from engine.backtesting.orders import Fill
from engine.backtesting.run import run
from engine.backtesting.terms import Terms
from engine.errors import UsageError
from engine.market.bars import Bars
from engine.market.fees import FeeSchedule
from kernels_pure.fills import units_at_risk
from tests.backtesting.scripted import HOUR, QUIET, RICH, Row, Script, Step, bars, play, send, told

DAY_NS = 24 * HOUR
LOOSE = replace(
    RICH, initial_margin=1.0, maintenance_margin=1.0, initial_equity=0.0, maintenance_equity=0.0
)  # fmt: skip


def fills_of(*rows: Row, terms: Terms, **order: float) -> list[Fill]:
    units = order.pop("units", 10.0)
    return list(play(send(units, **order), QUIET, *rows, terms=terms).fills)


def test_fees_by_value_by_unit_and_by_order() -> None:
    terms = Terms(fee_rate=0.01, fee_unit=0.5, fee_order=3.0)
    (fill,) = fills_of((20.0,) * 4, terms=terms)
    assert fill.fee == 3.0 + 10.0 * (0.5 + 0.01 * 20.0)
    found = play(send(10.0), QUIET, (20.0,) * 4, terms=terms)
    assert found.cash[-1] == 10_000.0 - 200.0 - fill.fee
    assert found.fees == fill.fee


def test_fees_of_a_broker() -> None:
    schedule = FeeSchedule(stock_per_share=0.005, stock_minimum=1.0, stock_cap=0.005)
    (small,) = fills_of((20.0,) * 4, terms=Terms(fees=schedule))
    (large,) = fills_of((20.0,) * 4, terms=Terms(fees=schedule), units=400.0)
    assert (small.fee, large.fee) == (1.0, 2.0)


def test_a_share_of_the_equity_leaves_nothing_after_a_brokers_fees() -> None:
    terms = Terms(fees=FeeSchedule(), fee_rate=0.001, slippage_rate=0.01)
    found = play(lambda one: one.target(1.0), QUIET, QUIET, terms=terms)
    (fill,) = found.fills
    assert fill.units > 980.0
    # The fee per share is more than the minimum here, for which room was kept.
    assert 0.0 <= found.cash[-1] <= 1.0 + 1e-9
    assert found.notes == ()


def test_slippage_and_half_the_spread_are_paid_at_the_market_and_not_at_limits() -> None:
    terms = Terms(slippage_rate=0.01, slippage_price=0.25, spread=0.5)
    at = (20.0, 21.0, 19.0, 20.0)
    (bought,) = fills_of(at, terms=terms)
    (sold,) = fills_of(at, terms=terms, units=-10.0)
    (stopped,) = fills_of(at, terms=terms, stop=20.5)
    (limited,) = fills_of(at, terms=terms, limit=19.5)
    assert (bought.price, sold.price) == (20.0 * 1.01 + 0.5, 20.0 * 0.99 - 0.5)
    assert stopped.price == 20.5 * 1.01 + 0.5
    assert limited.price == 19.5
    # A stop-limit is a limit, however fast the price goes.
    (both,) = fills_of(at, terms=terms, stop=20.5, limit=20.7)
    assert both.price == 20.7
    entry, left = fills_of(at, terms=terms, limit=19.5, sl=19.25)
    assert (entry.price, left.price) == (19.5, pytest.approx(19.25 * 0.99 - 0.5))


def test_units_are_rounded_to_lots_towards_nothing() -> None:
    terms = replace(LOOSE, lot=5.0, lots={"TWO": 1.0})
    assert [one.units for one in fills_of(QUIET, terms=terms, units=17.0)] == [15.0]
    assert [one.units for one in fills_of(QUIET, terms=terms, units=-17.0)] == [-15.0]
    refused = play(send(4.0), QUIET, QUIET, terms=terms)
    assert (refused.fills, refused.notes) == ((), ("1 order refused: smaller than a lot",))
    target = play(lambda one: one.target(1.0), QUIET, QUIET, terms=replace(terms, units=17.0))
    assert [one.units for one in target.fills] == [15.0]
    assert (terms.lot_of("ONE"), terms.lot_of("TWO")) == (5.0, 1.0)


def test_prices_are_rounded_to_ticks_to_the_safe_side() -> None:
    terms = replace(LOOSE, tick=0.25, slippage_price=0.1)
    at = (10.0, 12.0, 8.0, 10.0)
    assert [one.price for one in fills_of(at, terms=terms)] == [10.25]
    assert [one.price for one in fills_of(at, terms=terms, units=-10.0)] == [9.75]
    assert [one.price for one in fills_of(at, terms=terms, limit=9.4)] == [9.25]
    assert [one.price for one in fills_of(at, terms=terms, limit=10.6, units=-10.0)] == [10.75]
    # The stop itself is rounded away from the price, then slips, then is rounded again.
    assert [one.price for one in fills_of(at, terms=terms, stop=11.1)] == [11.5]


def test_fills_take_their_share_of_the_volume_and_the_rest_waits() -> None:
    terms = replace(LOOSE, participation=0.1, fee_order=1.0)
    rows = [(10.0, 10.0, 10.0, 10.0, volume) for volume in (40.0, 0.0, 25.0, 1000.0)]
    found = play(send(10.0), QUIET, *rows, terms=terms)
    assert told(found) == [(1, 4.0, 10.0, "market"), (3, 2.5, 10.0, "market"),
                           (4, 3.5, 10.0, "market")]  # fmt: skip
    assert found.n_orders == 1
    target = play(lambda one: one.target(1.0), QUIET, *rows, terms=terms)
    assert [units for _, units, *_ in told(target)] == [4.0, 2.5, 3.5]
    whole = play(send(10.0), QUIET, *rows, terms=replace(terms, lot=1.0))
    assert [units for _, units, *_ in told(whole)] == [4.0, 2.0, 4.0]
    at_once = play(send(10.0, tif="ioc"), QUIET, *rows, terms=terms)
    assert [units for _, units, *_ in told(at_once)] == [4.0]


THIN = [(10.0, 10.0, 10.0, 10.0, volume) for volume in (40.0, 40.0, 1000.0)]


@pytest.mark.parametrize("step", [send(10.0), lambda one: one.target(1.0)], ids=["order", "target"])
def test_an_order_that_fills_in_parts_pays_its_minimum_once(step: Step) -> None:
    schedule = FeeSchedule(stock_per_share=0.2, stock_minimum=1.0, stock_cap=1.0)
    terms = replace(LOOSE, participation=0.1, fees=schedule, fee_order=3.0)
    found = play(step, QUIET, *THIN, terms=terms)
    assert [one.units for one in found.fills] == [4.0, 4.0, 2.0]
    # 0.80 of commission is raised to 1; 1.60 and 2 of the first and the others are above it.
    assert [one.fee for one in found.fills] == pytest.approx([4.0, 0.6, 0.4])
    assert (found.n_orders, len({one.order for one in found.fills})) == (1, 1)
    assert found.fees == pytest.approx(5.0)


def test_the_rest_of_an_order_pays_as_a_new_one_on_another_day() -> None:
    terms = replace(LOOSE, participation=0.1, fee_order=3.0)
    rows = [QUIET] * 22
    found = play({21: send(10.0)}, *rows, *THIN, terms=terms)
    assert [(one.time_ns // HOUR, one.fee) for one in found.fills] == [
        (23, 3.0), (24, 0.0), (25, 3.0),
    ]  # fmt: skip


def test_a_reversal_in_parts_is_two_orders() -> None:
    terms = replace(LOOSE, participation=0.1, fee_order=3.0)
    steps: dict[int, Step] = {0: lambda one: one.target(0.5), 1: lambda one: one.target(-0.5)}
    found = play(steps, QUIET, QUIET, *THIN, THIN[-1], terms=terms)
    assert [(one.units, one.fee) for one in found.fills] == [
        (5.0, 3.0), (-4.0, 3.0), (-1.0, 0.0), (-3.0, 3.0), (-2.0, 0.0),
    ]  # fmt: skip


def test_a_target_that_is_taken_back_half_way_leaves_nothing() -> None:
    terms = replace(LOOSE, participation=0.1)
    steps: dict[int, Step] = {0: lambda one: one.target(1.0), 1: lambda one: one.target(0.0)}
    assert told(play(steps, QUIET, *THIN, terms=terms)) == [
        (1, 4.0, 10.0, "target"), (2, -4.0, 10.0, "target"),
    ]  # fmt: skip


def test_a_target_asked_for_again_after_another_is_a_new_order() -> None:
    terms = replace(LOOSE, participation=0.1, fee_order=3.0)
    kept: dict[int, Step] = {
        0: lambda one: one.target(1.0), 1: lambda one: one.target(nan),
        2: lambda one: one.target(1.0),
    }  # fmt: skip
    found = play(kept, QUIET, *THIN, terms=terms)
    assert [(one.units, one.fee) for one in found.fills] == [(4.0, 3.0), (6.0, 3.0)]


def test_a_stop_loss_that_finds_little_volume_goes_on_at_the_market() -> None:
    terms = replace(LOOSE, participation=0.1)
    steps = {0: send(10.0, sl=9.0, tp=12.0)}
    rows = [(10.0, 10.0, 10.0, 10.0), (9.5, 9.5, 8.0, 9.2, 60.0), (9.6, 9.8, 9.6, 9.7)]
    found = play(steps, QUIET, *rows, terms=terms)
    assert told(found) == [(1, 10.0, 10.0, "market"), (2, -6.0, 9.0, "stop_loss"),
                           (3, -4.0, 9.6, "stop_loss")]  # fmt: skip
    (trade,) = found.trades
    assert (trade.units, trade.exit) == (10.0, pytest.approx((54.0 + 38.4) / 10.0))


def test_orders_of_one_bar_share_its_volume() -> None:
    terms = replace(LOOSE, participation=0.1)

    def both(one: object) -> None:
        send(6.0)(one)  # type: ignore[arg-type]
        send(6.0)(one)  # type: ignore[arg-type]

    found = play(both, QUIET, (10.0, 10.0, 10.0, 10.0, 80.0), QUIET, terms=terms)
    assert [(one.order, one.units) for one in found.fills] == [(1, 6.0), (2, 2.0), (2, 4.0)]


def test_a_short_pays_the_borrow_fee_for_every_night() -> None:
    terms = Terms(borrow_rate=0.365)
    rows = [QUIET] * (24 * 3)
    found = play({0: send(-100.0)}, *rows, terms=terms)
    # A bar that closes at midnight is of the day that ends: there are two nights of 1,000.
    assert found.borrow_fees == pytest.approx(2 * 100.0 * 10.0 * 0.365 / 365.0)
    assert found.equity[-1] == 10_000.0 - found.borrow_fees
    assert play({0: send(100.0)}, *rows, terms=terms).borrow_fees == 0.0
    closed = play({0: send(-100.0), 30: lambda one: one.close()}, *rows, terms=terms)
    (trade,) = closed.trades
    assert (closed.borrow_fees, trade.gain) == (pytest.approx(1.0), pytest.approx(-1.0))


def test_a_short_pays_for_every_night_of_a_weekend() -> None:
    terms = Terms(borrow_rate=0.365)
    one = bars(*[QUIET] * 3)
    gap = Bars(array("l", [HOUR, 2 * HOUR, 2 * HOUR + 3 * DAY_NS]), *(
        getattr(one, name) for name in ("open", "high", "low", "close", "volume")
    ))  # fmt: skip
    strategy = Script()
    strategy.steps = {0: send(-100.0)}
    found = run(strategy, Data({"ONE": gap}, HOUR, ""), terms)
    assert found.borrow_fees == pytest.approx(3.0)


def test_what_may_not_be_sold_short_is_refused() -> None:
    terms = replace(RICH, can_short=False)
    found = play(send(-1.0), QUIET, QUIET, terms=terms)
    assert (found.fills, found.notes) == (
        (), ("1 order refused: short sales are not allowed",),
    )  # fmt: skip
    steps = {0: lambda one: one.target(1.0), 1: lambda one: one.target(-1.0)}
    held = play(steps, *[QUIET] * 4, terms=terms)
    assert told(held) == [(1, 10.0, 10.0, "target"), (2, -10.0, 10.0, "target")]
    assert held.notes == ("1 order refused: short sales are not allowed",)


@pytest.mark.parametrize(("units", "accepted"), [(1000.0, True), (1001.0, False),
                                                 (-2000.0, True), (-2001.0, False)])  # fmt: skip
def test_what_the_equity_does_not_carry_is_refused(units: float, accepted: bool) -> None:
    """10,000 buys 1,000 at 10; sold short, 150 % of 20,000 is what 10,000 and the sale give."""
    found = play(send(units), QUIET, QUIET, terms=Terms())
    assert len(found.fills) == int(accepted)
    assert found.notes == (() if accepted else ("1 order refused: not enough equity",))


def test_half_of_a_purchase_may_be_lent() -> None:
    terms = Terms(initial_equity=0.5)
    assert len(play(send(2000.0), QUIET, QUIET, terms=terms).fills) == 1
    assert play(send(2001.0), QUIET, QUIET, terms=terms).fills == ()


def test_a_margin_call_closes_everything_at_the_next_open() -> None:
    """2,000 short at 10: 30,000 of cash, called where that is below 130 % of their value."""
    edge = 30_000.0 / 1.3 / 2000.0
    calm = (10.0, edge - 0.001, 10.0, edge - 0.001)
    hot = (10.0, edge + 0.001, 10.0, edge + 0.001)
    steps = {0: send(-2000.0, tp=5.0), 2: send(-1.0, limit=20.0)}
    kept = play(steps, QUIET, QUIET, calm, QUIET, terms=Terms())
    assert (len(kept.fills), kept.notes) == (1, ())
    found = play(steps, QUIET, QUIET, hot, (12.0, 30.0, 4.0, 12.0), QUIET, terms=Terms())
    assert told(found)[1] == (3, 2000.0, 12.0, "margin_call")
    assert found.notes == ("1 margin call: everything was closed",)
    # Its bracket is gone; what was sent after the call counts.
    assert told(found)[2:] == [(3, -1.0, 20.0, "limit")]
    (trade,) = found.trades
    assert (trade.reason, trade.gain) == ("margin_call", -4000.0)


def test_a_long_position_on_credit_is_called_too() -> None:
    """2,000 at 10 with 10,000 lent: called where equity is below a quarter of their value."""
    terms = Terms(initial_equity=0.5)
    for low, count in ((6.67, 1), (6.66, 2)):
        rows = [QUIET, QUIET, (low, low, low, low), (6.0,) * 4]
        assert len(play(send(2000.0), *rows, terms=terms).fills) == count


def test_units_by_risk() -> None:
    assert units_at_risk(10_000.0, 0.01, 10.0, 9.5) == 200.0
    assert units_at_risk(10_000.0, 0.01, 10.0, 10.5) == -200.0
    assert units_at_risk(10_000.0, 0.01, 10.0, 10.0) == 0.0
    assert units_at_risk(-1.0, 0.01, 10.0, 9.0) == 0.0


@pytest.mark.parametrize(
    ("order", "complaint"),
    [
        ({"units": 0.0}, "must buy or sell"),
        ({"units": float("nan")}, "must buy or sell"),
        ({"limit": -1.0}, "limit=-1.0 of an order for ONE"),
        ({"sl": float("inf")}, "sl=inf"),
        ({"tp": float("nan")}, "tp=nan"),
        ({"tif": "gtd"}, "it is day, gtc, ioc"),
        ({"symbol": "TOW"}, "no symbol 'TOW'"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(order: dict[str, object], complaint: str) -> None:
    units = order.pop("units", 1.0)
    with pytest.raises(UsageError, match=complaint):
        play(lambda one: one.buy(units, **order), QUIET, QUIET)  # type: ignore[arg-type]


def test_a_target_that_is_no_number_is_refused() -> None:
    with pytest.raises(UsageError, match="a target is a finite number"):
        play(lambda one: one.target(float("inf")), QUIET, QUIET)
