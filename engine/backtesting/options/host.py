"""The account that trades packages over chains: orders, fills, margin, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, fsum

from engine.backtesting.options.board import Board
from engine.backtesting.options.fills import (
    MARGIN,
    REFUSALS,
    UNLISTED,
    Lines,
    Offer,
    closing_fee,
    fee_of,
    lines_of,
    offer,
    settles_of,
)
from engine.backtesting.options.margin import Requirement, grid_requirement, table_requirement
from engine.backtesting.options.moments import Moment
from engine.backtesting.options.package import Entry, Package
from engine.backtesting.options.settlement import SETTLED, exercise
from engine.backtesting.options.sight import Sight
from engine.backtesting.options.terms import NO_MARGIN, SCENARIOS, Terms
from engine.backtesting.orders import EXERCISE, MARGIN_CALL, MARKET, Fill, Order
from engine.errors import UsageError
from engine.market.carry import Carry
from engine.market.combo import Combo
from engine.market.contract import STOCK, Contract


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order for a package that has not been answered."""

    number: int
    combo: Combo
    lots: int
    label: str
    detected: float
    is_secured: bool
    sent_ns: int


class Host:
    """One account. `show` a chain, let a strategy act, then `carry_out` and `mark`.

    `open` and `closed` are its packages, `refusals` counts why orders were not filled, `calls`
    the packages that were closed because margin was missing.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.open: list[Package] = []
        self.closed: list[Package] = []
        self.shadows: dict[int, list[Package]] = {}
        self.fills: list[Fill] = []
        self.refusals: dict[str, int] = dict.fromkeys(REFUSALS, 0)
        self.n_orders = self.calls = 0
        self.interest = 0.0
        self.moments: dict[str, Moment] = {}
        self.boards: dict[str, Board] = {}
        self.wakes: list[int] = []
        self.heard: list[Fill] = []
        self._sights: dict[str, Sight] = {}
        self._tickets: list[Ticket] = []
        self._cash_of_closed = self._spread_of_closed = 0.0
        self._pins_of_closed = (0.0, 0.0)
        self._now = 0

    # what a strategy may know

    @property
    def cash(self) -> float:
        """Return what is not invested."""
        parts = [one.cash for one in self.open]
        return fsum([self.terms.cash, self.interest, self._cash_of_closed, *parts])

    @property
    def equity(self) -> float:
        """Return cash and what closing every package would bring, dividends to come included."""
        return fsum([self.cash, *(one.value for one in self.open), *self._owed()])

    @property
    def mid_equity(self) -> float:
        """Return what it would be if all fills had been, and closings were, at the middle."""
        held = (one.mid_value + one.spread_cost for one in self.open)
        return fsum([self.cash, self._spread_of_closed, *held, *self._owed()])

    @property
    def pins(self) -> tuple[float, float]:
        """Return how much less and more settlements in a pin band might have brought so far."""
        low, high = self._pins_of_closed
        return (
            fsum([low, *(one.pin_low for one in self.open)]),
            fsum([high, *(one.pin_high for one in self.open)]),
        )

    def _owed(self) -> list[float]:
        return [one.owed for one in self.open]

    def position(self, symbol: str) -> float:
        """Return the shares of stock held in all packages of a symbol."""
        return fsum(one.stock for one in self.open if one.symbol == symbol)

    def packages(self, symbol: str) -> tuple[Package, ...]:
        """Return the packages of a symbol ("" is all) that are held, oldest first."""
        return tuple(one for one in self.open if symbol in ("", one.symbol))

    @property
    def n_waiting(self) -> int:
        """Return how many orders for packages have not been answered."""
        return len(self._tickets)

    def waiting(self, symbol: str) -> int:
        """Return how many orders for packages of a symbol have not been answered."""
        return sum(ticket.combo.symbol == symbol for ticket in self._tickets)

    def sight(self, symbol: str) -> Sight:
        """Return volatilities and deltas of the last chain of a symbol."""
        known = self._sights.get(symbol)
        if known is None:
            known = self._sights[symbol] = Sight(self.boards[symbol], self.carry(symbol))
        return known

    def carry(self, symbol: str) -> Carry:
        """Return rates, dividends and borrow fee as they were known at the last chain."""
        return self.moments[symbol].carry

    def moment(self, symbol: str) -> Moment:
        """Return the last chain of a symbol, with the carry that was known then."""
        return self.moments[symbol]

    def orders(self, symbol: str) -> tuple[Order, ...]:
        """Return nothing: orders for packages do not rest."""
        return ()

    # what a strategy may ask for

    def enter(
        self, combo: Combo, lots: int, label: str, detected: float, *, is_secured: bool
    ) -> int:
        """Send an order for a package and return its number."""
        if lots < 1 or not combo.legs or any(not ratio for ratio, _ in combo.legs):
            raise UsageError("a package needs legs with ratios other than 0, and at least one lot")
        self.n_orders += 1
        self._tickets.append(
            Ticket(self.n_orders, combo, lots, label, detected, is_secured, self._now)
        )
        return self.n_orders

    def leave(self, package: Package, reason: str) -> None:
        """Close a package at the touch: now, or as soon as its quotes allow."""
        if package.is_open and not package.leaving:
            package.leaving = reason
            self.n_orders += 1

    def exercise(self, package: Package, contract: Contract) -> None:
        """Exercise all of an option that a package holds, now, at the strike.

        Raises
        ------
        UsageError
            If it holds none, or it is European.
        """
        chain = self.moments[package.symbol].chain
        held = [one for one in package.holdings if one.contract == contract and one.quantity > 0.0]
        if not held or chain.is_european:
            raise UsageError(f"{contract.name} is not an American option that is held")
        level = chain.underlying.mid
        exercise(
            package, held[0], -held[0].quantity, self._now, level, is_cash=False, least=0.0,
            what=EXERCISE,
        )  # fmt: skip

    def target(self, part: float, symbol: str) -> None:
        """Refuse: a package is entered, not a share of the account.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError("over chains a strategy trades packages: self.enter(combo, lots)")

    def send(
        self, units: float, symbol: str, limit: float, stop: float, stop_loss: float,
        take_profit: float, time_in_force: str,
    ) -> Order:  # fmt: skip
        """Refuse, as `target`.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError("over chains a strategy trades packages: self.enter(combo, lots)")

    def cancel(self, order: Order) -> None:
        """Do nothing: orders for packages do not rest."""

    def wake(self, time_ns: int) -> None:
        """Ask for `on_timer` at the first chain at or after `time_ns`."""
        self.wakes.append(time_ns)

    # the hours of a chain

    def show(self, moment: Moment) -> None:
        """Take a chain as the market of its symbol."""
        symbol = moment.chain.symbol
        self._now = moment.chain.ts_ns
        self.moments[symbol] = moment
        self.boards[symbol] = Board(moment.chain)
        self._sights.pop(symbol, None)
        for one in self.living(symbol):
            one.mark(self.boards[symbol])

    def carry_out(self, symbol: str) -> None:
        """Fill the orders of a symbol that are due, closings first."""
        board, now = self.boards[symbol], self._now
        for one in self.living(symbol):
            if one.leaving:
                self._close(board, one)
        waiting: list[Ticket] = []
        due: list[Ticket] = []
        for ticket in self._tickets:
            is_due = ticket.combo.symbol == symbol and ticket.sent_ns + self.terms.delay_ns <= now
            (due if is_due else waiting).append(ticket)
        self._tickets = waiting
        for ticket in due:
            self._open(board, ticket)

    def hold_to_margin(self, symbol: str) -> None:
        """Work out what packages require, and close some where the account has less."""
        if self.terms.margin == NO_MARGIN:
            return
        for one in self.packages(symbol):
            one.margin = self._requirement(one).maintenance
        board = self.boards[symbol]
        for one in sorted(self.packages(symbol), key=lambda one: (-one.margin, one.number)):
            if self.excess() >= 0.0 or one.margin <= 0.0:
                return
            if one.leaving != MARGIN_CALL:
                self.calls += 1
            one.leaving = MARGIN_CALL
            self._close(board, one)

    def excess(self, more: Requirement | None = None, one: Package | None = None) -> float:
        """Return what the account has beyond what it is held to, with a package more, if any."""
        packages = self.open if one is None else [*self.open, one]
        cash = self.cash if one is None else self.cash + one.cash
        if self.terms.margin == SCENARIOS:
            has = fsum([cash, *(p.value for p in packages), *(p.owed for p in packages)])
        else:
            stock = [
                p.stock * (p.spot.bid if p.stock > 0.0 else p.spot.ask) for p in packages if p.stock
            ]
            has = fsum([cash, *stock, *(p.owed for p in packages)])
        required = [p.margin for p in self.open]
        return has - fsum([*required, more.initial if more else 0.0])

    def living(self, symbol: str) -> list[Package]:
        """Return the packages of a symbol, and those that follow another assignment."""
        found = [one for one in self.open if one.symbol == symbol]
        for shadows in self.shadows.values():
            found += [one for one in shadows if one.symbol == symbol and one.is_open]
        return found

    def retire(self) -> None:
        """Put packages that hold nothing and expect nothing among the closed ones."""
        for one in [one for one in self.open if not one.is_open and not one.receivable]:
            self.open.remove(one)
            self.closed.append(one)
            one.margin = 0.0
            self._sum_closed(one, 1.0)
            if not one.closed_ns:
                one.closed_ns = one.entries[-1].time_ns
                one.reason = one.reason or one.leaving or SETTLED

    def reopen(self, one: Package) -> None:
        """Put a closed package among the open ones again: more has become known of it."""
        self.closed.remove(one)
        self.open.append(one)
        self._sum_closed(one, -1.0)
        one.closed_ns, one.reason = 0, ""

    def _sum_closed(self, one: Package, sign: float) -> None:
        self._cash_of_closed += sign * one.cash
        self._spread_of_closed += sign * one.spread_cost
        low, high = self._pins_of_closed
        self._pins_of_closed = low + sign * one.pin_low, high + sign * one.pin_high

    def _requirement(self, one: Package) -> Requirement:
        chain = self.moments[one.symbol].chain
        if self.terms.margin == SCENARIOS:
            return grid_requirement(one, self.sight(one.symbol))
        return table_requirement(one, chain.multiplier)

    # fills

    def _open(self, board: Board, ticket: Ticket) -> None:
        lines = lines_of(board, ticket.combo)
        found = UNLISTED if lines is None else offer(
            board, lines, ticket.lots, self.terms.max_age
        )  # fmt: skip
        if isinstance(found, str) or lines is None:
            self.refusals[str(found)] += 1
            return
        package = Package(
            len(self.open) + len(self.closed) + 1, board.chain.symbol, ticket.combo, ticket.label,
            found.lots, self._now,
            n_lots=found.lots, multiplier=board.chain.multiplier, is_secured=ticket.is_secured,
            detected=ticket.detected * found.lots / ticket.lots,
            carry=self.moments[ticket.combo.symbol].carry,
        )  # fmt: skip
        fills = self._trade(board, package, lines, found, MARKET)
        package.premium = found.cost * found.lots
        package.option_premium = fsum(
            quantity * contract.multiplier * price * found.lots
            for (contract, quantity), price in zip(lines, found.prices, strict=True)
            if contract.kind != STOCK
        )
        package.mark(board)
        if self.terms.margin != NO_MARGIN:
            required = self._requirement(package)
            if self.excess(required, package) < 0.0:
                self.refusals[MARGIN] += 1
                return
            package.margin = required.maintenance
        self._begin(board, ticket, package, lines, fills)

    def _begin(
        self, board: Board, ticket: Ticket, package: Package, lines: Lines, fills: list[Fill]
    ) -> None:
        """Take a package that the account may hold, as it was filled."""
        self._use(board, lines, package.lots)
        self.open.append(package)
        self._tell(fills)

    def _close(self, board: Board, one: Package) -> None:
        """Close a package, or as many of its lots as are shown.

        Options that nobody bids for stay: they do not keep the rest from being closed.
        """
        lots = one.lots
        dead = {h.contract for h in one.holdings if h.quantity > 0.0 and not h.bid > 0.0}
        held = [line for line in one.lines() if line[0] not in dead]
        if not held:
            return
        lines = [(contract, -quantity / lots) for contract, quantity in held]
        found = offer(board, lines, lots, self.terms.max_age)
        is_shadow = one not in self.open
        if isinstance(found, str):
            if not is_shadow:
                self.refusals[found] += 1
            return
        fills = self._trade(board, one, lines, found, one.leaving)
        if not is_shadow:
            self._use(board, lines, found.lots)
            self._tell(fills)
            for shadow in self.shadows.get(one.number, ()):
                shadow.leaving = shadow.leaving or one.leaving
        left = lots - found.lots
        one.margin *= left / lots
        if left:
            one.lots = left
        elif not one.is_open:
            one.closed_ns, one.reason = self._now, one.leaving

    def _trade(
        self, board: Board, package: Package, lines: Lines, found: Offer, reason: str
    ) -> list[Fill]:
        fills = []
        package.spread_cost += (found.cost - found.mid_cost) * found.lots
        for (contract, quantity), price in zip(lines, found.prices, strict=True):
            traded = quantity * found.lots
            # Parts of a contract or share come of rounding alone.
            if abs(traded - floor(traded + 0.5)) < 1e-6:
                traded = float(floor(traded + 0.5))
            fees = self.terms.fees
            if reason == MARKET:
                fee = fee_of(fees, contract, traded, price)
            else:
                fee = closing_fee(fees, contract, traded, price, package.commissions)
            what = "buy" if traded > 0.0 else "sell"
            amount = -traded * contract.multiplier * price - fee
            package.hold(contract, traded, settles_of(board, contract))
            package.book(
                Entry(self._now, package.number, what, contract.name, traded, price, amount, fee)
            )
            fills.append(Fill(package.number, contract.name, self._now, traded, price, fee, reason))
        return fills

    def _use(self, board: Board, lines: Lines, lots: int) -> None:
        for contract, quantity in lines:
            board.take(contract, 1 if quantity > 0.0 else -1, abs(quantity) * lots)

    def _tell(self, fills: list[Fill]) -> None:
        self.fills += fills
        self.heard += fills
