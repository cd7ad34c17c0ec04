"""Strategies at a broker: what quotes make them want goes through the trader as orders for shares.

Each order is a package of one leg: journalled before it is sent, checked
(`engine.execution.single`), filled within the fill window or cancelled, reconciled after a restart,
stopped by `parity kill`, as everything that the trader sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from engine.backtesting.data import Data
from engine.backtesting.parameters import build
from engine.backtesting.run import notes_of
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.clock import NS_PER_SECOND
from engine.execution import entries
from engine.execution.facts import MarketFacts
from engine.execution.modes import Mode
from engine.execution.pnl import earned
from engine.execution.single import FAMILY, Side, limit_of, plan_of, refusals
from engine.execution.trader import Trader
from engine.live.day_gain import DayGain
from engine.live.engine import Engine, Tracked
from engine.market.bars import Bars
from engine.market.book import Book
from engine.market.fees import FeeSchedule
from engine.market.sink import Quiet
from engine.paper.broker_seat import BrokerSeat, Held, Wish
from engine.paper.desk import Desk
from engine.paper.events import Touch
from engine.paper.standings import Standing
from engine.settings.live import LiveSettings
from kernels_pure.ages import age_of

# After an order that did not get all that was wanted, and after one that was refused.
_AGAIN_NS, _REFUSED_NS = NS_PER_SECOND, 15 * NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Place:
    """One strategy to run: its name in the account, its class, its parameters."""

    name: str
    kind: type[Strategy]
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Strategies:
    """What is run: strategies over bars of `interval_ns`, each with `cash` dollars of its own."""

    places: tuple[Place, ...]
    interval_ns: int
    cash: float
    seed: int = 0


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


class StrategyEngine(Engine[Tracked]):
    """An engine whose quotes lead strategies, and no search for arbitrages."""

    def __init__(
        self,
        *parts: Any,
        strategies: Strategies,
        symbols: tuple[str, ...],
        settings: LiveSettings,
        fees: FeeSchedule,
        facts: Mapping[str, MarketFacts],
        learn: Callable[[Book], object],
        **more: Any,
    ) -> None:
        super().__init__(*parts, **more)
        self._settings, self._fees, self._facts, self._symbols = settings, fees, facts, symbols
        self._learn = learn
        terms = Terms(cash=strategies.cash, lot=1.0, fees=fees)
        data = Data({one: Bars.none() for one in symbols}, strategies.interval_ns, "live",
                    calendar="us")  # fmt: skip
        self.seats = tuple(
            BrokerSeat(
                place.name, build(place.kind, place.values), data, terms, strategies.seed,
                held_before(self.trader, place.name, symbols),
            )
            for place in strategies.places
        )  # fmt: skip
        self._desk = Desk(self.seats, strategies.interval_ns)
        # Package and wish of what works, by seat and symbol; when each may be asked again.
        self._working: dict[tuple[int, str], tuple[str, Wish]] = {}
        self._not_before: dict[tuple[int, str], int] = {}
        self._gain = DayGain(self.tee, self.seats)
        self.trader.judge_day_by(self.day_pnl_usd)

    def closing_words(self) -> list[str]:
        """Return a sentence on each strategy: what it is worth, and what it holds."""
        self._settle()  # what the last orders came to
        self._gain.write(self._clock.now_ns())
        lines = []
        for seat in self.seats:
            worth = seat.worth()
            held = [f"{one.units:+,.10g} {one.symbol}" for one in seat.account.lines if one.units]
            n = len(seat.account.ledger.filled)
            lines.append(
                f"{seat.name}: {n:,} {'fill' if n == 1 else 'fills'}, worth ${worth:,.2f} "
                f"({worth - seat.account.terms.cash:+,.2f}), holds {', '.join(held) or 'nothing'}"
            )
            lines += [f"{seat.name}: {note}" for note in notes_of(seat.account)]
        return lines

    def standings(self) -> tuple[Standing, ...]:
        """Return how the account of each strategy stands."""
        return tuple(seat.standing() for seat in self.seats)

    def on_tick(self, *, is_idle: bool = True) -> None:
        """Let time pass: bars close, orders come to their end."""
        super().on_tick(is_idle=is_idle)
        if self.fatal is not None or not self._is_ready or self.is_over:
            return
        try:
            self._settle()
            self._desk.pass_time(self._clock.now_ns())
            for symbol in self.tracked:
                self._serve(symbol)
        except Exception as error:
            self.failed(error)

    def _track(self, symbol: str, book: Book) -> Tracked:
        self._learn(book)
        return Tracked(symbol, Quiet(book))

    def _consider(self, tracked: Tracked, now_ns: int, start_ns: int) -> None:
        tracked.n_reads += 1
        side = tracked.book.underlying
        touch = Touch(now_ns, tracked.symbol, side.bid, side.ask, side.bid_size, side.ask_size)
        self._desk.hear(touch)
        self._settle()
        if self._serve(tracked.symbol):
            self.read_us.append((self._clock.monotonic_ns() - start_ns) / 1e3)

    def day_pnl_usd(self) -> float:
        """Return what the accounts have gained today."""
        return self._gain.usd(self._clock.now_ns())

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
                self._not_before[place] = self._clock.monotonic_ns() + _AGAIN_NS
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
        if self.trader.mode is not Mode.READY or not self.broker.is_ready():
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
        exposure = self.trader.exposure()
        facts = self._facts.get(symbol)
        if facts is None:
            facts = MarketFacts(symbol)
        why = refusals(
            plan, self._account_holds(symbol), self.held_usd(), self._settings.limits,
            self._settings.windows, exposure, facts, now_ns,
        )  # fmt: skip
        if not why:
            trade = self.trader.begin(plan, (1.0,))
            self._working[place] = (trade.id, wish)
            return True
        seat.granted(symbol, 0.0, 0.0, 0.0, now_ns)
        self._not_before[place] = self._clock.monotonic_ns() + _REFUSED_NS
        self.last = f"{seat.name}: not sent: {why[0]}"
        words = f"{'buy' if is_bought else 'sell'} {abs(wish.units):,.10g} {symbol}"
        self.tee.append(
            entries.REFUSED,
            {
                "sighting": plan.sighting, "key": plan.key, "symbol": symbol, "family": FAMILY,
                "by": seat.name, "legs": words, "edge": 0.0, "edge_usd": 0.0,
                "lots": plan.lots, "refusals": [[one.code, one.message] for one in why],
            },
            is_durable=False,
        )  # fmt: skip
        return False

    def _account_holds(self, symbol: str) -> float:
        """Return the shares that strategies hold together: shorts of one are longs of another."""
        held = 0.0
        for seat in self.seats:
            held += seat.account.position(symbol)
        return held
