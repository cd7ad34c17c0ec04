"""A seat at a broker: with a broker that fills at the touch at once it is paper, fill for fill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from engine.backtesting.data import Data
from engine.backtesting.orders import AT_ONCE, STOP_LOSS, Fill
from engine.backtesting.parameters import build
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.errors import BadDataError, UsageError
from engine.market.bars import Bar
from engine.paper.broker_seat import BrokerSeat, Held
from engine.paper.desk import Desk
from engine.paper.events import Touch
from engine.paper.seats import QuoteSeat
from tests.checking.markets import market

SECOND = 10**9
TERMS = Terms(cash=50_000.0, fee_rate=0.0005, fee_order=1.0, lot=1.0)
DATA = Data({name: market(1).bars["AAA"] for name in ("AAA", "BBB")}, 30 * SECOND, "test")


class Mixed(Strategy):
    """Sends every kind of order, by chance."""

    aims = False

    def start(self) -> None:
        self.told: list[Fill] = []

    def on_bar(self, bar: Bar) -> float | None:
        draw, symbol, price = self.rng.random(), bar.symbol, bar.close
        units = float(self.rng.randint(1, 40))
        if self.aims:
            return self.rng.choice((0.4, -0.4, 0.0)) if draw < 0.3 else None
        if draw < 0.2:
            self.buy(units, limit=price * 0.999, tp=price * 1.004, sl=price * 0.996, symbol=symbol)
        elif draw < 0.3:
            self.sell(units, stop=price * 0.999, symbol=symbol)
        elif draw < 0.4:
            self.buy(units, stop=price * 1.001, limit=price * 1.002, symbol=symbol)
        elif draw < 0.5:
            self.sell(units, tif=AT_ONCE, symbol=symbol)
        elif draw < 0.6:
            self.buy(units, sl=price * 0.998, symbol=symbol)
        elif draw < 0.65:
            for order in self.orders(symbol):
                self.cancel(order)
        return None

    def on_fill(self, fill: Fill) -> None:
        self.told.append(fill)


class Aiming(Mixed):
    """Holds parts of the account, of one symbol.

    Between the two fills of a reversal paper marks no other position, and a broker's seat does:
    with another symbol the second may differ by a share.
    """

    aims = True


def data_of(kind: type[Mixed]) -> Data:
    return replace(DATA, bars={"AAA": DATA.bars["AAA"]}) if kind.aims else DATA


def touches(seed: int, count: int = 3_000) -> Iterator[Touch]:
    draw = Random(seed)
    price = {"AAA": 100.0, "BBB": 40.0}
    for n in range(count):
        symbol = draw.choice(("AAA", "BBB"))
        price[symbol] *= 1.0 + draw.gauss(0.0, 0.0007)
        half = price[symbol] * draw.choice((0.0001, 0.0003))
        yield Touch(n * SECOND, symbol, price[symbol] - half, price[symbol] + half, 1e6, 1e6)


def paper(seed: int, kind: type[Mixed]) -> QuoteSeat:
    seat = QuoteSeat("mixed", build(kind), data_of(kind), TERMS, seed)
    desk = Desk([seat], DATA.interval_ns)
    for touch in touches(seed):
        desk.hear(touch)
    return seat


def brokered(seed: int, kind: type[Mixed], cut: Random | None = None) -> BrokerSeat:
    """Fill each wish at the touch; with `cut` only a part, or nothing, as chance wants."""
    seat = BrokerSeat("mixed", build(kind), data_of(kind), TERMS, seed)
    desk = Desk([seat], DATA.interval_ns)
    for touch in touches(seed):
        desk.hear(touch)
        while touch.symbol in seat.account.holdings:
            wish = seat.wish(touch.symbol, touch.time_ns)
            if wish is None:
                break
            assert seat.wish(touch.symbol, touch.time_ns) is None  # it is being tried
            units = wish.units
            if cut is not None:
                part = cut.choice((0.0, 0.5, 1.0))
                units = float(int(units * part))
            price = touch.ask if units > 0.0 else touch.bid
            if wish.limit:
                assert (wish.limit - price) * units >= 0.0
            fee = seat.account.ledger.costs.of(abs(units), price)
            seat.granted(wish.symbol, units, price, fee if units else 0.0, touch.time_ns)
            if units != wish.units:
                break
    return seat


@pytest.mark.parametrize("kind", [Mixed, Aiming])
@pytest.mark.parametrize("seed", range(12))
def test_a_broker_that_fills_at_once_is_paper(seed: int, kind: type[Mixed]) -> None:
    one, other = paper(seed, kind), brokered(seed, kind)
    expected, made = one.result(), other.result()
    assert len(expected.fills) > 20

    def told(fills: tuple[Fill, ...]) -> list[tuple[object, ...]]:
        # Targets are numbered when they are asked for, here once more than there.
        return [(f.symbol, f.time_ns, f.units, f.price, f.fee, f.reason) for f in fills]

    assert told(made.fills) == told(expected.fills)
    assert made.trades == expected.trades
    assert list(made.equity) == list(expected.equity)
    assert isinstance(one.strategy, Mixed)
    assert isinstance(other.strategy, Mixed)
    assert told(tuple(other.strategy.told)) == told(tuple(one.strategy.told))


@pytest.mark.parametrize("kind", [Mixed, Aiming])
@pytest.mark.parametrize("seed", range(12))
def test_parts_and_nothing_add_up(seed: int, kind: type[Mixed]) -> None:
    seat = brokered(seed, kind, Random(seed))
    ledger = seat.account.ledger
    fills = ledger.fills()
    assert fills
    for holding in seat.account.lines:
        assert holding.units == sum(f.units for f in fills if f.symbol == holding.symbol)
    cash = TERMS.cash
    for fill in fills:
        cash -= fill.units * fill.price + fill.fee
    assert ledger.cash == pytest.approx(cash, abs=1e-6)


class Once(Strategy):
    """Sends what the test has put there."""

    def on_bar(self, bar: Bar) -> float | None:
        return None


def seat_of(held: Held | None = None) -> BrokerSeat:
    seat = BrokerSeat("once", build(Once), DATA, TERMS, 0, held)
    seat.touch(Touch(0, "AAA", 99.0, 101.0, 50.0, 70.0))
    return seat


@pytest.mark.parametrize("verb", ["buy", "sell"])
def test_units_below_nothing_are_refused(verb: str) -> None:
    seat = seat_of()
    with pytest.raises(UsageError, match="units are above 0"):
        getattr(seat.strategy, verb)(-5.0, symbol="AAA")


def test_no_more_is_wished_for_than_is_shown() -> None:
    seat = seat_of()
    seat.strategy.buy(100.0, symbol="AAA")
    wish = seat.wish("AAA", 1)
    assert wish is not None
    assert (wish.units, wish.limit, wish.held) == (70.0, 0.0, 0.0)
    seat.granted("AAA", 70.0, 101.0, 1.0, 2)
    again = seat.wish("AAA", 3)
    assert again is not None
    assert again.units == 30.0


def test_an_order_to_be_filled_at_once_is_tried_once() -> None:
    seat = seat_of()
    seat.strategy.buy(10.0, tif=AT_ONCE, sl=90.0, symbol="AAA")
    wish = seat.wish("AAA", 1)
    assert wish is not None
    seat.granted("AAA", 4.0, 101.0, 1.0, 2)
    assert seat.account.position("AAA") == 4.0
    assert seat.account.orders("AAA") == ()
    # What was bought is protected all the same.
    seat.touch(Touch(5, "AAA", 89.0, 91.0, 50.0, 50.0))
    stop = seat.wish("AAA", 5)
    assert stop is not None
    assert (stop.units, stop.reason, stop.limit) == (-4.0, STOP_LOSS, 0.0)


def test_what_is_cancelled_while_it_is_filled_is_entered_all_the_same() -> None:
    seat = seat_of()
    order = seat.strategy.buy(10.0, symbol="AAA")
    assert seat.wish("AAA", 1) is not None
    seat.strategy.cancel(order)
    seat.granted("AAA", 10.0, 101.0, 1.0, 2)
    assert seat.account.position("AAA") == 10.0
    assert seat.account.cash == TERMS.cash - 1010.0 - 1.0
    assert seat.wish("AAA", 3) is None


@pytest.mark.parametrize("done", [10.0, 4.0])
def test_what_is_filled_at_a_price_that_would_not_ask_for_it_is_not_asked_for_again(
    done: float,
) -> None:
    """A limit that must be passed, filled where it is met; the price that a stop saw is gone."""
    seat = BrokerSeat("once", build(Once), DATA, replace(TERMS, through=True), 0)
    seat.touch(Touch(0, "AAA", 99.0, 100.9, 50.0, 70.0))
    seat.strategy.buy(10.0, limit=101.0, symbol="AAA")
    assert seat.wish("AAA", 1) is not None
    seat.granted("AAA", done, 101.0, 1.0, 2)
    assert seat.account.position("AAA") == done
    seat.touch(Touch(3, "AAA", 99.0, 100.8, 50.0, 70.0))
    again = seat.wish("AAA", 3)
    assert (again.units if again is not None else 0.0) == 10.0 - done

    seat = seat_of(Held({"AAA": 30.0}, 0.0))
    seat.strategy.sell(10.0, stop=99.5, limit=98.0, symbol="AAA")
    wish = seat.wish("AAA", 1)
    assert wish is not None
    assert (wish.units, wish.limit) == (-10.0, 98.0)
    seat.granted("AAA", -done, 99.9, 1.0, 2)
    again = seat.wish("AAA", 3)
    assert (again.units if again is not None else 0.0) == done - 10.0


class Quoted(Strategy):
    """Buys once the bid is at 100."""

    def start(self) -> None:
        self.seen: list[tuple[Touch, float, float]] = []

    def on_quote(self, quote: Touch) -> None:
        self.seen.append((quote, self.position(quote.symbol), self.equity))
        if quote.bid >= 100.0 and not self.orders("AAA") and not self.position("AAA"):
            self.buy(2.0, symbol="AAA")


def test_quotes_are_met_after_what_they_fill() -> None:
    quotes = [Touch(n, "AAA", 98.0 + n, 99.0 + n, 50.0, 50.0) for n in range(5)]
    seat = QuoteSeat("it", build(Quoted), DATA, TERMS, 0)
    broker = BrokerSeat("it", build(Quoted), DATA, TERMS, 0)
    for quote in quotes:
        seat.touch(quote)
        broker.touch(quote)
        wish = broker.wish("AAA", quote.time_ns)
        if wish is not None:
            broker.granted("AAA", wish.units, quote.ask, 0.0, quote.time_ns)
    for one in (seat, broker):
        assert isinstance(one.strategy, Quoted)
        assert [quote for quote, _, _ in one.strategy.seen] == quotes
    # On paper it is filled at the next quote; at a broker it is on its way at once.
    assert [(f.time_ns, f.price) for f in seat.account.ledger.fills()] == [(3, 102.0)]
    assert [(f.time_ns, f.price) for f in broker.account.ledger.fills()] == [(2, 101.0)]
    assert isinstance(seat.strategy, Quoted)
    fee = TERMS.fee_order + 2.0 * 102.0 * TERMS.fee_rate
    assert seat.strategy.seen[3][1:] == (2.0, pytest.approx(TERMS.cash - fee - 2.0))


def test_what_was_held_before_is_held() -> None:
    seat = seat_of(Held({"AAA": 30.0}, -3_000.0))
    assert (seat.account.position("AAA"), seat.account.cash) == (30.0, TERMS.cash - 3_000.0)
    seat.strategy.close("AAA")
    wish = seat.wish("AAA", 1)
    assert wish is not None
    assert wish.units == -30.0


def test_a_strategy_that_fails_is_named() -> None:
    class Fails(Once):
        def on_fill(self, fill: Fill) -> None:
            raise ZeroDivisionError("no")

    seat = BrokerSeat("fails", build(Fails), DATA, TERMS, 0)
    seat.touch(Touch(0, "AAA", 99.0, 101.0, 50.0, 70.0))
    seat.strategy.buy(1.0, symbol="AAA")
    assert seat.wish("AAA", 1) is not None
    with pytest.raises(BadDataError, match=r"py:\d+: ZeroDivisionError: no \(strategy fails\)"):
        seat.granted("AAA", 1.0, 101.0, 0.0, 1)
