"""Strategies over chains at a broker: packages of options, each opened and closed by one order.

Every `interval_ns` they see the chain as it is quoted, and what they want becomes a plan of all its
legs: journalled before it is sent, checked (`engine.execution.package_order`), filled within the
fill window or cancelled, reconciled after a restart, stopped by `parity kill`. Options that expire
or are assigned are booked as the broker's positions tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import fsum
from typing import Any

from engine.backtesting.options.board import Board
from engine.backtesting.options.moments import Moment
from engine.backtesting.options.strategy import ChainStrategy
from engine.backtesting.options.terms import Terms
from engine.backtesting.parameters import build
from engine.errors import UsageError
from engine.execution.orders import Plan
from engine.execution.package_order import CLOSES, of_package, package_of, plan_of, refusals
from engine.execution.pnl import pending_fees
from engine.execution.settlements import Booking
from engine.execution.single import Side, limit_of
from engine.execution.single import plan_of as plan_of_shares
from engine.execution.trade import Trade
from engine.execution.trader import Trader
from engine.live.engine import Tracked
from engine.live.seats import REFUSED_NS, SeatEngine, Strategies
from engine.market.book import Book
from engine.market.carry import Carry
from engine.market.combo import OPTION, STOCK, Combo, Leg
from engine.market.fees import FeeSchedule
from engine.paper.broker_chains import BrokerChainSeat
from engine.paper.package_wishes import Ended, Known, PackageWish, Traded
from engine.report.wording import legs_text

# Why a strategy's account did not get what it wanted.
REFUSED, NOT_READY = "refused by a check", "trading was not ready"


class ChainEngine(SeatEngine):
    """Strategies over chains, which trade packages."""

    seats: tuple[BrokerChainSeat, ...]

    def __init__(
        self, *parts: Any, strategies: Strategies, symbols: tuple[str, ...], **more: Any
    ) -> None:
        super().__init__(*parts, **more)
        self._strategies, self._symbols = strategies, symbols
        self._carry: dict[str, Carry] = {}
        self._due: dict[str, int] = {}
        # What works: the seat and the number of its package, by trade.
        self._working: dict[str, tuple[BrokerChainSeat, PackageWish]] = {}
        self._sit(place.name for place in strategies.places)

    def _make(self) -> list[BrokerChainSeat]:
        strategies = self._strategies
        terms = Terms(
            cash=strategies.cash, fees=self._fees,
            max_age=self._settings.limits.max_quote_age_s,
        )  # fmt: skip
        seats, ended = [], ended_of(self.trader.state.bookings)
        for place in strategies.places:
            made = build(place.kind, place.values)
            if not isinstance(made, ChainStrategy):
                raise UsageError(f"{place.name}: over chains a strategy is a ChainStrategy")
            known = packages_before(self.trader, place.name, self._symbols)
            seat = BrokerChainSeat(place.name, made, terms, strategies.seed, known)
            ended = seat.settled(ended, 0)
            seats.append(seat)
        self._n_booked = len(self.trader.state.bookings)
        return seats

    def held_usd(self) -> float:
        """Return the value of all legs, long and short, and of those on their way."""
        sent = [self.trader.state.trades[one].notional_usd for one in self._working]
        return fsum([*(seat.held_usd() for seat in self.seats), *sent])

    def _track(self, symbol: str, book: Book) -> Tracked:
        tracked = super()._track(symbol, book)
        self._carry[symbol] = self._learn(book)
        return tracked

    def _consider(self, tracked: Tracked, now_ns: int, start_ns: int) -> None:
        tracked.n_reads += 1
        if self._may_decide():
            self._settle()

    def _pass_time(self, now_ns: int) -> None:
        interval = self._strategies.interval_ns
        for symbol, tracked in self.tracked.items():
            # Not at once: quotes of a chain that was just subscribed to are still coming.
            due = self._due.setdefault(symbol, now_ns - now_ns % interval + interval)
            first = tracked.book.listing.expiries[:1]
            is_whole = all(expiry.settles_ns > now_ns for expiry in first)
            if now_ns >= due and is_whole and tracked.book.underlying.bid > 0.0:
                self._due[symbol] = now_ns - now_ns % interval + interval
                self._show(tracked, now_ns)

    def _show(self, tracked: Tracked, now_ns: int) -> None:
        """Let strategies see the chain as it is, and send what they want."""
        start = self._clock.monotonic_ns()
        symbol = tracked.symbol
        chain, carry = tracked.book.snapshot(now_ns), self._carry[symbol]
        moment = Moment(chain, carry, self._facts[symbol].knows_dividends)
        is_sent = False
        for seat in self.seats:
            seat.chain(moment)
            for wish in seat.take_wishes():
                is_sent = self._send(seat, wish, now_ns) or is_sent
        if is_sent:
            self.read_us.append((self._clock.monotonic_ns() - start) / 1e3)

    def _settle(self) -> None:
        """Tell strategies what came of their orders, and what time did to their options."""
        state, now = self.trader.state, self._clock.now_ns()
        for package, (seat, wish) in list(self._working.items()):
            trade = state.trades[package]
            if trade.is_open:
                continue
            del self._working[package]
            traded, fees = traded_of(trade, self.trader), fees_of(trade, self.trader)
            seat.granted(wish.package, traded, fees, now)
            if traded:
                verb = "closed" if wish.is_closing else "opened"
                self.last = f"{seat.name} {verb} package {wish.package} {wish.label}".rstrip()
        rows = ended_of(state.bookings[self._n_booked :])
        self._n_booked = len(state.bookings)
        for seat in self.seats:
            rows = seat.settled(rows, now)

    def _send(self, seat: BrokerChainSeat, wish: PackageWish, now_ns: int) -> bool:
        place = (seat.name, wish.combo.key)
        if self._clock.monotonic_ns() < self._not_before.get(place, 0):
            seat.declined(wish.package, REFUSED)
            return False
        if not self._may_send():
            seat.declined(wish.package, NOT_READY)
            return False
        plan = self._plan(seat, wish, now_ns)
        limits, symbol = self._settings.limits, plan.symbol
        known = self._facts_of(plan)
        facts = known.at(self.tracked[symbol].book, plan.legs, now_ns, known.what_if)
        n_open = sum(len(one.walk.host.open) for one in self.seats)
        n_open += len([1 for _, sent in self._working.values() if not sent.is_closing])
        why = refusals(
            plan, n_open, self.held_usd(), limits, self._settings.windows,
            self.trader.exposure(), facts, now_ns, is_closing=wish.is_closing,
        )  # fmt: skip
        if not why:
            trade = self.trader.begin(plan, seat.deltas(wish.combo))
            self._working[trade.id] = (seat, wish)
            return True
        seat.declined(wish.package, REFUSED)
        self._not_before[place] = self._clock.monotonic_ns() + REFUSED_NS
        verb = "close" if wish.is_closing else "open"
        self._refuse(seat.name, plan, f"{verb} {plan.lots:,} {legs_text(plan.legs, symbol)}", why)
        return False

    def _plan(self, seat: BrokerChainSeat, wish: PackageWish, now_ns: int) -> Plan:
        host, symbol = seat.walk.host, wish.combo.symbol
        board = host.boards[symbol]
        flags = (
            seat.name, *of_package(wish.package, wish.label, is_closing=wish.is_closing),
        )  # fmt: skip
        allowance = self._settings.allowance
        if wish.is_stock:
            ((ratio, contract),) = wish.combo.legs
            spot, units = board.quote(contract), ratio * wish.lots
            is_bought = units > 0
            side = Side(
                spot.bid, spot.ask, spot.ask_size if is_bought else spot.bid_size,
                spot.ask_age if is_bought else spot.bid_age,
            )  # fmt: skip
            limit = limit_of(units, spot.ask if is_bought else spot.bid, allowance, 0.0)
            shares = plan_of_shares(symbol, units, side, limit, self._fees, now_ns, seat.name)
            return replace(shares, flags=flags)
        return plan_of(
            self._listed(board, wish), legs_of(board, wish, self._fees), wish.lots,
            board.chain.multiplier, wish.capital, allowance, self._fees, now_ns,
            board.chain.underlying.mid, flags,
        )  # fmt: skip

    def _listed(self, board: Board, wish: PackageWish) -> Combo:
        """Return the combo of a wish with the contracts of the listing, which the broker knows."""
        listing = self.tracked[wish.combo.symbol].book.listing
        legs = [
            (ratio, contract if contract.kind == STOCK else listing.contract(board.find(contract)))
            for ratio, contract in wish.combo.legs
        ]
        return Combo(wish.combo.symbol, tuple(legs))


def legs_of(board: Board, wish: PackageWish, fees: FeeSchedule) -> tuple[Leg, ...]:
    """Return the contracts of a wish as they are quoted, in the order of its combo."""
    chain = board.chain
    legs = []
    for ratio, contract in wish.combo.legs:
        quote, side = board.quote(contract), 1 if ratio > 0 else -1
        price = quote.ask if side > 0 else quote.bid
        size = quote.ask_size if side > 0 else quote.bid_size
        age = quote.ask_age if side > 0 else quote.bid_age
        if contract.kind == STOCK:
            legs.append(Leg(
                STOCK, side, abs(ratio), price, fees.stock_fee(price), bid=quote.bid,
                ask=quote.ask, size=size / chain.multiplier, age=age,
            ))  # fmt: skip
            continue
        place = board.find(contract)
        settles = chain.expiries[chain.expiry_of(chain.row_of(place))].settles_ns
        legs.append(Leg(
            OPTION, side, abs(ratio), price, fees.option_fee(price, chain.multiplier),
            contract.right, contract.strike, contract.expiry, settles, quote.bid, quote.ask, size,
            age, place, trading_class=contract.trading_class,
        ))  # fmt: skip
    return tuple(legs)


def traded_of(trade: Trade, trader: Trader) -> tuple[Traded, ...]:
    """Return the executions of a package, in order."""
    contracts = {contract.name: contract for _, contract in trade.plan.combo.legs}
    found = []
    for one in trader.state.executions.of(trade.sent):
        contract = contracts.get(one.fill.contract)
        if contract is not None and one.fill.quantity:
            found.append(Traded(contract, one.fill.quantity, one.fill.price))
    return tuple(found)


def fees_of(trade: Trade, trader: Trader) -> float:
    """Return what a package has paid, and is expected to pay for what no fee is told of."""
    executions = trader.state.executions
    return executions.fees(trade.sent) + pending_fees(trade.plan, executions, trade.sent)


def packages_before(trader: Trader, name: str, symbols: Sequence[str]) -> list[Known]:
    """Return the packages that a strategy of this name has opened by the journal."""
    opened: dict[int, Trade] = {}
    closed: dict[int, list[Trade]] = {}
    for trade in trader.state.trades.values():
        found = package_of(trade.plan)
        if found is None or trade.plan.flags[0] != name or trade.plan.symbol not in symbols:
            continue
        what, number, _ = found
        if what == CLOSES:
            closed.setdefault(number, []).append(trade)
        else:
            opened[number] = trade
    known = []
    for number, trade in opened.items():
        opening = traded_of(trade, trader)
        if not opening:
            continue
        others = closed.get(number, [])
        known.append(Known(
            number, trade.plan.combo, trade.plan.flags[2], trade.began_ns, opening,
            tuple(part for one in others for part in traded_of(one, trader)),
            fsum(fees_of(one, trader) for one in (trade, *others)),
        ))  # fmt: skip
    return known


def ended_of(bookings: Sequence[Booking]) -> list[Ended]:
    """Return what time has done to options, for accounts."""
    return [Ended(one.contract, one.quantity, one.shares, one.strike) for one in bookings]
