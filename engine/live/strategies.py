"""Strategies at a broker: what quotes make them want goes through the trader as orders for shares.

Each order is a package of one leg: journalled before it is sent, checked
(`engine.execution.single`), filled within the fill window or cancelled, reconciled after a restart,
stopped by `parity kill`, as everything that the trader sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import Any

from engine.backtesting.data import Data
from engine.backtesting.parameters import build
from engine.backtesting.terms import Terms
from engine.execution.pnl import earned
from engine.execution.single import FAMILY, Side, limit_of, plan_of, refusals
from engine.execution.trader import Trader
from engine.live.engine import Tracked
from engine.live.seats import AGAIN_NS, REFUSED_NS, SeatEngine, Strategies
from engine.market.bars import Bars
from engine.market.book import Book
from engine.paper.broker_seat import BrokerSeat, Held, Wish
from engine.paper.desk import Desk
from engine.paper.events import Touch
from kernels_pure.ages import age_of


def held_before(trader: Trader, name: str, symbols: Sequence[str]) -> Held | None:
    """Return what a strategy of this name has bought and sold by the journal, None if nothing."""
    state = trader.state
    mine = [one for one in state.trades.values()
            if one.plan.family == FAMILY and one.plan.flags == (name,)
            and one.plan.symbol in symbols]  # fmt: skip
    if not any(one.sent for one in mine):
        return None
    units = dict.fromkeys(symbols, 0.0)
    cash = []
    for one in mine:
        for contract, quantity in state.executions.held(one.sent).items():
            units[contract] = units.get(contract, 0.0) + quantity
        money = earned(one, state.executions)
        cash += [money.cash, -money.fees, -money.pending]
    return Held({symbol: n for symbol, n in units.items() if n}, fsum(cash))


class StrategyEngine(SeatEngine):
    """Strategies over bars and quotes, which trade shares."""

    seats: tuple[BrokerSeat, ...]

    def __init__(
        self, *parts: Any, strategies: Strategies, symbols: tuple[str, ...], **more: Any
    ) -> None:
        super().__init__(*parts, **more)
        self._strategies, self._symbols = strategies, symbols
        # Package and wish of what works, by seat and symbol.
        self._working: dict[tuple[int, str], tuple[str, Wish]] = {}
        self._sit(place.name for place in strategies.places)

    def _make(self) -> list[BrokerSeat]:
        strategies, symbols = self._strategies, self._symbols
        terms = Terms(cash=strategies.cash, lot=1.0, fees=self._fees)
        data = Data({one: Bars.none() for one in symbols}, strategies.interval_ns, "live",
                    calendar="us")  # fmt: skip
        seats = [
            BrokerSeat(
                place.name, build(place.kind, place.values), data, terms, strategies.seed,
                held_before(self.trader, place.name, symbols),
            )
            for place in strategies.places
        ]  # fmt: skip
        self._desk = Desk(seats, strategies.interval_ns)
        return seats

    def _pass_time(self, now_ns: int) -> None:
        self._desk.pass_time(now_ns)
        for symbol in self.tracked:
            self._serve(symbol)

    def _consider(self, tracked: Tracked, now_ns: int, start_ns: int) -> None:
        tracked.n_reads += 1
        if not self._may_decide():
            return
        side = tracked.book.underlying
        touch = Touch(now_ns, tracked.symbol, side.bid, side.ask, side.bid_size, side.ask_size)
        self._desk.hear(touch)
        self._settle()
        if self._serve(tracked.symbol):
            self.read_us.append((self._clock.monotonic_ns() - start_ns) / 1e3)

    def held_usd(self) -> float:
        """Return the value of all positions, long and short."""
        return fsum(abs(one.units) * one.mark for seat in self.seats for one in seat.account.lines)

    def _settle(self) -> None:
        """Tell strategies what came of the orders that are over."""
        state = self.trader.state
        for place, (package, wish) in list(self._working.items()):
            trade = state.trades[package]
            if trade.is_open:
                continue
            del self._working[place]
            seat, now = self.seats[place[0]], self._clock.now_ns()
            units = state.executions.held(trade.sent).get(wish.symbol, 0.0)
            if units != wish.units:
                self._not_before[place] = self._clock.monotonic_ns() + AGAIN_NS
            if not units:
                seat.granted(wish.symbol, 0.0, 0.0, 0.0, now)
                continue
            money = earned(trade, state.executions)
            price = abs(money.cash / units)
            seat.granted(wish.symbol, units, price, money.fees + money.pending, now)
            verb = "bought" if units > 0.0 else "sold"
            self.last = f"{seat.name} {verb} {abs(units):,.10g} {wish.symbol} at {price:,.4f}"

    def _serve(self, symbol: str) -> bool:
        """Send what the strategies want of a symbol now; return whether anything was sent."""
        if not self._may_send():
            return False
        is_sent = False
        book, now = self.tracked[symbol].book, self._clock.now_ns()
        for number, seat in enumerate(self.seats):
            place = (number, symbol)
            if self._clock.monotonic_ns() < self._not_before.get(place, 0):
                continue
            wish = seat.wish(symbol, now)
            if wish is not None and self._send(place, wish, book, now):
                is_sent = True
        return is_sent

    def _send(self, place: tuple[int, str], wish: Wish, book: Book, now_ns: int) -> bool:
        symbol, side, is_bought = wish.symbol, book.underlying, wish.units > 0.0
        stamp = side.ask_ns if is_bought else side.bid_ns
        quote = Side(
            side.bid, side.ask, side.ask_size if is_bought else side.bid_size,
            age_of(stamp, side.line_ns, book.alive_ns, now_ns),
        )  # fmt: skip
        price = side.ask if is_bought else side.bid
        limit = limit_of(wish.units, price, self._settings.allowance, wish.limit)
        seat = self.seats[place[0]]
        plan = plan_of(symbol, round(wish.units), quote, limit, self._fees, now_ns, seat.name)
        exposure, facts = self.trader.exposure(), self._facts_of(plan)
        why = refusals(
            plan, self._account_holds(symbol), self.held_usd(), self._settings.limits,
            self._settings.windows, exposure, facts, now_ns,
        )  # fmt: skip
        if not why:
            trade = self.trader.begin(plan, (1.0,))
            self._working[place] = (trade.id, wish)
            return True
        seat.granted(symbol, 0.0, 0.0, 0.0, now_ns)
        self._not_before[place] = self._clock.monotonic_ns() + REFUSED_NS
        words = f"{'buy' if is_bought else 'sell'} {abs(wish.units):,.10g} {symbol}"
        self._refuse(seat.name, plan, words, why)
        return False

    def _account_holds(self, symbol: str) -> float:
        """Return the shares that strategies hold together: shorts of one are longs of another."""
        held = 0.0
        for seat in self.seats:
            held += seat.account.position(symbol)
        return held
